import type { Hart } from '../hart.ts';
import type { Saved } from '../memory/device.ts';
import { ApicTimer, TIMER_MODE } from './apic-timer.ts';
import { SLOTS } from './registers.ts';

/** Registers by offset (SDM vol. 3A, table 11-1). */
export const REGISTER = {
  id: 0x20,
  version: 0x30,
  taskPriority: 0x80,
  arbitrationPriority: 0x90,
  processorPriority: 0xa0,
  endOfInterrupt: 0xb0,
  logicalDestination: 0xd0,
  destinationFormat: 0xe0,
  spurious: 0xf0,
  inService: 0x100,
  triggerMode: 0x180,
  request: 0x200,
  errorStatus: 0x280,
  commandLow: 0x300,
  commandHigh: 0x310,
  timer: 0x320,
  thermal: 0x330,
  performance: 0x340,
  lint0: 0x350,
  lint1: 0x360,
  error: 0x370,
  initialCount: 0x380,
  currentCount: 0x390,
  divide: 0x3e0,
} as const;

/** Version 14H with six LVT entries. */
const VERSION = 0x5_0014;
/** LVT entries: the vector, what of the mode can be written, and the mask, which is all that is set at reset. */
const MASKED = 1 << 16;
const LVT: ReadonlyMap<number, number> = new Map<number, number>([
  [REGISTER.timer, 0x7_00ff],
  [REGISTER.thermal, 0x1_07ff],
  [REGISTER.performance, 0x1_07ff],
  [REGISTER.lint0, 0x1_a7ff],
  [REGISTER.lint1, 0x1_a7ff],
  [REGISTER.error, 0x1_00ff],
]);
/** The spurious-interrupt vector register: vector, software enable, focus checking. */
const SPURIOUS_BITS = 0x3ff;
const SOFTWARE_ENABLED = 1 << 8;
/** The error status register. */
export const ERROR = { sendIllegal: 1 << 5, receivedIllegal: 1 << 6, illegalRegister: 1 << 7 } as const;
/** Vectors below it are the processor's own: no interrupt may have one. */
const FIRST_VECTOR = 16;

const TPR_CLASS = SLOTS.get('cr8');

/** Bits 255:0, a vector each, in eight words. */
type Vectors = Int32Array;
/** None of them. */
const NO_VECTORS: Vectors = new Int32Array(8);
const add = (set: Vectors, vector: number): void => {
  set[vector >> 5] |= 1 << (vector & 31);
};
const drop = (set: Vectors, vector: number): void => {
  set[vector >> 5] &= ~(1 << (vector & 31));
};
/** The highest vector in a set, or -1. */
const highest = (set: Vectors): number => {
  for (let word = 7; word >= 0; word--) if (set[word] !== 0) return 32 * word + 31 - Math.clz32(set[word]);
  return -1;
};

/** The local APIC of one hart (SDM vol. 3A, chapter 11): what it holds, and which interrupt it has for its hart. */
export class LocalApic {
  readonly hart: Hart;
  readonly timer: ApicTimer;
  /** Registers that hold what was written, by offset. */
  private readonly words = new Map<number, number>();
  private request: Vectors = new Int32Array(8);
  private inService: Vectors = new Int32Array(8);
  /** Errors since the status register was last written, and what that write showed. */
  private errors = 0;
  private errorStatus = 0;
  /** The low four bits of the task priority; the others are CR8. */
  private subclass = 0;

  constructor(hart: Hart) {
    this.hart = hart;
    this.timer = new ApicTimer(hart);
    this.reset();
  }

  /** What a register that is plain holds. */
  word(offset: number): number {
    return this.words.get(offset) ?? 0;
  }

  private get enabled(): boolean {
    return (this.word(REGISTER.spurious) & SOFTWARE_ENABLED) !== 0;
  }

  get taskPriority(): number {
    return (Number(this.hart.get(TPR_CLASS)) << 4) | this.subclass;
  }

