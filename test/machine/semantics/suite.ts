import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Row } from '../../../machine/decode/index.ts';
import { describeWith } from '../../toolchain.ts';
import {
  type Case,
  type Difference,
  differingBy,
  type Exemption,
  type ResultLayout,
  SIGNAL,
  signalName,
} from './case.ts';
import type { Outsider } from './outsider.ts';
import { HUNT, Random } from './random.ts';

const SEED = 0x5eed;
const BATCH = 20_000;

/** How a target's cases are made, run here and there, and told of. */
export interface Comparison {
  /** Of the group, which needs the tools. */
  readonly name: string;
  readonly tools: readonly string[];
  readonly outsider: () => Outsider;
  readonly maker: (random: Random) => { make(row: Row): Case };
  /** Runs a case; `undefined` where it comes to no end that can be compared. */
  readonly here: () => { run(c: Case): BigUint64Array | undefined };
  /** How many cases a row has. */
  readonly casesOf: (row: Row) => number;
  /** The endings that a row's cases must have had, by its meaning's operations. */
  readonly kindsOfRow: (row: Row) => string[];
  readonly showDifference: (difference: Difference) => string;
  /** Where a case's code lies, and the words of a case and of a result by place. */
  readonly code: bigint;
  readonly input: { readonly memory: number; readonly words: number };
  readonly output: ResultLayout;
}

/**
 * Compares random cases of each of these rows with the outsider. `needed`: each exemption must hold of some difference,
 * which it may not where rows are left out.
 */
export function compareRows(
  comparison: Comparison,
  rows: readonly Row[],
  exemptions: readonly Exemption[],
  needed = true,
): void {
  const { name, tools } = comparison;
  describeWith(tools, name, () => compareAll(comparison, rows, exemptions, needed));
}

function compareAll(
  comparison: Comparison,
  rows: readonly Row[],
  exemptions: readonly Exemption[],
  needed: boolean,
): void {
  const { casesOf, kindsOfRow, showDifference, input, output } = comparison;
  const compared = new Map<Row, number>();
  const differences: Difference[] = [];
  let outsider: Outsider;
  /** Kinds of endings that were seen, each row's: signal, taken or not, stored or not. */
  const endings = new Map<Row, Set<string>>();
  let total = 0;

  beforeAll(() => {
    outsider = comparison.outsider();
    console.log(`semantics: seed ${SEED.toString(16)}, ${HUNT} times`);
    const maker = comparison.maker(new Random(SEED));
    const here = comparison.here();
    let batch: { case: Case; here: BigUint64Array }[] = [];
    const flush = () => {
      const inputs = new BigUint64Array(batch.length * input.words);
      batch.forEach(({ case: c }, i) => {
        inputs.set(c.input, i * input.words);
      });
      const there = outsider.run(inputs);
      batch.forEach((ours, i) => {
        const theirs = there.subarray(i * output.words, (i + 1) * output.words);
        if (differingBy(output, ours.here, theirs).length > 0) differences.push({ ...ours, there: theirs.slice() });
        const kinds = endings.get(ours.case.row) ?? new Set();
        endings.set(ours.case.row, kinds);
        for (const kind of endingsOf(comparison, ours.case, theirs)) kinds.add(kind);
        compared.set(ours.case.row, (compared.get(ours.case.row) ?? 0) + 1);
      });
      total += batch.length;
      batch = [];
    };
    for (let round = 0; round < HUNT; round++) {
      for (const row of rows) {
        for (let i = 0; i < casesOf(row); i++) {
          const c = maker.make(row);
          const result = here.run(c);
          if (!result) continue;
          batch.push({ case: c, here: result });
          if (batch.length === BATCH) flush();
        }
      }
    }
    if (batch.length > 0) flush();
  }, 200_000 * HUNT);
  afterAll(() => outsider?.remove());

  it.each(rows.map((row) => [row.syntax, row] as const))('%s', (_, row) => {
    expect(compared.get(row) ?? 0).toBeGreaterThan(casesOf(row) / 2);
    const lines = differences
      .filter((difference) => difference.case.row === row && !exemptions.some(({ holds }) => holds(difference)))
      .map(showDifference);
    expect(lines.slice(0, 10), `${lines.length} of ${compared.get(row)} differ`).toEqual([]);
  });

  it.each(rows.filter((row) => kindsOfRow(row).length > 0).map((row) => [row.syntax, row] as const))(
    'has cases of every ending: %s',
    (_, row) => expect([...(endings.get(row) ?? [])]).toEqual(expect.arrayContaining(kindsOfRow(row))),
  );

  it('compares some hundred cases of each row', () => expect(total).toBeGreaterThan(rows.length * 200));

  it.runIf(needed).each(exemptions.map((exemption) => [exemption.clause, exemption] as const))(
    'is needed: %s',
    (_, { holds }) => {
      expect(differences.some(holds)).toBe(true);
    },
  );
}

function endingsOf(
  { code, input: places, output }: Comparison,
  { instructions, input }: Case,
  there: BigUint64Array,
): string[] {
  const signal = Number(there[output.signal]);
  if (signal !== SIGNAL.SIGTRAP) return [signalName(there[output.signal])];
  const next = code + BigInt(instructions.reduce((sum, { length }) => sum + length, 0));
  const stored = input.subarray(places.memory).some((word, i) => word !== there[output.memory + i]);
  return [there[output.pc] === next ? 'went on' : 'jumped', stored ? 'stored' : 'not stored'];
}
