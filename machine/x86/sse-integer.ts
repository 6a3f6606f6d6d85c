import { accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { T, W } from './registers.ts';
import { compareForIndex, compareForMask } from './sse-strings.ts';
import { Vector } from './sse-vector.ts';

const A = new Vector();
const MASK = new Vector();

/** PHMINPOSUW: the least word of W[0], and behind it its number, the lowest of several. */
function minimumPosition(hart: Hart): true {
  A.load(hart, W[0]);
  const { u16 } = A;
  let at = 0;
  for (let k = 1; k < 8; k++) if (u16[k] < u16[at]) at = k;
  const least = u16[at];
  u16.fill(0);
  u16[0] = least;
  u16[1] = at;
  A.store(hart, W[0]);
  return true;
}

const BYTE_STORE = accessShape('store', 1);

/**
 * MASKMOVDQU and MASKMOVQ: stores those of the first `bytes` bytes of W[0] that have the top bit in W[1], at T[0]; none
 * where one of them faults.
 */
function maskedStore(hart: Hart, bytes: number): boolean {
  A.load(hart, W[0]);
  MASK.load(hart, W[1]);
  const at = (k: number) => BigInt.asUintN(64, hart.get(T[0]) + BigInt(k));
  for (let k = 0; k < bytes; k++) {
    if (MASK.i8[k] < 0 && hart.memory.loadAs(at(k), BYTE_STORE) === undefined) return false;
  }
  for (let k = 0; k < bytes; k++) {
    if (MASK.i8[k] < 0 && !hart.memory.store(at(k), 1, BigInt(A.u8[k]))) return false;
  }
  return true;
}

/** Helpers of SSE's and MMX's integer instructions. */
export const SSE_INTEGER_HELPERS: Readonly<Record<string, Helper>> = {
  sseMinimumPosition: minimumPosition,
  sseMaskedStore: maskedStore,
  sseCompareForIndex: compareForIndex,
  sseCompareForMask: compareForMask,
};
