/**
 * Where things lie, here and there alike: code in the middle of memory full of breakpoints, so that every jump lands on
 * one, and data in its last pages, with nothing behind.
 */
export const RAM_BASE = 0x4000_0000n;
export const CODE = 0x4018_0000n;
export const CODE_END = 0x4030_0000n;
export const RAM_END = 0x4030_3000n;
/** The bytes of memory that a case fills and that are compared: across a page boundary, and before the end. */
export const WINDOWS = [
  { base: 0x4030_1000n - 64n, size: 128 },
  { base: RAM_END - 64n, size: 64 },
] as const;

/**
 * A case as the outsider reads it, in 64-bit words: 16 bytes of code, X0 to X30, SP, V0 to V31, NZCV as PSTATE has it,
 * FPCR, FPSR, the windows.
 */
export const INPUT = { code: 0, x: 2, sp: 33, v: 34, nzcv: 98, fpcr: 99, fpsr: 100, memory: 101, words: 125 } as const;
/** What became of it: signal, pc and address of the fault, then registers and windows. */
export const OUTPUT = {
  ...{ signal: 0, pc: 1, address: 2, x: 3, sp: 34, v: 35 },
  ...{ nzcv: 99, fpcr: 100, fpsr: 101, memory: 102, words: 126 },
} as const;
export const MEMORY_WORDS = 24;

/** `brk #0`, what all code memory is filled with. */
export const BREAKPOINT = 0xd420_0000;
