import type { Privilege } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Slot } from '../ir/index.ts';
import type { Syndrome } from '../trap.ts';
import { INTERRUPT } from './causes.ts';
import { MEDELEG, MIDELEG, MIE, pendingInterrupts } from './csr-interrupts.ts';
import { asMpp, MSTATUS, previousMode, readStatus, STATUS, statusHas } from './csr-status.ts';
import { explain } from './explain.ts';
import { M_MODE, MODE, PC, S_MODE, SLOTS, U_MODE } from './registers.ts';

/** The registers of one mode's traps. */
interface TrapRegisters {
  readonly cause: Slot;
  readonly value: Slot;
  readonly pc: Slot;
  readonly vector: Slot;
}

const registers = (mode: 's' | 'm'): TrapRegisters => ({
  cause: SLOTS.get(`${mode}cause`),
  value: SLOTS.get(`${mode}tval`),
  pc: SLOTS.get(`${mode}epc`),
  vector: SLOTS.get(`${mode}tvec`),
});
const SUPERVISOR = registers('s');
const MACHINE = registers('m');

const INTERRUPT_BIT = 1n << 63n;

/** Simultaneous interrupts to one mode are taken in this order (Priv. spec 3.1.9). */
const PRIORITY = [
  INTERRUPT.machineExternal,
  INTERRUPT.machineSoftware,
  INTERRUPT.machineTimer,
  INTERRUPT.supervisorExternal,
  INTERRUPT.supervisorSoftware,
  INTERRUPT.supervisorTimer,
];

/** Delivers `hart.trap`, taken at the current pc (Priv. spec 3.1.6.1, 3.1.7, 3.1.8, 3.1.14 to 3.1.16). */
export function deliver(hart: Hart): void {
  const { trap } = hart;
  const mode = hart.get32(MODE);
  const delegated = (hart.get(trap.interrupt ? MIDELEG : MEDELEG) >> BigInt(trap.cause)) & 1n;
  // Traps never go from a more privileged mode to a less privileged one.
  const toSupervisor = mode !== M_MODE && delegated === 1n;
  const to = toSupervisor ? SUPERVISOR : MACHINE;
  hart.set(to.cause, BigInt(trap.cause) | (trap.interrupt ? INTERRUPT_BIT : 0n));
  hart.set(to.value, BigInt.asUintN(64, trap.value));
  hart.set(to.pc, hart.get(PC));

  const status = hart.get(MSTATUS);
  if (toSupervisor) {
    const { SIE, SPIE, SPP } = STATUS;
    const pie = (status & SIE) !== 0n ? SPIE : 0n;
    hart.set(MSTATUS, (status & ~(SIE | SPIE | SPP)) | pie | (mode === S_MODE ? SPP : 0n));
    hart.set32(MODE, S_MODE);
  } else {
    const { MIE: ENABLE, MPIE, MPP } = STATUS;
    const pie = (status & ENABLE) !== 0n ? MPIE : 0n;
    hart.set(MSTATUS, (status & ~(ENABLE | MPIE | MPP)) | pie | asMpp(mode));
    hart.set32(MODE, M_MODE);
  }

  const vector = hart.get(to.vector);
  const vectored = trap.interrupt && (vector & 1n) === 1n;
  hart.pc = (vector & ~3n) + (vectored ? BigInt(4 * trap.cause) : 0n);
  hart.waiting = false;
  hart.contextChanged();
}

/** Fills `hart.trap` with the interrupt that must be taken now; false where there is none (Priv. spec 3.1.9, 12.1.3). */
export function interrupt(hart: Hart): boolean {
  const ready = pendingInterrupts(hart) & hart.get(MIE);
  if (ready === 0n) return false;
  const mode = hart.get32(MODE);
  const delegated = hart.get(MIDELEG);
  // A mode's interrupts are enabled in all less privileged ones, whatever its own enable bit says.
  const machine = mode !== M_MODE || statusHas(hart, STATUS.MIE) ? ready & ~delegated : 0n;
  const supervisor = mode === U_MODE || (mode === S_MODE && statusHas(hart, STATUS.SIE)) ? ready & delegated : 0n;
  const candidates = machine !== 0n ? machine : supervisor;
  const taken = PRIORITY.find((number) => ((candidates >> BigInt(number)) & 1n) === 1n);
  if (taken === undefined) return false;
  hart.raise(taken, 0n);
  hart.trap.interrupt = true;
  return true;
}

