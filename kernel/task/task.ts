import type { SymbolTable } from '../../machine/index.ts';
import type { Ending } from '../abi/signals.ts';
import type { UserContext } from '../arch/arch.ts';
import type { Descriptors } from '../fs/descriptors.ts';
import type { Channel } from '../fs/file.ts';
import type { AddressSpace } from '../mm/address-space.ts';
import type { SignalState } from './signals.ts';

/** What a task waits for: any of some channels, a time in ticks, or whichever is first. */
export interface Wait {
  /** In words, for reports. */
  readonly on: string;
  readonly channels: readonly Channel[];
  readonly until: bigint | undefined;
}

/** A program as it was started: what traces and `/proc/self/exe` say of it. */
export interface Program {
  readonly exe: string;
  readonly symbols: SymbolTable;
  /** How far above its link addresses it lies. */
  readonly bias: bigint;
}

/** What the test hook has armed: the page at `address` goes when a range that contains it has passed its check. */
export interface ArmedHook {
  readonly address: bigint;
}

/** A process: one thread of control, its memory, files and signals. */
export class Task {
  readonly pid: number;
  parent: Task | undefined;
  readonly children = new Set<Task>();
  readonly program: Program;
  readonly space: AddressSpace;
  readonly context: UserContext;
  readonly files: Descriptors;
  readonly signals: SignalState;
  state: 'runnable' | 'running' | 'blocked' | 'zombie' = 'runnable';
  /** Where it runs. */
  hart: number | undefined;
  wait: Wait | undefined;
  /** What a call that blocked must know when it starts again: bytes done, or the time it waits for. */
  resume: bigint | undefined;
  /** A signal that ends it as soon as it is back in the kernel. */
  doom: number | undefined;
  /** Where its number is to be stored before it first runs (CLONE_CHILD_SETTID). */
  setTid: bigint | undefined;
  /** How it ended; a zombie has this and nothing else left. */
  ending: Ending | undefined;
  /** The signal its parent gets when it ends, 0 for none. */
  exitSignal: number;
  /** What wait4's caller sleeps on: its own children ending. */
  readonly childEnded: Channel = { what: 'a child' };
  /** Numbers of its process group and session. */
  group: number;
  session: number;
  /** Where relative paths start: absolute, without links. */
  cwd = '/';
  /** Permissions that new files do not get: umask(2). */
  umask = 0o022;
  hook: ArmedHook | undefined;
  /** Ticks of the timer while it ran, and when it last began to. */
  ranFor = 0n;
  startedAt = 0n;

  constructor(
    pid: number,
    parts: {
      parent: Task | undefined;
      program: Program;
      space: AddressSpace;
      context: UserContext;
      files: Descriptors;
      signals: SignalState;
      exitSignal: number;
    },
  ) {
    this.pid = pid;
    this.group = parts.parent?.group ?? pid;
    this.session = parts.parent?.session ?? pid;
    this.parent = parts.parent;
    this.program = parts.program;
    this.space = parts.space;
    this.context = parts.context;
    this.files = parts.files;
    this.signals = parts.signals;
    this.exitSignal = parts.exitSignal;
  }
}
