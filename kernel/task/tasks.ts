import { LinuxError } from '../abi/errno.ts';
import { TaskEnded } from '../abi/errors.ts';
import { type Ending, SIGNALS, signalBit } from '../abi/signals.ts';
import type { UserContext } from '../arch/arch.ts';
import type { Scheduler } from './scheduler.ts';
import { Task } from './task.ts';

/** Most processes at once. */
const TASKS_MAX = 4096;

/** What fork is told beyond the parent. */
export interface ForkOptions {
  readonly exitSignal: number;
  /** The child's registers, its result and stack already in place. */
  readonly context: UserContext;
  readonly setTid: bigint | undefined;
}

/** All processes: how they come to be, end, are waited for and get signals. */
export class Tasks {
  private readonly scheduler: Scheduler;
  private readonly byPid = new Map<number, Task>();
  private nextPid = 1;
  /** The process that the run began with; when it ends, so does the run. */
  first: Task | undefined;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  get(pid: number): Task | undefined {
    return this.byPid.get(pid);
  }

  all(): Task[] {
    return [...this.byPid.values()];
  }

  /** The next process number. EAGAIN: there are too many processes. */
  takePid(): number {
    if (this.byPid.size >= TASKS_MAX) throw new LinuxError('EAGAIN');
    return this.nextPid++;
  }

  add(task: Task): void {
    this.byPid.set(task.pid, task);
    this.first ??= task;
    task.parent?.children.add(task);
    this.scheduler.enqueue(task);
  }

  /** A copy of a process that shares its frames until either side writes. ENOMEM, EAGAIN: nothing has changed. */
  fork(parent: Task, options: ForkOptions): Task {
    if (this.byPid.size >= TASKS_MAX) throw new LinuxError('EAGAIN');
    const space = parent.space.fork();
    const child = new Task(this.takePid(), {
      parent,
      program: parent.program,
      space,
      context: options.context,
      files: parent.files.copy(),
      signals: parent.signals.copy(),
      exitSignal: options.exitSignal,
    });
    child.setTid = options.setTid;
    child.cwd = parent.cwd;
    child.umask = parent.umask;
    this.add(child);
    return child;
  }

  /** Ends a process: its memory and files go at once, and how it ended stays until its parent asks. */
  end(task: Task, ending: Ending): void {
    if (task.state === 'zombie') return;
    this.scheduler.remove(task);
    task.state = 'zombie';
    task.ending = ending;
    task.files.closeAll();
    task.space.destroy();
    this.orphan(task);
    const { parent } = task;
    if (parent?.state === 'zombie' || !parent || parent.signals.ignores(SIGNALS.SIGCHLD)) this.forget(task);
    if (!parent) return;
    if (task.exitSignal !== 0) this.send(parent, task.exitSignal);
    this.scheduler.wake(parent.childEnded);
  }

  /** A parent has been told of its child's end, or nobody will ever ask. */
  forget(task: Task): void {
    task.parent?.children.delete(task);
    this.byPid.delete(task.pid);
  }

  /** A signal from a process or the kernel, to be acted on now, or when the receiver is next in the kernel. */
  send(task: Task, signal: number): void {
    if (task.state === 'zombie' || signal === 0 || task.signals.ignores(signal)) return;
    if (signal !== SIGNALS.SIGKILL && (task.signals.mask & signalBit(signal)) !== 0n) {
      task.signals.pending |= signalBit(signal);
      return;
    }
    if (!task.signals.fatal(signal)) return;
    if (task.state === 'running') {
      task.doom ??= signal;
      this.scheduler.interrupt(task);
    } else this.end(task, { signal });
  }

  /** Acts on signals that are no longer masked. */
  unmask(task: Task): void {
    const ready = task.signals.pending & ~task.signals.mask;
    task.signals.pending &= task.signals.mask;
    for (let signal = 1; signal <= 64; signal++) if ((ready & signalBit(signal)) !== 0n) this.send(task, signal);
  }

  /** Ends the running process and unwinds to the kernel's entry. */
  exit(task: Task, ending: Ending): never {
    this.end(task, ending);
    throw new TaskEnded();
  }

  /** Children of a process that ends go to the first one, or to nobody. */
  private orphan(task: Task): void {
    const { first } = this;
    const heir = first && first !== task && first.state !== 'zombie' ? first : undefined;
    for (const child of task.children) {
      child.parent = heir;
      if (heir) heir.children.add(child);
      else if (child.state === 'zombie') this.byPid.delete(child.pid);
    }
    if (heir && task.children.size > 0) this.scheduler.wake(heir.childEnded);
    task.children.clear();
  }
}
