// 32-bit code in compatibility mode beside qemu-i386: every integer row that is valid there, those among it that 64-bit mode
// has not, operands and addresses of 16 bits.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Row } from '../../../machine/x86/row.ts';
import { ROWS } from '../../../machine/x86/rows.ts';
import { describeWith } from '../../toolchain.ts';
import type { Outsider } from '../semantics/outsider.ts';
import { HUNT, Random } from '../semantics/random.ts';
import type { Difference } from './semantics/case.ts';
import { CaseMaker32 } from './semantics/cases-32.ts';
import { differing, EMULATED, showDifference } from './semantics/compare.ts';
import { EXCLUDED } from './semantics/excluded.ts';
import { EMULATOR_EXEMPTIONS, EXEMPTIONS } from './semantics/exemptions.ts';
import { EXEMPTIONS_32 } from './semantics/exemptions-32.ts';
import { Here } from './semantics/here.ts';
import { INPUT, OUTPUT, SINGLE } from './semantics/layout.ts';
import { EMULATOR_32, makeOutsider32 } from './semantics/outsider.ts';
import { nameOf } from './semantics/run.ts';
import { isVector } from './semantics/suite.ts';

const SEED = 0x32;
const PER_ROW = 60;
const WANTED = new RegExp(process.env.FAULTLINE_ROWS ?? '');

/** Segment registers and far transfers can be asked of here, as the descriptors are known. */
const ASKED = /^(l[defgs]s|iret|retf)$/;
const wanted = (row: Row): boolean =>
  row.only !== '64' &&
  !row.opcode.wide &&
  !isVector(row) &&
  !/^f|^(ld|st)mxcsr$/.test(row.mnemonic) &&
  !row.operands.some((code) => /^[CD]y$/.test(code)) &&
  (ASKED.test(row.mnemonic) || !EXCLUDED.some(({ mnemonics }) => mnemonics.test(row.mnemonic)));
const ROWS_32 = ROWS.filter((row) => wanted(row) && WANTED.test(nameOf(row)));

describeWith(['gcc', EMULATOR_32], 'every integer row of 32-bit code means what qemu-i386 does', () => {
  let there: Outsider | undefined;
  const compared = new Map<Row, number>();
  const differences: Difference[] = [];

  beforeAll(() => {
    there = makeOutsider32([EMULATOR_32, '-cpu', 'max']);
    const machine = new Here(SINGLE, true);
    const maker = new CaseMaker32(new Random(SEED));
    const count = PER_ROW * HUNT;
    const batch = ROWS_32.flatMap((row) =>
      Array.from({ length: count }, () => maker.make(row)).flatMap((one) => {
        const here = machine.run(one);
        return here ? [{ one, here }] : [];
      }),
    );
    const inputs = new BigUint64Array(batch.length * INPUT.words);
    batch.forEach(({ one }, i) => {
      inputs.set(one.input, i * INPUT.words);
    });
    const results = there.run(inputs);
    batch.forEach(({ one, here }, i) => {
      const result = results.subarray(i * OUTPUT.words, (i + 1) * OUTPUT.words);
      const words = differing(one, here, result, EMULATED).filter((word) => word < OUTPUT.fx || word >= OUTPUT.memory);
      if (words.length > 0) differences.push({ case: one, here, there: result.slice(), words });
      compared.set(one.row, (compared.get(one.row) ?? 0) + 1);
    });
  }, 200_000 * HUNT);
  afterAll(() => there?.remove());

  const exemptions = [...EXEMPTIONS, ...EMULATOR_EXEMPTIONS, ...EXEMPTIONS_32];
  it.each(ROWS_32.map((row) => [nameOf(row), row] as const))('%s', (_, row) => {
    expect(compared.get(row) ?? 0).toBeGreaterThan(PER_ROW / 2);
    const lines = differences
      .filter((difference) => difference.case.row === row && !exemptions.some(({ holds }) => holds(difference)))
      .map(showDifference);
    expect(lines.slice(0, 10), `${lines.length} of ${compared.get(row)} differ`).toEqual([]);
  });
});
