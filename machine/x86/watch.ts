import type { Access } from '../access.ts';
import type { Hart } from '../hart.ts';
import { type Difference, notify, type TlbEntry } from '../tlb.ts';
import type { Walk } from '../walk.ts';
import { ADDRESS_MASK, CR4, ENTRY, LIMITS, limitsOf, type PagingState } from './paging.ts';
import { SLOTS } from './registers.ts';
import type { X86WalkFault } from './walk.ts';

/** Refusals of an access by a leaf that is in order. */
const DENIALS: ReadonlySet<X86WalkFault> = new Set<X86WalkFault>([
  'supervisor page',
  'user page (SMEP)',
  'user page (SMAP)',
  'not writable',
  'not executable',
  'protection key',
]);

const KEY = 15n << 59n;
const PAT = SLOTS.get('pat');

/** The memory type that a leaf chooses by PWT, PCD and PAT, the last of which larger pages have in bit 12 (SDM vol. 3A, 4.9.2). */
function typeOf(pat: bigint, pages: bigint, leaf: bigint): bigint {
  const index = ((leaf >> 3n) & 3n) | (((leaf >> (pages === 1n ? 7n : 12n)) & 1n) << 2n);
  return (pat >> (8n * index)) & 7n;
}

/** Tells of a translation about to be used that the tables no longer hold. */
export function watchUse(
  hart: Hart,
  state: PagingState,
  address: bigint,
  access: Access,
  held: TlbEntry,
  now: Walk<X86WalkFault>,
): void {
  const difference = differenceOf(state, hart.get(PAT), held, now);
  if (difference === undefined || !hart.watch) return;
  const kind = 'stale translation';
  notify(hart.watch, { kind, difference, hart: hart.id, address, access, pc: hart.pc, held, now });
}

/**
 * How the leaf that the tables hold now differs from an entry of the TLB, in what software has to invalidate (SDM vol. 3A,
 * 4.10.4.2 and 4.10.4.3). Of rights that were given since, nothing comes but a page fault that drops the entry; U/S counts
 * as one of them where CR4.SMEP is clear. A may be cleared at will; a D that was cleared would not be set again.
 */
function differenceOf(
  state: PagingState,
  pat: bigint,
  held: TlbEntry,
  { steps, result }: Walk<X86WalkFault>,
): Difference | undefined {
  const last = steps[steps.length - 1];
  const found = !('fault' in result) || DENIALS.has(result.fault);
  if (!found || last?.entry === undefined) return 'gone';
  const { entry } = last;
  const pages = 1n << BigInt(9 * last.level);
  if (pages !== held.pages) return 'size';
  if ((((entry & ADDRESS_MASK) >> 12n) & -pages) !== held.ppn) return 'output address';
  if (typeOf(pat, pages, entry) !== typeOf(pat, pages, held.bits)) return 'memory type';
  const before = limitsOf(held.bits) | (held.limits ?? 0);
  const limits = steps.reduce((sum, step) => sum | limitsOf(step.entry ?? 0n), 0);
  const opened = (before & ~limits & LIMITS.supervisor) !== 0 && (state.cr4 & CR4.SMEP) !== 0n;
  const global = (entry & ENTRY.G) !== 0n && (state.cr4 & CR4.PGE) !== 0n;
  // Without protection keys these bits are software's own (tables 4-15 to 4-20).
  const keyed = (state.cr4 & (CR4.PKE | CR4.PKS)) !== 0n && ((entry ^ held.bits) & KEY) !== 0n;
  const lost = (held.bits & ~entry & ENTRY.D) !== 0n;
  return (limits & ~before) !== 0 || opened || global !== held.global || keyed || lost ? 'rights' : undefined;
}
