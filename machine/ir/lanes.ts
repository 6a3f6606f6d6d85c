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

/** One lane's result from its operands, zero-extended, and the lane's width; the result is cut to the width. */
type LaneMeaning = (a: bigint, b: bigint, bits: number) => bigint;

const signed = (x: bigint, bits: number) => BigInt.asIntN(bits, x);
const truth = (condition: boolean) => (condition ? -1n : 0n);

const BINARY = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  eq: (a, b) => truth(a === b),
  gt_s: (a, b, bits) => truth(signed(a, bits) > signed(b, bits)),
  ge_s: (a, b, bits) => truth(signed(a, bits) >= signed(b, bits)),
  gt_u: (a, b) => truth(a > b),
  ge_u: (a, b) => truth(a >= b),
  min_s: (a, b, bits) => (signed(a, bits) < signed(b, bits) ? a : b),
  max_s: (a, b, bits) => (signed(a, bits) > signed(b, bits) ? a : b),
  min_u: (a, b) => (a < b ? a : b),
  max_u: (a, b) => (a > b ? a : b),
} as const satisfies Record<string, LaneMeaning>;

const UNARY = {
  neg: (a) => -a,
  abs: (a, _, bits) => (signed(a, bits) < 0n ? -signed(a, bits) : a),
} as const satisfies Record<string, LaneMeaning>;

/** Counts are taken modulo the lane's width. */
const SHIFTS = {
  shl: (a, count) => a << count,
  shr_s: (a, count, bits) => signed(a, bits) >> count,
  shr_u: (a, count) => a >> count,
} as const satisfies Record<string, LaneMeaning>;

/** Applies a lane's meaning to each pair of lanes. */
export function mapLanes(bits: number, a: bigint, b: bigint, meaning: LaneMeaning): bigint {
  const mask = (1n << BigInt(bits)) - 1n;
  let result = 0n;
  for (let at = 0; at < 128; at += bits) {
    const shift = BigInt(at);
    result |= (meaning((a >> shift) & mask, (b >> shift) & mask, bits) & mask) << shift;
  }
  return result;
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
    const evaluate = (a: bigint, b: bigint) => mapLanes(bits, a, b, meaning);
    table[`${shape}.${name}`] = { args: ['v128', 'v128'], result: 'v128', eval: evaluate };
  }
  for (const [name, meaning] of Object.entries<LaneMeaning>(UNARY)) {
    const evaluate = (a: bigint) => mapLanes(bits, a, 0n, meaning);
    table[`${shape}.${name}`] = { args: ['v128'], result: 'v128', eval: evaluate };
  }
  for (const [name, meaning] of Object.entries<LaneMeaning>(SHIFTS)) {
    const evaluate = (a: bigint, count: number) =>
      mapLanes(bits, a, 0n, (lane) => meaning(lane, BigInt(count & (bits - 1)), bits));
    table[`${shape}.${name}`] = { args: ['v128', 'i32'], result: 'v128', eval: evaluate };
  }
  return table as Rows<S>;
}

/** Bytes of `a` (0 to 15) and `b` (16 to 31) in the order that the lanes' numbers give, the lowest first. */
function shuffle(a: bigint, b: bigint, lanes: readonly number[]): bigint {
  let result = 0n;
  for (let i = 15; i >= 0; i--) {
    const byte = lanes[i] < 16 ? a >> BigInt(lanes[i] * 8) : b >> BigInt((lanes[i] - 16) * 8);
    result = (result << 8n) | (byte & 0xffn);
  }
  return result;
}

/** The operations of every lane shape, by name: `i32x4.add`. */
export const LANE_OPS = {
  ...rows('i8x16'),
  ...rows('i16x8'),
  ...rows('i32x4'),
  ...rows('i64x2'),
  'i8x16.shuffle': { args: ['v128', 'v128'], result: 'v128', lanes: { count: 16, below: 32 }, eval: shuffle },
  /** Bytes of `a` that the bytes of `b` number; 0 where the number is above 15. */
  'i8x16.swizzle': {
    args: ['v128', 'v128'],
    result: 'v128',
    eval: (a: bigint, b: bigint) => mapLanes(8, b, 0n, (index) => (index < 16n ? (a >> (index * 8n)) & 0xffn : 0n)),
  },
} as const;
