import type { Access } from '../access.ts';
import type { Hart } from '../hart.ts';
import { type Difference, notify, type TlbEntry } from '../tlb.ts';
import type { Walk } from '../walk.ts';
import { DESCRIPTOR } from './descriptor.ts';
import { type Aarch64WalkFault, leafNow, typeOf, type WalkState } from './walk.ts';

const RIGHTS =
  DESCRIPTOR.user | DESCRIPTOR.notGlobal | DESCRIPTOR.dirtyModifier | DESCRIPTOR.privilegedNever | DESCRIPTOR.userNever;

/** Tells of a translation about to be used that the tables no longer hold, or that they hold changed while live. */
export function watchUse(
  hart: Hart,
  state: WalkState,
  address: bigint,
  access: Access,
  held: TlbEntry,
  now: Walk<Aarch64WalkFault>,
): void {
  // With walks disabled the TLB alone is meant to answer.
  if ('fault' in now.result && now.result.fault === 'walks disabled') return;
  tell(hart, state, address, access, hart, held, now);
}

/** Tells of entries of any hart that a walk contradicts: a live descriptor was changed without break-before-make. */
export function watchWalk(
  hart: Hart,
  state: WalkState,
  address: bigint,
  access: Access,
  now: Walk<Aarch64WalkFault>,
): void {
  if ('fault' in now.result) return;
  const { vpn, pages } = now.result;
  for (const holder of hart.peers) {
    for (const held of holder.tlb.overlapping(vpn, pages)) {
      if (sharesDescriptor(held, now)) tell(hart, state, address, access, holder, held, now);
    }
  }
}

/**
 * Tells of an entry about to be invalidated whose descriptor is valid with another output, size or type by then: the
 * change was made before the invalidation, where the manual wants the descriptor invalid in between.
 */
export function watchInvalidation(
  hart: Hart,
  state: WalkState,
  address: bigint,
  access: Access,
  holder: Hart,
  held: TlbEntry,
  now: Walk<Aarch64WalkFault>,
): void {
  const difference = differenceOf(state, address, held, now);
  if (difference === undefined || !hart.watch || !isLive(difference, held, now)) return;
  const told = { difference, hart: holder.id, address, access, pc: hart.pc, held, now };
  notify(hart.watch, { kind: 'break-before-make', invalidation: true, ...told });
}

/** Whether a difference is one that takes break-before-make, made in place. */
const isLive = (difference: Difference, held: TlbEntry, now: Walk): boolean =>
  difference !== 'gone' && difference !== 'rights' && sharesDescriptor(held, now);

function tell(
  hart: Hart,
  state: WalkState,
  address: bigint,
  access: Access,
  holder: Hart,
  held: TlbEntry,
  now: Walk<Aarch64WalkFault>,
): void {
  const difference = differenceOf(state, address, held, now);
  if (difference === undefined || !hart.watch) return;
  const kind = isLive(difference, held, now) ? 'break-before-make' : 'stale translation';
  if (kind === 'stale translation' && holder !== hart) return;
  notify(hart.watch, { kind, difference, hart: holder.id, address, access, pc: hart.pc, held, now });
}

/** Whether a walk passed a descriptor by which an entry was found: what differs below it was changed in place. */
const sharesDescriptor = ({ path }: TlbEntry, { steps }: Walk): boolean =>
  steps.some(({ entryAddress }) => path?.includes(entryAddress));

/**
 * How the leaf that the tables hold now differs from an entry of the TLB. A walker may have set AF or made a page dirty
 * since, and a kernel may clear AF at will. Of a contiguous run, one descriptor's dirty state stands for all.
 */
function differenceOf(
  state: WalkState,
  address: bigint,
  held: TlbEntry,
  now: Walk<Aarch64WalkFault>,
): Difference | undefined {
  const leaf = leafNow(state, address, now);
  if (leaf === undefined) return 'gone';
  if (leaf.pages !== held.pages) return 'size';
  if (leaf.ppn !== held.ppn) return 'output address';
  if (typeOf(state, leaf.bits) !== typeOf(state, held.bits)) return 'memory type';
  const changed = (leaf.bits ^ held.bits) & RIGHTS;
  if (changed !== 0n || leaf.limits !== held.limits) return 'rights';
  const cleaned = (leaf.bits & ~held.bits & DESCRIPTOR.readOnly) !== 0n;
  const dirtied = (held.bits & ~leaf.bits & DESCRIPTOR.readOnly) !== 0n;
  const managed = (held.bits & DESCRIPTOR.dirtyModifier) !== 0n;
  const joined = (held.bits & DESCRIPTOR.contiguous) !== 0n;
  return (cleaned && !(managed && joined)) || (dirtied && !managed) ? 'rights' : undefined;
}
