import type { Hart } from '../hart.ts';
import { updateFpuTraps } from './fpu-traps.ts';
import { ATTRIBUTES, CODE_16, CODE_32, CODE_64, CODE_MODE, SEGMENT, SLOTS, SMALL_STACK } from './registers.ts';

const EFER = SLOTS.get('efer');
const CR0 = SLOTS.get('cr0');
const CR4 = SLOTS.get('cr4');
const CANONICAL_SHIFT = SLOTS.find('canonical_shift');

/** EFER.LMA: IA-32e mode, which is 64-bit or compatibility mode (SDM vol. 3A, 2.2.1). */
const LMA = 1n << 10n;
const PE = 1n << 0n;
const LA57 = 1n << 12n;

/** Bits of a segment register's attributes beside its type. */
export const LONG = 1 << 13;
export const BIG = 1 << 14;

/** Whether the hart is in IA-32e mode. */
export const inLongMode = (hart: Hart): boolean => (hart.get(EFER) & LMA) !== 0n;
/** Whether the hart is in protected mode, IA-32e mode being one. */
export const inProtectedMode = (hart: Hart): boolean => (hart.get(CR0) & PE) !== 0n;
/** Whether the hart executes 64-bit code. */
export const in64BitMode = (hart: Hart): boolean => (hart.get32(CODE_MODE) & 3) === CODE_64;

/** How many upper bits of an address are copies of the one below: 16, or 7 under CR4.LA57. */
const canonicalShift = (hart: Hart): number => ((hart.get(CR4) & LA57) !== 0n ? 7 : 16);

/** Whether an address is canonical (SDM vol. 1, 3.3.7.1). */
export const isCanonical = (hart: Hart, address: bigint): boolean => {
  const bits = 64 - canonicalShift(hart);
  return BigInt.asUintN(64, BigInt.asIntN(bits, address)) === address;
};

/**
 * Settles what follows from CR0, CR4, EFER, CS and SS: how code is decoded and what bears on translations. To be called
 * whenever one of them or CPL has changed.
 */
export function updateMode(hart: Hart): void {
  const code = hart.get32(ATTRIBUTES[SEGMENT.cs]);
  let mode = CODE_64;
  if (!inLongMode(hart) || (code & LONG) === 0) {
    mode = (code & BIG) !== 0 ? CODE_32 : CODE_16;
    if ((hart.get32(ATTRIBUTES[SEGMENT.ss]) & BIG) === 0) mode |= SMALL_STACK;
  }
  hart.set32(CODE_MODE, mode);
  if (CANONICAL_SHIFT) hart.set(CANONICAL_SHIFT, BigInt(canonicalShift(hart)));
  updateFpuTraps(hart);
  hart.contextChanged();
}
