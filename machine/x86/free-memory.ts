import type { ElfImage } from '../image/image.ts';
import type { Ram } from '../memory/ram.ts';

const PAGE = 4096;

/** Physical addresses from `start` up to `end`. */
export interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

/** What the image's segments cover. */
export const coveredBy = (image: ElfImage): readonly Range[] =>
  image.segments
    .filter(({ kind, memorySize }) => kind === 'load' && memorySize > 0)
    .map(({ paddr, memorySize }) => ({ start: paddr, end: paddr + BigInt(memorySize) }));

/** The highest run of whole pages in RAM below `below` that nothing covers; `undefined`: there is none. */
export function freePages(ram: Ram, taken: readonly Range[], pages: number, below: number): bigint | undefined {
  const size = BigInt(pages * PAGE);
  let start = ram.base + BigInt(Math.min(ram.size, below)) - size;
  while (start >= ram.base) {
    const end = start + size;
    const found = taken.find((range) => start < range.end && range.start < end);
    if (!found) return start;
    start = (found.start & ~BigInt(PAGE - 1)) - size;
  }
  return undefined;
}
