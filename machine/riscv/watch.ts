import type { Access } from '../access.ts';
import type { Hart } from '../hart.ts';
import { type Difference, notify, type TlbEntry } from '../tlb.ts';
import type { Walk } from '../walk.ts';
import { PTE, PTE_N, ppnOf } from './pte.ts';
import type { RiscvWalkFault } from './walk.ts';

const RIGHTS = BigInt(PTE.R | PTE.W | PTE.X | PTE.U);

/** Refusals of an access by a leaf that is in order. */
const DENIALS: ReadonlySet<RiscvWalkFault> = new Set<RiscvWalkFault>([
  'supervisor page',
  'user page',
  'not readable',
  'not writable',
  'not executable',
  'access bit clear',
  'dirty bit clear',
]);

/** Tells of a translation about to be used that the tables no longer hold. */
export function watchUse(hart: Hart, address: bigint, access: Access, held: TlbEntry, now: Walk<RiscvWalkFault>): void {
  const difference = differenceOf(held, now);
  if (difference === undefined || !hart.watch) return;
  const kind = 'stale translation';
  notify(hart.watch, { kind, difference, hart: hart.id, address, access, pc: hart.pc, held, now });
}

/**
 * How the leaf that the tables hold now differs from an entry of the TLB. A walker may have set A and D since, and a
 * kernel may clear A at will; a D that it cleared would not be set again.
 */
function differenceOf(held: TlbEntry, { steps, result }: Walk<RiscvWalkFault>): Difference | undefined {
  const last = steps[steps.length - 1];
  const found = !('fault' in result) || DENIALS.has(result.fault);
  if (!found || last?.entry === undefined) return 'gone';
  const pte = last.entry;
  const pages = pte & PTE_N ? 16n : 1n << BigInt(9 * last.level);
  if (pages !== held.pages) return 'size';
  if ((ppnOf(pte) & -pages) !== held.ppn) return 'output address';
  const global = steps.some(({ entry = 0n }) => entry & BigInt(PTE.G));
  const lost = held.bits & ~pte & BigInt(PTE.D);
  return (pte ^ held.bits) & RIGHTS || lost || global !== held.global ? 'rights' : undefined;
}
