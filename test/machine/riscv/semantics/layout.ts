/**
 * Where things lie, here and there alike: code in the middle of memory full of breakpoints, so that every jump lands on
 * one, and data in its last pages, with nothing behind.
 */
export const RAM_BASE = 0x8000_0000n;
export const CODE = 0x8018_0000n;
export const CODE_END = 0x8030_0000n;
export const RAM_END = 0x8030_3000n;
/** The bytes of memory that a case fills and that are compared: across a page boundary, and before the end. */
export const WINDOWS = [
  { base: 0x8030_1000n - 32n, size: 64 },
  { base: RAM_END - 32n, size: 32 },
] as const;

/** A case as the outsider reads it, in 64-bit words: 16 bytes of code, x1 to x31, f0 to f31, fcsr, the windows. */
export const INPUT = { code: 0, x: 2, f: 33, fcsr: 65, memory: 66, words: 78 } as const;
/** What became of it: signal, pc and address of the fault, then registers and windows. */
export const OUTPUT = { signal: 0, pc: 1, address: 2, x: 3, f: 34, fcsr: 66, memory: 67, words: 79 } as const;
export const MEMORY_WORDS = 12;

/** `c.ebreak`, what all code memory is filled with. */
export const BREAKPOINT = 0x9002;
