import {
  add,
  compareQuiet,
  compareSignalling,
  divide,
  fusedMultiplyAdd,
  maximum,
  maxNum,
  minimum,
  minNum,
  multiply,
  squareRoot,
  subtract,
} from '../float/index.ts';
import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { CONVERSIONS } from './float-conversions.ts';
import { accumulate, environment, formatOf, ROUNDING } from './float-env.ts';
import {
  reciprocalEstimate,
  reciprocalExponent,
  reciprocalRootEstimate,
  unsignedReciprocalEstimate,
  unsignedReciprocalRootEstimate,
} from './float-estimate.ts';
import { lane, makeLanes } from './float-lanes.ts';
import {
  absoluteDifference,
  absoluteGreater,
  absoluteGreaterOrEqual,
  type Binary,
  equal,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  multiplyExtended,
  multiplyNegated,
  reciprocalRootStep,
  reciprocalStep,
  type Unary,
} from './float-operations.ts';
import { C, N, OVERFLOW, Z } from './registers.ts';

/** Immediates: bits of a lane, number of lanes (one being a scalar), d, n. */
const unary =
  (operation: Unary): Helper =>
  (hart, width, lanes, d, n) => {
    const env = environment(hart, ROUNDING.fpcr);
    const format = formatOf(hart, width);
    return makeLanes(hart, width, lanes, d, env, (k) => operation(format, lane(hart, n, width, k), env));
  };

/** Immediates: bits of a lane, number of lanes, d, n, m, and the one lane of V[m] that all take, or −1 for each its own. */
const binary =
  (operation: Binary): Helper =>
  (hart, width, lanes, d, n, m, index) => {
    const env = environment(hart, ROUNDING.fpcr);
    const format = formatOf(hart, width);
    return makeLanes(hart, width, lanes, d, env, (k) =>
      operation(format, lane(hart, n, width, k), lane(hart, m, width, index < 0 ? k : index), env),
    );
  };

/** Immediates: bits of a lane, number of lanes, d, n. */
const withZero =
  (operation: Binary): Helper =>
  (hart, width, lanes, d, n) => {
    const env = environment(hart, ROUNDING.fpcr);
    const format = formatOf(hart, width);
    return makeLanes(hart, width, lanes, d, env, (k) => operation(format, lane(hart, n, width, k), 0n, env));
  };

/** Neighbours of V[n], then of V[m], joined to a lane. Immediates: bits of a lane, number of lanes, d, n, m. */
const pairwise =
  (operation: Binary): Helper =>
  (hart, width, lanes, d, n, m) => {
    const env = environment(hart, ROUNDING.fpcr);
    const format = formatOf(hart, width);
    return makeLanes(hart, width, lanes, d, env, (k) => {
      // A scalar's pair is V[n]'s.
      const second = lanes > 1 && k >= lanes / 2;
      const [i, at] = second ? [m, 2 * k - lanes] : [n, 2 * k];
      return operation(format, lane(hart, i, width, at), lane(hart, i, width, at + 1), env);
    });
  };

/** Reduce, of four singles: the results of each half joined. Immediates: d, n. */
const across =
  (operation: Binary): Helper =>
  (hart, d, n) => {
    const env = environment(hart, ROUNDING.fpcr);
    const format = formatOf(hart, 32);
    const join = (k: number) => operation(format, lane(hart, n, 32, k), lane(hart, n, 32, k + 1), env);
    return makeLanes(hart, 32, 1, d, env, () => operation(format, join(0), join(2), env));
  };

/** FPMulAdd. Immediates: bits of a lane, number of lanes, d, n, m, a, index as above, whether to negate n's and a's. */
const fused: Helper = (hart, width, lanes, d, n, m, a, index, negateN, negateA) => {
  const env = environment(hart, ROUNDING.fpcr);
  const format = formatOf(hart, width);
  const signN = negateN ? format.signBit : 0n;
  const signA = negateA ? format.signBit : 0n;
  return makeLanes(hart, width, lanes, d, env, (k) => {
    const factor = lane(hart, m, width, index < 0 ? k : index);
    return fusedMultiplyAdd(format, lane(hart, n, width, k) ^ signN, factor, lane(hart, a, width, k) ^ signA, env);
  });
};

/** NZCV of FPCompare. */
const RELATION_FLAGS = { equal: 0b0110, less: 0b1000, greater: 0b0010, unordered: 0b0011 } as const;

