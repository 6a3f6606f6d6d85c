import {
  canonicalNan,
  convertFormat,
  F32,
  F64,
  type FloatEnv,
  FloatFlag,
  type FloatFormat,
  type FloatPolicy,
  floatEnv,
  interchangeFormat,
  isNan,
  type RoundingMode,
} from '../float/index.ts';
import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import { MXCSR, SLOTS } from './registers.ts';

const CR4 = SLOTS.get('cr4');
const OSXMMEXCPT = 1n << 10n;

/** Exceptions as MXCSR's low six bits report them (SDM vol. 1, figure 10-3); each has its mask seven bits above. */
export const IE = 1 << 0;
export const DE = 1 << 1;
export const ZE = 1 << 2;
export const OE = 1 << 3;
export const UE = 1 << 4;
export const PE = 1 << 5;
/** Those that are found before a result is computed: with one that is not masked, no other is reported (11.5.2). */
const PRECOMPUTED = IE | DE | ZE;
const MASK_SHIFT = 7;
const DAZ = 1 << 6;
const FTZ = 1 << 15;
const RC_SHIFT = 13;
const ALL_MASKS = 0x3f << MASK_SHIFT;

/** Rounding modes as MXCSR.RC and immediates number them. */
export const MODES: readonly RoundingMode[] = ['rne', 'rdn', 'rup', 'rtz'];

const STATUS = Array.from({ length: 64 }, (_, flags) => {
  const bit = (flag: number, status: number) => (flags & flag ? status : 0);
  const { invalid, divideByZero, overflow, underflow, inexact } = FloatFlag;
  return bit(invalid, IE) | bit(divideByZero, ZE) | bit(overflow, OE) | bit(underflow, UE) | bit(inexact, PE);
});

/** The first operand that is a NaN, made quiet (SDM vol. 1, table 4-7); an invalid operation's is the indefinite one. */
function nanResult(format: FloatFormat, operands: readonly bigint[], cause: 'operand' | 'invalid'): bigint {
  if (cause === 'invalid') return canonicalNan(format) | format.signBit;
  return (operands.find((bits) => isNan(format, bits)) ?? 0n) | format.quietBit;
}

/** Sign and upper bits of the fraction, made quiet. */
function convertNan(from: FloatFormat, to: FloatFormat, bits: bigint): bigint {
  const fraction = ((bits & from.fractionMask) << BigInt(to.fractionBits)) >> BigInt(from.fractionBits);
  return (bits & from.signBit ? to.signBit : 0n) | canonicalNan(to) | fraction;
}

const policy = (flushOperands: boolean): FloatPolicy => ({
  tininess: 'after',
  flushOperands,
  // What is flushed is judged after rounding, too: see `result`.
  flushResults: false,
  infinityTimesZeroPlusNan: 'invalid',
  nanResult,
  convertNan,
  integerMisfit: ({ bits }) => 1n << BigInt(bits - 1),
});
const POLICIES = [policy(false), policy(true)];

const isSubnormal = (format: FloatFormat, bits: bigint): boolean => {
  const magnitude = bits & format.magnitudeMask;
  return magnitude !== 0n && magnitude <= format.fractionMask;
};

/** An operation on operands of format `from` whose result is rounded to `format`. */
export type Rounded = (format: FloatFormat, operands: readonly bigint[], env: FloatEnv, from: FloatFormat) => bigint;

/** The same precision with exponents that no result of numbers of the format exceeds. */
const UNBOUNDED = new Map(
  [F32, F64].map((format) => [format, interchangeFormat(format.exponentBits + 4, format.fractionBits)]),
);
const unbounded = (format: FloatFormat): FloatFormat => UNBOUNDED.get(format) ?? format;

/** One instruction's floating point: what MXCSR asks for, and what its lanes raise. */
export class SseFloat {
  readonly hart: Hart;
  private mxcsr: number;
  readonly env: FloatEnv;
  private raised = 0;

