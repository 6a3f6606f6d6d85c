// Shifts and rotates, group 2 (SDM vol. 2D, table A-6), and the double shifts.
import type { Builder, I32, I64 } from '../ir/index.ts';
import { setSzp, signOf } from './alu.ts';
import type { Decoded } from './decoded.ts';
import { cut, modify, read, sext, sizeOf } from './operand.ts';
import { AF, CF, OF } from './registers.ts';
import { type Row, row } from './row.ts';

const bitOf = (b: Builder, value: I64, bit: I64): I32 => b.pure('i32.and', b.wrap(b.shrU(value, bit)), b.i32(1));
const lowest = (b: Builder, value: I64): I32 => b.pure('i32.and', b.wrap(value), b.i32(1));
const xor = (b: Builder, x: I32, y: I32): I32 => b.pure('i32.xor', x, y);

/** The count: 5 bits of it, or 6 for operands of 64 bits (SDM vol. 2B, SAL/SAR/SHL/SHR). */
const countOf = (b: Builder, i: Decoded, k: number, size: number): I64 =>
  b.and(read(b, i, k), b.i64(size === 8 ? 63n : 31n));

/**
 * SHL, SHR, SAR. No flag changes where the count is 0. OF is defined for a count of 1 alone and reckoned likewise for
 * others; AF, undefined, is 0.
 */
const shift = (kind: 'shl' | 'shr' | 'sar') => (b: Builder, i: Decoded) => {
  const size = sizeOf(i, 0);
  const count = countOf(b, i, 1, size);
  const { old, put } = modify(b, i, 0);
  const x = kind === 'sar' ? sext(b, size, old) : old;
  const by = (n: I64) => (kind === 'shl' ? b.shl(x, n) : kind === 'shr' ? b.shrU(x, n) : b.shrS(x, n));
  const none = b.eq(count, b.i64(0n));
  const result = cut(b, size, by(count));
  // One place less leaves the bit that goes out last at the end.
  const before = by(b.sub(count, b.i64(1n)));
  const carry = kind === 'shl' ? signOf(b, size, before) : lowest(b, before);
  put(result);
  b.endIf(none);
  b.set32(CF, carry);
  b.set32(
    OF,
    kind === 'shl' ? xor(b, signOf(b, size, result), carry) : kind === 'shr' ? signOf(b, size, old) : b.i32(0),
  );
  b.set32(AF, b.i32(0));
  setSzp(b, size, result);
};

/** ROL and ROR: CF and OF change unless the count is 0, even where it is a multiple of the width. */
const rotate = (left: boolean) => (b: Builder, i: Decoded) => {
  const size = sizeOf(i, 0);
  const bits = BigInt(size * 8);
  const masked = countOf(b, i, 1, size);
  const { old, put } = modify(b, i, 0);
  const count = b.and(masked, b.i64(bits - 1n));
  const other = b.and(b.sub(b.i64(bits), count), b.i64(bits - 1n));
  const turned = left ? b.or(b.shl(old, count), b.shrU(old, other)) : b.or(b.shrU(old, count), b.shl(old, other));
  const result = cut(b, size, turned);
  put(result);
  b.endIf(b.eq(masked, b.i64(0n)));
  const top = signOf(b, size, result);
  b.set32(CF, left ? lowest(b, result) : top);
  b.set32(OF, xor(b, top, left ? lowest(b, result) : bitOf(b, result, b.i64(bits - 2n))));
};

