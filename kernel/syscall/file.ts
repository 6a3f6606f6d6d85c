import { LinuxError } from '../abi/errno.ts';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  type FileStat,
  O_ACCMODE,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
  O_WRONLY,
  PATH_MAX,
  S_IFDIR,
  S_IFMT,
} from '../abi/files.ts';
import { encodeUtf8 } from '../abi/utf8.ts';
import { DESCRIPTORS_MAX } from '../fs/descriptors.ts';
import { OpenFile } from '../fs/file.ts';
import { Pipe } from '../fs/pipe.ts';
import { UserPtr, userBytes, userConstBytes } from '../mm/user-pointer.ts';
import type { Call } from './call.ts';
import { partial, type Result, row } from './row.ts';
import { I32, STAT, STATX } from './structs.ts';
import { readFile, readFileVector, readVector, writeFile, writeFileVector } from './transfer.ts';

const pathAt = (call: Call, address: bigint): string => userConstBytes(address).getAsStr(call, PATH_MAX);

/** A relative path starts at a directory; there is one that everybody is in, and all others are open to be named. */
function checkStart(call: Call, fd: number, path: string): void {
  if (path === '') throw new LinuxError('ENOENT');
  if (path.startsWith('/') || fd === AT_FDCWD) return;
  const { mode } = call.task.files.get(fd).node.stat();
  if ((mode & S_IFMT) !== S_IFDIR) throw new LinuxError('ENOTDIR');
}

function openat(call: Call, directory: number, path: bigint, flags: number): Result {
  const name = pathAt(call, path);
  checkStart(call, directory, name);
  const { task, system } = call;
  if (task.files.room === 0) throw new LinuxError('EMFILE');
  const file = system.tree.open(name, flags, task.program);
  return task.files.add(file, (flags & O_CLOEXEC) !== 0);
}

/** What fstatat and statx are asked about: a path, or with AT_EMPTY_PATH the descriptor itself. */
function statAt(call: Call, directory: number, path: bigint, flags: number): FileStat {
  const name = pathAt(call, path);
  if (name === '' && (flags & AT_EMPTY_PATH) !== 0) {
    if (directory === AT_FDCWD) return call.system.tree.stat('/', true, call.task.program);
    return call.task.files.get(directory).node.stat();
  }
  checkStart(call, directory, name);
  return call.system.tree.stat(name, (flags & AT_SYMLINK_NOFOLLOW) === 0, call.task.program);
}

const AT_NO_AUTOMOUNT = 0x800;
const AT_STATX_SYNC_TYPE = 0x6000;
const STAT_FLAGS = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;

function newfstatat(call: Call, directory: number, path: bigint, buffer: bigint, flags: number): Result {
  if ((flags & ~STAT_FLAGS) !== 0) throw new LinuxError('EINVAL');
  const stat = statAt(call, directory, path, flags);
  new UserPtr(buffer, STAT).get(call).store(stat);
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
  const name = pathAt(call, path);
  checkStart(call, directory, name);
  const target = encodeUtf8(call.system.tree.readLink(name, call.task.program)).subarray(0, size);
  if (userBytes(buffer).getAsSlice(call, target.length).writeFrom(target) < target.length)
    throw new LinuxError('EFAULT');
  return target.length;
}

function faccessat(call: Call, directory: number, path: bigint, mode: number): Result {
  if ((mode & ~7) !== 0) throw new LinuxError('EINVAL');
  const name = pathAt(call, path);
  checkStart(call, directory, name);
  const stat = call.system.tree.stat(name, true, call.task.program);
  const allowed = ((stat.mode >> 6) | (stat.mode >> 3) | stat.mode) & 7;
  if ((mode & ~allowed) !== 0)
    throw new LinuxError((mode & 2) !== 0 && (stat.mode & S_IFMT) === S_IFDIR ? 'EROFS' : 'EACCES');
  return 0;
}

function getcwd(call: Call, buffer: bigint, size: bigint): Result {
  const path = Uint8Array.of(0x2f, 0);
  if (size < BigInt(path.length)) throw new LinuxError('ERANGE');
  if (userBytes(buffer).getAsSlice(call, path.length).writeFrom(path) < path.length) throw new LinuxError('EFAULT');
  return path.length;
}

function ioctl(call: Call, fd: number): Result {
  call.task.files.get(fd);
  throw new LinuxError('ENOTTY');
}

const F_DUPFD = 0;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;

