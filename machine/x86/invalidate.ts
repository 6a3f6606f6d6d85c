import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import { CR0, CR4, isCanonical, levelsOf, pagingState, pcidOf } from './paging.ts';

const PAE = 1n << 5n;

/** Drops every translation, global ones too. */
const everything = (hart: Hart): void => void hart.tlb.invalidate(() => true);

/** INVLPG: one page under the PCID in force, and global entries for it (SDM vol. 3A, 4.10.4.1). */
export function invalidatePage(hart: Hart, address: bigint): void {
  const state = pagingState(hart);
  if (!isCanonical(levelsOf(state), address)) return;
  const pcid = pcidOf(state);
  hart.tlb.invalidatePage(address >> 12n, ({ asid, global }) => global || asid === pcid);
}

/**
 * INVPCID by its type: one address of a PCID, all of a PCID, everything, everything but global entries. False: #GP(0), for a
 * type or descriptor that is none (SDM vol. 2A, INVPCID).
 */
export function invalidatePcid(hart: Hart, type: bigint, low: bigint, address: bigint): boolean {
  const state = pagingState(hart);
  const pcid = Number(low & 0xfffn);
  const named = type < 2n;
  if (type > 3n || low >> 12n !== 0n) return hart.raise(fault(VECTOR.GP), 0n);
  // Without PCIDs there is number 0 alone.
  if (named && pcid !== 0 && (state.cr4 & CR4.PCIDE) === 0n) return hart.raise(fault(VECTOR.GP), 0n);
  switch (type) {
    case 0n:
      if (!isCanonical(levelsOf(state), address)) return hart.raise(fault(VECTOR.GP), 0n);
      hart.tlb.invalidatePage(address >> 12n, ({ asid, global }) => !global && asid === pcid);
      break;
    case 1n:
      hart.tlb.invalidate(({ asid, global }) => !global && asid === pcid);
      break;
    case 2n:
      everything(hart);
      break;
    default:
      hart.tlb.invalidate(({ global }) => !global);
  }
  return true;
}

/** MOV to CR0: a change of PG drops everything; all else is judged at each access (SDM vol. 3A, 4.10.4.1). */
export function flushForCr0(hart: Hart, old: bigint, now: bigint): void {
  if (((old ^ now) & CR0.PG) !== 0n) everything(hart);
}

/** MOV to CR3: drops what is not global of the new PCID, or nothing where bit 63 says so under CR4.PCIDE. */
export function flushForCr3(hart: Hart, _old: bigint, now: bigint): void {
  const state = pagingState(hart);
  const pcids = (state.cr4 & CR4.PCIDE) !== 0n;
  if (pcids && now >> 63n === 1n) return;
  const pcid = pcids ? Number(now & 0xfffn) : 0;
  hart.tlb.invalidate(({ asid, global }) => !global && asid === pcid);
}

/**
 * MOV to CR4: a change of PGE or LA57, or of PCIDE to 0, drops everything; a change of PAE, or of SMEP to 1, what the PCID
 * in force may use, global entries among it, since only MOV to CR3 is said to spare them (SDM vol. 3A, 4.10.4.1).
 */
export function flushForCr4(hart: Hart, old: bigint, now: bigint): void {
  const changed = old ^ now;
  if ((changed & (CR4.PGE | CR4.LA57)) !== 0n || (changed & old & CR4.PCIDE) !== 0n) {
    everything(hart);
  } else if ((changed & PAE) !== 0n || (changed & now & CR4.SMEP) !== 0n) {
    const pcid = pcidOf(pagingState(hart));
    hart.tlb.invalidate(({ asid, global }) => global || asid === pcid);
  }
}
