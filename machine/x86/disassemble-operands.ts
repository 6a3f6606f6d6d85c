// Operands in Intel's syntax, as `objdump -M intel` prints them.
import type { Decoded, Operand } from './decoded.ts';
import { notrack } from './disassemble-mnemonics.ts';
import { CODE_16, CODE_64, GENERAL_NAMES, SEGMENT, SEGMENT_NAMES } from './registers.ts';

const WORDS = 'ax cx dx bx sp bp si di'.split(' ');
const LOW_BYTES = 'al cl dl bl spl bpl sil dil'.split(' ');
const HIGH_BYTES = 'ah ch dh bh'.split(' ');
/** What memory of so many bytes is called. */
const SIZES: Readonly<Record<number, string>> = {
  1: 'BYTE',
  2: 'WORD',
  4: 'DWORD',
  6: 'FWORD',
  8: 'QWORD',
  10: 'TBYTE',
  16: 'XMMWORD',
};
/** Memory without a name for its size. */
const UNSIZED = new Set(
  [
    'lea lddqu',
    'fxsave fxrstor xsave xrstor',
    'fldenv fnstenv frstor fnsave',
    'sgdt sidt lgdt lidt',
    'invpcid',
  ].flatMap((names) => names.split(' ')),
);
/** Memory of two bytes where a register has its size. */
const WORD_IN_MEMORY = new Set(['sldt', 'str', 'smsw']);

export const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** A general register of so many bytes. */
export function registerName(number: number, size: number, high = false): string {
  if (high) return HIGH_BYTES[number];
  if (size === 8) return GENERAL_NAMES[number];
  if (number >= 8) return `r${number}${size === 4 ? 'd' : size === 2 ? 'w' : 'b'}`;
  return size === 1 ? LOW_BYTES[number] : size === 2 ? WORDS[number] : `e${WORDS[number]}`;
}

/** Whether a segment prefix is shown with the address: in 64-bit mode only those of FS and GS mean anything. */
const segmentText = (i: Decoded, otherwise: string): string =>
  i.segment === undefined || (i.segment === SEGMENT.ds && notrack(i)) ? otherwise : `${SEGMENT_NAMES[i.segment]}:`;

/** Whether a SIB byte follows ModRM. */
export const hasSib = (i: Decoded): boolean =>
  i.address !== undefined &&
  i.row.opcode.modrm.kind !== 'none' &&
  i.addressSize !== 2 &&
  (i.modrm & 7) === 4 &&
  i.modrm < 0xc0;

/** An effective address in brackets, or alone where it is a number. */
function addressText(i: Decoded): string {
  const { address, addressSize: size } = i;
  if (!address) throw new Error(`${i.row.mnemonic} has no memory operand`);
  const { base, index, scale, displacement, displacementBytes } = address;
  const sib = hasSib(i);
  // [disp32] by SIB is told from [disp32] without where the latter means the same, and in 64-bit code where it does not.
  const bare = sib && base === undefined && index === undefined && (i.mode !== CODE_64 || size === 4);
  const indexed =
    sib && (index !== undefined || scale !== 0 || bare || (base !== undefined && (Number(base) & 7) !== 4));
  if (base === undefined && !indexed && index === undefined) {
    const absolute = size === 8 ? displacement : BigInt.asUintN(size * 8, displacement);
    return `${segmentText(i, 'ds:')}${hex(absolute)}`;
  }
  const parts: string[] = [];
  if (base === 'rip') parts.push(size === 8 ? 'rip' : 'eip');
  else if (base !== undefined) parts.push(registerName(base, size));
  if (indexed) {
    const name = index === undefined ? (size === 8 ? 'riz' : 'eiz') : registerName(index, size);
    parts.push(`${name}*${1 << scale}`);
  } else if (index !== undefined) parts.push(registerName(index, size));
  const signed = BigInt.asIntN(size * 8, displacement);
  const sum = parts.join('+');
  // Relative to RIP, or alone as 32 bits in 64-bit code, a displacement is shown without its sign.
  const unsigned = base === 'rip' || (bare && i.mode === CODE_64);
  const negative = signed < 0n && !unsigned;
  const tail =
    displacementBytes === 0
      ? ''
      : negative
        ? `-${hex(-signed)}`
        : `+${hex(bare ? BigInt.asUintN(size * 8, displacement) : displacement)}`;
  return `${segmentText(i, '')}[${sum}${tail}]`;
}

function memoryText(i: Decoded, size: number): string {
  const { mnemonic } = i.row;
  if (size === 0 || UNSIZED.has(mnemonic) || i.row.opcode.modrm.kind === 'none') return addressText(i);
  const word =
    WORD_IN_MEMORY.has(mnemonic) || (mnemonic === 'mov' && i.operands.some(({ kind }) => kind === 'segment'));
  // A far pointer has 16 or 32 bits of offset by the operand size prefix alone: 64 are Intel's, and have no name.
  const far = i.row.operands.includes('Mp') && (i.size66 === (i.mode === CODE_16) ? 6 : 4);
  const name = mnemonic === 'cmpxchg16b' ? 'OWORD' : SIZES[word ? 2 : far || size];
  return `${name} PTR ${addressText(i)}`;
}

/** The number that an immediate stands for, cut to the size of what it meets. */
function immediateText(i: Decoded, code: string, value: bigint): string {
  const extended = code === 'sIb' || code === 'Iz';
  return hex(extended ? BigInt.asUintN(i.operandSize * 8, value) : value);
}

function targetText(i: Decoded, value: bigint, pc: bigint): string {
  const target = pc + BigInt(i.length) + value;
  const short = i.mode !== CODE_64 && (i.operandSize === 2 || i.mode === CODE_16) && i.operandSize !== 4;
  return hex(BigInt.asUintN(i.mode === CODE_64 ? 64 : short ? 16 : 32, target));
}

/** Operand `k`. */
export function operandText(i: Decoded, k: number, pc: bigint): string {
  const operand: Operand = i.operands[k];
  const code = i.row.operands[k];
  switch (operand.kind) {
    case 'register': {
      // MOV to a segment register, LAR and LSL name a register of the operand size, of which they take 16 bits.
      const whole = k === 1 && code === 'Ew' && /^(mov|lar|lsl)$/.test(i.row.mnemonic);
      return registerName(operand.number, whole ? i.operandSize : operand.size, operand.high);
    }
    case 'memory':
      return memoryText(i, operand.size);
    case 'string': {
      const segment = operand.by === 'di' ? 'es:' : segmentText(i, 'ds:');
      const register = registerName(operand.by === 'di' ? 7 : 6, i.addressSize);
      return `${SIZES[operand.size]} PTR ${segment}[${register}]`;
    }
    case 'xmm':
      return `xmm${operand.number}`;
    case 'mmx':
      return `mm${operand.number}`;
    case 'st':
      return code === 'ST' ? 'st' : `st(${operand.number})`;
    case 'segment':
      return SEGMENT_NAMES[operand.number];
    case 'control':
      return `cr${operand.number}`;
    case 'debug':
      return `dr${operand.number}`;
    case 'immediate':
      return operand.size === 0 ? `${operand.value}` : immediateText(i, code, operand.value);
    case 'relative':
      return targetText(i, operand.value, pc);
    case 'far':
      return `${hex(BigInt(operand.selector))}:${hex(operand.offset)}`;
  }
}

/** XLAT's operand, which its row does not name. */
export const tableText = (i: Decoded): string =>
  `BYTE PTR ${segmentText(i, `${SEGMENT_NAMES[SEGMENT.ds]}:`)}[${registerName(3, i.addressSize)}]`;
