import type { Hart } from '../hart.ts';
import { EL, EL0, EL1, FP_TRAP, SLOTS, SP, SP_ALIGNMENT, SPSEL } from './registers.ts';

const SCTLR = SLOTS.get('sctlr_el1');
const CPACR = SLOTS.get('cpacr_el1');
const SP_EL0 = SLOTS.get('sp_el0');
const SP_EL1 = SLOTS.get('sp_el1');

/** SCTLR_EL1: SP alignment checks at EL1 and at EL0 (Arm ARM D17.2.118). */
const SA = 1n << 3n;
const SA0 = 1n << 4n;

/** Which bank `sp` belongs to now: SP_EL0 at EL0, and at EL1 while PSTATE.SP is 0. */
const bank = (hart: Hart) => (hart.get32(EL) === EL0 || hart.get32(SPSEL) === 0 ? SP_EL0 : SP_EL1);

/** Goes to an exception level and stack-pointer selection: `sp` changes banks. */
export function setLevel(hart: Hart, el: number, spsel: number): void {
  hart.set(bank(hart), hart.get(SP));
  hart.set32(EL, el);
  hart.set32(SPSEL, spsel);
  hart.set(SP, hart.get(bank(hart)));
  stateChanged(hart);
}

/** The two stack pointers, whichever is selected. */
export function readBank(hart: Hart, level: 0 | 1): bigint {
  const slot = level === 0 ? SP_EL0 : SP_EL1;
  return hart.get(bank(hart) === slot ? SP : slot);
}

export function writeBank(hart: Hart, level: 0 | 1, value: bigint): void {
  const slot = level === 0 ? SP_EL0 : SP_EL1;
  hart.set(slot, value);
  if (bank(hart) === slot) hart.set(SP, value);
}

/** To be called whenever the exception level, SPSel, SCTLR_EL1 or CPACR_EL1 changes: works out what follows from them. */
export function stateChanged(hart: Hart): void {
  const el = hart.get32(EL);
  hart.set(SP_ALIGNMENT, (hart.get(SCTLR) & (el === EL1 ? SA : SA0)) !== 0n ? 15n : 0n);
  // FPEN: 0b11 traps nothing, 0b01 EL0 alone, the others both (D17.2.33).
  const fpen = Number((hart.get(CPACR) >> 20n) & 3n);
  hart.set32(FP_TRAP, fpen === 3 || (fpen === 1 && el === EL1) ? 0 : 1);
  hart.attention = true;
  hart.contextChanged();
}