/** Whether a hart in WFI goes on: an interrupt pending and enabled in mie, taken or not (Priv. spec 3.3.3). */
export function wakes(hart: Hart): boolean {
  return (pendingInterrupts(hart) & hart.get(MIE)) !== 0n;
}

/** SRET; false where it is illegal (Priv. spec 3.3.2, 3.1.6.6 for TSR). The pc is the caller's to set. */
export function supervisorReturn(hart: Hart): boolean {
  const mode = hart.get32(MODE);
  if (mode === U_MODE || (mode === S_MODE && statusHas(hart, STATUS.TSR))) return false;
  const { SIE, SPIE, SPP, MPRV } = STATUS;
  const status = hart.get(MSTATUS);
  const ie = (status & SPIE) !== 0n ? SIE : 0n;
  // Both modes that SPP can name are less privileged than M, so MPRV is cleared.
  hart.set(MSTATUS, (status & ~(SIE | SPP | MPRV)) | ie | SPIE);
  returnTo(hart, (status & SPP) !== 0n ? S_MODE : U_MODE);
  return true;
}

/** MRET; false where it is illegal. The pc is the caller's to set. */
export function machineReturn(hart: Hart): boolean {
  if (hart.get32(MODE) !== M_MODE) return false;
  const { MIE: ENABLE, MPIE, MPP, MPRV } = STATUS;
  const to = previousMode(hart);
  const status = hart.get(MSTATUS);
  const ie = (status & MPIE) !== 0n ? ENABLE : 0n;
  hart.set(MSTATUS, (status & ~(ENABLE | MPP | (to === M_MODE ? 0n : MPRV))) | ie | MPIE);
  returnTo(hart, to);
  return true;
}

function returnTo(hart: Hart, mode: number): void {
  hart.set32(MODE, mode);
  // Another thread may go on here, and its SC must not succeed by this one's LR; the manual allows any loss of this kind.
  hart.monitor.release(hart.id);
  hart.attention = true;
  hart.contextChanged();
}

const MODE_NAMES: Readonly<Record<number, Privilege>> = { 0: 'user', 1: 'supervisor', 3: 'machine' };

/** The hart's privilege now. */
export const privilege = (hart: Hart): Privilege => MODE_NAMES[hart.get32(MODE)];

/** Status fields that bear on an access, in the order in which records tell them. */
const TOLD = { s: ['SPP', 'SUM', 'MXR'], m: ['MPP', 'MPRV', 'SUM', 'MXR'] } as const;

/** The trap last delivered to `to`, raw and in words; U-mode takes no traps. */
export function syndrome(hart: Hart, to: Privilege): Syndrome {
  if (to === 'user') throw new Error('no trap is delivered to user mode');
  const letter = to === 'machine' ? 'm' : 's';
  const from = to === 'machine' ? MACHINE : SUPERVISOR;
  const cause = hart.get(from.cause);
  const { registers, summary } = explain(
    new Map([
      [`${letter}cause`, cause],
      [`${letter}tval`, hart.get(from.value)],
      [`${letter}epc`, hart.get(from.pc)],
      [`${letter}status`, readStatus(hart, letter)],
    ]),
  );
  const { name: register, fields } = registers[registers.length - 1];
  return {
    registers: registers.map(({ name, value }) => ({ name, value })),
    fields: TOLD[letter].flatMap((name) =>
      fields.filter((field) => field.name === name).map(({ text }) => ({ register, name, text })),
    ),
    summary,
    ...(cause >> 63n === 0n ? { code: Number(cause) } : {}),
  };
}
