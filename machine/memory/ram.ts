import { PAGE_SIZE, type Pa, pa, type RamOffset, ramOffset } from '../addr.ts';

/** Bytes kept for each hart's state block, at the start of the machine's memory. */
export const HART_STATE_BYTES = 4096;
/** Most harts a machine can have. */
export const MAX_HARTS = 8;
/** Where guest RAM starts in the machine's memory: behind the hart state blocks, on a WebAssembly page. */
export const RAM_START = 65536;
/** The largest RAM, in bytes: a WebAssembly memory ends at 4 GiB and the rest is left for engines. */
export const MAX_RAM_BYTES = 3 * 1024 ** 3;

/** The numbers of the 4 KiB pages of `bytes` that hold anything but zeros. */
export function nonZeroPages(bytes: Uint8Array): number[] {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
  const pages: number[] = [];
  for (let word = 0; word < words.length; ) {
    if (words[word] === 0) {
      word++;
      continue;
    }
    const page = word >>> 10;
    pages.push(page);
    word = (page + 1) << 10;
  }
  return pages;
}

/**
 * The one `WebAssembly.Memory` that holds hart state and guest RAM. Its size never changes, so views never detach.
 * Every write to guest RAM goes through here, so that decoded code is dropped.
 */
export class Ram {
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly base: Pa;
  readonly size: number;
  /** One byte for each 4 KiB page of RAM: not zero where an engine holds decoded code of that page. */
  readonly holdsCode: Uint8Array;
  /** Called with the page number in RAM before a page that holds code is written. */
  onCodeWrite: (page: number) => void = () => {};

  constructor(base: bigint, size: number) {
    if (!Number.isInteger(size) || size <= 0 || size > MAX_RAM_BYTES || size % PAGE_SIZE !== 0) {
      throw new RangeError(`RAM size must be a positive multiple of ${PAGE_SIZE} up to ${MAX_RAM_BYTES}: ${size}`);
    }
    const pages = Math.ceil((RAM_START + size) / 65536);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.bytes = new Uint8Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
    this.base = pa(base);
    this.size = size;
    this.holdsCode = new Uint8Array(size / PAGE_SIZE);
  }

  /** The offset of `size` bytes at `address`, or -1 where they do not lie in RAM as a whole. */
  offset(address: bigint, size: number): RamOffset | -1 {
    const relative = address - this.base;
    if (relative < 0n || relative > BigInt(this.size - size)) return -1;
    return ramOffset(RAM_START + Number(relative));
  }

  /** The physical address of a byte of RAM. */
  address(offset: RamOffset): bigint {
    return this.base + BigInt(offset - RAM_START);
  }

  /** The number of the 4 KiB page of RAM that holds a byte, from 0 at its base. */
  page(offset: RamOffset): number {
    return (offset - RAM_START) >>> 12;
  }

  /** Must be called before `size` bytes at `offset` are written other than by this class. */
  touched(offset: number, size: number): void {
    const first = (offset - RAM_START) >>> 12;
    const last = (offset - RAM_START + size - 1) >>> 12;
    for (let page = first; page <= last; page++) if (this.holdsCode[page] !== 0) this.onCodeWrite(page);
  }

  /** Reads 1, 2, 4 or 8 bytes, little-endian, zero-extended. */
  read(offset: RamOffset, size: number): bigint {
    switch (size) {
      case 1:
        return BigInt(this.bytes[offset]);
      case 2:
        return BigInt(this.view.getUint16(offset, true));
      case 4:
        return BigInt(this.view.getUint32(offset, true));
      default:
        return this.view.getBigUint64(offset, true);
    }
  }

  /** Writes the low 1, 2, 4 or 8 bytes of `value`, little-endian. */
  write(offset: RamOffset, size: number, value: bigint): void {
    this.touched(offset, size);
    switch (size) {
      case 1:
        this.bytes[offset] = Number(value & 0xffn);
        return;
      case 2:
        this.view.setUint16(offset, Number(value & 0xffffn), true);
        return;
      case 4:
        this.view.setUint32(offset, Number(value & 0xffff_ffffn), true);
        return;
      default:
        this.view.setBigUint64(offset, value, true);
    }
  }

  /** Copies bytes into RAM. */
  writeBytes(offset: RamOffset, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.touched(offset, bytes.length);
    this.bytes.set(bytes, offset);
  }

  /** Fills `size` bytes with `value`. */
  fill(offset: RamOffset, size: number, value: number): void {
    if (size === 0) return;
    this.touched(offset, size);
    this.bytes.fill(value, offset, offset + size);
  }

  /** All zero again. Pages that are zero are not written, so that the host need not find memory for them. */
  reset(): void {
    for (const page of nonZeroPages(this.bytes.subarray(RAM_START))) {
      this.bytes.fill(0, RAM_START + page * PAGE_SIZE, RAM_START + (page + 1) * PAGE_SIZE);
    }
    this.holdsCode.fill(0);
  }
}
