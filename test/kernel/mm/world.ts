import { LinuxError } from '../../../kernel/abi/errno.ts';
import { KernelPanic, TaskEnded } from '../../../kernel/abi/errors.ts';
import { GATE_BYTES } from '../../../kernel/arch/arch.ts';
import { archOf } from '../../../kernel/arch/targets.ts';
import { AddressSpace, type MapRequest } from '../../../kernel/mm/address-space.ts';
import { rightsText } from '../../../kernel/mm/area.ts';
import { type FaultOutcome, handleFault } from '../../../kernel/mm/fault.ts';
import { Memory } from '../../../kernel/mm/memory.ts';
import { atKernelEntry } from '../../../kernel/mm/user-access.ts';
import { PlainProvider } from '../../../kernel/mm/user-pointer.ts';
import type { FaultPolicy, UserAccessPolicy } from '../../../kernel/options.ts';
import type { HandlerStep, PageFaultInfo } from '../../../kernel/record.ts';
import { accessShape, type Hart, type Isa, Machine, targetNamed } from '../../../machine/index.ts';

export interface WorldOptions {
  /** Absent: RISC-V. */
  readonly isa?: Isa;
  readonly policy?: FaultPolicy;
  readonly uaccess?: UserAccessPolicy;
  readonly hardwareAd?: boolean;
  readonly harts?: number;
  /** Absent: the target's first. */
  readonly mode?: string;
  readonly megabytes?: number;
  readonly afterCheck?: (start: bigint, size: bigint) => void;
}

/** One handled fault: what the handler knew, did and concluded. */
export interface Handled {
  readonly info: PageFaultInfo;
  readonly outcome: FaultOutcome;
  readonly steps: readonly HandlerStep[];
  readonly nested: boolean;
  readonly flag: boolean;
}

export const RW = { read: true, write: true, execute: false, user: true };
export const RO = { ...RW, write: false };
export const WO = { ...RW, read: false };
export const RX = { ...RO, execute: true };
export const XO = { ...RX, read: false };
export const NONE = { ...RO, read: false };

/** What a system call is to each target: the way back to the kernel that changes nothing. */
const SYSTEM_CALL: Readonly<Record<string, number>> = {
  riscv64: 8,
  aarch64: 0x5600_0000,
  // SYSCALL is no exception; #UD is.
  'x86-64': 6,
};

/** The pc of user accesses made in tests, and where areas are put unless said otherwise. */
const USER_PC = 0x1_0000n;
export const AT = 0x10_0000n;

/**
 * A machine that has booted to the supervisor, memory management on it, one process's space active on every hart, and
 * the least kernel entry that handles faults. User accesses are made by the hart's own memory port in user mode.
 */
export class World {
  readonly machine: Machine;
  readonly memory: Memory;
  readonly hart: Hart;
  readonly space: AddressSpace;
  readonly aspace: PlainProvider;
  readonly handled: Handled[] = [];

  constructor(options: WorldOptions = {}) {
    const isa = options.isa ?? (targetNamed('riscv64') as Isa);
    const arch = archOf(isa);
    const { hardwareAd = false } = options;
    const { mode = arch.modes[0].format.mode } = options;
    this.machine = new Machine({
      isa,
      memory: (options.megabytes ?? 4) * 1024 * 1024,
      harts: options.harts ?? 1,
      hardwareAd,
      gate: { base: arch.gateBase, size: GATE_BYTES },
      console: { output: () => {}, input: () => -1 },
    });
    const scheme = arch.modes.find(({ format }) => format.mode === mode);
    if (!scheme) throw new Error(mode);
    this.memory = new Memory(
      {
        machine: this.machine,
        arch,
        ...scheme,
        onNestedTrap: (hart) => this.nestedTrap(hart),
        afterCheck: options.afterCheck,
      },
      options.policy ?? 'corrected',
      options.uaccess ?? 'corrected',
    );
    this.hart = this.machine.harts[0];
    this.space = new AddressSpace(this.memory);
    const { root, idleRoot } = this.memory.kernelHalf;
    const frame = () => this.memory.frames.allocate();
    for (const hart of this.machine.harts) {
      arch.boot(hart, { ...scheme, root: idleRoot << 12n, kernelRoot: root << 12n, hardwareAd, frame });
      this.activate(hart, this.space);
      atKernelEntry(this.memory, hart);
    }
    this.aspace = new PlainProvider(this.hart, this.space);
  }

  activate(hart: Hart, space: AddressSpace): void {
    const { arch, format } = this.memory;
    arch.activate(hart, format, space.root, space.id);
    space.activeHarts.add(hart.id);
  }

  /** Maps anonymous pages at a place. */
  map(address: bigint, pages: number, rights = RW, more: Partial<MapRequest> = {}): bigint {
    return this.space.map({
      kind: 'anonymous',
      name: 'mmap',
      rights,
      backing: { kind: 'zero' },
      shared: false,
      length: BigInt(pages) * 4096n,
      place: { how: 'fixed', address },
      ...more,
    });
  }

  /** A user load: the value, or how the fault it took ended. */
  load(address: bigint, size = 8, hart = this.hart, space = this.space): bigint | string {
    const port = this.machine.memories[hart.id];
    return this.asUser(hart, space, () => port.load(address, size)) ?? this.lastOutcome();
  }

