import type { Access, Privilege, Syndrome, Walk } from '../machine/index.ts';

/** Why a page fault occurred (VeridianOS vocabulary). */
export type PageFaultReason =
  | 'NotPresent'
  | 'ProtectionViolation'
  | 'WriteToReadOnly'
  | 'ExecuteNoExecute'
  | 'UserModeKernelAccess';

/** What the hardware's words say of a page fault, as the policy in force reads them. */
export interface PageFaultInfo {
  readonly address: bigint;
  readonly reason: PageFaultReason;
  readonly wasWrite: boolean;
  readonly wasUserMode: boolean;
  readonly instructionPointer: bigint;
  /** What the corrected policy adds: absent under veridian. */
  readonly corrected?: CorrectedFaultInfo;
}

/** Faults that no page-table change can cure. */
export type HardFault = 'reserved bits' | 'protection key' | 'access fault' | 'misaligned';

export interface CorrectedFaultInfo {
  readonly wasFetch: boolean;
  /** Bytes of the part that faulted. */
  readonly size: number;
  readonly class: FaultClass;
  /** The fault is none that a page-table change can cure: what kind it is. */
  readonly hard: HardFault | undefined;
}

/** What the walk, made again now, says of the access. */
export type FaultClass =
  /** No valid leaf entry. */
  | 'absent'
  /** A valid leaf whose rights deny the access. */
  | 'denied'
  /** A valid leaf with the rights, but its accessed or dirty bit is clear and the hardware does not set it. */
  | 'accessed or dirty clear'
  /** The access is allowed now: another hart was first, or a stale translation was used. */
  | 'allowed now'
  /** An entry with reserved bits or a reserved encoding, or a walk that failed. */
  | 'reserved';

/** An area of an address space, as records show it. */
export interface AreaView {
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  /** `rw-`, `r-x`, `---`. */
  readonly flags: string;
}

/** Something that handling a trap changed. */
export type Change =
  | {
      readonly kind: 'frame';
      readonly action: 'zeroed' | 'copied' | 'from file' | 'freed';
      readonly frame: bigint;
      readonly from?: bigint;
    }
  | {
      readonly kind: 'entry';
      readonly address: bigint;
      readonly before: bigint;
      readonly after: bigint;
      readonly rights: string;
    }
  | {
      readonly kind: 'invalidation';
      readonly hart: number;
      readonly address: bigint | undefined;
      readonly asid: number | undefined;
      readonly dropped: number;
    }
  | { readonly kind: 'area'; readonly action: 'grown' | 'mapped' | 'unmapped' | 'protected'; readonly area: AreaView };

/** One step that the fault handler tried, in order. */
export interface HandlerStep {
  readonly step: 'retry' | 'accessed/dirty' | 'demand paging' | 'copy-on-write' | 'stack growth' | 'signal';
  readonly verdict: 'resolved' | 'refused' | 'delivered';
  /** `copy-on-write: area is not writable`; veridian: the error its step returned, such as `NotImplemented`. */
  readonly why: string;
  readonly area?: AreaView;
  readonly changes: readonly Change[];
}

/** How a trap ended. */
export type Outcome =
  | { readonly kind: 'resolved'; readonly retriedAt: bigint }
  | { readonly kind: 'returned'; readonly value: bigint }
  | { readonly kind: 'errno'; readonly errno: number; readonly name: string }
  | { readonly kind: 'blocked'; readonly on: string }
  | {
      readonly kind: 'signal';
      readonly signal: string;
      readonly code: string;
      readonly address: bigint;
      readonly exit: number;
    }
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'rescheduled' }
  | { readonly kind: 'panic'; readonly message: string };

/** Registers and surroundings, for a trap that ended a process or the kernel. */
export interface Surroundings {
  readonly registers: readonly { readonly name: string; readonly value: bigint }[];
  readonly backtrace: readonly { readonly pc: bigint; readonly symbol: string | undefined }[];
  /** The areas around the address, nearest first. */
  readonly areas: readonly AreaView[];
}

/** The record of one trap, nested traps inside it: everything that any view shows. */
export interface TrapFlow {
  /** Traps are numbered from 1 in the order they were taken; nested ones follow the trap that they are in. */
  readonly trap: number;
  readonly hart: number;
  /** Process number, 0 where the kernel has none. */
  readonly process: number;
  /** Instructions the hart had retired. */
  readonly instruction: number;
  readonly kind: 'page fault' | 'system call' | 'exception' | 'interrupt';
  readonly origin: {
    readonly privilege: Privilege;
    readonly pc: bigint;
    /** `fill+14`: function and offset in hexadecimal, where a symbol is known. */
    readonly symbol: string | undefined;
    /** Disassembly; `user-access` for an access of the kernel through a user pointer, `kernel` for others of its own. */
    readonly text: string;
  };
  readonly access: (Access & { readonly address: bigint }) | undefined;
  readonly raw: Syndrome;
  readonly walk: Walk | undefined;
  readonly info: PageFaultInfo | undefined;
  /** The user-access flag of the hart when the trap was taken. */
  readonly userAccess: boolean;
  /** A system call: its name and arguments in words, `write`, `1`, `0x7fff2000`, `64`. */
  readonly call: { readonly name: string; readonly args: readonly string[] } | undefined;
  readonly steps: readonly HandlerStep[];
  readonly nested: readonly TrapFlow[];
  readonly outcome: Outcome;
  readonly surroundings: Surroundings | undefined;
}
