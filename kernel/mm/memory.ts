import type { Hart, Machine } from '../../machine/index.ts';
import { LinuxError } from '../abi/errno.ts';
import type { Arch, Layout, PageTableFormat } from '../arch/arch.ts';
import { GATE } from '../arch/arch.ts';
import type { FaultPolicy, UserAccessPolicy } from '../options.ts';
import type { Change } from '../record.ts';
import { FrameAllocator } from './frames.ts';
import { KernelHalf } from './kernel-half.ts';
import { PhysicalMemory } from './physical.ts';

/** What memory management is given by the kernel around it; never part of a snapshot. */
export interface MemoryEnvironment {
  readonly machine: Machine;
  readonly arch: Arch;
  /** One of `arch.modes`. */
  readonly format: PageTableFormat;
  readonly layout: Layout;
  /**
   * The hart has just taken a trap at the kernel's access gate, delivered to its vector: acts as the kernel's nested
   * entry. It reads the registers, saves and restores what nests, handles, and either performs the return, so that the
   * pc is back at the gate and the access is retried, or throws LinuxError(EFAULT), TaskEnded or KernelPanic.
   */
  readonly onNestedTrap: (hart: Hart) => void;
  /** The named test hook between a user pointer's check and its access. */
  readonly afterCheck?: ((start: bigint, size: bigint) => void) | undefined;
}

/** The last retry that a hart was sent back to, so that a fault that comes again at once is told from progress. */
export interface Retry {
  readonly pc: bigint;
  readonly address: bigint;
  readonly retired: number;
}

/** Highest address-space id that the kernel gives out where the target does not say: 16 bits of ASID. */
const MAX_ASID = 0xffff;

/**
 * Everything that memory management shares: the machine, frames, the kernel half, policies, per-hart state. All other
 * objects of `mm/` reach the machine through this one, so that after a snapshot is restored, `attach` mends them all.
 */
export class Memory {
  /** Fields that snapshots leave out; `attach` puts them back. */
  static readonly transient: readonly string[] = [
    'machine',
    'arch',
    'format',
    'layout',
    'onNestedTrap',
    'afterCheck',
    'changes',
  ];

  machine!: Machine;
  arch!: Arch;
  format!: PageTableFormat;
  layout!: Layout;
  onNestedTrap!: (hart: Hart) => void;
  afterCheck: ((start: bigint, size: bigint) => void) | undefined;
  /** Where changes are recorded; undefined while nothing is. */
  changes: Change[] | undefined;

  readonly policy: FaultPolicy;
  readonly uaccess: UserAccessPolicy;
  readonly physical: PhysicalMemory;
  readonly frames: FrameAllocator;
  readonly kernelHalf: KernelHalf;
  /** ACCESSING_USER_MEM of each hart. */
  readonly userAccess: boolean[];
  readonly retries: (Retry | undefined)[];
  private readonly asids = new Set<number>();

  /** All of RAM becomes frames. Throws ENOMEM where it does not hold the kernel's own tables. */
  constructor(environment: MemoryEnvironment, policy: FaultPolicy, uaccess: UserAccessPolicy) {
    this.attach(environment);
    this.policy = policy;
    this.uaccess = uaccess;
    const { ram, harts } = environment.machine;
    this.physical = new PhysicalMemory(this);
    this.frames = new FrameAllocator(this, ram.base >> 12n, (ram.base + BigInt(ram.size)) >> 12n);
    this.kernelHalf = new KernelHalf(this);
    this.userAccess = harts.map(() => false);
    this.retries = harts.map(() => undefined);
  }

  /** Puts in the environment: at construction and after a snapshot was restored. */
  attach(environment: MemoryEnvironment): void {
    this.machine = environment.machine;
    this.arch = environment.arch;
    this.format = environment.format;
    this.layout = environment.layout;
    this.onNestedTrap = environment.onNestedTrap;
    this.afterCheck = environment.afterCheck;
    this.changes = undefined;
  }

  /** The virtual address of an offset into the gate: what vectors hold, and the pc of the kernel's accesses. */
  gate(offset: number): bigint {
    return this.layout.directMap + this.arch.gateBase + BigInt(offset);
  }

  /** The pc at which the kernel itself accesses memory. */
  get accessGate(): bigint {
    return this.gate(GATE.access);
  }

  /** The lowest free address-space id, from 1 on: 0 is the idle harts'. Throws EAGAIN. */
  takeAsid(): number {
    let asid = 1;
    while (this.asids.has(asid)) asid++;
    if (asid > (this.arch.maxAsid ?? MAX_ASID)) throw new LinuxError('EAGAIN');
    this.asids.add(asid);
    return asid;
  }

  returnAsid(asid: number): void {
    this.asids.delete(asid);
  }

  /**
   * Drops one page's translations, or with `undefined` all of an address space, from the harts given. Performed
   * directly, wherever those harts are, and recorded.
   */
  invalidate(harts: Iterable<number>, address: bigint | undefined, asid: number | undefined): void {
    for (const id of harts) {
      const hart = this.machine.harts[id];
      const before = this.changes ? hart.tlb.entries().length : 0;
      this.arch.invalidate(hart, address, asid);
      this.changes?.push({
        kind: 'invalidation',
        hart: id,
        address,
        asid,
        dropped: before - hart.tlb.entries().length,
      });
    }
  }
}
