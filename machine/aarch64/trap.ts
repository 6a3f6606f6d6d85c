import { accessShape, type Privilege } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Syndrome } from '../trap.ts';
import { breakpointHit, breakpointsOn } from './breakpoint.ts';
import { EC, ecOf, esr, setsFar } from './causes.ts';
import { explain, TRAP_REGISTERS } from './explain.ts';
import { irqPending } from './gic.ts';
import { MMU } from './mmu.ts';
import { levelOfState, MASK, packState, writeFlags } from './pstate.ts';
import { DAIF, EL, EL0, EL1, PAN, PSTATE_IL, PSTATE_SS, SLOTS, SPSEL } from './registers.ts';
import { setLevel } from './state.ts';
import { advance, finishStep, stepEnded, stepPending, steppedOnReturn } from './step.ts';
import { SPAN } from './sysreg-control.ts';

const SCTLR = SLOTS.get('sctlr_el1');
const TCR = SLOTS.get('tcr_el1');
const VBAR = SLOTS.get('vbar_el1');
const ESR = SLOTS.get('esr_el1');
const FAR = SLOTS.get('far_el1');
const ELR = SLOTS.get('elr_el1');
const SPSR = SLOTS.get('spsr_el1');
const EVENT = SLOTS.get('event');

/** Offsets of the vectors by where the exception comes from, and that of an IRQ among them (Arm ARM D1.4.1). */
const FROM_EL0 = 0x400n;
const FROM_SP_EL0 = 0n;
const FROM_SP_EL1 = 0x200n;
const IRQ_VECTOR = 0x80;

export const privilege = (hart: Hart): Privilege => (hart.get32(EL) === EL0 ? 'user' : 'supervisor');

/** Takes the exception in `hart.trap` to EL1 (AArch64.TakeException). */
export function deliver(hart: Hart): void {
  const { cause, value, interrupt: irq } = hart.trap;
  let back = hart.pc;
  if (!irq) {
    const ec = ecOf(cause);
    hart.set(ESR, BigInt(cause));
    if (setsFar(ec)) hart.set(FAR, BigInt.asUintN(64, value));
    if (ec === EC.svc) {
      // The instruction is done: the preferred return address is the next one's, and a step is over.
      back = BigInt.asUintN(64, back + 4n);
      advance(hart);
    }
  }
  const vector =
    (hart.get32(EL) === EL0 ? FROM_EL0 : hart.get32(SPSEL) === 0 ? FROM_SP_EL0 : FROM_SP_EL1) +
    BigInt(irq ? IRQ_VECTOR : 0);
  hart.set(SPSR, packState(hart));
  hart.set(ELR, back);
  hart.set32(PSTATE_SS, 0);
  hart.set32(PSTATE_IL, 0);
  hart.set32(DAIF, MASK.D | MASK.A | MASK.I | MASK.F);
  if ((hart.get(SCTLR) & SPAN) === 0n) hart.set32(PAN, 1);
  stepEnded(hart);
  setLevel(hart, EL1, 1);
  hart.waiting = false;
  hart.pc = hart.get(VBAR) + vector;
}

const FETCH = accessShape('fetch', 4);

/**
 * Fills `hart.trap` with what must be taken before the next instruction: an IRQ, a software step, or, where a breakpoint
 * may match or PSTATE.IL is set, whatever comes first of fetching, breakpoint and illegal execution state (D1.3.5.5, "Synchronous exception
 * prioritization"). An interrupt and a step that are both due may be taken in either order: here the interrupt is first.
 */
export function interrupt(hart: Hart): boolean {
  finishStep(hart);
  if ((hart.get32(DAIF) & MASK.I) === 0 && irqPending(hart)) {
    hart.raise(IRQ_VECTOR, 0n);
    hart.trap.interrupt = true;
    return true;
  }
  if (stepPending(hart)) return true;
  const illegal = hart.get32(PSTATE_IL) === 1;
  const breakpoints = breakpointsOn(hart);
  if (!illegal && !breakpoints) return false;
  hart.attention = true;
  const { pc, bus } = hart;
  if ((pc & 3n) !== 0n && !MMU.misaligned(hart, pc, FETCH)) return true;
  if (!MMU.translate(hart, pc, FETCH)) return true;
  if (breakpoints && breakpointHit(hart)) return true;
  if (!illegal) return false;
  if (bus.ram.offset(hart.translated.pa, 4) < 0) MMU.busFault(hart, pc, FETCH);
  else hart.raise(esr(EC.illegalState), 0n);
  return true;
}

/** AArch64.BranchAddr for an address in a register: where TBI ignores the top byte, pc gets copies of bit 55. */
export function branchAddress(hart: Hart, address: bigint): bigint {
  const upper = (address >> 55n) & 1n;
  const ignored = ((hart.get(TCR) >> (37n + upper)) & 1n) === 1n;
  return ignored ? BigInt.asUintN(64, BigInt.asIntN(56, address)) : address;
}

/**
 * ERET at EL1 (AArch64.ExceptionReturn): PSTATE from SPSR_EL1. A return to what does not exist sets PSTATE.IL instead of
 * the exception level (D1.3.4). The pc is the caller's to set, from ELR_EL1.
 */
export function exceptionReturn(hart: Hart): void {
  const spsr = hart.get(SPSR);
  const level = levelOfState(spsr);
  const el = level?.el ?? hart.get32(EL);
  const ss = steppedOnReturn(hart, spsr, el);
  writeFlags(hart, spsr);
  hart.set32(PAN, Number((spsr >> 22n) & 1n));
  hart.set32(PSTATE_SS, ss);
  hart.set32(PSTATE_IL, level ? Number((spsr >> 20n) & 1n) : 1);
  hart.set32(DAIF, Number((spsr >> 6n) & 15n));
  setLevel(hart, el, level?.sp ?? hart.get32(SPSEL));
  // Another thread may go on here: its store-exclusive must not succeed by this one's load.
  hart.monitor.release(hart.id);
  hart.set32(EVENT, 1);
}

/** Fields that records tell; `explain` has them all. */
const TOLD = ['EC', 'FnV', 'CM', 'WnR', 'DFSC', 'IFSC', 'M', 'PAN'];

/** Registers that an interrupt sets; ESR_EL1 and FAR_EL1 still tell of an exception before it (AArch64.TakeException). */
const SET_BY_INTERRUPTS: readonly string[] = ['elr_el1', 'spsr_el1'];

/** The exception last taken to EL1, raw and in words. */
export function syndrome(hart: Hart, to: Privilege): Syndrome {
  if (to !== 'supervisor') throw new Error(`no exception is taken to ${to}`);
  const { interrupt } = hart.trap;
  const faultAddress = setsFar(ecOf(Number(hart.get(ESR))));
  const names = interrupt ? SET_BY_INTERRUPTS : TRAP_REGISTERS[0].filter((name) => name !== 'far_el1' || faultAddress);
  const { registers, summary } = explain(new Map(names.map((name) => [name, hart.get(SLOTS.get(name))])));
  return {
    registers: registers.map(({ name, value }) => ({ name, value })),
    fields: registers.flatMap(({ name: register, fields }) =>
      fields.filter(({ name }) => TOLD.includes(name)).map(({ name, text }) => ({ register, name, text })),
    ),
    summary: interrupt ? 'IRQ' : summary,
  };
}
