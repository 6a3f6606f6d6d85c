import { LaneViews } from './lane-views.ts';

/** Lane-wise operations on v128 values, WebAssembly's own. A v128 is a bigint in [0, 2^128), lane 0 lowest. */
export type LaneShape = 'i8x16' | 'i16x8' | 'i32x4' | 'i64x2';

export const LANE_BITS: Readonly<Record<LaneShape, number>> = { i8x16: 8, i16x8: 16, i32x4: 32, i64x2: 64 };

type Binary = {
  readonly args: readonly ['v128', 'v128'];
  readonly result: 'v128';
  readonly eval: (a: bigint, b: bigint) => bigint;
};
type Unary = { readonly args: readonly ['v128']; readonly result: 'v128'; readonly eval: (a: bigint) => bigint };
type Shift = {
  readonly args: readonly ['v128', 'i32'];
  readonly result: 'v128';
  readonly eval: (a: bigint, count: number) => bigint;
};
type Extract = {
  readonly args: readonly ['v128'];
  readonly result: 'i64';
  readonly lanes: { readonly count: 1; readonly below: number };
  readonly eval: (a: bigint, lanes: readonly number[]) => bigint;
};
type Replace = {
  readonly args: readonly ['v128', 'i64'];
  readonly result: 'v128';
  readonly lanes: { readonly count: 1; readonly below: number };
  readonly eval: (a: bigint, value: bigint, lanes: readonly number[]) => bigint;
};
type Splat = { readonly args: readonly ['i64']; readonly result: 'v128'; readonly eval: (a: bigint) => bigint };

/** One lane's result, which is cut to its width, from operands that are signed or not: in up to 32 bits, and in 64. */
interface LaneMeaning {
  readonly signed: boolean;
  readonly small: (a: number, b: number) => number;
  readonly big: (a: bigint, b: bigint) => bigint;
}
const unsigned = (small: LaneMeaning['small'], big: LaneMeaning['big']): LaneMeaning => ({ signed: false, small, big });
const signed = (small: LaneMeaning['small'], big: LaneMeaning['big']): LaneMeaning => ({ signed: true, small, big });
const greater = [(a: number, b: number) => (a > b ? -1 : 0), (a: bigint, b: bigint) => (a > b ? -1n : 0n)] as const;
const atLeast = [(a: number, b: number) => (a >= b ? -1 : 0), (a: bigint, b: bigint) => (a >= b ? -1n : 0n)] as const;
const smaller = [(a: number, b: number) => (a < b ? a : b), (a: bigint, b: bigint) => (a < b ? a : b)] as const;
const larger = [(a: number, b: number) => (a > b ? a : b), (a: bigint, b: bigint) => (a > b ? a : b)] as const;

