import type { Hart } from '../hart.ts';
import type { PlatformServices } from '../isa.ts';
import type { Device } from '../memory/device.ts';
import { SLOTS } from './registers.ts';
import { physicalTimer, virtualTimer } from './timer.ts';

const DISTRIBUTOR = SLOTS.get('gic.distributor');
const CONTROL = SLOTS.get('gic.control');
const PRIORITY_MASK = SLOTS.get('gic.mask');
const POINT = SLOTS.get('gic.point');
const ENABLED = SLOTS.get('gic.enabled');
const PENDING = SLOTS.get('gic.pending');
const ACTIVE = SLOTS.get('gic.active');
const DROPPED = SLOTS.get('gic.dropped');
/** Offsets of the first bytes, in the hart's state block. */
const PRIORITIES = SLOTS.get('gic.priority0').offset;
const SENDERS = SLOTS.get('gic.senders0').offset;

/** Interrupts 0 to 15 are sent by software, 16 to 31 come from the hart itself; there are no shared ones. */
const INTERRUPTS = 32;
const SOFTWARE = 0xffff;
const VIRTUAL_TIMER = 27;
const PHYSICAL_TIMER = 30;
/** The legacy IRQ input (GICv2 2.3.1). */
const LEGACY_IRQ = 31;
const SPURIOUS = 1023;
/** The running priority while nothing is active. */
const IDLE = 0xff;

/** GICC_CTLR: interrupts are signalled; GICC_EOIR does not deactivate. */
const ENABLE = 1;
const EOI_MODE = 1 << 9;

/** The hart's interrupt lines: IRQ, driven from outside. */
const IRQ_LINE = 0;

const bytesOf = (hart: Hart): Uint8Array => new Uint8Array(hart.u64.buffer, hart.u64.byteOffset, SLOTS.size);
const lineIsUp = (hart: Hart): boolean => (hart.lines & (1 << IRQ_LINE)) !== 0;

/** Interrupts pending, a bit each: sent, set by software, or with their level up. */
function pending(hart: Hart): number {
  let bits = hart.get32(PENDING);
  const bytes = bytesOf(hart);
  for (let id = 0; id < 16; id++) if (bytes[SENDERS + id] !== 0) bits |= 1 << id;
  if (virtualTimer(hart)) bits |= 1 << VIRTUAL_TIMER;
  if (physicalTimer(hart)) bits |= 1 << PHYSICAL_TIMER;
  if (lineIsUp(hart)) bits |= 1 << LEGACY_IRQ;
  return bits;
}

/** The first interrupt of highest priority, the lowest number, among those given; and that priority. */
function highest(hart: Hart, interrupts: number): { readonly id: number; readonly priority: number } {
  const bytes = bytesOf(hart);
  let id = SPURIOUS;
  let priority = IDLE + 1;
  for (let i = 0; i < INTERRUPTS; i++) {
    if (((interrupts >>> i) & 1) === 0 || bytes[PRIORITIES + i] >= priority) continue;
    id = i;
    priority = bytes[PRIORITIES + i];
  }
  return { id, priority };
}

const runningPriority = (hart: Hart): number =>
  Math.min(IDLE, highest(hart, hart.get32(ACTIVE) & ~hart.get32(DROPPED)).priority);

/** The highest pending interrupt that the priority mask lets through, or 1023. */
function highestPending(hart: Hart): { readonly id: number; readonly priority: number } {
  const enabled = hart.get32(ENABLED) | SOFTWARE;
  const open = hart.get32(DISTRIBUTOR) === 1 ? pending(hart) & enabled & ~hart.get32(ACTIVE) : 0;
  const found = highest(hart, open);
  return found.priority < hart.get32(PRIORITY_MASK) ? found : { id: SPURIOUS, priority: IDLE };
}

/** The group priority of a priority: what decides on preemption (GICv2 3.3.3). */
const group = (hart: Hart, priority: number): number => priority >> (hart.get32(POINT) + 1);

/** The interrupt that is signalled to the hart, or 1023: one that preempts what is active. */
function signalled(hart: Hart): number {
  const { id, priority } = highestPending(hart);
  return id !== SPURIOUS && group(hart, priority) < group(hart, runningPriority(hart)) ? id : SPURIOUS;
}

/**
 * Whether an IRQ is pending at the hart, masked or not. While the CPU interface is off the interrupt lines pass it by
 * (GICv2 2.3.1, "Interrupt signal bypass"): timers and line reach software that knows of no controller.
 */
