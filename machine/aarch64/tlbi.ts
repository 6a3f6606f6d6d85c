import type { Hart } from '../hart.ts';
import type { TlbEntry } from '../tlb.ts';
import { watchDoomed } from './mmu.ts';
import { SLOTS } from './registers.ts';

const TCR = SLOTS.get('tcr_el1');
const TCR_AS = 1n << 36n;

/** What a TLBI instruction looks for in its operand: nothing, an ASID, an address in an ASID, an address in any. */
type Scope = 'all' | 'asid' | 'address in asid' | 'address';

/**
 * TLBI at EL1 (Arm ARM C5.5). The last-level forms (VALE1, VAALE1) need only drop leaves, and leaves are all that
 * this TLB holds.
 */
const SCOPES = {
  vmalle1: 'all',
  vae1: 'address in asid',
  aside1: 'asid',
  vaae1: 'address',
  vale1: 'address in asid',
  vaale1: 'address',
} as const satisfies Record<string, Scope>;

type Form = keyof typeof SCOPES;

/** The operations by the manual's names; those that end in `is` reach all harts, the Inner Shareable domain. */
export type TlbiOperation = Form | `${Form}is`;

export const TLBI_OPERATIONS: readonly TlbiOperation[] = (Object.keys(SCOPES) as Form[]).flatMap((form) => [
  form,
  `${form}is` as const,
]);

/** Performs `TLBI <operation>, operand`; whoever calls has checked that the exception level may. */
export function tlbi(hart: Hart, operation: TlbiOperation, operand = 0n): void {
  const shared = !(operation in SCOPES);
  const scope: Scope = SCOPES[(shared ? operation.slice(0, -2) : operation) as Form];
  // With 8 bits of ASID in use the upper 8 are ignored, as they are in TTBRx.
  const asid = Number(operand >> 48n) & (hart.get(TCR) & TCR_AS ? 0xffff : 0xff);
  // Bits 43:0 are VA[55:12]; what lies above is as bit 55 is.
  const vpn = BigInt.asUintN(52, BigInt.asIntN(44, operand));
  const inAsid = (entry: TlbEntry) => !entry.global && entry.asid === asid;
  // Global entries belong to every ASID.
  const doomed = {
    all: () => true,
    asid: inAsid,
    'address in asid': (entry: TlbEntry) => entry.global || inAsid(entry),
    address: () => true,
  }[scope];
  const everywhere = scope === 'all' || scope === 'asid';
  for (const holder of shared ? hart.peers : [hart]) {
    const { tlb } = holder;
    if (hart.watch) {
      const touched = everywhere ? tlb.overlapping(0n, PAGES) : tlb.overlapping(vpn, 1n);
      watchDoomed(hart, holder, touched.filter(doomed));
    }
    if (everywhere) tlb.invalidate(doomed);
    else tlb.invalidatePage(vpn, doomed);
  }
}

/** All the pages that there are. */
const PAGES = 1n << 52n;
