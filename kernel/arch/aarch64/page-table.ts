import type { EntryView, PageTableFormat, Rights } from '../arch.ts';

// Descriptors of VMSAv8-64 stage 1 with the 4 KiB granule (Arm ARM D8.3). Constants of the kernel's own: a bit wrong in
// the machine and here alike would be invisible.
const VALID = 1n << 0n;
/** Bit 1: a table, or at the last level a page; clear, a block. */
const TABLE_OR_PAGE = 1n << 1n;
const ATTR_DEVICE = 1n << 2n;
const ATTR_INDEX = 7n << 2n;
/** AP[1]: EL0 may access. */
const AP_USER = 1n << 6n;
/** AP[2]: nobody may write. */
const AP_READ_ONLY = 1n << 7n;
const SH_INNER = 3n << 8n;
const AF = 1n << 10n;
const NG = 1n << 11n;
/** Where the hardware keeps the dirty state it makes an entry writable that is read-only and has this bit. */
const DBM = 1n << 51n;
const PXN = 1n << 53n;
const UXN = 1n << 54n;
/** One of the bits that software may use: a page that was written and has lost the right. */
const SOFTWARE_DIRTY = 1n << 55n;
const FRAME_MASK = ((1n << 48n) - 1n) & ~0xfffn;
/** NS, bits 48 to 50, the contiguous hint, the other software bits and PBHA: none of which this kernel writes. */
const FOREIGN = (1n << 5n) | (7n << 48n) | (1n << 52n) | (0xffn << 56n);
/** In a table descriptor: APTable, UXNTable, PXNTable and NSTable. */
const TABLE_RIGHTS = 0x1fn << 59n;

function leaf(
  frame: bigint,
  rights: Rights,
  options: { accessed: boolean; dirty: boolean; global: boolean; level: number; device?: boolean },
): bigint {
  // An entry always lets the kernel read, so a page without rights has none.
  if (!rights.read && !rights.write && !rights.execute) return 0n;
  if (options.level > 2) throw new Error('no block covers 512 GiB');
  let entry = (frame << 12n) | VALID | SH_INNER;
  if (options.level === 0) entry |= TABLE_OR_PAGE;
  if (options.device) entry |= ATTR_DEVICE;
  if (options.accessed) entry |= AF;
  if (!options.global) entry |= NG;
  // Whatever may be executed or written may be read: PAN would not keep the kernel from an execute-only page.
  if (rights.user) entry |= AP_USER;
  // A page that may be written but was not is read-only until its first write, which DBM tells from a page that may not.
  if (rights.write) entry |= DBM;
  if (!(rights.write && options.dirty)) entry |= AP_READ_ONLY;
  if (!rights.write && options.dirty) entry |= SOFTWARE_DIRTY;
  if (!(rights.execute && rights.user)) entry |= UXN;
  if (!(rights.execute && !rights.user)) entry |= PXN;
  return entry;
}

function view(entry: bigint, level: number): EntryView {
  if ((entry & VALID) === 0n) return { kind: 'absent' };
  const frame = (entry & FRAME_MASK) >> 12n;
  const page = (entry & TABLE_OR_PAGE) !== 0n;
  if (page && level > 0) return (entry & TABLE_RIGHTS) === 0n ? { kind: 'table', frame } : { kind: 'reserved' };
  // A block at the last level, or where none may stand, is a reserved encoding.
  if ((!page && (level === 0 || level > 2)) || (entry & FOREIGN) !== 0n) return { kind: 'reserved' };
  const attribute = entry & ATTR_INDEX;
  if (attribute !== 0n && attribute !== ATTR_DEVICE) return { kind: 'reserved' };
  const readOnly = (entry & AP_READ_ONLY) !== 0n;
  const user = (entry & AP_USER) !== 0n;
  const write = !readOnly || (entry & DBM) !== 0n;
  return {
    kind: 'leaf',
    frame,
    rights: { read: true, write, execute: (entry & (user ? UXN : PXN)) === 0n, user },
    accessed: (entry & AF) !== 0n,
    dirty: !readOnly || (entry & SOFTWARE_DIRTY) !== 0n,
  };
}

/** A write makes an entry with DBM writable, which is what says that it is dirty. */
function touched(entry: bigint, write: boolean): bigint {
  const used = entry | AF;
  return write && (entry & DBM) !== 0n ? used & ~AP_READ_ONLY : used;
}

const LETTERS: readonly (readonly [bigint, string])[] = [
  [VALID, 'V'],
  [AP_USER, 'AP1'],
  [AP_READ_ONLY, 'AP2'],
  [AF, 'AF'],
  [NG, 'nG'],
  [DBM, 'DBM'],
  [PXN, 'PXN'],
  [UXN, 'UXN'],
];

function format(mode: string, levels: number): PageTableFormat {
  return {
    mode,
    levels,
    indexBits: 9,
    separateRoots: true,
    leaf,
    table: (frame) => (frame << 12n) | TABLE_OR_PAGE | VALID,
    view,
    touched,
    bits: (entry) =>
      LETTERS.filter(([bit]) => (entry & bit) !== 0n)
        .map(([, letter]) => letter)
        .join(' '),
  };
}

/** 39 bits of virtual address: tables at levels 1 to 3. */
export const VA39 = format('va39', 3);
/** 48 bits: tables at levels 0 to 3. */
export const VA48 = format('va48', 4);