export function irqPending(hart: Hart): boolean {
  if ((hart.get32(CONTROL) & ENABLE) === 0) return lineIsUp(hart) || virtualTimer(hart) || physicalTimer(hart);
  return signalled(hart) !== SPURIOUS;
}

/** GICC_IAR: takes the interrupt that is signalled. */
function acknowledge(hart: Hart): number {
  const id = (hart.get32(CONTROL) & ENABLE) === 0 ? SPURIOUS : signalled(hart);
  if (id === SPURIOUS) return SPURIOUS;
  hart.set32(ACTIVE, hart.get32(ACTIVE) | (1 << id));
  hart.set32(PENDING, hart.get32(PENDING) & ~(1 << id));
  if (id >= 16) return id;
  const bytes = bytesOf(hart);
  const sender = 31 - Math.clz32(bytes[SENDERS + id] & -bytes[SENDERS + id]);
  bytes[SENDERS + id] &= ~(1 << sender);
  return id | (sender << 10);
}

/** What a device must be given: harts, and word that an interrupt may have come or gone. */
type Services = Pick<PlatformServices, 'harts' | 'changed'>;

/** Ends interrupts: active no more. */
function deactivate(hart: Hart, interrupts: number): void {
  hart.set32(ACTIVE, hart.get32(ACTIVE) & ~interrupts);
  hart.set32(DROPPED, hart.get32(DROPPED) & ~interrupts);
}

/** The bit of an interrupt that GICC_EOIR or GICC_DIR names, none where there is no such interrupt. */
const bitOf = (value: number): number => ((value & 0x3ff) < INTERRUPTS ? 1 << (value & 0x3ff) : 0);

/** Registers of a hart by offset, words of 32 bits; those that may be accessed by the byte are apart. */
abstract class Registers implements Device {
  abstract readonly name: string;
  protected readonly services: Services;

  constructor(services: Services) {
    this.services = services;
  }

  protected abstract readWord(hart: Hart, offset: number): number;
  protected abstract writeWord(hart: Hart, offset: number, value: number): void;
  /** Whether what lies at an offset is one register a byte, which may be accessed alone. */
  protected abstract isOfBytes(offset: number): boolean;
  protected abstract readByte(hart: Hart, offset: number): number;
  protected abstract writeByte(hart: Hart, offset: number, value: number): void;

  read(offset: number, size: number, id: number): bigint | undefined {
    const hart = this.services.harts[Math.max(id, 0)];
    const bytes = this.isOfBytes(offset);
    if (size === 8 || (!bytes && size !== 4)) return undefined;
    if (!bytes) return BigInt(this.readWord(hart, offset) >>> 0);
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.readByte(hart, offset + i));
    return value;
  }

  write(offset: number, size: number, value: bigint, id: number): boolean {
    const hart = this.services.harts[Math.max(id, 0)];
    const bytes = this.isOfBytes(offset);
    if (size === 8 || (!bytes && size !== 4)) return false;
    if (!bytes) this.writeWord(hart, offset, Number(BigInt.asIntN(32, value)));
    else for (let i = 0; i < size; i++) this.writeByte(hart, offset + i, Number((value >> BigInt(8 * i)) & 0xffn));
    this.services.changed();
    return true;
  }

  /** The harts, which are reset and saved themselves, hold everything. */
  reset(): void {}

  save(): null {
    return null;
  }

  restore(): void {}
}

/** The distributor (GICv2 4.3), without shared interrupts and groups. */
export class GicDistributor extends Registers {
  readonly name = 'gic-distributor';

  /** GICD_IPRIORITYR, GICD_ITARGETSR; GICD_CPENDSGIR, GICD_SPENDSGIR (4.3.11, 4.3.12, 4.3.16, 4.3.17). */
  protected isOfBytes(offset: number): boolean {
    return (offset >= 0x400 && offset < 0xc00) || (offset >= 0xf10 && offset < 0xf30);
  }

  protected readByte(hart: Hart, offset: number): number {
    if (offset >= 0xf10) return bytesOf(hart)[SENDERS + (offset & 15)];
    if (offset < 0x400 + INTERRUPTS) return bytesOf(hart)[PRIORITIES + offset - 0x400];
    // GICD_ITARGETSR0 to 7 name the hart that asks; where it is the only one they read as zero (4.3.12).
    const targets = offset >= 0x800 && offset < 0x800 + INTERRUPTS && this.services.harts.length > 1;
    return targets ? 1 << hart.id : 0;
  }

