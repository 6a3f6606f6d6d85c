import { type FloatEnv, FloatFlag, type IntegerMisfit, type IntegerType } from './env.ts';
import { type FloatFormat, withSign } from './format.ts';
import { hostConvert, hostFromInteger, hostRounds, hostTruncate } from './host.ts';
import { isSignallingNan, nanOperand } from './nan.ts';
import { unpackOperand } from './operand.ts';
import { roundPack, roundShift } from './round.ts';

/**
 * The number `bits` of format `from` in format `to` (IEEE 754, 5.4.2). Where that has no infinities and NaNs, these are
 * invalid and become the largest number and zero.
 */
export function convertFormat(from: FloatFormat, to: FloatFormat, bits: bigint, env: FloatEnv): bigint {
  const quick = hostRounds(env) ? hostConvert(from, to, bits, env) : undefined;
  if (quick !== undefined) return quick;
  const x = unpackOperand(from, bits, env);
  switch (x.kind) {
    case 'nan':
      if (!to.hasInfinity) {
        env.flags |= FloatFlag.invalid;
        return withSign(to, x.negative, 0n);
      }
      if (isSignallingNan(from, bits)) env.flags |= FloatFlag.invalid;
      return env.policy.convertNan(from, to, bits);
    case 'infinity':
      if (to.hasInfinity) return withSign(to, x.negative, to.infinity);
      env.flags |= FloatFlag.invalid;
      return withSign(to, x.negative, to.magnitudeMask);
    case 'zero':
      return withSign(to, x.negative, 0n);
    case 'finite':
      return roundPack(to, x, env);
  }
}

/**
 * The integer nearest to the number × 2^fractionBits in the rounding direction (a fixed-point number, that is), as an unsigned pattern of `type.bits` bits (IEEE 754, 5.8). Raises
 * inexact, or, when no integer of the type fits, invalid alone and returns what the policy says.
 */
export function toInteger(
  format: FloatFormat,
  bits: bigint,
  type: IntegerType,
  env: FloatEnv,
  fractionBits = 0,
): bigint {
  if (env.rounding === 'rtz' && fractionBits === 0 && !env.policy.flushOperands) {
    const quick = type.signed ? hostTruncate(format, bits, env) : undefined;
    if (quick !== undefined) return BigInt.asUintN(type.bits, BigInt(quick));
  }
  const x = unpackOperand(format, bits, env);
  if (x.kind === 'nan') return misfit(type, 'nan', env);
  if (x.kind === 'infinity') return misfit(type, x.negative ? 'below' : 'above', env);
  const rounded = roundShift(x.significand, -x.exponent - fractionBits, x.negative, env.rounding);
  const value = x.negative ? -rounded.value : rounded.value;
  const limit = 1n << BigInt(type.signed ? type.bits - 1 : type.bits);
  if (value >= limit) return misfit(type, 'above', env);
  if (value < (type.signed ? -limit : 0n)) return misfit(type, 'below', env);
  if (rounded.inexact) env.flags |= FloatFlag.inexact;
  return BigInt.asUintN(type.bits, value);
}

function misfit(type: IntegerType, why: IntegerMisfit, env: FloatEnv): bigint {
  env.flags |= FloatFlag.invalid;
  return env.policy.integerMisfit(type, why);
}

/** The integer whose pattern is the low `type.bits` bits of `pattern`, / 2^fractionBits, rounded to the format (IEEE 754, 5.4.1). */
export function fromInteger(
  format: FloatFormat,
  pattern: bigint,
  type: IntegerType,
  env: FloatEnv,
  fractionBits = 0,
): bigint {
  const value = type.signed ? BigInt.asIntN(type.bits, pattern) : BigInt.asUintN(type.bits, pattern);
  if (value === 0n) return 0n;
  const quick = hostRounds(env) && fractionBits === 0 ? hostFromInteger(format, value, env) : undefined;
  if (quick !== undefined) return quick;
  const negative = value < 0n;
  return roundPack(format, { negative, significand: negative ? -value : value, exponent: -fractionBits }, env);
}

/** The nearest integral number in the rounding direction, in the same format; never inexact (IEEE 754, 5.9). */
export function roundToIntegral(format: FloatFormat, bits: bigint, env: FloatEnv): bigint {
  return integral(format, bits, env).bits;
}

/** roundToIntegral, but raising inexact if the operand was not integral (IEEE 754, 5.9). */
export function roundToIntegralExact(format: FloatFormat, bits: bigint, env: FloatEnv): bigint {
  const result = integral(format, bits, env);
  if (result.inexact) env.flags |= FloatFlag.inexact;
  return result.bits;
}

function integral(format: FloatFormat, bits: bigint, env: FloatEnv): { bits: bigint; inexact: boolean } {
  const x = unpackOperand(format, bits, env);
  if (x.kind === 'nan') return { bits: nanOperand(format, [bits], env), inexact: false };
  if (x.kind === 'zero') return { bits: withSign(format, x.negative, 0n), inexact: false };
  if (x.kind !== 'finite' || x.exponent >= 0) return { bits, inexact: false };
  const { value, inexact } = roundShift(x.significand, -x.exponent, x.negative, env.rounding);
  if (value === 0n) return { bits: withSign(format, x.negative, 0n), inexact };
  return { bits: roundPack(format, { negative: x.negative, significand: value, exponent: 0 }, env), inexact };
}
