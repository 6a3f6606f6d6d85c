import {
  canonicalNan,
  defaultNanPolicy,
  F16,
  F16_ALTERNATIVE,
  F32,
  F64,
  type FloatEnv,
  FloatFlag,
  type FloatFormat,
  type FloatPolicy,
  floatEnv,
  isNan,
  isSignallingNan,
  type RoundingMode,
} from '../float/index.ts';
import type { Hart } from '../hart.ts';
import { FPCR, FPSR } from './registers.ts';

/** Fields of FPCR (Arm ARM C5.2, "FPCR"): AHP, DN, FZ and, from bit 22 on, RMode. */
const FZ = 1 << 24;
const DN = 1 << 25;
const AHP = 1 << 26;
const RMODE_SHIFT = 22;

/** Rounding modes as RMode numbers them, and those that only instructions name; as helpers' immediates, also FPCR's. */
export const ROUNDING = { fpcr: -1, rne: 0, rup: 1, rdn: 2, rtz: 3, rmm: 4, odd: 5 } as const;
const MODES: readonly RoundingMode[] = ['rne', 'rup', 'rdn', 'rtz', 'rmm', 'odd'];

/** FPProcessNaNs and FPProcessNaNs3: the first signalling NaN, else the first quiet one, made quiet. */
function processNans(format: FloatFormat, operands: readonly bigint[]): bigint {
  // FPMulAdd's addend is its first operand.
  const inOrder = operands.length === 3 ? [operands[2], operands[0], operands[1]] : operands;
  const nan =
    inOrder.find((bits) => isSignallingNan(format, bits)) ?? inOrder.find((bits) => isNan(format, bits)) ?? 0n;
  return nan | format.quietBit;
}

/** FPConvertNaN: sign and upper bits of the fraction, made quiet. */
function convertNan(from: FloatFormat, to: FloatFormat, bits: bigint): bigint {
  const fraction = ((bits & from.fractionMask) << BigInt(to.fractionBits)) >> BigInt(from.fractionBits);
  return (bits & from.signBit ? to.signBit : 0n) | canonicalNan(to) | fraction;
}

/** The choices that the manual makes (Arm ARM A1.5), with FPCR.FZ and FPCR.DN as given. */
function policy(flush: boolean, defaultNan: boolean): FloatPolicy {
  return {
    tininess: 'before',
    flushOperands: flush,
    flushResults: flush,
    // A quiet NaN as addend does not hide the invalid product (FPMulAdd).
    infinityTimesZeroPlusNan: 'invalid',
    nanResult: (format, operands, cause) =>
      defaultNan || cause === 'invalid' ? canonicalNan(format) : processNans(format, operands),
    convertNan: (from, to, bits) => (defaultNan ? canonicalNan(to) : convertNan(from, to, bits)),
    // FPToFixed: a NaN counts as zero, the rest saturates.
    integerMisfit: (type, why) => (why === 'nan' ? 0n : defaultNanPolicy.integerMisfit(type, why)),
  };
}

const POLICIES = [policy(false, false), policy(true, false), policy(false, true), policy(true, true)];

/** The environment that FPCR asks for; `rounding` is one of {@link ROUNDING}. */
export function environment(hart: Hart, rounding: number): FloatEnv {
  const fpcr = hart.get32(FPCR);
  const mode = MODES[rounding === ROUNDING.fpcr ? (fpcr >> RMODE_SHIFT) & 3 : rounding];
  return floatEnv(POLICIES[(fpcr & FZ ? 1 : 0) + (fpcr & DN ? 2 : 0)], mode);
}

/** The format of that many bits; half precision is the alternative one where FPCR.AHP says so. */
export function formatOf(hart: Hart, width: number): FloatFormat {
  if (width === 32) return F32;
  if (width === 64) return F64;
  return hart.get32(FPCR) & AHP ? F16_ALTERNATIVE : F16;
}

/** FPSR's cumulative bits (C5.2, "FPSR"): IOC, DZC, OFC, UFC, IXC and IDC. */
const CUMULATIVE: readonly (readonly [flag: number, bit: number])[] = [
  [FloatFlag.invalid, 1 << 0],
  [FloatFlag.divideByZero, 1 << 1],
  [FloatFlag.overflow, 1 << 2],
  [FloatFlag.underflow, 1 << 3],
  [FloatFlag.inexact, 1 << 4],
  [FloatFlag.flushedOperand, 1 << 7],
];
const FPSR_BITS = Array.from({ length: 64 }, (_, flags) =>
  CUMULATIVE.reduce((bits, [flag, bit]) => (flags & flag ? bits | bit : bits), 0),
);

/** FPProcessException for all that an operation raised. */
export function accumulate(hart: Hart, { flags }: FloatEnv): void {
  if (flags !== 0) hart.set32(FPSR, hart.get32(FPSR) | FPSR_BITS[flags]);
}
