import { TICKS_PER_SECOND } from '../../machine/index.ts';
import { LinuxError } from '../abi/errno.ts';
import { MAX_RW_COUNT } from '../abi/files.ts';
import { encodeUtf8 } from '../abi/utf8.ts';
import { DESCRIPTORS_MAX } from '../fs/descriptors.ts';
import { STACK_LIMIT } from '../mm/address-space.ts';
import { UserConstPtr, UserPtr, userBytes, userConstBytes } from '../mm/user-pointer.ts';
import type { Call } from './call.ts';
import { Blocked, partial, type Result, row } from './row.ts';
import { RLIMIT, SYSINFO, U32, UTSNAME } from './structs.ts';
import { CLOCK, duration, readClock, ticksAfter } from './time.ts';

/** uname(2). Release 6.1 is what the C libraries' own lower bounds are content with. */
function uname(call: Call, buffer: bigint): Result {
  const result = new UserPtr(buffer, UTSNAME).get(call);
  result.store({
    system: encodeUtf8('Linux'),
    node: encodeUtf8('faultline'),
    release: encodeUtf8('6.1.0'),
    version: encodeUtf8('#1 SMP'),
    machine: encodeUtf8(call.system.memory.arch.machineName),
    domain: encodeUtf8('(none)'),
  });
  return 0;
}

const INFINITY = (1n << 64n) - 1n;
const RLIMIT_COUNT = 16;

/** Limits by number: those that the kernel keeps to; the others are infinite. */
const LIMITS: Readonly<Record<number, bigint>> = { 3: STACK_LIMIT, 4: 0n, 7: BigInt(DESCRIPTORS_MAX) };
const limitOf = (resource: number) => {
  const value = LIMITS[resource] ?? INFINITY;
  return { soft: value, hard: value };
};

function prlimit(call: Call, pid: number, resource: number, newLimit: bigint, oldLimit: bigint): Result {
  if (resource < 0 || resource >= RLIMIT_COUNT) throw new LinuxError('EINVAL');
  const given = new UserConstPtr(newLimit, RLIMIT).nullable()?.get(call).load();
  if (given && given.soft > given.hard) throw new LinuxError('EINVAL');
  if (pid !== 0 && !call.system.tasks.get(pid)) throw new LinuxError('ESRCH');
  // Limits are what they are: any other than the one in force would be a lie.
  if (given && (given.soft !== limitOf(resource).soft || given.hard !== limitOf(resource).hard))
    throw new LinuxError('EPERM');
  new UserPtr(oldLimit, RLIMIT).nullable()?.get(call).store(limitOf(resource));
  return 0;
}

const CHUNK = 4096;

/** getrandom(2) from the run's own generator: bytes as far as the buffer goes. */
function getrandom(call: Call, buffer: bigint, length: bigint, flags: number): Result {
  if ((flags & ~7) !== 0 || (flags & 6) === 6) throw new LinuxError('EINVAL');
  const count = length > BigInt(MAX_RW_COUNT) ? BigInt(MAX_RW_COUNT) : length;
  const slice = userBytes(buffer).getAsSlice(call, count);
  let done = 0;
  while (done < slice.length) {
    const bytes = call.system.random.bytes(Math.min(CHUNK, slice.length - done));
    const written = slice.writeFrom(bytes, done);
    done += written;
    if (written < bytes.length) break;
  }
  if (done === 0 && slice.length > 0) throw new LinuxError('EFAULT');
  return done;
}

function sysinfo(call: Call, buffer: bigint): Result {
  const { frames } = call.system.memory;
  new UserPtr(buffer, SYSINFO).get(call).store({
    uptime: call.system.scheduler.now / BigInt(TICKS_PER_SECOND),
    load1: 0n,
    load5: 0n,
    load15: 0n,
    total: (frames.end - frames.first) * 4096n,
    free: BigInt(frames.free) * 4096n,
    shared: 0n,
    buffers: 0n,
    totalSwap: 0n,
    freeSwap: 0n,
    tasks: call.system.tasks.all().length,
    totalHigh: 0n,
    freeHigh: 0n,
    unit: 1,
  });
  return 0;
}

