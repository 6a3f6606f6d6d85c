import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TARGETS } from '../../machine/index.ts';
import { neutralLines } from '../../tools/validate/neutral.ts';
import { type GuestRow, guestRows, type Policies, runBare, runGuest } from './guest.ts';

// Each guest's outcome with its whole trap flow, under both fault policies and both kinds of user pointers. What is
// expected lies in flows/NAME.txt, read by people; FAULTLINE_UPDATE=1 writes the files anew, for reading again.

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

/** One run as text: how it ended, what it printed, and its traps. */
function transcript(row: GuestRow, args: readonly string[], policies: Policies): string {
  const run = runGuest(TARGETS[0], row, args, policies);
  const end = run.panic === undefined ? `status ${run.status}` : 'panic';
  const output = run.output
    .split('\n')
    .slice(0, -1)
    .map((line) => `> ${line.replaceAll('\0', '\\0')}`);
  return [end, ...output, ...neutralLines(run.flows)].join('\n');
}

/** The transcripts under all policies; one that equals an earlier one only says so. */
function transcripts(row: GuestRow, args: readonly string[]): string {
  const seen = new Map<string, string>();
  return [...POLICIES, ...(row.name in SHOWS_SOFTWARE ? [SOFTWARE] : [])]
    .map((policies) => {
      const text = transcript(row, args, policies);
      const same = seen.get(text);
      if (same === undefined) seen.set(text, title(policies));
      return `# ${title(policies)}\n${same === undefined ? text : `as ${same}`}\n`;
    })
    .join('\n');
}

function check(name: string, text: string): void {
  const file = join(FLOWS, `${name}.txt`);
  if (UPDATE) {
    mkdirSync(FLOWS, { recursive: true });
    writeFileSync(file, text);
  }
  expect(existsSync(file), `${file} is missing`).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

/** Guests that load from pages before they store to them. */
const SHOWS_SOFTWARE: Readonly<Record<string, true>> = { demand: true, 'write-only': true, 'fork-cow': true };

/** Guests whose argument names one case of theirs, each of which ends differently under some policy. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  illegal: ['illegal', 'breakpoint', 'atomic'],
  'kernel-touch': ['store', 'jump'],
  'bench-sieve': ['1'],
  'bench-crc': ['1'],
  'bench-matmul': ['1'],
  'bench-syscall': ['10'],
  'bench-fault': ['10'],
};

describe('every guest, its whole trap flow under every policy', () => {
  const guests = guestRows().filter(({ kind }) => kind === 'user');
  for (const row of guests) {
    it(row.name, () => {
      const runs = row.name.startsWith('bench-') ? [] : [transcripts(row, [])];
      for (const arg of ROWS[row.name] ?? []) runs.push(`## argument ${arg}\n\n${transcripts(row, [arg])}`);
      if (runs.length > 0) check(row.name, runs.join('\n'));
      expect(runGuest(TARGETS[0], row, [], POLICIES[0]).status).toBe(row.status);
    });
  }
});

// No kernel of ours, so no policies: the traps that the guest's own kernel takes, as --trace shows them.
describe('every bare-metal guest, its traps', () => {
  for (const row of guestRows().filter(({ kind }) => kind === 'bare')) {
    it(row.name, () => {
      const { end, output, traps } = runBare(TARGETS[0], row);
      expect(end.kind === 'exited' || end.kind === 'failed' ? end.status : end.kind).toBe(row.status);
      const printed = output.split('\n').slice(0, -1);
      check(row.name.replace('/', '-'), `${[...printed.map((line) => `> ${line}`), ...traps].join('\n')}\n`);
    });
  }
});

describe('every edge case of user-access.md alone, under every policy', () => {
  const row = guestRows().find(({ name }) => name === 'user-access')!;
  const names = runGuest(TARGETS[0], row, [], POLICIES[0])
    .output.split('\n')
    .flatMap((line) => /^([a-z0-9-]+): /.exec(line)?.[1] ?? []);
  it('are 35', () => expect(names).toHaveLength(35));
  it.each(names)('%s', (name) => check(`user-access-${name}`, transcripts(row, [name])));
});
