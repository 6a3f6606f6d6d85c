import type { Rights } from '../arch/arch.ts';
import type { AreaView } from '../record.ts';

/** Where an area's pages come from when they are first touched. */
export type Backing =
  | { readonly kind: 'zero' }
  /**
   * `length` bytes of a file from `offset` on stand at the area's start, zeroes behind them. Bytes outside the file are
   * zero. `bus`: pages wholly behind the bytes do not exist, and touching one is SIGBUS (mmap of a file).
   */
  | {
      readonly kind: 'image';
      readonly file: Uint8Array;
      readonly offset: number;
      readonly length: number;
      readonly bus: boolean;
    };

/** What an area is for, which decides what may grow or merge. */
export type AreaKind = 'anonymous' | 'image' | 'stack' | 'heap';

export interface AreaDescription {
  readonly kind: AreaKind;
  /** What records call it: `stack`, `heap`, `.data`, `mmap`. */
  readonly name: string;
  readonly rights: Rights;
  readonly backing: Backing;
  /** Fork shares its pages for good, instead of copying them on write. */
  readonly shared: boolean;
  /** Its pages' protection key; absent: 0. */
  readonly key?: number;
}

/** A range of user addresses with one set of rights; areas of an address space are sorted and disjoint. */
export class Area {
  start: bigint;
  /** Exclusive. */
  end: bigint;
  kind: AreaKind;
  name: string;
  rights: Rights;
  backing: Backing;
  shared: boolean;
  key: number;
  /** Frames of the resident pages, by virtual page number: the truth of which the page table is a copy. */
  readonly pages = new Map<bigint, bigint>();
  /** How many frames VeridianOS would have in the mapping's list: it appends, whatever the page. */
  recorded = 0;

  constructor(start: bigint, end: bigint, description: AreaDescription) {
    this.start = start;
    this.end = end;
    this.kind = description.kind;
    this.name = description.name;
    this.rights = description.rights;
    this.backing = description.backing;
    this.shared = description.shared;
    this.key = description.key ?? 0;
  }

  contains(address: bigint): boolean {
    return address >= this.start && address < this.end;
  }

  /** Whether the page lies wholly behind the end of a mapped file. */
  pastEnd(page: bigint): boolean {
    const { backing } = this;
    return backing.kind === 'image' && backing.bus && page - this.start >= BigInt(backing.length);
  }

  /** The file bytes that stand at the start of a page; none where it is all zeroes. */
  content(page: bigint): { at: number; bytes: Uint8Array } | undefined {
    const { backing } = this;
    if (backing.kind !== 'image') return undefined;
    const within = Number(page - this.start);
    if (within >= backing.length) return undefined;
    const from = backing.offset + within;
    const to = Math.min(from + Math.min(4096, backing.length - within), backing.file.length);
    // An image whose first page begins before the file's first byte.
    const first = Math.max(from, 0);
    return first < to ? { at: first - from, bytes: backing.file.subarray(first, to) } : undefined;
  }

  /** Cuts the area in two; this one keeps the lower part. */
  splitAt(address: bigint): Area {
    const { backing } = this;
    const lowerBytes = Number(address - this.start);
    const upper = new Area(address, this.end, {
      ...this,
      backing:
        backing.kind === 'zero'
          ? backing
          : { ...backing, offset: backing.offset + lowerBytes, length: Math.max(0, backing.length - lowerBytes) },
    });
    for (const [vpn, frame] of this.pages) {
      if (vpn << 12n < address) continue;
      upper.pages.set(vpn, frame);
      this.pages.delete(vpn);
    }
    upper.recorded = Math.max(0, this.recorded - lowerBytes / 4096);
    this.recorded = Math.min(this.recorded, lowerBytes / 4096);
    this.end = address;
    return upper;
  }

  /** Whether the next area above continues this one in all respects. */
  joins(next: Area): boolean {
    return (
      this.end === next.start &&
      this.backing.kind === 'zero' &&
      next.backing.kind === 'zero' &&
      this.kind === next.kind &&
      this.name === next.name &&
      this.shared === next.shared &&
      this.key === next.key &&
      sameRights(this.rights, next.rights)
    );
  }

  view(): AreaView {
    return { name: this.name, start: this.start, end: this.end, flags: rightsText(this.rights) };
  }
}

export const sameRights = (a: Rights, b: Rights): boolean =>
  a.read === b.read && a.write === b.write && a.execute === b.execute && a.user === b.user;

/** `rw-`. */
export const rightsText = (rights: Rights): string =>
  `${rights.read ? 'r' : '-'}${rights.write ? 'w' : '-'}${rights.execute ? 'x' : '-'}`;

/** What the user may read and write. */
export const USER_RW = { read: true, write: true, execute: false, user: true };
export const HEAP: AreaDescription = {
  kind: 'heap',
  name: 'heap',
  rights: USER_RW,
  backing: { kind: 'zero' },
  shared: false,
};
export const STACK: AreaDescription = { ...HEAP, kind: 'stack', name: 'stack' };