const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const FUTEX_WAIT_BITSET = 9;
const FUTEX_WAKE_BITSET = 10;
const FUTEX_CLOCK_REALTIME = 0x100;
const FUTEX_COMMAND = 0x7f;

/** futex(2) for a process without threads: nobody waits, and who waits is woken by time alone. */
function futex(
  call: Call,
  address: bigint,
  operation: number,
  value: number,
  timeout: bigint,
  _other: bigint,
  bitset: number,
): Result {
  const command = operation & FUTEX_COMMAND;
  const waits = command === FUTEX_WAIT || command === FUTEX_WAIT_BITSET;
  const chooses = command === FUTEX_WAIT_BITSET || command === FUTEX_WAKE_BITSET;
  if (!waits && command !== FUTEX_WAKE && command !== FUTEX_WAKE_BITSET) throw new LinuxError('ENOSYS');
  if ((operation & FUTEX_CLOCK_REALTIME) !== 0 && command !== FUTEX_WAIT_BITSET) throw new LinuxError('ENOSYS');
  if (chooses && bitset === 0) throw new LinuxError('EINVAL');
  if ((address & 3n) !== 0n) throw new LinuxError('EINVAL');
  if (!waits) return 0;
  const { task, system } = call;
  if (task.resume !== undefined && task.resume <= system.scheduler.now) {
    task.resume = undefined;
    throw new LinuxError('ETIMEDOUT');
  }
  // FUTEX_WAIT waits for so long, FUTEX_WAIT_BITSET until a clock says so.
  const given = timeout === 0n || task.resume !== undefined ? undefined : duration(call, timeout);
  const passed = chooses
    ? readClock(call, (operation & FUTEX_CLOCK_REALTIME) !== 0 ? CLOCK.realtime : CLOCK.monotonic)
    : 0n;
  if (new UserConstPtr(address, U32).get(call).load() !== value >>> 0) throw new LinuxError('EAGAIN');
  task.resume ??= given === undefined ? undefined : ticksAfter(call, given > passed ? given - passed : 0n);
  return new Blocked('a futex', [], task.resume);
}

/**
 * FAULTLINE_HOOK(name, address, value), the project's own call: arms a named test hook in this process.
 * `unmap-after-check`: the next time that a user range that contains the address has passed its check, its page goes.
 */
function hook(call: Call, name: bigint, address: bigint): Result {
  if (!call.system.testHooks) throw new LinuxError('ENOSYS');
  if (userConstBytes(name).getAsStr(call, 64) !== 'unmap-after-check') throw new LinuxError('EINVAL');
  call.task.hook = { address };
  return 0;
}

/** Number of the test hook's call, on every target. */
export const HOOK_NUMBER = 0x46414c54;
export const HOOK_CALL = row('faultline_hook', ['pointer', 'pointer', 'long'], hook);

export const SYSTEM_CALLS = [
  row('uname', ['pointer'], uname),
  partial('limits can be read, not changed', row('prlimit64', ['int', 'int', 'pointer', 'pointer'], prlimit)),
  row('getrlimit', ['int', 'pointer'], (call, resource, result) => {
    if (resource < 0 || resource >= RLIMIT_COUNT) throw new LinuxError('EINVAL');
    new UserPtr(result, RLIMIT).get(call).store(limitOf(resource));
    return 0;
  }),
  partial('the bytes follow from the seed of the run', row('getrandom', ['pointer', 'size', 'flags'], getrandom)),
  row('sysinfo', ['pointer'], sysinfo),
  partial(
    'FUTEX_WAIT and FUTEX_WAKE, with bit sets or without, for one thread: nobody is ever woken but by the time',
    row('futex', ['pointer', 'flags', 'int', 'pointer', 'pointer', 'flags'], futex),
  ),
  // Code that was stored to is decoded anew on every hart, so there is nothing left to flush.
  row('flush_icache', ['pointer', 'pointer', 'bits'], (_, _start, _end, flags) => {
    if ((flags & ~1n) !== 0n) throw new LinuxError('EINVAL');
    return 0;
  }),
];
