import { LinuxError } from '../abi/errno.ts';
import { O_ACCMODE, O_CLOEXEC, O_NONBLOCK, O_RDWR, O_WRONLY } from '../abi/files.ts';
import { DESCRIPTORS_MAX } from '../fs/descriptors.ts';
import { OpenFile } from '../fs/file.ts';
import { Pipe } from '../fs/pipe.ts';
import { UserPtr } from '../mm/user-pointer.ts';
import type { Call } from './call.ts';
import { partial, type Result, row } from './row.ts';
import { I32, statOf } from './structs.ts';
import { readFile, readFileVector, readVector, writeFile, writeFileVector } from './transfer.ts';

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
    // A process that died of the store has no files any more.
    if (!(error instanceof LinuxError)) throw error;
    files.close(reader);
    files.close(writer);
    throw error;
  }
  return 0;
}

/** The open file of pread and pwrite: EINVAL before the start, ESPIPE where there are no positions. */
function positioned(call: Call, fd: number, offset: bigint): OpenFile {
  if (offset < 0n) throw new LinuxError('EINVAL');
  const file = call.task.files.get(fd);
  file.node.seek(0n, SEEK_CUR);
  return file;
}

const SEEK_CUR = 1;

const CLOSE_RANGE_UNSHARE = 2;
const CLOSE_RANGE_CLOEXEC = 4;

function closeRange({ task: { files } }: Call, first: number, last: number, flags: number): Result {
  if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) !== 0) throw new LinuxError('EINVAL');
  if (first >>> 0 > last >>> 0) throw new LinuxError('EINVAL');
  for (let fd = first >>> 0; fd <= Math.min(last >>> 0, DESCRIPTORS_MAX - 1); fd++) {
    if (!files.find(fd)) continue;
    if ((flags & CLOSE_RANGE_CLOEXEC) !== 0) files.entry(fd).closeOnExec = true;
    else files.close(fd);
  }
  return 0;
}

/** fsync(2): nothing here lies on a disk. */
function fsync({ task: { files } }: Call, fd: number): Result {
  files.get(fd);
  throw new LinuxError('EINVAL');
}

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
  partial(
    'no file keeps a position: what has none is ESPIPE, devices have no other',
    row('pread64', ['int', 'pointer', 'size', 'long'], (call, fd, buffer, count, offset) =>
      readFile(call, positioned(call, fd, offset), buffer, count),
    ),
  ),
  partial(
    'no file keeps a position: what has none is ESPIPE, devices have no other',
    row('pwrite64', ['int', 'pointer', 'size', 'long'], (call, fd, buffer, count, offset) =>
      writeFile(call, positioned(call, fd, offset), buffer, count),
    ),
  ),
  row('close_range', ['flags', 'flags', 'flags'], closeRange),
  row('fsync', ['int'], fsync),
  row('fdatasync', ['int'], fsync),
  row('sync', [], () => 0),
  row('close', ['int'], ({ task }, fd) => {
    task.files.close(fd);
    return 0;
  }),
  partial(
    'all times are 0',
    row('fstat', ['int', 'pointer'], (call, fd, buffer) => {
      const stat = call.task.files.get(fd).node.stat();
      new UserPtr(buffer, statOf(call.system.memory.arch)).get(call).store(stat);
      return 0;
    }),
  ),
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
