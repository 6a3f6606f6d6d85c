import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseElf } from '../../../../machine/index.ts';
import { describeWith } from '../../../toolchain.ts';
import { build, here, LINUX, outside } from '../../programs.ts';

// Static glibc programs that try what x86-64 has of its own. Each runs on the host too, whose processor chooses other
// variants of the library's functions than ours does by CPUID, and prints the same, to the byte.

const source = (name: string) => readFileSync(join(import.meta.dirname, 'programs', name), 'utf8');
const { gcc, gxx, emulators } = LINUX.find(({ target }) => target === 'x86-64')!;
/** Of x87 the emulator is no judge: it knows neither C1 nor unmasked exceptions. */
const tools = (...wanted: string[]) => (emulators.length === 0 ? wanted : ['an x86-64 processor']);

type Program = readonly [file: string, flags: readonly string[], status: number];
const PROGRAMS: readonly Program[] = [
  ['long-double.c', ['-static'], 0],
  // Its own doubles by x87 as well.
  ['transcendental.c', ['-static', '-mfpmath=387'], 0],
  ['simd.c', ['-static', '-msse4.2'], 0],
  ['strings.c', ['-static'], 0],
  ['integers.c', ['-static', '-mcx16'], 0],
  ['integers.c', ['-static-pie', '-fPIE', '-O3', '-march=x86-64-v2'], 0],
  ['flow.c', ['-static'], 6],
  ['text.c', ['-static-pie', '-fPIE', '-O0'], 0],
  ['library.cc', ['-static-pie', '-fPIE'], 5],
];

const built = ([file, flags]: Program) =>
  build('x86-64', [file, ...flags].join(''), source(file), file.endsWith('.cc') ? gxx : gcc, flags);

describeWith(tools(gcc, gxx), 'static programs print as on the host', () => {
  it.each(PROGRAMS)('%s %o', (...row) => {
    const program = built(row);
    const [, flags, status] = row;
    if (flags.includes('-static-pie')) expect(parseElf(readFileSync(program)).type).toBe('position independent');
    const expected = outside(program, [], '');
    expect(expected).toMatchObject({ status, err: '' });
    expect(here(program, [], '')).toEqual(expected);
  });

  it('flow.c on two harts', () => {
    const program = built(['flow.c', ['-static'], 6]);
    expect(here(program, [], '', { harts: 2 })).toEqual(outside(program, [], ''));
  });
});
