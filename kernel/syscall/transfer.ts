import { LinuxError } from '../abi/errno.ts';
import { IOV_MAX, MAX_RW_COUNT, O_NONBLOCK } from '../abi/files.ts';
import { SIGNALS } from '../abi/signals.ts';
import type { OpenFile } from '../fs/file.ts';
import { UserConstPtr, userBytes, userConstBytes } from '../mm/user-pointer.ts';
import type { Call } from './call.ts';
import { Blocked, type Result } from './row.ts';
import { IOVEC, type Iovec } from './structs.ts';

/** Bytes copied from user memory at a time. */
const CHUNK = 65536;

/** read(2) from an open file: what is there, at most `count` bytes. A fault in the middle leaves the rest unread. */
export function readFile(call: Call, file: OpenFile, buffer: bigint, count: bigint): number | Blocked {
  if (!file.readable) throw new LinuxError('EBADF');
  if (count === 0n) {
    userBytes(buffer).getAsSlice(call, 0);
    return 0;
  }
  const { node } = file;
  const all = Number(clamp(count));
  let done = 0;
  do {
    const found = node.peek(Math.min(all - done, CHUNK));
    if (!(found instanceof Uint8Array)) return waitFor(file, found);
    if (found.length === 0) return done;
    const to = userBytes(buffer + BigInt(done));
    const copied = afterFirst(done, () => to.getAsSlice(call, found.length).writeFrom(found));
    if (copied === undefined) break;
    node.consume(copied);
    done += copied;
    if (copied < found.length) break;
    // What may have to wait gives what it has; what never does gives all.
  } while (done < all && node.news === undefined);
  if (done === 0) throw new LinuxError('EFAULT');
  return done;
}

/**
 * write(2) to an open file: bytes as far as they could be read and the file took them; EFAULT or the file's error only
 * where there were none. A call that has to wait remembers in `task.resume` what it has done.
 */
export function writeFile(call: Call, file: OpenFile, buffer: bigint, count: bigint): number | Blocked {
  if (!file.writable) throw new LinuxError('EBADF');
  const slice = userConstBytes(buffer).getAsSlice(call, clampTo(count));
  const { task } = call;
  let done = Number(task.resume ?? 0n);
  while (done < slice.length) {
    const chunk = new Uint8Array(Math.min(CHUNK, slice.length - done));
    const readable = slice.readInto(chunk, done);
    const outcome = readable === 0 ? undefined : writeBytes(call, file, chunk.subarray(0, readable), done);
    if (outcome instanceof Blocked) {
      task.resume = BigInt(done);
      return outcome;
    }
    if (outcome === undefined) {
      if (done === 0) throw new LinuxError('EFAULT');
      break;
    }
    done += outcome.count;
    if (outcome.ended || (readable < chunk.length && outcome.count === readable)) break;
  }
  task.resume = undefined;
  return done;
}

function writeBytes(
  call: Call,
  file: OpenFile,
  bytes: Uint8Array,
  before: number,
): { count: number; ended: boolean } | Blocked {
  try {
    const written = file.node.write(bytes);
    if (typeof written === 'number') return { count: written, ended: false };
    if ((file.flags & O_NONBLOCK) !== 0 && before > 0) return { count: 0, ended: true };
    return waitFor(file, written);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    if (error.message === 'EPIPE') call.system.tasks.send(call.task, SIGNALS.SIGPIPE);
    if (before > 0) return { count: 0, ended: true };
    call.task.resume = undefined;
    throw error;
  }
}

function waitFor(file: OpenFile, channel: Exclude<ReturnType<OpenFile['node']['peek']>, Uint8Array>): Blocked {
  if ((file.flags & O_NONBLOCK) !== 0) throw new LinuxError('EAGAIN');
  return new Blocked(channel.what, [channel]);
}

/** The elements of an iovec array. EINVAL: too many, or more bytes than a call may move. */
export function readVector(call: Call, address: bigint, count: number): Iovec[] {
  if (count < 0 || count > IOV_MAX) throw new LinuxError('EINVAL');
  const slice = new UserConstPtr(address, IOVEC).getAsSlice(call, count);
  const vector = Array.from({ length: count }, (_, i) => slice.load(i));
  if (vector.some(({ length }) => length >= 1n << 63n)) throw new LinuxError('EINVAL');
  return vector;
}

/** readv(2): buffer after buffer until one is not filled. */
export function readFileVector(call: Call, file: OpenFile, vector: readonly Iovec[]): Result {
  let done = 0;
  for (const { base, length } of vector) {
    if (length === 0n) continue;
    const part = afterFirst(done, () => readFile(call, file, base, length));
    if (part === undefined) return done;
    if (part instanceof Blocked) return done > 0 ? done : part;
    done += part;
    if (BigInt(part) < length) return done;
  }
  return done;
}

/** writev(2): buffer after buffer until one is not taken whole. */
export function writeFileVector(call: Call, file: OpenFile, vector: readonly Iovec[]): Result {
  const { task } = call;
  // Bytes that an earlier try of this call has written, taken off the vector's front.
  const skipped = task.resume ?? 0n;
  let skip = skipped;
  let done = 0;
  for (const { base, length } of vector) {
    const over = skip < length ? skip : length;
    skip -= over;
    if (length === over) continue;
    task.resume = undefined;
    const part = afterFirst(done + Number(skipped), () => writeFile(call, file, base + over, length - over));
    if (part === undefined) break;
    if (part instanceof Blocked) {
      task.resume = skipped + BigInt(done) + (task.resume ?? 0n);
      return part;
    }
    done += part;
    if (BigInt(part) < length - over) break;
  }
  task.resume = undefined;
  return done + Number(skipped);
}

/** An error after something was moved is not told: the count is. */
function afterFirst<T>(done: number, move: () => T): T | undefined {
  try {
    return move();
  } catch (error) {
    if (done > 0 && error instanceof LinuxError) return undefined;
    throw error;
  }
}

const clamp = (count: bigint): bigint => (count > BigInt(MAX_RW_COUNT) ? BigInt(MAX_RW_COUNT) : count);

/** A length as Linux takes it: a negative one is EINVAL's business of the caller, a long one is cut. */
const clampTo = (count: bigint): bigint => (count >= 1n << 63n ? count : clamp(count));
