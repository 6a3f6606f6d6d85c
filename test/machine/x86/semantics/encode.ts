import { decodeOperands } from '../../../../machine/x86/decode.ts';
import type { Decoded } from '../../../../machine/x86/decoded.ts';
import { type OperandSizes, trailingBytes } from '../../../../machine/x86/operand-codes.ts';
import { CODE_64 } from '../../../../machine/x86/registers.ts';
import type { Row } from '../../../../machine/x86/row.ts';
import type { Random } from '../../semantics/random.ts';

const MAPS = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]] as const;
/** Immediates that matter to somebody: counts, comparisons' predicates, the ends. */
const BYTES = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 0x7f, 0x80, 0xff];

/** Whether an operand code may be memory, and whether it must. */
const mayBeMemory = (code: string): boolean => /^[EWQM][a-z]*$/.test(code);
const mustBeMemory = (code: string): boolean => /^M[a-z]*$/.test(code);

/** Whether a branch's displacement or target follows the row's operand size, which processors disagree about. */
export const isNearBranch = ({ mnemonic, operands }: Row): boolean =>
  operands.some((code) => code.startsWith('J')) || /^(jmp|call|ret)$/.test(mnemonic);

/** A row's encodings in 64-bit mode: registers and memory, sizes, prefixes, all that its opcode leaves open. */
export function encode(row: Row, random: Random): Decoded {
  for (let tries = 0; tries < 1000; tries++) {
    const bytes = fill(row, random);
    const decoded = decodeOperands(bytes, CODE_64);
    if (typeof decoded === 'number' || 'refused' in decoded || decoded.row !== row) continue;
    return decoded;
  }
  throw new Error(`no encoding found for ${row.opcode.source} ${row.mnemonic}`);
}

function fill(row: Row, random: Random): Uint8Array {
  const { opcode, operands } = row;
  const { prefix, map, first, count, modrm: form } = opcode;
  const memory = operands.some(mustBeMemory) || (operands.some(mayBeMemory) && random.oneIn(2));
  const bytes: number[] = [];
  if (random.oneIn(16)) bytes.push(random.pick([0x64, 0x65, 0x2e, 0x3e, 0x26, 0x36]));
  if (memory && row.lock && random.oneIn(4)) bytes.push(0xf0);
  if ((memory || row.repeat) && random.oneIn(10)) bytes.push(0x67);
  const sized = (prefix === undefined || prefix === 'NFx') && !isNearBranch(row);
  const in66 = prefix === '66' || (sized && random.oneIn(4)) || (/^F[23]$/.test(prefix ?? '') && random.oneIn(12));
  if (in66) bytes.push(0x66);
  if (prefix === 'F2' || prefix === 'F3') bytes.push(Number.parseInt(prefix, 16));
  else if (row.repeat && random.oneIn(2)) bytes.push(row.repeat === 'repe' && random.oneIn(2) ? 0xf2 : 0xf3);
  const rex = (opcode.wide || random.oneIn(3) ? 8 : 0) | (random.oneIn(2) ? random.below(8) : 0);
  if (rex !== 0 || random.oneIn(4)) bytes.push(0x40 | rex);
  bytes.push(...MAPS[map]);
  const op = first + random.below(count);
  bytes.push(op);
  let modrm = 0;
  if (form.kind === 'fixed') {
    modrm = form.from + random.below(form.count);
    bytes.push(modrm);
  } else if (form.kind !== 'none') {
    const reg = form.kind === 'digit' ? form.digit : random.below(8);
    modrm = ((memory ? random.below(3) : 3) << 6) | (reg << 3) | random.below(8);
    bytes.push(modrm, ...(memory ? address(modrm, random) : []));
  }
  const operandSize = (rex & 8) !== 0 || row.size !== undefined ? 8 : in66 ? 2 : 4;
  const sizes: OperandSizes = { operandSize, addressSize: 8, rex, opcode: op, modrm, long: true };
  for (const code of operands) {
    for (let left = trailingBytes(code, sizes)[0]; left > 0; left--)
      bytes.push(random.oneIn(3) ? random.pick(BYTES) : random.below(256));
  }
  return Uint8Array.from([...bytes, ...Array.from({ length: 15 }, () => 0)].slice(0, 15));
}

/** SIB and displacement. */
function address(modrm: number, random: Random): number[] {
  const mod = modrm >> 6;
  const sib = (modrm & 7) === 4 ? [random.below(256)] : [];
  const base = sib.length > 0 ? sib[0] & 7 : modrm & 7;
  const size = mod === 1 ? 1 : mod === 2 || base === 5 ? 4 : 0;
  return [...sib, ...Array.from({ length: size }, () => random.below(256))];
}

/** Where the displacement lies in an encoding that has ModRM. */
export function displacementAt({ bytes, row, modrm }: Decoded): number {
  let at = 0;
  while (/^(?:26|2e|36|3e|4[0-9a-f]|6[4-7]|f[023])$/.test(bytes[at].toString(16))) at++;
  at += MAPS[row.opcode.map].length + 2;
  return at + ((modrm & 7) === 4 && modrm < 0xc0 ? 1 : 0);
}
