// Data processing, register (Arm ARM C4.1.95).
import type { Row } from '../decode/index.ts';
import type { Builder, I64 } from '../ir/index.ts';
import * as flags from './flags.ts';
import { X } from './registers.ts';
import { immediate, reg, row, setReg, setX, setXOrSp, w, x, xOrSp } from './row.ts';
import { binary, cut, low32, type Operation, shift } from './width.ts';

type Binary = (b: Builder, a: I64, c: I64) => I64;
type Flagged = (b: Builder, sf: number, a: I64, c: I64) => flags.Sum;
type Registers = { readonly sf: number; readonly Rm: number; readonly Rn: number; readonly Rd: number };
type Shifted = Registers & { readonly shift: number; readonly imm6: number };
type Extended = Registers & { readonly option: number; readonly imm3: number };

const plus: Binary = (b, a, c) => b.add(a, c);
const minus: Binary = (b, a, c) => b.sub(a, c);
const inverted = (b: Builder, sf: number, value: I64): I64 => binary(b, sf, 'xor', value, b.i64(~0n));

/** ShiftReg: an operand of 64 bits, or of 32 whose upper half may be anything. */
function shifted(b: Builder, f: Shifted): I64 {
  if (f.imm6 === 0) return x(b, f.Rm);
  if (f.shift === 3) return rotated(b, f.sf, f.Rm, immediate(b, f.imm6));
  return shift(b, f.sf, SHIFTS[f.shift], x(b, f.Rm), f.imm6);
}
const SHIFTS = ['shl', 'shr_u', 'shr_s'] as const;

function rotated(b: Builder, sf: number, i: number, count: I64): I64 {
  if (sf === 1) return b.pure('i64.rotr', x(b, i), count);
  const value = w(b, i);
  return b.shrU(b.or(value, b.shl(value, b.i64(32n))), count);
}

/** ExtendReg: the low 8, 16, 32 or 64 bits, with zeros or copies of the sign above, shifted left. */
function extended(b: Builder, { Rm, option, imm3 }: Extended): I64 {
  const value = x(b, Rm);
  const wide = [
    () => b.and(value, b.i64(0xffn)),
    () => b.and(value, b.i64(0xffffn)),
    () => low32(b, value),
    () => value,
    () => b.extend8s(value),
    () => b.extend16s(value),
    () => b.extend32s(value),
    () => value,
  ][option]();
  return imm3 === 0 ? wide : b.shl(wide, immediate(b, imm3));
}

const shiftedOperand = (op: Operation) => (b: Builder, f: Shifted) => {
  const operand = shifted(b, f);
  // MOV (register) is ORR with the zero register.
  const move = op === 'or' && f.Rn === 31;
  setX(b, f.Rd, move ? cut(b, f.sf, operand) : binary(b, f.sf, op, x(b, f.Rn), operand));
};
const logical = shiftedOperand;
const arithmetic = shiftedOperand;
const logicalNot = (op: Operation) => (b: Builder, f: Shifted) =>
  setX(b, f.Rd, binary(b, f.sf, op, x(b, f.Rn), inverted(b, f.sf, shifted(b, f))));
const logicalFlags = (operand: (b: Builder, f: Shifted) => I64) => (b: Builder, f: Shifted) => {
  const result = binary(b, f.sf, 'and', x(b, f.Rn), operand(b, f));
  flags.setFlags(b, flags.logicalFlags(b, f.sf, result));
  setX(b, f.Rd, result);
};
/** Writes flags and result. */
function setSum(b: Builder, Rd: number, sum: flags.Sum): void {
  flags.setFlags(b, sum.flags);
  setX(b, Rd, sum.result);
}
const arithmeticFlags = (op: Flagged) => (b: Builder, f: Shifted) =>
  setSum(b, f.Rd, op(b, f.sf, x(b, f.Rn), shifted(b, f)));
const extendedArithmetic = (op: Operation) => (b: Builder, f: Extended) =>
  setXOrSp(b, f.Rd, binary(b, f.sf, op, xOrSp(b, f.Rn), extended(b, f)));
const extendedFlags = (op: Flagged) => (b: Builder, f: Extended) =>
  setSum(b, f.Rd, op(b, f.sf, xOrSp(b, f.Rn), extended(b, f)));