  protected writeByte(hart: Hart, offset: number, value: number): void {
    const bytes = bytesOf(hart);
    if (offset < 0x400 + INTERRUPTS) bytes[PRIORITIES + offset - 0x400] = value;
    else if (offset >= 0xf20) bytes[SENDERS + (offset & 15)] |= value & ((1 << this.services.harts.length) - 1);
    else if (offset >= 0xf10) bytes[SENDERS + (offset & 15)] &= ~value;
  }

  protected readWord(hart: Hart, offset: number): number {
    switch (offset) {
      case 0x000: // GICD_CTLR
        return hart.get32(DISTRIBUTOR);
      case 0x004: // GICD_TYPER
        return (this.services.harts.length - 1) << 5;
      case 0x100: // GICD_ISENABLER0, GICD_ICENABLER0
      case 0x180:
        return hart.get32(ENABLED) | SOFTWARE;
      case 0x200: // GICD_ISPENDR0, GICD_ICPENDR0
      case 0x280:
        return pending(hart);
      case 0x300: // GICD_ISACTIVER0, GICD_ICACTIVER0
      case 0x380:
        return hart.get32(ACTIVE);
      case 0xc00: // GICD_ICFGR0: software-generated interrupts are edges
        return 0xaaaa_aaaa;
      case 0xfe8: // ICPIDR2: architecture 2
        return 0x2b;
      default:
        return 0;
    }
  }

  protected writeWord(hart: Hart, offset: number, value: number): void {
    switch (offset) {
      case 0x000:
        for (const each of this.services.harts) each.set32(DISTRIBUTOR, value & 1);
        break;
      case 0x100:
        hart.set32(ENABLED, hart.get32(ENABLED) | (value & ~SOFTWARE));
        break;
      case 0x180:
        hart.set32(ENABLED, hart.get32(ENABLED) & ~value);
        break;
      case 0x200:
        hart.set32(PENDING, hart.get32(PENDING) | (value & ~SOFTWARE));
        break;
      case 0x280:
        hart.set32(PENDING, hart.get32(PENDING) & ~value);
        break;
      case 0x300:
        hart.set32(ACTIVE, hart.get32(ACTIVE) | value);
        break;
      case 0x380:
        deactivate(hart, value);
        break;
      case 0xf00:
        this.send(hart, value);
        break;
    }
  }

  /** GICD_SGIR: to the harts of a list, to all others, or to the sender. */
  private send(hart: Hart, value: number): void {
    const filter = (value >> 24) & 3;
    for (const target of this.services.harts) {
      const listed = ((value >> (16 + target.id)) & 1) === 1;
      if (filter === 0 ? listed : filter === 1 ? target !== hart : filter === 2 && target === hart) {
        bytesOf(target)[SENDERS + (value & 15)] |= 1 << hart.id;
      }
    }
  }
}

/** The CPU interface (GICv2 4.4), with one group. */
export class GicCpuInterface extends Registers {
  readonly name = 'gic-cpu-interface';

  protected isOfBytes(): boolean {
    return false;
  }

  protected readByte(): number {
    return 0;
  }

  protected writeByte(): void {}

  protected readWord(hart: Hart, offset: number): number {
    switch (offset) {
      case 0x00: // GICC_CTLR
        return hart.get32(CONTROL);
      case 0x04: // GICC_PMR
        return hart.get32(PRIORITY_MASK);
      case 0x08: // GICC_BPR
        return hart.get32(POINT);
      case 0x0c: {
        const taken = acknowledge(hart);
        this.services.changed();
        return taken;
      }
      case 0x14: // GICC_RPR
        return runningPriority(hart);
      case 0x18: // GICC_HPPIR
        return highestPending(hart).id;
      case 0xfc: // GICC_IIDR: architecture 2, Arm
        return 0x0002_043b;
      default:
        return 0;
    }
  }

  protected writeWord(hart: Hart, offset: number, value: number): void {
    switch (offset) {
      case 0x00:
        hart.set32(CONTROL, value & (ENABLE | EOI_MODE));
        break;
      case 0x04:
        hart.set32(PRIORITY_MASK, value & 0xff);
        break;
      case 0x08:
        hart.set32(POINT, value & 7);
        break;
      case 0x10: // GICC_EOIR: with EOImode the priority is dropped and GICC_DIR ends the interrupt (3.2.1)
        if (hart.get32(CONTROL) & EOI_MODE)
          hart.set32(DROPPED, hart.get32(DROPPED) | (bitOf(value) & hart.get32(ACTIVE)));
        else deactivate(hart, bitOf(value));
        break;
      case 0x1000: // GICC_DIR
        if (hart.get32(CONTROL) & EOI_MODE) deactivate(hart, bitOf(value));
        break;
    }
  }
}
