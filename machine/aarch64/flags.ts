import type { Builder, I32, I64 } from '../ir/index.ts';
import { C, N, OVERFLOW, Z } from './registers.ts';
import { not } from './row.ts';

const top = (b: Builder, sf: number, value: I64): I32 => b.wrap(b.shrU(value, b.i64(sf === 1 ? 63n : 31n)));

/** A value of 64 bits, or of 32 with zeros above, as an i64 with zeros above. */
const cut = (b: Builder, sf: number, value: I64): I64 => (sf === 1 ? value : b.and(value, b.i64(0xffff_ffffn)));

/** The condition flags as four values of 0 or 1, in the order of NZCV. */
export type Flags = readonly [n: I32, z: I32, c: I32, v: I32];

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

/** The flags of a logical operation's result: C and V are 0. */
export const logicalFlags = (b: Builder, sf: number, result: I64): Flags => [
  top(b, sf, result),
  b.eq(result, b.i64(0n)),
  b.i32(0),
  b.i32(0),
];

/** A sum or difference and its flags; operands and result are of 64 bits or, where `sf` is 0, of 32 with zeros above. */
export interface Sum {
  readonly result: I64;
  readonly flags: Flags;
}

/** The sign of the result where both operands have the other one: `a + c` overflows. */
const overflow = (b: Builder, sf: number, a: I64, c: I64, result: I64): I32 =>
  top(b, sf, b.and(b.xor(a, result), b.xor(c, result)));

/** AddWithCarry(a, c, '0'). */
export function add(b: Builder, sf: number, a: I64, c: I64): Sum {
  const result = cut(b, sf, b.add(a, c));
  return {
    result,
    flags: [top(b, sf, result), b.eq(result, b.i64(0n)), b.ltU(result, a), overflow(b, sf, a, c, result)],
  };
}

/** AddWithCarry(a, NOT(c), '1'). */
export function subtract(b: Builder, sf: number, a: I64, c: I64): Sum {
  const result = cut(b, sf, b.sub(a, c));
  const v = top(b, sf, b.and(b.xor(a, c), b.xor(a, result)));
  return { result, flags: [top(b, sf, result), b.eq(a, c), b.geU(a, c), v] };
}

/** AddWithCarry(a, c, PSTATE.C). */
export function addWithCarry(b: Builder, sf: number, a: I64, c: I64): Sum {
  const sum = b.add(a, c);
  const total = b.add(sum, b.extendI32u(b.get32(C)));
  const result = cut(b, sf, total);
  const carry = sf === 1 ? b.pure('i32.or', b.ltU(sum, a), b.ltU(total, sum)) : b.wrap(b.shrU(total, b.i64(32n)));
  return { result, flags: [top(b, sf, result), b.eq(result, b.i64(0n)), carry, overflow(b, sf, a, c, result)] };
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
