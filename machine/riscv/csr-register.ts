import type { Hart } from '../hart.ts';

/** One control and status register; csr-names.ts has its number, which says who may access it (Priv. spec 2.1). */
export interface Csr {
  readonly name: string;
  read(hart: Hart): bigint;
  /** What CSRRS and CSRRC start from, where it is not what they read. */
  modify?(hart: Hart): bigint;
  /** Writes what of the value is legal. Absent where the number already says read-only. */
  write?(hart: Hart, value: bigint): void;
  /** Whether the state of the hart forbids the access beyond what the number says. */
  refuses?(hart: Hart): boolean;
}