/** RCL and RCR: rotates through CF, of a width that is one more than the operand's. */
const rotateThroughCarry = (left: boolean) => (b: Builder, i: Decoded) => {
  const size = sizeOf(i, 0);
  const bits = size * 8;
  const masked = countOf(b, i, 1, size);
  const { old, put } = modify(b, i, 0);
  const count = size < 4 ? b.pure('i64.rem_u', masked, b.i64(BigInt(bits + 1))) : masked;
  const carry = b.extendI32u(b.get32(CF));
  const width = b.i64(BigInt(bits));
  const none = b.eq(count, b.i64(0n));
  const back = b.sub(count, b.i64(1n));
  // What wraps round comes from the other end, one place shifted by the carry between; a shift by the width is none at all.
  const rest = b.sub(width, back);
  const zero = b.i64(0n);
  const wraps = b.eq(back, zero);
  const whole = left ? b.shl(old, count) : b.shrU(old, count);
  const between = left ? b.shl(carry, back) : b.shl(carry, b.sub(width, count));
  const around = b.select(wraps, zero, left ? b.shrU(old, rest) : b.shl(old, rest));
  const result = b.select(none, old, cut(b, size, b.or(b.or(whole, between), around)));
  const out = left ? bitOf(b, old, b.sub(width, count)) : bitOf(b, old, back);
  put(result);
  b.endIf(none);
  const top = signOf(b, size, result);
  b.set32(CF, out);
  b.set32(OF, xor(b, top, left ? out : bitOf(b, result, b.i64(BigInt(bits - 2)))));
};

/**
 * SHLD and SHRD. Where the count is more than the width (16 bits alone), which the manual leaves undefined, what
 * comes after the second operand is the second once more.
 */
const doubleShift = (left: boolean) => (b: Builder, i: Decoded) => {
  const size = sizeOf(i, 0);
  const bits = size * 8;
  const count = countOf(b, i, 2, size);
  const filler = read(b, i, 1);
  const { old, put } = modify(b, i, 0);
  const none = b.eq(count, b.i64(0n));
  const width = b.i64(BigInt(bits));
  const back = b.sub(count, b.i64(1n));
  let result: I64;
  let carry: I32;
  if (size === 2) {
    // Three words side by side hold every count up to 31.
    const [high, low] = left ? [old, filler] : [filler, old];
    const joined = b.or(b.or(b.shl(high, b.i64(32n)), b.shl(filler, b.i64(16n))), low);
    result = cut(b, 2, left ? b.shrU(b.shl(joined, count), b.i64(32n)) : b.shrU(joined, count));
    carry = left ? bitOf(b, b.shl(joined, back), b.i64(47n)) : bitOf(b, joined, back);
  } else {
    const rest = b.sub(width, count);
    const filled = left ? b.shrU(filler, rest) : b.shl(filler, rest);
    result = cut(b, size, b.or(left ? b.shl(old, count) : b.shrU(old, count), filled));
    carry = left ? bitOf(b, old, rest) : bitOf(b, old, back);
  }
  result = b.select(none, old, result);
  put(result);
  b.endIf(none);
  b.set32(CF, carry);
  b.set32(OF, xor(b, signOf(b, size, old), signOf(b, size, result)));
  b.set32(AF, b.i32(0));
  setSzp(b, size, result);
};

/** The six forms of one operation of group 2. */
const group = (digit: number, name: string, lift: (b: Builder, i: Decoded) => void): Row[] => [
  row(`C0 /${digit}`, `${name} Eb, Ib`, lift),
  row(`C1 /${digit}`, `${name} Ev, Ib`, lift),
  row(`D0 /${digit}`, `${name} Eb, 1`, lift),
  row(`D1 /${digit}`, `${name} Ev, 1`, lift),
  row(`D2 /${digit}`, `${name} Eb, CL`, lift),
  row(`D3 /${digit}`, `${name} Ev, CL`, lift),
];

export const X86_SHIFT: readonly Row[] = [
  ...group(0, 'rol', rotate(true)),
  ...group(1, 'ror', rotate(false)),
  ...group(2, 'rcl', rotateThroughCarry(true)),
  ...group(3, 'rcr', rotateThroughCarry(false)),
  ...group(4, 'shl', shift('shl')),
  ...group(5, 'shr', shift('shr')),
  ...group(6, 'shl', shift('shl')),
  ...group(7, 'sar', shift('sar')),
  row('0F A4 /r', 'shld Ev, Gv, Ib', doubleShift(true)),
  row('0F A5 /r', 'shld Ev, Gv, CL', doubleShift(true)),
  row('0F AC /r', 'shrd Ev, Gv, Ib', doubleShift(false)),
  row('0F AD /r', 'shrd Ev, Gv, CL', doubleShift(false)),
];
