import { LinuxError } from '../abi/errno.ts';
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from '../abi/poll.ts';
import { DESCRIPTORS_MAX } from '../fs/descriptors.ts';
import type { Channel, OpenFile } from '../fs/file.ts';
import { UserConstPtr, UserPtr } from '../mm/user-pointer.ts';
import type { Call } from './call.ts';
import { Blocked, partial, type Result, row } from './row.ts';
import { POLLFD, U64 } from './structs.ts';
import { duration, ticksAfter, timevalDuration } from './time.ts';

/** All events that hold, data and its "normal" kind being the same here. */
function eventsOf({ node, readable, writable }: OpenFile): number {
  const ready = node.ready({ readable, writable });
  return ready | ((ready & POLLIN) !== 0 ? POLLRDNORM : 0) | ((ready & POLLOUT) !== 0 ? POLLWRNORM : 0);
}

/** How long a call may wait, in nanoseconds; read once, when it is first made. */
type Timeout = () => bigint;

/** A timespec's time; no timespec: for ever. */
const timespecAt = (call: Call, address: bigint): Timeout | undefined =>
  address === 0n ? undefined : () => duration(call, address);

/** Waits until `look` finds something or the time is up; `look` also notes whose news it waits for. */
function waitFor(call: Call, time: Timeout | undefined, look: (news: Set<Channel>) => number): Result {
  const { task, system } = call;
  if (task.resume === undefined && time) task.resume = ticksAfter(call, time());
  const news = new Set<Channel>();
  const found = look(news);
  const channels = [...news];
  const until = channels.some(({ timeless }) => timeless) ? undefined : task.resume;
  if (found > 0 || (until !== undefined && until <= system.scheduler.now)) {
    task.resume = undefined;
    return found;
  }
  const on = channels.map(({ what }) => what).join(', ') || (until === undefined ? 'a signal' : 'the time');
  return new Blocked(on, channels, until);
}

function poll(call: Call, array: bigint, count: number, timeout: Timeout | undefined): Result {
  if (count >>> 0 > DESCRIPTORS_MAX) throw new LinuxError('EINVAL');
  const { files } = call.task;
  const given = new UserConstPtr(array, POLLFD).getAsSlice(call, count);
  const entries = Array.from({ length: count }, (_, i) => given.load(i));
  const seen = entries.map(() => 0);
  const result = waitFor(call, timeout, (news) => {
    entries.forEach(({ fd, events }, i) => {
      const file = fd < 0 ? undefined : files.find(fd);
      if (file?.node.news) news.add(file.node.news);
      seen[i] = fd < 0 ? 0 : file ? eventsOf(file) & (events | POLLERR | POLLHUP) : POLLNVAL;
    });
    return seen.filter((events) => events !== 0).length;
  });
  if (result instanceof Blocked) return result;
  const told = new UserPtr(array, POLLFD).getAsSlice(call, count);
  entries.forEach((entry, i) => {
    told.store({ ...entry, revents: seen[i] }, i);
  });
  return result;
}

/** What select(2) calls readable, writable and exceptional. */
const READABLE = POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR;
const WRITABLE = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR;
const SETS = [READABLE, WRITABLE, POLLPRI];

function select(
  call: Call,
  limit: number,
  read: bigint,
  write: bigint,
  except: bigint,
  timeout: Timeout | undefined,
): Result {
  if (limit < 0) throw new LinuxError('EINVAL');
  const { files } = call.task;
  const words = Math.ceil(Math.min(limit, DESCRIPTORS_MAX) / 64);
  const addresses = [read, write, except];
  const wanted = addresses.map((address) => {
    if (address === 0n) return undefined;
    const set = new UserConstPtr(address, U64).getAsSlice(call, words);
    return Array.from({ length: words }, (_, word) => set.load(word));
  });
  let seen: bigint[][] = [];
  const result = waitFor(call, timeout, (news) => {
    let found = 0;
    seen = SETS.map(() => new Array<bigint>(words).fill(0n));
    for (let fd = 0; fd < Math.min(limit, DESCRIPTORS_MAX); fd++) {
      const word = fd >> 6;
      const bit = 1n << BigInt(fd & 63);
      if (!wanted.some((set) => set && (set[word] & bit) !== 0n)) continue;
      const file = files.get(fd);
      if (file.node.news) news.add(file.node.news);
      const events = eventsOf(file);
      SETS.forEach((mask, i) => {
        const set = wanted[i];
        if (!set || (set[word] & bit) === 0n || (events & mask) === 0) return;
        seen[i][word] |= bit;
        found++;
      });
    }
    return found;
  });
  if (result instanceof Blocked) return result;
  addresses.forEach((address, i) => {
    if (address === 0n) return;
    const set = new UserPtr(address, U64).getAsSlice(call, words);
    seen[i].forEach((word, at) => {
      set.store(word, at);
    });
  });
  return result;
}

const NO_SIGNALS = 'never interrupted: the signal mask is not looked at, the time left is not written';

export const POLL_CALLS = [
  partial(
    NO_SIGNALS,
    row('ppoll', ['pointer', 'int', 'pointer', 'pointer'], (call, array, count, timeout) =>
      poll(call, array, count, timespecAt(call, timeout)),
    ),
  ),
  partial(
    NO_SIGNALS,
    row('pselect6', ['int', 'pointer', 'pointer', 'pointer', 'pointer'], (call, limit, read, write, except, timeout) =>
      select(call, limit, read, write, except, timespecAt(call, timeout)),
    ),
  ),
  // The older two count in milliseconds, a negative number being for ever, and in a timeval.
  partial(
    'never interrupted',
    row('poll', ['pointer', 'int', 'int'], (call, array, count, timeout) =>
      poll(call, array, count, timeout < 0 ? undefined : () => BigInt(timeout) * 1_000_000n),
    ),
  ),
  partial(
    'never interrupted, the time left is not written',
    row('select', ['int', 'pointer', 'pointer', 'pointer', 'pointer'], (call, limit, read, write, except, timeout) =>
      select(call, limit, read, write, except, timeout === 0n ? undefined : () => timevalDuration(call, timeout)),
    ),
  ),
];
