// Arithmetic and comparisons of floating-point vectors (SDM vol. 1, 11.5; the entries of vol. 2 by instruction).
import {
  add,
  compareQuiet,
  compareSignalling,
  divide,
  type FloatEnv,
  type FloatFormat,
  flushOperand,
  multiply,
  type Relation,
  roundToIntegralExact,
  squareRoot,
  subtract,
} from '../float/index.ts';
import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { AF, CF, MXCSR, OF, PF, SF, W, ZF } from './registers.ts';
import { SSE_CONVERSIONS } from './sse-conversions.ts';
import { hostDoes, MODES, PE, type Rounded, SseFloat } from './sse-float-env.ts';
import { A, B, formatOf, leastNormal, ordinary, R, take } from './sse-float-vector.ts';

type Operation = (format: FloatFormat, a: bigint, b: bigint, env: FloatEnv) => bigint;
type HostOperation = (x: number, y: number) => number;

/** An operation of two operands, rounded to a format. */
const binary =
  (operation: Operation): Rounded =>
  (format, [a, b], env) =>
    operation(format, a, b, env);

/** The result is written where nothing was raised that is not masked. */
function done(float: SseFloat): boolean {
  if (!float.finish()) return false;
  R.store(float.hart, W[0]);
  return true;
}

/**
 * The lanes by the host's arithmetic, where they are normal numbers or zeros and so is the result, which is not the least
 * normal number: rounding may have made it that. False: something else is among them.
 */
function hostLanes(width: number, lanes: number, operation: HostOperation, zero: (x: number, y: number) => boolean) {
  const [x, y, r] = [A.numbers(width), B.numbers(width), R.numbers(width)];
  const least = leastNormal(width);
  for (let k = 0; k < lanes; k++) {
    const [a, b] = [x[k], y[k]];
    if (!ordinary(width, a) || !ordinary(width, b)) return false;
    r[k] = operation(a, b);
    const size = Math.abs(r[k]);
    if (!((size > least && size < Infinity) || (size === 0 && zero(a, b)))) return false;
  }
  return true;
}

/** A lane-wise operation; `host` is its like, and `zero` says when a result of 0 is exact. */
const arithmetic =
  (operation: Operation, host: HostOperation, zero: (x: number, y: number) => boolean): Helper =>
  (hart, width, lanes) => {
    take(hart);
    if (hostDoes(hart.get32(MXCSR)) && hostLanes(width, lanes, host, zero)) {
      R.store(hart, W[0]);
      return true;
    }
    const float = new SseFloat(hart);
    const format = formatOf(width);
    for (let k = 0; k < lanes; k++) {
      const [a, b] = [A.bits(width, k), B.bits(width, k)];
      R.setBits(width, k, float.rounded(format, [a, b], binary(operation)));
    }
    return done(float);
  };

/** SQRT of the second operand. */
const root: Helper = (hart, width, lanes) => {
  take(hart);
  if (hostDoes(hart.get32(MXCSR))) {
    const [x, r] = [B.numbers(width), R.numbers(width)];
    let k = 0;
    for (; k < lanes && ordinary(width, x[k]) && x[k] >= 0; k++) r[k] = Math.sqrt(x[k]);
    if (k === lanes) {
      R.store(hart, W[0]);
      return true;
    }
  }
  const float = new SseFloat(hart);
  const format = formatOf(width);
  for (let k = 0; k < lanes; k++) {
    const b = B.bits(width, k);
    R.setBits(
      width,
      k,
      float.lane(format, [b], (env) => squareRoot(format, b, env)),
    );
  }
  return done(float);
};

/** How ordinary numbers relate. */
const relate = (x: number, y: number): Relation => (x < y ? 'less' : x > y ? 'greater' : 'equal');