function fcntl({ task: { files } }: Call, fd: number, command: number, argument: bigint): Result {
  const entry = files.entry(fd);
  const { file } = entry;
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      if (argument >= BigInt(DESCRIPTORS_MAX)) throw new LinuxError('EINVAL');
      return files.add(file, command === F_DUPFD_CLOEXEC, Number(argument));
    case F_GETFD:
      return entry.closeOnExec ? 1 : 0;
    case F_SETFD:
      entry.closeOnExec = (argument & 1n) !== 0n;
      return 0;
    case F_GETFL: {
      const mode = file.readable ? (file.writable ? O_RDWR : 0) : O_WRONLY;
      return (file.flags & ~O_ACCMODE & ~O_CLOEXEC) | mode;
    }
    case F_SETFL:
      file.flags = (file.flags & ~O_NONBLOCK) | (Number(argument & 0xffff_ffffn) & O_NONBLOCK);
      return 0;
    default:
      throw new LinuxError('EINVAL');
  }
}

function dup3({ task: { files } }: Call, from: number, to: number, flags: number): Result {
  if ((flags & ~O_CLOEXEC) !== 0 || from === to) throw new LinuxError('EINVAL');
  if (to < 0 || to >= DESCRIPTORS_MAX) throw new LinuxError('EBADF');
  files.replace(to, files.get(from), (flags & O_CLOEXEC) !== 0);
  return to;
}

function pipe2(call: Call, ends: bigint, flags: number): Result {
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) !== 0) throw new LinuxError('EINVAL');
  const { files } = call.task;
  if (files.room < 2) throw new LinuxError('EMFILE');
  const result = new UserPtr(ends, I32).getAsSlice(call, 2);
  const pipe = new Pipe(call.system.takeInode());
  const status = flags & O_NONBLOCK;
  const closeOnExec = (flags & O_CLOEXEC) !== 0;
  const reader = files.add(new OpenFile(pipe, { readable: true, writable: false }, status), closeOnExec);
  const writer = files.add(new OpenFile(pipe, { readable: false, writable: true }, status), closeOnExec);
  try {
    result.store(reader, 0);
    result.store(writer, 1);
  } catch (error) {
    files.close(reader);
    files.close(writer);
    throw error;
  }
  return 0;
}

/** openat and its kin: which files there are is the tree's affair. */
const PATHS = 'there are /, /dev/null, /dev/zero and the link /proc/self/exe; nothing can be made';

export const FILE_CALLS = [
  row('read', ['int', 'pointer', 'size'], (call, fd, buffer, count) =>
    readFile(call, call.task.files.get(fd), buffer, count),
  ),
  row('write', ['int', 'pointer', 'size'], (call, fd, buffer, count) =>
    writeFile(call, call.task.files.get(fd), buffer, count),
  ),
  row('readv', ['int', 'pointer', 'int'], (call, fd, vector, count) =>
    readFileVector(call, call.task.files.get(fd), readVector(call, vector, count)),
  ),
  row('writev', ['int', 'pointer', 'int'], (call, fd, vector, count) =>
    writeFileVector(call, call.task.files.get(fd), readVector(call, vector, count)),
  ),
  partial(PATHS, row('openat', ['int', 'pointer', 'flags', 'flags'], openat)),
  row('close', ['int'], ({ task }, fd) => {
    task.files.close(fd);
    return 0;
  }),
  partial(PATHS, row('readlinkat', ['int', 'pointer', 'pointer', 'int'], readlinkat)),
  partial(
    'all times are 0',
    row('fstat', ['int', 'pointer'], (call, fd, buffer) => {
      const stat = call.task.files.get(fd).node.stat();
      new UserPtr(buffer, STAT).get(call).store(stat);
      return 0;
    }),
  ),
  partial(PATHS, row('newfstatat', ['int', 'pointer', 'pointer', 'flags'], newfstatat)),
  partial(PATHS, row('statx', ['int', 'pointer', 'flags', 'flags', 'pointer'], statx)),
  partial(PATHS, row('faccessat', ['int', 'pointer', 'int'], faccessat)),
  row('getcwd', ['pointer', 'size'], getcwd),
  partial('no file is a terminal: always ENOTTY', row('ioctl', ['int', 'flags', 'pointer'], ioctl)),
  row('lseek', ['int', 'long', 'int'], (call, fd, offset, whence) => {
    if (whence < 0 || whence > 4) throw new LinuxError('EINVAL');
    return call.task.files.get(fd).node.seek(offset, whence);
  }),
  partial('no locks, owners or leases', row('fcntl', ['int', 'int', 'bits'], fcntl)),
  row('dup', ['int'], ({ task: { files } }, fd) => files.add(files.get(fd), false)),
  row('dup3', ['int', 'int', 'flags'], dup3),
  partial('no O_DIRECT', row('pipe2', ['pointer', 'flags'], pipe2)),
];
