import type { Helper } from '../isa.ts';
import { polynomialProduct } from './simd-same.ts';
import { type Cut, cut, cutBig, D, finish, M, N, type Operation, R, rangeOf } from './simd-vector.ts';

/**
 * Twice the product, cut to the range of a lane of twice the width, then added to V[d] or subtracted from it and cut
 * again. Immediates: bits of a factor (16, 32), the first lane to take, how many, d, n, m and, by element, the one
 * lane of V[m].
 */
function doublingLong(
  accumulate: ((sum: bigint, product: bigint) => bigint) | undefined,
  byElement: boolean,
): Operation {
  const run: Helper = (hart, bits, from, lanes, d, n, m, index) => {
    N.load(hart, n);
    M.load(hart, m);
    D.load(hart, d);
    if (byElement) M.splat(bits, index);
    R.clear();
    const [a, b] = [N.small(bits, true), M.small(bits, true)];
    for (let k = 0; k < lanes; k++) {
      let value = cutBig(2n * BigInt(a[from + k]) * BigInt(b[from + k]), bits * 2, 'signed');
      if (accumulate) {
        const old = bits === 32 ? D.i64[k] : BigInt(D.i32[k]);
        value = cutBig(accumulate(old, value), bits * 2, 'signed');
      }
      if (bits === 32) R.i64[k] = value;
      else R.i32[k] = Number(value);
    }
    return finish(hart, d);
  };
  return { run, saturates: true, accumulates: accumulate !== undefined };
}

/** Immediates as above. */
const polynomialLong: Helper = (hart, _bits, from, lanes, d, n, m) => {
  N.load(hart, n);
  M.load(hart, m);
  for (let k = 0; k < lanes; k++) R.u16[k] = polynomialProduct(N.u8[from + k], M.u8[from + k]);
  return finish(hart, d);
};

const add = (a: bigint, b: bigint) => a + b;
const subtract = (a: bigint, b: bigint) => a - b;

/** Operations whose results have lanes of twice the operands' width. */
export const WIDENING = {
  sqdmull: doublingLong(undefined, false),
  sqdmlal: doublingLong(add, false),
  sqdmlsl: doublingLong(subtract, false),
  'sqdmull.element': doublingLong(undefined, true),
  'sqdmlal.element': doublingLong(add, true),
  'sqdmlsl.element': doublingLong(subtract, true),
  pmull: { run: polynomialLong, saturates: false, accumulates: false },
} as const satisfies Record<string, Operation>;

/**
 * Lanes shifted right, towards minus infinity or to the nearest, and cut to the range of half their width; a count of 0
 * only narrows. Immediates: bits of a result's lane, how many, whether they are V[d]'s upper half, the lower one being
 * kept, d, n, count, whether it rounds.
 */
function narrowing(signed: boolean, to: Exclude<Cut, 'wrap'>): Operation {
  const run: Helper = (hart, bits, lanes, upper, d, n, count, rounds) => {
    N.load(hart, n);
    R.clear();
    if (upper) R.load(hart, d);
    const first = upper ? 64 / bits : 0;
    const r = R.small(bits, to === 'signed');
    if (bits === 32) {
      const a = N.big(signed);
      const round = rounds ? 1n << BigInt(count - 1) : 0n;
      for (let k = 0; k < lanes; k++) r[first + k] = Number(cutBig((a[k] + round) >> BigInt(count), bits, to));
    } else {
      const a = N.small(bits * 2, signed);
      const round = rounds ? 2 ** (count - 1) : 0;
      const divisor = 2 ** count;
      const range = rangeOf(bits, to);
      for (let k = 0; k < lanes; k++) r[first + k] = cut(Math.floor((a[k] + round) / divisor), range);
    }
    return finish(hart, d);
  };
  return { run, saturates: true, accumulates: false };
}

/** Operations whose results have lanes of half the operand's width; they read V[d] where they write its upper half. */
export const NARROWING = {
  sqshrn: narrowing(true, 'signed'),
  sqshrun: narrowing(true, 'unsigned'),
  uqshrn: narrowing(false, 'unsigned'),
} as const satisfies Record<string, Operation>;
