import { bitLength } from './bigint-math.ts';
import { type FloatEnv, FloatFlag, type RoundingMode } from './env.ts';
import { F16, type Finite, type FloatFormat, pack, withSign } from './format.ts';

/** `significand` / 2^shift rounded to an integer in the given direction, and whether anything was lost. */
export function roundShift(
  significand: bigint,
  shift: number,
  negative: boolean,
  rounding: RoundingMode,
): { readonly value: bigint; readonly inexact: boolean } {
  if (shift <= 0) return { value: significand << BigInt(-shift), inexact: false };
  const lost = BigInt.asUintN(shift, significand);
  const value = significand >> BigInt(shift);
  if (lost === 0n) return { value, inexact: false };
  return { value: roundsAway(value, lost, shift, negative, rounding) ? value + 1n : value, inexact: true };
}

function roundsAway(kept: bigint, lost: bigint, shift: number, negative: boolean, rounding: RoundingMode): boolean {
  switch (rounding) {
    case 'rtz':
      return false;
    case 'rdn':
      return negative;
    case 'rup':
      return !negative;
    case 'odd':
      return (kept & 1n) === 0n;
    case 'rmm':
      return lost >> BigInt(shift - 1) === 1n;
    case 'rne': {
      const half = 1n << BigInt(shift - 1);
      return lost > half || (lost === half && (kept & 1n) === 1n);
    }
  }
}

/**
 * Rounds an exact value, not zero, to the format and raises inexact, underflow and overflow (IEEE 754, 7.4 to 7.6). A
 * value that is not exact may be given with precision + 2 bits or more, the last of them set to stand for the rest.
 */
export function roundPack(format: FloatFormat, exact: Finite, env: FloatEnv): bigint {
  const { negative, significand, exponent } = exact;
  const leading = exponent + bitLength(significand) - 1;
  if (leading < format.minExponent && env.policy.flushResults && format.width > F16.width) {
    env.flags |= FloatFlag.underflow;
    return withSign(format, negative, 0n);
  }
  const lastPlace = Math.max(leading, format.minExponent) - format.fractionBits;
  const rounded = roundShift(significand, lastPlace - exponent, negative, env.rounding);
  const bits = pack(format, { negative, significand: rounded.value, exponent: lastPlace });
  if (bits === undefined) return overflow(format, negative, env);
  if (rounded.inexact) {
    env.flags |= FloatFlag.inexact;
    if (leading < format.minExponent && isTiny(format, exact, leading, env)) env.flags |= FloatFlag.underflow;
  }
  return bits;
}

/** IEEE 754, 7.5, for a value below the smallest normal number, its leading bit at 2^leading. */
function isTiny(format: FloatFormat, exact: Finite, leading: number, env: FloatEnv): boolean {
  if (env.policy.tininess === 'before' || leading < format.minExponent - 1) return true;
  // "After rounding" asks about the result had the exponent no bound: not tiny if that carries up to 2^minExponent.
  const shift = leading - format.fractionBits - exact.exponent;
  const unbounded = roundShift(exact.significand, shift, exact.negative, env.rounding);
  return unbounded.value >> BigInt(format.precision) === 0n;
}

/**
 * IEEE 754, 7.4: infinity, or the largest finite number when the rounding direction points away from infinity. Where
 * there is no infinity the operation is invalid, and the largest number its result.
 */
function overflow(format: FloatFormat, negative: boolean, env: FloatEnv): bigint {
  if (!format.hasInfinity) {
    env.flags |= FloatFlag.invalid;
    return withSign(format, negative, format.magnitudeMask);
  }
  env.flags |= FloatFlag.overflow | FloatFlag.inexact;
  const stays = env.rounding === 'rtz' || env.rounding === 'odd' || env.rounding === (negative ? 'rup' : 'rdn');
  return withSign(format, negative, stays ? format.infinity - 1n : format.infinity);
}
