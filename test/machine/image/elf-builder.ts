/** A program header as tests write it; what is left out is an ordinary load segment. */
export interface HeaderFields {
  type?: number;
  flags?: number;
  offset?: bigint;
  vaddr?: bigint;
  paddr?: bigint;
  filesz?: bigint;
  memsz?: bigint;
  align?: bigint;
}

/** File-header fields by their offset and width, for tests that damage one. */
export const FIELDS = {
  class: [4, 1],
  data: [5, 1],
  identVersion: [6, 1],
  type: [16, 2],
  machine: [18, 2],
  version: [20, 4],
  entry: [24, 8],
  phoff: [32, 8],
  shoff: [40, 8],
  phentsize: [54, 2],
  phnum: [56, 2],
  shentsize: [58, 2],
  shnum: [60, 2],
} as const;

export function setField(file: Uint8Array, field: keyof typeof FIELDS, value: bigint | number): void {
  const [offset, width] = FIELDS[field];
  for (let i = 0; i < width; i++) file[offset + i] = Number((BigInt(value) >> BigInt(8 * i)) & 0xffn);
}

/** Offset in the file of everything behind the headers that `elf` writes. */
export const DATA = 0x1000n;

/** A little ELF file, written field by field from the gABI: headers, then `size` bytes in all, 0x90 where nothing is. */
export function elf(headers: readonly HeaderFields[], size = 0x3000): Uint8Array {
  const file = new Uint8Array(size).fill(0x90);
  const view = new DataView(file.buffer);
  file.fill(0, 0, 64 + 56 * headers.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  setField(file, 'type', 2);
  setField(file, 'machine', 243);
  setField(file, 'version', 1);
  setField(file, 'entry', 0x11000n);
  setField(file, 'phoff', 64n);
  setField(file, 'phentsize', 56);
  setField(file, 'phnum', headers.length);
  headers.forEach((header, i) => {
    const at = 64 + 56 * i;
    view.setUint32(at, header.type ?? 1, true);
    view.setUint32(at + 4, header.flags ?? 5, true);
    const vaddr = header.vaddr ?? 0x11000n + 0x10000n * BigInt(i);
    const words = [
      header.offset ?? DATA,
      vaddr,
      header.paddr ?? vaddr,
      header.filesz ?? 0x100n,
      header.memsz ?? header.filesz ?? 0x100n,
      header.align ?? 0x1000n,
    ];
    words.forEach((word, j) => {
      view.setBigUint64(at + 8 + 8 * j, word, true);
    });
  });
  return file;
}

/** Adds a symbol table, its names and three section headers at the end of a file. */
export function withSymbols(
  file: Uint8Array,
  symbols: readonly { name: string; value: bigint; size?: bigint; info?: number; index?: number }[],
): Uint8Array {
  const names = `\0${symbols.map(({ name }) => `${name}\0`).join('')}`;
  const symtab = file.length;
  const strtab = symtab + 24 * symbols.length;
  const sections = strtab + Math.ceil(names.length / 8) * 8;
  const result = new Uint8Array(sections + 64 * 3);
  result.set(file);
  const view = new DataView(result.buffer);
  let name = 1;
  symbols.forEach((symbol, i) => {
    const at = symtab + 24 * i;
    view.setUint32(at, name, true);
    view.setUint8(at + 4, symbol.info ?? 0x12);
    view.setUint16(at + 6, symbol.index ?? 1, true);
    view.setBigUint64(at + 8, symbol.value, true);
    view.setBigUint64(at + 16, symbol.size ?? 0n, true);
    name += symbol.name.length + 1;
  });
  result.set(new TextEncoder().encode(names), strtab);
  for (const [i, type, offset, size, link] of [
    [1, 2, symtab, 24 * symbols.length, 2],
    [2, 3, strtab, names.length, 0],
  ]) {
    const at = sections + 64 * i;
    view.setUint32(at + 4, type, true);
    view.setBigUint64(at + 24, BigInt(offset), true);
    view.setBigUint64(at + 32, BigInt(size), true);
    view.setUint32(at + 40, link, true);
  }
  setField(result, 'shoff', BigInt(sections));
  setField(result, 'shentsize', 64);
  setField(result, 'shnum', 3);
  return result;
}
