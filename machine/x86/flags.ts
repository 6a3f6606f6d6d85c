import type { Hart } from '../hart.ts';
import { AF, CF, CPL, DF, FLAGS, OF, PF, REPEAT_FLAGS, REPEATING, SF, T, ZF } from './registers.ts';

/** Flags of RFLAGS (SDM vol. 1, 3.4.3). */
export const RFLAGS = {
  CF: 1 << 0,
  ONE: 1 << 1,
  PF: 1 << 2,
  AF: 1 << 4,
  ZF: 1 << 6,
  SF: 1 << 7,
  TF: 1 << 8,
  IF: 1 << 9,
  DF: 1 << 10,
  OF: 1 << 11,
  IOPL: 3 << 12,
  NT: 1 << 14,
  RF: 1 << 16,
  VM: 1 << 17,
  AC: 1 << 18,
  VIF: 1 << 19,
  VIP: 1 << 20,
  ID: 1 << 21,
} as const;

/** CF, PF, AF, ZF, SF, OF and DF: what any privilege may change, and what lies in slots of its own. */
const SLOTTED = 0xcd5;
/** CF, PF, AF, ZF, SF and OF. */
const STATUS = 0x8d5;
/** The flags in the slot `flags`. */
const KEPT =
  RFLAGS.TF |
  RFLAGS.IF |
  RFLAGS.IOPL |
  RFLAGS.NT |
  RFLAGS.RF |
  RFLAGS.VM |
  RFLAGS.AC |
  RFLAGS.VIF |
  RFLAGS.VIP |
  RFLAGS.ID;
/** Every flag there is. */
export const ALL_FLAGS = SLOTTED | KEPT;

/** 1 where the byte's parity is even. */
function evenParity(byte: number): number {
  const nibble = (byte ^ (byte >> 4)) & 15;
  return ~(0x6996 >> nibble) & 1;
}

/** RFLAGS as a number; bit 1 is always set. */
export function flagsOf(hart: Hart): number {
  return (
    RFLAGS.ONE |
    hart.get32(CF) |
    (evenParity(hart.get32(PF)) << 2) |
    (hart.get32(AF) << 4) |
    (hart.get32(ZF) << 6) |
    (hart.get32(SF) << 7) |
    (hart.get32(DF) << 10) |
    (hart.get32(OF) << 11) |
    hart.get32(FLAGS)
  );
}

/** RFLAGS. */
export const packFlags = (hart: Hart): bigint => BigInt(flagsOf(hart));

/**
 * Writes the flags that `mask` names. Whatever one of them lets happen before the next instruction (an interrupt, a step)
 * is looked at there; AC bears on translations under SMAP.
 */
export function setFlags(hart: Hart, value: number, mask: number): void {
  const old = flagsOf(hart);
  const now = (old & ~mask) | (value & mask);
  hart.set32(CF, now & 1);
  // Parity of 0 is even, of 1 odd.
  if (((old ^ now) & RFLAGS.PF) !== 0) hart.set32(PF, ((now >> 2) & 1) ^ 1);
  hart.set32(AF, (now >> 4) & 1);
  hart.set32(ZF, (now >> 6) & 1);
  hart.set32(SF, (now >> 7) & 1);
  hart.set32(DF, (now >> 10) & 1);
  hart.set32(OF, (now >> 11) & 1);
  hart.set32(FLAGS, now & KEPT);
  if ((now & (RFLAGS.TF | RFLAGS.IF | RFLAGS.RF)) !== 0) hart.attention = true;
  if (((old ^ now) & RFLAGS.AC) !== 0) hart.contextChanged();
}

/** Writes the flags that `mask` names. */
export function unpackFlags(hart: Hart, value: bigint, mask: number): void {
  setFlags(hart, Number(BigInt.asUintN(32, value)) | 0, mask);
}

/** Whether some iterations of the instruction at the pc are done, and others are not: it has a REP prefix. */
export const isRepeating = (hart: Hart): boolean => hart.get(REPEATING) === BigInt.asUintN(64, hart.pc + 1n);

/** REP CMPS and SCAS keep the flags that they began with. */
export function keepRepeatFlags(hart: Hart): boolean {
  if (hart.get32(REPEAT_FLAGS) === 0) hart.set32(REPEAT_FLAGS, flagsOf(hart));
  return true;
}

/** A page fault in REP CMPS or SCAS: the flags are as before its first iteration (SDM vol. 2B, REP). */
export function restoreRepeatFlags(hart: Hart): void {
  const kept = hart.get32(REPEAT_FLAGS);
  if (kept !== 0) setFlags(hart, kept, STATUS);
}

/** An event comes between two iterations, and the instruction begins anew behind it. */
export function repeatEnded(hart: Hart): void {
  hart.set(REPEATING, 0n);
  hart.set32(REPEAT_FLAGS, 0);
}

/** IOPL: the least privileged level that may use CLI, STI and ports. */
export const ioPrivilege = (hart: Hart): number => (hart.get32(FLAGS) >> 12) & 3;

/**
 * The flags that POPF and IRET may change at a privilege, for an operand of so many bytes (SDM vol. 2B, POPF, table 4-20;
 * IRET): IF where IOPL allows, IOPL at CPL 0 alone. RF, VM, VIF and VIP are not among them.
 */
export function poppable(hart: Hart, size: number): number {
  const cpl = hart.get32(CPL);
  let mask = SLOTTED | RFLAGS.TF | RFLAGS.NT;
  if (cpl <= ioPrivilege(hart)) mask |= RFLAGS.IF;
  if (cpl === 0) mask |= RFLAGS.IOPL;
  if (size > 2) mask |= RFLAGS.AC | RFLAGS.ID;
  return mask;
}

/** POPF of a value in T[0]: RF is cleared besides. */
export function popFlags(hart: Hart, size: number): boolean {
  unpackFlags(hart, hart.get(T[0]), poppable(hart, size));
  setFlags(hart, 0, RFLAGS.RF);
  return true;
}

/** PUSHF: the image, in which VM and RF are clear, to T[0]. */
export function pushFlags(hart: Hart): boolean {
  hart.set(T[0], BigInt(flagsOf(hart) & ~(RFLAGS.VM | RFLAGS.RF)));
  return true;
}
