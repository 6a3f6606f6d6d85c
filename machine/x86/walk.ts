import type { Access } from '../access.ts';
import type { Walk, WalkStep, WalkTranslation } from '../walk.ts';
import { PF_ERROR } from './causes.ts';
import {
  ABOVE_PHYSICAL,
  AC,
  ADDRESS_MASK,
  CR0,
  CR4,
  describeLeaf,
  EFER_NXE,
  ENTRY,
  isCanonical,
  LIMITS,
  levelsOf,
  limitsOf,
  type PagingState,
  pcidOf,
} from './paging.ts';

/** Why an access was refused. */
export type X86WalkFault =
  /** #GP(0) or #SS(0), never a page fault. */
  | 'not canonical'
  /** P is clear. */
  | 'not present'
  /** A bit that must be zero is set. */
  | 'reserved bits'
  /** User mode, and U/S is clear in some entry. */
  | 'supervisor page'
  /** Supervisor mode, and U/S is set in all: a fetch under SMEP, or data under SMAP. */
  | 'user page (SMEP)'
  | 'user page (SMAP)'
  | 'not writable'
  | 'not executable'
  /** PKRU or IA32_PKRS denies it. */
  | 'protection key'
  /** No memory or device at the physical address. */
  | 'nothing there';

/** Reads a paging-structure entry: ones where no memory answers, as on a PC's bus. */
export type ReadEntry = (address: bigint) => bigint;

/** What is left of a leaf's rights: the entry, and what the structures above it take away. */
export interface Rights {
  readonly bits: bigint;
  readonly limits?: number;
}

const isUserPage = ({ bits, limits = 0 }: Rights): boolean => ((limits | limitsOf(bits)) & LIMITS.supervisor) === 0;

/** Whether the access is made in user mode: at CPL 3, and not implicitly (SDM vol. 3A, 4.6.1). */
export const inUserMode = ({ privilege, implicit }: Access): boolean => privilege === 'user' && implicit !== true;

/** SDM vol. 3A, 4.6.1, "Determination of Access Rights", and 4.6.2. */
export function deniedBy(rights: Rights, state: PagingState, access: Access): X86WalkFault | undefined {
  const all = (rights.limits ?? 0) | limitsOf(rights.bits);
  const userPage = (all & LIMITS.supervisor) === 0;
  const user = inUserMode(access);
  if (user && !userPage) return 'supervisor page';
  if (access.kind === 'fetch') {
    if (!user && userPage && (state.cr4 & CR4.SMEP) !== 0n) return 'user page (SMEP)';
    return (all & LIMITS.noExecute) !== 0 && (state.efer & EFER_NXE) !== 0n ? 'not executable' : undefined;
  }
  if (!user && userPage && (state.cr4 & CR4.SMAP) !== 0n && ((state.flags & AC) === 0 || access.implicit === true)) {
    return 'user page (SMAP)';
  }
  const checked = user || (state.cr0 & CR0.WP) !== 0n;
  if (access.kind === 'store' && (all & LIMITS.noWrite) !== 0 && checked) return 'not writable';
  return deniedByKey(rights, state, access) ? 'protection key' : undefined;
}

/** Whether the leaf's protection key forbids an access to data (SDM vol. 3A, 4.6.2). */
export function deniedByKey(rights: Rights, state: PagingState, access: Access): boolean {
  if (access.kind === 'fetch') return false;
  const userPage = isUserPage(rights);
  if ((state.cr4 & (userPage ? CR4.PKE : CR4.PKS)) === 0n) return false;
  const key = Number((rights.bits >> 59n) & 15n);
  const denials = ((userPage ? state.pkru : state.pkrs) >>> (2 * key)) & 3;
  if ((denials & 1) !== 0) return true;
  return (denials & 2) !== 0 && access.kind === 'store' && (inUserMode(access) || (state.cr0 & CR0.WP) !== 0n);
}

/** The error code that a page fault pushes (SDM vol. 3A, 4.7); `rights` are those of the leaf, where one was found. */
export function errorCode(fault: X86WalkFault, rights: Rights | undefined, state: PagingState, access: Access): number {
  let code = 0;
  if (fault !== 'not present') code |= PF_ERROR.P;
  if (access.kind === 'store') code |= PF_ERROR.WR;
  if (inUserMode(access)) code |= PF_ERROR.US;
  if (fault === 'reserved bits') code |= PF_ERROR.RSVD;
  const told = (state.efer & EFER_NXE) !== 0n || (state.cr4 & CR4.SMEP) !== 0n;
  if (access.kind === 'fetch' && told) code |= PF_ERROR.ID;
  if (rights && deniedByKey(rights, state, access)) code |= PF_ERROR.PK;
  return code;
}

