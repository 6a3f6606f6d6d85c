import { accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import { EC, esr } from './causes.ts';
import { MMU } from './mmu.ts';
import { MASK } from './pstate.ts';
import { DAIF, EL, EL0, EL1, PSTATE_SS, SLOTS } from './registers.ts';

const MDSCR = SLOTS.get('mdscr_el1');
const OS_LOCK = SLOTS.get('osLock');
const STEPPED = SLOTS.get('stepped');

/** MDSCR_EL1: software step on; debug exceptions from EL1 itself too. */
export const SS = 1n << 0n;
const KDE = 1n << 13n;

/** What the slot `stepped` says of the instruction before: none was stepped, one was, a load-exclusive was. */
const NONE = 0;
const ONE = 1;
const EXCLUSIVE = 2;

/** ISS of a software step exception: ISV, EX, IFSC "debug exception" (Arm ARM D17.2.37). */
const ISV = 1 << 24;
const EX = 1 << 6;
const DEBUG = 0x22;

/** Whether debug exceptions are generated at an exception level with PSTATE.D as given (GenerateDebugExceptionsFrom). */
function debugFrom(hart: Hart, el: number, D: boolean): boolean {
  if (hart.get32(OS_LOCK) === 1) return false;
  return el === EL0 || ((hart.get(MDSCR) & KDE) !== 0n && !D);
}

/** Whether debug exceptions are generated now. */
export const debugNow = (hart: Hart): boolean => debugFrom(hart, hart.get32(EL), (hart.get32(DAIF) & MASK.D) !== 0);

const stepOn = (hart: Hart): boolean => (hart.get(MDSCR) & SS) !== 0n;

/** PSTATE.SS after an exception return (DebugExceptionReturnSS): to be asked before the exception level changes. */
export function steppedOnReturn(hart: Hart, spsr: bigint, el: number): number {
  const enabled = stepOn(hart) && !debugNow(hart) && debugFrom(hart, el, ((spsr >> 9n) & 1n) === 1n);
  return enabled ? Number((spsr >> 21n) & 1n) : 0;
}

/** The instruction is done as far as stepping goes (SSAdvance): PSTATE.SS is spent. */
export function advance(hart: Hart): void {
  if (stepOn(hart)) hart.set32(PSTATE_SS, 0);
}

/** An exception was taken: what was being stepped is not. */
export const stepEnded = (hart: Hart): void => hart.set32(STEPPED, NONE);

/** The instruction before this one was stepped and has come to its end. */
export function finishStep(hart: Hart): void {
  if (hart.get32(STEPPED) !== NONE) advance(hart);
}

/**
 * The state machine of software step before an instruction (Arm ARM D2.12.3). Active-pending: true, and the exception.
 * Active-not-pending: the instruction is let through, and this is asked again after it.
 */
export function stepPending(hart: Hart): boolean {
  const stepped = hart.get32(STEPPED);
  stepEnded(hart);
  if (!stepOn(hart) || !debugNow(hart)) return false;
  if (hart.get32(PSTATE_SS) === 0) {
    const iss = stepped === NONE ? 0 : ISV | (stepped === EXCLUSIVE ? EX : 0);
    hart.raise(esr(hart.get32(EL) === EL1 ? EC.stepSame : EC.stepLower, iss | DEBUG), 0n);
    return true;
  }
  hart.set32(STEPPED, isLoadExclusive(hart) ? EXCLUSIVE : ONE);
  hart.attention = true;
  return false;
}

const FETCH = accessShape('fetch', 4);

/** Whether the instruction at the pc is a load-exclusive (C4.1.94, "Load/store exclusive register" and "pair"). */
function isLoadExclusive(hart: Hart): boolean {
  const { pc, bus } = hart;
  if ((pc & 3n) !== 0n || !MMU.translate(hart, pc, FETCH)) return false;
  const word = Number(bus.read(hart.translated.pa, 4) ?? 0n);
  const pair = (word & (1 << 21)) !== 0;
  return (word & 0x3fc0_0000) === 0x0840_0000 && (!pair || word >= 0x8000_0000);
}
