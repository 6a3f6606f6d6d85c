import { TICKS_PER_SECOND } from '../../machine/index.ts';
import { CLK_TCK } from '../abi/auxv.ts';
import { LinuxError } from '../abi/errno.ts';
import { UserConstPtr, UserPtr } from '../mm/user-pointer.ts';
import type { Call } from './call.ts';
import { Blocked, partial, type Result, row } from './row.ts';
import { I64, RUSAGE, TIMESPEC, TIMEVAL, type Timespec, TMS } from './structs.ts';

const SECOND = 1_000_000_000n;
const TICK = SECOND / BigInt(TICKS_PER_SECOND);
/** CLOCK_REALTIME when the machine is switched on: 2024-01-01 00:00 UTC, in every run. */
const SWITCHED_ON = 1_704_067_200n * SECOND;

/** Numbers of clocks (time.h). */
export const CLOCK = {
  realtime: 0,
  monotonic: 1,
  process: 2,
  thread: 3,
  raw: 4,
  realtimeCoarse: 5,
  monotonicCoarse: 6,
  boot: 7,
};

/** Ticks that a process has had a hart for, this turn included. */
const runTicks = ({ task, system }: Call): bigint => task.ranFor + system.scheduler.now - task.startedAt;

/** What a clock says, in nanoseconds. */
export function readClock(call: Call, clock: number): bigint {
  const up = call.system.scheduler.now * TICK;
  switch (clock) {
    case CLOCK.realtime:
    case CLOCK.realtimeCoarse:
      return SWITCHED_ON + up;
    case CLOCK.monotonic:
    case CLOCK.raw:
    case CLOCK.monotonicCoarse:
    case CLOCK.boot:
      return up;
    case CLOCK.process:
    case CLOCK.thread:
      return runTicks(call) * TICK;
    default:
      throw new LinuxError('EINVAL');
  }
}

const timespec = (nanoseconds: bigint): Timespec => ({
  seconds: nanoseconds / SECOND,
  nanoseconds: nanoseconds % SECOND,
});
const timeval = (nanoseconds: bigint) => ({
  seconds: nanoseconds / SECOND,
  microseconds: (nanoseconds % SECOND) / 1000n,
});

/** A timespec that a caller gave, in nanoseconds. EINVAL: negative, or not less than a second of nanoseconds. */
export function duration(call: Call, address: bigint): bigint {
  const { seconds, nanoseconds } = new UserConstPtr(address, TIMESPEC).get(call).load();
  if (seconds < 0n || nanoseconds < 0n || nanoseconds >= SECOND) throw new LinuxError('EINVAL');
  return seconds * SECOND + nanoseconds;
}

/** A timeval that a caller gave, in nanoseconds; more microseconds than a second has are added. EINVAL: negative. */
export function timevalDuration(call: Call, address: bigint): bigint {
  const { seconds, microseconds } = new UserConstPtr(address, TIMEVAL).get(call).load();
  if (seconds < 0n || microseconds < 0n) throw new LinuxError('EINVAL');
  return seconds * SECOND + microseconds * 1000n;
}

/** Waits until `deadline` ticks, which the first try of the call sets. */
function sleepUntil(call: Call, deadline: () => bigint): Result {
  const { task, system } = call;
  const until = task.resume ?? deadline();
  if (until <= system.scheduler.now) {
    task.resume = undefined;
    return 0;
  }
  task.resume = until;
  return new Blocked('the time', [], until);
}

/** The tick at which so many nanoseconds have passed. */
export const ticksAfter = (call: Call, nanoseconds: bigint): bigint =>
  call.system.scheduler.now + (nanoseconds + TICK - 1n) / TICK;

const TIMER_ABSTIME = 1;

function clockNanosleep(call: Call, clock: number, flags: number, request: bigint): Result {
  if (clock === CLOCK.process || clock === CLOCK.thread || clock < 0 || clock > CLOCK.boot)
    throw new LinuxError('EINVAL');
  return sleepUntil(call, () => {
    const time = duration(call, request);
    if ((flags & TIMER_ABSTIME) === 0) return ticksAfter(call, time);
    const left = time - readClock(call, clock);
    return ticksAfter(call, left > 0n ? left : 0n);
  });
}

const NO_COUNTS = new Uint8Array(0);

export const TIME_CALLS = [
  row('time', ['pointer'], (call, result) => {
    const seconds = readClock(call, CLOCK.realtime) / SECOND;
    new UserPtr(result, I64).nullable()?.get(call).store(seconds);
    return seconds;
  }),
  row('clock_gettime', ['int', 'pointer'], (call, clock, result) => {
    const now = readClock(call, clock);
    new UserPtr(result, TIMESPEC).get(call).store(timespec(now));
    return 0;
  }),
  row('clock_getres', ['int', 'pointer'], (call, clock, result) => {
    readClock(call, clock);
    new UserPtr(result, TIMESPEC).nullable()?.get(call).store(timespec(TICK));
    return 0;
  }),
  partial(
    'the time zone is not written',
    row('gettimeofday', ['pointer', 'pointer'], (call, result) => {
      new UserPtr(result, TIMEVAL)
        .nullable()
        ?.get(call)
        .store(timeval(readClock(call, CLOCK.realtime)));
      return 0;
    }),
  ),
  partial(
    'never interrupted, so the time left is not written',
    row('nanosleep', ['pointer', 'pointer'], (call, request) =>
      sleepUntil(call, () => ticksAfter(call, duration(call, request))),
    ),
  ),
  partial(
    'never interrupted, so the time left is not written',
    row('clock_nanosleep', ['int', 'flags', 'pointer', 'pointer'], clockNanosleep),
  ),
  partial(
    "all of a process's time counts as its own, none of its children's",
    row('times', ['pointer'], (call, result) => {
      const user = (runTicks(call) * CLK_TCK) / BigInt(TICKS_PER_SECOND);
      new UserPtr(result, TMS).nullable()?.get(call).store({ user, system: 0n, childUser: 0n, childSystem: 0n });
      return (call.system.scheduler.now * CLK_TCK) / BigInt(TICKS_PER_SECOND);
    }),
  ),
  partial(
    "all of a process's time counts as its own, none of its children's; the other counts are 0",
    row('getrusage', ['int', 'pointer'], (call, who, result) => {
      if (who < -1 || who > 1) throw new LinuxError('EINVAL');
      const user = timeval(who === -1 ? 0n : runTicks(call) * TICK);
      new UserPtr(result, RUSAGE).get(call).store({ user, system: timeval(0n), counts: NO_COUNTS });
      return 0;
    }),
  ),
];
