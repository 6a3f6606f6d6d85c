/**
 * Where things lie, here and there alike: code in the middle of memory full of breakpoints, so that every jump lands on
 * one, and data in its last pages, with nothing behind.
 */
export const CODE_START = 0x10_0000n;
export const CODE = 0x18_0000n;
export const CODE_END = 0x30_0000n;
export const RAM_END = 0x30_3000n;
/** The bytes of memory that a case fills and that are compared: across a page boundary, and before the end. */
export const WINDOWS = [
  { base: 0x30_1000n - 64n, size: 128 },
  { base: RAM_END - 64n, size: 64 },
] as const;

/** INT3, what all code memory is filled with. */
export const BREAKPOINT = 0xcc;

/** Words of an FXSAVE image up to XMM15 (SDM vol. 1, table 10-2), and where its parts are. */
export const FX = { control: 0, mxcsr: 3, st: 4, xmm: 20, words: 52 } as const;

/** The bytes of memory that a case fills and that are compared, and where. */
export type Windows = readonly [Window, Window];
interface Window {
  readonly base: bigint;
  readonly size: number;
}

/** Cases of so many words of code, and such windows. */
export function makeLayout(codeWords: number, windows: Windows) {
  const memoryWords = (windows[0].size + windows[1].size) / 8;
  const r = codeWords;
  const memory = r + 17 + FX.words;
  return {
    ...{ codeWords, windows, memoryWords },
    /** A case as the outsider reads it, in 64-bit words: code, RAX to R15, RFLAGS, the FXSAVE image, the windows. */
    input: { code: 0, r, rflags: r + 16, fx: r + 17, memory, words: memory + memoryWords },
    /** What became of it: vector, error code, RIP, address of the fault and signal, then registers and windows. */
    output: {
      ...{ vector: 0, error: 1, rip: 2, address: 3, signal: 4 },
      ...{ r: 5, rflags: 21, fx: 22, memory: 74, words: 74 + memoryWords },
    },
  } as const;
}
export type Layout = ReturnType<typeof makeLayout>;

/** One instruction. */
export const SINGLE = makeLayout(2, WINDOWS);
export const { input: INPUT, output: OUTPUT } = SINGLE;

/**
 * 32-bit code has the same places, and FS a base, so that addresses of 16 bits reach the windows. Its segment registers' selectors
 * come behind its eight general registers: ES, DS, FS, GS and, in the next word, CS and SS.
 */
export const SEGMENTS_32 = { code: 0x23, data: 0x2b, fs: 0x33, fsBase: 0x2f_8000n, words: OUTPUT.r + 8 } as const;
