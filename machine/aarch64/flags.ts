import type { Builder, I32, I64 } from '../ir/index.ts';
import { C, N, OVERFLOW, Z } from './registers.ts';
import { not } from './row.ts';
import { binary, compare, cut } from './width.ts';

/** The condition flags as four values of 0 or 1, in the order of NZCV. */
export type Flags = readonly [n: I32, z: I32, c: I32, v: I32];

/** To be built before the result is written, so that operands can be read where they are. */
export function setFlags(b: Builder, [n, z, c, v]: Flags): void {
  b.set32(N, n);
  b.set32(Z, z);
  b.set32(C, c);
  b.set32(OVERFLOW, v);
}

/** The four bits of an `nzcv` field. */
export const flagsOf = (b: Builder, nzcv: number): Flags => [
  b.i32((nzcv >> 3) & 1),
  b.i32((nzcv >> 2) & 1),
  b.i32((nzcv >> 1) & 1),
  b.i32(nzcv & 1),
];

const negative = (b: Builder, sf: number, value: I64): I32 => compare(b, sf, 'lt_s', value, b.i64(0n));
const zero = (b: Builder, sf: number, value: I64): I32 => compare(b, sf, 'eq', value, b.i64(0n));

/** The flags of a logical operation's result: C and V are 0. */
export const logicalFlags = (b: Builder, sf: number, result: I64): Flags => [
  negative(b, sf, result),
  zero(b, sf, result),
  b.i32(0),
  b.i32(0),
];

/**
 * A sum or difference and its flags. Operands are of 64 bits or, where `sf` is 0, of 32 with anything above; the result
 * has zeros there.
 */
export interface Sum {
  readonly result: I64;
  readonly flags: Flags;
}

/** AddWithCarry(a, c, '0'). */
export function add(b: Builder, sf: number, a: I64, c: I64): Sum {
  const result = binary(b, sf, 'add', a, c);
  // Without overflow the sum is below `a` where `c` is negative, and only there.
  const v = b.pure('i32.xor', compare(b, sf, 'lt_s', result, a), negative(b, sf, c));
  return { result, flags: [negative(b, sf, result), zero(b, sf, result), compare(b, sf, 'lt_u', result, a), v] };
}

/** AddWithCarry(a, NOT(c), '1'). */
export function subtract(b: Builder, sf: number, a: I64, c: I64): Sum {
  const result = binary(b, sf, 'sub', a, c);
  const n = negative(b, sf, result);
  const carry = sf === 1 ? b.geU(a, c) : not(b, compare(b, sf, 'lt_u', a, c));
  // Without overflow the difference is negative where `a` is less.
  const v = b.pure('i32.xor', compare(b, sf, 'lt_s', a, c), n);
  return { result, flags: [n, compare(b, sf, 'eq', a, c), carry, v] };
}

/** AddWithCarry(a, c, PSTATE.C). */
export function addWithCarry(b: Builder, sf: number, a: I64, c: I64): Sum {
  const [first, second] = [cut(b, sf, a), cut(b, sf, c)];
  const sum = b.add(first, second);
  const total = b.add(sum, b.extendI32u(b.get32(C)));
  const result = cut(b, sf, total);
  const carry = sf === 1 ? b.pure('i32.or', b.ltU(sum, first), b.ltU(total, sum)) : b.wrap(b.shrU(total, b.i64(32n)));
  // Overflow: the operands have one sign and the result has the other.
  const v = negative(b, sf, b.and(b.xor(first, result), b.xor(second, result)));
  return { result, flags: [negative(b, sf, result), zero(b, sf, result), carry, v] };
}

/** ConditionHolds(cond), 0 or 1. */
export function condition(b: Builder, cond: number): I32 {
  // '111x' is always, its lowest bit does not invert it.
  if (cond >= 14) return b.i32(1);
  const holds = positive(b, cond >> 1);
  return (cond & 1) === 0 ? holds : not(b, holds);
}

function positive(b: Builder, kind: number): I32 {
  if (kind === 0) return b.get32(Z);
  if (kind === 1) return b.get32(C);
  if (kind === 2) return b.get32(N);
  if (kind === 3) return b.get32(OVERFLOW);
  // HI: C set and Z clear.
  if (kind === 4) return b.pure('i32.lt_u', b.get32(Z), b.get32(C));
  if (kind === 5) return b.pure('i32.eq', b.get32(N), b.get32(OVERFLOW));
  // GT: Z clear, N and V the same.
  return b.pure('i32.eq', b.pure('i32.or', b.get32(Z), b.pure('i32.xor', b.get32(N), b.get32(OVERFLOW))), b.i32(0));
}

/** `flags` where the condition holds, else the four bits of `nzcv`: CCMP, CCMN and FCCMP. */
export function conditionalFlags(b: Builder, cond: number, flags: Flags, nzcv: number): Flags {
  const holds = condition(b, cond);
  const other = not(b, holds);
  const choose = (flag: I32, bit: number) =>
    bit === 1 ? b.pure('i32.or', flag, other) : b.pure('i32.and', flag, holds);
  return [
    choose(flags[0], (nzcv >> 3) & 1),
    choose(flags[1], (nzcv >> 2) & 1),
    choose(flags[2], (nzcv >> 1) & 1),
    choose(flags[3], nzcv & 1),
  ];
}
