import { LinuxError } from '../abi/errno.ts';
import { type AddressSpace, STACK_GUARD, STACK_LIMIT } from './address-space.ts';
import { Area, STACK, USER_RW } from './area.ts';

const pageOf = (address: bigint): bigint => address & ~0xfffn;

/**
 * Why the stack does not grow down over an address that no area holds; undefined: it does. corrected: within 8 MiB of
 * the stack's top, with a guard gap of one page to the next mapping below. veridian: within 8 MiB of the stack's
 * present bottom, so that the limit moves down with each growth, whatever else is mapped there.
 */
export function refusesGrowth(space: AddressSpace, address: bigint): string | undefined {
  if (space.memory.policy === 'veridian') {
    const bottom = space.stackTop - space.stackSize;
    if (address >= bottom) return 'not below the stack';
    return address < bottom - STACK_LIMIT ? 'more than 8 MiB below the stack' : undefined;
  }
  const area = space.areas.next(address);
  if (area?.kind !== 'stack') return 'no stack above the address';
  if (area.contains(address)) return 'the stack holds the address already';
  if (address < space.stackTop - STACK_LIMIT) return 'below the stack limit of 8 MiB';
  const below = space.areas.below(area);
  if (below && below.end > pageOf(address) - STACK_GUARD) return `no guard page would be left above ${below.name}`;
  return undefined;
}

/** Extends the stack above an address down to its page and returns it; pages come on demand. */
export function grow(space: AddressSpace, address: bigint): Area {
  const area = space.next(address);
  if (!area) throw new Error('nothing to grow');
  area.start = pageOf(address);
  space.memory.changes?.push({ kind: 'area', action: 'grown', area: area.view() });
  return area;
}

/**
 * VeridianOS's growth: every page from the stack's bottom down to the address gets a frame at once, also where something
 * else is mapped. Throws ENOMEM, and EFAULT where a page is resident already; the pages above stay mapped.
 */
export function growAtOnce(space: AddressSpace, address: bigint): void {
  const bottom = space.stackTop - space.stackSize;
  for (let page = bottom - 4096n; page >= pageOf(address); page -= 4096n) {
    const held = space.find(page);
    if (held?.pages.has(page >> 12n)) throw new LinuxError('EFAULT');
    const above = space.find(page + 4096n);
    if (!held && above?.kind === 'stack') grow(space, page);
    else if (!held) space.areas.insert(new Area(page, page + 4096n, STACK));
    const area = space.find(page) as Area;
    space.mapZeroed(area, page, USER_RW);
  }
  space.stackSize = space.stackTop - pageOf(address);
}
