import type { Access } from './access.ts';
import type { Saved } from './memory/device.ts';
import type { Walk } from './walk.ts';

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
  /** Of a hart that is watched: the addresses of all entries on the way, the leaf's last. */
  readonly path?: readonly bigint[];
  /** Of a hart that is watched: what was last told of this entry, so that it is told once. */
  noticed?: string;
}

/** How what the tables say differs from what the TLB holds; `gone`: they map nothing there. */
export type Difference = 'gone' | 'output address' | 'size' | 'memory type' | 'rights';

/**
 * A mistake in the upkeep of translations: one was used that the tables no longer hold, or a live descriptor was changed
 * to another valid one without being made invalid, and invalidated, in between. The machine goes on as if nothing were.
 */
export interface TlbNotice {
  readonly kind: 'stale translation' | 'break-before-make';
  readonly difference: Difference;
  /** The hart whose TLB holds the entry. */
  readonly hart: number;
  /** The access by which it showed, and the pc of the hart that made it. */
  readonly address: bigint;
  readonly access: Access;
  readonly pc: bigint;
  /** It showed when the entry was invalidated: `access` says by whom alone, nothing was loaded or stored. */
  readonly invalidation?: true;
  readonly held: TlbEntry;
  /** What the tables say now. */
  readonly now: Walk;
}

/** What a look at the tables for an entry read, under which control registers. */
interface Look {
  readonly contextEpoch: number;
  readonly addresses: readonly bigint[];
  readonly entries: readonly (bigint | undefined)[];
}

/** Tells of an entry once for each state that the tables are found in. */
export function notify(watch: (notice: TlbNotice) => void, notice: TlbNotice): void {
  const { kind, difference, held, now } = notice;
  const last = now.steps.at(-1);
  const state = `${kind}, ${difference}: ${last?.entry?.toString(16)} at ${last?.entryAddress.toString(16)}`;
  if (held.noticed === state) return;
  held.noticed = state;
  watch(notice);
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

  /** Of a hart that is watched: the last look at the tables for each entry. */
  private readonly looks = new WeakMap<TlbEntry, Look>();

  /**
   * What the tables say now where that may differ from the last look for an entry: the walk, noted as that look.
   * `undefined`: every entry on the way still reads as it did then. `read` reads 8 bytes of physical memory.
   */
  lookAgain<W extends Walk>(
    entry: TlbEntry,
    contextEpoch: number,
    read: (address: bigint) => bigint | undefined,
    walk: () => W,
  ): W | undefined {
    const last = this.looks.get(entry);
    const same = (address: bigint, i: number) => read(address) === last?.entries[i];
    if (last?.contextEpoch === contextEpoch && last.addresses.every(same)) return undefined;
    const now = walk();
    const addresses = now.steps.map((step) => step.entryAddress);
    this.looks.set(entry, { contextEpoch, addresses, entries: addresses.map(read) });
    return now;
  }

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

  /** Every entry, of whatever address space, that holds some of these pages. */
  overlapping(vpn: bigint, count: bigint): TlbEntry[] {
    const first = Number(vpn);
    const end = first + Number(count);
    return this.shelves.flatMap(({ pages, entries }) => {
      if (pages >= end - first) return entries.get(Math.floor(first / pages) * pages) ?? [];
      return [...entries].flatMap(([page, list]) => (page >= first && page < end ? list : []));
    });
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
