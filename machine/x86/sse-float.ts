// How the meanings of rows call SSE_HELPERS.
import type { Builder, I64, V128 } from '../ir/index.ts';
import { AF, CF, MXCSR, OF, PF, SF, SLOTS, T, W, ZF } from './registers.ts';

/** Formats by their bits. */
export type FloatBits = 32 | 64;

/** CR4 says whether an exception is #XM or #UD. */
const CR4 = SLOTS.get('cr4');

/** Calls a helper on W[0] and W[1] that leaves its result in W[0], or raises an exception that MXCSR does not mask. */
export function floatOperation(b: Builder, helper: string, immediates: readonly number[], a: V128, c: V128): V128 {
  b.set128(W[0], a);
  b.set128(W[1], c);
  b.call(helper, immediates, { reads: [W[0], W[1], MXCSR, CR4], writes: [W[0], MXCSR] });
  return b.get128(W[0]);
}

/** The same from an integer in T[0]. */
export function fromInteger(b: Builder, immediates: readonly number[], a: V128, value: I64): V128 {
  b.set128(W[0], a);
  b.set(T[0], value);
  b.call('sseFromInteger', immediates, { reads: [W[0], T[0], MXCSR, CR4], writes: [W[0], MXCSR] });
  return b.get128(W[0]);
}

/** The same to an integer in T[0]. */
export function toInteger(b: Builder, immediates: readonly number[], c: V128): I64 {
  b.set128(W[1], c);
  b.call('sseToInteger', immediates, { reads: [W[1], MXCSR, CR4], writes: [T[0], MXCSR] });
  return b.get(T[0]);
}

/** COMIS and UCOMIS: flags from the lowest lanes. */
export function floatFlags(b: Builder, bits: FloatBits, signalling: boolean, a: V128, c: V128): void {
  b.set128(W[0], a);
  b.set128(W[1], c);
  b.call('sseCompareFlags', [bits, signalling ? 1 : 0], {
    reads: [W[0], W[1], MXCSR, CR4],
    writes: [ZF, PF, CF, OF, SF, AF, MXCSR],
  });
}
