import type { Access, AccessKind, Privilege } from '../access.ts';
import type { Walk, WalkStep, WalkTranslation } from '../walk.ts';
import { describeLeaf, flagsOf, PTE, PTE_N, PTE_RESERVED, ppnOf } from './pte.ts';

/** Why an access was refused. */
export type RiscvWalkFault = RiscvPageFault | RiscvAccessFault;

/** Reasons that raise a page fault. */
export type RiscvPageFault =
  /** The address bits above the scheme's are not copies of its highest one. */
  | 'not canonical'
  /** V is clear. */
  | 'not valid'
  /** Writable but not readable, or N where no such entry is defined. */
  | 'reserved encoding'
  /** A bit that must be zero is set: PBMT, 60:54, or A, D, U or N in a pointer. */
  | 'reserved bits'
  /** A pointer at level 0. */
  | 'no leaf'
  /** A superpage whose physical page number is not a multiple of its size. */
  | 'misaligned superpage'
  /** U-mode, and U is clear. */
  | 'supervisor page'
  /** S-mode, and U is set: a fetch, or SUM is clear. */
  | 'user page'
  | 'not readable'
  | 'not writable'
  | 'not executable'
  /** A, or D for a store, is clear, and hardware does not set it. */
  | 'access bit clear'
  | 'dirty bit clear';

const ACCESS_FAULTS = ['entry unreadable', 'entry not writable', 'pmp', 'nothing there'] as const;

/**
 * Reasons that raise an access fault: an entry that lies outside RAM or may not be read; an entry due for A or D that
 * PMP does not let be written; the access itself denied by PMP; no memory or device at the physical address.
 */
export type RiscvAccessFault = (typeof ACCESS_FAULTS)[number];

export const isAccessFault = (fault: RiscvWalkFault): fault is RiscvAccessFault =>
  (ACCESS_FAULTS as readonly string[]).includes(fault);

/** What a walk depends on beside memory. */
export interface WalkState {
  readonly satp: bigint;
  /** The low half of mstatus, for SUM and MXR. */
  readonly status: number;
  /** A and D are set by the walker (Svadu), else their absence faults (Svade). */
  readonly hardwareAd: boolean;
}

/** Reads a page-table entry as an S-mode load would; `undefined`: an access fault. */
export type ReadEntry = (address: bigint) => bigint | undefined;

const SUM = 1 << 18;
const MXR = 1 << 19;

/** satp.MODE → scheme (Priv. spec, table "Encoding of satp MODE field"). 0 is Bare, and the CSR takes no other. */
const SCHEMES: readonly ({ readonly name: string; readonly levels: number } | undefined)[] = [
  ...Array.from({ length: 8 }, () => undefined),
  { name: 'Sv39', levels: 3 },
  { name: 'Sv48', levels: 4 },
  { name: 'Sv57', levels: 5 },
];

function schemeOf(satp: bigint) {
  const scheme = SCHEMES[Number(satp >> 60n)];
  if (!scheme) throw new Error(`satp.MODE ${satp >> 60n} cannot be walked`);
  return scheme;
}

export const asidOf = (satp: bigint): number => Number((satp >> 44n) & 0xffffn);
export const rootOf = (satp: bigint): bigint => (satp & 0xfff_ffff_ffffn) << 12n;

/** Whether the address bits above the scheme's are all equal to its highest one. */
export function isCanonical(satp: bigint, address: bigint): boolean {
  const bits = 12 + 9 * schemeOf(satp).levels;
  return BigInt.asUintN(64, BigInt.asIntN(bits, address)) === address;
}

/**
 * Steps 6 and 8: whether the rights in a leaf allow an access, given privilege, SUM and MXR. Step 7, the rules of shadow
 * stacks, needs Zicfiss.
 */
export function deniedBy(
  pte: bigint,
  kind: AccessKind,
  privilege: Privilege,
  status: number,
): RiscvPageFault | undefined {
  const flags = flagsOf(pte);
  if (privilege === 'user') {
    if (!(flags & PTE.U)) return 'supervisor page';
  } else if (flags & PTE.U && (kind === 'fetch' || !(status & SUM))) {
    return 'user page';
  }
  switch (kind) {
    case 'fetch':
      return flags & PTE.X ? undefined : 'not executable';
    case 'load':
      return flags & PTE.R || (flags & PTE.X && status & MXR) ? undefined : 'not readable';
    case 'store':
      return flags & PTE.W ? undefined : 'not writable';
  }
}