  /** A user store: `ok`, or how the fault it took ended. */
  store(address: bigint, value = 1n, size = 8, hart = this.hart, space = this.space): string {
    const port = this.machine.memories[hart.id];
    return this.asUser(hart, space, () => (port.store(address, size, value) ? 'ok' : undefined)) ?? this.lastOutcome();
  }

  /** A user fetch. */
  fetch(address: bigint, hart = this.hart, space = this.space): string {
    const { mmu } = this.machine.isa;
    const shape = accessShape('fetch', this.machine.isa.fetchUnit);
    return (
      this.asUser(hart, space, () => (mmu.translate(hart, address, shape) ? 'ok' : undefined)) ?? this.lastOutcome()
    );
  }

  /** How something the kernel does ended: its result, the errno's name, `panic: …` or `ended`. */
  outcome(run: () => unknown): unknown {
    try {
      return run();
    } catch (error) {
      if (error instanceof LinuxError) return error.message;
      if (error instanceof KernelPanic) return `panic: ${error.message}`;
      if (error instanceof TaskEnded) return `ended: ${this.lastOutcome()}`;
      throw error;
    }
  }

  get last(): Handled {
    return this.handled[this.handled.length - 1];
  }

  lastOutcome(): string {
    const { outcome } = this.last;
    if (outcome.kind === 'signal') return `${outcome.signal} ${outcome.code}`;
    return outcome.kind === 'panic' ? `panic: ${outcome.message}` : outcome.kind;
  }

  /** The steps of the last fault, `demand paging: refused`. */
  lastSteps(): string[] {
    return this.last.steps.map(({ step, verdict }) => `${step}: ${verdict}`);
  }

  /** The entry of a page in words of no target: `rwu AD`; nothing where it is absent. */
  entry(address: bigint, space = this.space): string {
    const view = space.table.lookup(address)?.view;
    if (view?.kind !== 'leaf') return '';
    const { rights, accessed, dirty } = view;
    const letters = rightsText(rights).replaceAll('-', '');
    return `${letters}${rights.user ? 'u' : ''} ${accessed ? 'A' : ''}${dirty ? 'D' : ''}`;
  }

  /** Rewrites the entry of a page with these bits; nothing is invalidated. */
  mark(address: bigint, bits: { accessed: boolean; dirty: boolean }): void {
    const entry = this.space.table.lookup(address);
    if (entry?.view.kind !== 'leaf') throw new Error('no leaf');
    const { frame, rights } = entry.view;
    this.memory.physical.writeWord(
      entry.address,
      this.memory.format.leaf(frame, rights, { ...bits, global: false, level: 0 }),
    );
  }

  private asUser<R>(hart: Hart, space: AddressSpace, access: () => R | undefined): R | undefined {
    const { arch } = this.memory;
    const { isa } = this.machine;
    this.activate(hart, space);
    arch.enterUser(hart, arch.newContext(USER_PC, 0n));
    for (let tries = 0; tries < 16; tries++) {
      const result = access();
      if (result !== undefined) {
        hart.raise(SYSTEM_CALL[isa.name], 0n);
        hart.takeTrap();
        atKernelEntry(this.memory, hart);
        return result;
      }
      hart.takeTrap();
      atKernelEntry(this.memory, hart);
      if (this.handle(hart, space, false).kind !== 'resolved') return undefined;
      arch.returnFromTrap(hart);
    }
    throw new Error('the fault is never resolved');
  }

  private nestedTrap(hart: Hart): void {
    const { memory } = this;
    const state = memory.arch.saveTrapState(hart);
    atKernelEntry(memory, hart);
    const outcome = this.handle(hart, this.space, true);
    const leave = () => {
      memory.arch.restoreTrapState(hart, state);
      memory.arch.returnFromTrap(hart);
    };
    switch (outcome.kind) {
      case 'resolved':
        leave();
        return;
      case 'efault':
        leave();
        throw new LinuxError('EFAULT');
      case 'signal':
        throw new TaskEnded();
      case 'panic':
        throw new KernelPanic(outcome.message);
      default:
        outcome satisfies never;
    }
  }

  private handle(hart: Hart, space: AddressSpace, nested: boolean): FaultOutcome {
    const { memory } = this;
    const { arch } = memory;
    const found = arch.classify(hart, memory.policy);
    const steps: HandlerStep[] = [];
    const flag = memory.userAccess[hart.id];
    const reading = arch.pageFault(hart, memory.policy);
    const fault = { hart, space, reading, fromUser: arch.fromUser(hart) };
    if (found.kind === 'exception' && (found.signal === 'SIGSEGV' || found.signal === 'SIGBUS')) {
      // No fault that says where: the kernel's entry kills for it without asking anybody.
      const { signal, code, address } = found;
      const outcome: FaultOutcome = { kind: 'signal', signal, code, address };
      this.handled.push({ info: reading, outcome, steps, nested, flag });
      return outcome;
    }
    if (found.kind !== 'page fault' && found.kind !== 'memory exception') throw new Error(`trap: ${found.kind}`);
    const hard =
      found.kind === 'memory exception'
        ? {
            what: found.what ?? (found.code === 'BUS_ADRALN' ? ('misaligned' as const) : ('access fault' as const)),
            signal: found.signal,
            code: found.code,
          }
        : undefined;
    const { info, outcome } = handleFault(memory, hard ? { ...fault, hard } : fault, steps);
    this.handled.push({ info, outcome, steps, nested, flag });
    return outcome;
  }
}
