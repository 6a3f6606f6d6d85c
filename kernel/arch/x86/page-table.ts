import type { EntryView, PageTableFormat, Rights } from '../arch.ts';

// Entries of 4-level and 5-level paging (SDM vol. 3A, 4.5.4). Constants of the kernel's own: a bit wrong in the machine
// and here alike would be invisible.
const P = 1n << 0n;
const RW = 1n << 1n;
const US = 1n << 2n;
const PWT = 1n << 3n;
const PCD = 1n << 4n;
const A = 1n << 5n;
const D = 1n << 6n;
/** Bit 7: above the last level a leaf. */
const PS = 1n << 7n;
const G = 1n << 8n;
/** The protection key of a leaf. */
const KEY_SHIFT = 59n;
const KEY = 15n << KEY_SHIFT;
const NX = 1n << 63n;
/** As many physical-address bits as this kernel makes use of; what lies above is reserved or nobody's. */
const FRAME_MASK = ((1n << 40n) - 1n) & ~0xfffn;
/** PAT of large pages, the bits ignored and those above the physical address, none of which this kernel writes. */
const FOREIGN_LEAF = (7n << 9n) | (0x7ffffn << 40n);
/** In a pointer to a table bit 6, which is ignored, and the key, which is too, are nobody's. */
const FOREIGN_TABLE = FOREIGN_LEAF | D | G | KEY | NX;
const PAT_LARGE = 1n << 12n;

function leaf(
  frame: bigint,
  rights: Rights,
  options: { accessed: boolean; dirty: boolean; global: boolean; level: number; device?: boolean; key?: number },
): bigint {
  // A present entry always lets its owner read, so a page without rights has none.
  if (!rights.read && !rights.write && !rights.execute) return 0n;
  if (options.level > 2) throw new Error('no page has 512 GiB');
  let entry = (frame << 12n) | P | (BigInt(options.key ?? 0) << KEY_SHIFT);
  if (rights.write) entry |= RW;
  if (rights.user) entry |= US;
  if (!rights.execute) entry |= NX;
  if (options.level > 0) entry |= PS;
  if (options.global) entry |= G;
  if (options.accessed) entry |= A;
  if (options.dirty) entry |= D;
  // Entry 3 of the PAT as it is at reset: uncacheable.
  if (options.device) entry |= PCD | PWT;
  return entry;
}

function view(entry: bigint, level: number): EntryView {
  if ((entry & P) === 0n) return { kind: 'absent' };
  const frame = (entry & FRAME_MASK) >> 12n;
  if (level > 0 && (entry & PS) === 0n) {
    return (entry & FOREIGN_TABLE) === 0n ? { kind: 'table', frame } : { kind: 'reserved' };
  }
  // Bit 7 at the levels above 1 GiB is reserved, at the last it selects in the PAT.
  if (level > 2 || (level === 0 && (entry & PS) !== 0n)) return { kind: 'reserved' };
  if ((entry & FOREIGN_LEAF) !== 0n || (level > 0 && (entry & PAT_LARGE) !== 0n)) return { kind: 'reserved' };
  // Bits of the frame below a large page's size are reserved.
  if ((frame & ((1n << BigInt(9 * level)) - 1n)) !== 0n) return { kind: 'reserved' };
  const key = Number((entry & KEY) >> KEY_SHIFT);
  return {
    kind: 'leaf',
    frame,
    rights: { read: true, write: (entry & RW) !== 0n, execute: (entry & NX) === 0n, user: (entry & US) !== 0n },
    accessed: (entry & A) !== 0n,
    dirty: (entry & D) !== 0n,
    ...(key === 0 ? {} : { key }),
  };
}

const LETTERS: readonly (readonly [bigint, string])[] = [
  [P, 'P'],
  [RW, 'RW'],
  [US, 'US'],
  [A, 'A'],
  [D, 'D'],
  [G, 'G'],
  [NX, 'NX'],
];

function bits(entry: bigint): string {
  const letters = LETTERS.filter(([bit]) => (entry & bit) !== 0n).map(([, letter]) => letter);
  const key = (entry & KEY) >> KEY_SHIFT;
  return [...letters, ...(key === 0n ? [] : [`PK${key}`])].join(' ');
}

function format(mode: string, levels: number): PageTableFormat {
  return {
    mode,
    levels,
    indexBits: 9,
    separateRoots: false,
    leaf,
    // The leaves alone restrict. The walker would set A.
    table: (frame) => (frame << 12n) | A | US | RW | P,
    view,
    touched: (entry, write) => entry | A | (write ? D : 0n),
    bits,
  };
}

/** 48 bits of linear address. */
export const FOUR_LEVEL = format('4-level', 4);
/** 57 bits (CR4.LA57). */
export const FIVE_LEVEL = format('5-level', 5);