/** Step 9's condition: which of A and D is clear and due. */
export function adDue(pte: bigint, kind: AccessKind): 'access bit clear' | 'dirty bit clear' | undefined {
  const flags = flagsOf(pte);
  if (!(flags & PTE.A)) return 'access bit clear';
  return kind === 'store' && !(flags & PTE.D) ? 'dirty bit clear' : undefined;
}

/**
 * Priv. spec 12.3.2, "Virtual Address Translation Process", in its steps. Changes nothing: an update that is due is part
 * of the result. satp must be active and the access not M-mode's.
 */
export function walkTables(
  readEntry: ReadEntry,
  state: WalkState,
  address: bigint,
  access: Access,
): Walk<RiscvWalkFault> {
  const { satp, status, hardwareAd } = state;
  const { name: mode, levels } = schemeOf(satp);
  const root = rootOf(satp);
  const steps: WalkStep[] = [];
  const end = (result: WalkTranslation | { fault: RiscvWalkFault }): Walk<RiscvWalkFault> => {
    return { mode, root, asid: asidOf(satp), steps, result };
  };
  if (!isCanonical(satp, address)) return end({ fault: 'not canonical' });

  // Step 1.
  let a = root;
  let global = false;
  for (let i = levels - 1; ; i--) {
    // Step 2.
    const index = Number((address >> BigInt(12 + 9 * i)) & 0x1ffn);
    const entryAddress = a + BigInt(index * 8);
    const pte = readEntry(entryAddress);
    const decide = (decision: string) => steps.push({ level: i, index, entryAddress, entry: pte, decision });
    const refuse = (fault: RiscvWalkFault, leaf = '') => {
      decide(leaf + fault);
      return end({ fault });
    };
    if (pte === undefined) return refuse('entry unreadable');

    // Step 3.
    const flags = flagsOf(pte);
    const pointer = (flags & (PTE.R | PTE.X)) === 0;
    if (!(flags & PTE.V)) return refuse('not valid');
    if (flags & PTE.W && !(flags & PTE.R)) return refuse('reserved encoding');
    if (pte & PTE_RESERVED) return refuse('reserved bits');
    if (pointer && (flags & (PTE.A | PTE.D | PTE.U) || pte & PTE_N)) return refuse('reserved bits');
    let ppn = ppnOf(pte);
    // Svnapot, table "Page table entry encodings when pte.N=1": 64 KiB at level 0, all else reserved.
    const napot = (pte & PTE_N) !== 0n;
    if (napot && (i > 0 || (ppn & 0xfn) !== 0b1000n)) return refuse('reserved encoding');

    // Step 4. A global pointer makes all below it global (12.3.1).
    global ||= (flags & PTE.G) !== 0;
    if (pointer) {
      if (i === 0) return refuse('no leaf');
      a = ppn << 12n;
      decide(`table ${a.toString(16)}${flags & PTE.G ? ' g' : ''}`);
      continue;
    }

    // Step 5.
    const leaf = `leaf ${describeLeaf(pte)}`;
    const pages = napot ? 16n : 1n << BigInt(9 * i);
    if (napot) ppn &= ~0xfn;
    else if (ppn & (pages - 1n)) return refuse('misaligned superpage', `${leaf}, `);

    // Steps 6 to 8.
    const denied = deniedBy(pte, access.kind, access.privilege, status);
    if (denied) return refuse(denied, `${leaf}, `);

    // Step 9.
    const due = adDue(pte, access.kind);
    if (due && !hardwareAd) return refuse(due, `${leaf}, `);
    const bits = due ? pte | BigInt(access.kind === 'store' ? PTE.A | PTE.D : PTE.A) : pte;

    // Step 10.
    decide(leaf);
    const update = due ? { old: pte, value: bits } : undefined;
    return end({ vpn: (address >> 12n) & ~(pages - 1n), ppn, pages, global, bits, entryAddress, update });
  }
}
