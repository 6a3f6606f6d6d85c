import type { Hart, Isa } from '../../machine/index.ts';
import type { FaultPolicy } from '../options.ts';
import type { PageFaultInfo } from '../record.ts';

/** Rights of a page or area. READ, WRITE, EXECUTE and USER, as axmm's MappingFlags. */
export interface Rights {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly user: boolean;
}

/** A page-table entry as the kernel reads it, by constants of its own. */
export type EntryView =
  | { readonly kind: 'absent' }
  /** Reserved bits or a reserved encoding. */
  | { readonly kind: 'reserved' }
  | { readonly kind: 'table'; readonly frame: bigint }
  | {
      readonly kind: 'leaf';
      readonly frame: bigint;
      readonly rights: Rights;
      readonly accessed: boolean;
      readonly dirty: boolean;
      /** The protection key; absent: 0. */
      readonly key?: number;
    };

/** How a paging scheme's tables are written. Frames are physical page numbers. */
export interface PageTableFormat {
  /** `sv39` */
  readonly mode: string;
  /** Levels from the root down to 4 KiB leaves, and index bits of each. */
  readonly levels: number;
  readonly indexBits: number;
  /**
   * Whether the kernel half hangs off a root table of its own, so that each root translates a half of as many bits as
   * its levels take; otherwise one root holds both, its upper entries being the kernel's.
   */
  readonly separateRoots: boolean;
  /**
   * A leaf of the given rights; `level` 0 is a 4 KiB page. The kernel sets accessed and dirty as told. No rights at all:
   * an absent entry, 0. Rights that an entry cannot say become the next larger that it can. `device`: registers of a
   * device lie there, not memory. `key`: its protection key, where the target has them.
   */
  leaf(
    frame: bigint,
    rights: Rights,
    options: { accessed: boolean; dirty: boolean; global: boolean; level: number; device?: boolean; key?: number },
  ): bigint;
  table(frame: bigint): bigint;
  /** `level` 0 is that of 4 KiB pages. */
  view(entry: bigint, level: number): EntryView;
  /** The entry with its accessed (and, for a write, dirty) bit set. */
  touched(entry: bigint, write: boolean): bigint;
  /** `V R W U A D`, as traces print it. */
  bits(entry: bigint): string;
}

/** Where things lie in every address space of a paging scheme. Byte addresses; ends are exclusive. */
export interface Layout {
  readonly userStart: bigint;
  readonly userEnd: bigint;
  /** Where the user range ends under axptr's user pointers, if not there. */
  readonly userEndAxptr?: bigint;
  /** First address of the kernel half; physical address p is mapped, for the kernel only, at directMap + p. */
  readonly kernelStart: bigint;
  readonly directMap: bigint;
  readonly stackTop: bigint;
  /** mmap areas are placed downwards from here; static-pie images at `pieBase`. */
  readonly mmapTop: bigint;
  readonly pieBase: bigint;
}

/** Distance kept between the top of the stack and the mmap areas: the stack's 8 MiB and as much again. */
const STACK_ROOM = 0x100_0000n;

/** The layout of a scheme whose halves are equal: the kernel's begins as far below 2^64 as the user's ends above 0. */
export function symmetricLayout(userEnd: bigint, stackTop: bigint): Layout {
  const kernelStart = BigInt.asUintN(64, -userEnd);
  return {
    userStart: 0x1000n,
    userEnd,
    kernelStart,
    directMap: kernelStart,
    stackTop,
    mmapTop: stackTop - STACK_ROOM,
    pieBase: 0x20_0000_0000n,
  };
}

/** Byte offsets into the gate: where the vectors point, and the pcs at which the kernel itself acts. */
export const GATE = {
  /** Trap vectors of the supervisor: one, or as many as a target has, up to `trapEnd`. */
  trap: 0,
  trapEnd: 0x800,
  /** Trap vector of firmware: reaching it is a kernel panic. */
  panic: 0x800,
  /** The pc of the kernel's own accesses to memory. */
  access: 0x900,
  /** Where a hart that has no process waits. */
  idle: 0xa00,
  /** Where harts start. */
  boot: 0xb00,
} as const;

/** The gate's physical range: above the devices, below RAM, on a page of its own. */
export const GATE_BYTES = 4096;

/** Why the kernel was entered, in neutral words. */
export type TrapClass =
  | { readonly kind: 'system call' }
  | { readonly kind: 'page fault' }
  /** Access faults and misaligned accesses: faults of memory that no page table cures. */
  | {
      readonly kind: 'memory exception';
      readonly signal: 'SIGSEGV' | 'SIGBUS';
      readonly code: string;
      /** What the code does not tell. */
      readonly what?: 'reserved bits' | 'protection key';
    }
  | {
      readonly kind: 'exception';
      readonly signal: 'SIGILL' | 'SIGTRAP' | 'SIGFPE' | 'SIGSEGV' | 'SIGBUS';
      readonly code: string;
      readonly address: bigint;
    }
  | { readonly kind: 'timer' }
  /** Another hart's doing, by `interrupt`. */
  | { readonly kind: 'interprocessor' }
  | { readonly kind: 'unexpected'; readonly what: string };