const amountInRange = { where: ({ sf, imm6 }: Shifted) => sf === 1 || imm6 < 32 };
const arithmeticShift = { where: ({ sf, shift, imm6 }: Shifted) => shift !== 3 && (sf === 1 || imm6 < 32) };
const extensionInRange = { where: ({ imm3 }: Extended) => imm3 <= 4 };

/** The operand of a subtraction with carry. */
const notReg = (b: Builder, sf: number, i: number): I64 => inverted(b, sf, x(b, i));

type Selecting = Registers & { readonly cond: number };
const select = (otherwise: (b: Builder, value: I64) => I64) => (b: Builder, f: Selecting) =>
  setReg(b, f.sf, f.Rd, b.select(flags.condition(b, f.cond), x(b, f.Rn), otherwise(b, x(b, f.Rm))));

type Comparing = { readonly sf: number; readonly cond: number; readonly Rn: number; readonly nzcv: number };
const compare = (b: Builder, op: Flagged, c: I64, { sf, cond, Rn, nzcv }: Comparing) =>
  flags.setFlags(b, flags.conditionalFlags(b, cond, op(b, sf, x(b, Rn), c).flags, nzcv));
const compareRegister = (op: Flagged) => (b: Builder, f: Comparing & { readonly Rm: number }) =>
  compare(b, op, x(b, f.Rm), f);
const compareImmediate = (op: Flagged) => (b: Builder, f: Comparing & { readonly imm5: number }) =>
  compare(b, op, immediate(b, f.imm5), f);

type Products = { readonly Rm: number; readonly Ra: number; readonly Rn: number; readonly Rd: number };
const multiply =
  (op: 'add' | 'sub') =>
  (b: Builder, { sf, Rm, Ra, Rn, Rd }: Products & { readonly sf: number }) => {
    const product = binary(b, sf, 'mul', x(b, Rn), x(b, Rm));
    // MUL is MADD with the zero register.
    setX(b, Rd, op === 'add' && Ra === 31 ? product : binary(b, sf, op, x(b, Ra), product));
  };
const multiplyLong =
  (extend: (b: Builder, value: I64) => I64, combine: Binary) =>
  (b: Builder, { Rm, Ra, Rn, Rd }: Products) =>
    setX(b, Rd, combine(b, x(b, Ra), b.mul(extend(b, x(b, Rn)), extend(b, x(b, Rm)))));
const signed32 = (b: Builder, value: I64): I64 => b.extend32s(value);

/** A variable shift: the count is the second register modulo the width. */
const variableShift =
  (wide: Binary, narrow: (b: Builder, i: number, count: I64) => I64) => (b: Builder, f: Registers) =>
    f.sf === 1
      ? setX(b, f.Rd, wide(b, x(b, f.Rn), x(b, f.Rm)))
      : setReg(b, 0, f.Rd, narrow(b, f.Rn, b.and(x(b, f.Rm), b.i64(31n))));

/** Swaps neighbouring groups of `size` bits; `low` has ones in every second group. */
const swap = (b: Builder, value: I64, size: bigint, low: bigint): I64 =>
  b.or(b.and(b.shrU(value, b.i64(size)), b.i64(low)), b.shl(b.and(value, b.i64(low)), b.i64(size)));
const swapBytes = (b: Builder, value: I64) => swap(b, value, 8n, 0x00ff_00ff_00ff_00ffn);
const swapHalfwords = (b: Builder, value: I64) => swap(b, value, 16n, 0x0000_ffff_0000_ffffn);
const swapWords = (b: Builder, value: I64) => b.pure('i64.rotr', value, b.i64(32n));
const reverseBytesInWords = (b: Builder, value: I64) => swapHalfwords(b, swapBytes(b, value));
const reverseBytes = (b: Builder, value: I64) => swapWords(b, reverseBytesInWords(b, value));
function reverseBits(b: Builder, value: I64): I64 {
  const pairs = swap(b, value, 1n, 0x5555_5555_5555_5555n);
  const nibbles = swap(b, pairs, 2n, 0x3333_3333_3333_3333n);
  return reverseBytes(b, swap(b, nibbles, 4n, 0x0f0f_0f0f_0f0f_0f0fn));
}

type One = { readonly sf: number; readonly Rn: number; readonly Rd: number };
/** CLS: leading bits that equal the top one, that one not counted. */
function countSigns(b: Builder, { sf, Rn, Rd }: One): void {
  const value = sf === 1 ? x(b, Rn) : b.extend32s(x(b, Rn));
  const changes = b.xor(value, b.shrS(value, b.i64(63n)));
  setX(b, Rd, b.sub(b.pure('i64.clz', changes), b.i64(sf === 1 ? 1n : 33n)));
}

