// Conversions between floating-point formats and integers (SDM vol. 1, 4.8.4.2, 11.4.1.6 and table E-1).
import { convertFormat, F32, F64, type IntegerType, fromInteger as integerToFloat, toInteger } from '../float/index.ts';
import type { Helper } from '../isa.ts';
import { MXCSR, T, W } from './registers.ts';
import { hostDoes, masksInexact, PE, SseFloat } from './sse-float-env.ts';
import { B, formatOf, leastNormal, ordinary, R, take } from './sse-float-vector.ts';

const I32: IntegerType = { bits: 32, signed: true };
const I64: IntegerType = { bits: 64, signed: true };
const integerOf = (bits: number): IntegerType => (bits === 32 ? I32 : I64);

function done(float: SseFloat): boolean {
  if (!float.finish()) return false;
  R.store(float.hart, W[0]);
  return true;
}

/** CVTDQ2PS, CVTDQ2PD, CVTPI2PS and CVTPI2PD: doublewords of the second operand to numbers. */
const fromIntegers: Helper = (hart, lanes, to) => {
  take(hart);
  const float = new SseFloat(hart);
  const format = formatOf(to);
  for (let k = 0; k < lanes; k++) {
    const value = BigInt(B.u32[k]);
    R.setBits(
      to,
      k,
      float.lane(format, [], (env) => integerToFloat(format, value, I32, env)),
    );
  }
  return done(float);
};

/** CVTSI2SS and CVTSI2SD: the integer in T[0] to the lowest lane. */
const fromInteger: Helper = (hart, from, to) => {
  take(hart);
  const value = hart.get(T[0]);
  const number = Number(BigInt.asIntN(from, value));
  // Rounded once at most, and then inexact has been reported already.
  if (Math.abs(number) < 2 ** 53 && (Math.abs(number) < 2 ** 24 || to === 64 || hostDoes(hart.get32(MXCSR)))) {
    R.numbers(to)[0] = number;
    R.store(hart, W[0]);
    return true;
  }
  const float = new SseFloat(hart);
  const format = formatOf(to);
  const result = float.lane(format, [], (env) => integerToFloat(format, value, integerOf(from), env));
  R.setBits(to, 0, result);
  return done(float);
};

/** CVTPS2DQ and its like: numbers of the second operand to doublewords, with zeros above. */
const toIntegers: Helper = (hart, from, lanes, truncate) => {
  take(hart);
  const float = new SseFloat(hart, truncate === 1 ? 'rtz' : undefined);
  const format = formatOf(from);
  R.u64.fill(0n);
  for (let k = 0; k < lanes; k++) {
    const bits = B.bits(from, k);
    R.setBits(
      32,
      k,
      float.lane(format, [bits], (env) => toInteger(format, bits, I32, env), { denormal: false }),
    );
  }
  return done(float);
};

/** CVTSS2SI and its like: the lowest number of W[1] to T[0]. */
const scalarToInteger: Helper = (hart, from, to, truncate) => {
  B.load(hart, W[1]);
  if (truncate === 1) {
    // What C's conversions become, of ordinary numbers.
    const x = B.numbers(from)[0];
    const whole = Math.trunc(x);
    const mxcsr = hart.get32(MXCSR);
    const fits = Math.abs(whole) < (to === 32 ? 2 ** 31 : 2 ** 53) && ordinary(from, x);
    if (fits && (whole === x || masksInexact(mxcsr))) {
      if (whole !== x) hart.set32(MXCSR, mxcsr | PE);
      hart.set(T[0], BigInt.asUintN(to, BigInt(whole)));
      return true;
    }
  }
  const float = new SseFloat(hart, truncate === 1 ? 'rtz' : undefined);
  const format = formatOf(from);
  const bits = B.bits(from, 0);
  const result = float.lane(format, [bits], (env) => toInteger(format, bits, integerOf(to), env), { denormal: false });
  if (!float.finish()) return false;
  hart.set(T[0], result);
  return true;
};

/** CVTPS2PD and CVTSS2SD. */
const widen: Helper = (hart, lanes) => {
  take(hart);
  if (ordinary(32, B.f32[0]) && (lanes === 1 || ordinary(32, B.f32[1]))) {
    for (let k = 0; k < lanes; k++) R.f64[k] = B.f32[k];
    R.store(hart, W[0]);
    return true;
  }
  const float = new SseFloat(hart);
  const wide = Array.from({ length: lanes }, (_, k) => {
    const bits = B.bits(32, k);
    return float.lane(F32, [bits], (env) => convertFormat(F32, F64, bits, env));
  });
  for (let k = 0; k < lanes; k++) R.setBits(64, k, wide[k]);
  return done(float);
};

/** The host's conversion, where all results are normal numbers or zeros. */
function hostNarrows(lanes: number): boolean {
  for (let k = 0; k < lanes; k++) {
    const x = B.f64[k];
    R.f32[k] = x;
    const size = Math.abs(R.f32[k]);
    if (!((size > leastNormal(32) && size < Infinity) || x === 0)) return false;
  }
  return true;
}

/** CVTPD2PS, with zeros above, and CVTSD2SS, which keeps what is above. */
const narrow: Helper = (hart, lanes) => {
  take(hart);
  if (lanes === 2) R.u64[1] = 0n;
  if (hostDoes(hart.get32(MXCSR)) && hostNarrows(lanes)) {
    R.store(hart, W[0]);
    return true;
  }
  const float = new SseFloat(hart);
  for (let k = 0; k < lanes; k++) {
    const bits = B.bits(64, k);
    R.setBits(
      32,
      k,
      float.rounded(F32, [bits], (to, [value], env, from) => convertFormat(from, to, value, env), F64),
    );
  }
  return done(float);
};

/** Helpers of conversions. */
export const SSE_CONVERSIONS: Readonly<Record<string, Helper>> = {
  sseFromIntegers: fromIntegers,
  sseFromInteger: fromInteger,
  sseToIntegers: toIntegers,
  sseToInteger: scalarToInteger,
  sseWiden: widen,
  sseNarrow: narrow,
};
