import { fileURLToPath } from 'node:url';
import { Outsider } from '../../semantics/outsider.ts';
import { BREAKPOINT, CODE, CODE_END, CODE_START, type Layout, RAM_END, SEGMENTS_32, SINGLE } from './layout.ts';

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

export const EMULATOR_32 = 'qemu-i386';

/** Out of the cases' reach, and out of that of a stack. */
const FLAGS_32 = [
  ...['-m32', '-nostdlib', '-static', '-no-pie', '-fno-pie', '-O1', '-ffreestanding', '-fno-stack-protector'],
  ...['-mgeneral-regs-only', '-Wl,-Ttext-segment=0x10000000,--build-id=none'],
];

/** The program that runs cases of 32-bit code. */
export function makeOutsider32(emulator: readonly [string, ...string[]]): Outsider {
  const { codeWords, windows, input, output } = SINGLE;
  return new Outsider({
    compiler: ['gcc', ...FLAGS_32],
    source: fileURLToPath(new URL('outsider-32.c', import.meta.url)),
    places: {
      ...{ CODE, CODE_START, CODE_END, RAM_END, BREAKPOINT },
      ...{ CODE_WORDS: codeWords, WINDOW_0: windows[0].base, WINDOW_1: windows[1].base },
      ...{ WORDS_0: windows[0].size / 8, WORDS_1: windows[1].size / 8 },
      ...{ FS_SELECTOR: SEGMENTS_32.fs, FS_BASE: SEGMENTS_32.fsBase },
    },
    emulator,
    inputWords: input.words,
    outputWords: output.words,
  });
}
