import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../../../machine/x86/row.ts';
import { ROWS } from '../../../../machine/x86/rows.ts';
import { describeWith } from '../../../toolchain.ts';
import type { Outsider } from '../../semantics/outsider.ts';
import { HUNT } from '../../semantics/random.ts';
import type { Exemption } from './case.ts';
import { EMULATED, showDifference, WHOLE } from './compare.ts';
import { excluded } from './excluded.ts';
import { EMULATOR_EXEMPTIONS, EXEMPTIONS } from './exemptions.ts';
import { EMULATOR, makeOutsider } from './outsider.ts';
import { type Comparison, nameOf, type Outcome, runRows } from './run.ts';

const PER_ROW = 60;
const PER_EMULATED_ROW = 20;
/** `opcode mnemonic operands` of the rows that are wanted: all. */
const WANTED = new RegExp(process.env.FAULTLINE_ROWS ?? '');

/** Whether a row has MMX or XMM registers. */
export const isVector = ({ operands, mnemonic }: Row): boolean =>
  mnemonic === 'emms' || operands.some((code) => /^[VWUPQN][a-z]+$/.test(code));

/** What the host's processor must have for all that is reported here. */
const FEATURES = ['sse4_2', 'popcnt', 'movbe', 'cx16', 'lahf_lm'];

/** Whether the host can be asked: an x86-64 with everything that there is here. */
function isHostAble(): boolean {
  if (process.arch !== 'x64') return false;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1].split(' ') ?? [];
  return FEATURES.every((feature) => flags.includes(feature));
}

/** Compares the rows that `wanted` says with the host's processor, where it is one, and with the emulator. */
export function compareAll(wanted: (row: Row) => boolean): void {
  const rows = ROWS.filter((row) => wanted(row) && !excluded(row) && WANTED.test(nameOf(row)));
  if (isHostAble()) {
    describeWith(['gcc'], 'every unprivileged row means what the host’s processor does', () =>
      compareRows(rows, { outsider: () => makeOutsider(['env']), masks: WHOLE, casesOf: () => PER_ROW }, EXEMPTIONS),
    );
  } else describe.skip('rows against the host’s processor (the host is no x86-64 with SSE4.2)', () => {});
  // Of vectors qemu 7.2 is no judge: it numbers MMX registers by REX, and knows neither alignment nor exceptions; of x87
  // neither: it knows no stack faults, unmasked exceptions or C1.
  const integers = rows.filter((row) => !isVector(row) && !/^f|^(ld|st)mxcsr$/.test(row.mnemonic));
  if (integers.length === 0) return;
  describeWith(['gcc', EMULATOR], 'every unprivileged row means what qemu-x86_64 does', () =>
    compareRows(
      integers,
      { outsider: () => makeOutsider([EMULATOR, '-cpu', 'max']), masks: EMULATED, casesOf: () => PER_EMULATED_ROW },
      [...EXEMPTIONS, ...EMULATOR_EXEMPTIONS],
      process.env.FAULTLINE_ROWS === undefined ? EMULATOR_EXEMPTIONS.filter(({ rare }) => !rare) : [],
    ),
  );
}

/** `needed`: exemptions of which each must hold of some difference; those of the host hang on whose processor it is. */
function compareRows(
  rows: readonly Row[],
  comparison: Comparison,
  exemptions: readonly Exemption[],
  needed: readonly Exemption[] = [],
): void {
  const { casesOf } = comparison;
  let there: Outsider | undefined;
  let outcome: Outcome;

  beforeAll(() => {
    there = comparison.outsider();
    outcome = runRows(rows, comparison, there);
  }, 200_000 * HUNT);
  afterAll(() => there?.remove());

  it.each(rows.map((row) => [nameOf(row), row] as const))('%s', (_, row) => {
    const compared = outcome.compared.get(row) ?? 0;
    expect(compared).toBeGreaterThan(casesOf(row) / 2);
    const lines = outcome.differences
      .filter((difference) => difference.case.row === row && !exemptions.some(({ holds }) => holds(difference)))
      .map(showDifference);
    expect(lines.slice(0, 10), `${lines.length} of ${compared} differ`).toEqual([]);
  });

  it.each(needed.map((exemption) => [exemption.clause, exemption] as const))('is needed: %s', (_, { holds }) => {
    expect(outcome.differences.some(holds)).toBe(true);
  });
}
