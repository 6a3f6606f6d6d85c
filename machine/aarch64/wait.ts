import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { EC, esr } from './causes.ts';
import { irqPending } from './gic.ts';
import { MASK } from './pstate.ts';
import { DAIF, EL, EL0, SLOTS } from './registers.ts';
import { NTWE, NTWI } from './sysreg-control.ts';
import { eventStream } from './timer.ts';

const SCTLR = SLOTS.get('sctlr_el1');
const EVENT = SLOTS.get('event');
const IN_WFE = SLOTS.get('inWfe');
const OFF = SLOTS.get('off');

/** ISS of a trapped WFI or WFE: CV 1, COND 0b1110, TI. */
const WFI_ISS = 0x1e0_0000;
const WFE_ISS = WFI_ISS | 1;

const unmaskedIrq = (hart: Hart): boolean => (hart.get32(DAIF) & MASK.I) === 0 && irqPending(hart);

const trapsAtEl0 = (hart: Hart, open: bigint): boolean => hart.get32(EL) === EL0 && (hart.get(SCTLR) & open) === 0n;

/** WFI (Arm ARM C6.2): with an interrupt pending it is done at once, and not trapped either. */
export const waitForInterrupt: Helper = (hart) => {
  if (irqPending(hart)) return true;
  if (trapsAtEl0(hart, NTWI)) return hart.raise(esr(EC.wfx, WFI_ISS), 0n);
  hart.set32(IN_WFE, 0);
  hart.waiting = true;
  return true;
};

/** WFE: an event that was there before is used up. The event stream is an event that is always about to come. */
export const waitForEvent: Helper = (hart) => {
  const lost = hart.monitor.lost.delete(hart.id);
  if (lost || hart.get32(EVENT) === 1) {
    hart.set32(EVENT, 0);
    return true;
  }
  if (trapsAtEl0(hart, NTWE)) return hart.raise(esr(EC.wfx, WFE_ISS), 0n);
  if (eventStream(hart) || unmaskedIrq(hart)) return true;
  hart.set32(IN_WFE, 1);
  hart.waiting = true;
  return true;
};

/** SEV: an event for every hart. */
export const sendEvent: Helper = (hart) => {
  for (const other of hart.peers) other.set32(EVENT, 1);
  return true;
};

/** SEVL: an event for this hart. */
export const sendEventLocal: Helper = (hart) => {
  hart.set32(EVENT, 1);
  return true;
};

/**
 * Whether a waiting hart goes on: WFI by a pending IRQ, masked or not; WFE by one that is not masked, by an event, or by
 * the loss of its exclusive monitor (D1.6.1, D1.6.2). One that is switched off does not.
 */
export function wakes(hart: Hart): boolean {
  if (hart.get32(OFF) === 1) return false;
  if (hart.get32(IN_WFE) === 0) return irqPending(hart);
  return hart.get32(EVENT) === 1 || hart.monitor.lost.has(hart.id) || unmaskedIrq(hart);
}
