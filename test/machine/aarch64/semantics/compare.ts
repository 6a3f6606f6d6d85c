import { C, FPCR, FPSR, N, OVERFLOW, Z } from '../../../../machine/aarch64/registers.ts';
import { analyse } from '../../semantics/analysis.ts';
import { type Difference, differingBy, signalName } from '../../semantics/case.ts';
import { place } from './cases.ts';
import { CODE, INPUT, OUTPUT } from './layout.ts';

const hex = (value: bigint) => value.toString(16);

/** The words of the result that differ. */
export const differing = (here: BigUint64Array, there: BigUint64Array): number[] => differingBy(OUTPUT, here, there);

function wordName(i: number): string {
  if (i < OUTPUT.x) return ['', 'pc', 'address'][i];
  if (i < OUTPUT.sp) return `x${i - OUTPUT.x}`;
  if (i === OUTPUT.sp) return 'sp';
  if (i < OUTPUT.nzcv) return `v${(i - OUTPUT.v) >> 1}.d[${(i - OUTPUT.v) & 1}]`;
  if (i < OUTPUT.memory) return ['nzcv', 'fpcr', 'fpsr'][i - OUTPUT.nzcv];
  return `memory[${i - OUTPUT.memory}]`;
}

function wordText(i: number, value: bigint): string {
  if (i === OUTPUT.signal) return signalName(value);
  return `${wordName(i)}=${hex(value)}`;
}

/** `bytes | assembly | inputs => here / there`, in one line. */
export function showDifference({ case: c, here, there }: Difference): string {
  const inputs = new Set<string>();
  for (const { block } of c.instructions) {
    const { reads, memory } = analyse(block);
    for (const slot of reads) {
      const at = place(slot);
      const high = slot.type === 'v128' ? `${hex(c.input[at + 1])}:` : '';
      inputs.add(`${slot.name}=${high}${hex(c.input[at])}`);
    }
    const control = new Set(block.nodes.flatMap(({ attributes: { reads: read = [], slot } }) => [...read, slot]));
    if ([N, Z, C, OVERFLOW].some((flag) => control.has(flag))) inputs.add(`nzcv=${hex(c.input[INPUT.nzcv] >> 28n)}`);
    if (control.has(FPCR)) inputs.add(`fpcr=${hex(c.input[INPUT.fpcr])}`);
    if (control.has(FPSR)) inputs.add(`fpsr=${hex(c.input[INPUT.fpsr])}`);
    if (memory) inputs.add(`memory ${[...c.input.subarray(INPUT.memory, INPUT.words)].map(hex).join(' ')}`);
  }
  const words = differing(here, there);
  const show = (result: BigUint64Array) => words.map((i) => wordText(i, result[i])).join(' ');
  return [
    c.instructions.map(({ bytes }) => bytes).join(' '),
    c.instructions.map((instruction) => instruction.text(CODE)).join('; '),
    `${[...inputs].join(' ')} => ${show(here)} / ${show(there)}`,
  ].join(' | ');
}
