import type { Row } from '../../../machine/decode/index.ts';
import { TABLE_16, TABLE_32 } from '../../../machine/riscv/decode.ts';
import { RV_PRIVILEGED } from '../../../machine/riscv/rv-privileged.ts';
import { compareRows } from '../semantics/suite.ts';
import { CaseMaker, decodeWord } from './semantics/cases.ts';
import { showDifference } from './semantics/compare.ts';
import { EXEMPTIONS } from './semantics/exemptions.ts';
import { Here } from './semantics/here.ts';
import { CODE, INPUT, OUTPUT } from './semantics/layout.ts';
import { makeOutsider, TOOLS } from './semantics/outsider.ts';

/** Cases of each row; floating point has more kinds of operands and five rounding modes. */
const PER_ROW = 300;
const PER_FLOAT_ROW = 1000;

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

compareRows(
  {
    name: 'every unprivileged row means what qemu-riscv64 does',
    tools: TOOLS,
    outsider: makeOutsider,
    maker: (random) => new CaseMaker(ROWS, random),
    here: () => new Here(),
    casesOf,
    kindsOfRow,
    showDifference,
    ...{ code: CODE, input: INPUT, output: OUTPUT },
  },
  ROWS,
  EXEMPTIONS,
);
