import { TICKS_PER_SECOND } from '../clock.ts';
import type { Hart } from '../hart.ts';
import { SLOTS } from './registers.ts';
import { plain, type SystemRegister, type Verdict } from './sysreg-register.ts';

const CNTKCTL = SLOTS.get('cntkctl_el1');
/** CNTKCTL_EL1: what EL0 may access, and the event stream (Arm ARM D17.11). */
const EL0PCTEN = 1n << 0n;
const EL0VCTEN = 1n << 1n;
const EVNTEN = 1n << 2n;
const EL0VTEN = 1n << 8n;
const EL0PTEN = 1n << 9n;
const CNTKCTL_MASK = 0x3ffn;

/** CNTx_CTL_EL0. */
const ENABLE = 1n << 0n;
const IMASK = 1n << 1n;
const ISTATUS = 1n << 2n;

/** Ticks from which on an event counts as never: a year of guest time, and still exact as a number of steps. */
const NEVER = 1n << 48n;

/** One timer of EL1, its registers and the right of EL0 to them. */
interface Timer {
  readonly letter: 'p' | 'v';
  readonly control: ReturnType<typeof SLOTS.get>;
  readonly compare: ReturnType<typeof SLOTS.get>;
  readonly right: bigint;
}

const timer = (letter: 'p' | 'v', right: bigint): Timer => ({
  letter,
  control: SLOTS.get(`cnt${letter}_ctl_el0`),
  compare: SLOTS.get(`cnt${letter}_cval_el0`),
  right,
});
const PHYSICAL = timer('p', EL0PTEN);
const VIRTUAL = timer('v', EL0VTEN);

/** The physical count, and the virtual one too: without EL2 their offset is zero (Arm ARM D11.2.1). */
const count = (hart: Hart): bigint => hart.clock.ticks;

const met = (hart: Hart, { compare }: Timer): boolean => count(hart) >= hart.get(compare);

/** Whether the timer drives its interrupt: enabled, not masked, and its time has come. */
const signals = (hart: Hart, timer: Timer): boolean =>
  (hart.get(timer.control) & (ENABLE | IMASK)) === ENABLE && met(hart, timer);

/** Whether the physical timer of EL1 drives its interrupt, and whether the virtual one does. */
export const physicalTimer = (hart: Hart): boolean => signals(hart, PHYSICAL);
export const virtualTimer = (hart: Hart): boolean => signals(hart, VIRTUAL);

/** The time of the next change of a timer's interrupt after now. */
export function nextTimer(hart: Hart): bigint | undefined {
  const now = count(hart);
  let next: bigint | undefined;
  for (const { control, compare } of [PHYSICAL, VIRTUAL]) {
    if ((hart.get(control) & (ENABLE | IMASK)) !== ENABLE) continue;
    const at = hart.get(compare);
    if (at > now && at - now < NEVER && (next === undefined || at < next)) next = at;
  }
  return next;
}

/** Whether the counters' event stream is on, which wakes WFE again and again. */
export const eventStream = (hart: Hart): boolean => (hart.get(CNTKCTL) & EVNTEN) !== 0n;

/** A timer has changed: its interrupt may be there, or come at another time. */
function changed(hart: Hart): void {
  hart.attention = true;
  hart.leave = true;
}

/** Rights of EL0 that any of the bits of CNTKCTL_EL1 gives; else the access is trapped. */
const granted =
  (bits: bigint, writable: boolean) =>
  (hart: Hart, write: boolean): Verdict =>
    write && !writable ? 'undefined' : (hart.get(CNTKCTL) & bits) !== 0n ? 'allowed' : 'trapped';

/** CNTx_CTL, CNTx_CVAL and CNTx_TVAL, the last a signed 32-bit distance from now (D11.2.4). */
const registersOf = (timer: Timer): readonly SystemRegister[] => {
  const { letter, control, compare, right } = timer;
  const user = granted(right, true);
  return [
    {
      name: `cnt${letter}_ctl_el0`,
      user,
      // ISTATUS is UNKNOWN while the timer is off: 0 here.
      read: (hart) => hart.get(control) | (hart.get(control) & ENABLE && met(hart, timer) ? ISTATUS : 0n),
      write(hart, value) {
        hart.set(control, value & (ENABLE | IMASK));
        changed(hart);
      },
    },
    {
      name: `cnt${letter}_cval_el0`,
      user,
      read: (hart) => hart.get(compare),
      write(hart, value) {
        hart.set(compare, value);
        changed(hart);
      },
    },
    {
      name: `cnt${letter}_tval_el0`,
      user,
      read: (hart) => BigInt.asUintN(32, hart.get(compare) - count(hart)),
      write(hart, value) {
        hart.set(compare, BigInt.asUintN(64, count(hart) + BigInt.asIntN(32, value)));
        changed(hart);
      },
    },
  ];
};

/** What CNTFRQ_EL0 holds at reset; firmware's word for software, which changes nothing else. */
export const FREQUENCY = BigInt(TICKS_PER_SECOND);

export const TIMER_REGISTERS: readonly SystemRegister[] = [
  plain('cntkctl_el1', CNTKCTL_MASK),
  // Writable at the highest exception level, which EL1 is.
  { ...plain('cntfrq_el0', 0xffff_ffffn), user: granted(EL0PCTEN | EL0VCTEN, false) },
  { name: 'cntpct_el0', read: count, user: granted(EL0PCTEN, false) },
  { name: 'cntvct_el0', read: count, user: granted(EL0VCTEN, false) },
  ...registersOf(PHYSICAL),
  ...registersOf(VIRTUAL),
];
