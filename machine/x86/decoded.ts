import type { Row } from './row.ts';

/** An effective address as ModRM, SIB and displacement give it (SDM vol. 2A, 2.1.5). */
export interface Address {
  /** Number of the base register; `rip`: the next instruction's address; absent: none. */
  readonly base: number | 'rip' | undefined;
  readonly index: number | undefined;
  /** The index is multiplied by 2 to this power. */
  readonly scale: number;
  /** Sign-extended to 64 bits, as an unsigned number of 64 bits. */
  readonly displacement: bigint;
  /** Bytes of displacement in the encoding, which a disassembler shows. */
  readonly displacementBytes: number;
  /** The segment register that counts, and whether a prefix chose it. */
  readonly segment: number;
}

/** One operand. Sizes in bytes. */
export type Operand =
  | { readonly kind: 'register'; readonly number: number; readonly size: number; readonly high: boolean }
  | { readonly kind: 'memory'; readonly size: number }
  /** Addressed by rSI (DS, or what a prefix says) or rDI (ES). */
  | { readonly kind: 'string'; readonly by: 'si' | 'di'; readonly size: number }
  | { readonly kind: 'xmm' | 'mmx' | 'st'; readonly number: number }
  | { readonly kind: 'segment' | 'control' | 'debug'; readonly number: number }
  /** Sign-extended to 64 bits where its code says so, as an unsigned number of 64 bits. */
  | { readonly kind: 'immediate'; readonly value: bigint; readonly size: number }
  /** To be added to the next instruction's address; signed. */
  | { readonly kind: 'relative'; readonly value: bigint }
  | { readonly kind: 'far'; readonly selector: number; readonly offset: bigint };

/** One decoded instruction: what a row's meaning and the disassembler know of it. */
export interface Decoded {
  readonly row: Row;
  /** The instruction's bytes. */
  readonly bytes: Uint8Array;
  readonly length: number;
  /** Code mode: `CODE_64` and its like, without further bits. */
  readonly mode: number;
  /** Bytes: 2, 4 or 8. */
  readonly operandSize: 2 | 4 | 8;
  readonly addressSize: 2 | 4 | 8;
  /** Bytes of the stack pointer. */
  readonly stackSize: 2 | 4 | 8;
  readonly rex: number;
  readonly lock: boolean;
  /** The last of F2 and F3; 0: neither. */
  readonly rep: 0 | 0xf2 | 0xf3;
  /** 66 was there. */
  readonly size66: boolean;
  /** The segment that a prefix names; absent: none. */
  readonly segment: number | undefined;
  readonly opcode: number;
  readonly modrm: number;
  readonly address: Address | undefined;
  readonly operands: readonly Operand[];
}

/** The condition or register number in an opcode's low bits. */
export const conditionOf = (i: Decoded): number => i.opcode & 15;
