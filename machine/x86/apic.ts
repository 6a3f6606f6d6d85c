// The local APICs in the machine: their page, the interrupts that harts send each other, and their MSRs.
import type { Hart } from '../hart.ts';
import type { PlatformServices } from '../isa.ts';
import type { Bus } from '../memory/bus.ts';
import type { Device, Saved } from '../memory/device.ts';
import { TIMER_MODE } from './apic-timer.ts';
import { PHYSICAL_BITS } from './cpuid.ts';
import { ERROR, LocalApic, REGISTER } from './local-apic.ts';
import { FLAGS, SLOTS } from './registers.ts';
import { unsupported } from './services.ts';

/** RFLAGS.IF, in the slot `flags`. */
const IF = 1 << 9;

/** Where every hart sees its own local APIC. */
export const APIC_PAGE = 0xfee0_0000n;
export const APIC_SIZE = 0x1000;

/** IA32_APIC_BASE: this is the bootstrap processor; the APIC is on (SDM vol. 3A, 11.4.4). */
const BOOTSTRAP = 1n << 8n;
const ENABLED = 1n << 11n;
const APIC_BASE = SLOTS.get('apic_base');
const TPR_CLASS = SLOTS.get('cr8');

/** What the register holds at reset. */
export const apicBaseAtReset = (hart: Hart): bigint => APIC_PAGE | ENABLED | (hart.id === 0 ? BOOTSTRAP : 0n);

/** Delivery modes of the interrupt command register (11.6.1). */
const DELIVERY = { fixed: 0, lowest: 1, init: 5, startUp: 6 } as const;
const LOGICAL = 1 << 11;
/** Level 0 with trigger mode 1: INIT's de-assert, which means nothing any more. */
const LEVEL = 1 << 14;
const LEVEL_TRIGGERED = 1 << 15;

type Services = Pick<PlatformServices, 'harts' | 'changed' | 'bus'>;

/** The local APICs of each machine, by its bus. */
const machines = new WeakMap<Bus, Apics>();
const apicOf = (hart: Hart): LocalApic | undefined => machines.get(hart.bus)?.of(hart);
const isOn = (hart: Hart): boolean => (hart.get(APIC_BASE) & ENABLED) !== 0n;

/** One page, in which each hart sees its own local APIC. Registers have 32 bits and lie 16 bytes apart. */
export class Apics implements Device {
  readonly name = 'local-apic';
  private readonly services: Services;
  private readonly apics: readonly LocalApic[];

  constructor(services: Services) {
    this.services = services;
    this.apics = services.harts.map((hart) => new LocalApic(hart));
    machines.set(services.bus, this);
  }

  of(hart: Hart): LocalApic {
    return this.apics[hart.id];
  }

  /** Other accesses than of an aligned 32-bit word are undefined (11.4.1): they read 0 here, and write nothing. */
  read(offset: number, size: number, id: number): bigint {
    const apic = this.apics[Math.max(id, 0)];
    if (!isOn(apic.hart)) return (1n << BigInt(8 * size)) - 1n;
    if (size !== 4 || (offset & 15) !== 0) return 0n;
    return BigInt(apic.read(offset) >>> 0);
  }

  write(offset: number, size: number, value: bigint, id: number): boolean {
    const apic = this.apics[Math.max(id, 0)];
    if (!isOn(apic.hart) || size !== 4 || (offset & 15) !== 0) return true;
    const word = Number(BigInt.asIntN(32, value));
    apic.write(offset, word);
    if (offset === REGISTER.commandLow) this.send(apic, word);
    this.services.changed();
    return true;
  }

  /** Writing the low half of the interrupt command register sends an interrupt (11.6.1). */
  private send(from: LocalApic, command: number): void {
    const vector = command & 0xff;
    const mode = (command >> 8) & 7;
    const harts = this.receivers(from, command);
    switch (mode) {
      case DELIVERY.fixed:
      case DELIVERY.lowest:
        if (vector < 16) from.fail(ERROR.sendIllegal);
        else if (mode === DELIVERY.fixed) for (const to of harts) to.accept(vector);
        else lowestPriority(harts)?.accept(vector);
        return;
      case DELIVERY.init:
        if ((command & (LEVEL | LEVEL_TRIGGERED)) === LEVEL_TRIGGERED) return;
        // Harts that wait to be started wait on.
        if (harts.some(({ hart }) => !isParked(hart))) unsupported(from.hart, 'INIT of a hart that runs');
        return;
      case DELIVERY.startUp:
        // A hart that runs ignores it; the others would begin in real-address mode.
        if (harts.some(({ hart }) => isParked(hart))) {
          unsupported(from.hart, 'starting another hart, which begins in real-address mode');
        }
        return;
      default:
        unsupported(from.hart, `interrupt command of delivery mode ${mode}`);
    }
  }