/** A fault of memory as the trap's registers tell it, before any walk of the kernel's own. */
export interface FaultReading extends Omit<PageFaultInfo, 'corrected'> {
  readonly wasFetch: boolean;
  /** Bytes of the part that faulted. */
  readonly size: number;
  /** The hardware kept the kernel from user pages when it faulted: touching one then is a bug, whatever the flag says. */
  readonly userClosed?: boolean;
}

/** A process's registers as the kernel keeps them while it does not run: the slots that user code can change. */
export interface UserContext {
  pc: bigint;
  /** By slot name. */
  readonly registers: Map<string, bigint>;
}

/**
 * The general registers of the user contexts that run on one hart. What user mode left as it was when it was entered
 * need not be saved: the context holds it still. Forgetting what that was costs a copy and nothing else, so snapshots
 * leave it out.
 */
export class GeneralRegisters {
  private readonly names: readonly string[];
  /** By name, the registers' places in the state block, in 32-bit words. */
  private readonly places: Int32Array;
  /** What the registers held on entry, two words each; and the context, until it is saved, if it names them all. */
  private readonly words: Int32Array;
  private entered: UserContext | undefined;

  constructor(hart: Hart, names: readonly string[]) {
    this.names = names;
    this.places = Int32Array.from(names, (name) => hart.isa.slots.get(name).offset >>> 2);
    this.words = new Int32Array(2 * names.length);
  }

  /** Loads the context's registers; those that it does not name are zero. */
  load({ u64, i32 }: Hart, context: UserContext): void {
    const { names, places, words } = this;
    let complete = true;
    for (let i = 0; i < names.length; i++) {
      const value = context.registers.get(names[i]);
      const at = places[i];
      if (value === undefined) complete = false;
      u64[at >>> 1] = value ?? 0n;
      words[2 * i] = i32[at];
      words[2 * i + 1] = i32[at + 1];
    }
    this.entered = complete ? context : undefined;
  }

  /** Saves the registers to the context. */
  save({ u64, i32 }: Hart, context: UserContext): void {
    const { names, places, words } = this;
    const known = this.entered === context;
    // The kernel may change the context from now on.
    this.entered = undefined;
    for (let i = 0; i < names.length; i++) {
      const at = places[i];
      if (known && i32[at] === words[2 * i] && i32[at + 1] === words[2 * i + 1]) continue;
      context.registers.set(names[i], u64[at >>> 1]);
    }
  }
}

const ofHarts = new WeakMap<Hart, GeneralRegisters>();

/** Those of a hart; `names` are its target's. */
export function generalRegisters(hart: Hart, names: readonly string[]): GeneralRegisters {
  let found = ofHarts.get(hart);
  if (!found) {
    found = new GeneralRegisters(hart, names);
    ofHarts.set(hart, found);
  }
  return found;
}

/** What a hart is booted with. Roots are physical addresses. */
export interface BootOptions {
  readonly format: PageTableFormat;
  readonly layout: Layout;
  /** The root table to begin with, of no process. */
  readonly root: bigint;
  /** The kernel half's: another one where the format has separate roots. */
  readonly kernelRoot: bigint;
  readonly hardwareAd: boolean;
  /** A frame of zeroes for tables that the hardware reads and for a stack; its physical page number. */
  frame(): bigint;
}

/** A target's protection keys: rights of a process's own to the pages that a key is given to. */
export interface ProtectionKeys {
  /** Keys from 0 on, which is every page's at first. */
  readonly count: number;
  /** Sets what the context may not do where a key is: PKEY_DISABLE_ACCESS 1, PKEY_DISABLE_WRITE 2. */
  deny(context: UserContext, key: number, what: number): void;
}

/** Where Linux's interface to a target's programs is not asm-generic's. */
export interface AbiDifferences {
  /** struct stat has the count of links, of 64 bits, in front of the mode, and 144 bytes. */
  readonly linksFirst: boolean;
  /** The kernel's struct sigaction has sa_restorer in front of the mask. */
  readonly restorer: boolean;
  /** clone(flags, stack, parent_tid, child_tid, tls), not tls in front of child_tid. */
  readonly tlsLast: boolean;
}

/** What differs between targets in the kernel. One folder each, file for file. */
export interface Arch {
  readonly isa: Isa;
  readonly gateBase: bigint;
  /** The first mode is the default. */
  readonly modes: readonly { readonly format: PageTableFormat; readonly layout: Layout }[];

