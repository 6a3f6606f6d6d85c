import type { Hart } from '../hart.ts';
import { CF, OF, R, SF, T, W, ZF } from './registers.ts';
import { Vector } from './sse-vector.ts';

/** The operands, and the result where it is a mask. */
const A = new Vector();
const B = new Vector();
const RESULT = new Vector();

/** Whether a length in EAX, EDX or, with REX.W, in RAX or RDX counts: its magnitude up to the number of elements. */
function explicitLength(hart: Hart, register: number, wide: boolean, elements: number): number {
  const value = BigInt.asIntN(wide ? 64 : 32, hart.get(R[register]));
  const magnitude = value < 0n ? -value : value;
  return magnitude > BigInt(elements) ? elements : Number(magnitude);
}

/** Elements before the first that is 0. */
function implicitLength(lanes: ArrayLike<number>, elements: number): number {
  for (let k = 0; k < elements; k++) if (lanes[k] === 0) return k;
  return elements;
}

/** Lanes as imm8[1:0] says: unsigned bytes, unsigned words, signed bytes, signed words. */
function lanesOf({ u8, u16, i8, i16 }: Vector, format: number): ArrayLike<number> {
  return [u8, u16, i8, i16][format];
}

/**
 * IntRes1: a bit for each element of the second operand (SDM vol. 1, table 4-1 to 4-8): of any, ranges, each, ordered.
 * What lies past a string's end compares as table 4-7 says.
 */
function aggregate(mode: number, a: ArrayLike<number>, aLength: number, b: ArrayLike<number>, bLength: number): number {
  const elements = a.length;
  let bits = 0;
  for (let j = 0; j < elements; j++) {
    if (holds(mode, a, aLength, b, bLength, j)) bits |= 1 << j;
  }
  return bits;
}

function holds(
  mode: number,
  a: ArrayLike<number>,
  aLength: number,
  b: ArrayLike<number>,
  bLength: number,
  j: number,
): boolean {
  const elements = a.length;
  switch (mode) {
    case 0:
      // Equal any: b[j] is one of the set.
      if (j >= bLength) return false;
      for (let i = 0; i < aLength; i++) if (a[i] === b[j]) return true;
      return false;
    case 1:
      // Ranges: b[j] lies in one of those that pairs of a limit; half a pair counts for nothing.
      if (j >= bLength) return false;
      for (let i = 0; i + 1 < aLength; i += 2) if (b[j] >= a[i] && b[j] <= a[i + 1]) return true;
      return false;
    case 2:
      // Equal each: both are past their ends, or neither is and they are equal.
      return j < aLength && j < bLength ? a[j] === b[j] : j >= aLength && j >= bLength;
    default:
      // Equal ordered: a is found at j, as far as b's register goes.
      for (let i = 0; i < aLength && i + j < elements; i++) {
        if (i + j >= bLength || a[i] !== b[i + j]) return false;
      }
      return true;
  }
}

/** PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM (SDM vol. 1, 4.1): their names' last letter, and whose lengths. */
function compareStrings(hart: Hart, imm8: number, explicit: boolean, wide: boolean, index: boolean): true {
  A.load(hart, W[0]);
  B.load(hart, W[1]);
  const elements = (imm8 & 1) === 1 ? 8 : 16;
  const [a, b] = [lanesOf(A, imm8 & 3), lanesOf(B, imm8 & 3)];
  const aLength = explicit ? explicitLength(hart, 0, wide, elements) : implicitLength(a, elements);
  const bLength = explicit ? explicitLength(hart, 2, wide, elements) : implicitLength(b, elements);
  const all = (1 << elements) - 1;
  let bits = aggregate((imm8 >> 2) & 3, a, aLength, b, bLength);
  // Polarity: imm8[5:4] 1 inverts all, 3 those before the second operand's end.
  const polarity = (imm8 >> 4) & 3;
  if (polarity === 1) bits ^= all;
  else if (polarity === 3) bits ^= (1 << bLength) - 1;

  const last = ((imm8 >> 6) & 1) === 1;
  if (index) {
    const lowest = 31 - Math.clz32(bits & -bits);
    const highest = 31 - Math.clz32(bits);
    hart.set(T[0], BigInt(bits === 0 ? elements : last ? highest : lowest));
  } else {
    RESULT.u64.fill(0n);
    // imm8[6]: each bit spread over its element, or the bits side by side.
    if (!last) RESULT.u16[0] = bits;
    else {
      const lanes = RESULT.small(128 / elements, false);
      for (let k = 0; k < elements; k++) lanes[k] = ((bits >> k) & 1) === 1 ? -1 : 0;
    }
    RESULT.store(hart, W[0]);
  }
  hart.set32(CF, bits !== 0 ? 1 : 0);
  hart.set32(ZF, bLength < elements ? 1 : 0);
  hart.set32(SF, aLength < elements ? 1 : 0);
  hart.set32(OF, bits & 1);
  return true;
}

/** Compares the strings in W[0] and W[1]: the index of an element goes to T[0]. */
export const compareForIndex = (hart: Hart, imm8: number, explicit: number, wide: number): true =>
  compareStrings(hart, imm8, explicit === 1, wide === 1, true);
/** The same; a mask goes to W[0]. */
export const compareForMask = (hart: Hart, imm8: number, explicit: number, wide: number): true =>
  compareStrings(hart, imm8, explicit === 1, wide === 1, false);
