import type { Hart } from '../../machine/index.ts';
import { GATE } from '../arch/arch.ts';
import type { Channel } from '../fs/file.ts';
import type { Memory } from '../mm/memory.ts';
import type { Task, Wait } from './task.ts';

/** Ticks that a task runs before another that waits for a hart gets its turn: 10 ms. */
export const TIME_SLICE = 100_000n;

/** Which task runs on which hart: one queue for all harts, first come first served. */
export class Scheduler {
  private readonly memory: Memory;
  private readonly queue: Task[] = [];
  private readonly blocked = new Set<Task>();
  private readonly running: (Task | undefined)[];

  constructor(memory: Memory) {
    this.memory = memory;
    this.running = memory.machine.harts.map(() => undefined);
  }

  current(hart: Hart): Task | undefined {
    return this.running[hart.id];
  }

  /** Whether another task waits for a hart. */
  get contended(): boolean {
    return this.queue.length > 0;
  }

  /** Tasks that wait for something. */
  get waiting(): ReadonlySet<Task> {
    return this.blocked;
  }

  /** Puts a task at the end of the queue, and a hart that has nothing to do to work. */
  enqueue(task: Task): void {
    task.state = 'runnable';
    task.hart = undefined;
    this.queue.push(task);
    const idle = this.memory.machine.harts.find((hart) => hart.waiting && this.running[hart.id] === undefined);
    if (idle) idle.waiting = false;
  }

  /** The hart's task gives way to the next. Its context must have been saved. */
  preempt(hart: Hart): void {
    const task = this.leave(hart);
    if (task) this.enqueue(task);
  }

  /** The hart's task waits. Its context must have been saved so that its call starts again. */
  block(hart: Hart, wait: Wait): void {
    const task = this.leave(hart);
    if (!task) throw new Error('nothing runs here that could wait');
    // What the task itself did before it had to wait is news for others, not for it.
    this.wakeChanged();
    for (const channel of wait.channels) if (channel.changed) channel.changed = false;
    task.state = 'blocked';
    task.wait = wait;
    this.blocked.add(task);
  }

  /** Starts the calls again that wait for a channel. */
  wake(channel: Channel): void {
    for (const task of this.blocked) if (task.wait?.channels.includes(channel)) this.unblock(task);
  }

  /** Starts the calls again whose channels have changed. */
  wakeChanged(): void {
    for (const channel of [...this.blocked].flatMap(({ wait }) => wait?.channels ?? [])) {
      if (!channel.changed) continue;
      channel.changed = false;
      this.wake(channel);
    }
  }

  /** Takes a task out of wherever it is. Running tasks leave their hart on the kernel's own tables. */
  remove(task: Task): void {
    this.blocked.delete(task);
    task.wait = undefined;
    const queued = this.queue.indexOf(task);
    if (queued >= 0) this.queue.splice(queued, 1);
    if (task.hart !== undefined) this.leave(this.memory.machine.harts[task.hart]);
  }

  /** Makes the hart that runs a task enter the kernel before its next instruction. */
  interrupt(task: Task): void {
    if (task.hart === undefined) return;
    const hart = this.memory.machine.harts[task.hart];
    // A hart that is in the kernel is the one that asks.
    if (hart.isa.privilege(hart) === 'user') this.memory.arch.interrupt(hart);
  }

  /** Gives the hart its next task, ready to enter; without one the hart waits at the idle gate. */
  next(hart: Hart): Task | undefined {
    this.wakeSleepers();
    const task = this.queue.shift();
    const { arch, format } = this.memory;
    if (!task) {
      arch.activate(hart, format, this.memory.kernelHalf.idleRoot << 12n, 0);
      hart.pc = this.memory.gate(GATE.idle);
      hart.waiting = true;
      arch.setTimer(hart, this.firstDeadline());
      arch.idle?.(hart);
      return undefined;
    }
    task.state = 'running';
    task.hart = hart.id;
    task.startedAt = this.now;
    this.running[hart.id] = task;
    task.space.activeHarts.add(hart.id);
    arch.activate(hart, format, task.space.root, task.space.id);
    this.startSlice(hart);
    return task;
  }

  /** Programs the end of the running task's time slice, or an earlier time for which somebody sleeps. */
  startSlice(hart: Hart): void {
    const end = this.now + TIME_SLICE;
    const deadline = this.firstDeadline();
    this.memory.arch.setTimer(hart, deadline !== undefined && deadline < end ? deadline : end);
  }

  /** Wakes those whose time has come. */
  wakeSleepers(): void {
    const { now } = this;
    for (const task of this.blocked) {
      if (task.wait?.until !== undefined && task.wait.until <= now) this.unblock(task);
    }
  }

  get now(): bigint {
    return this.memory.machine.clock.ticks;
  }

  private firstDeadline(): bigint | undefined {
    let first: bigint | undefined;
    for (const { wait } of this.blocked) {
      if (wait?.until !== undefined && (first === undefined || wait.until < first)) first = wait.until;
    }
    return first;
  }

  private unblock(task: Task): void {
    this.blocked.delete(task);
    task.wait = undefined;
    this.enqueue(task);
  }

  private leave(hart: Hart): Task | undefined {
    const task = this.running[hart.id];
    if (!task) return undefined;
    const { arch, format, kernelHalf } = this.memory;
    this.running[hart.id] = undefined;
    task.hart = undefined;
    task.ranFor += this.now - task.startedAt;
    arch.activate(hart, format, kernelHalf.idleRoot << 12n, 0);
    return task;
  }
}
