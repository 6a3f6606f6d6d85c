import type { Helper } from '../isa.ts';
import { type Cut, cut, cutBig, finish, M, N, type Operation, R, rangeOf } from './simd-vector.ts';

/** One lane of the exact result, for lanes of up to 32 bits; for those of 64 where there are such. */
type Small = (a: number, b: number) => number;
type Big = (a: bigint, b: bigint) => bigint;

/** Immediates: bits of a lane, bytes of the result (8, 16, or a scalar's), d, n, m. */
function lanewise(signed: boolean, to: Cut, small: Small, big?: Big): Operation {
  const run: Helper = (hart, bits, bytes, d, n, m) => {
    N.load(hart, n);
    M.load(hart, m);
    R.clear();
    const lanes = (bytes * 8) / bits;
    if (bits === 64 && big) {
      const [a, b, r] = [N.big(signed), M.big(signed), R.big(signed)];
      for (let k = 0; k < lanes; k++) r[k] = cutBig(big(a[k], b[k]), bits, to);
    } else {
      const [a, b, r] = [N.small(bits, signed), M.small(bits, signed), R.small(bits, signed)];
      const range = rangeOf(bits, to);
      for (let k = 0; k < lanes; k++) r[k] = cut(small(a[k], b[k]), range);
    }
    return finish(hart, d);
  };
  return { run, saturates: to !== 'wrap', accumulates: false };
}

/** `a` shifted left by `count` or, where that is negative, right, to the nearest or towards minus infinity; exact. */
const shifted = (a: number, count: number, rounds: boolean): number =>
  // A sum that a number cannot hold is one of 0.5 and almost nothing, whose floor is 0 either way.
  Math.floor(a * POWERS[count + 128] + (rounds && count < 0 ? 0.5 : 0));

/** Powers of two, from -128 on. */
const POWERS = Float64Array.from({ length: 256 }, (_, i) => 2 ** (i - 128));

function shiftedBig(a: bigint, count: number, rounds: boolean): bigint {
  if (count >= 0) return a << BigInt(count);
  const round = rounds ? 1n << BigInt(-count - 1) : 0n;
  return (a + round) >> BigInt(-count);
}

/** Shifts V[n]'s lanes by the counts at the bottom of the lanes of M: signed bytes. */
function shiftLanes(signed: boolean, rounds: boolean, to: Cut, bits: number, bytes: number): void {
  R.clear();
  const counts = M.i8;
  const step = bits / 8;
  const lanes = bytes / step;
  if (bits === 64) {
    const [a, r] = [N.big(signed), R.u64];
    for (let k = 0; k < lanes; k++) r[k] = cutBig(shiftedBig(a[k], counts[k * step], rounds), bits, to);
  } else {
    const [a, r] = [N.small(bits, signed), R.small(bits, false)];
    const range = rangeOf(bits, to);
    for (let k = 0; k < lanes; k++) r[k] = cut(shifted(a[k], counts[k * step], rounds), range);
  }
}

/** Immediates: bits of a lane, bytes of the result, d, n, m. */
function shiftByRegister(signed: boolean, rounds: boolean, to: Cut): Operation {
  const run: Helper = (hart, bits, bytes, d, n, m) => {
    N.load(hart, n);
    M.load(hart, m);
    shiftLanes(signed, rounds, to, bits, bytes);
    return finish(hart, d);
  };
  return { run, saturates: to !== 'wrap', accumulates: false };
}

/** Immediates: bits of a lane, bytes of the result, d, n, count. */
function shiftByImmediate(signed: boolean, to: Cut): Operation {
  const run: Helper = (hart, bits, bytes, d, n, count) => {
    N.load(hart, n);
    M.i8.fill(count);
    shiftLanes(signed, false, to, bits, bytes);
    return finish(hart, d);
  };
  return { run, saturates: true, accumulates: false };
}

/** The upper half of twice the product, of lanes of 16 or 32 bits; `index` as below. */
function doublingHigh(rounds: boolean, byElement: boolean): Operation {
  const run: Helper = (hart, bits, bytes, d, n, m, index) => {
    N.load(hart, n);
    M.load(hart, m);
    if (byElement) M.splat(bits, index);
    R.clear();
    const [a, b, r] = [N.small(bits, true), M.small(bits, true), R.small(bits, true)];
    const round = rounds ? 1n << BigInt(bits - 1) : 0n;
    const lanes = (bytes * 8) / bits;
    for (let k = 0; k < lanes; k++) {
      const product = 2n * BigInt(a[k]) * BigInt(b[k]) + round;
      r[k] = Number(cutBig(product >> BigInt(bits), bits, 'signed'));
    }
    return finish(hart, d);
  };
  return { run, saturates: true, accumulates: false };
}

/** The product of two polynomials over {0, 1}, of 8 bits each. */
export function polynomialProduct(a: number, b: number): number {
  let product = 0;
  for (let i = 0; i < 8; i++) if ((a >> i) & 1) product ^= b << i;
  return product;
}

const add: Small = (a, b) => a + b;
const subtract: Small = (a, b) => a - b;
const addBig: Big = (a, b) => a + b;
const subtractBig: Big = (a, b) => a - b;

/** Operations whose operands and results have lanes of one width. */
export const SAME = {
  sqadd: lanewise(true, 'signed', add, addBig),
  uqadd: lanewise(false, 'unsigned', add, addBig),
  sqsub: lanewise(true, 'signed', subtract, subtractBig),
  uqsub: lanewise(false, 'unsigned', subtract, subtractBig),
  pmul: lanewise(false, 'wrap', polynomialProduct),
  sshl: shiftByRegister(true, false, 'wrap'),
  ushl: shiftByRegister(false, false, 'wrap'),
  srshl: shiftByRegister(true, true, 'wrap'),
  urshl: shiftByRegister(false, true, 'wrap'),
  sqshl: shiftByRegister(true, false, 'signed'),
  uqshl: shiftByRegister(false, false, 'unsigned'),
  sqrshl: shiftByRegister(true, true, 'signed'),
  uqrshl: shiftByRegister(false, true, 'unsigned'),
  sqdmulh: doublingHigh(false, false),
  sqrdmulh: doublingHigh(true, false),
} as const satisfies Record<string, Operation>;

/** Those with one lane of V[m], `index`, as the second operand. Immediates: those of {@link SAME}, and `index`. */
export const SAME_BY_ELEMENT = {
  'sqdmulh.element': doublingHigh(false, true),
  'sqrdmulh.element': doublingHigh(true, true),
} as const satisfies Record<string, Operation>;

/** Saturating shifts left by an immediate. */
export const SHIFT_BY_IMMEDIATE = {
  'sqshl.immediate': shiftByImmediate(true, 'signed'),
  'uqshl.immediate': shiftByImmediate(false, 'unsigned'),
  'sqshlu.immediate': shiftByImmediate(true, 'unsigned'),
} as const satisfies Record<string, Operation>;
