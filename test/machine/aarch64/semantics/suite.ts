import { expect, it } from 'vitest';
import { TABLE } from '../../../../machine/aarch64/decode.ts';
import type { Row } from '../../../../machine/decode/index.ts';
import { analyse } from '../../semantics/analysis.ts';
import type { Exemption } from '../../semantics/case.ts';
import * as shared from '../../semantics/suite.ts';
import { decodeWord } from '../words.ts';
import { CaseMaker, isFloat } from './cases.ts';
import { showDifference } from './compare.ts';
import { Here } from './here.ts';
import { CODE, INPUT, OUTPUT } from './layout.ts';
import { makeOutsider, TOOLS } from './outsider.ts';

/** Cases of each row; floating point has more kinds of operands and four rounding modes. */
const PER_ROW = 300;
const PER_FLOAT_ROW = 1000;

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

const COMPARISON: shared.Comparison = {
  name: 'every unprivileged row means what qemu-aarch64 does',
  tools: TOOLS,
  outsider: makeOutsider,
  maker: (random) => new CaseMaker(TABLE.rows, random),
  here: () => new Here(),
  casesOf,
  kindsOfRow,
  showDifference,
  ...{ code: CODE, input: INPUT, output: OUTPUT },
};

/** Compares the rows of some row files, by the files' names, with qemu-aarch64; each exemption must be needed. */
export function compareRows(files: Readonly<Record<string, readonly Row[]>>, exemptions: readonly Exemption[]): void {
  const all = [...new Set(Object.values(files).flat())];
  const rows = WANTED ? (files[WANTED] ?? all.filter(({ syntax }) => syntax.startsWith(WANTED))) : all;
  if (rows.length === 0) return void it('has none of the wanted rows', () => expect(WANTED).toBeDefined());
  shared.compareRows(COMPARISON, rows, exemptions, !WANTED);
}
