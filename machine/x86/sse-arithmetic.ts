// Arithmetic of packed integers in the IR's lanes, of XMM and MMX registers alike.
import type { Builder, V128 } from '../ir/index.ts';
import { type Binary, constant, SHAPES, shuffleLanes, type Unary, upTo, type WithImmediate } from './sse-lift.ts';

/** A shape below 64 bits, and one whose products exist. */
const below64 = (bits: number) => SHAPES[bits] as 'i8x16' | 'i16x8' | 'i32x4';
const products = (bits: number) => SHAPES[bits] as 'i16x8' | 'i32x4' | 'i64x2';

export const add =
  (bits: number): Binary =>
  (b, a, c) =>
    b.pure(`${SHAPES[bits]}.add`, a, c);
export const subtract =
  (bits: number): Binary =>
  (b, a, c) =>
    b.pure(`${SHAPES[bits]}.sub`, a, c);
/** The products' low halves. */
export const multiplyLow =
  (bits: number): Binary =>
  (b, a, c) =>
    b.pure(`${products(bits)}.mul`, a, c);
export const equal =
  (bits: number): Binary =>
  (b, a, c) =>
    b.pure(`${SHAPES[bits]}.eq`, a, c);
export const greater =
  (bits: number): Binary =>
  (b, a, c) =>
    b.pure(`${SHAPES[bits]}.gt_s`, a, c);
/** PMIN and PMAX. */
export const extreme =
  (which: 'min_s' | 'min_u' | 'max_s' | 'max_u', bits: number): Binary =>
  (b, a, c) =>
    b.pure(`${below64(bits)}.${which}`, a, c);

export const and: Binary = (b, a, c) => b.pure('v128.and', a, c);
export const or: Binary = (b, a, c) => b.pure('v128.or', a, c);
export const xor: Binary = (b, a, c) => b.pure('v128.xor', a, c);
/** PANDN, ANDNPS, ANDNPD: the first operand is the inverted one. */
export const andNot: Binary = (b, a, c) => b.pure('v128.andnot', c, a);

export const absolute =
  (bits: number): Unary =>
  (b, a) =>
    b.pure(`${SHAPES[bits]}.abs`, a);

const shiftLeft = (b: Builder, bits: number, a: V128, count: number): V128 =>
  b.pure(`${SHAPES[bits]}.shl`, a, b.i32(count));
const shiftRightS = (b: Builder, bits: number, a: V128, count: number): V128 =>
  b.pure(`${SHAPES[bits]}.shr_s`, a, b.i32(count));
const shiftRightU = (b: Builder, bits: number, a: V128, count: number): V128 =>
  b.pure(`${SHAPES[bits]}.shr_u`, a, b.i32(count));

/** The sum where it fits, else the limit on the side of the first operand, whose sign bit `overflow` has. */
function limited(b: Builder, bits: number, a: V128, wrapped: V128, overflow: V128): V128 {
  const limit = b.pure('v128.xor', shiftRightS(b, bits, a, bits - 1), constant(b, bits, (1n << BigInt(bits - 1)) - 1n));
  return b.pure('v128.bitselect', limit, wrapped, shiftRightS(b, bits, overflow, bits - 1));
}

/** PADDS: sums beyond the range become its nearest limit. */
export const addSaturatingS =
  (bits: number): Binary =>
  (b, a, c) => {
    const sum = add(bits)(b, a, c, 16);
    return limited(b, bits, a, sum, b.pure('v128.and', b.pure('v128.xor', a, sum), b.pure('v128.xor', c, sum)));
  };
/** PSUBS. */
export const subtractSaturatingS =
  (bits: number): Binary =>
  (b, a, c) => {
    const difference = subtract(bits)(b, a, c, 16);
    const overflow = b.pure('v128.and', b.pure('v128.xor', a, c), b.pure('v128.xor', a, difference));
    return limited(b, bits, a, difference, overflow);
  };
/** PADDUS. */
export const addSaturatingU =
  (bits: number): Binary =>
  (b, a, c) => {
    const sum = add(bits)(b, a, c, 16);
    return b.pure('v128.or', sum, b.pure(`${below64(bits)}.gt_u`, a, sum));
  };
/** PSUBUS. */
export const subtractSaturatingU =
  (bits: number): Binary =>
  (b, a, c) =>
    subtract(bits)(b, b.pure(`${below64(bits)}.max_u`, a, c), c, 16);

/** PAVG: half the sum, rounded up, which is what they have in common and half of what they have not. */
export const average =
  (bits: number): Binary =>
  (b, a, c) =>
    subtract(bits)(b, b.pure('v128.or', a, c), shiftRightU(b, bits, b.pure('v128.xor', a, c), 1), 16);

/** The lanes with even numbers and those with odd ones, extended to twice their width. */
const evenS = (b: Builder, bits: number, a: V128): V128 =>
  shiftRightS(b, bits * 2, shiftLeft(b, bits * 2, a, bits), bits);
const oddS = (b: Builder, bits: number, a: V128): V128 => shiftRightS(b, bits * 2, a, bits);
const evenU = (b: Builder, bits: number, a: V128): V128 =>
  b.pure('v128.and', a, constant(b, bits * 2, (1n << BigInt(bits)) - 1n));
const oddU = (b: Builder, bits: number, a: V128): V128 => shiftRightU(b, bits * 2, a, bits);

