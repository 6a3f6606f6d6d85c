import type { AccessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Mmu } from '../isa.ts';
import { EC, esr } from './causes.ts';
import { MMU } from './mmu.ts';
import { EL, EL0, SLOTS } from './registers.ts';
import { debugNow } from './step.ts';

/** How many breakpoints and watchpoints there are: the fewest that may be (ID_AA64DFR0_EL1). */
export const POINTS = [0, 1] as const;
/** The breakpoint that can match CONTEXTIDR_EL1. */
const CONTEXT_AWARE = 1;

const MDSCR = SLOTS.get('mdscr_el1');
const CONTEXTIDR = SLOTS.get('contextidr_el1');
const BREAKPOINTS = POINTS.map((n) => ({ value: SLOTS.get(`dbgbvr${n}_el1`), control: SLOTS.get(`dbgbcr${n}_el1`) }));
const WATCHPOINTS = POINTS.map((n) => ({ value: SLOTS.get(`dbgwvr${n}_el1`), control: SLOTS.get(`dbgwcr${n}_el1`) }));

/** MDSCR_EL1.MDE: breakpoint and watchpoint exceptions are on. */
const MDE = 1n << 15n;
/** DBGBCR<n>_EL1 and DBGWCR<n>_EL1: enabled. */
const E = 1;
/** Breakpoint types: address or CONTEXTIDR_EL1, alone or linked. */
const BT = { address: 0, linkedAddress: 1, context: 2, linkedContext: 3 } as const;
/** DFSC and IFSC of debug exceptions; WnR. */
const DEBUG = 0x22;
const WNR = 1 << 6;

const on = (hart: Hart): boolean => (hart.get(MDSCR) & MDE) !== 0n;
const field = (control: number, low: number, width: number): number => (control >>> low) & ((1 << width) - 1);

/**
 * AArch64.StateMatch (Arm ARM J1.1.2): PMC and PAC at bits 2:1 say which levels. HMC and SSC other than 0 are reserved
 * without EL2 and EL3, and disable.
 */
function stateMatches(control: number, user: boolean): boolean {
  if (field(control, 13, 3) !== 0) return false;
  return ((field(control, 1, 2) >> (user ? 1 : 0)) & 1) === 1;
}

/** Whether a linked breakpoint or watchpoint's partner, of number LBN at bits 19:16, agrees. */
function linkMatches(hart: Hart, control: number): boolean {
  if (field(control, 16, 4) !== CONTEXT_AWARE) return false;
  const partner = BREAKPOINTS[CONTEXT_AWARE];
  const other = Number(hart.get(partner.control));
  return (other & E) !== 0 && field(other, 20, 4) === BT.linkedContext && contextMatches(hart, hart.get(partner.value));
}

const contextMatches = (hart: Hart, value: bigint): boolean =>
  BigInt.asUintN(32, value) === BigInt.asUintN(32, hart.get(CONTEXTIDR));

/** Addresses, but for the top byte: where it counts, one that is not canonical faults before. */
const same = (a: bigint, b: bigint, low: bigint): boolean =>
  BigInt.asUintN(56, a) >> low === BigInt.asUintN(56, b) >> low;

/** Whether any breakpoint is on, so that each instruction must be looked at. */
export const breakpointsOn = (hart: Hart): boolean =>
  on(hart) && BREAKPOINTS.some(({ control }) => (Number(hart.get(control)) & E) !== 0);

/** Whether a breakpoint matches the instruction at the pc (AArch64.BreakpointMatch); then the exception is raised. */
export function breakpointHit(hart: Hart): boolean {
  if (!debugNow(hart)) return false;
  const user = hart.get32(EL) === EL0;
  const hit = BREAKPOINTS.some(({ value, control }, n) => {
    const bits = Number(hart.get(control));
    if ((bits & E) === 0 || !stateMatches(bits, user)) return false;
    switch (field(bits, 20, 4)) {
      case BT.address:
        return same(hart.pc, hart.get(value), 2n);
      case BT.linkedAddress:
        return same(hart.pc, hart.get(value), 2n) && linkMatches(hart, bits);
      case BT.context:
        return n === CONTEXT_AWARE && contextMatches(hart, hart.get(value));
      default:
        return false;
    }
  });
  if (hit) hart.raise(esr(user ? EC.breakpointLower : EC.breakpointSame, DEBUG), 0n);
  return hit;
}

/** AArch64.WatchpointByteMatch: by BAS within 8 bytes, or by a block of 2^MASK bytes. */
function byteMatches(address: bigint, value: bigint, control: number): boolean {
  const mask = field(control, 24, 5);
  if (mask !== 0) return same(address, value, BigInt(mask));
  // A WVR that is a word's address, not a doubleword's, looks at four bytes alone.
  const bottom = ((value >> 2n) & 1n) === 1n ? 2n : 3n;
  const byte = Number(BigInt.asUintN(Number(bottom), address));
  return same(address, value, bottom) && ((control >> (5 + byte)) & 1) === 1;
}

/** The first byte of an access that a watchpoint watches, or `undefined` (AArch64.WatchpointMatch). */
function watched(hart: Hart, address: bigint, shape: AccessShape): bigint | undefined {
  const user = hart.get32(EL) === EL0 || shape.unprivileged === true;
  const kinds = shape.atomicity === 'amo' ? 3 : shape.kind === 'store' ? 2 : 1;
  for (const { value, control } of WATCHPOINTS) {
    const bits = Number(hart.get(control));
    if ((bits & E) === 0 || (field(bits, 3, 2) & kinds) === 0 || !stateMatches(bits, user)) continue;
    if (field(bits, 20, 1) === 1 && !linkMatches(hart, bits)) continue;
    for (let i = 0n; i < BigInt(shape.size); i++)
      if (byteMatches(address + i, hart.get(value), bits)) return address + i;
  }
  return undefined;
}

/**
 * The watchpoint exception of an access that the MMU allows; false where there is one. While any watchpoint is on, no
 * page has the same answer for all of its bytes.
 */
export function watch(hart: Hart, address: bigint, shape: AccessShape): boolean {
  if (!on(hart) || shape.kind === 'fetch') return true;
  if (WATCHPOINTS.every(({ control }) => (Number(hart.get(control)) & E) === 0)) return true;
  hart.translated.wholePage = false;
  const first = debugNow(hart) ? watched(hart, address, shape) : undefined;
  if (first === undefined) return true;
  const iss = DEBUG | (shape.kind === 'store' ? WNR : 0);
  return hart.raise(esr(hart.get32(EL) === EL0 ? EC.watchpointLower : EC.watchpointSame, iss), first);
}

/** The MMU as loads and stores meet it: what it allows may still be watched. */
export const WATCHED_MMU: Mmu = {
  ...MMU,
  translate: (hart, address, shape, dry) => MMU.translate(hart, address, shape, dry) && watch(hart, address, shape),
};
