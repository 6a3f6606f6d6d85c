// The manual's functions on floating-point numbers that IEEE 754 does not have (Arm ARM J1, shared/functions/float).
import {
  compareQuiet,
  compareSignalling,
  type FloatEnv,
  type FloatFormat,
  fusedMultiplyAdd,
  multiply,
  type Relation,
  subtract,
  unpackOperand,
} from '../float/index.ts';

export type Unary = (format: FloatFormat, a: bigint, env: FloatEnv) => bigint;
export type Binary = (format: FloatFormat, a: bigint, b: bigint, env: FloatEnv) => bigint;

/** 1.5, 2 and 3. */
const onePointFive = (format: FloatFormat) => (BigInt(format.bias) << BigInt(format.fractionBits)) | format.quietBit;
const two = (format: FloatFormat) => BigInt(format.bias + 1) << BigInt(format.fractionBits);
const three = (format: FloatFormat) => two(format) | format.quietBit;

/** The sign of ∞ × 0, 0n or the sign's bit; undefined where the operands are others. */
function infinityTimesZero(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint | undefined {
  const x = unpackOperand(format, a, env).kind;
  const y = unpackOperand(format, b, env).kind;
  const invalid = (x === 'infinity' && y === 'zero') || (x === 'zero' && y === 'infinity');
  return invalid ? (a ^ b) & format.signBit : undefined;
}

/** FPMulX: FPMul where ∞ × 0 is ±2. */
export const multiplyExtended: Binary = (format, a, b, env) => {
  const sign = infinityTimesZero(format, a, b, env);
  return sign === undefined ? multiply(format, a, b, env) : sign | two(format);
};

/** FPNeg(FPMul(a, b)), the sign of a NaN too. */
export const multiplyNegated: Binary = (format, a, b, env) => multiply(format, a, b, env) ^ format.signBit;

/** FPAbs(FPSub(a, b)), the sign of a NaN too. */
export const absoluteDifference: Binary = (format, a, b, env) => subtract(format, a, b, env) & format.magnitudeMask;

/** FPRecipStepFused: 2 − a × b, rounded once. */
export const reciprocalStep: Binary = (format, a, b, env) => {
  if (infinityTimesZero(format, a, b, env) !== undefined) return two(format);
  return fusedMultiplyAdd(format, a ^ format.signBit, b, two(format), env);
};

/** FPRSqrtStepFused: (3 − a × b) / 2, rounded once. */
export const reciprocalRootStep: Binary = (format, a, b, env) => {
  if (infinityTimesZero(format, a, b, env) !== undefined) return onePointFive(format);
  return fusedMultiplyAdd(format, a ^ format.signBit, b, three(format), env, -1);
};

const relates =
  (
    compare: (format: FloatFormat, a: bigint, b: bigint, env: FloatEnv) => Relation,
    absolute: boolean,
    ...wanted: Relation[]
  ): Binary =>
  (format, a, b, env) => {
    const relation = absolute
      ? compare(format, a & format.magnitudeMask, b & format.magnitudeMask, env)
      : compare(format, a, b, env);
    return wanted.includes(relation) ? format.signBit | format.magnitudeMask : 0n;
  };

/** FPCompareEQ, FPCompareGE and FPCompareGT, all ones where the operands relate so; also of their absolute values. */
export const equal = relates(compareQuiet, false, 'equal');
export const greaterOrEqual = relates(compareSignalling, false, 'greater', 'equal');
export const greater = relates(compareSignalling, false, 'greater');
export const absoluteGreaterOrEqual = relates(compareSignalling, true, 'greater', 'equal');
export const absoluteGreater = relates(compareSignalling, true, 'greater');
export const lessOrEqual = relates(compareSignalling, false, 'less', 'equal');
export const less = relates(compareSignalling, false, 'less');
