import { fileURLToPath } from 'node:url';
import { Outsider } from '../../semantics/outsider.ts';
import { BREAKPOINT, CODE, CODE_END, INPUT, OUTPUT, RAM_BASE, RAM_END, WINDOWS } from './layout.ts';

export const TOOLS = ['riscv64-linux-gnu-gcc', 'qemu-riscv64'];
const FLAGS = ['-nostdlib', '-static', '-O1', '-march=rv64gc', '-mno-relax', '-msmall-data-limit=0', '-ffreestanding'];

/** The program that runs cases under qemu-riscv64. */
export const makeOutsider = (): Outsider =>
  new Outsider({
    compiler: ['riscv64-linux-gnu-gcc', ...FLAGS],
    source: fileURLToPath(new URL('outsider.c', import.meta.url)),
    places: {
      ...{ CODE, CODE_END, RAM_BASE, RAM_END, BREAKPOINT },
      ...{ WINDOW_0: WINDOWS[0].base, WINDOW_1: WINDOWS[1].base },
    },
    emulator: ['qemu-riscv64'],
    inputWords: INPUT.words,
    outputWords: OUTPUT.words,
  });
