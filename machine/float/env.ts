import type { FloatFormat } from './format.ts';

/**
 * Rounding directions of IEEE 754, 4.3: to nearest with ties to even, toward zero, down, up, to nearest with ties away
 * from zero ("max magnitude"). And one to round twice safely: to odd, where whatever is lost sets the last bit kept.
 */
export type RoundingMode = 'rne' | 'rtz' | 'rdn' | 'rup' | 'rmm' | 'odd';

/** The exceptions of IEEE 754, 7, as bits of `FloatEnv.flags`; beside them, that a subnormal operand counted as zero. */
export const FloatFlag = {
  inexact: 1,
  underflow: 2,
  overflow: 4,
  divideByZero: 8,
  invalid: 16,
  flushedOperand: 32,
} as const;

/** What an integer conversion aims at; its result is a pattern of `bits` bits, two's complement when signed. */
export interface IntegerType {
  readonly bits: 32 | 64;
  readonly signed: boolean;
}

/** Why no integer represents the operand: it is a NaN, or after rounding below or above the type's range. */
export type IntegerMisfit = 'nan' | 'below' | 'above';

/** The choices that IEEE 754 leaves to the architecture. */
export interface FloatPolicy {
  /** Whether a result is tiny is judged before or after it is rounded to the format's precision (IEEE 754, 7.5). */
  readonly tininess: 'after' | 'before';
  /** Whether subnormal operands count as zeros of their sign, which raises flushedOperand; those of binary16 never do. */
  readonly flushOperands: boolean;
  /**
   * Whether results that are tiny before rounding become zeros of their sign, which raises underflow alone; those of
   * binary16 never do.
   */
  readonly flushResults: boolean;
  /** Whether ∞ × 0 + quiet NaN raises invalid and counts as an invalid operation (IEEE 754, 7.2 c). */
  readonly infinityTimesZeroPlusNan: 'invalid' | 'quiet';
  /**
   * The NaN an operation returns: `operands` in the order of the call, the fused addend last. Cause 'operand' says that
   * one of them is a NaN to propagate or replace, 'invalid' that the operation itself has no value, as ∞ − ∞.
   */
  nanResult(format: FloatFormat, operands: readonly bigint[], cause: 'operand' | 'invalid'): bigint;
  /** What the NaN `bits` of format `from` becomes in format `to`. */
  convertNan(from: FloatFormat, to: FloatFormat, bits: bigint): bigint;
  /** Pattern returned, with invalid raised, by a conversion to integer that does not fit. */
  integerMisfit(type: IntegerType, why: IntegerMisfit): bigint;
}

/** Rounding in force and flags raised so far; operations read the one and add to the other. */
export interface FloatEnv {
  rounding: RoundingMode;
  flags: number;
  readonly policy: FloatPolicy;
}

/** An environment with no flags raised. */
export function floatEnv(policy: FloatPolicy, rounding: RoundingMode = 'rne'): FloatEnv {
  return { rounding, flags: 0, policy };
}

/** The positive quiet NaN with an otherwise empty payload. */
export function canonicalNan(format: FloatFormat): bigint {
  return format.infinity | format.quietBit;
}

/** Every NaN result canonical, tininess after rounding, integers saturate with NaN as the largest. */
export const defaultNanPolicy: FloatPolicy = {
  tininess: 'after',
  flushOperands: false,
  flushResults: false,
  infinityTimesZeroPlusNan: 'invalid',
  nanResult: (format) => canonicalNan(format),
  convertNan: (_from, to) => canonicalNan(to),
  integerMisfit({ bits, signed }, why) {
    const magnitudeBits = BigInt(signed ? bits - 1 : bits);
    if (why === 'below') return signed ? 1n << magnitudeBits : 0n;
    return (1n << magnitudeBits) - 1n;
  },
};
