import {
  add,
  classify,
  convertFormat,
  divide,
  F16,
  F16_ALTERNATIVE,
  F32,
  F64,
  type FloatEnv,
  type FloatFormat,
  fromInteger,
  fusedMultiplyAdd,
  type IntegerType,
  isEqual,
  isLess,
  isLessOrEqual,
  maximum,
  maximumNumber,
  maxNum,
  minimum,
  minimumNumber,
  minNum,
  multiply,
  roundToIntegral,
  roundToIntegralExact,
  squareRoot,
  subtract,
  toInteger,
} from '../../../machine/float/index.ts';

/** What an operand or a result is: a float, an integer type, or a small number such as a class mask. */
export type Kind = FloatFormat | IntegerType | 'number';

/** One operation on one format under a name that the C programs know too. */
export interface Operation {
  readonly name: string;
  readonly operands: readonly Exclude<Kind, 'number'>[];
  readonly result: Kind;
  /** Whether the result depends on the rounding direction. */
  readonly rounds: boolean;
  readonly run: (operands: readonly bigint[], env: FloatEnv) => bigint;
}

export function isFormat(kind: Kind): kind is FloatFormat {
  return typeof kind === 'object' && 'precision' in kind;
}

const formats: Readonly<Record<string, FloatFormat>> = { h: F16, s: F32, d: F64 };
const integers = {
  i32: { bits: 32, signed: true },
  u32: { bits: 32, signed: false },
  i64: { bits: 64, signed: true },
  u64: { bits: 64, signed: false },
} as const satisfies Readonly<Record<string, IntegerType>>;

function operationsOn(suffix: string, format: FloatFormat): Operation[] {
  const rows: Operation[] = [];
  const row = (name: string, arity: number, result: Kind, rounds: boolean, run: Operation['run']) =>
    rows.push({ name: `${name}_${suffix}`, operands: Array(arity).fill(format), result, rounds, run });
  row('add', 2, format, true, ([a, b], env) => add(format, a!, b!, env));
  row('sub', 2, format, true, ([a, b], env) => subtract(format, a!, b!, env));
  row('mul', 2, format, true, ([a, b], env) => multiply(format, a!, b!, env));
  row('div', 2, format, true, ([a, b], env) => divide(format, a!, b!, env));
  row('sqrt', 1, format, true, ([a], env) => squareRoot(format, a!, env));
  row('fma', 3, format, true, ([a, b, c], env) => fusedMultiplyAdd(format, a!, b!, c!, env));
  row('min', 2, format, false, ([a, b], env) => minimumNumber(format, a!, b!, env));
  row('max', 2, format, false, ([a, b], env) => maximumNumber(format, a!, b!, env));
  row('minimum', 2, format, false, ([a, b], env) => minimum(format, a!, b!, env));
  row('maximum', 2, format, false, ([a, b], env) => maximum(format, a!, b!, env));
  row('minnum', 2, format, false, ([a, b], env) => minNum(format, a!, b!, env));
  row('maxnum', 2, format, false, ([a, b], env) => maxNum(format, a!, b!, env));
  row('half_fma', 3, format, true, ([a, b, c], env) => fusedMultiplyAdd(format, a!, b!, c!, env, -1));
  row('eq', 2, 'number', false, ([a, b], env) => BigInt(isEqual(format, a!, b!, env)));
  row('lt', 2, 'number', false, ([a, b], env) => BigInt(isLess(format, a!, b!, env)));
  row('le', 2, 'number', false, ([a, b], env) => BigInt(isLessOrEqual(format, a!, b!, env)));
  row('class', 1, 'number', false, ([a]) => BigInt(classify(format, a!)));
  row('rint', 1, format, true, ([a], env) => roundToIntegralExact(format, a!, env));
  row('nearbyint', 1, format, true, ([a], env) => roundToIntegral(format, a!, env));
  for (const [other, to] of Object.entries(formats)) {
    if (to !== format) row(`to_${other}`, 1, to, true, ([a], env) => convertFormat(format, to, a!, env));
  }
  row('to_alternative', 1, F16_ALTERNATIVE, true, ([a], env) => convertFormat(format, F16_ALTERNATIVE, a!, env));
  const fromAlternative: Operation['run'] = ([a], env) => convertFormat(F16_ALTERNATIVE, format, a!, env);
  const operands = [F16_ALTERNATIVE];
  rows.push({ name: `from_alternative_${suffix}`, operands, result: format, rounds: true, run: fromAlternative });
  row('to_eighths', 1, integers.i32, true, ([a], env) => toInteger(format, a!, integers.i32, env, 3));
  const fromEighths: Operation['run'] = ([a], env) => fromInteger(format, a!, integers.i32, env, 3);
  rows.push({
    name: `from_eighths_${suffix}`,
    operands: [integers.i32],
    result: format,
    rounds: true,
    run: fromEighths,
  });
  for (const [integer, type] of Object.entries(integers)) {
    row(`to_${integer}`, 1, type, true, ([a], env) => toInteger(format, a!, type, env));
    const run: Operation['run'] = ([a], env) => fromInteger(format, a!, type, env);
    rows.push({ name: `from_${integer}_${suffix}`, operands: [type], result: format, rounds: true, run });
  }
  return rows;
}

export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries(formats)
    .flatMap(([suffix, format]) => operationsOn(suffix, format))
    .map((operation) => [operation.name, operation]),
);

const flagNames = ['NX', 'UF', 'OF', 'DZ', 'NV', 'FO'];

/** Flags in RISC-V's bit order as the manual's names, most severe first; before them FO, for flushed operands. */
export function showFlags(flags: number): string {
  return flagNames
    .filter((_, bit) => flags & (1 << bit))
    .reverse()
    .join(' ');
}