/** MIN and MAX: the second operand where there is a NaN, which is invalid even if quiet, or where both are zeros. */
const extreme =
  (wanted: Relation): Helper =>
  (hart, width, lanes) => {
    take(hart);
    const float = new SseFloat(hart);
    const format = formatOf(width);
    for (let k = 0; k < lanes; k++) {
      const [x, y] = [A.numbers(width)[k], B.numbers(width)[k]];
      const [a, b] = [A.bits(width, k), B.bits(width, k)];
      if (ordinary(width, x) && ordinary(width, y)) {
        R.setBits(width, k, relate(x, y) === wanted ? a : b);
        continue;
      }
      const result = float.lane(format, [a, b], (env) => {
        const first = compareSignalling(format, a, b, env) === wanted;
        return flushOperand(format, first ? a : b, env);
      });
      R.setBits(width, k, result);
    }
    return done(float);
  };

/** Relations for which predicates 0 to 3 hold; 4 to 7 are their opposites. LT and LE are invalid for all NaNs. */
const HOLDS: readonly (readonly Relation[])[] = [['equal'], ['less'], ['less', 'equal'], ['unordered']];

/** CMPPS and its like: all ones where the predicate holds. */
const compare: Helper = (hart, width, lanes, immediate) => {
  take(hart);
  const float = new SseFloat(hart);
  const format = formatOf(width);
  const relations = HOLDS[immediate & 3];
  const judge = (immediate & 3) === 1 || (immediate & 3) === 2 ? compareSignalling : compareQuiet;
  const negated = (immediate & 4) !== 0;
  for (let k = 0; k < lanes; k++) {
    const [x, y] = [A.numbers(width)[k], B.numbers(width)[k]];
    const [a, b] = [A.bits(width, k), B.bits(width, k)];
    let relation: Relation = 'unordered';
    if (ordinary(width, x) && ordinary(width, y)) relation = relate(x, y);
    else {
      float.lane(format, [a, b], (env) => {
        relation = judge(format, a, b, env);
        return 0n;
      });
    }
    R.setBits(width, k, relations.includes(relation) !== negated ? format.signBit | format.magnitudeMask : 0n);
  }
  return done(float);
};

/** How the lowest lanes relate; `undefined`: a trap. */
function relationOf(hart: Hart, width: number, judge: typeof compareQuiet): Relation | undefined {
  const [x, y] = [A.numbers(width)[0], B.numbers(width)[0]];
  if (ordinary(width, x) && ordinary(width, y)) return relate(x, y);
  const float = new SseFloat(hart);
  const format = formatOf(width);
  const [a, b] = [A.bits(width, 0), B.bits(width, 0)];
  let relation: Relation = 'unordered';
  float.lane(format, [a, b], (env) => {
    relation = judge(format, a, b, env);
    return 0n;
  });
  return float.finish() ? relation : undefined;
}

/** COMIS and UCOMIS: ZF, PF and CF say how the lowest lanes relate; the other status flags are cleared. */
function compareFlags(hart: Hart, width: number, signalling: number): boolean {
  take(hart);
  const relation = relationOf(hart, width, signalling === 1 ? compareSignalling : compareQuiet);
  if (relation === undefined) return false;
  const unordered = relation === 'unordered';
  hart.set32(ZF, unordered || relation === 'equal' ? 1 : 0);
  hart.set32(CF, unordered || relation === 'less' ? 1 : 0);
  // The slot's byte has even parity where the flag is set.
  hart.set32(PF, unordered ? 0 : 1);
  for (const flag of [OF, SF, AF]) hart.set32(flag, 0);
  return true;
}

/** ROUNDPS and its like: as imm8[1:0] says or, with imm8[2], MXCSR; imm8[3] keeps inexact quiet. */
const round: Helper = (hart, width, lanes, immediate) => {
  take(hart);
  const float = new SseFloat(hart, immediate & 4 ? undefined : MODES[immediate & 3]);
  const format = formatOf(width);
  const options = { denormal: false, ignore: immediate & 8 ? PE : 0 };
  for (let k = 0; k < lanes; k++) {
    const b = B.bits(width, k);
    R.setBits(
      width,
      k,
      float.lane(format, [b], (env) => roundToIntegralExact(format, b, env), options),
    );
  }
  return done(float);
};

