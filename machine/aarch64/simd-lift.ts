// What the meanings of Advanced SIMD rows on integers have in common.
import { type Builder, type LaneShape, splat, type V128 } from '../ir/index.ts';
import { FPSR, V } from './registers.ts';
import { requireFp, setV, v } from './row.ts';
import { OPERATIONS } from './simd.ts';

/**
 * The fields that meanings take. Rows of scalars have no Q, and mean what a vector's low half is: `Q` is 0 then. Those of
 * 64-bit scalars alone have no `size`, which is 3 then.
 */
export interface Fields {
  readonly Q?: number;
  readonly size?: number;
  readonly Rd: number;
  readonly Rn: number;
}
export interface Fields3 extends Fields {
  readonly Rm: number;
}

/** Lanes by their size, the power of two of their bytes. */
export const SHAPES: readonly LaneShape[] = ['i8x16', 'i16x8', 'i32x4', 'i64x2'];
type ShapeBelow64 = Exclude<LaneShape, 'i64x2'>;
const BELOW_64: readonly ShapeBelow64[] = ['i8x16', 'i16x8', 'i32x4'];

/** A row that takes these sizes, the others being reserved. */
const sizes = (...list: readonly number[]) => ({
  where: ({ size }: { readonly size: number }) => list.includes(size),
});
/** Rows of bytes, of lanes below 32 and below 64 bits, and of 16 and 32 bits. */
export const bytes = sizes(0);
export const below32 = sizes(0, 1);
export const below64 = sizes(0, 1, 2);
export const middle = sizes(1, 2);
/** Excludes the reserved single lane of 64 bits. */
export const full64 = { where: ({ size, Q }: { readonly size: number; readonly Q: number }) => size !== 3 || Q === 1 };

/** Lane by lane, from one or two vectors with lanes of `size`. */
export type Unary = (b: Builder, size: number, a: V128) => V128;
export type Binary = (b: Builder, size: number, a: V128, c: V128) => V128;

export const add: Binary = (b, size, a, c) => b.pure(`${SHAPES[size]}.add`, a, c);
export const subtract: Binary = (b, size, a, c) => b.pure(`${SHAPES[size]}.sub`, a, c);
export const equal: Binary = (b, size, a, c) => b.pure(`${SHAPES[size]}.eq`, a, c);
export const greaterS: Binary = (b, size, a, c) => b.pure(`${SHAPES[size]}.gt_s`, a, c);
export const greaterOrEqualS: Binary = (b, size, a, c) => b.pure(`${SHAPES[size]}.ge_s`, a, c);
export const minS: Binary = (b, size, a, c) => b.pure(`${BELOW_64[size]}.min_s`, a, c);
export const maxS: Binary = (b, size, a, c) => b.pure(`${BELOW_64[size]}.max_s`, a, c);
export const minU: Binary = (b, size, a, c) => b.pure(`${BELOW_64[size]}.min_u`, a, c);
export const maxU: Binary = (b, size, a, c) => b.pure(`${BELOW_64[size]}.max_u`, a, c);

/** Both with their sign bits flipped: unsigned order becomes signed order. */
const biased =
  (compare: Binary): Binary =>
  (b, size, a, c) => {
    const bias = constant(b, 3, 1n << 63n);
    return compare(b, size, b.pure('v128.xor', a, bias), b.pure('v128.xor', c, bias));
  };
export const greaterU: Binary = (b, size, a, c) =>
  size === 3 ? biased(greaterS)(b, size, a, c) : b.pure(`${BELOW_64[size]}.gt_u`, a, c);
export const greaterOrEqualU: Binary = (b, size, a, c) =>
  size === 3 ? biased(greaterOrEqualS)(b, size, a, c) : b.pure(`${BELOW_64[size]}.ge_u`, a, c);

/** Products, cut to the lane's width. */
export const multiply: Binary = (b, size, a, c) => {
  if (size > 0) return b.pure(`${(['i16x8', 'i32x4', 'i64x2'] as const)[size - 1]}.mul`, a, c);
  // Of bytes: those of even numbers at the bottom of lanes of 16 bits, then the others.
  const even = b.pure('i16x8.mul', a, c);
  const odd = b.pure('i16x8.mul', shiftRightU(b, 1, a, 8), shiftRightU(b, 1, c, 8));
  return b.pure('v128.bitselect', even, shiftLeft(b, 1, odd, 8), constant(b, 1, 0xffn));
};

/** A constant in every lane. */
export const constant = (b: Builder, size: number, value: bigint): V128 => b.v128(splat(8 << size, value));

