import type { Hart } from '../hart.ts';
import { MASK } from './pstate.ts';
import { DAIF, EL1, SLOTS } from './registers.ts';
import { setLevel } from './state.ts';
import { SCTLR_RESET } from './sysreg-control.ts';
import { FREQUENCY } from './timer.ts';

const SCTLR = SLOTS.get('sctlr_el1');
const CNTFRQ = SLOTS.get('cntfrq_el0');
const OS_LOCK = SLOTS.get('osLock');

/** EL1 with SP_EL1, everything masked, the MMU off, the OS lock locked (Arm ARM D1.4.4); all else is zero already. */
export function reset(hart: Hart): void {
  hart.set(SCTLR, SCTLR_RESET);
  hart.set(CNTFRQ, FREQUENCY);
  hart.set32(OS_LOCK, 1);
  hart.set32(DAIF, MASK.D | MASK.A | MASK.I | MASK.F);
  setLevel(hart, EL1, 1);
}

/** From here on a hart's state belongs to devices, which go on when it starts anew. */
const DEVICES = SLOTS.get('gic.distributor').offset;

/** Starts a hart that was off, from reset, at an address. */
export function startHart(hart: Hart, entry: bigint): void {
  new Uint8Array(hart.u64.buffer, hart.u64.byteOffset, DEVICES).fill(0);
  hart.tlb.invalidate(() => true);
  hart.monitor.release(hart.id);
  reset(hart);
  hart.pc = entry;
  hart.waiting = false;
}
