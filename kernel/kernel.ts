import { type ElfImage, type Finish, type Hart, type Isa, Machine, type Saved } from '../machine/index.ts';
import { LinuxError } from './abi/errno.ts';
import { KernelPanic } from './abi/errors.ts';
import { shellStatus, signalName } from './abi/signals.ts';
import { type Arch, GATE_BYTES, type Layout } from './arch/arch.ts';
import { archOf } from './arch/targets.ts';
import { Entry } from './entry.ts';
import { Flows, type Recorder } from './flows.ts';
import { Descriptors } from './fs/descriptors.ts';
import { OpenFile } from './fs/file.ts';
import { StandardInput, StandardOutput, type StandardPorts } from './fs/terminal.ts';
import { TinyTree } from './fs/tree.ts';
import { Memory, type MemoryEnvironment } from './mm/index.ts';
import type { FaultPolicy, MmuMode, UserAccessPolicy } from './options.ts';
import type { TrapFlow } from './record.ts';
import { decodeGraph, encodeGraph } from './snapshot.ts';
import type { System } from './syscall/call.ts';
import { callTable } from './syscall/table.ts';
import { load } from './task/exec.ts';
import { LoadError } from './task/load-error.ts';
import { Random } from './task/random.ts';
import { Scheduler } from './task/scheduler.ts';
import { SignalState } from './task/signals.ts';
import { Task } from './task/task.ts';
import { Tasks } from './task/tasks.ts';

/** What a kernel and the machine under it are made of. */
export interface KernelOptions {
  readonly isa: Isa;
  /** Bytes of RAM, a multiple of 4096. */
  readonly memory: number;
  /** 1 to 8. */
  readonly harts: number;
  /** One of the target's paging schemes; absent: its first. */
  readonly mmu?: MmuMode | undefined;
  /** Who sets accessed and dirty bits. */
  readonly ad: 'hardware' | 'software';
  readonly policy: FaultPolicy;
  readonly uaccess: UserAccessPolicy;
  /** What AT_RANDOM and getrandom follow from. */
  readonly seed: bigint;
  /** The named test hooks may be armed by the guest. */
  readonly testHooks: boolean;
  readonly ports: StandardPorts;
  /** Look for translations misused by the kernel, and tell `machine.notice`. */
  readonly strictTlb?: boolean | undefined;
  /** Told of every trap when it has been handled; nothing is put together without it. */
  readonly recorder?: Recorder | undefined;
}

/** The paging schemes that a target's kernel has; the first is the default. */
export const mmuModes = (isa: Isa): readonly MmuMode[] => archOf(isa).modes.map(({ format }) => format.mode);

/** Whether accessed and dirty bits can be left to a target's kernel; otherwise the walker sets them, whatever it is told. */
export const leavesAccessedDirty = (isa: Isa): boolean => archOf(isa).setsAccessedDirty !== true;

/** Why `run` returned. */
export type RunResult =
  /** The steps asked for are done. */
  | { readonly kind: 'running' }
  /** Nothing can go on before `ports.input` has more. */
  | { readonly kind: 'waiting for input' }
  /** Every process waits for something that will never come. */
  | { readonly kind: 'deadlock'; readonly message: string }
  /** The first process has ended: `status` is 0 to 255, or 128 + n for signal n; `flow` is the trap that it died of. */
  | {
      readonly kind: 'exited';
      readonly status: number;
      readonly signal?: string | undefined;
      readonly flow?: TrapFlow | undefined;
    }
  /** A bug of the kernel's, which only the veridian and axptr policies can have. */
  | { readonly kind: 'panic'; readonly message: string; readonly flow: TrapFlow | undefined };

/** All of the kernel that a snapshot holds: plain objects that refer to each other. */
export class KernelState implements System {
  readonly memory: Memory;
  readonly scheduler: Scheduler;
  readonly tasks: Tasks;
  readonly random: Random;
  readonly tree: TinyTree;
  readonly input: StandardInput;
  readonly testHooks: boolean;
  private inodes = 100;

  constructor(memory: Memory, options: KernelOptions) {
    this.memory = memory;
    this.scheduler = new Scheduler(memory);
    this.tasks = new Tasks(this.scheduler);
    this.random = new Random(options.seed);
    this.tree = new TinyTree(this.random);
    this.input = new StandardInput(options.ports);
    this.testHooks = options.testHooks;
  }

  takeInode(): number {
    return this.inodes++;
  }
}

/** The operating-system kernel: a machine whose supervisor traps end in the gate, and what handles them. */
export class Kernel {
  readonly machine: Machine;
  readonly options: KernelOptions;
  private readonly arch: Arch;
  private readonly environment: MemoryEnvironment;
  private readonly flows: Flows;
  private state: KernelState;
  private entry: Entry;
  private result: RunResult | undefined;

  /** Makes the machine and boots it; no process exists yet. Throws LoadError where RAM is too small, RangeError. */
  constructor(options: KernelOptions) {
    this.options = options;
    this.arch = archOf(options.isa);
    const mode =
      options.mmu === undefined ? this.arch.modes[0] : this.arch.modes.find((m) => m.format.mode === options.mmu);
    if (!mode) throw new RangeError(`mmu: ${options.mmu}`);
    const hardwareAd = options.ad === 'hardware';
    this.machine = new Machine({
      isa: options.isa,
      memory: options.memory,
      harts: options.harts,
      hardwareAd,
      strictTlb: options.strictTlb ?? false,
      gate: { base: this.arch.gateBase, size: GATE_BYTES },
      console: { output: (byte) => options.ports.output(1, Uint8Array.of(byte)), input: () => -1 },
    });
    this.environment = {
      machine: this.machine,
      arch: this.arch,
      format: mode.format,
      layout: layoutUnder(mode.layout, options.uaccess),
      onNestedTrap: (hart: Hart) => this.entry.nested(hart),
      afterCheck: (start, size) => this.entry.afterCheck(start, size),
    };
    this.flows = new Flows(this.machine, this.arch, options.recorder);
    this.state = new KernelState(makeMemory(this.environment, options), options);
    this.entry = this.makeEntry();
    const { kernelHalf, frames } = this.state.memory;
    const { root, idleRoot } = kernelHalf;
    const frame = () => orTooSmall(() => frames.allocate());
    for (const hart of this.machine.harts) {
      this.arch.boot(hart, { ...mode, root: idleRoot << 12n, kernelRoot: root << 12n, hardwareAd, frame });
      hart.waiting = true;
    }
  }

