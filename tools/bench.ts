import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseElf, TARGETS } from '../machine/index.ts';
import { builtIn, builtInPath } from './built-in.ts';
import { ROOT, readUserFile, type Streams, write } from './host.ts';
import { KernelGuest } from './kernel-guest.ts';
import { readGuestOptions } from './run-options.ts';
import { targetOf } from './session.ts';

// Speed of this build on this computer: compare rows of one run with each other, not with those of another computer.

/** Runs of each measurement, of which the median counts. */
const RUNS = 5;
/** Millions of instructions that an integer guest runs: long enough that start-up is lost in it. */
const MILLIONS = '5';
/** Sizes whose difference gives the cost of one. */
const FEW = 2_000;
const MANY = 12_000;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

const silent: Streams = { output: () => {}, read: () => 'end', asked: false, interactive: true };

/** Runs a built-in guest to its end, recording off; seconds in `run`, and instructions. */
function measure(name: string, argument: string): { seconds: number; instructions: number } {
  const file = readUserFile(builtInPath(builtIn(name), TARGETS[0].name));
  const isa = targetOf(parseElf(file));
  const off = { active: false, record: () => {} };
  const guest = KernelGuest.start(file, [name, argument], isa, readGuestOptions({}), silent, off);
  const start = performance.now();
  let stop = guest.run(1_000_000);
  while (stop === 'running') stop = guest.run(1_000_000);
  const seconds = (performance.now() - start) / 1000;
  if (typeof stop === 'string' || stop.kind !== 'exited' || stop.status !== 0) {
    throw new Error(`${name} ${argument}: ended with ${JSON.stringify(stop)}`);
  }
  return { seconds, instructions: guest.instructions };
}

const repeat = <T>(body: () => T): T[] => Array.from({ length: RUNS }, body);

/** Microseconds for one of what a guest does as often as its argument says. */
function costOfOne(name: string): number {
  measure(name, String(FEW));
  const costs = repeat(() => {
    const few = measure(name, String(FEW)).seconds;
    const many = measure(name, String(MANY)).seconds;
    return ((many - few) * 1e6) / (MANY - FEW);
  });
  return median(costs);
}

/** Wall-clock milliseconds and peak resident megabytes of a fresh `faultline` process. */
function startUp(args: readonly string[]): { milliseconds: number; megabytes: number } {
  const cli = fileURLToPath(new URL('dist/faultline.js', ROOT));
  // The child tells its own peak when it exits; maxRSS is in kilobytes.
  const script = `process.argv.splice(1, 0, ${JSON.stringify(cli)}); process.on('exit', () => {
    require('node:fs').writeSync(3, String(process.resourceUsage().maxRSS)); }); import(${JSON.stringify(cli)});`;
  const runs = repeat(() => {
    const start = performance.now();
    const child = spawnSync(process.execPath, ['-e', script, '--', ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const milliseconds = performance.now() - start;
    if (child.status !== 0) throw new Error(`faultline ${args.join(' ')}: ${child.stderr}`);
    return { milliseconds, megabytes: Number(child.output[3]) / 1024 };
  });
  return {
    milliseconds: median(runs.map((run) => run.milliseconds)),
    megabytes: median(runs.map((run) => run.megabytes)),
  };
}

const row = (what: string, value: string, note = '') => {
  write(1, `${`${what.padEnd(24)} ${value.padStart(10)}  ${note}`.trimEnd()}\n`);
};
const mega = (perSecond: number) => `${(perSecond / 1e6).toFixed(2)} M/s`;

write(1, `reference engine, median of ${RUNS} runs, recording off\n\n`);
const speeds = ['bench-sieve', 'bench-crc', 'bench-matmul'].map((name) => {
  const speed = median(
    repeat(() => {
      const { seconds, instructions } = measure(name, MILLIONS);
      return instructions / seconds;
    }),
  );
  row(`instructions, ${name.slice(6)}`, mega(speed));
  return speed;
});
const speed = median(speeds);
row(
  'instructions, median',
  mega(speed),
  speed >= 1e6 ? 'at least 1 M/s is wanted' : 'TOO SLOW: at least 1 M/s is wanted',
);
for (const [what, name] of [
  ['system call', 'bench-syscall'],
  ['page fault', 'bench-fault'],
] as const) {
  const cost = costOfOne(name);
  row(what, `${cost.toFixed(2)} µs`, `as long as ${Math.round((cost * speed) / 1e6)} instructions`);
}
const bare = startUp(['--version']);
const hello = startUp(['guests', 'hello']);
row(
  'start-up, hello',
  `${hello.milliseconds.toFixed(0)} ms`,
  `of which ${bare.milliseconds.toFixed(0)} ms are Node and the bundle`,
);
row(
  'peak memory, hello',
  `${hello.megabytes.toFixed(0)} MB`,
  hello.megabytes < 150 ? 'below 150 MB is wanted' : 'TOO MUCH: below 150 MB is wanted',
);
