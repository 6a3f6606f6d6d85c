import type { Hart } from '../hart.ts';
import { PHYSICAL_BITS } from './cpuid.ts';
import { SLOTS } from './registers.ts';

/** Bits of a paging-structure entry (SDM vol. 3A, tables 4-14 to 4-20). */
export const ENTRY = {
  P: 1n << 0n,
  RW: 1n << 1n,
  US: 1n << 2n,
  A: 1n << 5n,
  D: 1n << 6n,
  PS: 1n << 7n,
  G: 1n << 8n,
  XD: 1n << 63n,
} as const;

/** The physical address in an entry: bits 51:12, of which those at and above MAXPHYADDR are reserved. */
export const ADDRESS_MASK = 0xf_ffff_ffff_f000n;
/** Bits 51:MAXPHYADDR, reserved in every entry. */
export const ABOVE_PHYSICAL = ADDRESS_MASK & ~((1n << BigInt(PHYSICAL_BITS)) - 1n);

/** Bits of CR0, CR4 and EFER that bear on paging. */
export const CR0 = { WP: 1n << 16n, AM: 1n << 18n, PG: 1n << 31n } as const;
export const CR4 = {
  PGE: 1n << 7n,
  LA57: 1n << 12n,
  PCIDE: 1n << 17n,
  SMEP: 1n << 20n,
  SMAP: 1n << 21n,
  PKE: 1n << 22n,
  PKS: 1n << 24n,
} as const;
export const EFER_NXE = 1n << 11n;
/** RFLAGS.AC, in the slot `flags`. */
export const AC = 1 << 18;

const CR0_SLOT = SLOTS.get('cr0');
const CR3_SLOT = SLOTS.get('cr3');
const CR4_SLOT = SLOTS.get('cr4');
const EFER_SLOT = SLOTS.get('efer');
const FLAGS_SLOT = SLOTS.get('flags');
const PKRU_SLOT = SLOTS.get('pkru');
const PKRS_SLOT = SLOTS.get('pkrs');

/** What a translation depends on beside memory. */
export interface PagingState {
  readonly cr0: bigint;
  readonly cr3: bigint;
  readonly cr4: bigint;
  readonly efer: bigint;
  readonly flags: number;
  readonly pkru: number;
  readonly pkrs: number;
}

/** The hart's, now. */
export const pagingState = (hart: Hart): PagingState => ({
  cr0: hart.get(CR0_SLOT),
  cr3: hart.get(CR3_SLOT),
  cr4: hart.get(CR4_SLOT),
  efer: hart.get(EFER_SLOT),
  flags: hart.get32(FLAGS_SLOT),
  pkru: hart.get32(PKRU_SLOT),
  pkrs: Number(BigInt.asIntN(32, hart.get(PKRS_SLOT))),
});

/** Levels of paging structures: 5 under CR4.LA57, else 4. */
export const levelsOf = ({ cr4 }: PagingState): number => ((cr4 & CR4.LA57) !== 0n ? 5 : 4);

/** The PCID in force: CR3's low 12 bits under CR4.PCIDE, else 0 (SDM vol. 3A, 4.10.1). */
export const pcidOf = ({ cr3, cr4 }: PagingState): number => ((cr4 & CR4.PCIDE) !== 0n ? Number(cr3 & 0xfffn) : 0);

/** Whether the upper bits of an address are copies of the highest that is translated (SDM vol. 1, 3.3.7.1). */
export const isCanonical = (levels: number, address: bigint): boolean =>
  BigInt.asUintN(64, BigInt.asIntN(12 + 9 * levels, address)) === address;

/** What the structures above a leaf take away of its rights: bits of `TlbEntry.limits`. */
export const LIMITS = { noWrite: 1, supervisor: 2, noExecute: 4 } as const;

/** The limits that an entry above a leaf adds. */
export const limitsOf = (entry: bigint): number =>
  ((entry & ENTRY.RW) === 0n ? LIMITS.noWrite : 0) |
  ((entry & ENTRY.US) === 0n ? LIMITS.supervisor : 0) |
  ((entry & ENTRY.XD) !== 0n ? LIMITS.noExecute : 0);

/** A leaf in words, with what is left of its rights: `rw- u a d`, and its protection key where it is not 0. */
export function describeLeaf(entry: bigint, limits: number): string {
  const all = limits | limitsOf(entry);
  const rights = `r${all & LIMITS.noWrite ? '-' : 'w'}${all & LIMITS.noExecute ? '-' : 'x'}`;
  const key = Number((entry >> 59n) & 15n);
  return [
    rights,
    ...(all & LIMITS.supervisor ? [] : ['u']),
    ...((entry & ENTRY.G) !== 0n ? ['g'] : []),
    ...((entry & ENTRY.A) !== 0n ? ['a'] : []),
    ...((entry & ENTRY.D) !== 0n ? ['d'] : []),
    ...(key !== 0 ? [`key ${key}`] : []),
  ].join(' ');
}
