/** Vectors of exceptions (SDM vol. 3A, table 6-1). */
export const VECTOR = {
  DE: 0,
  DB: 1,
  NMI: 2,
  BP: 3,
  OF: 4,
  BR: 5,
  UD: 6,
  NM: 7,
  DF: 8,
  TS: 10,
  NP: 11,
  SS: 12,
  GP: 13,
  PF: 14,
  MF: 16,
  AC: 17,
  MC: 18,
  XM: 19,
} as const;

/** Vectors of exceptions that push an error code (SDM vol. 3A, table 6-1). */
export const PUSHES_ERROR: ReadonlySet<number> = new Set<number>([
  VECTOR.DF,
  VECTOR.TS,
  VECTOR.NP,
  VECTOR.SS,
  VECTOR.GP,
  VECTOR.PF,
  VECTOR.AC,
]);

/** What `Trap.cause` holds: vector in bits 7:0, error code in 23:8, and what `software` adds. */
export const fault = (vector: number, error = 0): number => vector | (error << 8);

/**
 * The cause of a trap whose pushed RIP lies `length` bytes behind the instruction's own: INT n, INT3 and INTO. Their
 * gate's DPL is checked (bit 24); INT1 and #DB after an instruction are traps whose gate's is not.
 */
export const trapAfter = (vector: number, length: number): number => vector | (length << 25);
export const software = (vector: number, length: number): number => trapAfter(vector, length) | (1 << 24);

/** In place of a vector: SYSCALL, which goes where IA32_LSTAR says and is told of like a trap (bit 29). */
export const SYSCALL_CAUSE = 1 << 29;
export const isSyscall = (cause: number): boolean => (cause & SYSCALL_CAUSE) !== 0;

export const vectorOf = (cause: number): number => cause & 0xff;
export const errorOf = (cause: number): number => (cause >> 8) & 0xffff;
export const isSoftware = (cause: number): boolean => ((cause >> 24) & 1) === 1;
/** Bytes of the instruction that the pushed RIP is behind; 0 for faults. */
export const lengthOf = (cause: number): number => (cause >> 25) & 15;

/** Bits of a page fault's error code (SDM vol. 3A, 4.7). */
export const PF_ERROR = { P: 1, WR: 2, US: 4, RSVD: 8, ID: 16, PK: 32, SS: 64, SGX: 0x8000 } as const;
