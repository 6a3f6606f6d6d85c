import { LinuxError } from '../abi/errno.ts';
import {
  AT_EACCESS,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  type FileStat,
  O_CLOEXEC,
  PATH_MAX,
  S_IFDIR,
  S_IFMT,
} from '../abi/files.ts';
import { encodeUtf8 } from '../abi/utf8.ts';
import { Directory } from '../fs/tree.ts';
import { UserPtr, userBytes, userConstBytes } from '../mm/user-pointer.ts';
import type { Call } from './call.ts';
import { partial, type Result, row } from './row.ts';
import { STATX, statOf } from './structs.ts';

const textAt = (call: Call, address: bigint): string => userConstBytes(address).getAsStr(call, PATH_MAX);

/** The path that a call was given, absolute: a relative one starts at the working directory, or at an open one. */
function pathAt(call: Call, directory: number, address: bigint): string {
  const path = textAt(call, address);
  return path === '' ? fail('ENOENT') : startingAt(call, directory, path);
}

function startingAt(call: Call, directory: number, path: string): string {
  if (path.startsWith('/')) return path;
  return `${directory === AT_FDCWD ? call.task.cwd : directoryOf(call, directory).path}/${path}`;
}

function directoryOf(call: Call, fd: number): Directory {
  const { node } = call.task.files.get(fd);
  return node instanceof Directory ? node : fail('ENOTDIR');
}

function fail(name: ConstructorParameters<typeof LinuxError>[0]): never {
  throw new LinuxError(name);
}

function openat(call: Call, directory: number, path: bigint, flags: number): Result {
  const name = pathAt(call, directory, path);
  const { task, system } = call;
  if (task.files.room === 0) throw new LinuxError('EMFILE');
  const file = system.tree.open(name, flags, task.program);
  return task.files.add(file, (flags & O_CLOEXEC) !== 0);
}

/** What fstatat and statx are asked about: a path, or with AT_EMPTY_PATH the descriptor itself. */
function statAt(call: Call, directory: number, path: bigint, flags: number): FileStat {
  const { task, system } = call;
  const name = textAt(call, path);
  if (name === '' && (flags & AT_EMPTY_PATH) === 0) throw new LinuxError('ENOENT');
  if (name === '' && directory !== AT_FDCWD) return task.files.get(directory).node.stat();
  return system.tree.stat(startingAt(call, directory, name), (flags & AT_SYMLINK_NOFOLLOW) === 0, task.program);
}

const AT_NO_AUTOMOUNT = 0x800;
const AT_STATX_SYNC_TYPE = 0x6000;
const STAT_FLAGS = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;

function newfstatat(call: Call, directory: number, path: bigint, buffer: bigint, flags: number): Result {
  if ((flags & ~STAT_FLAGS) !== 0) throw new LinuxError('EINVAL');
  const stat = statAt(call, directory, path, flags);
  new UserPtr(buffer, statOf(call.system.memory.arch)).get(call).store(stat);
  return 0;
}

function statx(call: Call, directory: number, path: bigint, flags: number, mask: number, buffer: bigint): Result {
  if ((flags & ~(STAT_FLAGS | AT_STATX_SYNC_TYPE)) !== 0 || mask < 0) throw new LinuxError('EINVAL');
  const stat = statAt(call, directory, path, flags);
  new UserPtr(buffer, STATX).get(call).store(stat);
  return 0;
}

function readlinkat(call: Call, directory: number, path: bigint, buffer: bigint, size: number): Result {
  if (size <= 0) throw new LinuxError('EINVAL');
  const name = pathAt(call, directory, path);
  const target = encodeUtf8(call.system.tree.readLink(name, call.task.program)).subarray(0, size);
  if (userBytes(buffer).getAsSlice(call, target.length).writeFrom(target) < target.length)
    throw new LinuxError('EFAULT');
  return target.length;
}

