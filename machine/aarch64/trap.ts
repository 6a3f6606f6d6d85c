import type { Privilege } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Syndrome } from '../trap.ts';
import { explain, TRAP_REGISTERS } from './explain.ts';
import { EL, EL0, EL1, SLOTS, SPSEL } from './registers.ts';
import { setLevel } from './state.ts';

const VBAR = SLOTS.get('vbar_el1');
const ESR = SLOTS.get('esr_el1');
const FAR = SLOTS.get('far_el1');
const ELR = SLOTS.get('elr_el1');

export const privilege = (hart: Hart): Privilege => (hart.get32(EL) === EL0 ? 'user' : 'supervisor');

/** Takes the exception in `hart.trap` to EL1. */
export function deliver(hart: Hart): void {
  const { cause, value, interrupt: irq } = hart.trap;
  hart.set(ELR, hart.pc);
  if (!irq) hart.set(ESR, BigInt(cause));
  if (!irq) hart.set(FAR, value);
  const from = hart.get32(EL) === EL0 ? 0x400n : hart.get32(SPSEL) === 0 ? 0n : 0x200n;
  setLevel(hart, EL1, 1);
  hart.pc = hart.get(VBAR) + from + (irq ? 0x80n : 0n);
}

export const interrupt = (_hart: Hart): boolean => false;
export const wakes = (_hart: Hart): boolean => false;

/** Fields that records tell; `explain` has them all. */
const TOLD = ['EC', 'FnV', 'CM', 'WnR', 'DFSC', 'IFSC', 'M', 'PAN'];

/** The exception last taken to EL1, raw and in words. */
export function syndrome(hart: Hart, to: Privilege): Syndrome {
  if (to !== 'supervisor') throw new Error(`no exception is taken to ${to}`);
  const [names] = TRAP_REGISTERS;
  const { registers, summary } = explain(new Map(names.map((name) => [name, hart.get(SLOTS.get(name))])));
  return {
    registers: registers.map(({ name, value }) => ({ name, value })),
    fields: registers
      .flatMap(({ fields }) => fields)
      .filter(({ name }) => TOLD.includes(name))
      .map(({ name, text }) => ({ name, text })),
    summary,
  };
}
