import { type FloatEnv, FloatFlag } from './env.ts';
import type { FloatFormat } from './format.ts';
import { hostCompare } from './host.ts';
import { isNan, isSignallingNan, nanOperand, signalNans } from './nan.ts';
import { flushOperand } from './operand.ts';

/** The four mutually exclusive relations of IEEE 754, 5.11. */
export type Relation = 'less' | 'equal' | 'greater' | 'unordered';

const RELATIONS: readonly Relation[] = ['less', 'equal', 'greater'];

/** How a relates to b; only signalling NaNs raise invalid. */
export function compareQuiet(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): Relation {
  const quick = env.policy.flushOperands ? undefined : hostCompare(format, a, b);
  if (quick !== undefined) return RELATIONS[quick + 1];
  const x = flushOperand(format, a, env);
  const y = flushOperand(format, b, env);
  if (isNan(format, a) || isNan(format, b)) {
    signalNans(format, [a, b], env);
    return 'unordered';
  }
  return order(format, x, y);
}

/** How a relates to b; any NaN raises invalid. */
export function compareSignalling(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): Relation {
  const quick = env.policy.flushOperands ? undefined : hostCompare(format, a, b);
  if (quick !== undefined) return RELATIONS[quick + 1];
  const x = flushOperand(format, a, env);
  const y = flushOperand(format, b, env);
  if (isNan(format, a) || isNan(format, b)) {
    env.flags |= FloatFlag.invalid;
    return 'unordered';
  }
  return order(format, x, y);
}

/** compareQuietEqual of IEEE 754, table 5.1. */
export function isEqual(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): boolean {
  return compareQuiet(format, a, b, env) === 'equal';
}

/** compareSignalingLess of IEEE 754, table 5.2. */
export function isLess(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): boolean {
  return compareSignalling(format, a, b, env) === 'less';
}

/** compareSignalingLessEqual of IEEE 754, table 5.2. */
export function isLessOrEqual(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): boolean {
  const relation = compareSignalling(format, a, b, env);
  return relation === 'less' || relation === 'equal';
}

/** minimumNumber of IEEE 754-2019, 9.6: −0 is below +0, a number wins over a NaN, a signalling NaN raises invalid. */
export function minimumNumber(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  return numberOf(format, a, b, env) ?? lesser(format, a, b, env);
}

/** maximumNumber of IEEE 754-2019, 9.6, the mirror of minimumNumber. */
export function maximumNumber(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  return numberOf(format, a, b, env) ?? greater(format, a, b, env);
}

/** minimum of IEEE 754-2019, 9.6: −0 is below +0, and a NaN operand gives a NaN. */
export function minimum(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  return nanOf(format, a, b, env) ?? lesser(format, a, b, env);
}

/** maximum of IEEE 754-2019, 9.6, the mirror of minimum. */
export function maximum(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  return nanOf(format, a, b, env) ?? greater(format, a, b, env);
}

/** minNum of IEEE 754-2008, 5.3.1: a number wins over a quiet NaN, a signalling one gives a NaN; −0 is below +0. */
export function minNum(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  return hasSignallingNan(format, a, b) ? minimum(format, a, b, env) : minimumNumber(format, a, b, env);
}

/** maxNum of IEEE 754-2008, 5.3.1, the mirror of minNum. */
export function maxNum(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  return hasSignallingNan(format, a, b) ? maximum(format, a, b, env) : maximumNumber(format, a, b, env);
}

const hasSignallingNan = (format: FloatFormat, a: bigint, b: bigint) =>
  isSignallingNan(format, a) || isSignallingNan(format, b);

/** The result of an operation that any NaN operand makes one. */
function nanOf(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint | undefined {
  if (!isNan(format, a) && !isNan(format, b)) return undefined;
  flushOperand(format, a, env);
  flushOperand(format, b, env);
  return nanOperand(format, [a, b], env);
}

function lesser(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  const x = flushOperand(format, a, env);
  const y = flushOperand(format, b, env);
  return isBelow(format, y, x) ? y : x;
}

function greater(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  const x = flushOperand(format, a, env);
  const y = flushOperand(format, b, env);
  return isBelow(format, x, y) ? y : x;
}

/** The result when an operand is a NaN: the other one, or the policy's NaN for two. */
function numberOf(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint | undefined {
  const aIsNan = isNan(format, a);
  const bIsNan = isNan(format, b);
  if (aIsNan && bIsNan) return nanOperand(format, [a, b], env);
  if (!aIsNan && !bIsNan) return undefined;
  signalNans(format, [a, b], env);
  return flushOperand(format, aIsNan ? b : a, env);
}

/** Patterns of numbers as integers in the numbers' order, both zeros 0n. */
function rank(format: FloatFormat, bits: bigint): bigint {
  return bits & format.signBit ? -(bits & format.magnitudeMask) : bits;
}

function order(format: FloatFormat, a: bigint, b: bigint): Relation {
  const x = rank(format, a);
  const y = rank(format, b);
  if (x === y) return 'equal';
  return x < y ? 'less' : 'greater';
}

/** a < b with −0 < +0. */
function isBelow(format: FloatFormat, a: bigint, b: bigint): boolean {
  const relation = order(format, a, b);
  return relation === 'less' || (relation === 'equal' && a > b);
}
