import type { Helper } from '../isa.ts';
import { type Cut, cut, cutBig, D, finish, N, type Operation, R, rangeOf } from './simd-vector.ts';

/** One lane of up to 32 bits from one. Immediates: bits of a lane, bytes of the result, d, n. */
function unary(signed: boolean, small: (a: number, bits: number) => number): Operation {
  const run: Helper = (hart, bits, bytes, d, n) => {
    N.load(hart, n);
    R.clear();
    const [a, r] = [N.small(bits, signed), R.small(bits, signed)];
    const lanes = (bytes * 8) / bits;
    for (let k = 0; k < lanes; k++) r[k] = small(a[k], bits);
    return finish(hart, d);
  };
  return { run, saturates: false, accumulates: false };
}

/** Immediates: bits of a lane, bytes of the result, d, n. */
function saturatingUnary(small: (a: number) => number, big: (a: bigint) => bigint): Operation {
  const run: Helper = (hart, bits, bytes, d, n) => {
    N.load(hart, n);
    R.clear();
    const lanes = (bytes * 8) / bits;
    if (bits === 64) {
      for (let k = 0; k < lanes; k++) R.i64[k] = cutBig(big(N.i64[k]), bits, 'signed');
    } else {
      const [a, r] = [N.small(bits, true), R.small(bits, true)];
      const range = rangeOf(bits, 'signed');
      for (let k = 0; k < lanes; k++) r[k] = cut(small(a[k]), range);
    }
    return finish(hart, d);
  };
  return { run, saturates: true, accumulates: false };
}

/** V[n] with one sign, added to V[d] with the other, cut to the range of the latter. Immediates as above. */
function accumulateOther(to: Exclude<Cut, 'wrap'>): Operation {
  const signed = to === 'signed';
  const run: Helper = (hart, bits, bytes, d, n) => {
    N.load(hart, n);
    D.load(hart, d);
    R.clear();
    const lanes = (bytes * 8) / bits;
    if (bits === 64) {
      const [a, c, r] = [N.big(!signed), D.big(signed), R.big(signed)];
      for (let k = 0; k < lanes; k++) r[k] = cutBig(a[k] + c[k], bits, to);
    } else {
      const [a, c, r] = [N.small(bits, !signed), D.small(bits, signed), R.small(bits, signed)];
      const range = rangeOf(bits, to);
      for (let k = 0; k < lanes; k++) r[k] = cut(a[k] + c[k], range);
    }
    return finish(hart, d);
  };
  return { run, saturates: true, accumulates: true };
}

const leadingZeros = (a: number, bits: number) => Math.clz32(a) - (32 - bits);

/** Operations on one vector register. */
export const MISC = {
  clz: unary(false, leadingZeros),
  // Bits below the top one that equal it: of a sign-extended lane.
  cls: unary(true, (a, bits) => Math.clz32(a ^ (a >> 31)) - (32 - bits) - 1),
  sqabs: saturatingUnary(Math.abs, (a) => (a < 0n ? -a : a)),
  sqneg: saturatingUnary(
    (a) => -a,
    (a) => -a,
  ),
  suqadd: accumulateOther('signed'),
  usqadd: accumulateOther('unsigned'),
} as const satisfies Record<string, Operation>;

/** All lanes into one, of twice the width where `long`. Immediates: bits of a lane, bytes of the operand, d, n. */
function across(signed: boolean, long: boolean, join: (a: number, b: number) => number): Operation {
  const run: Helper = (hart, bits, bytes, d, n) => {
    N.load(hart, n);
    const a = N.small(bits, signed);
    const lanes = (bytes * 8) / bits;
    let joined = a[0];
    for (let k = 1; k < lanes; k++) joined = join(joined, a[k]);
    R.clear();
    if (long && bits === 32) R.i64[0] = BigInt(joined);
    else R.small(long ? bits * 2 : bits, signed)[0] = joined;
    return finish(hart, d);
  };
  return { run, saturates: false, accumulates: false };
}

const sum = (a: number, b: number) => a + b;

/** Operations across lanes. */
export const ACROSS = {
  addv: across(false, false, sum),
  saddlv: across(true, true, sum),
  uaddlv: across(false, true, sum),
  smaxv: across(true, false, Math.max),
  umaxv: across(false, false, Math.max),
  sminv: across(true, false, Math.min),
  uminv: across(false, false, Math.min),
} as const satisfies Record<string, Operation>;
