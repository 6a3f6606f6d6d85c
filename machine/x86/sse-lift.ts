// What the meanings of SSE rows have in common.
import { type Builder, type LaneShape, splat, type V128 } from '../ir/index.ts';
import { fault, VECTOR } from './causes.ts';
import type { Decoded } from './decoded.ts';
import { getXmm, numberOf, readXmm, setXmm } from './operand.ts';
import { SSE_TRAP, W } from './registers.ts';

/** What every SSE instruction begins with: #UD or #NM where CR0 and CR4 say so (SDM vol. 3A, 13.1.1 and table 2-2). */
export function requireSse(b: Builder): void {
  const trap = b.get32(SSE_TRAP);
  b.trapIf(b.pure('i32.eq', trap, b.i32(fault(VECTOR.UD))), fault(VECTOR.UD), b.i64(0n));
  b.trapIf(trap, fault(VECTOR.NM), b.i64(0n));
}

/** From one or two vectors; `bytes` of them count, 8 in MMX registers, whose upper half means nothing. */
export type Unary = (b: Builder, a: V128, bytes: number) => V128;
export type Binary = (b: Builder, a: V128, c: V128, bytes: number) => V128;
/** The same with an immediate byte. */
export type WithImmediate = (b: Builder, a: V128, c: V128, immediate: number, bytes: number) => V128;

/** Operand `k`, an XMM register or as many bytes of memory as its code says, with zeros above. */
export function source(b: Builder, i: Decoded, k: number, aligned?: boolean): V128 {
  const operand = i.operands[k];
  return readXmm(b, i, k, operand.kind === 'memory' ? operand.size : 16, aligned);
}

/** The first operand becomes what both make. */
export const binary = (meaning: Binary) => (b: Builder, i: Decoded) => {
  requireSse(b);
  const c = source(b, i, 1);
  const a = numberOf(i, 0);
  setXmm(b, a, meaning(b, getXmm(b, a), c, 16));
};

/** The first operand becomes what the second makes. */
export const unary = (meaning: Unary) => (b: Builder, i: Decoded) => {
  requireSse(b);
  setXmm(b, numberOf(i, 0), meaning(b, source(b, i, 1), 16));
};

/** The first operand becomes what both make with the immediate byte, the last operand. */
export const withImmediate = (meaning: WithImmediate) => (b: Builder, i: Decoded) => {
  requireSse(b);
  const c = source(b, i, 1);
  const a = numberOf(i, 0);
  setXmm(b, a, meaning(b, getXmm(b, a), c, i.bytes[i.length - 1], 16));
};

/** Calls a helper on W[0] and W[1] that leaves its result in W[0]. */
export function operate(b: Builder, helper: string, immediates: readonly number[], a: V128, c: V128): V128 {
  b.set128(W[0], a);
  b.set128(W[1], c);
  b.call(helper, immediates, { reads: [W[0], W[1]], writes: [W[0]] });
  return b.get128(W[0]);
}

/** A constant in every lane of so many bits. */
export const constant = (b: Builder, bits: number, value: bigint): V128 => b.v128(splat(bits, value));

/** Lanes by their bits. */
export const SHAPES: Readonly<Record<number, LaneShape>> = { 8: 'i8x16', 16: 'i16x8', 32: 'i32x4', 64: 'i64x2' };

/** The numbers below a count. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

/** Whole lanes of so many bits rearranged: `lanes` numbers those of `a` from 0 and goes on with those of `c`. */
export function shuffleLanes(b: Builder, bits: number, a: V128, c: V128, lanes: readonly number[]): V128 {
  const step = bits / 8;
  return b.shuffle(
    a,
    c,
    lanes.flatMap((lane) => upTo(step).map((k) => lane * step + k)),
  );
}
