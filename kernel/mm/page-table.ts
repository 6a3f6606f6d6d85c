import { LinuxError } from '../abi/errno.ts';
import type { EntryView, PageTableFormat } from '../arch/arch.ts';
import type { Memory } from './memory.ts';

/** Entries of one table: 4 KiB of 8-byte entries on all targets. */
export const TABLE_ENTRIES = 512;

/** The entry at which a lookup ended: a leaf, or what stands where there is none. */
export interface Entry {
  /** Its physical address. */
  readonly address: bigint;
  readonly bits: bigint;
  readonly view: EntryView;
  /** 0: the level of 4 KiB pages. */
  readonly level: number;
}

/** Bit number of the first virtual-address bit that a level's index takes. */
export const levelShift = (format: PageTableFormat, level: number): bigint => BigInt(12 + level * format.indexBits);

/** Which entry of a level's table an address selects. */
export const indexOf = (format: PageTableFormat, address: bigint, level: number): number =>
  Number((address >> levelShift(format, level)) & BigInt(TABLE_ENTRIES - 1));

/** Whether the bits above those that the scheme translates repeat the highest of them or, with two roots, each other. */
export function canonical(format: PageTableFormat, address: bigint): boolean {
  const bits = 12 + format.levels * format.indexBits + (format.separateRoots ? 1 : 0);
  return BigInt.asUintN(64, BigInt.asIntN(bits, address)) === address;
}

/** Where the entry of a table for an address lies. */
const entryAddress = (format: PageTableFormat, table: bigint, address: bigint, level: number): bigint =>
  (table << 12n) + BigInt(indexOf(format, address, level) * 8);

/**
 * Writes an entry of the given level for an address, making the tables above it. Throws ENOMEM, with the tables made so
 * far in place and nothing mapped. Returns where the entry lies and what it held.
 */
export function writeLeaf(
  memory: Memory,
  root: bigint,
  address: bigint,
  level: number,
  bits: bigint,
): { address: bigint; before: bigint } {
  const { format, physical } = memory;
  let table = root;
  for (let above = format.levels - 1; above > level; above--) {
    const at = entryAddress(format, table, address, above);
    const view = format.view(physical.readWord(at), above);
    if (view.kind === 'table') table = view.frame;
    else if (view.kind === 'absent') {
      table = memory.frames.allocate();
      physical.writeWord(at, format.table(table));
    } else throw new Error(`a page table is in the way of ${address.toString(16)}`);
  }
  const at = entryAddress(format, table, address, level);
  const before = physical.readWord(at);
  physical.writeWord(at, bits);
  return { address: at, before };
}

/** The page tables of one address space: bytes in guest RAM in the target's format. Maps 4 KiB pages; flushes nothing. */
export class PageTable {
  private readonly memory: Memory;
  /** Frame of the root table. */
  readonly root: bigint;

  /** A root with nothing but the kernel half, where it is not another root's. Throws ENOMEM. */
  constructor(memory: Memory) {
    this.memory = memory;
    this.root = memory.frames.allocate();
    memory.kernelHalf.joinTo(memory, this.root);
  }

  /** The kernel's own walk: the last entry on the way to an address; `undefined` where the address is not canonical. */
  lookup(address: bigint): Entry | undefined {
    const { format, layout, physical, kernelHalf } = this.memory;
    if (!canonical(format, address)) return undefined;
    let table = format.separateRoots && address >= layout.kernelStart ? kernelHalf.root : this.root;
    for (let level = format.levels - 1; ; level--) {
      const at = entryAddress(format, table, address, level);
      const bits = physical.readWord(at);
      const view = format.view(bits, level);
      if (view.kind !== 'table') return { address: at, bits, view, level };
      // A pointer where only leaves may stand is a reserved encoding.
      if (level === 0) return { address: at, bits, view: { kind: 'reserved' }, level };
      table = view.frame;
    }
  }

  /** Writes the entry of a 4 KiB page. Throws ENOMEM (a table was wanted), nothing mapped. Returns what stood there. */
  set(page: bigint, bits: bigint): bigint {
    const { address, before } = writeLeaf(this.memory, this.root, page, 0, bits);
    this.record(address, before, bits);
    return before;
  }

  /** Replaces an entry that `lookup` found. */
  replace(entry: Entry, bits: bigint): void {
    this.memory.physical.writeWord(entry.address, bits);
    this.record(entry.address, entry.bits, bits);
  }

  /** Makes the entry of a 4 KiB page absent. Returns what stood there. */
  clear(page: bigint): bigint {
    const entry = this.lookup(page);
    if (entry === undefined || entry.view.kind === 'absent') return 0n;
    this.replace(entry, 0n);
    return entry.bits;
  }

  /** Frees all tables but those of the kernel half; the pages must have been released. */
  free(): void {
    const { format, layout } = this.memory;
    const top = format.levels - 1;
    this.freeTable(this.root, top, format.separateRoots ? TABLE_ENTRIES : indexOf(format, layout.kernelStart, top));
  }

  private freeTable(table: bigint, level: number, entries: number): void {
    const { format, physical, frames } = this.memory;
    for (let index = 0; level > 0 && index < entries; index++) {
      const view = format.view(physical.readWord((table << 12n) + BigInt(index * 8)), level);
      if (view.kind === 'table') this.freeTable(view.frame, level - 1, TABLE_ENTRIES);
    }
    frames.release(table);
  }

  private record(address: bigint, before: bigint, after: bigint): void {
    const { changes, format } = this.memory;
    changes?.push({ kind: 'entry', address, before, after, rights: format.bits(after) });
  }
}

/** ENOMEM and nothing else: for callers that go on without memory. */
export const outOfMemory = (error: unknown): boolean => error instanceof LinuxError && error.message === 'ENOMEM';
