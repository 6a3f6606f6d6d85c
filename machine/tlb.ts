import type { Saved } from './memory/device.ts';

/**
 * A translation as the hart remembers it. It holds rights, never verdicts: privilege, SUM, MXR and their like apply at
 * each access. `bits` is the target's own (RISC-V: the leaf entry).
 */
export interface TlbEntry {
  /** Address-space tag; ignored where `global`. */
  readonly asid: number;
  readonly global: boolean;
  /** Virtual page number (va >> 12) of the first 4 KiB page, and how many such pages the entry covers. */
  readonly vpn: bigint;
  readonly pages: bigint;
  /** Physical page number (pa >> 12) of the first page. */
  readonly ppn: bigint;
  readonly bits: bigint;
  /** Rights that the tables above the leaf take away, in the target's own bits; absent where they cannot. */
  readonly limits?: number;
  /** Where the leaf entry lies, so that views can show it and stale entries can be told. */
  readonly entryAddress: bigint;
}

/**
 * The entries of one page size, by first page number: those of different address spaces together, newest first. Page
 * numbers have 52 bits, so a number holds them exactly and the lookup needs no bigint.
 */
interface Shelf {
  readonly pages: number;
  readonly entries: Map<number, TlbEntry[]>;
}

/**
 * The modelled TLB of one hart. Nothing is evicted, so that a missing invalidation shows up: an entry stays until it is
 * invalidated. Faults are not entered. Where stale entries of several sizes hold one page, the smallest answers.
 */
export class Tlb {
  /** Smallest pages first. */
  private shelves: Shelf[] = [];
  /** Bumped whenever an entry goes, so that engines can drop what they cached. */
  epoch = 0;

  /** The entry that translates `vpn` under `asid`. */
  lookup(vpn: bigint, asid: number): TlbEntry | undefined {
    const page = Number(vpn);
    for (const { pages, entries } of this.shelves) {
      const list = entries.get(Math.floor(page / pages) * pages);
      if (list === undefined) continue;
      for (const entry of list) if (entry.global || entry.asid === asid) return entry;
    }
    return undefined;
  }

  /** Enters what a walk found for a page that `lookup` did not know. */
  insert(entry: TlbEntry): void {
    const { entries } = this.shelf(Number(entry.pages));
    const page = Number(entry.vpn);
    const list = entries.get(page);
    if (list === undefined) {
      entries.set(page, [entry]);
      return;
    }
    const kept = list.filter((other) => other.global !== entry.global || other.asid !== entry.asid);
    if (kept.length !== list.length) this.epoch++;
    entries.set(page, [entry, ...kept]);
  }

  /** Enters what another walk found for the pages of `old`, which goes. */
  replace(old: TlbEntry, entry: TlbEntry): void {
    this.invalidatePage(old.vpn, (other) => other === old);
    this.insert(entry);
  }

  /** Drops every entry for which `doomed` holds; returns how many. */
  invalidate(doomed: (entry: TlbEntry) => boolean): number {
    let count = 0;
    for (const { entries } of this.shelves) {
      for (const page of entries.keys()) count += drop(entries, page, doomed);
    }
    this.shelves = this.shelves.filter(({ entries }) => entries.size > 0);
    if (count > 0) this.epoch++;
    return count;
  }

  /** Drops every entry that holds the page `vpn` and for which `doomed` holds; returns how many. */
  invalidatePage(vpn: bigint, doomed: (entry: TlbEntry) => boolean): number {
    const page = Number(vpn);
    let count = 0;
    for (const { pages, entries } of this.shelves) count += drop(entries, Math.floor(page / pages) * pages, doomed);
    if (count > 0) this.epoch++;
    return count;
  }

  /** All entries: smallest pages first, then in the order their pages were first entered, then newest first. */
  entries(): TlbEntry[] {
    return this.shelves.flatMap(({ entries }) => [...entries.values()].flat());
  }

  save(): Saved {
    return this.entries().map((e) => ({ ...e }));
  }

  restore(saved: Saved): void {
    this.shelves = [];
    for (const entry of saved as unknown as TlbEntry[]) {
      const { entries } = this.shelf(Number(entry.pages));
      const page = Number(entry.vpn);
      const list = entries.get(page);
      if (list === undefined) entries.set(page, [entry]);
      else list.push(entry);
    }
    this.epoch++;
  }

  private shelf(pages: number): Shelf {
    const at = this.shelves.findIndex((shelf) => shelf.pages >= pages);
    if (at >= 0 && this.shelves[at].pages === pages) return this.shelves[at];
    const shelf: Shelf = { pages, entries: new Map() };
    this.shelves.splice(at < 0 ? this.shelves.length : at, 0, shelf);
    return shelf;
  }
}

/** Drops those of one page's entries that are doomed; returns how many. */
function drop(entries: Map<number, TlbEntry[]>, page: number, doomed: (entry: TlbEntry) => boolean): number {
  const list = entries.get(page);
  if (list === undefined) return 0;
  const kept = list.filter((entry) => !doomed(entry));
  if (kept.length === 0) entries.delete(page);
  else if (kept.length !== list.length) entries.set(page, kept);
  return list.length - kept.length;
}
