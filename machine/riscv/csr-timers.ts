import type { Hart } from '../hart.ts';
import type { Csr } from './csr-register.ts';
import { M_MODE, MODE, SLOTS } from './registers.ts';

/** menvcfg.STCE: stimecmp exists below M-mode and drives STIP (Sstc). */
export const STCE = 1n << 63n;
/** menvcfg.ADUE: the walker sets A and D bits (Svadu). */
export const ADUE = 1n << 61n;
const FIOM = 1n;

export const MENVCFG = SLOTS.get('menvcfg');
const SENVCFG = SLOTS.get('senvcfg');
const STIMECMP = SLOTS.get('stimecmp');
const MTIMECMP = SLOTS.get('mtimecmp');
const MCOUNTEREN = SLOTS.get('mcounteren');
/** What mtime is ahead of the machine's clock, in ticks. */
export const TIME_OFFSET = SLOTS.get('timeOffset');
const TM = 1n << 1n;

/** mtime as the hart sees it, in ticks. */
export function time(hart: Hart): bigint {
  return BigInt.asUintN(64, hart.clock.ticks + hart.get(TIME_OFFSET));
}

/** Ticks from which on an event counts as never: a year of guest time, and still exact as a number of steps. */
const NEVER = 1n << 48n;

/** The clock tick of the next comparator match after now; where guests wrote all ones to mean never, none. */
export function nextTimer(hart: Hart): bigint | undefined {
  const now = time(hart);
  const comparators = (hart.get(MENVCFG) & STCE) !== 0n ? [MTIMECMP, STIMECMP] : [MTIMECMP];
  let next: bigint | undefined;
  for (const slot of comparators) {
    const delta = hart.get(slot) - now;
    if (delta > 0n && delta < NEVER && (next === undefined || delta < next)) next = delta;
  }
  return next === undefined ? undefined : hart.clock.ticks + next;
}

/** A comparator or what it depends on has changed. */
export function timerChanged(hart: Hart): void {
  hart.attention = true;
  hart.leave = true;
}

export const TIMER_CSRS: readonly Csr[] = [
  {
    name: 'menvcfg',
    read: (hart) => hart.get(MENVCFG),
    write: (hart, value) => {
      hart.set(MENVCFG, value & (STCE | FIOM | (hart.options.hardwareAd ? ADUE : 0n)));
      timerChanged(hart);
      hart.contextChanged();
    },
  },
  // FIOM orders fences of U-mode, and there is nothing to order: it only holds its value.
  { name: 'senvcfg', read: (h) => h.get(SENVCFG), write: (h, v) => h.set(SENVCFG, v & FIOM) },
  {
    name: 'stimecmp',
    // Sstc, "Supervisor Timer (stimecmp) Register": below M-mode it takes both menvcfg.STCE and mcounteren.TM.
    refuses: (hart) =>
      hart.get32(MODE) !== M_MODE && ((hart.get(MENVCFG) & STCE) === 0n || (hart.get(MCOUNTEREN) & TM) === 0n),
    read: (hart) => hart.get(STIMECMP),
    write: (hart, value) => {
      hart.set(STIMECMP, value);
      timerChanged(hart);
    },
  },
];
