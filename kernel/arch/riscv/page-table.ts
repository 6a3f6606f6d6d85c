import type { EntryView, PageTableFormat, Rights } from '../arch.ts';

// Page-table entry of Sv39, Sv48 and Sv57 (Priv. spec 12.4.1). Constants of the kernel's own: a bit wrong in the machine
// and here alike would be invisible.
const V = 1n << 0n;
const R = 1n << 1n;
const W = 1n << 2n;
const X = 1n << 3n;
const U = 1n << 4n;
const G = 1n << 5n;
const A = 1n << 6n;
const D = 1n << 7n;
const PPN_SHIFT = 10n;
const PPN_MASK = (1n << 44n) - 1n;
/** N (Svnapot), PBMT and the reserved bits, none of which this kernel writes. */
const HIGH = ~0n << 54n;

function leaf(
  frame: bigint,
  rights: Rights,
  options: { accessed: boolean; dirty: boolean; global: boolean; level: number },
): bigint {
  // An entry without R, W and X would be a pointer to a table, so a page without rights has no entry.
  if (!rights.read && !rights.write && !rights.execute) return 0n;
  let entry = (frame << PPN_SHIFT) | V;
  // W without R is reserved: a page that may be written may be read.
  if (rights.read || rights.write) entry |= R;
  if (rights.write) entry |= W;
  if (rights.execute) entry |= X;
  if (rights.user) entry |= U;
  if (options.global) entry |= G;
  if (options.accessed) entry |= A;
  if (options.dirty) entry |= D;
  return entry;
}

function view(entry: bigint): EntryView {
  if ((entry & V) === 0n) return { kind: 'absent' };
  const frame = (entry >> PPN_SHIFT) & PPN_MASK;
  if ((BigInt.asUintN(64, HIGH) & entry) !== 0n) return { kind: 'reserved' };
  // Priv. spec 12.4.1: in a pointer to a table D, A and U are reserved.
  if ((entry & (R | W | X)) === 0n)
    return (entry & (U | A | D)) === 0n ? { kind: 'table', frame } : { kind: 'reserved' };
  if ((entry & (R | W)) === W) return { kind: 'reserved' };
  return {
    kind: 'leaf',
    frame,
    rights: {
      read: (entry & R) !== 0n,
      write: (entry & W) !== 0n,
      execute: (entry & X) !== 0n,
      user: (entry & U) !== 0n,
    },
    accessed: (entry & A) !== 0n,
    dirty: (entry & D) !== 0n,
  };
}

const LETTERS: readonly (readonly [bigint, string])[] = [
  [V, 'V'],
  [R, 'R'],
  [W, 'W'],
  [X, 'X'],
  [U, 'U'],
  [G, 'G'],
  [A, 'A'],
  [D, 'D'],
];

function format(mode: string, levels: number): PageTableFormat {
  return {
    mode,
    levels,
    indexBits: 9,
    separateRoots: false,
    leaf,
    table: (frame) => (frame << PPN_SHIFT) | V,
    view,
    touched: (entry, write) => entry | A | (write ? D : 0n),
    bits: (entry) =>
      LETTERS.filter(([bit]) => (entry & bit) !== 0n)
        .map(([, letter]) => letter)
        .join(' '),
  };
}

/** Sv39: three levels (Priv. spec 12.4). */
export const SV39 = format('sv39', 3);
/** Sv48: four levels (Priv. spec 12.5). */
export const SV48 = format('sv48', 4);
/** Sv57: five levels (Priv. spec 12.6). */
export const SV57 = format('sv57', 5);