  set taskPriority(value: number) {
    this.hart.set(TPR_CLASS, BigInt((value >> 4) & 15));
    this.subclass = value & 15;
  }

  /** The higher of the task's priority and that of the interrupt in service (11.8.3.1). */
  private get processorPriority(): number {
    const service = Math.max(highest(this.inService), 0);
    return this.taskPriority >> 4 >= service >> 4 ? this.taskPriority : service & 0xf0;
  }

  /** Takes in what the timer has done. */
  private update(): void {
    if (!this.timer.expired()) return;
    const entry = this.word(REGISTER.timer);
    if ((entry & MASKED) === 0) this.accept(entry & 0xff);
  }

  /** An interrupt arrives. */
  accept(vector: number): void {
    if (!this.enabled) return;
    if (vector < FIRST_VECTOR) this.fail(ERROR.receivedIllegal);
    else add(this.request, vector);
    this.hart.attention = true;
  }

  /** An error, which is an interrupt where its LVT entry is not masked (11.5.3). */
  fail(error: number): void {
    this.errors |= error;
    const entry = this.word(REGISTER.error);
    if ((entry & MASKED) === 0 && (entry & 0xff) >= FIRST_VECTOR) this.accept(entry & 0xff);
  }

  /** The interrupt for the hart now, masked by RFLAGS.IF or not: its vector, or -1. */
  pending(): number {
    this.update();
    if (!this.enabled) return -1;
    const vector = highest(this.request);
    return vector >> 4 > this.processorPriority >> 4 ? vector : -1;
  }

  /** The hart takes the interrupt. */
  acknowledge(vector: number): void {
    drop(this.request, vector);
    add(this.inService, vector);
  }

  /** The tick after now at which the timer has an interrupt for the hart; for one that waits, only one that would wake it. */
  nextTimer(waiting: boolean): bigint | undefined {
    this.update();
    const entry = this.word(REGISTER.timer);
    if (!this.enabled || (entry & MASKED) !== 0) return undefined;
    const vector = entry & 0xff;
    const wakes = vector >= FIRST_VECTOR && vector >> 4 > this.processorPriority >> 4;
    return waiting && !wakes ? undefined : this.timer.next();
  }

  read(offset: number): number {
    this.update();
    const set = this.vectorsAt(offset);
    if (set) return set[(offset >> 4) & 7];
    switch (offset) {
      case REGISTER.version:
        return VERSION;
      case REGISTER.taskPriority:
        return this.taskPriority;
      case REGISTER.arbitrationPriority:
      case REGISTER.endOfInterrupt:
        return 0;
      case REGISTER.processorPriority:
        return this.processorPriority;
      case REGISTER.errorStatus:
        return this.errorStatus;
      case REGISTER.initialCount:
        return Number(BigInt.asIntN(32, this.timer.initial));
      case REGISTER.currentCount:
        return Number(BigInt.asIntN(32, this.timer.current));
      case REGISTER.divide:
        return this.timer.configuration;
      default:
        if (!this.words.has(offset)) this.fail(ERROR.illegalRegister);
        return this.word(offset);
    }
  }

