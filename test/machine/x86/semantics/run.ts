import type { Row } from '../../../../machine/x86/row.ts';
import type { Outsider } from '../../semantics/outsider.ts';
import { HUNT, Random } from '../../semantics/random.ts';
import type { Difference } from './case.ts';
import { CaseMaker } from './cases.ts';
import { differing, type Masks } from './compare.ts';
import { Here } from './here.ts';
import { INPUT, OUTPUT } from './layout.ts';

const SEED = 0x5eed;
const BATCH = 10_000;

/** Whom rows are compared with, and on what. */
export interface Comparison {
  readonly outsider: () => Outsider;
  readonly masks: Masks;
  readonly casesOf: (row: Row) => number;
}

const RSP = 4;
/** Virtual machines make a #GP of their own of a stack pointer that is no address. */
const isAddress = (value: bigint): boolean => BigInt.asUintN(64, BigInt.asIntN(47, value)) === value;

export const nameOf = ({ opcode, mnemonic, operands }: Row): string =>
  `${opcode.source} ${mnemonic} ${operands.join(', ')}`.trim();

/** What became of some rows' cases. */
export interface Outcome {
  readonly compared: ReadonlyMap<Row, number>;
  readonly differences: readonly Difference[];
  readonly vectors: ReadonlyMap<Row, ReadonlySet<number>>;
}

/** Runs each row's cases here and there. */
export function runRows(rows: readonly Row[], { masks, casesOf }: Comparison, there: Outsider): Outcome {
  const compared = new Map<Row, number>();
  const vectors = new Map<Row, Set<number>>();
  const differences: Difference[] = [];
  const maker = new CaseMaker(new Random(SEED));
  const machine = new Here();
  let batch: { case: Difference['case']; here: BigUint64Array }[] = [];
  const flush = () => {
    const inputs = new BigUint64Array(batch.length * INPUT.words);
    batch.forEach(({ case: c }, i) => {
      inputs.set(c.input, i * INPUT.words);
    });
    const results = there.run(inputs);
    batch.forEach(({ case: c, here }, i) => {
      const result = results.subarray(i * OUTPUT.words, (i + 1) * OUTPUT.words);
      const words = differing(c, here, result, masks);
      if (words.length > 0) differences.push({ case: c, here, there: result.slice(), words });
      compared.set(c.row, (compared.get(c.row) ?? 0) + 1);
      const seen = vectors.get(c.row) ?? new Set();
      vectors.set(c.row, seen.add(Number(here[OUTPUT.vector])));
    });
    batch = [];
  };
  for (let round = 0; round < HUNT; round++) {
    for (const row of rows) {
      for (let i = 0; i < casesOf(row); i++) {
        const c = maker.make(row);
        const here = machine.run(c);
        if (!here || !isAddress(here[OUTPUT.r + RSP])) continue;
        batch.push({ case: c, here });
        if (batch.length === BATCH) flush();
      }
    }
  }
  if (batch.length > 0) flush();
  return { compared, differences, vectors };
}
