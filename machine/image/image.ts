/** What is wrong with a file that should be a program: one line that says what and where. */
export class ElfError extends Error {
  override readonly name = 'ElfError';
}

/** What a program header asks for; those that nothing here reads keep their p_type. */
export type SegmentKind = 'load' | 'dynamic' | 'interp' | 'note' | 'phdr' | 'tls' | 'gnu-stack' | number;

/** A segment: `fileSize` bytes of the file, then zeros up to `memorySize`, at `vaddr`. Sizes and offsets in bytes. */
export interface Segment {
  readonly kind: SegmentKind;
  /** Which program header it comes from, from 0. */
  readonly index: number;
  readonly offset: number;
  readonly vaddr: bigint;
  readonly paddr: bigint;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: bigint;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  /** The part that is in the file. */
  readonly bytes: Uint8Array;
}

export interface ElfSymbol {
  readonly name: string;
  /** As linked: a position-independent image lies that far above its load address. */
  readonly address: bigint;
  readonly size: number;
  readonly kind: 'function' | 'object' | 'other';
}

/** A program, as its file says it is to lie in memory. */
export interface ElfImage {
  /** The file itself, for what it holds beside ELF. */
  readonly file: Uint8Array;
  /** Its class: how wide addresses in it are. */
  readonly bits: 32 | 64;
  readonly type: 'executable' | 'position independent';
  /** e_machine. */
  readonly machine: number;
  readonly entry: bigint;
  /** e_flags. */
  readonly flags: number;
  /** In the order of their program headers; empty ones (PT_NULL) left out. Load segments do not overlap. */
  readonly segments: readonly Segment[];
  /** By address; empty for a stripped program. */
  readonly symbols: readonly ElfSymbol[];
  /** Where its sections say that code is, as linked; empty where there are no sections. */
  readonly code: readonly { readonly address: bigint; readonly size: bigint }[];
  /** `address`: where a load segment maps the table, if one does. */
  readonly programHeaders: {
    readonly address: bigint | undefined;
    readonly entrySize: number;
    readonly count: number;
  };
  /** The dynamic linker that the program asks for. */
  readonly interpreter: string | undefined;
  /** It names shared libraries that a dynamic linker would have to load. */
  readonly needsLibraries: boolean;
}