function faccessat(call: Call, directory: number, path: bigint, mode: number, flags = 0): Result {
  if ((mode & ~7) !== 0 || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0)
    throw new LinuxError('EINVAL');
  const stat = statAt(call, directory, path, flags);
  const allowed = ((stat.mode >> 6) | (stat.mode >> 3) | stat.mode) & 7;
  if ((mode & ~allowed) !== 0)
    throw new LinuxError((mode & 2) !== 0 && (stat.mode & S_IFMT) === S_IFDIR ? 'EROFS' : 'EACCES');
  return 0;
}

function getcwd(call: Call, buffer: bigint, size: bigint): Result {
  const path = Uint8Array.from([...encodeUtf8(call.task.cwd), 0]);
  if (size < BigInt(path.length)) throw new LinuxError('ERANGE');
  if (userBytes(buffer).getAsSlice(call, path.length).writeFrom(path) < path.length) throw new LinuxError('EFAULT');
  return path.length;
}

type DirectoryEntry = ReturnType<Directory['remaining']>[number];

/** struct linux_dirent64: inode, position of the next, length, type, name; each padded to 8 bytes. */
function direntOf({ inode, type, name }: DirectoryEntry, next: number): Uint8Array {
  const text = encodeUtf8(name);
  const bytes = new Uint8Array((19 + text.length + 1 + 7) & ~7);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(inode), true);
  view.setBigInt64(8, BigInt(next), true);
  view.setUint16(16, bytes.length, true);
  view.setUint8(18, type);
  bytes.set(text, 19);
  return bytes;
}

/** struct linux_dirent: the same without the type, which is its last byte. */
function oldDirentOf({ inode, type, name }: DirectoryEntry, next: number): Uint8Array {
  const text = encodeUtf8(name);
  const bytes = new Uint8Array((18 + text.length + 2 + 7) & ~7);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(inode), true);
  view.setBigInt64(8, BigInt(next), true);
  view.setUint16(16, bytes.length, true);
  bytes.set(text, 18);
  bytes[bytes.length - 1] = type;
  return bytes;
}

function getdents(call: Call, fd: number, buffer: bigint, size: number, recordOf: typeof direntOf): Result {
  const directory = directoryOf(call, fd);
  const records: Uint8Array[] = [];
  let length = 0;
  for (const entry of directory.remaining()) {
    const record = recordOf(entry, directory.told + records.length + 1);
    if (length + record.length > size >>> 0) break;
    records.push(record);
    length += record.length;
  }
  if (records.length === 0) return directory.remaining().length === 0 ? 0 : fail('EINVAL');
  const bytes = Uint8Array.from(records.flatMap((record) => [...record]));
  if (userBytes(buffer).getAsSlice(call, length).writeFrom(bytes) < length) throw new LinuxError('EFAULT');
  directory.advance(records.length);
  return length;
}

/** Calls that would make a file: what they say where none can be made. */
function make(call: Call, directory: number, path: bigint): never {
  return call.system.tree.make(pathAt(call, directory, path), call.task.program);
}

/** Calls that would change or remove one. */
function change(call: Call, directory: number, path: bigint, follow: boolean): never {
  return call.system.tree.change(pathAt(call, directory, path), follow, call.task.program);
}

function linkat(call: Call, from: number, old: bigint, to: number, path: bigint, flags: number): never {
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) !== 0) throw new LinuxError('EINVAL');
  call.system.tree.stat(pathAt(call, from, old), (flags & AT_SYMLINK_FOLLOW) !== 0, call.task.program);
  return make(call, to, path);
}

const RENAME_FLAGS = 7;

