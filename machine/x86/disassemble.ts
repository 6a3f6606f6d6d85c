import type { Decoded } from './decoded.ts';

/** Assembly text at `pc` in Intel's syntax. */
export function disassemble(i: Decoded, _pc: bigint): string {
  return i.row.mnemonic;
}
