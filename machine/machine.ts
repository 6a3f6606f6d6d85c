import type { Access, AccessKind, Privilege } from './access.ts';
import { pa } from './addr.ts';
import { Clock, STEPS_PER_TICK } from './clock.ts';
import type { Engine, Gate } from './engine/engine.ts';
import { ReferenceEngine } from './engine/reference.ts';
import { Hart } from './hart.ts';
import type { Finish, Instruction, Isa } from './isa.ts';
import { Bus } from './memory/bus.ts';
import type { Saved } from './memory/device.ts';
import { Monitor } from './memory/monitor.ts';
import { MAX_HARTS, RAM_START, Ram } from './memory/ram.ts';
import { restorePages, savePages } from './saved.ts';
import type { TlbNotice } from './tlb.ts';
import type { VirtualMemory } from './virtual-memory.ts';
import type { Walk } from './walk.ts';

/** Where console bytes go and come from. */
export interface ConsolePort {
  /** A byte the guest printed on the machine's console device. */
  output(byte: number): void;
  /** The next byte for the guest, or -1 where there is none now. */
  input(): number;
}

/** What a machine is made of. */
export interface MachineOptions {
  readonly isa: Isa;
  /** Bytes of RAM, a multiple of 4096. */
  readonly memory: number;
  /** 1 to 8. */
  readonly harts: number;
  /** The walker may set accessed and dirty bits. */
  readonly hardwareAd: boolean;
  /** Look for translations misused by the kernel, and tell `Machine.notice`; off where absent. */
  readonly strictTlb?: boolean;
  /** The physical range whose addresses belong to a kernel in the host. */
  readonly gate?: Gate;
  readonly console: ConsolePort;
}

/** Why `run` returned. */
export type MachineExit =
  /** The steps asked for are done. */
  | { readonly kind: 'steps' }
  /** A hart's pc entered the gate, `offset` bytes from its start: the host's kernel is to act. */
  | { readonly kind: 'gate'; readonly hart: Hart; readonly offset: number }
  /** Every hart waits and no timer will wake one. */
  | { readonly kind: 'idle' }
  /** The bare-metal guest has ended. */
  | { readonly kind: 'finished'; readonly finish: Finish };

/** Instructions that a hart begins before it is the next one's turn. */
export const QUANTUM = 1000;

/** A timer beyond this many ticks is too far off to be counted in steps: it never comes. */
const LAST_TICKS = BigInt(Math.floor(Number.MAX_SAFE_INTEGER / STEPS_PER_TICK / 2));

const IDLE: MachineExit = { kind: 'idle' };
const STEPS: MachineExit = { kind: 'steps' };

/** The computer: RAM, bus, devices and harts, run in turns on one engine. Same options, same guest: the same steps. */
export class Machine {
  readonly isa: Isa;
  readonly options: MachineOptions;
  readonly ram: Ram;
  readonly bus: Bus;
  readonly monitor = new Monitor();
  readonly clock = new Clock();
  readonly harts: readonly Hart[];
  readonly memories: readonly VirtualMemory[];
  /** Told of every trap just after it was delivered: `hart.trap` and the syndrome registers; undefined: no recording. */
  observer: ((hart: Hart) => void) | undefined;
  /** Told, under `strictTlb`, of each misused translation: the hart whose access showed it, and what is wrong. */
  notice: ((hart: Hart, notice: TlbNotice) => void) | undefined;
  private readonly engine: Engine;
  private finish: Finish | undefined;
  /** Whose turn it is, and how many instructions of its turn are left. */
  private turn = 0;
  private turnLeft = QUANTUM;

  constructor(options: MachineOptions) {
    const { isa, harts, gate } = options;
    if (!Number.isInteger(harts) || harts < 1 || harts > MAX_HARTS) throw new RangeError(`harts: ${harts}`);
    this.isa = isa;
    this.options = options;
    this.ram = new Ram(isa.ramBase, options.memory);
    this.bus = new Bus(this.ram, this.monitor);
    const { hardwareAd } = options;
    this.harts = Array.from(
      { length: harts },
      (_, id) => new Hart(id, isa, { hardwareAd }, this.bus, this.clock, this.monitor),
    );
    for (const hart of this.harts) {
      hart.peers = this.harts;
      if (options.strictTlb) hart.watch = (notice) => this.notice?.(hart, notice);
    }
    this.memories = this.harts.map((hart) => hart.memory);
    this.engine = new ReferenceEngine({
      harts: this.harts,
      memories: this.memories,
      ram: this.ram,
      gate,
      // A trap that ended the machine was not delivered.
      observer: () => (this.finish ? undefined : this.observer),
    });
    isa.attachPlatform({
      bus: this.bus,
      harts: this.harts,
      time: () => this.clock.ticks,
      output: (byte) => options.console.output(byte),
      input: () => options.console.input(),
      finish: (finish) => this.end(finish),
      changed: () => this.changed(),
    });
    // New RAM is zero, and filling it would make the host provide every page of it.
    this.powerOn();
  }

  /** Back to power-on: RAM zero, devices and harts reset. */
  reset(): void {
    this.ram.reset();
    this.powerOn();
  }

  private powerOn(): void {
    this.engine.reset();
    this.monitor.reset();
    this.clock.reset();
    for (const { device } of this.bus.devices) device.reset();
    for (const hart of this.harts) hart.reset();
    this.bus.watchStores(undefined);
    this.finish = undefined;
    this.turn = 0;
    this.turnLeft = QUANTUM;
  }

  /** Instructions begun on any hart. */
  get instructions(): number {
    return this.harts.reduce((sum, hart) => sum + hart.instructions, 0);
  }

