import { CLONE } from '../abi/clone.ts';
import { AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_NOFOLLOW, O_CREAT, O_TRUNC, O_WRONLY } from '../abi/files.ts';
import { SIGNALS } from '../abi/signals.ts';
import type { Call } from './call.ts';
import { Blocked, type CallRow, type Kind, partial, type Result, row } from './row.ts';

// Calls that older tables have beside the newer ones that took their place: what another call does with more arguments.

const register = (value: number | bigint): bigint => BigInt.asUintN(64, BigInt(value));
const HERE = register(AT_FDCWD);
const NO_FOLLOW = register(AT_SYMLINK_NOFOLLOW);

type Registers = readonly bigint[];

/** Each older call: its name, its arguments' kinds, the newer one, and that one's arguments. */
const NEWER: readonly (readonly [string, readonly Kind[], string, (...args: bigint[]) => Registers])[] = [
  ['open', ['pointer', 'flags', 'flags'], 'openat', (path, flags, mode) => [HERE, path, flags, mode]],
  ['creat', ['pointer', 'flags'], 'openat', (path, mode) => [HERE, path, register(O_CREAT | O_WRONLY | O_TRUNC), mode]],
  ['stat', ['pointer', 'pointer'], 'newfstatat', (path, buffer) => [HERE, path, buffer, 0n]],
  ['lstat', ['pointer', 'pointer'], 'newfstatat', (path, buffer) => [HERE, path, buffer, NO_FOLLOW]],
  ['access', ['pointer', 'int'], 'faccessat', (path, mode) => [HERE, path, mode]],
  ['readlink', ['pointer', 'pointer', 'int'], 'readlinkat', (path, buffer, size) => [HERE, path, buffer, size]],
  ['mkdir', ['pointer', 'flags'], 'mkdirat', (path, mode) => [HERE, path, mode]],
  ['mknod', ['pointer', 'flags', 'flags'], 'mknodat', (path, mode, device) => [HERE, path, mode, device]],
  ['rmdir', ['pointer'], 'unlinkat', (path) => [HERE, path, register(AT_REMOVEDIR)]],
  ['unlink', ['pointer'], 'unlinkat', (path) => [HERE, path, 0n]],
  ['rename', ['pointer', 'pointer'], 'renameat2', (from, to) => [HERE, from, HERE, to, 0n]],
  ['link', ['pointer', 'pointer'], 'linkat', (from, to) => [HERE, from, HERE, to, 0n]],
  ['symlink', ['pointer', 'pointer'], 'symlinkat', (target, path) => [target, HERE, path]],
  ['chmod', ['pointer', 'flags'], 'fchmodat', (path, mode) => [HERE, path, mode]],
  ['chown', ['pointer', 'flags', 'flags'], 'fchownat', (path, uid, gid) => [HERE, path, uid, gid, 0n]],
  ['lchown', ['pointer', 'flags', 'flags'], 'fchownat', (path, uid, gid) => [HERE, path, uid, gid, NO_FOLLOW]],
  ['pipe', ['pointer'], 'pipe2', (ends) => [ends, 0n]],
  ['fork', [], 'clone', () => [register(SIGNALS.SIGCHLD), 0n, 0n, 0n, 0n]],
  ['vfork', [], 'clone', () => [CLONE.VFORK | CLONE.VM | register(SIGNALS.SIGCHLD), 0n, 0n, 0n, 0n]],
  ['getpgrp', [], 'getpgid', () => [0n]],
];

/** dup2(2): as dup3(2), but for a descriptor's copy to itself, which only asks whether it is open. */
function dup2(call: Call, from: number, to: number, dup3: CallRow): Result {
  if (from !== to) return dup3.run(call, [register(from), register(to), 0n]);
  call.task.files.get(from);
  return to;
}

/** The older calls, made of the newer ones. */
export function olderCalls(newer: ReadonlyMap<string, CallRow>): CallRow[] {
  const find = (name: string): CallRow => {
    const found = newer.get(name);
    if (!found) throw new Error(`no call ${name}`);
    return found;
  };
  return [
    ...NEWER.map(
      ([name, kinds, twin, args]): CallRow => ({
        name,
        kinds,
        partial: find(twin).partial,
        run: (call, registers) => find(twin).run(call, args(...registers)),
      }),
    ),
    row('dup2', ['int', 'int'], (call, from, to) => dup2(call, from, to, find('dup3'))),
    partial(
      'waits for ever, since no handler is called yet, unless the signal ends the process',
      row('pause', [], () => new Blocked('a signal', [])),
    ),
  ];
}
