import { CLONE, WALL, WCONTINUED, WNOHANG, WUNTRACED } from '../abi/clone.ts';
import { LinuxError } from '../abi/errno.ts';
import { waitStatus } from '../abi/signals.ts';
import type { UserContext } from '../arch/arch.ts';
import { UserPtr } from '../mm/user-pointer.ts';
import type { Task } from '../task/task.ts';
import type { Call } from './call.ts';
import { Blocked, partial, type Result, row } from './row.ts';
import { I32, RUSAGE, U8, U64 } from './structs.ts';

const PRIO_USER = 2;
const NO_TIME = { seconds: 0n, microseconds: 0n };
const NO_COUNTS = new Uint8Array(0);

const exit = (call: Call, status: number): Result => call.system.tasks.exit(call.task, { status: status & 0xff });

/** Flags with which a new process is made; everything else asks for a thread or a namespace. */
const FORK_FLAGS =
  CLONE.CSIGNAL |
  CLONE.VM |
  CLONE.VFORK |
  CLONE.SETTLS |
  CLONE.PARENT_SETTID |
  CLONE.CHILD_CLEARTID |
  CLONE.CHILD_SETTID;

/** clone(2) as fork makes it. */
function clone(call: Call, flags: bigint, stack: bigint, parentTid: bigint, fourth: bigint, fifth: bigint): Result {
  const { arch, layout } = call.system.memory;
  // The order of most targets is that of CONFIG_CLONE_BACKWARDS.
  const [tls, childTid] = arch.differs?.tlsLast ? [fifth, fourth] : [fourth, fifth];
  if ((flags & CLONE.SIGHAND) !== 0n && (flags & CLONE.VM) === 0n) throw new LinuxError('EINVAL');
  if ((flags & CLONE.THREAD) !== 0n && (flags & CLONE.SIGHAND) === 0n) throw new LinuxError('EINVAL');
  const sharesMemory = (flags & CLONE.VM) !== 0n && (flags & CLONE.VFORK) === 0n;
  if ((flags & ~FORK_FLAGS) !== 0n || sharesMemory) throw new LinuxError('ENOSYS');
  const exitSignal = Number(flags & CLONE.CSIGNAL);
  if (exitSignal > 64) throw new LinuxError('EINVAL');
  const context: UserContext = { pc: call.task.context.pc, registers: new Map(call.task.context.registers) };
  arch.setResult(context, 0n);
  arch.skipCall(context);
  if (stack !== 0n) arch.setStack(context, stack);
  if ((flags & CLONE.SETTLS) !== 0n) arch.setTls(context, tls, layout.userEnd);
  const setTid = (flags & CLONE.CHILD_SETTID) !== 0n ? childTid : undefined;
  const child = call.system.tasks.fork(call.task, { exitSignal, context, setTid });
  if ((flags & CLONE.PARENT_SETTID) !== 0n) {
    // As Linux does, the child exists whether or not its number could be stored.
    try {
      new UserPtr(parentTid, I32).get(call).store(child.pid);
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
    }
  }
  return child.pid;
}

/** arch_prctl(2): what the target makes of it. */
function archPrctl(call: Call, code: number, address: bigint): Result {
  const { arch, layout } = call.system.memory;
  if (!arch.control) throw new LinuxError('ENOSYS');
  const value = arch.control(call.task.context, code, address, layout.userEnd);
  if (value !== 'done') new UserPtr(address, U64).get(call).store(value);
  return 0;
}

const WAIT_OPTIONS = WNOHANG | WUNTRACED | WCONTINUED | WALL | 0x2000_0000 | 0x8000_0000;

function wait4(call: Call, pid: number, status: bigint, options: number, usage: bigint): Result {
  if ((options & ~WAIT_OPTIONS) !== 0) throw new LinuxError('EINVAL');
  if (pid === -0x8000_0000) throw new LinuxError('ESRCH');
  const candidates = [...call.task.children].filter((child) => isMeant(child, pid, call.task.group));
  if (candidates.length === 0) throw new LinuxError('ECHILD');
  const ended = candidates.find(({ state }) => state === 'zombie');
  if (!ended?.ending) return (options & WNOHANG) !== 0 ? 0 : new Blocked('a child', [call.task.childEnded]);
  // As Linux does, the child is gone whether or not its status could be stored.
  call.system.tasks.forget(ended);
  new UserPtr(status, I32).nullable()?.get(call).store(waitStatus(ended.ending));
  new UserPtr(usage, RUSAGE).nullable()?.get(call).store({ user: NO_TIME, system: NO_TIME, counts: NO_COUNTS });
  return ended.pid;
}

/** waitpid(2): any child, one of the caller's group, one of another, or that one. */
function isMeant(child: Task, pid: number, own: number): boolean {
  if (pid > 0) return child.pid === pid;
  return pid === -1 || child.group === (pid === 0 ? own : -pid);
}

export const PROCESS_CALLS = [
  row('exit', ['int'], exit),
  row('exit_group', ['int'], exit),
  partial(
    'makes processes, not threads: CLONE_VM only together with CLONE_VFORK, whose child gets a copy of the memory',
    row('clone', ['bits', 'pointer', 'pointer', 'pointer', 'pointer'], clone),
  ),
  partial('usage is all zero', row('wait4', ['int', 'pointer', 'flags', 'pointer'], wait4)),
  row('arch_prctl', ['flags', 'pointer'], archPrctl),
  row('getpid', [], ({ task }) => task.pid),
  row('gettid', [], ({ task }) => task.pid),
  row('getppid', [], ({ task }) => task.parent?.pid ?? 0),
  row('getuid', [], () => 0),
  row('geteuid', [], () => 0),
  row('getgid', [], () => 0),
  row('getegid', [], () => 0),
  partial(
    'processes only, and none is nicer than another',
    row('getpriority', ['int', 'int'], ({ system }, which, who) => {
      if (which < 0 || which > PRIO_USER) throw new LinuxError('EINVAL');
      if (which !== 0) return 20;
      if (who !== 0 && !system.tasks.get(who)) throw new LinuxError('ESRCH');
      return 20;
    }),
  ),
  row('sched_yield', [], (call) => {
    call.givesWay = true;
    return 0;
  }),
  partial(
    'every process may run on every hart',
    row('sched_getaffinity', ['int', 'size', 'pointer'], (call, pid, size, mask) => {
      if (pid !== 0 && !call.system.tasks.get(pid)) throw new LinuxError('ESRCH');
      const { harts } = call.system.memory.machine;
      if (size < 8n || size % 8n !== 0n) throw new LinuxError('EINVAL');
      const bytes = Uint8Array.of((1 << harts.length) - 1, 0, 0, 0, 0, 0, 0, 0);
      if (new UserPtr(mask, U8).getAsSlice(call, 8).writeFrom(bytes) < 8) throw new LinuxError('EFAULT');
      return 8;
    }),
  ),
  partial(
    'nothing is cleared at exit: no thread could wait for it',
    row('set_tid_address', ['pointer'], ({ task }) => task.pid),
  ),
  partial(
    'accepted and not used: there are no threads',
    row('set_robust_list', ['pointer', 'size'], (_, _head, size) => {
      if (size !== 24n) throw new LinuxError('EINVAL');
      return 0;
    }),
  ),
];
