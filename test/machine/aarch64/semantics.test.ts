/**
 * Every unprivileged row under qemu-aarch64. Of one row file alone, and there of some rows:
 * `FAULTLINE_ROWS=a64-loads npx vitest run test/machine/aarch64/semantics.test.ts -t 'ldp'`; FAULTLINE_ROWS may also
 * be the beginning of a syntax (`FAULTLINE_ROWS='fmul '`), which is quicker. Cases are made from the table: from patterns, and from the
 * registers and addresses that a block reads (semantics/cases.ts). Differences that are right are listed in
 * semantics/exemptions.ts, with their clause.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { A64_ATOMICS } from '../../../machine/aarch64/a64-atomics.ts';
import { A64_BRANCHES } from '../../../machine/aarch64/a64-branches.ts';
import { A64_DATA_IMMEDIATE } from '../../../machine/aarch64/a64-data-immediate.ts';
import { A64_DATA_REGISTER } from '../../../machine/aarch64/a64-data-register.ts';
import { A64_FLOAT } from '../../../machine/aarch64/a64-float.ts';
import { A64_LOADS } from '../../../machine/aarch64/a64-loads.ts';
import { A64_SIMD } from '../../../machine/aarch64/a64-simd.ts';
import { A64_SIMD_FLOAT } from '../../../machine/aarch64/a64-simd-float.ts';
import { A64_SIMD_LOADS } from '../../../machine/aarch64/a64-simd-loads.ts';
import { TABLE } from '../../../machine/aarch64/decode.ts';
import type { Row } from '../../../machine/decode/index.ts';
import { describeWith } from '../../toolchain.ts';
import { analyse } from '../semantics/analysis.ts';
import { HUNT, Random } from '../semantics/random.ts';
import { type Case, CaseMaker, isFloat } from './semantics/cases.ts';
import { type Difference, differing, showDifference } from './semantics/compare.ts';
import { EXEMPTIONS } from './semantics/exemptions.ts';
import { Here, SIGNAL } from './semantics/here.ts';
import { CODE, INPUT, OUTPUT } from './semantics/layout.ts';
import { Outsider, TOOLS } from './semantics/outsider.ts';
import { decodeWord } from './words.ts';

const SEED = 0x5eed;
/** Cases of each row; floating point has more kinds of operands and four rounding modes. */
const PER_ROW = 300;
const PER_FLOAT_ROW = 1000;
const BATCH = 20_000;

const FILES: Readonly<Record<string, readonly Row[]>> = {
  'a64-data-immediate': A64_DATA_IMMEDIATE,
  'a64-data-register': A64_DATA_REGISTER,
  'a64-branches': A64_BRANCHES,
  'a64-loads': A64_LOADS,
  'a64-atomics': A64_ATOMICS,
  'a64-float': A64_FLOAT,
  'a64-simd': A64_SIMD,
  'a64-simd-float': A64_SIMD_FLOAT,
  'a64-simd-loads': A64_SIMD_LOADS,
};
/** System rows for user programs. */
const SYSTEM = /^(svc|brk|hint|dmb|dsb|isb|clrex|mrs|msr .*sysreg)\b/;
const ALL = [...Object.values(FILES).flat(), ...TABLE.rows.filter(({ syntax }) => SYSTEM.test(syntax))];
const WANTED = process.env.FAULTLINE_ROWS;
const ROWS = [...new Set(WANTED ? (FILES[WANTED] ?? ALL.filter(({ syntax }) => syntax.startsWith(WANTED))) : ALL)];
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

describeWith(TOOLS, 'every unprivileged row means what qemu-aarch64 does', () => {
  const compared = new Map<Row, number>();
  const differences: Difference[] = [];
  let outsider: Outsider;
  /** Kinds of endings that were seen, each row's: signal, taken or not, stored or not. */
  const endings = new Map<Row, Set<string>>();
  let total = 0;

  beforeAll(() => {
    outsider = new Outsider();
    console.log(`semantics: seed ${SEED.toString(16)}, ${HUNT} times`);
    const maker = new CaseMaker(ALL, new Random(SEED));
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
    if (batch.length > 0) flush();
  }, 200_000 * HUNT);
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
    (_, row) => expect([...(endings.get(row) ?? [])]).toEqual(expect.arrayContaining(kindsOfRow(row))),
  );

  it('compares some hundred cases of each row', () => expect(total).toBeGreaterThan(ROWS.length * 200));

  it.runIf(!WANTED).each(EXEMPTIONS.map((exemption) => [exemption.clause, exemption] as const))(
    'is needed: %s',
    (_, { holds }) => {
      expect(differences.some(holds)).toBe(true);
    },
  );
});
