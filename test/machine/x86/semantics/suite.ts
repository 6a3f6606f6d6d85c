import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Row } from '../../../../machine/x86/row.ts';
import type { Outsider } from '../../semantics/outsider.ts';
import { HUNT } from '../../semantics/random.ts';
import { showDifference } from './compare.ts';
import { type Comparison, nameOf, type Outcome, runRows } from './run.ts';

/** Compares random cases of each of these rows with an outsider. */
export function compareRows(rows: readonly Row[], comparison: Comparison): void {
  const { casesOf, exemptions, needed } = comparison;
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

  it.runIf(needed).each(exemptions.map((exemption) => [exemption.clause, exemption] as const))(
    'is needed: %s',
    (_, { holds }) => expect(outcome.differences.some(holds)).toBe(true),
  );
}
