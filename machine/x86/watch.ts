import type { Access } from '../access.ts';
import type { Hart } from '../hart.ts';
import { type Difference, notify, type TlbEntry } from '../tlb.ts';
import type { Walk } from '../walk.ts';
import { ADDRESS_MASK, ENTRY, limitsOf } from './paging.ts';
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

/** Tells of a translation about to be used that the tables no longer hold. */
export function watchUse(hart: Hart, address: bigint, access: Access, held: TlbEntry, now: Walk<X86WalkFault>): void {
  const difference = differenceOf(held, now);
  if (difference === undefined || !hart.watch) return;
  const kind = 'stale translation';
  notify(hart.watch, { kind, difference, hart: hart.id, address, access, pc: hart.pc, held, now });
}

/** How the leaf that the tables hold now differs from an entry of the TLB; a D that was cleared would not be set again. */
function differenceOf(held: TlbEntry, { steps, result }: Walk<X86WalkFault>): Difference | undefined {
  const last = steps[steps.length - 1];
  const found = !('fault' in result) || DENIALS.has(result.fault);
  if (!found || last?.entry === undefined) return 'gone';
  const pages = 1n << BigInt(9 * last.level);
  if (pages !== held.pages) return 'size';
  if ((last.entry & ADDRESS_MASK) >> 12n !== (held.ppn | (((last.entry & ADDRESS_MASK) >> 12n) & (pages - 1n)))) {
    return 'output address';
  }
  const limits = steps.reduce((sum, { entry = 0n }) => sum | limitsOf(entry), 0);
  const rights = limits !== (limitsOf(held.bits) | (held.limits ?? 0));
  const lost = held.bits & ~last.entry & ENTRY.D;
  const other = (last.entry ^ held.bits) & (KEY | ENTRY.G);
  return rights || lost !== 0n || other !== 0n ? 'rights' : undefined;
}
