import type { Access, AccessShape, Privilege } from './access.ts';
import type { Hart } from './hart.ts';
import type { ElfImage } from './image/image.ts';
import type { Block, Slot, SlotTable } from './ir/index.ts';
import type { Bus } from './memory/bus.ts';
import type { Explanation, Syndrome } from './trap.ts';
import type { Walk } from './walk.ts';

/** A decoded instruction; one that the manual calls illegal is one too, and its block raises the exception. */
export interface Instruction {
  /** Bytes. */
  readonly length: number;
  /** The encoding, most significant digit first, as a disassembler prints it. */
  readonly bytes: string;
  readonly mnemonic: string;
  readonly block: Block;
  /** Assembly text at `pc`; absolute targets where the syntax has them. */
  text(pc: bigint): string;
}

/**
 * A rare or intricate piece of an instruction's meaning. Returns false where it raised a trap (`hart.trap` is filled and
 * nothing has changed), else true.
 */
export type Helper = (hart: Hart, ...immediates: readonly number[]) => boolean;

/** What a hart may have or not, chosen when the machine is made. */
export interface IsaOptions {
  /** Whether the walker may set accessed and dirty bits itself (RISC-V Svadu, Armv8.1 HAFDBS). */
  readonly hardwareAd: boolean;
}

/** The memory management unit of a target. */
export interface Mmu {
  /**
   * Translates an access that lies in one 4 KiB page. True: `hart.translated` holds the physical address and whether
   * the whole page has the same answer. False: `hart.trap` holds the fault. `dry`: page tables are not updated (the
   * first half of a store whose second half may still fault must not set a dirty bit).
   */
  translate(hart: Hart, address: bigint, shape: AccessShape, dry?: boolean): boolean;
  /** The walk alone, without TLB, checks of physical memory or any change: what views show. */
  walk(hart: Hart, address: bigint, access: Access): Walk;
  /** The privilege at which the hart's accesses of this kind are judged now. */
  privilege(hart: Hart, kind: Access['kind']): Privilege;
  /** Whether a misaligned access may proceed; if not, false and the trap. */
  misaligned(hart: Hart, address: bigint, shape: AccessShape): boolean;
  /**
   * Whether an access across two pages may proceed so far as it is judged as a whole, before either part; if not, false and
   * the trap.
   */
  spans?(hart: Hart, address: bigint, shape: AccessShape): boolean;
  /** Fills in the trap of an access to a physical address where nothing answers. */
  busFault(hart: Hart, address: bigint, shape: AccessShape): void;
}

/** Where the platform's devices and a machine's stop condition live; the machine hands this to a target's platform. */
export interface PlatformServices {
  readonly bus: Bus;
  readonly harts: readonly Hart[];
  /** Ticks of the platform's timer so far. */
  time(): bigint;
  /** A byte written to the console. */
  output(byte: number): void;
  /** The next byte of console input, or -1. */
  input(): number;
  /** Stops the machine: the bare-metal guest has ended. */
  finish(outcome: Finish): void;
  /** A timer or interrupt line changed: the scheduler must look again. */
  changed(): void;
}

/**
 * How a bare-metal guest ended: passed, failed with a code, asked its host for what is not supported, or left a hart that
 * cannot go on, with the story of what led there, a line each. `status`: the exit status, where the platform says which
 * one a code means.
 */
export type Finish =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail'; readonly code: bigint; readonly status?: number }
  | { readonly kind: 'unsupported'; readonly what: string }
  | { readonly kind: 'shutdown'; readonly what: string; readonly story: readonly string[] };

/** What a target provides. Shared code knows targets through this alone. */
export interface Isa {
  /** `riscv64`: what the command line and trace files call it. */
  readonly name: string;
  /** ELF e_machine. */
  readonly elfMachine: number;
  /** e_machine of the 32-bit ELF images that its bare-metal machines start, where they start any. */
  readonly elfMachine32?: number;
  readonly slots: SlotTable;
  readonly pc: Slot;
  readonly sp: Slot;
  readonly fp: Slot;
  readonly ramBase: bigint;
  /** The unit in which instructions are fetched, and the longest instruction, in bytes. */
  readonly fetchUnit: number;
  readonly maxInstructionBytes: number;
  readonly mmu: Mmu;
  readonly helpers: Readonly<Record<string, Helper>>;
  /** Code modes by the bits of their code, the class of an ELF image among them; absent: 0 is the only one. */
  readonly codeModes?: ReadonlyMap<number, number>;
  /** Decodes from `bytes` in a code mode; a number says how many bytes are needed, where these are too few. */
  decode(bytes: Uint8Array, mode: number): Instruction | number;
  /** How the hart's code is decoded now, where that is not always the same way; a change of it changes the context. */
  codeMode?(hart: Hart): number;
  /**
   * The virtual address of the code that a pc stands for, where that is not the pc itself (x86's code segments): what lies
   * between them may change with the context alone. `undefined`: a trap, the pc being past the segment's limit.
   */
  codeAddress?(hart: Hart, pc: bigint): bigint | undefined;
  reset(hart: Hart, options: IsaOptions): void;
  /** Delivers `hart.trap`, taken at the current pc: the architecture's own entry. */
  deliver(hart: Hart): void;
  /** Whether an interrupt is pending and enabled: fills `hart.trap`. */
  interrupt(hart: Hart): boolean;
  /** Whether a waiting hart must go on, enabled or not (RISC-V: any interrupt both pending and enabled in mie). */
  wakes(hart: Hart): boolean;
  /** The time, in ticks, of the hart's next own timer event after now. */
  nextTimer(hart: Hart): bigint | undefined;
  /** The hart's privilege now. */
  privilege(hart: Hart): Privilege;
  /** Reads and writes a system register as an instruction at the hart's privilege would; refusal is a bug of the caller's. */
  readSystem(hart: Hart, name: string): bigint;
  writeSystem(hart: Hart, name: string, value: bigint): void;
  /** Performs a privileged instruction (`sret`, `sfence.vma`) with operand values, as its row's helper does. */
  perform(hart: Hart, operation: string, ...operands: bigint[]): void;
  /** The syndrome of the trap last delivered to `privilege`, from the registers. */
  syndrome(hart: Hart, privilege: Privilege): Syndrome;
  /** The registers that tell of a trap, a list for each way to take one, most usual first; the cause leads. */
  readonly trapRegisters: readonly (readonly string[])[];
  /** How many bits those have that do not have 64. */
  readonly trapRegisterBits?: ReadonlyMap<string, number>;
  /** What registers of one of those lists say, all or some; the cause is among them. Values have 64 bits. */
  explain(values: ReadonlyMap<string, bigint>): Explanation;
  /** Attaches the platform's devices to the bus. */
  attachPlatform(services: PlatformServices): void;
  /**
   * Sets what a hart of a bare-metal machine starts with, at the image's entry. The image is in RAM already; where it
   * says more of its start than ELF does, that is done here. Throws ElfError where it asks for what there is not.
   */
  startBare(hart: Hart, entry: bigint, image?: ElfImage): void;
}