const checksum =
  (size: number, castagnoli: 0 | 1) =>
  (b: Builder, { Rm, Rn, Rd }: { Rm: number; Rn: number; Rd: number }) => {
    const registers = (...numbers: number[]) => numbers.filter((i) => i !== 31).map((i) => X[i]);
    b.call('crc32', [Rd, Rn, Rm, size, castagnoli], { reads: registers(Rn, Rm), writes: registers(Rd) });
  };

export const A64_DATA_REGISTER: readonly Row[] = [
  // Data-processing (2 source)
  row('sf 0 0 11010110 Rm 000010 Rn Rd', 'udiv Rd, Rn, Rm', (b, { sf, Rm, Rn, Rd }) =>
    setX(b, Rd, b.pure('i64.div_u', reg(b, sf, Rn), reg(b, sf, Rm))),
  ),
  row('sf 0 0 11010110 Rm 000011 Rn Rd', 'sdiv Rd, Rn, Rm', (b, { sf, Rm, Rn, Rd }) => {
    const operand = (i: number) => (sf === 1 ? x(b, i) : b.extend32s(x(b, i)));
    setReg(b, sf, Rd, b.pure('i64.div_s', operand(Rn), operand(Rm)));
  }),
  row(
    'sf 0 0 11010110 Rm 001000 Rn Rd',
    'lslv Rd, Rn, Rm',
    variableShift(
      (b, a, count) => b.shl(a, count),
      (b, i, count) => b.shl(x(b, i), count),
    ),
  ),
  row(
    'sf 0 0 11010110 Rm 001001 Rn Rd',
    'lsrv Rd, Rn, Rm',
    variableShift(
      (b, a, count) => b.shrU(a, count),
      (b, i, count) => b.shrU(w(b, i), count),
    ),
  ),
  row(
    'sf 0 0 11010110 Rm 001010 Rn Rd',
    'asrv Rd, Rn, Rm',
    variableShift(
      (b, a, count) => b.shrS(a, count),
      (b, i, count) => b.shrS(b.extend32s(x(b, i)), count),
    ),
  ),
  row(
    'sf 0 0 11010110 Rm 001011 Rn Rd',
    'rorv Rd, Rn, Rm',
    variableShift(
      (b, a, count) => b.pure('i64.rotr', a, count),
      (b, i, count) => rotated(b, 0, i, count),
    ),
  ),
  row('0 0 0 11010110 Rm 010000 Rn Rd', 'crc32b Wd, Wn, Wm', checksum(1, 0)),
  row('0 0 0 11010110 Rm 010001 Rn Rd', 'crc32h Wd, Wn, Wm', checksum(2, 0)),
  row('0 0 0 11010110 Rm 010010 Rn Rd', 'crc32w Wd, Wn, Wm', checksum(4, 0)),
  row('1 0 0 11010110 Rm 010011 Rn Rd', 'crc32x Wd, Wn, Xm', checksum(8, 0)),
  row('0 0 0 11010110 Rm 010100 Rn Rd', 'crc32cb Wd, Wn, Wm', checksum(1, 1)),
  row('0 0 0 11010110 Rm 010101 Rn Rd', 'crc32ch Wd, Wn, Wm', checksum(2, 1)),
  row('0 0 0 11010110 Rm 010110 Rn Rd', 'crc32cw Wd, Wn, Wm', checksum(4, 1)),
  row('1 0 0 11010110 Rm 010111 Rn Rd', 'crc32cx Wd, Wn, Xm', checksum(8, 1)),

  // Data-processing (1 source); of 32 bits, the upper half of the operand's reversal
  row('sf 1 0 11010110 00000 000000 Rn Rd', 'rbit Rd, Rn', (b, { sf, Rn, Rd }) => {
    const reversed = reverseBits(b, x(b, Rn));
    setX(b, Rd, sf === 1 ? reversed : b.shrU(reversed, b.i64(32n)));
  }),
  row('sf 1 0 11010110 00000 000001 Rn Rd', 'rev16 Rd, Rn', (b, { sf, Rn, Rd }) =>
    setReg(b, sf, Rd, swapBytes(b, x(b, Rn))),
  ),
  row('0 1 0 11010110 00000 000010 Rn Rd', 'rev Wd, Wn', (b, { Rn, Rd }) =>
    setReg(b, 0, Rd, reverseBytesInWords(b, x(b, Rn))),
  ),
  row('1 1 0 11010110 00000 000010 Rn Rd', 'rev32 Xd, Xn', (b, { Rn, Rd }) =>
    setX(b, Rd, reverseBytesInWords(b, x(b, Rn))),
  ),
  row('1 1 0 11010110 00000 000011 Rn Rd', 'rev Xd, Xn', (b, { Rn, Rd }) => setX(b, Rd, reverseBytes(b, x(b, Rn)))),
  row('sf 1 0 11010110 00000 000100 Rn Rd', 'clz Rd, Rn', (b, { sf, Rn, Rd }) => {
    const zeros = b.pure('i64.clz', reg(b, sf, Rn));
    setX(b, Rd, sf === 1 ? zeros : b.sub(zeros, b.i64(32n)));
  }),
  row('sf 1 0 11010110 00000 000101 Rn Rd', 'cls Rd, Rn', countSigns),

  // Logical (shifted register)
  row('sf 00 01010 shift 0 Rm imm6 Rn Rd', 'and Rd, Rn, Rm, shifted', logical('and'), amountInRange),
  row('sf 00 01010 shift 1 Rm imm6 Rn Rd', 'bic Rd, Rn, Rm, shifted', logicalNot('and'), amountInRange),
  row('sf 01 01010 shift 0 Rm imm6 Rn Rd', 'orr Rd, Rn, Rm, shifted', logical('or'), amountInRange),
  row('sf 01 01010 shift 1 Rm imm6 Rn Rd', 'orn Rd, Rn, Rm, shifted', logicalNot('or'), amountInRange),
  row('sf 10 01010 shift 0 Rm imm6 Rn Rd', 'eor Rd, Rn, Rm, shifted', logical('xor'), amountInRange),
  row('sf 10 01010 shift 1 Rm imm6 Rn Rd', 'eon Rd, Rn, Rm, shifted', logicalNot('xor'), amountInRange),
  row('sf 11 01010 shift 0 Rm imm6 Rn Rd', 'ands Rd, Rn, Rm, shifted', logicalFlags(shifted), amountInRange),
  row(
    'sf 11 01010 shift 1 Rm imm6 Rn Rd',
    'bics Rd, Rn, Rm, shifted',
    logicalFlags((b, f) => inverted(b, f.sf, shifted(b, f))),
    amountInRange,
  ),

  // Add/subtract (shifted register)
  row('sf 0 0 01011 shift 0 Rm imm6 Rn Rd', 'add Rd, Rn, Rm, shifted', arithmetic('add'), arithmeticShift),
  row('sf 0 1 01011 shift 0 Rm imm6 Rn Rd', 'adds Rd, Rn, Rm, shifted', arithmeticFlags(flags.add), arithmeticShift),
  row('sf 1 0 01011 shift 0 Rm imm6 Rn Rd', 'sub Rd, Rn, Rm, shifted', arithmetic('sub'), arithmeticShift),
  row(
    'sf 1 1 01011 shift 0 Rm imm6 Rn Rd',
    'subs Rd, Rn, Rm, shifted',
    arithmeticFlags(flags.subtract),
    arithmeticShift,
  ),

  // Add/subtract (extended register)
  row(
    'sf 0 0 01011 001 Rm option imm3 Rn Rd',
    'add Rd|SP, Rn|SP, extended',
    extendedArithmetic('add'),
    extensionInRange,
  ),
  row('sf 0 1 01011 001 Rm option imm3 Rn Rd', 'adds Rd, Rn|SP, extendedS', extendedFlags(flags.add), extensionInRange),
  row(
    'sf 1 0 01011 001 Rm option imm3 Rn Rd',
    'sub Rd|SP, Rn|SP, extended',
    extendedArithmetic('sub'),
    extensionInRange,
  ),
  row(
    'sf 1 1 01011 001 Rm option imm3 Rn Rd',
    'subs Rd, Rn|SP, extendedS',
    extendedFlags(flags.subtract),
    extensionInRange,
  ),

  // Add/subtract (with carry)
  row('sf 0 0 11010000 Rm 000000 Rn Rd', 'adc Rd, Rn, Rm', (b, { sf, Rm, Rn, Rd }) =>
    setX(b, Rd, flags.addWithCarry(b, sf, x(b, Rn), x(b, Rm)).result),
  ),
  row('sf 0 1 11010000 Rm 000000 Rn Rd', 'adcs Rd, Rn, Rm', (b, { sf, Rm, Rn, Rd }) =>
    setSum(b, Rd, flags.addWithCarry(b, sf, x(b, Rn), x(b, Rm))),
  ),
  row('sf 1 0 11010000 Rm 000000 Rn Rd', 'sbc Rd, Rn, Rm', (b, { sf, Rm, Rn, Rd }) =>
    setX(b, Rd, flags.addWithCarry(b, sf, x(b, Rn), notReg(b, sf, Rm)).result),
  ),
  row('sf 1 1 11010000 Rm 000000 Rn Rd', 'sbcs Rd, Rn, Rm', (b, { sf, Rm, Rn, Rd }) =>
    setSum(b, Rd, flags.addWithCarry(b, sf, x(b, Rn), notReg(b, sf, Rm))),
  ),

  // Conditional compare
  row('sf 0 1 11010010 Rm cond 0 0 Rn 0 nzcv', 'ccmn Rn, Rm, #0xnzcv, cond', compareRegister(flags.add)),
  row('sf 1 1 11010010 Rm cond 0 0 Rn 0 nzcv', 'ccmp Rn, Rm, #0xnzcv, cond', compareRegister(flags.subtract)),
  row('sf 0 1 11010010 imm5 cond 1 0 Rn 0 nzcv', 'ccmn Rn, #0ximm5, #0xnzcv, cond', compareImmediate(flags.add)),
  row('sf 1 1 11010010 imm5 cond 1 0 Rn 0 nzcv', 'ccmp Rn, #0ximm5, #0xnzcv, cond', compareImmediate(flags.subtract)),

  // Conditional select
  row(
    'sf 0 0 11010100 Rm cond 0 0 Rn Rd',
    'csel Rd, Rn, Rm, cond',
    select((_, value) => value),
  ),
  row(
    'sf 0 0 11010100 Rm cond 0 1 Rn Rd',
    'csinc Rd, Rn, Rm, cond',
    select((b, value) => b.add(value, b.i64(1n))),
  ),
  row(
    'sf 1 0 11010100 Rm cond 0 0 Rn Rd',
    'csinv Rd, Rn, Rm, cond',
    select((b, value) => inverted(b, 1, value)),
  ),
  row(
    'sf 1 0 11010100 Rm cond 0 1 Rn Rd',
    'csneg Rd, Rn, Rm, cond',
    select((b, value) => b.sub(b.i64(0n), value)),
  ),

  // Data-processing (3 source)
  row('sf 00 11011 000 Rm 0 Ra Rn Rd', 'madd Rd, Rn, Rm, Ra', multiply('add')),
  row('sf 00 11011 000 Rm 1 Ra Rn Rd', 'msub Rd, Rn, Rm, Ra', multiply('sub')),
  row('1 00 11011 001 Rm 0 Ra Rn Rd', 'smaddl Xd, Wn, Wm, Xa', multiplyLong(signed32, plus)),
  row('1 00 11011 001 Rm 1 Ra Rn Rd', 'smsubl Xd, Wn, Wm, Xa', multiplyLong(signed32, minus)),
  row('1 00 11011 101 Rm 0 Ra Rn Rd', 'umaddl Xd, Wn, Wm, Xa', multiplyLong(low32, plus)),
  row('1 00 11011 101 Rm 1 Ra Rn Rd', 'umsubl Xd, Wn, Wm, Xa', multiplyLong(low32, minus)),
  // Ra is (1)(1)(1)(1)(1): other values are CONSTRAINED UNPREDICTABLE, and ignored (C6.2 "SMULH").
  row('1 00 11011 010 Rm 0 Ra Rn Rd', 'smulh Xd, Xn, Xm', (b, { Rm, Rn, Rd }) =>
    setX(b, Rd, b.pure('i64.mulh_s', x(b, Rn), x(b, Rm))),
  ),
  row('1 00 11011 110 Rm 0 Ra Rn Rd', 'umulh Xd, Xn, Xm', (b, { Rm, Rn, Rd }) =>
    setX(b, Rd, b.pure('i64.mulh_u', x(b, Rn), x(b, Rm))),
  ),
];
