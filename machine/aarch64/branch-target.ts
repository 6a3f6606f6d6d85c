import type { Builder, I64 } from '../ir/index.ts';
import { SLOTS } from './registers.ts';

const TCR = SLOTS.get('tcr_el1');

/**
 * AArch64.BranchAddr (Arm ARM J1.1.3): where a branch to an address in a register goes. Where the half of the address
 * space that bit 55 selects ignores top bytes (TCR_EL1.TBI0 and TBI1, bits 37 and 38), pc gets no tag but copies of that bit.
 */
export function branchTarget(b: Builder, address: I64): I64 {
  const upper = b.and(b.shrU(address, b.i64(55n)), b.i64(1n));
  const ignored = b.and(b.shrU(b.get(TCR), b.add(upper, b.i64(37n))), b.i64(1n));
  const bare = b.shrS(b.shl(address, b.i64(8n)), b.i64(8n));
  return b.select(b.wrap(ignored), bare, address);
}
