import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import { BASE, CODE_64, CODE_MODE, LIMIT, SEGMENT } from './registers.ts';

const CS_BASE = BASE[SEGMENT.cs];
const CS_LIMIT = LIMIT[SEGMENT.cs];
const LOW_32 = 0xffff_ffffn;

/** How code is decoded now. */
export const codeMode = (hart: Hart): number => hart.get32(CODE_MODE);

/**
 * The linear address of a byte of code. In 64-bit mode RIP is one; elsewhere CS's base is added, and an offset beyond its
 * limit is #GP(0) (SDM vol. 3A, 5.3).
 */
export function codeAddress(hart: Hart, pc: bigint): bigint | undefined {
  if ((hart.get32(CODE_MODE) & 3) === CODE_64) return pc;
  const offset = pc & LOW_32;
  if (offset > BigInt(hart.get32(CS_LIMIT) >>> 0)) {
    hart.raise(fault(VECTOR.GP), 0n);
    return undefined;
  }
  return (hart.get(CS_BASE) + offset) & LOW_32;
}

/**
 * Whether the code segment ends within the 4 KiB of offsets around the pc, so that no page of code can be known to lie in it: bytes
 * are then fetched one by one.
 */
export function codeEndsNear(hart: Hart): boolean {
  if ((hart.get32(CODE_MODE) & 3) === CODE_64) return false;
  return (Number(hart.pc & LOW_32) | 0xfff) >>> 0 > hart.get32(CS_LIMIT) >>> 0;
}