  /** Writes a register; the interrupt command register is the platform's to act on. */
  write(offset: number, value: number): void {
    this.update();
    const mask = LVT.get(offset);
    if (mask !== undefined) {
      this.writeEntry(offset, value & mask);
      return;
    }
    switch (offset) {
      case REGISTER.taskPriority:
        this.taskPriority = value & 0xff;
        break;
      case REGISTER.endOfInterrupt:
        if (highest(this.inService) >= 0) drop(this.inService, highest(this.inService));
        break;
      case REGISTER.id:
      case REGISTER.logicalDestination:
        this.words.set(offset, value & (0xff << 24));
        break;
      case REGISTER.destinationFormat:
        this.words.set(offset, value | 0xfff_ffff);
        break;
      case REGISTER.spurious:
        this.words.set(offset, value & SPURIOUS_BITS);
        if (!this.enabled) for (const entry of LVT.keys()) this.words.set(entry, this.word(entry) | MASKED);
        break;
      case REGISTER.errorStatus:
        this.errorStatus = this.errors;
        this.errors = 0;
        break;
      case REGISTER.commandLow:
        // Delivery status reads as idle: what was sent has arrived.
        this.words.set(offset, value & 0xc_cfff);
        break;
      case REGISTER.commandHigh:
        this.words.set(offset, value & (0xff << 24));
        break;
      case REGISTER.initialCount:
        this.timer.begin(BigInt(value >>> 0));
        break;
      case REGISTER.divide:
        this.timer.configure(value);
        break;
      case REGISTER.version:
      case REGISTER.processorPriority:
      case REGISTER.arbitrationPriority:
      case REGISTER.currentCount:
        break;
      default:
        if (!this.vectorsAt(offset)) this.fail(ERROR.illegalRegister);
    }
  }

  /** While the APIC is off by software, every entry is masked (11.4.7.2). */
  private writeEntry(offset: number, value: number): void {
    this.words.set(offset, this.enabled ? value : value | MASKED);
    if (offset !== REGISTER.timer) return;
    const mode = (value >> 17) & 3;
    this.timer.setMode(mode === 3 ? TIMER_MODE.oneShot : mode);
  }

  private vectorsAt(offset: number): Vectors | undefined {
    if (offset >= REGISTER.inService && offset < REGISTER.triggerMode) return this.inService;
    // Every interrupt here is an edge.
    if (offset >= REGISTER.triggerMode && offset < REGISTER.request) return NO_VECTORS;
    if (offset >= REGISTER.request && offset < REGISTER.errorStatus) return this.request;
    return undefined;
  }

  /** Whether an interrupt sent to that destination is this hart's (11.6.2). */
  isDestination(destination: number, logical: boolean): boolean {
    if (destination === 0xff) return true;
    if (!logical) return destination === this.word(REGISTER.id) >>> 24;
    const mine = this.word(REGISTER.logicalDestination) >>> 24;
    if (this.word(REGISTER.destinationFormat) >>> 28 === 0xf) return (mine & destination) !== 0;
    return mine >> 4 === destination >> 4 && (mine & destination & 15) !== 0;
  }

  /** Power-up state (11.4.7.1): off by software, everything masked. */
  reset(): void {
    this.words.clear();
    this.words.set(REGISTER.id, this.hart.id << 24);
    this.words.set(REGISTER.logicalDestination, 0);
    this.words.set(REGISTER.destinationFormat, -1);
    this.words.set(REGISTER.spurious, 0xff);
    this.words.set(REGISTER.commandLow, 0);
    this.words.set(REGISTER.commandHigh, 0);
    for (const entry of LVT.keys()) this.words.set(entry, MASKED);
    this.request = new Int32Array(8);
    this.inService = new Int32Array(8);
    this.errors = 0;
    this.errorStatus = 0;
    this.taskPriority = 0;
    this.timer.restore(new ApicTimer(this.hart).save());
  }

  save(): Saved {
    const { errors, errorStatus, subclass } = this;
    return {
      words: [...this.words],
      request: [...this.request],
      inService: [...this.inService],
      errors,
      errorStatus,
      subclass,
      timer: this.timer.save(),
    };
  }

  restore(saved: Saved): void {
    const s = saved as unknown as {
      words: [number, number][];
      request: number[];
      inService: number[];
      errors: number;
      errorStatus: number;
      subclass: number;
      timer: Saved;
    };
    this.words.clear();
    for (const [offset, value] of s.words) this.words.set(offset, value);
    this.request = Int32Array.from(s.request);
    this.inService = Int32Array.from(s.inService);
    this.errors = s.errors;
    this.errorStatus = s.errorStatus;
    this.subclass = s.subclass;
    this.timer.restore(s.timer);
  }
}