  private receivers(from: LocalApic, command: number): readonly LocalApic[] {
    switch ((command >> 18) & 3) {
      case 1:
        return [from];
      case 2:
        return this.apics;
      case 3:
        return this.apics.filter((apic) => apic !== from);
      default: {
        const destination = from.word(REGISTER.commandHigh) >>> 24;
        return this.apics.filter((apic) => apic.isDestination(destination, (command & LOGICAL) !== 0));
      }
    }
  }

  reset(): void {
    for (const apic of this.apics) apic.reset();
  }

  save(): Saved {
    return this.apics.map((apic) => apic.save());
  }

  restore(saved: Saved): void {
    (saved as readonly Saved[]).forEach((state, i) => {
      this.apics[i].restore(state);
    });
  }
}

/** Harts but the first that have not begun an instruction wait for a start-up interrupt. */
const isParked = (hart: Hart): boolean => hart.waiting && hart.instructions === 0;

const lowestPriority = (apics: readonly LocalApic[]): LocalApic | undefined =>
  apics.reduce<LocalApic | undefined>(
    (best, apic) => (best === undefined || apic.taskPriority < best.taskPriority ? apic : best),
    undefined,
  );

/** The interrupt that the hart's local APIC has for it, whatever RFLAGS.IF says: its vector, or -1. */
export const apicPending = (hart: Hart): number => (isOn(hart) ? (apicOf(hart)?.pending() ?? -1) : -1);

/** The hart takes that interrupt, which is in service from now on. */
export function apicAcknowledge(hart: Hart, vector: number): void {
  apicOf(hart)?.acknowledge(vector);
}

/** The time of the next interrupt of the hart's timer after now. */
export function nextTimer(hart: Hart): bigint | undefined {
  // Nothing wakes a hart in HLT that takes no interrupts: no time need pass for it.
  if (hart.waiting && (hart.get32(FLAGS) & IF) === 0) return undefined;
  return isOn(hart) ? apicOf(hart)?.nextTimer(hart.waiting) : undefined;
}

/** CR8: the upper half of the task priority (SDM vol. 3A, 11.8.6). */
export const readTaskPriority = (hart: Hart): bigint => hart.get(TPR_CLASS);

export function writeTaskPriority(hart: Hart, value: bigint): void {
  const apic = apicOf(hart);
  if (apic) apic.taskPriority = Number(value) << 4;
  else hart.set(TPR_CLASS, value);
  hart.attention = true;
}

/** IA32_TSC_DEADLINE, which reads as 0 in other modes of the timer (11.5.4.1). */
export const readDeadline = (hart: Hart): bigint => {
  const timer = apicOf(hart)?.timer;
  return timer?.mode === TIMER_MODE.deadline ? timer.deadline : 0n;
};

/** In other modes it cannot be written: the write is ignored. */
export function writeDeadline(hart: Hart, value: bigint): boolean {
  const timer = apicOf(hart)?.timer;
  if (timer?.mode !== TIMER_MODE.deadline) return true;
  timer.deadline = value;
  changed(hart);
  return true;
}

export const readApicBase = (hart: Hart): bigint => hart.get(APIC_BASE);

/** IA32_APIC_BASE: no x2APIC, no address but the usual one. An APIC that is switched off starts anew (11.4.3). */
export function writeApicBase(hart: Hart, value: bigint): boolean {
  const page = ((1n << BigInt(PHYSICAL_BITS)) - 1n) & ~0xfffn;
  if ((value & ~(page | ENABLED | BOOTSTRAP)) !== 0n) return false;
  if ((value & page) !== APIC_PAGE) {
    unsupported(hart, `local APIC at ${(value & page).toString(16)}`);
    return true;
  }
  if ((value & ENABLED) === 0n) apicOf(hart)?.reset();
  hart.set(APIC_BASE, value);
  changed(hart);
  return true;
}

/** A timer has changed: its interrupt may be there, or come at another time. */
function changed(hart: Hart): void {
  hart.attention = true;
  hart.leave = true;
}