  constructor(hart: Hart, rounding?: RoundingMode) {
    this.hart = hart;
    this.mxcsr = hart.get32(MXCSR);
    const mode = rounding ?? MODES[(this.mxcsr >> RC_SHIFT) & 3];
    this.env = floatEnv(POLICIES[this.mxcsr & DAZ ? 1 : 0], mode);
  }

  /** One lane's result from an operation on those operands; `denormal`: subnormal ones are reported. */
  lane(
    format: FloatFormat,
    operands: readonly bigint[],
    operation: (env: FloatEnv) => bigint,
    { denormal = true, ignore = 0 } = {},
  ): bigint {
    this.env.flags = 0;
    const result = operation(this.env);
    let flags = STATUS[this.env.flags] & ~ignore;
    if (denormal && (flags & (IE | ZE)) === 0 && this.sawSubnormal(format, operands)) flags |= DE;
    this.raised |= flags;
    return result;
  }

  /** The same for an operation whose result may be too large or tiny for its format, which is `from`'s but for CVTSD2SS. */
  rounded(format: FloatFormat, operands: readonly bigint[], operation: Rounded, from = format): bigint {
    const before = this.raised;
    const result = this.lane(from, operands, (env) => operation(format, operands, env, from));
    const { flags } = this.env;
    const tiny = (flags & FloatFlag.underflow) !== 0 || isSubnormal(format, result);
    if (!tiny && (flags & FloatFlag.overflow) === 0) return result;
    const found = tiny ? UE : OE;
    if ((this.mxcsr & (found << MASK_SHIFT)) === 0) {
      // Unmasked: of exact results too, and inexact is what the result would be if its exponent had no bounds.
      this.raised |= found;
      if (this.exactUnbounded(format, operands, operation, from)) this.raised &= before | ~PE;
    } else if (tiny && (this.mxcsr & FTZ) !== 0) {
      // Masked, FTZ makes it zero (SDM vol. 1, 10.2.3.3).
      this.raised |= UE | PE;
      return result & format.signBit;
    }
    return result;
  }

  private exactUnbounded(format: FloatFormat, operands: readonly bigint[], operation: Rounded, from: FloatFormat) {
    const env = floatEnv(this.env.policy, this.env.rounding);
    const wide = operands.map((bits) => convertFormat(from, unbounded(from), bits, env));
    env.flags = 0;
    operation(unbounded(format), wide, env, unbounded(from));
    return (env.flags & FloatFlag.inexact) === 0;
  }

  private sawSubnormal(format: FloatFormat, operands: readonly bigint[]): boolean {
    if ((this.mxcsr & DAZ) !== 0 || operands.some((bits) => isNan(format, bits))) return false;
    return operands.some((bits) => isSubnormal(format, bits));
  }

  /** Reports what was raised: false where an exception is not masked, which is #XM, or #UD without OSXMMEXCPT. */
  finish(): boolean {
    if (this.raised === 0) return true;
    const unmasked = this.raised & ~(this.mxcsr >> MASK_SHIFT) & 0x3f;
    const reported = (unmasked & PRECOMPUTED) !== 0 ? this.raised & PRECOMPUTED : this.raised;
    this.mxcsr |= reported;
    this.raised = 0;
    this.hart.set32(MXCSR, this.mxcsr);
    if (unmasked === 0) return true;
    const vector = (this.hart.get(CR4) & OSXMMEXCPT) !== 0n ? VECTOR.XM : VECTOR.UD;
    return this.hart.raise(fault(vector), 0n);
  }
}

/**
 * Whether the host's own arithmetic does for ordinary numbers: rounding to nearest, nothing unmasked, and inexact, which
 * alone they raise, reported already.
 */
export const hostDoes = (mxcsr: number): boolean => (mxcsr & (ALL_MASKS | PE | (3 << RC_SHIFT))) === (ALL_MASKS | PE);

/** Whether MXCSR masks the precision exception. */
export const masksInexact = (mxcsr: number): boolean => (mxcsr & (PE << MASK_SHIFT)) !== 0;
