import { LinuxError } from '../abi/errno.ts';
import type { Task } from '../task/task.ts';
import type { Call } from './call.ts';
import { type Result, row } from './row.ts';

function taskOf(call: Call, pid: number): Task {
  const task = pid === 0 ? call.task : call.system.tasks.get(pid);
  if (!task) throw new LinuxError('ESRCH');
  return task;
}

/** setpgid(2): the caller or a child of its session, to a group of its own or one that its session has. */
function setpgid(call: Call, pid: number, given: number): Result {
  if (given < 0) throw new LinuxError('EINVAL');
  const task = taskOf(call, pid);
  if (task !== call.task && task.parent !== call.task) throw new LinuxError('ESRCH');
  const group = given === 0 ? task.pid : given;
  const { session } = call.task;
  if (task.session !== session || task.session === task.pid) throw new LinuxError('EPERM');
  const there = call.system.tasks.all().some((other) => other.group === group && other.session === session);
  if (group !== task.pid && !there) throw new LinuxError('EPERM');
  task.group = group;
  return 0;
}

/** setsid(2). EPERM: the caller's number is a group's already. */
function setsid({ task, system }: Call): Result {
  if (system.tasks.all().some(({ group }) => group === task.pid)) throw new LinuxError('EPERM');
  task.session = task.pid;
  task.group = task.pid;
  return task.pid;
}

export const GROUP_CALLS = [
  row('getpgid', ['int'], (call, pid) => taskOf(call, pid).group),
  row('getsid', ['int'], (call, pid) => taskOf(call, pid).session),
  row('setpgid', ['int', 'int'], setpgid),
  row('setsid', [], setsid),
];
