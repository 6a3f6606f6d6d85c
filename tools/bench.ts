import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Isa, TARGETS } from '../machine/index.ts';
import { builtIn, builtInPath, hasTarget } from './built-in.ts';
import { ROOT, readUserFile, type Streams, write } from './host.ts';
import { KernelGuest } from './kernel-guest.ts';
import { readGuestOptions } from './run-options.ts';

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
function measure(isa: Isa, name: string, argument: string): { seconds: number; instructions: number } {
  const file = readUserFile(builtInPath(builtIn(name), isa.name));
  const off = { active: false, record: () => {} };
  const guest = KernelGuest.start(file, [name, argument], isa, readGuestOptions({}), silent, off);
  const start = performance.now();
  let stop = guest.run(1_000_000);
  while (stop === 'running') stop = guest.run(1_000_000);
  const seconds = (performance.now() - start) / 1000;
  if (typeof stop === 'string' || stop.kind !== 'exited' || stop.status !== 0) {
    throw new Error(`${name} ${argument} on ${isa.name}: ended with ${JSON.stringify(stop)}`);
  }
  return { seconds, instructions: guest.instructions };
}

const repeat = <T>(body: () => T): T[] => Array.from({ length: RUNS }, body);

/** Microseconds for one of what a guest does as often as its argument says. */
function costOfOne(isa: Isa, name: string): number {
  measure(isa, name, String(FEW));
  const costs = repeat(() => {
    const few = measure(isa, name, String(FEW)).seconds;
    const many = measure(isa, name, String(MANY)).seconds;
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

/** Columns of a target's values. */
const WIDE = 12;
const row = (what: string, values: readonly string[], note = '') => {
  const cells = values.map((value) => value.padStart(WIDE)).join('');
  write(1, `${`${what.padEnd(22)}${cells}  ${note}`.trimEnd()}\n`);
};
const mega = (perSecond: number) => `${(perSecond / 1e6).toFixed(2)} M/s`;

/** Each target's share of the first one's, where there are several. */
const ratios = (values: readonly number[]) =>
  values.length > 1 ? `ratio ${values.map((value) => (value / values[0]).toFixed(2)).join(' : ')}` : '';

const targets = TARGETS.filter((isa) => hasTarget(builtIn('hello'), isa.name));
write(1, `reference engine, median of ${RUNS} runs, recording off\n\n`);
row(
  '',
  targets.map(({ name }) => name),
);
const speeds = ['bench-sieve', 'bench-crc', 'bench-matmul'].map((name) => {
  // Turn about, so that whatever slows this computer down slows every target.
  const runs = repeat(() => targets.map((isa) => measure(isa, name, MILLIONS)));
  const own = targets.map((_, i) => median(runs.map((run) => run[i].instructions / run[i].seconds)));
  row(`instructions, ${name.slice(6)}`, own.map(mega), ratios(own));
  return own;
});
const medians = targets.map((_, i) => median(speeds.map((own) => own[i])));
const slow = medians.some((speed) => speed < 1e6);
row(
  'instructions, median',
  medians.map(mega),
  slow ? 'TOO SLOW: at least 1 M/s is wanted' : 'at least 1 M/s is wanted',
);
for (const [what, name] of [
  ['system call', 'bench-syscall'],
  ['page fault', 'bench-fault'],
] as const) {
  const costs = targets.map((isa) => costOfOne(isa, name));
  row(
    what,
    costs.map((cost) => `${cost.toFixed(2)} µs`),
    ratios(costs),
  );
  row(
    '  in instructions',
    costs.map((cost, i) => `${Math.round((cost * medians[i]) / 1e6)}`),
  );
}
const bare = startUp(['--version']);
const hello = targets.map(({ name }) => startUp(['guests', '--target', name, 'hello']));
row(
  'start-up, hello',
  hello.map(({ milliseconds }) => `${milliseconds.toFixed(0)} ms`),
  `of which ${bare.milliseconds.toFixed(0)} ms are Node and the bundle`,
);
row(
  'peak memory, hello',
  hello.map(({ megabytes }) => `${megabytes.toFixed(0)} MB`),
  hello.every(({ megabytes }) => megabytes < 150) ? 'below 150 MB is wanted' : 'TOO MUCH: below 150 MB is wanted',
);
