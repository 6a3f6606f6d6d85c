// Multiboot, version 1 (Multiboot Specification 0.6.96): what an image asks for, and what it is told.

import { ramOffset } from '../addr.ts';
import { ElfError, type ElfImage } from '../image/image.ts';
import type { Ram } from '../memory/ram.ts';
import { freePages, type Range } from './free-memory.ts';

/** The header lies in the first 8192 bytes of the file, at a multiple of 4 (3.1). */
const SEARCHED = 8192;
const HEADER_MAGIC = 0x1bad_b002;
/** What EAX holds at the entry (3.2). */
export const BOOT_MAGIC = 0x2bad_b002n;

/** Header flags: what must be understood lies in bits 15:0 — page alignment and memory, which everybody gets. */
const REQUIRED = 0xffff;
const UNDERSTOOD = 0b11;
const HAS_ADDRESSES = 1 << 16;

/** Where an image says itself how it is loaded, instead of its ELF headers (3.1.3). */
export interface LoadAddresses {
  /** Where in the file loading begins. */
  readonly offset: number;
  readonly load: number;
  /** Ends of what is in the file and of the zeros behind. */
  readonly loadEnd: number;
  readonly zeroEnd: number;
  readonly entry: bigint;
}

/** An image's header. */
export interface MultibootHeader {
  readonly addresses: LoadAddresses | undefined;
}

const hex = (value: number) => `0x${value.toString(16)}`;

/** The image's header, if it has one; an ElfError where it asks for what there is not. */
export function multibootHeader(image: ElfImage): MultibootHeader | undefined {
  const { file } = image;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = Math.min(file.length, SEARCHED);
  for (let at = 0; at + 12 <= end; at += 4) {
    const [magic, flags, checksum] = [0, 4, 8].map((field) => view.getUint32(at + field, true));
    if (magic !== HEADER_MAGIC || ((magic + flags + checksum) & 0xffff_ffff) !== 0) continue;
    const unknown = flags & REQUIRED & ~UNDERSTOOD;
    if (unknown !== 0) throw new ElfError(`multiboot header at ${hex(at)} requires flags ${hex(unknown)}`);
    return { addresses: flags & HAS_ADDRESSES ? loadAddresses(view, at) : undefined };
  }
  return undefined;
}

function loadAddresses(view: DataView, at: number): LoadAddresses {
  const where = `multiboot header at ${hex(at)}`;
  if (at + 32 > view.byteLength) throw new ElfError(`truncated: ${where}, and its addresses lie past the file's end`);
  const [header, load, loadEnd, zeroEnd, entry] = [12, 16, 20, 24, 28].map((field) => view.getUint32(at + field, true));
  const offset = at - (header - load);
  if (load > header || offset < 0)
    throw new ElfError(`${where}: load address ${hex(load)} does not fit ${hex(header)}`);
  const fileEnd = loadEnd === 0 ? load + view.byteLength - offset : loadEnd;
  if (fileEnd < load || offset + fileEnd - load > view.byteLength) {
    throw new ElfError(`${where}: load end ${hex(fileEnd)} lies past the file's end`);
  }
  return { offset, load, loadEnd: fileEnd, zeroEnd: Math.max(zeroEnd, fileEnd), entry: BigInt(entry) };
}

/** Loads an image by the addresses in its header. */
export function loadByAddresses(ram: Ram, file: Uint8Array, addresses: LoadAddresses): void {
  const { offset, load, loadEnd, zeroEnd } = addresses;
  const at = ram.offset(BigInt(load), zeroEnd - load);
  if (at < 0) throw new ElfError(`multiboot header: ${hex(load)}–${hex(zeroEnd)} outside RAM`);
  ram.writeBytes(ramOffset(at), file.subarray(offset, offset + loadEnd - load));
  ram.fill(ramOffset(at + loadEnd - load), zeroEnd - loadEnd, 0);
}

/** The boot information (3.3): flags, sizes of memory in KiB, and the memory map. */
const INFO_BYTES = 120;
const INFO_MEMORY = 1 << 0;
const INFO_MAP = 1 << 6;
const MAP_ENTRY_BYTES = 24;
const AVAILABLE = 1;
const RESERVED = 2;
/** Where a PC's lower memory ends, and its upper begins. */
const LOWER_END = 0xa_0000;
const UPPER_START = 0x10_0000;
const KIB = 1024;

/** Writes the boot information to the highest free page of lower memory; its address. */
export function writeBootInformation(ram: Ram, taken: readonly Range[]): bigint {
  const page = freePages(ram, taken, 1, LOWER_END);
  if (page === undefined) throw new ElfError('no page of lower memory is left for the boot information');
  const at = ram.offset(page, 4096);
  ram.fill(ramOffset(at), 4096, 0);
  const put = (offset: number, value: bigint | number, size = 4) =>
    ram.write(ramOffset(at + offset), size, BigInt(value));
  const lower = Math.min(ram.size, LOWER_END);
  const upper = Math.max(0, ram.size - UPPER_START);
  const map = [
    { start: 0, length: lower, type: AVAILABLE },
    { start: LOWER_END, length: Math.min(ram.size, UPPER_START) - LOWER_END, type: RESERVED },
    { start: UPPER_START, length: upper, type: AVAILABLE },
  ].filter(({ length }) => length > 0);
  put(0, INFO_MEMORY | INFO_MAP);
  put(4, Math.floor(lower / KIB));
  put(8, Math.floor(upper / KIB));
  put(44, map.length * MAP_ENTRY_BYTES);
  put(48, page + BigInt(INFO_BYTES));
  map.forEach(({ start, length, type }, i) => {
    const entry = INFO_BYTES + i * MAP_ENTRY_BYTES;
    // The size of an entry does not count itself.
    put(entry, MAP_ENTRY_BYTES - 4);
    put(entry + 4, start, 8);
    put(entry + 12, length, 8);
    put(entry + 20, type);
  });
  return page;
}
