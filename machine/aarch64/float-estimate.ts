// The estimates of Arm ARM J1.1.3 (shared/functions/float): made of tables of 256 and 384 entries, here by their formulas.
import {
  type FloatEnv,
  FloatFlag,
  type FloatFormat,
  flushOperand,
  invalidOperation,
  isNan,
  nanOperand,
  unpackOperand,
  withSign,
} from '../float/index.ts';

/** RecipEstimate: of a number from 256 to 511, standing for 0.5 to 1.0, the reciprocal as one of 256 to 511, 1.0 to 2.0. */
function recipEstimate(a: number): number {
  return (Math.floor(2 ** 19 / (a * 2 + 1)) + 1) >> 1;
}

/** RecipSqrtEstimate: of a number from 128 to 511, standing for 0.25 to 1.0, one over the root, as above. */
function recipSqrtEstimate(value: number): number {
  const a = value < 256 ? value * 2 + 1 : (value | 1) * 2;
  let b = 512;
  while (a * (b + 1) ** 2 < 2 ** 28) b++;
  return (b + 1) >> 1;
}

/** The result's fraction: the estimate's low eight bits on top. */
const fractionOf = (format: FloatFormat, estimate: number) =>
  BigInt(estimate & 0xff) << BigInt(format.fractionBits - 8);

/** The top eight bits of a fraction. */
const topOf = (format: FloatFormat, fraction: bigint) => Number(fraction >> BigInt(format.fractionBits - 8));

const exponentOf = (format: FloatFormat, bits: bigint) =>
  Number((bits & format.magnitudeMask) >> BigInt(format.fractionBits));

/** FPRecipEstimate. */
export function reciprocalEstimate(format: FloatFormat, bits: bigint, env: FloatEnv): bigint {
  const { kind, negative } = unpackOperand(format, bits, env);
  if (kind === 'nan') return nanOperand(format, [bits], env);
  if (kind === 'infinity') return withSign(format, negative, 0n);
  if (kind === 'zero') {
    env.flags |= FloatFlag.divideByZero;
    return withSign(format, negative, format.infinity);
  }
  const magnitude = bits & format.magnitudeMask;
  const quarter = 1n << BigInt(format.fractionBits - 2);
  // Below 2^(minExponent − 2) the reciprocal is too large.
  if (magnitude < quarter) {
    env.flags |= FloatFlag.overflow | FloatFlag.inexact;
    const infinite = env.rounding === 'rne' || env.rounding === (negative ? 'rdn' : 'rup');
    return withSign(format, negative, infinite ? format.infinity : format.infinity - 1n);
  }
  let exponent = exponentOf(format, bits);
  // From 2^(maxExponent − 1) on it is subnormal.
  if (env.policy.flushResults && exponent >= 2 * format.bias - 1) {
    env.flags |= FloatFlag.underflow;
    return withSign(format, negative, 0n);
  }
  let fraction = bits & format.fractionMask;
  if (exponent === 0) {
    // Subnormal, its first bit one of the upper two.
    exponent = fraction & format.quietBit ? 0 : -1;
    fraction = (fraction << BigInt(1 - exponent)) & format.fractionMask;
  }
  const resultExponent = 2 * format.bias - 1 - exponent;
  const estimate = fractionOf(format, recipEstimate(256 + topOf(format, fraction)));
  if (resultExponent > 0)
    return withSign(format, negative, (BigInt(resultExponent) << BigInt(format.fractionBits)) | estimate);
  const hidden = format.fractionMask + 1n;
  return withSign(format, negative, (hidden | estimate) >> BigInt(1 - resultExponent));
}

/** FPRSqrtEstimate. */
export function reciprocalRootEstimate(format: FloatFormat, bits: bigint, env: FloatEnv): bigint {
  const { kind, negative } = unpackOperand(format, bits, env);
  if (kind === 'nan') return nanOperand(format, [bits], env);
  if (kind === 'zero') {
    env.flags |= FloatFlag.divideByZero;
    return withSign(format, negative, format.infinity);
  }
  if (negative) return invalidOperation(format, [bits], env);
  if (kind === 'infinity') return 0n;
  let exponent = exponentOf(format, bits);
  let fraction = bits & format.fractionMask;
  if (exponent === 0) {
    for (; (fraction & format.quietBit) === 0n; fraction <<= 1n) exponent--;
    fraction = (fraction << 1n) & format.fractionMask;
  }
  const significand = 256 + topOf(format, fraction);
  // With an odd exponent the number scaled lies in the lower half of the range.
  const estimate = recipSqrtEstimate((exponent & 1) === 0 ? significand : significand >> 1);
  const resultExponent = (3 * format.bias - 1 - exponent) >> 1;
  return (BigInt(resultExponent) << BigInt(format.fractionBits)) | fractionOf(format, estimate);
}

/** FPRecpX: the exponent's bits inverted; of zeros and subnormal numbers the largest one. */
export function reciprocalExponent(format: FloatFormat, bits: bigint, env: FloatEnv): bigint {
  if (isNan(format, bits)) return nanOperand(format, [bits], env);
  const exponent = flushOperand(format, bits, env) & format.infinity;
  const result = exponent === 0n ? format.infinity - format.fractionMask - 1n : format.infinity ^ exponent;
  return (bits & format.signBit) | result;
}

/** UnsignedRecipEstimate, of 32 bits that stand for a number below 1. */
export function unsignedReciprocalEstimate(bits: bigint): bigint {
  return bits < 1n << 31n ? 0xffff_ffffn : BigInt(recipEstimate(Number(bits >> 23n))) << 23n;
}

/** UnsignedRSqrtEstimate. */
export function unsignedReciprocalRootEstimate(bits: bigint): bigint {
  return bits < 1n << 30n ? 0xffff_ffffn : BigInt(recipSqrtEstimate(Number(bits >> 23n))) << 23n;
}
