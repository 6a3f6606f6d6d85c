import type { Hart } from '../../machine/index.ts';
import type { FileTree } from '../fs/tree.ts';
import type { Memory } from '../mm/memory.ts';
import { PlainProvider } from '../mm/user-pointer.ts';
import type { Random } from '../task/random.ts';
import type { Scheduler } from '../task/scheduler.ts';
import type { Task } from '../task/task.ts';
import type { Tasks } from '../task/tasks.ts';

/** What system calls work on beyond the process that makes them. */
export interface System {
  readonly memory: Memory;
  readonly tasks: Tasks;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly tree: FileTree;
  /** The named test hooks may be armed. */
  readonly testHooks: boolean;
  /** A number for a file that has no name. */
  takeInode(): number;
}

/** One system call on its way: who makes it, where. User pointers take it as their address space. */
export class Call extends PlainProvider {
  readonly task: Task;
  readonly system: System;
  /** Set by a call after which another process gets the hart. */
  givesWay = false;

  constructor(hart: Hart, task: Task, system: System) {
    super(hart, task.space);
    this.task = task;
    this.system = system;
  }
}
