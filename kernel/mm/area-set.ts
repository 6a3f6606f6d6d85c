import { LinuxError } from '../abi/errno.ts';
import type { Layout } from '../arch/arch.ts';
import type { AreaView } from '../record.ts';
import type { Area } from './area.ts';

/** The areas of one address space: sorted and disjoint. Knows ranges only; pages are its owner's. */
export class AreaSet {
  /** In ascending order. */
  readonly list: Area[] = [];

  /** The area that holds an address. */
  find(address: bigint): Area | undefined {
    const area = this.next(address);
    return area?.contains(address) ? area : undefined;
  }

  /** The first area that ends above an address: the one that holds it, or the next. */
  next(address: bigint): Area | undefined {
    return this.list[this.indexAbove(address)];
  }

  /** The neighbour below an area, adjacent or not. */
  below(area: Area): Area | undefined {
    return this.list[this.indexAbove(area.start) - 1];
  }

  /** The areas that end above an address, in ascending order. */
  from(address: bigint): readonly Area[] {
    return this.list.slice(this.indexAbove(address));
  }

  /** The areas around an address, nearest first. */
  around(address: bigint, count: number): AreaView[] {
    const distance = ({ start, end }: Area) =>
      address < start ? start - address : address >= end ? address - end + 1n : 0n;
    return [...this.list]
      .sort((a, b) => Number(distance(a) - distance(b)))
      .slice(0, count)
      .map((area) => area.view());
  }

  isFree(start: bigint, end: bigint): boolean {
    const next = this.next(start);
    return next === undefined || next.start >= end;
  }

  /** Adds an area over a free range. */
  insert(area: Area): void {
    this.list.splice(this.indexAbove(area.start), 0, area);
  }

  remove(area: Area): void {
    this.list.splice(this.list.indexOf(area), 1);
  }

  clear(): void {
    this.list.length = 0;
  }

  /** Cuts areas at both ends of a range and returns those inside it. */
  isolate(start: bigint, end: bigint): Area[] {
    for (const cut of [start, end]) {
      const area = this.find(cut);
      if (area && area.start < cut) this.insert(area.splitAt(cut));
    }
    return this.from(start).filter((area) => area.start < end);
  }

  /** Joins every area that starts in [first, last], and the one below them, with its upper neighbour where they are alike. */
  merge(first: bigint, last: bigint): void {
    for (let at = Math.max(0, this.indexAbove(first) - 1); at + 1 < this.list.length; ) {
      const area = this.list[at];
      const next = this.list[at + 1];
      if (area.start > last) return;
      if (!area.joins(next)) {
        at++;
        continue;
      }
      for (const [vpn, frame] of next.pages) area.pages.set(vpn, frame);
      area.recorded += next.recorded;
      area.end = next.end;
      this.list.splice(at + 1, 1);
    }
  }

  /** Where `length` bytes go: at the hint where that is free, else highest below the layout's `mmapTop`. Throws ENOMEM. */
  place(layout: Layout, hint: bigint, length: bigint): bigint {
    const wanted = hint & ~0xfffn;
    if (wanted >= layout.userStart && wanted <= layout.userEnd - length && this.isFree(wanted, wanted + length)) {
      return wanted;
    }
    let end = layout.mmapTop;
    for (let i = this.list.length - 1; i >= 0; i--) {
      const area = this.list[i];
      if (area.start >= end) continue;
      if (end - area.end >= length) break;
      end = area.start;
    }
    // Never at the very bottom, where a null pointer's neighbours must fault.
    if (end < length + layout.userStart * 16n) throw new LinuxError('ENOMEM');
    return end - length;
  }

  /** Index of the first area that ends above an address. */
  private indexAbove(address: bigint): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.list[middle].end > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
