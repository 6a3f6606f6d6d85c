import type { Clock } from './clock.ts';
import type { Slot } from './ir/index.ts';
import type { Isa, IsaOptions } from './isa.ts';
import type { Bus } from './memory/bus.ts';
import type { Saved } from './memory/device.ts';
import type { Monitor } from './memory/monitor.ts';
import { HART_STATE_BYTES } from './memory/ram.ts';
import { Tlb, type TlbNotice } from './tlb.ts';
import { noTrap, type Trap } from './trap.ts';
import { VirtualMemory } from './virtual-memory.ts';

/** What `translate` found: the physical address, and whether all of its page has the same answer for this access. */
export interface Translated {
  pa: bigint;
  wholePage: boolean;
}

/** One hardware thread: its state block in the machine's memory, its TLB, and what it is doing. */
export class Hart {
  readonly id: number;
  readonly isa: Isa;
  readonly options: IsaOptions;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly monitor: Monitor;
  readonly tlb = new Tlb();
  /** The state block, seen as 64-bit and 32-bit slots. */
  readonly u64: BigUint64Array;
  readonly i32: Int32Array;
  readonly trap: Trap = noTrap();
  /** Its path to memory. */
  readonly memory = new VirtualMemory(this);
  readonly translated: Translated = { pa: 0n, wholePage: false };
  /** The harts of its machine, itself among them: whom an invalidation for all of them reaches. */
  peers: readonly Hart[] = [this];

  /**
   * Told of misused translations, where the machine looks for them: each access then asks the MMU, since no verdict is
   * of a whole page.
   */
  watch: ((notice: TlbNotice) => void) | undefined;

  /** Instructions begun, those that trapped among them; and those that trapped. */
  instructions = 0;
  trapped = 0;
  /** In WFI or parked by the kernel. */
  waiting = false;
  /** Interrupts must be looked at before the next instruction. */
  attention = true;
  /** The engine is to return before the next instruction: the scheduler has something to decide. */
  leave = false;
  /** Interrupt lines driven by devices, one bit each, numbered by the target. */
  lines = 0;
  /** Bumped whenever anything changes on which a translation's verdict depends, beside the TLB itself. */
  contextEpoch = 0;

  constructor(id: number, isa: Isa, options: IsaOptions, bus: Bus, clock: Clock, monitor: Monitor) {
    this.id = id;
    this.isa = isa;
    this.options = options;
    this.bus = bus;
    this.clock = clock;
    this.monitor = monitor;
    const buffer = bus.ram.memory.buffer;
    this.u64 = new BigUint64Array(buffer, id * HART_STATE_BYTES, HART_STATE_BYTES / 8);
    this.i32 = new Int32Array(buffer, id * HART_STATE_BYTES, HART_STATE_BYTES / 4);
    if (isa.slots.size > HART_STATE_BYTES) throw new Error(`${isa.name}: slots take ${isa.slots.size} bytes`);
  }

  get(slot: Slot): bigint {
    return this.u64[slot.offset >>> 3];
  }

  set(slot: Slot, value: bigint): void {
    this.u64[slot.offset >>> 3] = value;
  }

  get32(slot: Slot): number {
    return this.i32[slot.offset >>> 2];
  }

  set32(slot: Slot, value: number): void {
    this.i32[slot.offset >>> 2] = value;
  }

  get pc(): bigint {
    return this.u64[this.isa.pc.offset >>> 3];
  }

  set pc(value: bigint) {
    this.u64[this.isa.pc.offset >>> 3] = BigInt.asUintN(64, value);
  }

  /** Fills in the trap; always false, so that a helper can `return hart.raise(…)`. */
  raise(cause: number, value: bigint): false {
    const trap = this.trap;
    trap.cause = cause;
    trap.interrupt = false;
    trap.value = value;
    trap.access = undefined;
    trap.walk = undefined;
    return false;
  }

  /** Instructions retired. */
  get retired(): number {
    return this.instructions - this.trapped;
  }

  /** Takes the trap in `trap`, at the current pc: the one way by which any trap is delivered. */
  takeTrap(): void {
    this.trap.pc = this.pc;
    this.trap.from = this.isa.privilege(this);
    this.trap.retired = this.retired;
    this.isa.deliver(this);
  }

  /** Drives an interrupt line. */
  setLine(line: number, level: boolean): void {
    const lines = level ? this.lines | (1 << line) : this.lines & ~(1 << line);
    if (lines === this.lines) return;
    this.lines = lines;
    this.attention = true;
  }

  /** Something changed on which translations depend (privilege, status bits, table root, physical protection). */
  contextChanged(): void {
    this.contextEpoch++;
  }

  reset(): void {
    this.u64.fill(0n);
    this.tlb.invalidate(() => true);
    this.instructions = 0;
    this.trapped = 0;
    this.waiting = false;
    this.attention = true;
    this.leave = false;
    this.lines = 0;
    this.contextChanged();
    this.isa.reset(this, this.options);
  }

  save(): Saved {
    return {
      state: new Uint8Array(this.u64.buffer, this.u64.byteOffset, this.isa.slots.size).slice(),
      tlb: this.tlb.save(),
      instructions: this.instructions,
      trapped: this.trapped,
      waiting: this.waiting,
      lines: this.lines,
      trap: { ...this.trap } as unknown as Saved,
    };
  }

  restore(saved: Saved): void {
    const s = saved as unknown as {
      state: Uint8Array;
      tlb: Saved;
      instructions: number;
      trapped: number;
      waiting: boolean;
      lines: number;
      trap: Trap;
    };
    new Uint8Array(this.u64.buffer, this.u64.byteOffset, HART_STATE_BYTES).set(s.state);
    this.tlb.restore(s.tlb);
    this.instructions = s.instructions;
    this.trapped = s.trapped;
    this.waiting = s.waiting;
    this.lines = s.lines;
    Object.assign(this.trap, noTrap(), s.trap);
    this.attention = true;
    this.contextChanged();
  }
}