const BINARY = {
  add: unsigned(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  sub: unsigned(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  mul: unsigned(Math.imul, (a, b) => a * b),
  eq: unsigned(
    (a, b) => (a === b ? -1 : 0),
    (a, b) => (a === b ? -1n : 0n),
  ),
  gt_s: signed(...greater),
  ge_s: signed(...atLeast),
  gt_u: unsigned(...greater),
  ge_u: unsigned(...atLeast),
  min_s: signed(...smaller),
  max_s: signed(...larger),
  min_u: unsigned(...smaller),
  max_u: unsigned(...larger),
} as const satisfies Record<string, LaneMeaning>;

/** The second operand is not used. */
const UNARY = {
  neg: unsigned(
    (a) => -a,
    (a) => -a,
  ),
  abs: signed(Math.abs, (a) => (a < 0n ? -a : a)),
} as const satisfies Record<string, LaneMeaning>;

/** The second operand is the count, modulo the lane's width. */
const SHIFTS = {
  shl: unsigned(
    (a, count) => a << count,
    (a, count) => a << count,
  ),
  shr_s: signed(
    (a, count) => a >> count,
    (a, count) => a >> count,
  ),
  shr_u: unsigned(
    (a, count) => a >>> count,
    (a, count) => a >> count,
  ),
} as const satisfies Record<string, LaneMeaning>;

/** Operands and result of the operation at hand. */
const A = new LaneViews();
const B = new LaneViews();
const R = new LaneViews();

/** A lane's meaning applied to each pair of lanes. */
function mapLanes(bits: number, { signed, small, big }: LaneMeaning): (a: bigint, b: bigint) => bigint {
  const lanes = 128 / bits;
  if (bits === 64) {
    const [x, y, r] = [A.big(signed), B.big(signed), R.big(signed)];
    return (a, b) => {
      A.put(a);
      B.put(b);
      for (let k = 0; k < lanes; k++) r[k] = big(x[k], y[k]);
      return R.take();
    };
  }
  const [x, y, r] = [A.small(bits, signed), B.small(bits, signed), R.small(bits, signed)];
  return (a, b) => {
    A.put(a);
    B.put(b);
    for (let k = 0; k < lanes; k++) r[k] = small(x[k], y[k]);
    return R.take();
  };
}

/** The low `bits` of a value in every lane. */
export function splat(bits: number, value: bigint): bigint {
  let result = BigInt.asUintN(bits, value);
  for (let width = bits; width < 128; width *= 2) result |= result << BigInt(width);
  return result;
}

/** What WebAssembly leaves out. */
const MISSING = {
  i8x16: ['mul'],
  i16x8: [],
  i32x4: [],
  i64x2: ['gt_u', 'ge_u', 'min_s', 'max_s', 'min_u', 'max_u'],
} as const satisfies Record<LaneShape, readonly (keyof typeof BINARY)[]>;

type Rows<S extends LaneShape> = Record<`${S}.${Exclude<keyof typeof BINARY, (typeof MISSING)[S][number]>}`, Binary> &
  Record<`${S}.${keyof typeof UNARY}`, Unary> &
  Record<`${S}.${keyof typeof SHIFTS}`, Shift> &
  Record<`${S}.splat`, Splat> &
  Record<`${S}.extract_lane`, Extract> &
  Record<`${S}.replace_lane`, Replace>;

function rows<S extends LaneShape>(shape: S): Rows<S> {
  const bits = LANE_BITS[shape];
  const missing: readonly string[] = MISSING[shape];
  const lanes = { count: 1, below: 128 / bits } as const;
  const table: Record<string, Binary | Unary | Shift | Splat | Extract | Replace> = {
    [`${shape}.splat`]: { args: ['i64'], result: 'v128', eval: (a: bigint) => splat(bits, a) },
    // One lane, zero-extended.
    [`${shape}.extract_lane`]: {
      args: ['v128'],
      result: 'i64',
      lanes,
      eval: (a: bigint, [lane]: readonly number[]) => BigInt.asUintN(bits, a >> BigInt(lane * bits)),
    },
    // The low bits of the i64 in one lane, the others as they were.
    [`${shape}.replace_lane`]: {
      args: ['v128', 'i64'],
      result: 'v128',
      lanes,
      eval: (a: bigint, value: bigint, [lane]: readonly number[]) => {
        const shift = BigInt(lane * bits);
        return a ^ (BigInt.asUintN(bits, (a >> shift) ^ value) << shift);
      },
    },
  };
  for (const [name, meaning] of Object.entries<LaneMeaning>(BINARY)) {
    if (missing.includes(name)) continue;
    table[`${shape}.${name}`] = { args: ['v128', 'v128'], result: 'v128', eval: mapLanes(bits, meaning) };
  }
  for (const [name, meaning] of Object.entries<LaneMeaning>(UNARY)) {
    const map = mapLanes(bits, meaning);
    table[`${shape}.${name}`] = { args: ['v128'], result: 'v128', eval: (a: bigint) => map(a, 0n) };
  }
  for (const [name, meaning] of Object.entries<LaneMeaning>(SHIFTS)) {
    const map = mapLanes(bits, meaning);
    const evaluate = (a: bigint, count: number) => map(a, splat(bits, BigInt(count & (bits - 1))));
    table[`${shape}.${name}`] = { args: ['v128', 'i32'], result: 'v128', eval: evaluate };
  }
  return table as Rows<S>;
}

/** Bytes of `a` (0 to 15) and `b` (16 to 31) in the order that the lanes' numbers give, the lowest first. */
function shuffle(a: bigint, b: bigint, lanes: readonly number[]): bigint {
  A.put(a);
  B.put(b);
  for (let i = 0; i < 16; i++) R.u8[i] = lanes[i] < 16 ? A.u8[lanes[i]] : B.u8[lanes[i] - 16];
  return R.take();
}

/** Bytes of `a` that the bytes of `b` number; 0 where the number is above 15. */
function swizzle(a: bigint, b: bigint): bigint {
  A.put(a);
  B.put(b);
  for (let i = 0; i < 16; i++) R.u8[i] = B.u8[i] < 16 ? A.u8[B.u8[i]] : 0;
  return R.take();
}

/** The operations of every lane shape, by name: `i32x4.add`. */
export const LANE_OPS = {
  ...rows('i8x16'),
  ...rows('i16x8'),
  ...rows('i32x4'),
  ...rows('i64x2'),
  'i8x16.shuffle': { args: ['v128', 'v128'], result: 'v128', lanes: { count: 16, below: 32 }, eval: shuffle },
  'i8x16.swizzle': { args: ['v128', 'v128'], result: 'v128', eval: swizzle },
} as const;
