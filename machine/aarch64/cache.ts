import { type Access, accessShape } from '../access.ts';
import type { RamOffset } from '../addr.ts';
import type { Hart } from '../hart.ts';
import { judge, MMU, refuseMaintenance } from './mmu.ts';
import { FAULTS } from './walk.ts';

/** What a cache maintenance operation by address needs the right to do. */
type Need = 'nothing' | 'read at EL0' | 'write';

/**
 * The operations by virtual address (Arm ARM C5.3) and the rights without which each is a permission fault
 * (AArch64.S1HasPermissionsFault): cleaning needs none at EL1; IC IVAU at EL0 is taken to need what cleaning does.
 */
const NEEDS = {
  'dc cvac': 'read at EL0',
  'dc cvau': 'read at EL0',
  'dc civac': 'read at EL0',
  'dc ivac': 'write',
  'ic ivau': 'read at EL0',
} as const satisfies Record<string, Need>;

export type CacheOperation = keyof typeof NEEDS;
export const CACHE_OPERATIONS = Object.keys(NEEDS) as readonly CacheOperation[];

/**
 * Performs a cache maintenance operation: there are no caches, so all it can do is fault, as a data abort with CM and
 * WnR set. False: a trap. Whoever calls has checked that the exception level may.
 */
export function cacheMaintenance(hart: Hart, operation: CacheOperation, address: bigint): boolean {
  const need = NEEDS[operation];
  const kind = need === 'write' ? 'store' : 'load';
  const access: Access = { kind, size: 1, atomicity: 'plain', privilege: MMU.privilege(hart, kind) };
  const found = judge(hart, address, access);
  if (!('fault' in found)) return true;
  const allowed = need === 'read at EL0' && access.privilege !== 'user' && FAULTS[found.fault] === 'permission';
  return allowed || refuseMaintenance(hart, address, access, found);
}

/** Bytes that DC ZVA zeroes: DCZID_EL0.BS is 4. */
export const ZERO_BLOCK = 64;

/** DC ZVA is a store that no alignment of its operand makes right in Device memory, hence a `part`. */
const ZERO = accessShape('store', ZERO_BLOCK, 'plain', { part: true });

/** Performs `DC ZVA, address`: zeroes the block around it. False: a trap, whose FAR is the operand as given. */
export function zeroBlock(hart: Hart, address: bigint): boolean {
  if (!MMU.translate(hart, address, ZERO)) return false;
  const { bus } = hart;
  const block = hart.translated.pa & ~BigInt(ZERO_BLOCK - 1);
  const offset = bus.ram.offset(block, ZERO_BLOCK);
  if (offset < 0) {
    MMU.busFault(hart, address, ZERO);
    return false;
  }
  for (let at = 0; at < ZERO_BLOCK; at += 8) bus.ram.write((offset + at) as RamOffset, 8, 0n);
  bus.stored(hart.id, block, ZERO_BLOCK);
  return true;
}
