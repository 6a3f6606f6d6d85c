import { LinuxError } from '../abi/errno.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { grow, growAtOnce, refusesGrowth } from './stack.ts';

// What user pointers ask of an address space, in axmm's words.

/** What an access needs of the areas under it: READ, WRITE. */
export interface AccessFlags {
  readonly read: boolean;
  readonly write: boolean;
}

/**
 * Whether every area over [start, end) has these flags, by areas and not by the page table; false at a gap, and for an
 * empty range in one. corrected: USER is asked for too, and a stack's growable range counts as part of it.
 */
export function checkRegionAccess(space: AddressSpace, start: bigint, end: bigint, flags: AccessFlags): boolean {
  const corrected = space.memory.uaccess === 'corrected';
  let at = start;
  for (const area of space.areas.from(start)) {
    if (area.start > at && !(corrected && area.kind === 'stack' && refusesGrowth(space, at) === undefined))
      return false;
    if ((flags.read && !area.rights.read) || (flags.write && !area.rights.write)) return false;
    if (corrected && !area.rights.user) return false;
    at = area.end;
    if (at >= end) return true;
  }
  return false;
}

/**
 * Gives every page of [start, start + size) its frame, with its area's flags. EINVAL: outside the user range or not
 * page-aligned; ENOMEM: no frame; a hole: ENOMEM under axptr, EFAULT under corrected, which grows a stack over it first.
 */
export function populateArea(space: AddressSpace, start: bigint, size: bigint): void {
  const { layout, uaccess } = space.memory;
  const end = start + size;
  if (((start | size) & 0xfffn) !== 0n || size < 0n || start < layout.userStart || end > layout.userEnd) {
    throw new LinuxError('EINVAL');
  }
  for (let page = start; page < end; page += 4096n) {
    let area = space.find(page);
    if (!area && uaccess === 'corrected') {
      area = growForUser(space, page);
    }
    if (!area) throw new LinuxError(uaccess === 'axptr' ? 'ENOMEM' : 'EFAULT');
    if (area.pastEnd(page)) throw new LinuxError('EFAULT');
    space.fill(area, page, true);
  }
}

function growForUser(space: AddressSpace, page: bigint): Area | undefined {
  if (refusesGrowth(space, page) !== undefined) return undefined;
  if (space.memory.policy === 'veridian') growAtOnce(space, page);
  else grow(space, page);
  return space.find(page);
}
