import { accessShape, type Hart } from '../../../machine/index.ts';
import { FIVE_LEVEL_LAYOUT, FOUR_LEVEL_LAYOUT } from './layout.ts';
import { CR4, IPI_VECTOR, SPURIOUS_VECTOR, TIMER_VECTOR } from './registers.ts';

// The local APIC of each hart, which answers at the same physical address on all (SDM vol. 3A, 11.4).

const BASE = 0xfee0_0000n;
const REGISTER = {
  endOfInterrupt: 0xb0n,
  spurious: 0xf0n,
  command: 0x300n,
  timer: 0x320n,
} as const;

const SOFTWARE_ENABLE = 1n << 8n;
/** The timer's mode: when the time-stamp counter reaches IA32_TSC_DEADLINE. */
const TSC_DEADLINE = 2n << 17n;
/** Interrupt command: edge, level asserted, to the sender itself. */
const TO_SELF = (1n << 14n) | (1n << 18n);
/** Counts of the time-stamp counter in a tick of the platform's timer. */
const TSC_PER_TICK = 10n;
/** No deadline. */
const NEVER = 0n;

/** The kernel's whatever the hart does: it acts for harts that run user code, too. */
const STORE = accessShape('store', 4, 'plain', { implicit: true });

function write(hart: Hart, register: bigint, value: bigint): void {
  const wide = (hart.isa.readSystem(hart, 'cr4') & CR4.LA57) !== 0n;
  const { directMap } = wide ? FIVE_LEVEL_LAYOUT : FOUR_LEVEL_LAYOUT;
  if (!hart.memory.storeAs(directMap + BASE + register, STORE, value)) throw new Error('no local APIC');
}

/** Turns the APIC on, its timer waiting for a deadline. */
export function enableApic(hart: Hart): void {
  write(hart, REGISTER.spurious, SOFTWARE_ENABLE | BigInt(SPURIOUS_VECTOR));
  write(hart, REGISTER.timer, TSC_DEADLINE | BigInt(TIMER_VECTOR));
  hart.isa.writeSystem(hart, 'tsc_deadline', NEVER);
}

/** The interrupt was taken; the kernel being closed to others, that may be said at once. */
export function endOfInterrupt(hart: Hart, vector: number): void {
  if (vector !== SPURIOUS_VECTOR) write(hart, REGISTER.endOfInterrupt, 0n);
}

/** Programs the next timer interrupt. A deadline that has passed comes at once, though 0 would be none. */
export function setTimer(hart: Hart, ticks: bigint | undefined): void {
  const deadline = ticks === undefined ? NEVER : ticks * TSC_PER_TICK;
  hart.isa.writeSystem(hart, 'tsc_deadline', ticks !== undefined && deadline === NEVER ? 1n : deadline);
}

/** What another hart's APIC would send, sent by its own. */
export const interrupt = (hart: Hart): void => write(hart, REGISTER.command, TO_SELF | BigInt(IPI_VECTOR));

/** Nothing is left to be done: the interrupt ended at the entry. */
export function acknowledge(_hart: Hart): void {}
