import type { Hart } from '../hart.ts';
import { C, DAIF, EL, EL0, N, OVERFLOW, PAN, PSTATE_IL, PSTATE_SS, SPSEL, Z } from './registers.ts';
import { setLevel } from './state.ts';

/** What of SPSR_EL1 exists: NZCV, PAN, SS, IL, DAIF and M (Arm ARM C5.2, "SPSR_EL1"). */
export const SPSR_MASK = 0xf070_03dfn;

/** PSTATE.DAIF as the slot holds it. */
export const MASK = { D: 8, A: 4, I: 2, F: 1 } as const;

/** NZCV as the register of that name has it. */
export const readFlags = (hart: Hart): bigint =>
  BigInt(((hart.get32(N) << 31) | (hart.get32(Z) << 30) | (hart.get32(C) << 29) | (hart.get32(OVERFLOW) << 28)) >>> 0);

export function writeFlags(hart: Hart, value: bigint): void {
  const bits = Number((value >> 28n) & 0xfn);
  hart.set32(N, bits >> 3);
  hart.set32(Z, (bits >> 2) & 1);
  hart.set32(C, (bits >> 1) & 1);
  hart.set32(OVERFLOW, bits & 1);
}

/** SPSR's M for the exception level and stack pointer now. */
const mode = (hart: Hart): number => (hart.get32(EL) === EL0 ? 0 : 4 + hart.get32(SPSEL));

/** PSTATE as SPSR_EL1 holds it (GetPSRFromPSTATE). */
export function packState(hart: Hart): bigint {
  const rest =
    (hart.get32(PAN) << 22) | (hart.get32(PSTATE_SS) << 21) | (hart.get32(PSTATE_IL) << 20) | (hart.get32(DAIF) << 6);
  return readFlags(hart) | BigInt(rest | mode(hart));
}

/** The exception level that SPSR's M names, and its stack pointer; `undefined` where there is none (ELFromSPSR). */
export function levelOfState(spsr: bigint): { readonly el: number; readonly sp: number } | undefined {
  const M = Number(spsr & 0x1fn);
  return M === 0 ? { el: 0, sp: 0 } : M === 4 || M === 5 ? { el: 1, sp: M & 1 } : undefined;
}

/** Sets PSTATE from such a value, whose M must name a level. */
export function unpackState(hart: Hart, value: bigint): void {
  const level = levelOfState(value);
  if (!level) throw new Error(`no exception level in PSTATE ${value.toString(16)}`);
  writeFlags(hart, value);
  hart.set32(PAN, Number((value >> 22n) & 1n));
  hart.set32(PSTATE_SS, Number((value >> 21n) & 1n));
  hart.set32(PSTATE_IL, Number((value >> 20n) & 1n));
  hart.set32(DAIF, Number((value >> 6n) & 15n));
  setLevel(hart, level.el, level.sp);
}
