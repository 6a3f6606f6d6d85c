import { RAM_START } from './memory/ram.ts';

/** Entries of the cache, a power of two. */
const ENTRIES = 256;
/** A tag that no page address has: the low twelve bits of a tag are clear. */
const NOTHING = 1;

/**
 * A direct-mapped cache of page → offset of that page in the machine's memory, for one kind of access of one hart. It
 * is only a cache of the modelled TLB's verdicts: its owner clears it whenever a verdict may have changed.
 */
export class FastTlb {
  private readonly tagLow = new Int32Array(ENTRIES);
  private readonly tagHigh = new Int32Array(ENTRIES);
  private readonly page = new Uint32Array(ENTRIES);
  /** The places filled since the last clearing, and how many: few, where every trap clears. */
  private readonly filled = new Uint16Array(ENTRIES);
  private count = 0;

  constructor() {
    this.tagLow.fill(NOTHING);
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) this.tagLow[this.filled[i]] = NOTHING;
    this.count = 0;
  }

  /** The offset in the machine's memory of the byte at the address whose halves are given, or 0 where unknown. */
  find(low: number, high: number): number {
    const index = (low >>> 12) & (ENTRIES - 1);
    if (this.tagLow[index] !== (low & ~0xfff) || this.tagHigh[index] !== high) return 0;
    return this.page[index] + (low & 0xfff);
  }

  /** Remembers that the page of the address lies at `offset` (of the page's first byte, at or after RAM's start). */
  enter(low: number, high: number, offset: number): void {
    if (offset < RAM_START) throw new Error('a fast translation must lie in RAM');
    const index = (low >>> 12) & (ENTRIES - 1);
    if (this.tagLow[index] === NOTHING) this.filled[this.count++] = index;
    this.tagLow[index] = low & ~0xfff;
    this.tagHigh[index] = high;
    this.page[index] = offset;
  }
}