/** The whole products of words, those of even and those of odd lanes. */
const productsS = (b: Builder, a: V128, c: V128): readonly [V128, V128] => [
  b.pure('i32x4.mul', evenS(b, 16, a), evenS(b, 16, c)),
  b.pure('i32x4.mul', oddS(b, 16, a), oddS(b, 16, c)),
];

/** Words from the low halves of two vectors of doublewords. */
const interleave = (b: Builder, even: V128, odd: V128): V128 =>
  b.pure('v128.or', evenU(b, 16, even), shiftLeft(b, 32, odd, 16));

/** PMULHW and PMULHUW: the products' high halves. */
export const multiplyHighS: Binary = (b, a, c) => {
  const [even, odd] = productsS(b, a, c);
  return interleave(b, shiftRightU(b, 32, even, 16), shiftRightU(b, 32, odd, 16));
};
export const multiplyHighU: Binary = (b, a, c) => {
  const even = b.pure('i32x4.mul', evenU(b, 16, a), evenU(b, 16, c));
  const odd = b.pure('i32x4.mul', oddU(b, 16, a), oddU(b, 16, c));
  return interleave(b, shiftRightU(b, 32, even, 16), shiftRightU(b, 32, odd, 16));
};
/** PMULHRSW: bits 30:15 of the products, rounded. */
export const multiplyHighRounded: Binary = (b, a, c) => {
  const one = constant(b, 32, 1n);
  const [even, odd] = productsS(b, a, c).map((product) =>
    shiftRightS(b, 32, b.pure('i32x4.add', shiftRightS(b, 32, product, 14), one), 1),
  );
  return interleave(b, even, odd);
};
/** PMADDWD: sums of neighbouring products; of four times −2^15 the sum wraps. */
export const multiplyAdd: Binary = (b, a, c) => {
  const [even, odd] = productsS(b, a, c);
  return b.pure('i32x4.add', even, odd);
};
/** PMADDUBSW: unsigned bytes of the first operand times signed ones of the second, neighbours' sums saturated. */
export const multiplyAddBytes: Binary = (b, a, c) => {
  const even = b.pure('i16x8.mul', evenU(b, 8, a), evenS(b, 8, c));
  const odd = b.pure('i16x8.mul', oddU(b, 8, a), oddS(b, 8, c));
  return addSaturatingS(16)(b, even, odd, 16);
};
/** PMULUDQ and PMULDQ: whole products of even doublewords. */
export const multiplyEvenU: Binary = (b, a, c) => b.pure('i64x2.mul', evenU(b, 32, a), evenU(b, 32, c));
export const multiplyEvenS: Binary = (b, a, c) => b.pure('i64x2.mul', evenS(b, 32, a), evenS(b, 32, c));

/** |a − c| of unsigned lanes. */
const distance = (b: Builder, bits: 8 | 16, a: V128, c: V128): V128 =>
  subtract(bits)(b, b.pure(`${below64(bits)}.max_u`, a, c), b.pure(`${below64(bits)}.min_u`, a, c), 16);

/** PSADBW: the sum of eight bytes' distances in each quadword. */
export const sumOfDistances: Binary = (b, a, c) => {
  let sums = distance(b, 8, a, c);
  for (const bits of [8, 16, 32]) sums = b.pure(`${products(bits * 2)}.add`, evenU(b, bits, sums), oddU(b, bits, sums));
  return sums;
};

/** MPSADBW: sums of distances of four of the second operand's bytes from those at eight places of the first. */
export const slidingDistances: WithImmediate = (b, a, c, immediate) => {
  const [from, at] = [((immediate >> 2) & 1) * 4, (immediate & 3) * 4];
  const zero = b.v128(0n);
  const sums = upTo(4).map((j) => {
    const window = b.shuffle(
      a,
      zero,
      upTo(8).flatMap((k) => [from + k + j, 16]),
    );
    const block = b.shuffle(
      c,
      zero,
      upTo(8).flatMap(() => [at + j, 16]),
    );
    return distance(b, 16, window, block);
  });
  return sums.reduce((sum, next) => b.pure('i16x8.add', sum, next));
};

/** PSIGN: lanes of the first operand negated, kept or cleared as the second's are below, above or 0. */
export const sign =
  (bits: number): Binary =>
  (b, a, c) => {
    const negative = shiftRightS(b, bits, c, bits - 1);
    const signed = b.pure('v128.bitselect', b.pure(`${SHAPES[bits]}.neg`, a), a, negative);
    return b.pure('v128.andnot', signed, b.pure(`${SHAPES[bits]}.eq`, c, b.v128(0n)));
  };

/** PHADD and PHSUB: the operation on neighbours, those of the first operand below those of the second. */
export const horizontal =
  (bits: number, operation: Binary): Binary =>
  (b, a, c, bytes) => {
    const [lanes, all] = [(bytes * 8) / bits, 128 / bits];
    const neighbours = (odd: number) => {
      const pairs = upTo(lanes / 2).map((k) => 2 * k + odd);
      const used = [...pairs, ...pairs.map((k) => k + all)];
      return shuffleLanes(b, bits, a, c, [...used, ...upTo(all - lanes)]);
    };
    return operation(b, neighbours(0), neighbours(1), bytes);
  };