/** ADDSUB: differences in even lanes, sums in odd ones. */
const addSubtract: Helper = (hart, width) => {
  take(hart);
  const float = new SseFloat(hart);
  const format = formatOf(width);
  for (let k = 0; k < 128 / width; k++) {
    const [a, b] = [A.bits(width, k), B.bits(width, k)];
    const operation = k & 1 ? add : subtract;
    R.setBits(width, k, float.rounded(format, [a, b], binary(operation)));
  }
  return done(float);
};

/** HADD and HSUB: of neighbours, those of the first operand below those of the second. */
const horizontal =
  (operation: Operation): Helper =>
  (hart, width) => {
    take(hart);
    const float = new SseFloat(hart);
    const format = formatOf(width);
    const half = 64 / width;
    for (let k = 0; k < 2 * half; k++) {
      const from = k < half ? A : B;
      const [a, b] = [from.bits(width, (2 * k) % (2 * half)), from.bits(width, ((2 * k) % (2 * half)) + 1)];
      R.setBits(width, k, float.rounded(format, [a, b], binary(operation)));
    }
    return done(float);
  };

/** DPPS and DPPD: products that imm8[7:4] names, added in pairs, to the lanes that imm8[3:0] names. */
const dot: Helper = (hart, width, immediate) => {
  take(hart);
  const float = new SseFloat(hart);
  const format = formatOf(width);
  const lanes = 128 / width;
  const combine = (operation: Operation, a: bigint, b: bigint) => float.rounded(format, [a, b], binary(operation));
  let sums = Array.from({ length: lanes }, (_, k) =>
    (immediate >> (4 + k)) & 1 ? combine(multiply, A.bits(width, k), B.bits(width, k)) : 0n,
  );
  // Each step reports its exceptions, and one that is not masked is the last.
  if (!float.finish()) return false;
  while (sums.length > 1) {
    sums = Array.from({ length: sums.length / 2 }, (_, k) => combine(add, sums[2 * k], sums[2 * k + 1]));
    if (!float.finish()) return false;
  }
  for (let k = 0; k < lanes; k++) R.setBits(width, k, (immediate >> k) & 1 ? sums[0] : 0n);
  return done(float);
};

/** RCP and RSQRT raise nothing; subnormal operands count as zeros, and subnormal results become zeros. */
const estimate =
  (of: (x: number) => number): Helper =>
  (hart, _width, lanes) => {
    take(hart);
    for (let k = 0; k < lanes; k++) {
      const bits = B.u32[k];
      const x = B.f32[k];
      if (Number.isNaN(x)) R.u32[k] = bits | 0x0040_0000;
      else {
        const operand = Math.abs(x) < leastNormal(32) ? (bits >>> 31 ? -0 : 0) : x;
        R.f32[k] = of(operand);
        if (Number.isNaN(of(operand))) R.u32[k] = 0xffc0_0000;
        else if (Math.abs(R.f32[k]) < leastNormal(32)) R.u32[k] &= 0x8000_0000;
      }
    }
    R.store(hart, W[0]);
    return true;
  };

const sums = () => true;
const products = (x: number, y: number) => x === 0 || y === 0;

/** Helpers of SSE's floating-point instructions: operands in W[0] and W[1], the result in W[0]. */
export const SSE_HELPERS: Readonly<Record<string, Helper>> = {
  sseAdd: arithmetic(add, (x, y) => x + y, sums),
  sseSub: arithmetic(subtract, (x, y) => x - y, sums),
  sseMul: arithmetic(multiply, (x, y) => x * y, products),
  sseDiv: arithmetic(divide, (x, y) => x / y, products),
  sseSqrt: root,
  sseMin: extreme('less'),
  sseMax: extreme('greater'),
  sseRcp: estimate((x) => 1 / x),
  sseRsqrt: estimate((x) => (x === 0 ? 1 / x : 1 / Math.sqrt(x))),
  sseCompare: compare,
  sseCompareFlags: compareFlags,
  sseRound: round,
  sseAddSub: addSubtract,
  sseHadd: horizontal(add),
  sseHsub: horizontal(subtract),
  sseDot: dot,
  ...SSE_CONVERSIONS,
};