/** Bits of a leaf's address that its size leaves no use for: reserved, but for bit 12, which is PAT's (tables 4-16, 4-18). */
const reservedInLeaf = (level: number): bigint => (level === 0 ? 0n : ((1n << BigInt(12 + 9 * level)) - 1n) & ~0x1fffn);

/** The bits that must be zero in a present entry of a level. */
function reservedBits(entry: bigint, level: number, state: PagingState): bigint {
  let reserved = ABOVE_PHYSICAL;
  if ((state.efer & EFER_NXE) === 0n) reserved |= ENTRY.XD;
  if (level > 2) reserved |= ENTRY.PS;
  else if (level > 0 && (entry & ENTRY.PS) !== 0n) reserved |= reservedInLeaf(level);
  return entry & reserved;
}

/**
 * 4-level and 5-level paging (SDM vol. 3A, 4.5). Changes nothing: accessed and dirty flags that are due are part of the
 * result. Where rights are refused, `rights` are the leaf's.
 */
export function walkTables(
  readEntry: ReadEntry,
  state: PagingState,
  address: bigint,
  access: Access,
): Walk<X86WalkFault> & { readonly rights?: Rights } {
  const levels = levelsOf(state);
  const root = state.cr3 & ADDRESS_MASK & ~ABOVE_PHYSICAL;
  const steps: WalkStep[] = [];
  const above: { entryAddress: bigint; old: bigint; value: bigint }[] = [];
  const end = (result: WalkTranslation | { fault: X86WalkFault }, rights?: Rights) => ({
    mode: `${levels}-level`,
    root,
    asid: pcidOf(state),
    steps,
    result,
    ...(rights && { rights }),
  });
  if (!isCanonical(levels, address)) return end({ fault: 'not canonical' });

  let table = root;
  let limits = 0;
  for (let level = levels - 1; ; level--) {
    const index = Number((address >> BigInt(12 + 9 * level)) & 0x1ffn);
    const entryAddress = table + BigInt(index * 8);
    const entry = readEntry(entryAddress);
    const decide = (decision: string) => steps.push({ level, index, entryAddress, entry, decision });
    if ((entry & ENTRY.P) === 0n) {
      decide('not present');
      return end({ fault: 'not present' });
    }
    if (reservedBits(entry, level, state) !== 0n) {
      decide('reserved bits');
      return end({ fault: 'reserved bits' });
    }
    if (level > 0 && (entry & ENTRY.PS) === 0n) {
      const taken = limitsOf(entry);
      table = entry & ADDRESS_MASK;
      limits |= taken;
      decide(`table ${table.toString(16)}${describeLimits(taken)}`);
      if ((entry & ENTRY.A) === 0n) above.push({ entryAddress, old: entry, value: entry | ENTRY.A });
      continue;
    }

    const rights: Rights = { bits: entry, limits };
    const leaf = `leaf ${describeLeaf(entry, limits)}`;
    const denied = deniedBy(rights, state, access);
    if (denied) {
      decide(`${leaf}, ${denied}`);
      return end({ fault: denied }, rights);
    }
    decide(leaf);
    const pages = 1n << BigInt(9 * level);
    const bits = entry | ENTRY.A | (access.kind === 'store' ? ENTRY.D : 0n);
    return end({
      vpn: (address >> 12n) & ~(pages - 1n),
      ppn: ((entry & ADDRESS_MASK) >> 12n) & ~(pages - 1n),
      pages,
      global: (entry & ENTRY.G) !== 0n && (state.cr4 & CR4.PGE) !== 0n,
      bits,
      ...(limits !== 0 && { limits }),
      entryAddress,
      update: bits === entry ? undefined : { old: entry, value: bits },
      ...(above.length > 0 && { above }),
    });
  }
}

/** What a structure takes away from all below it. */
function describeLimits(limits: number): string {
  const words = [
    ...(limits & LIMITS.noWrite ? ['read-only'] : []),
    ...(limits & LIMITS.supervisor ? ['supervisor'] : []),
    ...(limits & LIMITS.noExecute ? ['no execute'] : []),
  ];
  return words.length === 0 ? '' : ` ${words.join(', ')}`;
}