function renameat2(call: Call, from: number, old: bigint, to: number, path: bigint, flags: number): never {
  if ((flags & ~RENAME_FLAGS) !== 0) throw new LinuxError('EINVAL');
  const { tree } = call.system;
  const target = pathAt(call, to, path);
  tree.stat(pathAt(call, from, old), false, call.task.program);
  // What is in the target's place would be replaced, so that only the directory before it must be there.
  tree.stat(target.replace(/[^/]*\/*$/, ''), true, call.task.program);
  return fail('EROFS');
}

function utimensat(call: Call, directory: number, path: bigint, flags: number): never {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) throw new LinuxError('EINVAL');
  if (path !== 0n) return change(call, directory, path, (flags & AT_SYMLINK_NOFOLLOW) === 0);
  call.task.files.get(directory);
  return fail('EROFS');
}

/** Which files there are is the tree's affair. */
const PATHS = 'there are /, /dev with null, zero, random and urandom, and the link /proc/self/exe';
const NOTHING_NEW = 'nothing can be made: EEXIST, or EROFS';
const NO_CHANGE = 'nothing can be changed: EROFS for all that is there';

export const PATH_CALLS = [
  partial(PATHS, row('openat', ['int', 'pointer', 'flags', 'flags'], openat)),
  partial(PATHS, row('readlinkat', ['int', 'pointer', 'pointer', 'int'], readlinkat)),
  partial(PATHS, row('newfstatat', ['int', 'pointer', 'pointer', 'flags'], newfstatat)),
  partial(PATHS, row('statx', ['int', 'pointer', 'flags', 'flags', 'pointer'], statx)),
  partial(
    PATHS,
    row('faccessat', ['int', 'pointer', 'int'], (call, fd, path, mode) => faccessat(call, fd, path, mode)),
  ),
  partial(PATHS, row('faccessat2', ['int', 'pointer', 'int', 'flags'], faccessat)),
  row('getcwd', ['pointer', 'size'], getcwd),
  partial(
    PATHS,
    row('chdir', ['pointer'], (call, path) => {
      call.task.cwd = call.system.tree.directory(pathAt(call, AT_FDCWD, path), call.task.program);
      return 0;
    }),
  ),
  row('fchdir', ['int'], (call, fd) => {
    call.task.cwd = directoryOf(call, fd).path;
    return 0;
  }),
  partial(
    PATHS,
    row('getdents64', ['int', 'pointer', 'flags'], (call, fd, buffer, size) =>
      getdents(call, fd, buffer, size, direntOf),
    ),
  ),
  partial(
    PATHS,
    row('getdents', ['int', 'pointer', 'flags'], (call, fd, buffer, size) =>
      getdents(call, fd, buffer, size, oldDirentOf),
    ),
  ),
  row('umask', ['int'], ({ task }, mask) => {
    const before = task.umask;
    task.umask = mask & 0o777;
    return before;
  }),
  partial(NOTHING_NEW, row('mkdirat', ['int', 'pointer', 'flags'], make)),
  partial(NOTHING_NEW, row('mknodat', ['int', 'pointer', 'flags', 'flags'], make)),
  partial(
    NOTHING_NEW,
    row('symlinkat', ['pointer', 'int', 'pointer'], (call, target, fd, path) =>
      textAt(call, target) === '' ? fail('ENOENT') : make(call, fd, path),
    ),
  ),
  partial(NOTHING_NEW, row('linkat', ['int', 'pointer', 'int', 'pointer', 'flags'], linkat)),
  partial(NO_CHANGE, row('renameat2', ['int', 'pointer', 'int', 'pointer', 'flags'], renameat2)),
  partial(
    NO_CHANGE,
    row('unlinkat', ['int', 'pointer', 'flags'], (call, fd, path, flags) =>
      (flags & ~AT_REMOVEDIR) !== 0 ? fail('EINVAL') : change(call, fd, path, false),
    ),
  ),
  partial(
    NO_CHANGE,
    row('fchmodat', ['int', 'pointer', 'flags'], (call, fd, path) => change(call, fd, path, true)),
  ),
  partial(
    NO_CHANGE,
    row('fchownat', ['int', 'pointer', 'flags', 'flags', 'flags'], (call, fd, path, _uid, _gid, flags) =>
      change(call, fd, path, (flags & AT_SYMLINK_NOFOLLOW) === 0),
    ),
  ),
  partial(
    NO_CHANGE,
    row('utimensat', ['int', 'pointer', 'pointer', 'flags'], (call, fd, path, _times, flags) =>
      utimensat(call, fd, path, flags),
    ),
  ),
  partial(
    NO_CHANGE,
    row('truncate', ['pointer', 'long'], (call, path) => change(call, AT_FDCWD, path, true)),
  ),
];
