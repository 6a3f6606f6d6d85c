import type { RoundingMode } from '../float/index.ts';
import type { Hart } from '../hart.ts';
import { SLOTS } from './registers.ts';
import { C1, DE, type Extended, IE, INDEFINITE, SF, ZE } from './x87-number.ts';

const numbers = [0, 1, 2, 3, 4, 5, 6, 7];
const LOW = numbers.map((n) => SLOTS.get(`fpr${n}`));
const HIGH = numbers.map((n) => SLOTS.get(`fpr${n}_high`));
export const FCW = SLOTS.get('fcw');
export const FSW = SLOTS.get('fsw');
export const FTW = SLOTS.get('ftw');

/** Bits of the status word: an exception that is not masked waits, and busy, its copy. */
export const ES = 1 << 7;
const BUSY = 1 << 15;
/** Condition codes. */
export const CONDITIONS = 0x4700;
export const C0 = 1 << 8;
export const C2 = 1 << 10;
export const C3 = 1 << 14;
const TOP_SHIFT = 11;
const TOP = 7 << TOP_SHIFT;
const MODES: readonly RoundingMode[] = ['rne', 'rdn', 'rup', 'rtz'];

export const topOf = (hart: Hart): number => (hart.get32(FSW) >> TOP_SHIFT) & 7;
export function setTop(hart: Hart, top: number): void {
  hart.set32(FSW, (hart.get32(FSW) & ~TOP) | ((top & 7) << TOP_SHIFT));
}

/** The physical number of ST(i). */
const physical = (hart: Hart, i: number): number => (topOf(hart) + i) & 7;

export const isEmpty = (hart: Hart, i: number): boolean => ((hart.get32(FTW) >> physical(hart, i)) & 1) === 0;
export function setEmpty(hart: Hart, i: number): void {
  hart.set32(FTW, hart.get32(FTW) & ~(1 << physical(hart, i)));
}

export function getSt(hart: Hart, i: number): Extended {
  const n = physical(hart, i);
  return (BigInt(hart.get32(HIGH[n]) & 0xffff) << 64n) | hart.get(LOW[n]);
}

export function setSt(hart: Hart, i: number, value: Extended): void {
  const n = physical(hart, i);
  hart.set(LOW[n], BigInt.asUintN(64, value));
  hart.set32(HIGH[n], Number(value >> 64n));
  hart.set32(FTW, hart.get32(FTW) | (1 << n));
}

export function pop(hart: Hart): void {
  setEmpty(hart, 0);
  setTop(hart, topOf(hart) + 1);
}

export const roundingOf = (hart: Hart): RoundingMode => MODES[(hart.get32(FCW) >> 10) & 3];
export const precisionOf = (hart: Hart): number => [24, 64, 53, 64][(hart.get32(FCW) >> 8) & 3];
/** The masks: a bit set where an exception is masked. */
export const masksOf = (hart: Hart): number => hart.get32(FCW) & 0x3f;

/** Condition codes to be as given, all four of them or those of `among`. */
export function setConditions(hart: Hart, codes: number, among = CONDITIONS): void {
  hart.set32(FSW, (hart.get32(FSW) & ~among) | codes);
}

/**
 * Reports exceptions and C1 (SDM vol. 1, 8.5). False: one of them, found before there is a result (IE, DE, ZE), is not
 * masked, so that neither registers nor memory may change.
 */
export function report(hart: Hart, flags: number): boolean {
  const unmasked = flags & 0x3f & ~masksOf(hart);
  const early = (unmasked & (IE | DE | ZE)) !== 0;
  // Then there is no result that could be told of.
  const told = early ? flags & (IE | DE | ZE | SF | ((flags & SF) !== 0 ? C1 : 0)) : flags;
  let fsw = (hart.get32(FSW) & ~C1) | (told & (0x7f | C1));
  if ((fsw & 0x3f & ~masksOf(hart)) !== 0) fsw |= ES | BUSY;
  hart.set32(FSW, fsw);
  return !early;
}

/** After the control word or the status word was written: whether an exception waits. */
export function settle(hart: Hart): void {
  const fsw = hart.get32(FSW);
  const waits = (fsw & 0x3f & ~masksOf(hart)) !== 0;
  hart.set32(FSW, waits ? fsw | ES | BUSY : fsw & ~(ES | BUSY));
}

/** Stack underflow: true where its response, to go on with the indefinite NaN, is masked. */
export const underflows = (hart: Hart): boolean => report(hart, IE | SF);

/** Pushes a value; where ST(7) is not empty, stack overflow, whose masked response is to push the indefinite NaN. */
export function push(hart: Hart, value: Extended, flags = 0): void {
  const full = !isEmpty(hart, 7);
  if (!report(hart, full ? IE | SF | C1 : flags)) return;
  setTop(hart, topOf(hart) - 1);
  setSt(hart, 0, full ? INDEFINITE : value);
}