function setNzcv(hart: Hart, nzcv: number): void {
  hart.set32(N, nzcv >> 3);
  hart.set32(Z, (nzcv >> 2) & 1);
  hart.set32(C, (nzcv >> 1) & 1);
  hart.set32(OVERFLOW, nzcv & 1);
}

/** Second operand of a comparison: zero. */
export const ZERO = -1;

/** Immediates: bits of the scalars, n, m or {@link ZERO}, whether quiet NaNs are invalid too. */
const compare: Helper = (hart, width, n, m, signalling) => {
  const env = environment(hart, ROUNDING.fpcr);
  const relate = signalling ? compareSignalling : compareQuiet;
  const other = m === ZERO ? 0n : lane(hart, m, width, 0);
  setNzcv(hart, RELATION_FLAGS[relate(formatOf(hart, width), lane(hart, n, width, 0), other, env)]);
  accumulate(hart, env);
  return true;
};

/** ConditionHolds. */
function holds(hart: Hart, cond: number): boolean {
  const [n, z, c, v] = [N, Z, C, OVERFLOW].map((slot) => hart.get32(slot) === 1);
  const positive = [z, c, n, v, c && !z, n === v, n === v && !z, true][cond >> 1];
  return cond >> 1 === 7 || positive !== ((cond & 1) === 1);
}

/** The same where the condition holds, else NZCV as given; immediates as above, then cond, nzcv. */
const compareIf: Helper = (hart, width, n, m, signalling, cond, nzcv) => {
  if (holds(hart, cond)) return compare(hart, width, n, m, signalling);
  setNzcv(hart, nzcv);
  return true;
};

const estimateUnsigned =
  (estimate: (bits: bigint) => bigint): Unary =>
  (_format, bits) =>
    estimate(bits);

/** The calculations on floating-point numbers; each kind's immediates stand above. All read FPCR and FPSR and write FPSR. */
export const FLOAT_HELPERS = {
  'float.squareRoot': unary(squareRoot),
  'float.reciprocalEstimate': unary(reciprocalEstimate),
  'float.reciprocalRootEstimate': unary(reciprocalRootEstimate),
  'float.reciprocalExponent': unary(reciprocalExponent),
  'float.unsignedReciprocalEstimate': unary(estimateUnsigned(unsignedReciprocalEstimate)),
  'float.unsignedReciprocalRootEstimate': unary(estimateUnsigned(unsignedReciprocalRootEstimate)),
  'float.add': binary(add),
  'float.subtract': binary(subtract),
  'float.multiply': binary(multiply),
  'float.multiplyNegated': binary(multiplyNegated),
  'float.multiplyExtended': binary(multiplyExtended),
  'float.divide': binary(divide),
  'float.maximum': binary(maximum),
  'float.minimum': binary(minimum),
  'float.maxNum': binary(maxNum),
  'float.minNum': binary(minNum),
  'float.absoluteDifference': binary(absoluteDifference),
  'float.reciprocalStep': binary(reciprocalStep),
  'float.reciprocalRootStep': binary(reciprocalRootStep),
  'float.equal': binary(equal),
  'float.greaterOrEqual': binary(greaterOrEqual),
  'float.greater': binary(greater),
  'float.absoluteGreaterOrEqual': binary(absoluteGreaterOrEqual),
  'float.absoluteGreater': binary(absoluteGreater),
  'float.zero.equal': withZero(equal),
  'float.zero.greaterOrEqual': withZero(greaterOrEqual),
  'float.zero.greater': withZero(greater),
  'float.zero.lessOrEqual': withZero(lessOrEqual),
  'float.zero.less': withZero(less),
  'float.pairwise.add': pairwise(add),
  'float.pairwise.maximum': pairwise(maximum),
  'float.pairwise.minimum': pairwise(minimum),
  'float.pairwise.maxNum': pairwise(maxNum),
  'float.pairwise.minNum': pairwise(minNum),
  'float.across.maximum': across(maximum),
  'float.across.minimum': across(minimum),
  'float.across.maxNum': across(maxNum),
  'float.across.minNum': across(minNum),
  'float.fused': fused,
  ...CONVERSIONS,
  'float.compare': compare,
  'float.compareIf': compareIf,
} as const satisfies Readonly<Record<string, Helper>>;

export type FloatHelper = keyof typeof FLOAT_HELPERS;
