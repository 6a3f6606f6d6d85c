import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archOf } from '../../kernel/arch/targets.ts';
import { type Isa, TARGETS } from '../../machine/index.ts';
import { compare, type Observation } from '../../tools/validate/compare.ts';
import { DIFFERENCES } from '../../tools/validate/differences.ts';
import { neutralLines } from '../../tools/validate/neutral.ts';
import { type GuestRow, guestRows, isBuilt, type Policies, runBare, runGuest } from './guest.ts';

// Each guest's outcome with its whole trap flow, under both fault policies and both kinds of user pointers. What is
// expected lies in flows/NAME.txt, read by people; FAULTLINE_UPDATE=1 writes the files anew, for reading again. What a
// target does differently from the first stands in the table of differences, with its clause.

const FLOWS = join(import.meta.dirname, 'flows');
const UPDATE = process.env.FAULTLINE_UPDATE === '1' && !process.env.CI;
const POLICIES: readonly Policies[] = [
  { policy: 'corrected', uaccess: 'corrected' },
  { policy: 'corrected', uaccess: 'axptr' },
  { policy: 'veridian', uaccess: 'corrected' },
  { policy: 'veridian', uaccess: 'axptr' },
];
/** Where the kernel has to set accessed and dirty bits itself: one more step of the handler to be seen. */
const SOFTWARE: Policies = { policy: 'corrected', uaccess: 'corrected', ad: 'software' };

const title = ({ policy, uaccess, ad }: Policies) =>
  `--policy ${policy} --uaccess ${uaccess}${ad ? ` --ad ${ad}` : ''}`;

/** A run as it is compared, and as text: how it ended, what it printed, and its traps. */
interface Told extends Observation {
  readonly status: number | undefined;
  readonly text: string;
}

function run(isa: Isa, row: GuestRow, args: readonly string[], policies: Policies): Told {
  const { status, panic, end, output, flows } = runGuest(isa, row, args, policies);
  const printed = output.split('\n').slice(0, -1);
  const flow = neutralLines(flows);
  const lines = printed.map((line) => `> ${line.replaceAll('\0', '\\0')}`);
  const text = [panic === undefined ? `status ${status}` : 'panic', ...lines, ...flow].join('\n');
  return { status, end, output: printed, flow, text };
}

/** The policies of a guest's runs. */
const policiesOf = (row: GuestRow) => [...POLICIES, ...(row.name in SHOWS_SOFTWARE ? [SOFTWARE] : [])];

/** What the runs of the first target came to, since the others are compared with it. */
const first = new Map<string, readonly Told[]>();

/** All runs of a guest with the same arguments; those of another target are explained by the table of differences. */
function runs(isa: Isa, row: GuestRow, args: readonly string[]): readonly Told[] {
  const name = [row.name, ...args].join(' ');
  const known = isa === TARGETS[0] ? first.get(name) : undefined;
  if (known) return known;
  const found = policiesOf(row).map((policies) => run(isa, row, args, policies));
  if (isa === TARGETS[0]) first.set(name, found);
  else if (isBuilt(TARGETS[0], row)) {
    const others = runs(TARGETS[0], row, args);
    const unexplained = others.flatMap((told, i) => {
      const { policy, uaccess, ad } = policiesOf(row)[i];
      // Where the walker always sets accessed and dirty, nothing is left to the kernel, and that run is like the first.
      const one = ad === 'software' && archOf(isa).setsAccessedDirty ? others[0] : told;
      const pair = { scenario: name, between: 'targets', policies: [policy, uaccess], target: isa.name } as const;
      return compare(pair, one, found[i], DIFFERENCES).unexplained.map((line) => `${policy} ${uaccess}: ${line}`);
    });
    expect(unexplained, name).toEqual([]);
  }
  return found;
}

/** The transcripts under all policies; one that equals an earlier one only says so. */
function transcripts(isa: Isa, row: GuestRow, args: readonly string[]): string {
  const seen = new Map<string, string>();
  const told = runs(isa, row, args);
  return policiesOf(row)
    .map((policies, i) => {
      const { text } = told[i];
      const same = seen.get(text);
      if (same === undefined) seen.set(text, title(policies));
      return `# ${title(policies)}\n${same === undefined ? text : `as ${same}`}\n`;
    })
    .join('\n');
}

/** Another target has a file of its own, in a folder of its name, only where it tells something else. */
function check(isa: Isa, name: string, text: string): void {
  const shared = join(FLOWS, `${name}.txt`);
  const own = join(FLOWS, isa.name, `${name}.txt`);
  const equal = isa !== TARGETS[0] && existsSync(shared) && text === readFileSync(shared, 'utf8');
  const file = isa === TARGETS[0] || equal ? shared : own;
  if (UPDATE) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (equal) rmSync(own, { force: true });
  }
  expect(existsSync(file), `${file} is missing`).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
  if (equal) expect(existsSync(own), `${own} says nothing of its own`).toBe(false);
}

/** Guests that load from pages before they store to them. */
const SHOWS_SOFTWARE: Readonly<Record<string, true>> = { demand: true, 'write-only': true, 'fork-cow': true };

/** Guests whose argument names one case of theirs, each of which ends differently under some policy. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  illegal: ['illegal', 'breakpoint', 'atomic'],
  'kernel-touch': ['store', 'jump'],
  pkeys: ['load', 'store'],
  'bench-sieve': ['1'],
  'bench-crc': ['1'],
  'bench-matmul': ['1'],
  'bench-syscall': ['10'],
  'bench-fault': ['10'],
};

describe.each(TARGETS)('$name: every guest, its whole trap flow under every policy', (isa) => {
  const guests = guestRows().filter((row) => row.kind === 'user' && isBuilt(isa, row));
  for (const row of guests) {
    it(row.name, () => {
      const texts = row.name.startsWith('bench-') ? [] : [transcripts(isa, row, [])];
      for (const arg of ROWS[row.name] ?? []) texts.push(`## argument ${arg}\n\n${transcripts(isa, row, [arg])}`);
      if (texts.length > 0) check(isa, row.name, texts.join('\n'));
      const whole = row.name.startsWith('bench-') ? run(isa, row, [], POLICIES[0]) : runs(isa, row, [])[0];
      expect(whole.status).toBe(row.status);
    });
  }
});

// No kernel of ours, so no policies: the traps that the guest's own kernel takes, as --trace shows them.
describe.each(TARGETS)('$name: every bare-metal guest, its traps', (isa) => {
  for (const row of guestRows().filter((row) => row.kind === 'bare' && isBuilt(isa, row))) {
    it(row.name, () => {
      const { end, output, traps } = runBare(isa, row);
      expect(end.kind === 'exited' || end.kind === 'failed' ? end.status : end.kind).toBe(row.status);
      const printed = output.split('\n').slice(0, -1);
      check(isa, row.name.replace('/', '-'), `${[...printed.map((line) => `> ${line}`), ...traps].join('\n')}\n`);
    });
  }
});

describe.each(TARGETS)('$name: every edge case of user-access.md alone, under every policy', (isa) => {
  const row = guestRows().find(({ name }) => name === 'user-access')!;
  const names = run(TARGETS[0], row, [], POLICIES[0]).output.flatMap((line) => /^([a-z0-9-]+): /.exec(line)?.[1] ?? []);
  it('are 35', () => expect(names).toHaveLength(35));
  it.each(names)('%s', (name) => check(isa, `user-access-${name}`, transcripts(isa, row, [name])));
});
