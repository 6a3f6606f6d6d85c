import type { Hart } from '../hart.ts';
import { fault, SYSCALL_CAUSE, trapAfter, VECTOR } from './causes.ts';
import { ALL_FLAGS, flagsOf, RFLAGS, setFlags } from './flags.ts';
import { in64BitMode, inLongMode, isCanonical, updateMode } from './mode.ts';
import { BASE, CPL, R, RCX, RDX, RIP, RSP, SEGMENT, SLOTS } from './registers.ts';
import { setSegment } from './segment.ts';

const EFER = SLOTS.get('efer');
const STAR = SLOTS.get('star');
const LSTAR = SLOTS.get('lstar');
const FMASK = SLOTS.get('fmask');
const KERNEL_GS_BASE = SLOTS.get('kernel_gs_base');
const SYSENTER_CS = SLOTS.get('sysenter_cs');
const SYSENTER_ESP = SLOTS.get('sysenter_esp');
const SYSENTER_EIP = SLOTS.get('sysenter_eip');
const R11 = R[11];
const { cs: CS, ss: SS } = SEGMENT;

const SCE = 1n << 0n;
const LOW_32 = 0xffff_ffffn;
/** Present code, readable and accessed; present data, writable and accessed: with G, and below them L or B. */
const CODE = 0x809b;
const DATA = 0x8093;
const L = 1 << 13;
const B = 1 << 14;
/** What SYSRET takes of R11 (SDM vol. 2B, SYSRET). */
const SYSRET_FLAGS = 0x3c_7fd7;

const refuse = (hart: Hart, vector: number): false => hart.raise(fault(vector), 0n);

/** CS and SS as these instructions load them: fixed, whatever the descriptors hold. */
function setFlat(hart: Hart, cs: number, ss: number, cpl: number, wide: boolean): void {
  setSegment(hart, CS, cs | cpl, 0n, 0xffff_ffff, CODE | (cpl << 5) | (wide ? L : B));
  setSegment(hart, SS, ss | cpl, 0n, 0xffff_ffff, DATA | (cpl << 5) | B);
  hart.set32(CPL, cpl);
  updateMode(hart);
}

/** SYSCALL: #UD where it is off, else it is taken like a trap, so that records tell of it. */
export function syscall(hart: Hart, length: number): boolean {
  if (!in64BitMode(hart) || (hart.get(EFER) & SCE) === 0n) return refuse(hart, VECTOR.UD);
  return hart.raise(trapAfter(SYSCALL_CAUSE, length), 0n);
}

/** What SYSCALL does (SDM vol. 2B, SYSCALL); `next` is the address of the instruction behind it. */
export function enterSystemCall(hart: Hart, next: bigint): void {
  hart.set(RCX, next);
  const flags = flagsOf(hart);
  hart.set(R11, BigInt(flags));
  setFlags(hart, flags & ~Number(hart.get(FMASK) & LOW_32) & ~RFLAGS.RF, ALL_FLAGS);
  const cs = Number((hart.get(STAR) >> 32n) & 0xfffcn);
  setFlat(hart, cs, (cs + 8) & 0xffff, 0, true);
  hart.set(RIP, hart.get(LSTAR));
}

/**
 * SYSRET (SDM vol. 2B). To 64-bit code that is not canonical it is #GP(0), still at CPL 0 with the user's RSP: Intel's
 * way, which kernels must guard against.
 */
export function sysret(hart: Hart, size: number): boolean {
  if (!in64BitMode(hart) || (hart.get(EFER) & SCE) === 0n) return refuse(hart, VECTOR.UD);
  if (hart.get32(CPL) !== 0) return refuse(hart, VECTOR.GP);
  const wide = size === 8;
  const target = hart.get(RCX);
  if (wide && !isCanonical(hart, target)) return refuse(hart, VECTOR.GP);
  const base = Number((hart.get(STAR) >> 48n) & 0xffffn);
  setFlags(hart, Number(hart.get(R11) & LOW_32) & SYSRET_FLAGS, ALL_FLAGS);
  setFlat(hart, (base + (wide ? 16 : 0)) & 0xffff, (base + 8) & 0xffff, 3, wide);
  hart.set(RIP, wide ? target : target & LOW_32);
  hart.attention = true;
  return true;
}

/** SYSENTER (SDM vol. 2B): to CPL 0 of the mode in which the hart is. */
export function sysenter(hart: Hart): boolean {
  const cs = Number(hart.get(SYSENTER_CS) & 0xfffcn);
  if (cs === 0) return refuse(hart, VECTOR.GP);
  const long = inLongMode(hart);
  const width = (value: bigint) => (long ? value : value & LOW_32);
  setFlags(hart, 0, RFLAGS.IF | RFLAGS.VM | RFLAGS.RF);
  setFlat(hart, cs, (cs + 8) & 0xffff, 0, long);
  hart.set(RSP, width(hart.get(SYSENTER_ESP)));
  hart.set(RIP, width(hart.get(SYSENTER_EIP)));
  return true;
}

/** SYSEXIT (SDM vol. 2B): to CPL 3 at RDX, with RCX as its stack pointer. */
export function sysexit(hart: Hart, size: number): boolean {
  const base = Number(hart.get(SYSENTER_CS) & 0xfffcn);
  if (base === 0 || hart.get32(CPL) !== 0) return refuse(hart, VECTOR.GP);
  const wide = size === 8;
  const [stack, target] = [hart.get(RCX), hart.get(RDX)];
  if (wide && !(isCanonical(hart, stack) && isCanonical(hart, target))) return refuse(hart, VECTOR.GP);
  const cs = base + (wide ? 32 : 16);
  setFlat(hart, cs & 0xffff, (cs + 8) & 0xffff, 3, wide);
  hart.set(RSP, wide ? stack : stack & LOW_32);
  hart.set(RIP, wide ? target : target & LOW_32);
  hart.attention = true;
  return true;
}

/** SWAPGS (SDM vol. 2B). */
export function swapgs(hart: Hart): boolean {
  if (!in64BitMode(hart)) return refuse(hart, VECTOR.UD);
  if (hart.get32(CPL) !== 0) return refuse(hart, VECTOR.GP);
  const base = BASE[SEGMENT.gs];
  const kernel = hart.get(KERNEL_GS_BASE);
  hart.set(KERNEL_GS_BASE, hart.get(base));
  hart.set(base, kernel);
  return true;
}
