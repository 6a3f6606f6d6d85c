import { fileURLToPath } from 'node:url';
import { Outsider } from '../../semantics/outsider.ts';
import { BREAKPOINT, CODE, CODE_END, CODE_START, type Layout, RAM_END, SINGLE } from './layout.ts';

export const EMULATOR = 'qemu-x86_64';

/** Position-independent, so that it lies out of the cases' reach. */
const FLAGS = [
  '-nostdlib',
  '-static-pie',
  '-fPIE',
  '-O1',
  '-ffreestanding',
  '-fno-stack-protector',
  '-mgeneral-regs-only',
  '-mno-red-zone',
];

/** The program that runs cases, on the host's own processor or under a command. */
export function makeOutsider(emulator: readonly [string, ...string[]], layout: Layout = SINGLE): Outsider {
  const { codeWords, windows, input, output } = layout;
  return new Outsider({
    compiler: ['gcc', ...FLAGS],
    source: fileURLToPath(new URL('outsider.c', import.meta.url)),
    places: {
      ...{ CODE, CODE_START, CODE_END, RAM_END, BREAKPOINT },
      ...{ CODE_WORDS: codeWords, WINDOW_0: windows[0].base, WINDOW_1: windows[1].base },
      ...{ WORDS_0: windows[0].size / 8, WORDS_1: windows[1].size / 8 },
    },
    emulator,
    inputWords: input.words,
    outputWords: output.words,
  });
}
