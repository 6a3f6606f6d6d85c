import { fileURLToPath } from 'node:url';
import { Outsider } from '../../semantics/outsider.ts';
import { BREAKPOINT, CODE, CODE_END, INPUT, OUTPUT, RAM_BASE, RAM_END, WINDOWS } from './layout.ts';

export const TOOLS = ['aarch64-linux-gnu-gcc', 'qemu-aarch64'];
/** A processor with LSE and RCpc, and without SVE, whose records would replace those of V registers, or PAuth. */
const PROCESSOR = 'neoverse-n1';

const FLAGS = ['-nostdlib', '-static', '-O1', '-ffreestanding', '-fno-stack-protector', '-mgeneral-regs-only'];

/** The program that runs cases under qemu-aarch64. */
export const makeOutsider = (): Outsider =>
  new Outsider({
    compiler: ['aarch64-linux-gnu-gcc', ...FLAGS],
    source: fileURLToPath(new URL('outsider.c', import.meta.url)),
    places: {
      ...{ CODE, CODE_END, RAM_BASE, RAM_END, BREAKPOINT },
      ...{ WINDOW_0: WINDOWS[0].base, WINDOW_1: WINDOWS[1].base },
    },
    emulator: ['qemu-aarch64', '-cpu', PROCESSOR],
    inputWords: INPUT.words,
    outputWords: OUTPUT.words,
  });
