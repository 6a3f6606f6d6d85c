import { LinuxError } from '../abi/errno.ts';
import { defaultAction, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, SIGNAL_MAX, SIGNALS, signalBit } from '../abi/signals.ts';
import { UserConstPtr, UserPtr, userBytes } from '../mm/user-pointer.ts';
import type { Task } from '../task/task.ts';
import type { Call } from './call.ts';
import { Blocked, partial, type Result, row } from './row.ts';
import { SIGNAL_STACK, sigactionOf, U64 } from './structs.ts';

/** Bytes of a sigset_t as the kernel has it. */
const SET_BYTES = 8n;
const UNBLOCKABLE = signalBit(SIGNALS.SIGKILL) | signalBit(SIGNALS.SIGSTOP);

function send({ system }: Call, targets: readonly Task[], signal: number): Result {
  if (signal < 0 || signal > SIGNAL_MAX) throw new LinuxError('EINVAL');
  if (targets.length === 0) throw new LinuxError('ESRCH');
  const stops = signal !== 0 && defaultAction(signal) === 'stop';
  if (stops && targets.some(({ signals }) => !signals.ignores(signal))) throw new LinuxError('ENOSYS');
  for (const task of targets) system.tasks.send(task, signal);
  return 0;
}

/** kill(2): a process, a group, the caller's own, or all but the first and the caller. */
function kill(call: Call, pid: number, signal: number): Result {
  const { tasks } = call.system;
  if (pid > 0) return send(call, one(tasks.get(pid)), signal);
  if (pid === -1) {
    const others = tasks.all().filter((task) => task !== tasks.first && task !== call.task);
    return send(call, others, signal);
  }
  const group = pid === 0 ? call.task.group : -pid;
  return send(
    call,
    tasks.all().filter((task) => task.group === group),
    signal,
  );
}

const one = (task: Task | undefined): Task[] => (task ? [task] : []);

function rtSigaction(call: Call, signal: number, action: bigint, old: bigint, size: bigint): Result {
  if (size !== SET_BYTES) throw new LinuxError('EINVAL');
  const layout = sigactionOf(call.system.memory.arch);
  const given = new UserConstPtr(action, layout).nullable()?.get(call).load();
  if (signal < 1 || signal > SIGNAL_MAX) throw new LinuxError('EINVAL');
  if (given && (signal === SIGNALS.SIGKILL || signal === SIGNALS.SIGSTOP)) throw new LinuxError('EINVAL');
  const { signals } = call.task;
  const before = signals.action(signal);
  if (given) signals.setAction(signal, { ...given, mask: given.mask & ~UNBLOCKABLE });
  new UserPtr(old, layout).nullable()?.get(call).store(before);
  return 0;
}

function rtSigprocmask(call: Call, how: number, set: bigint, old: bigint, size: bigint): Result {
  if (size !== SET_BYTES) throw new LinuxError('EINVAL');
  const { signals } = call.task;
  const before = signals.mask;
  const given = new UserConstPtr(set, U64).nullable()?.get(call).load();
  if (given !== undefined) {
    if (how === SIG_BLOCK) signals.mask |= given;
    else if (how === SIG_UNBLOCK) signals.mask &= ~given;
    else if (how === SIG_SETMASK) signals.mask = given;
    else throw new LinuxError('EINVAL');
    signals.mask &= ~UNBLOCKABLE;
    call.system.tasks.unmask(call.task);
  }
  new UserPtr(old, U64).nullable()?.get(call).store(before);
  return 0;
}

function rtSigpending(call: Call, set: bigint, size: bigint): Result {
  if (size > SET_BYTES) throw new LinuxError('EINVAL');
  const bytes = U64.write(call.task.signals.pending).subarray(0, Number(size));
  if (userBytes(set).getAsSlice(call, bytes.length).writeFrom(bytes) < bytes.length) throw new LinuxError('EFAULT');
  return 0;
}

/** rt_sigsuspend(2): only a signal that ends the process could let it go on. */
function rtSigsuspend(call: Call, set: bigint, size: bigint): Result {
  if (size !== SET_BYTES) throw new LinuxError('EINVAL');
  const { signals } = call.task;
  signals.mask = new UserConstPtr(set, U64).get(call).load() & ~UNBLOCKABLE;
  call.system.tasks.unmask(call.task);
  return new Blocked('a signal', []);
}

const SS_DISABLE = 2;
/** MINSIGSTKSZ of asm-generic. */
const SMALLEST_STACK = 2048n;

function sigaltstack(call: Call, stack: bigint, old: bigint): Result {
  const { signals } = call.task;
  const given = new UserConstPtr(stack, SIGNAL_STACK).nullable()?.get(call).load();
  const before = signals.stack;
  if (given) {
    if ((given.flags & ~SS_DISABLE) !== 0) throw new LinuxError('EINVAL');
    const disabled = (given.flags & SS_DISABLE) !== 0;
    if (!disabled && given.size < SMALLEST_STACK) throw new LinuxError('ENOMEM');
    signals.stack = disabled ? { start: 0n, flags: SS_DISABLE, size: 0n } : given;
  }
  new UserPtr(old, SIGNAL_STACK).nullable()?.get(call).store(before);
  return 0;
}

const NO_HANDLERS = 'remembered, but no handler is called yet: a signal with a handler does its default';
const NO_STOPPING = 'default actions only, SI codes are not kept; stopping a process is refused with ENOSYS';

export const SIGNAL_CALLS = [
  partial(NO_STOPPING, row('kill', ['int', 'int'], kill)),
  partial(
    NO_STOPPING,
    row('tkill', ['int', 'int'], (call, pid, signal) => {
      if (pid <= 0) throw new LinuxError('EINVAL');
      return send(call, one(call.system.tasks.get(pid)), signal);
    }),
  ),
  partial(
    NO_STOPPING,
    row('tgkill', ['int', 'int', 'int'], (call, group, pid, signal) => {
      if (pid <= 0 || group <= 0) throw new LinuxError('EINVAL');
      return send(call, group === pid ? one(call.system.tasks.get(pid)) : [], signal);
    }),
  ),
  partial(NO_HANDLERS, row('rt_sigaction', ['int', 'pointer', 'pointer', 'size'], rtSigaction)),
  row('rt_sigprocmask', ['int', 'pointer', 'pointer', 'size'], rtSigprocmask),
  row('rt_sigpending', ['pointer', 'size'], rtSigpending),
  partial(
    'waits for ever, since no handler is called yet, unless the signal ends the process',
    row('rt_sigsuspend', ['pointer', 'size'], rtSigsuspend),
  ),
  partial(NO_HANDLERS, row('sigaltstack', ['pointer', 'pointer'], sigaltstack)),
];
