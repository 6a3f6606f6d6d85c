import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Row } from '../../../machine/decode/index.ts';
import { TABLE_16, TABLE_32 } from '../../../machine/riscv/decode.ts';
import { RV_PRIVILEGED } from '../../../machine/riscv/rv-privileged.ts';
import { describeWith } from '../../toolchain.ts';
import { HUNT, Random } from '../semantics/random.ts';
import { type Case, CaseMaker, decodeWord } from './semantics/cases.ts';
import { type Difference, differing, showDifference } from './semantics/compare.ts';
import { EXEMPTIONS } from './semantics/exemptions.ts';
import { Here, SIGNAL } from './semantics/here.ts';
import { CODE, INPUT, OUTPUT } from './semantics/layout.ts';
import { Outsider, TOOLS } from './semantics/outsider.ts';

const SEED = 0x5eed;
/** Cases of each row; floating point has more kinds of operands and five rounding modes. */
const PER_ROW = 300;
const PER_FLOAT_ROW = 1000;
const BATCH = 20_000;

const privileged = new Set<Row>(RV_PRIVILEGED);
const ROWS = [...TABLE_32.rows, ...TABLE_16.rows].filter((row) => !privileged.has(row));
const casesOf = (row: Row) => (/^c?\.?f/.test(row.syntax) && !row.syntax.startsWith('fence') ? PER_FLOAT_ROW : PER_ROW);

/** The endings that a row's cases must have had, by its meaning's operations. */
function kindsOfRow(row: Row): string[] {
  const operations = decodeWord(row.pattern.value).block.nodes;
  const { atomicity } = operations.find(({ attributes }) => attributes.shape)?.attributes.shape ?? {};
  return [
    ...(operations.some(({ op }) => op === 'branch') ? ['went on', 'jumped'] : []),
    // qemu's own failed SC never faults (see the exemptions).
    ...(atomicity === 'conditional' ? ['stored', 'not stored'] : atomicity !== undefined ? ['went on', 'SIGSEGV'] : []),
    ...(atomicity === 'amo' || atomicity === 'reserved' ? ['SIGBUS'] : []),
    ...(row.pattern.fields.some(({ name }) => name === 'rm' || name === 'csr') ? ['went on', 'SIGILL'] : []),
  ];
}

function endingsOf({ instructions, input }: Case, there: BigUint64Array): string[] {
  const signal = Number(there[OUTPUT.signal]);
  if (signal !== SIGNAL.SIGTRAP)
    return [Object.keys(SIGNAL).find((name) => SIGNAL[name as keyof typeof SIGNAL] === signal) ?? ''];
  const next = CODE + BigInt(instructions.reduce((sum, { length }) => sum + length, 0));
  const stored = input.subarray(INPUT.memory).some((word, i) => word !== there[OUTPUT.memory + i]);
  return [there[OUTPUT.pc] === next ? 'went on' : 'jumped', stored ? 'stored' : 'not stored'];
}

describeWith(TOOLS, 'every unprivileged row means what qemu-riscv64 does', () => {
  const compared = new Map<Row, number>();
  const differences: Difference[] = [];
  let outsider: Outsider;
  /** Kinds of endings that were seen, each row's: signal, taken or not, stored or not. */
  const endings = new Map<Row, Set<string>>();
  let total = 0;

  beforeAll(() => {
    outsider = new Outsider();
    console.log(`semantics: seed ${SEED.toString(16)}, ${HUNT} times`);
    const maker = new CaseMaker(ROWS, new Random(SEED));
    const here = new Here();
    let batch: { case: Case; here: BigUint64Array }[] = [];
    const flush = () => {
      const inputs = new BigUint64Array(batch.length * INPUT.words);
      batch.forEach(({ case: c }, i) => {
        inputs.set(c.input, i * INPUT.words);
      });
      const there = outsider.run(inputs);
      batch.forEach((ours, i) => {
        const theirs = there.subarray(i * OUTPUT.words, (i + 1) * OUTPUT.words);
        if (differing(ours.here, theirs).length > 0) differences.push({ ...ours, there: theirs.slice() });
        const kinds = endings.get(ours.case.row) ?? new Set();
        endings.set(ours.case.row, kinds);
        for (const kind of endingsOf(ours.case, theirs)) kinds.add(kind);
        compared.set(ours.case.row, (compared.get(ours.case.row) ?? 0) + 1);
      });
      total += batch.length;
      batch = [];
    };
    for (let round = 0; round < HUNT; round++) {
      for (const row of ROWS) {
        for (let i = 0; i < casesOf(row); i++) {
          const c = maker.make(row);
          const result = here.run(c);
          if (!result) continue;
          batch.push({ case: c, here: result });
          if (batch.length === BATCH) flush();
        }
      }
    }
    flush();
  }, 60_000 * HUNT);
  afterAll(() => outsider?.remove());

  it.each(ROWS.map((row) => [row.syntax, row] as const))('%s', (_, row) => {
    expect(compared.get(row) ?? 0).toBeGreaterThan(casesOf(row) / 2);
    const lines = differences
      .filter((difference) => difference.case.row === row && !EXEMPTIONS.some(({ holds }) => holds(difference)))
      .map(showDifference);
    expect(lines.slice(0, 10), `${lines.length} of ${compared.get(row)} differ`).toEqual([]);
  });

  it.each(ROWS.filter((row) => kindsOfRow(row).length > 0).map((row) => [row.syntax, row] as const))(
    'has cases of every ending: %s',
    (_, row) => expect([...endings.get(row)!]).toEqual(expect.arrayContaining(kindsOfRow(row))),
  );

  it('compares at least twenty thousand cases', () => expect(total).toBeGreaterThan(20_000));

  it.each(EXEMPTIONS.map((exemption) => [exemption.clause, exemption] as const))('is needed: %s', (_, { holds }) => {
    expect(differences.some(holds)).toBe(true);
  });
});
