/** IEEE 754 binary arithmetic on bit patterns, exact in every rounding direction, with the exception flags. */
export { add, divide, fusedMultiplyAdd, multiply, squareRoot, subtract } from './arithmetic.ts';
export { bitLength, squareRootFloor } from './bigint-math.ts';
export { classify, FloatClass } from './classify.ts';
export {
  compareQuiet,
  compareSignalling,
  isEqual,
  isLess,
  isLessOrEqual,
  maximum,
  maximumNumber,
  maxNum,
  minimum,
  minimumNumber,
  minNum,
  type Relation,
} from './compare.ts';
export { convertFormat, fromInteger, roundToIntegral, roundToIntegralExact, toInteger } from './convert.ts';
export {
  canonicalNan,
  defaultNanPolicy,
  type FloatEnv,
  FloatFlag,
  type FloatPolicy,
  floatEnv,
  type IntegerMisfit,
  type IntegerType,
  type RoundingMode,
} from './env.ts';
export {
  F16,
  F16_ALTERNATIVE,
  F32,
  F64,
  type Finite,
  type FloatFormat,
  interchangeFormat,
  withSign,
} from './format.ts';
export { invalidOperation, isNan, isSignallingNan, nanOperand } from './nan.ts';
export { flushOperand, unpackOperand } from './operand.ts';
export { roundShift } from './round.ts';