  /** Begins at most `steps` instructions, harts taking turns. */
  run(steps: number): MachineExit {
    for (let left = steps; left > 0; ) {
      if (this.finish) return { kind: 'finished', finish: this.finish };
      const hart = this.harts[this.turn];
      if (hart.waiting && !this.wake(hart)) {
        if (this.harts.every((other) => other.waiting && !this.isa.wakes(other))) {
          const skip = this.stepsToNextTimer();
          if (skip === undefined) return IDLE;
          this.clock.skip(Math.max(skip, 1));
        }
        this.nextTurn();
        continue;
      }
      const slice = Math.min(left, this.turnLeft, Math.max(1, this.stepsToNextTimer() ?? Number.POSITIVE_INFINITY));
      const before = hart.instructions;
      hart.attention = true;
      this.clock.begin(hart);
      const exit = this.engine.run(hart, slice);
      this.clock.end();
      const done = hart.instructions - before;
      left -= done;
      this.turnLeft -= done;
      if (this.turnLeft <= 0) this.nextTurn();
      if (exit.kind === 'gate') return { kind: 'gate', hart, offset: exit.offset };
    }
    return this.finish ? { kind: 'finished', finish: this.finish } : STEPS;
  }

  private wake(hart: Hart): boolean {
    if (!this.isa.wakes(hart)) return false;
    hart.waiting = false;
    return true;
  }

  private nextTurn(): void {
    this.turn = (this.turn + 1) % this.harts.length;
    this.turnLeft = QUANTUM;
  }

  private stepsToNextTimer(): number | undefined {
    let next: bigint | undefined;
    for (const hart of this.harts) {
      const timer = this.isa.nextTimer(hart);
      if (timer !== undefined && (next === undefined || timer < next)) next = timer;
    }
    if (next === undefined || next > LAST_TICKS) return undefined;
    return this.clock.stepsUntil(next);
  }

  private end(finish: Finish): void {
    this.finish ??= finish;
    this.changed();
  }

  private changed(): void {
    for (const hart of this.harts) {
      hart.leave = true;
      hart.attention = true;
    }
  }

  /** Ends the machine, in the `tohost` convention, by stores to the 8 bytes at a physical address in RAM. */
  watchTohost(address: bigint): void {
    const stored = () => {
      const value = this.bus.read(address, 8) ?? 0n;
      if (value === 0n) return;
      this.bus.write(address, 8, 0n);
      const high = value >> 48n;
      if (high === 0x0101n) this.options.console.output(Number(value & 0xffn));
      else if (value === 1n) this.end({ kind: 'pass' });
      else if (high === 0n && (value & 1n) === 1n) this.end({ kind: 'fail', code: value >> 1n });
      else this.end({ kind: 'unsupported', what: `tohost request ${value.toString(16)}` });
    };
    this.bus.watchStores({ address: pa(address), size: 8, stored });
    for (const hart of this.harts) hart.contextChanged();
  }

  /** Decodes the instruction at a virtual address as the hart now sees it, without side effects. */
  instructionAt(hart: Hart, address: bigint, privilege: Privilege): Instruction | undefined {
    const mode = this.isa.codeMode?.(hart) ?? 0;
    let needed = this.isa.fetchUnit;
    for (;;) {
      const bytes = this.peek(hart, address, needed, privilege, 'fetch');
      if (!bytes) return undefined;
      const decoded = this.isa.decode(bytes, mode);
      if (typeof decoded !== 'number') return decoded;
      needed = decoded;
    }
  }

  /** The bytes at a virtual address as an access of that privilege would see them; no side effects. */
  peek(hart: Hart, address: bigint, length: number, privilege: Privilege, kind: AccessKind): Uint8Array | undefined {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const at = BigInt.asUintN(64, address + BigInt(done));
      const size = Math.min(length - done, 4096 - Number(at & 0xfffn));
      const access: Access = { kind, size: 1, atomicity: 'plain', privilege };
      const physical = physicalAddress(this.isa.mmu.walk(hart, at, access), at);
      const offset = physical === undefined ? -1 : this.ram.offset(physical, size);
      if (offset < 0) return undefined;
      bytes.set(this.ram.bytes.subarray(offset, offset + size), done);
      done += size;
    }
    return bytes;
  }

  save(): Saved {
    return {
      isa: this.isa.name,
      harts: this.harts.map((hart) => hart.save()),
      ram: savePages(this.ram.bytes.subarray(RAM_START)),
      devices: this.bus.devices.map(({ device }) => device.save()),
      monitor: this.monitor.save(),
      steps: this.clock.steps,
      turn: this.turn,
      turnLeft: this.turnLeft,
    };
  }

  /** Takes up a state saved by a machine of the same options. */
  restore(saved: Saved): void {
    const s = saved as unknown as {
      isa: string;
      harts: Saved[];
      ram: Saved;
      devices: Saved[];
      monitor: Saved;
      steps: number;
      turn: number;
      turnLeft: number;
    };
    if (s.isa !== this.isa.name || s.harts.length !== this.harts.length) throw new Error('snapshot of another machine');
    this.reset();
    restorePages(this.ram.bytes.subarray(RAM_START), s.ram);
    this.harts.forEach((hart, i) => {
      hart.restore(s.harts[i]);
    });
    this.bus.devices.forEach(({ device }, i) => {
      device.restore(s.devices[i]);
    });
    this.monitor.restore(s.monitor);
    this.clock.reset(s.steps);
    this.turn = s.turn;
    this.turnLeft = s.turnLeft;
  }
}

/** The physical address that a successful walk gives. */
export function physicalAddress(walk: Walk, address: bigint): bigint | undefined {
  const { result } = walk;
  if ('fault' in result) return undefined;
  // A leaf is aligned to its size; what an address has above (a tag) is no part of the physical one.
  return (result.ppn << 12n) + (address & ((result.pages << 12n) - 1n));
}
