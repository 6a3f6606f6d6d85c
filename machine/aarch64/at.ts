import type { Access } from '../access.ts';
import type { Hart } from '../hart.ts';
import { attributeOf } from './descriptor.ts';
import { judge, refuseMaintenance, statusOf } from './mmu.ts';
import { SLOTS } from './registers.ts';
import { FAULTS } from './walk.ts';

const PAR = SLOTS.get('par_el1');
const MAIR = SLOTS.get('mair_el1');

const access = (privilege: 'user' | 'supervisor', kind: 'load' | 'store'): Access => ({
  kind,
  size: 1,
  atomicity: 'plain',
  privilege,
});

/** AT of stage 1 at EL1 (Arm ARM C5.4): the access that each asks about. */
const ACCESSES = {
  s1e0r: access('user', 'load'),
  s1e0w: access('user', 'store'),
  s1e1r: access('supervisor', 'load'),
  s1e1w: access('supervisor', 'store'),
} as const satisfies Record<string, Access>;

export type AtOperation = keyof typeof ACCESSES;
export const AT_OPERATIONS = Object.keys(ACCESSES) as readonly AtOperation[];

/** PAR_EL1: bit 11 is 1; NS is unknown out of a Non-secure regime, and 1 here. */
const RES1 = 1n << 11n;
const NS = 1n << 9n;

/** Outer Shareable, which PAR has for all Device memory and for Normal memory that is nowhere cacheable. */
const OUTER_SHAREABLE = 2n;

function shareability(attribute: bigint, bits: bigint | undefined): bigint {
  if (bits === undefined || (attribute & 0xf0n) === 0n || attribute === 0x44n) return OUTER_SHAREABLE;
  return (bits >> 8n) & 3n;
}

/**
 * Performs `AT <operation>, address`: PAR_EL1 says what the access would come to, PSTATE.PAN aside (no FEAT_PAN2).
 * False, with the trap: an external abort on the walk, which AT takes as an exception (AArch64.AT). Memory and TLB stay
 * as they are, so neither access flag nor dirty state is set.
 */
export function addressTranslate(hart: Hart, operation: AtOperation, address: bigint): boolean {
  const asked = ACCESSES[operation];
  const found = judge(hart, address, asked);
  if ('fault' in found) {
    if (FAULTS[found.fault] === 'external on walk') return refuseMaintenance(hart, address, asked, found);
    hart.set(PAR, RES1 | (BigInt(statusOf(found.fault, found.level)) << 1n) | 1n);
    return true;
  }
  const { pa, bits } = found;
  const attribute = bits === undefined ? 0n : (hart.get(MAIR) >> BigInt(8 * attributeOf(bits))) & 0xffn;
  const page = pa & 0xffff_ffff_f000n;
  hart.set(PAR, (attribute << 56n) | page | RES1 | NS | (shareability(attribute, bits) << 7n));
  return true;
}
