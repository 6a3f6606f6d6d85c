// Prefixes as words of their own: those that no other part of an instruction's text shows.
import type { Decoded } from './decoded.ts';
import { isNop, notrack, sizedMnemonic, wideMnemonic } from './disassemble-mnemonics.ts';
import { hasSib } from './disassemble-operands.ts';
import { CODE_16, CODE_32, CODE_64 } from './registers.ts';

const SEGMENT_WORDS: Readonly<Record<number, string>> = {
  38: 'es',
  46: 'cs',
  54: 'ss',
  62: 'ds',
  100: 'fs',
  101: 'gs',
};

/** Operand types whose size follows the operand size attribute, and those that follow REX.W alone. */
const SIZED = /^(?:[EGMOIXYZRJ]|sI)(?:v|z|p|a)$|^[re]AX$/;
const WIDE_SIZED = /^[EGMOXYZRI](?:v|y)$|^rAX$/;

/** What the toolchain looks up by prefix, and then counts 66 as shown. */
const PREFIX_TABLE = new Set(['movbe', 'bsf', 'bsr']);

/** Whether the text shows REX.W. */
function showsWide(i: Decoded): boolean {
  const { row } = i;
  if (row.opcode.wide || wideMnemonic(i)) return true;
  if (isNop(i)) return false;
  if (row.size !== undefined) return false;
  if (i.row.mnemonic in { cbw: 0, cwde: 0, cdqe: 0, cwd: 0, cdq: 0, cqo: 0 }) return true;
  return row.operands.some((code, k) => {
    const operand = i.operands[k];
    if (code === 'Mp') return false;
    if (isWordInMemory(i) && operand.kind === 'memory') return false;
    return WIDE_SIZED.test(code) || (code === 'Ew' && i.operands[0].kind === 'segment' && operand.kind === 'register');
  });
}

/** MOV from a segment register, SLDT, STR and SMSW to memory: 16 bits whatever the prefixes. */
const isWordInMemory = (i: Decoded): boolean =>
  ['sldt', 'str', 'smsw'].includes(i.row.mnemonic) || i.operands.some(({ kind }) => kind === 'segment');

/** Whether the text shows what 66 did. */
function shows66(i: Decoded): boolean {
  const { row } = i;
  if (row.opcode.prefix === '66' || row.operands.includes('Mp') || PREFIX_TABLE.has(row.mnemonic)) return true;
  if (row.mnemonic === 'xchg' && i.opcode === 0x90 && row.opcode.map === 0) return true;
  if ((i.rex & 8) !== 0) return false;
  if (sizedMnemonic(i)) return true;
  if (row.size === 'f64' && i.mode === CODE_64) return false;
  return row.operands.some((code, k) => {
    const operand = i.operands[k];
    if (isWordInMemory(i) && operand.kind === 'memory') return false;
    if (code === 'Ew' && i.operands[0].kind === 'segment' && operand.kind === 'register') return true;
    return SIZED.test(code) || code === 'Ap';
  });
}

/** The bits of REX that the text shows: bit 6 where its presence alone chose a register. */
function shownRex(i: Decoded): number {
  const { row, rex, modrm } = i;
  let shown = showsWide(i) ? 8 : 0;
  const memory = i.operands.some(({ kind }) => kind === 'memory');
  if (memory && row.opcode.modrm.kind !== 'none') shown |= hasSib(i) ? 3 : 1;
  let byte = false;
  row.operands.forEach((code, k) => {
    const operand = i.operands[k];
    const reg = /^[GVCD][a-z]/.test(code);
    const rm = /^[ERUWZ][a-z]/.test(code) && operand.kind !== 'memory';
    if (reg) shown |= 4;
    if (rm) shown |= 1;
    if (operand.kind === 'register' && operand.size === 1 && (reg || rm)) {
      const number = reg ? modrm >> 3 : /^Z/.test(code) ? i.opcode : modrm;
      if ((number & 4) !== 0) byte = true;
    }
  });
  shown &= rex;
  return shown !== 0 || byte ? shown | 0x40 : 0;
}

const rexText = (rex: number): string =>
  `rex${(rex & 15) === 0 ? '' : '.'}${[...'WRXB'].filter((_, k) => (rex & (8 >> k)) !== 0).join('')}`;

