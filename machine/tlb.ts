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
  /** Where the leaf entry lies, so that views can show it and stale entries can be told. */
  readonly entryAddress: bigint;
}

/**
 * The modelled TLB of one hart. Nothing is evicted, so that a missing invalidation shows up: an entry stays until it is
 * invalidated. Faults are not entered. Entries are kept by page size, newest first within one page number.
 */
export class Tlb {
  /** pages covered → (vpn → entries of different ASIDs). */
  private readonly bySize = new Map<bigint, Map<bigint, TlbEntry[]>>();
  /** Bumped at every invalidation and insertion that replaces, so that engines can drop what they cached. */
  epoch = 0;

  /** The entry that translates `vpn` under `asid`. */
  lookup(vpn: bigint, asid: number): TlbEntry | undefined {
    for (const [pages, entries] of this.bySize) {
      const found = entries.get(vpn & ~(pages - 1n))?.find((entry) => entry.global || entry.asid === asid);
      if (found) return found;
    }
    return undefined;
  }

  insert(entry: TlbEntry): void {
    let entries = this.bySize.get(entry.pages);
    if (!entries) {
      entries = new Map();
      this.bySize.set(entry.pages, entries);
    }
    const same = entries.get(entry.vpn);
    if (!same) entries.set(entry.vpn, [entry]);
    else {
      const kept = same.filter((other) => other.global !== entry.global || other.asid !== entry.asid);
      if (kept.length !== same.length) this.epoch++;
      entries.set(entry.vpn, [entry, ...kept]);
    }
  }

  /** Drops every entry for which `doomed` holds; returns how many. */
  invalidate(doomed: (entry: TlbEntry) => boolean): number {
    let count = 0;
    for (const [pages, entries] of this.bySize) {
      for (const [vpn, list] of entries) {
        const kept = list.filter((entry) => !doomed(entry));
        count += list.length - kept.length;
        if (kept.length === 0) entries.delete(vpn);
        else entries.set(vpn, kept);
      }
      if (entries.size === 0) this.bySize.delete(pages);
    }
    this.epoch++;
    return count;
  }

  /** All entries, in the order they were made per page size. */
  entries(): TlbEntry[] {
    return [...this.bySize.values()].flatMap((entries) => [...entries.values()].flat());
  }

  save(): Saved {
    return this.entries().map((e) => ({ ...e }));
  }

  restore(saved: Saved): void {
    this.bySize.clear();
    for (const entry of [...(saved as unknown as TlbEntry[])].reverse()) this.insert(entry);
    this.epoch++;
  }
}
