import { fileURLToPath } from 'node:url';
import { Outsider } from '../../semantics/outsider.ts';
import { BREAKPOINT, CODE, CODE_END, CODE_START, INPUT, OUTPUT, RAM_END, WINDOWS } from './layout.ts';

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
export const makeOutsider = (emulator: readonly [string, ...string[]]): Outsider =>
  new Outsider({
    compiler: ['gcc', ...FLAGS],
    source: fileURLToPath(new URL('outsider.c', import.meta.url)),
    places: {
      ...{ CODE, CODE_START, CODE_END, RAM_END, BREAKPOINT },
      ...{ WINDOW_0: WINDOWS[0].base, WINDOW_1: WINDOWS[1].base },
    },
    emulator,
    inputWords: INPUT.words,
    outputWords: OUTPUT.words,
  });
