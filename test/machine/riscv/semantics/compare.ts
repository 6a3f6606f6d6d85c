import { F_NAMES, FFLAGS, FRM, X_NAMES } from '../../../../machine/riscv/registers.ts';
import { analyse } from '../../semantics/analysis.ts';
import { type Difference, differingBy, signalName } from '../../semantics/case.ts';
import { CODE, INPUT, OUTPUT } from './layout.ts';

const hex = (value: bigint) => value.toString(16);

/** The words of the result that differ. */
export const differing = (here: BigUint64Array, there: BigUint64Array): number[] => differingBy(OUTPUT, here, there);

function wordName(i: number): string {
  if (i < OUTPUT.x) return ['', 'pc', 'address'][i];
  if (i < OUTPUT.f) return X_NAMES[i - OUTPUT.x + 1];
  if (i < OUTPUT.fcsr) return F_NAMES[i - OUTPUT.f];
  return i === OUTPUT.fcsr ? 'fcsr' : `memory[${i - OUTPUT.memory}]`;
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
    for (const { alias, group } of reads) {
      const i = group === 'float' ? INPUT.f + F_NAMES.indexOf(alias) : INPUT.x + X_NAMES.indexOf(alias) - 1;
      inputs.add(`${alias}=${hex(c.input[i])}`);
    }
    if (block.nodes.some(({ attributes: { reads = [] } }) => reads.includes(FRM) || reads.includes(FFLAGS))) {
      inputs.add(`fcsr=${hex(c.input[INPUT.fcsr])}`);
    }
    if (memory) inputs.add(`memory ${[...c.input.subarray(INPUT.memory, INPUT.words)].map(hex).join(' ')}`);
  }
  const words = differing(here, there);
  return [
    c.instructions.map(({ bytes }) => bytes).join(' '),
    c.instructions.map((instruction) => instruction.text(CODE)).join('; '),
    `${[...inputs].join(' ')} => ${words.map((i) => wordText(i, here[i])).join(' ')} / ${words.map((i) => wordText(i, there[i])).join(' ')}`,
  ].join(' | ');
}