  /** Starts a program as a new process, ready to run. Throws LoadError, nothing having changed. */
  spawn(image: ElfImage, argv: readonly string[], envp: readonly string[]): void {
    const { memory, random, tasks } = this.state;
    const { space, context, program } = load(memory, image, argv, envp, random);
    const files = new Descriptors();
    files.replace(0, new OpenFile(this.state.input, { readable: true, writable: false }), false);
    for (const fd of [1, 2] as const) {
      files.replace(
        fd,
        new OpenFile(new StandardOutput(this.options.ports, fd), { readable: false, writable: true }),
        false,
      );
    }
    const signals = new SignalState();
    const parts = { parent: undefined, program, space, context, files, signals, exitSignal: 0 };
    tasks.add(new Task(tasks.takePid(), parts));
  }

  /** Begins at most `steps` instructions. Once the first process has ended, or the kernel has panicked, says so again. */
  run(steps: number): RunResult {
    if (this.result) return this.result;
    this.pollInput();
    for (let left = steps; left > 0; ) {
      const before = this.machine.instructions;
      const exit = this.machine.run(left);
      left -= this.machine.instructions - before;
      if (exit.kind === 'steps') break;
      if (exit.kind === 'idle') {
        if (!this.pollInput()) return this.stuck();
      } else if (exit.kind === 'gate') this.result = this.enter(exit.hart, exit.offset);
      else this.result = this.panic(switchedOff(exit.finish));
      if (this.result) return this.result;
    }
    return { kind: 'running' };
  }

  /** Machine and kernel together, between guest instructions. */
  save(): Saved {
    const { state, flows, result } = this;
    if (result) throw new Error('nothing is left to be saved');
    return {
      machine: this.machine.save(),
      kernel: encodeGraph(state, this.externals(), { KernelState }),
      traps: flows.count,
    };
  }

  /** Takes up a state saved by a kernel of the same options. */
  restore(saved: Saved): void {
    const { machine, kernel, traps } = saved as {
      readonly machine: Saved;
      readonly kernel: Saved;
      readonly traps: number;
    };
    this.machine.restore(machine);
    this.state = decodeGraph(kernel, this.externals(), { KernelState }) as KernelState;
    this.state.memory.attach(this.environment);
    this.entry = this.makeEntry();
    this.flows.count = traps;
    this.result = undefined;
  }

  private makeEntry(): Entry {
    return new Entry(this.state, this.flows, callTable(this.arch));
  }

  /** What the kernel's state refers to and is no part of it. */
  private externals(): ReadonlyMap<string, object> {
    return new Map([['ports', this.options.ports]]);
  }

  private enter(hart: Hart, offset: number): RunResult | undefined {
    try {
      this.entry.enter(hart, offset);
    } catch (error) {
      if (!(error instanceof KernelPanic)) throw error;
      return this.panic(error.message);
    }
    const { first } = this.state.tasks;
    if (!first?.ending) return undefined;
    const { ending } = first;
    const signal = 'signal' in ending ? signalName(ending.signal) : undefined;
    return { kind: 'exited', status: shellStatus(ending), signal, flow: signal ? this.entry.fatal : undefined };
  }

  private panic(message: string): RunResult {
    return { kind: 'panic', message, flow: this.entry.panic(message) };
  }

  /** Wakes those who wait for input, where there is some. */
  private pollInput(): boolean {
    const { scheduler, input } = this.state;
    const waits = [...scheduler.waiting].some(({ wait }) => wait?.channels.includes(input));
    if (!waits || !input.poll()) return false;
    scheduler.wake(input);
    return true;
  }

  private stuck(): RunResult {
    const { scheduler, input } = this.state;
    const channels = [...scheduler.waiting].flatMap(({ wait }) => wait?.channels ?? []);
    if (channels.includes(input)) return { kind: 'waiting for input' };
    const waiting = [...scheduler.waiting].map(({ pid, wait }) => `process ${pid} for ${wait?.on ?? 'nothing'}`);
    return { kind: 'deadlock', message: `everybody waits: ${waiting.join(', ') || 'no process'}` };
  }
}

/** The layout as the user-access policy has it. */
const layoutUnder = (layout: Layout, uaccess: UserAccessPolicy): Layout =>
  uaccess === 'axptr' ? { ...layout, userEnd: layout.userEndAxptr ?? layout.userEnd } : layout;

function makeMemory(environment: MemoryEnvironment, { policy, uaccess }: KernelOptions): Memory {
  return orTooSmall(() => new Memory(environment, policy, uaccess));
}

function orTooSmall<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    throw new LoadError('memory too small for the kernel');
  }
}

/** Why the machine stopped below its kernel. */
function switchedOff(finish: Finish): string {
  return finish.kind === 'shutdown' ? [finish.what, ...finish.story].join('; ') : 'the machine was switched off';
}
