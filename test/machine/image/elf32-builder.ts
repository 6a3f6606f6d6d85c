/** A program header of 32 bits as tests write it; what is left out is an ordinary load segment. */
export interface Header32 {
  readonly type?: number;
  readonly flags?: number;
  readonly offset?: number;
  readonly vaddr?: number;
  readonly paddr?: number;
  readonly filesz?: number;
  readonly memsz?: number;
}

/** File-header fields by their offset and width. */
const FIELDS = {
  data: [5, 1],
  type: [16, 2],
  machine: [18, 2],
  version: [20, 4],
  entry: [24, 4],
  phoff: [28, 4],
  shoff: [32, 4],
  phentsize: [42, 2],
  phnum: [44, 2],
  shentsize: [46, 2],
  shnum: [48, 2],
} as const;

export function setField32(file: Uint8Array, field: keyof typeof FIELDS, value: number): void {
  const [offset, width] = FIELDS[field];
  for (let i = 0; i < width; i++) file[offset + i] = (value >>> (8 * i)) & 0xff;
}

/** A little ELF file of 32 bits for EM_386, written field by field from the gABI; 0x90 behind its headers. */
export function elf32(headers: readonly Header32[], size = 0x3000): Uint8Array {
  const file = new Uint8Array(size).fill(0x90);
  file.fill(0, 0, 52 + 32 * headers.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  const fields = {
    type: 2,
    machine: 3,
    version: 1,
    entry: 0x10_0000,
    phoff: 52,
    shoff: 0x2000,
    shentsize: 64,
  } as const;
  for (const [field, value] of Object.entries(fields)) setField32(file, field as keyof typeof fields, value);
  setField32(file, 'phentsize', 32);
  setField32(file, 'phnum', headers.length);
  const view = new DataView(file.buffer);
  headers.forEach((header, i) => {
    const vaddr = header.vaddr ?? 0x10_0000 + 0x1_0000 * i;
    const filesz = header.filesz ?? 0x100;
    const words = [
      header.type ?? 1,
      header.offset ?? 0x1000,
      vaddr,
      header.paddr ?? vaddr,
      filesz,
      header.memsz ?? filesz,
      header.flags ?? 5,
      0x1000,
    ];
    words.forEach((word, j) => {
      view.setUint32(52 + 32 * i + 4 * j, word, true);
    });
  });
  return file;
}