/** Shifts of every lane by a constant from 0 to the lane's width. */
export function shiftLeft(b: Builder, size: number, a: V128, count: number): V128 {
  if (count === 8 << size) return b.v128(0n);
  return b.pure(`${SHAPES[size]}.shl`, a, b.i32(count));
}
export function shiftRightU(b: Builder, size: number, a: V128, count: number): V128 {
  if (count === 8 << size) return b.v128(0n);
  return b.pure(`${SHAPES[size]}.shr_u`, a, b.i32(count));
}
export function shiftRightS(b: Builder, size: number, a: V128, count: number): V128 {
  return b.pure(`${SHAPES[size]}.shr_s`, a, b.i32(Math.min(count, (8 << size) - 1)));
}

/** Whole lanes rearranged: `lanes` numbers those of `a` from 0 and goes on with those of `c`. */
export function shuffle(b: Builder, size: number, a: V128, c: V128, lanes: readonly number[]): V128 {
  const step = 1 << size;
  return b.shuffle(
    a,
    c,
    lanes.flatMap((lane) => Array.from({ length: step }, (_, i) => lane * step + i)),
  );
}

const upTo = (count: number) => Array.from({ length: count }, (_, k) => k);

/** Lanes of one half, the upper one where `part` is 1, at twice their width. */
export function widen(b: Builder, size: number, a: V128, part: number, signed: boolean): V128 {
  const half = 8 >> size;
  const zero = 2 * half;
  const from = part * half;
  const lanes = upTo(half).flatMap((k) => (signed ? [zero, from + k] : [from + k, zero]));
  const wide = shuffle(b, size, a, b.v128(0n), lanes);
  return signed ? shiftRightS(b, size + 1, wide, 8 << size) : wide;
}

/** The low halves of `a`'s lanes, `size` being theirs: in the lower half with zeros above, or above the lower half of V[d]. */
export function narrow(b: Builder, size: number, a: V128, Q: number, d: number): V128 {
  const half = 8 >> size;
  const even = upTo(half).map((k) => 2 * k);
  if (Q === 0) return shuffle(b, size, a, b.v128(0n), [...even, ...even.map(() => 2 * half)]);
  return shuffle(b, size, v(b, d), a, [...upTo(half), ...even.map((k) => 2 * half + k)]);
}

/** V[d] becomes the vector or, where Q is 0, its lower half with zeros above. */
export function setVector(b: Builder, Q: number, d: number, value: V128): void {
  setV(b, d, Q === 1 ? value : b.pure('v128.make', b.pure('v128.low', value), b.i64(0n)));
}

// Meanings

export const unary =
  (meaning: Unary) =>
  (b: Builder, { Q = 0, size = 3, Rd, Rn }: Fields): void => {
    requireFp(b);
    setVector(b, Q, Rd, meaning(b, size, v(b, Rn)));
  };

export const binary =
  (meaning: Binary) =>
  (b: Builder, { Q = 0, size = 3, Rd, Rn, Rm }: Fields3): void => {
    requireFp(b);
    setVector(b, Q, Rd, meaning(b, size, v(b, Rn), v(b, Rm)));
  };

/** The result joined with V[d]. */
export const accumulating =
  (join: Binary, meaning: Binary) =>
  (b: Builder, { Q = 0, size = 3, Rd, Rn, Rm }: Fields3): void => {
    requireFp(b);
    setVector(b, Q, Rd, join(b, size, v(b, Rd), meaning(b, size, v(b, Rn), v(b, Rm))));
  };

/** Calls an operation on the vector registers `reads`, which makes V[d]. */
export function operate(
  b: Builder,
  name: keyof typeof OPERATIONS,
  immediates: readonly number[],
  reads: readonly number[],
  d: number,
): void {
  requireFp(b);
  const { saturates, accumulates } = OPERATIONS[name];
  const status = saturates ? [FPSR] : [];
  const vectors = [...new Set(accumulates ? [d, ...reads] : reads)];
  b.call(`simd.${name}`, immediates, {
    reads: [...vectors.map((i) => V[i]), ...status],
    writes: [V[d], ...status],
  });
}

/** Bytes that a row makes: those of a vector or, where it has no Q, of one lane. */
export const bytesOf = (Q: number | undefined, size: number): number => (Q === undefined ? 1 << size : 8 << Q);

/** An operation on V[n] or, below, on V[n] and V[m]. */
export const operation1 =
  (name: keyof typeof OPERATIONS) =>
  (b: Builder, { Q, size = 3, Rd, Rn }: Fields): void =>
    operate(b, name, [8 << size, bytesOf(Q, size), Rd, Rn], [Rn], Rd);

export const operation2 =
  (name: keyof typeof OPERATIONS) =>
  (b: Builder, { Q, size = 3, Rd, Rn, Rm }: Fields3): void =>
    operate(b, name, [8 << size, bytesOf(Q, size), Rd, Rn, Rm], [Rn, Rm], Rd);
