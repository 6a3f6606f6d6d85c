import { afterAll, beforeAll, expect, it } from 'vitest';
import { TABLE } from '../../../../machine/aarch64/decode.ts';
import type { Row } from '../../../../machine/decode/index.ts';
import { describeWith } from '../../../toolchain.ts';
import { analyse } from '../../semantics/analysis.ts';
import { HUNT, Random } from '../../semantics/random.ts';
import { decodeWord } from '../words.ts';
import { type Case, CaseMaker, isFloat } from './cases.ts';
import { type Difference, differing, type Exemption, showDifference } from './compare.ts';
import { Here, SIGNAL } from './here.ts';
import { CODE, INPUT, OUTPUT } from './layout.ts';
import { Outsider, TOOLS } from './outsider.ts';

const SEED = 0x5eed;
/** Cases of each row; floating point has more kinds of operands and four rounding modes. */
const PER_ROW = 300;
const PER_FLOAT_ROW = 1000;
const BATCH = 20_000;

/** A row file's name, or the beginning of a syntax: nothing else is compared. */
const WANTED = process.env.FAULTLINE_ROWS;

const casesOf = (row: Row) => (isFloat(row) ? PER_FLOAT_ROW : PER_ROW);

/** The endings that a row's cases must have had, by its meaning's operations. */
function kindsOfRow(row: Row): string[] {
  const { block, mnemonic } = decodeWord(row.pattern.value);
  const branches = block.nodes.some(({ op }) => op === 'branch') ? ['went on', 'jumped'] : [];
  const { memory } = analyse(block);
  if (!memory?.base) return branches;
  const { atomicity, size } = memory.shape;
  // qemu's own failed store-exclusive never faults, nor does its misaligned LDAPR (see the exemptions).
  if (atomicity === 'conditional') return ['stored', 'not stored'];
  const aligned = atomicity !== 'plain' && size > 1 && !mnemonic.startsWith('ldapr');
  return [...branches, 'went on', 'SIGSEGV', ...(aligned ? ['SIGBUS'] : [])];
}

function endingsOf({ instructions, input }: Case, there: BigUint64Array): string[] {
  const signal = Number(there[OUTPUT.signal]);
  if (signal !== SIGNAL.SIGTRAP)
    return [Object.keys(SIGNAL).find((name) => SIGNAL[name as keyof typeof SIGNAL] === signal) ?? ''];
  const next = CODE + BigInt(4 * instructions.length);
  const stored = input.subarray(INPUT.memory).some((word, i) => word !== there[OUTPUT.memory + i]);
  return [there[OUTPUT.pc] === next ? 'went on' : 'jumped', stored ? 'stored' : 'not stored'];
}

/** Compares the rows of some row files, by the files' names, with qemu-aarch64; each exemption must be needed. */
export function compareRows(files: Readonly<Record<string, readonly Row[]>>, exemptions: readonly Exemption[]): void {
  const all = [...new Set(Object.values(files).flat())];
  const rows = WANTED ? (files[WANTED] ?? all.filter(({ syntax }) => syntax.startsWith(WANTED))) : all;
  if (rows.length === 0) return void it('has none of the wanted rows', () => expect(WANTED).toBeDefined());
  describeWith(TOOLS, 'every unprivileged row means what qemu-aarch64 does', () => compareAll(rows, exemptions));
}

function compareAll(rows: readonly Row[], exemptions: readonly Exemption[]): void {
  const compared = new Map<Row, number>();
  const differences: Difference[] = [];
  let outsider: Outsider;
  /** Kinds of endings that were seen, each row's: signal, taken or not, stored or not. */
  const endings = new Map<Row, Set<string>>();
  let total = 0;

  beforeAll(() => {
    outsider = new Outsider();
    console.log(`semantics: seed ${SEED.toString(16)}, ${HUNT} times`);
    const maker = new CaseMaker(TABLE.rows, new Random(SEED));
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

  it.runIf(!WANTED).each(exemptions.map((exemption) => [exemption.clause, exemption] as const))(
    'is needed: %s',
    (_, { holds }) => {
      expect(differences.some(holds)).toBe(true);
    },
  );
}