  /** The walker sets accessed and dirty itself, whatever the machine was told; absent: where it was told so. */
  readonly setsAccessedDirty?: boolean;
  /** Firmware and early boot of a hart, from reset to the supervisor; pc ends at the idle gate. */
  boot(hart: Hart, options: BootOptions): void;
  /** Highest ASID; absent: 0xffff. */
  readonly maxAsid?: number;
  /** Switches the hart to another root table of the user's half and ASID. No invalidation. */
  activate(hart: Hart, format: PageTableFormat, root: bigint, asid: number): void;
  /** Invalidates on one hart: one page or all, of one address space or, with `undefined`, of every one. */
  invalidate(hart: Hart, address: bigint | undefined, asid: number | undefined): void;
  /** Opens or closes the kernel's access to user pages (SUM, PAN, AC). */
  setUserAccess(hart: Hart, open: boolean): void;

  /**
   * Reads the trap last taken, from the registers that a native kernel would read; to be called before the pc has left
   * the vector. The policy says what its handler is given.
   */
  classify(hart: Hart, policy: FaultPolicy): TrapClass;
  /**
   * Makes a hart that is not booted look as if it had taken a trap with these values of `Isa.trapRegisters`; absent: they
   * are registers that can be written.
   */
  pretend?(hart: Hart, values: ReadonlyMap<string, bigint>): void;
  /** Reads a page fault or memory exception; to be called before anything else traps on the hart. */
  pageFault(hart: Hart, policy: FaultPolicy): FaultReading;
  /** The faulting instruction's address, and whether the trap came from user mode. */
  trapPc(hart: Hart): bigint;
  fromUser(hart: Hart): boolean;
  /** Saves and restores what nested traps overwrite (sepc, sstatus; ELR, SPSR; the frame on the stack). */
  saveTrapState(hart: Hart): readonly bigint[];
  restoreTrapState(hart: Hart, state: readonly bigint[]): void;
  /** Leaves the trap by the architecture's return. */
  returnFromTrap(hart: Hart): void;

  /**
   * Does in the kernel what an instruction asked for that user mode may not execute: the context is as after it, and the
   * value is what it was told. `undefined`: it is none of those, and nothing has changed. `fetch` reads four bytes of code
   * as a user pointer does.
   */
  emulate?(hart: Hart, context: UserContext, fetch: (address: bigint) => number): bigint | undefined;

  saveUser(hart: Hart, context: UserContext): void;
  /** Loads the context and returns to user mode. */
  enterUser(hart: Hart, context: UserContext): void;
  /** User mode cannot be entered at an address that is not canonical; absent: it can, and faults there. */
  readonly canonicalEntry?: boolean;
  /** A fresh context: entry and stack pointer set, everything else zero. */
  newContext(entry: bigint, stack: bigint): UserContext;

  /** The pending system call's number and six arguments; its result; going back to the call so that it starts again. */
  callNumber(context: UserContext): number;
  callArguments(context: UserContext): readonly bigint[];
  setResult(context: UserContext, value: bigint): void;
  restartCall(context: UserContext): void;
  skipCall(context: UserContext): void;
  /** Where a frame keeps its return address and its caller's frame pointer, in bytes from the frame pointer. */
  readonly frame: { readonly returnAddress: bigint; readonly caller: bigint };
  /** The slot of the return address of a function that has not saved it; `undefined`: there is none. */
  readonly link: string | undefined;
  /** TLS and child-side adjustments of clone. LinuxError: the target refuses the address. */
  setStack(context: UserContext, stack: bigint): void;
  setTls(context: UserContext, tls: bigint, userEnd: bigint): void;
  /** System-call numbers by name: the target's Linux table, for the calls that exist in it. */
  readonly callNames: ReadonlyMap<number, string>;
  /** Calls that only this target has, and the kernel's name for each that it knows. */
  readonly ownCalls: ReadonlyMap<string, string>;

  /** What of `callNames` works otherwise than with asm-generic; absent: nothing. */
  readonly differs?: AbiDifferences;
  readonly protectionKeys?: ProtectionKeys;
  /**
   * arch_prctl(2): what a code asks of the context; a value to be stored where `address` points, or that it is done.
   * Throws LinuxError.
   */
  control?(context: UserContext, code: number, address: bigint, userEnd: bigint): bigint | 'done';

  /** What a hart does that is to wait at the idle gate until it is interrupted; absent: nothing more than to wait. */
  idle?(hart: Hart): void;
  /** Programs the next timer interrupt, in ticks of the platform's timer; `undefined`: none. */
  setTimer(hart: Hart, ticks: bigint | undefined): void;
  /** Interrupts another hart, whatever it does; and takes that back on the hart that was interrupted. */
  interrupt(hart: Hart): void;
  acknowledge(hart: Hart): void;
  /** AT_HWCAP; AT_HWCAP2, absent, and AT_PLATFORM, empty where Linux gives none; uname's machine. */
  readonly hwcap: bigint;
  readonly hwcap2?: bigint;
  readonly platform: string;
  readonly machineName: string;
}
