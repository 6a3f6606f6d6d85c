import type { Arch } from '../arch/arch.ts';
import { FILE_CALLS } from './file.ts';
import { GROUP_CALLS } from './groups.ts';
import { MEMORY_CALLS } from './memory.ts';
import { olderCalls } from './older.ts';
import { PATH_CALLS } from './paths.ts';
import { POLL_CALLS } from './poll.ts';
import { PROCESS_CALLS } from './processes.ts';
import type { CallRow } from './row.ts';
import { SIGNAL_CALLS } from './signal.ts';
import { HOOK_CALL, HOOK_NUMBER, SYSTEM_CALLS } from './system.ts';
import { TIME_CALLS } from './time.ts';

/** Every system call but those that others have taken the place of. */
const NEWER: ReadonlyMap<string, CallRow> = new Map(
  [
    ...PROCESS_CALLS,
    ...GROUP_CALLS,
    ...MEMORY_CALLS,
    ...FILE_CALLS,
    ...PATH_CALLS,
    ...POLL_CALLS,
    ...TIME_CALLS,
    ...SIGNAL_CALLS,
    ...SYSTEM_CALLS,
  ].map((call) => [call.name, call]),
);

/** Every system call that the kernel has, by name. What is not here, or has no number on the target, is ENOSYS. */
export const CALLS: ReadonlyMap<string, CallRow> = new Map([
  ...NEWER,
  ...olderCalls(NEWER).map((call) => [call.name, call] as const),
]);

/** The target's system calls by number. */
export function callTable({ callNames, ownCalls }: Arch): ReadonlyMap<number, CallRow> {
  const table = new Map<number, CallRow>([[HOOK_NUMBER, HOOK_CALL]]);
  for (const [number, name] of callNames) {
    const call = CALLS.get(ownCalls.get(name) ?? name);
    if (call) table.set(number, call);
  }
  return table;
}