/** Near branches, where F2 once chose bounds checking. */
const isBranch = (i: Decoded): boolean =>
  /^(jmp|call|ret|jcc)$/.test(i.row.mnemonic) && !i.row.operands.some((code) => code === 'Mp' || code === 'Ap');

/** What a REP prefix is called that is not part of the opcode. */
function repeatText(i: Decoded, byte: number): string {
  const { row } = i;
  if (row.repeat === 'rep' && byte === 0xf3) return 'rep';
  const memory = i.operands[0]?.kind === 'memory';
  if (memory && (i.lock || row.mnemonic === 'xchg')) return byte === 0xf2 ? 'xacquire' : 'xrelease';
  const stores = [0x88, 0x89, 0xc6, 0xc7].includes(i.opcode) && row.opcode.map === 0;
  if (memory && stores && byte === 0xf3 && i.rep === byte) return 'xrelease';
  if (byte === 0xf2 && isBranch(i)) return 'bnd';
  return byte === 0xf2 ? 'repnz' : 'repz';
}

/** The words before the mnemonic, in the order of their bytes. */
export function prefixWords(i: Decoded): string[] {
  const words: string[] = [];
  const long = i.mode === CODE_64;
  const { row } = i;
  const last = new Map<string, number>();
  const kinds: { kind: string; byte: number; at: number }[] = [];
  let at = 0;
  for (; at < i.bytes.length; at++) {
    const byte = i.bytes[at];
    const kind = kindOf(byte, long);
    if (kind === undefined) break;
    kinds.push({ kind, byte, at });
    last.set(kind, at);
  }
  const memory = i.operands.some(({ kind }) => kind === 'memory' || kind === 'string') || row.mnemonic === 'xlat';
  const addressed = i.operands.some(({ kind }, k) => kind === 'memory' && !/^O/.test(row.operands[k]));
  const bySource =
    row.mnemonic === 'xlat' || i.operands.some((operand) => operand.kind === 'string' && operand.by === 'si');
  for (const { kind, byte, at } of kinds) {
    const isLast = last.get(kind) === at;
    switch (kind) {
      case 'rex':
        if (!isLast || i.rex !== byte || (byte ^ shownRex(i)) !== 0) words.push(rexText(byte));
        break;
      case 'lock':
        words.push('lock');
        break;
      case 'size':
        if (!isLast || !shows66(i)) words.push(i.mode === CODE_16 ? 'data32' : 'data16');
        break;
      case 'address': {
        // In 16-bit code no register may be there to show it.
        const named = i.mode !== CODE_16 || i.address?.base !== undefined || i.address?.index !== undefined;
        const shown = addressed ? named : /^(xlat|j[er]?cxz)$/.test(row.mnemonic) || (memory && !hasOffset(i));
        if (!isLast || !shown) words.push(i.mode === CODE_32 ? 'addr16' : 'addr32');
        break;
      }
      case 'segment': {
        // The toolchain counts the last one as shown where any of them is.
        const shown = bySource || (i.segment !== undefined && (addressed || hasOffset(i)));
        if (isLast && byte === 0x3e && notrack(i)) words.push('notrack');
        else if (!isLast || !shown) words.push(SEGMENT_WORDS[byte]);
        break;
      }
      default: {
        const mandatory = row.opcode.prefix === 'F2' || row.opcode.prefix === 'F3';
        if (isLast && i.rep === byte && mandatory) break;
        words.push(isLast ? repeatText(i, byte) : byte === 0xf2 ? 'repnz' : 'repz');
      }
    }
  }
  return words;
}

const hasOffset = (i: Decoded): boolean => i.row.operands.some((code) => /^O/.test(code));
function kindOf(byte: number, long: boolean): string | undefined {
  if (long && byte >> 4 === 4) return 'rex';
  if (byte in SEGMENT_WORDS) return 'segment';
  switch (byte) {
    case 0xf0:
      return 'lock';
    case 0xf2:
      return 'repnz';
    case 0xf3:
      return 'repz';
    case 0x66:
      return 'size';
    case 0x67:
      return 'address';
    default:
      return undefined;
  }
}
