import { ElfError, type ElfImage, type ElfSymbol, type Segment, type SegmentKind } from './image.ts';
import {
  type FileHeader,
  FORMAT_64,
  type Format,
  format32,
  type ProgramHeader,
  type SectionHeader,
} from './structures.ts';

export * from './image.ts';

const MAGIC = [0x7f, 0x45, 0x4c, 0x46];
const EI_CLASS = 4;
const EI_DATA = 5;
const EI_VERSION = 6;
const ELFCLASS32 = 1;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'a file of no type',
  1: 'a relocatable object file',
  4: 'a core dump',
};

const KINDS: Readonly<Record<number, SegmentKind>> = {
  1: 'load',
  2: 'dynamic',
  3: 'interp',
  4: 'note',
  6: 'phdr',
  7: 'tls',
  1685382481: 'gnu-stack',
};

const hex = (value: bigint | number) => `0x${value.toString(16)}`;

/**
 * Reads a little-endian ELF program. `pageSize`: file offsets and addresses of load segments must be congruent modulo
 * this, as mapping a file demands; 1 for images that are copied into place, which alone may be of 32 bits. Throws ElfError, and nothing else.
 * Sections are read for symbols only: their header table and the symbol table must lie in the file, since a file
 * without them was cut off, but a symbol whose name or kind makes no sense is merely left out.
 */
export function parseElf(bytes: Uint8Array, pageSize = 4096): ElfImage {
  const format = readFormat(bytes, pageSize === 1);
  const header = readFileHeader(bytes, format);
  const headers = readProgramHeaders(bytes, header, format);
  const segments = headers
    .map((programHeader, index) => segment(bytes, programHeader, index))
    .filter((found) => found.kind !== 0);
  checkLoads(segments, pageSize);
  const sections = readSections(bytes, header, format);
  const dynamic = segments.find((found) => found.kind === 'dynamic');
  const interp = segments.find((found) => found.kind === 'interp');
  return {
    file: bytes,
    bits: format.bits,
    type: header.e_type === 2 ? 'executable' : 'position independent',
    machine: header.e_machine,
    entry: header.e_entry,
    flags: header.e_flags,
    segments,
    symbols: readSymbols(bytes, sections, format),
    code: sections
      .filter(
        ({ sh_type, sh_flags, sh_size }) => sh_type !== SHT_NOBITS && (sh_flags & SHF_EXECINSTR) !== 0n && sh_size > 0n,
      )
      .map(({ sh_addr, sh_size }) => ({ address: sh_addr, size: sh_size })),
    programHeaders: {
      address: mappedAddress(segments, Number(header.e_phoff), headers.length * format.sizes.programHeader),
      entrySize: format.sizes.programHeader,
      count: headers.length,
    },
    interpreter: interp && text(interp.bytes, 0),
    needsLibraries: dynamic !== undefined && needsLibraries(dynamic.bytes, format),
  };
}

/** What the first bytes say of how to read the others. */
function readFormat(bytes: Uint8Array, allows32: boolean): Format {
  if (bytes.length === 0) throw new ElfError('not an ELF file: it is empty');
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw new ElfError('not an ELF file');
  const is32 = bytes.length > EI_CLASS && bytes[EI_CLASS] === ELFCLASS32;
  if (is32 && !allows32) throw new ElfError('a 32-bit ELF file');
  if (bytes.length > EI_CLASS && !is32 && bytes[EI_CLASS] !== ELFCLASS64) {
    throw new ElfError(`unknown ELF class ${bytes[EI_CLASS]}`);
  }
  if (bytes.length > EI_DATA && bytes[EI_DATA] !== ELFDATA2LSB) {
    throw new ElfError(bytes[EI_DATA] === 2 ? 'a big-endian ELF file' : `unknown ELF byte order ${bytes[EI_DATA]}`);
  }
  return is32 ? format32() : FORMAT_64;
}

function readFileHeader(bytes: Uint8Array, { sizes, fileHeader }: Format): FileHeader {
  if (bytes.length < sizes.fileHeader) {
    throw new ElfError(`truncated: the ELF header is ${sizes.fileHeader} bytes, the file ${bytes.length}`);
  }
  const header = fileHeader(bytes.subarray(0, sizes.fileHeader));
  if (bytes[EI_VERSION] !== 1 || header.e_version !== 1) throw new ElfError('unknown ELF version');
  if (header.e_type !== 2 && header.e_type !== 3) {
    throw new ElfError(`${TYPE_NAMES[header.e_type] ?? `ELF type ${header.e_type}`}, not a program`);
  }
  return header;
}

function readProgramHeaders(bytes: Uint8Array, header: FileHeader, format: Format): readonly ProgramHeader[] {
  const { sizes } = format;
  const { e_phoff, e_phnum, e_phentsize } = header;
  if (e_phnum === 0) throw new ElfError('no program headers');
  // 0xffff (PN_XNUM) says that the count is elsewhere; no program that could be loaded has so many.
  if (e_phnum === 0xffff) throw new ElfError('65535 program headers or more');
  if (e_phentsize !== sizes.programHeader) {
    throw new ElfError(`program headers of ${e_phentsize} bytes, not ${sizes.programHeader}`);
  }
  if (e_phoff < sizes.fileHeader) throw new ElfError(`program headers at ${hex(e_phoff)} overlap the ELF header`);
  const fit = (BigInt(bytes.length) - e_phoff) / BigInt(sizes.programHeader);
  if (fit < e_phnum) {
    const first = fit < 0n ? 0n : fit;
    const at = hex(e_phoff + first * BigInt(sizes.programHeader));
    throw new ElfError(`truncated: program header ${first} lies at ${at}, past the file's end at ${hex(bytes.length)}`);
  }
  const start = Number(e_phoff);
  return format.programHeaders(bytes.subarray(start, start + e_phnum * sizes.programHeader));
}

function segment(bytes: Uint8Array, header: ProgramHeader, index: number): Segment {
  const where = `program header ${index}`;
  const { p_offset, p_filesz, p_memsz, p_vaddr, p_type, p_flags } = header;
  if (p_type !== 0) {
    const end = p_offset + p_filesz;
    if (end > 1n << 64n) throw new ElfError(`${where}: offset ${hex(p_offset)} + size ${hex(p_filesz)} wraps 2^64`);
    if (end > bytes.length && p_filesz > 0n) {
      throw new ElfError(
        `truncated: ${where}: its segment ends at ${hex(end)}, past the file's end at ${hex(bytes.length)}`,
      );
    }
  }
  const kind = KINDS[p_type] ?? p_type;
  if (kind === 'load' || kind === 'tls') {
    if (p_memsz < p_filesz) {
      throw new ElfError(`${where}: ${hex(p_filesz)} bytes in the file, but only ${hex(p_memsz)} in memory`);
    }
    if (p_vaddr + p_memsz > 1n << 64n) {
      throw new ElfError(`${where}: address ${hex(p_vaddr)} + size ${hex(p_memsz)} wraps 2^64`);
    }
    if (p_memsz > Number.MAX_SAFE_INTEGER) {
      throw new ElfError(`${where}: ${hex(p_memsz)} bytes are more than any address space has`);
    }
    if ((header.p_align & (header.p_align - 1n)) !== 0n) {
      throw new ElfError(`${where}: alignment ${hex(header.p_align)} is not a power of two`);
    }
  }
  const inFile = p_type !== 0 && p_filesz > 0n;
  const offset = inFile ? Number(p_offset) : 0;
  const fileSize = inFile ? Number(p_filesz) : 0;
  return {
    kind,
    index,
    offset,
    vaddr: p_vaddr,
    paddr: header.p_paddr,
    fileSize,
    memorySize: Number(p_memsz),
    align: header.p_align,
    read: (p_flags & 4) !== 0,
    write: (p_flags & 2) !== 0,
    execute: (p_flags & 1) !== 0,
    bytes: bytes.subarray(offset, offset + fileSize),
  };
}

function checkLoads(segments: readonly Segment[], pageSize: number): void {
  const loads = segments.filter((found) => found.kind === 'load' && found.memorySize > 0);
  if (loads.length === 0) throw new ElfError('no load segments');
  for (const { index, offset, vaddr, fileSize } of loads) {
    if (fileSize > 0 && BigInt(offset % pageSize) !== vaddr % BigInt(pageSize)) {
      throw new ElfError(
        `program header ${index}: offset ${hex(offset)} and address ${hex(vaddr)} differ modulo ${hex(pageSize)}`,
      );
    }
  }
  const byAddress = [...loads].sort((a, b) => (a.vaddr < b.vaddr ? -1 : a.vaddr > b.vaddr ? 1 : a.index - b.index));
  for (let i = 1; i < byAddress.length; i++) {
    const [low, high] = [byAddress[i - 1], byAddress[i]];
    if (low.vaddr + BigInt(low.memorySize) > high.vaddr) {
      throw new ElfError(`program headers ${low.index} and ${high.index}: segments overlap at ${hex(high.vaddr)}`);
    }
  }
}

/** Where the program headers are in memory: in the load segment whose file part holds them. */
function mappedAddress(segments: readonly Segment[], offset: number, size: number): bigint | undefined {
  const holder = segments.find(
    (found) => found.kind === 'load' && found.offset <= offset && offset + size <= found.offset + found.fileSize,
  );
  return holder && holder.vaddr + BigInt(offset - holder.offset);
}

/** DT_NEEDED is 1; DT_NULL, 0, ends the table. */
function needsLibraries(bytes: Uint8Array, format: Format): boolean {
  const entries = format.dynamic(bytes);
  const end = entries.findIndex((entry) => entry.d_tag === 0n);
  return entries.slice(0, end < 0 ? undefined : end).some((entry) => entry.d_tag === 1n);
}

const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const SHF_EXECINSTR = 4n;
const SHT_DYNSYM = 11;
/** Section index of an absolute symbol. */
const SHN_ABS = 0xfff1;
const SYMBOL_KINDS: Readonly<Record<number, ElfSymbol['kind']>> = { 0: 'other', 1: 'object', 2: 'function' };

function readSections(bytes: Uint8Array, header: FileHeader, format: Format): readonly SectionHeader[] {
  const { sizes } = format;
  const { e_shoff, e_shnum, e_shentsize } = header;
  if (e_shoff === 0n || e_shnum === 0) return [];
  if (e_shentsize !== sizes.sectionHeader) {
    throw new ElfError(`section headers of ${e_shentsize} bytes, not ${sizes.sectionHeader}`);
  }
  const table = inFile(bytes, 'the section headers', e_shoff, BigInt(e_shnum * sizes.sectionHeader));
  const phoff = Number(header.e_phoff);
  const phend = phoff + header.e_phnum * sizes.programHeader;
  const shoff = Number(e_shoff);
  if (shoff < sizes.fileHeader) throw new ElfError(`section headers at ${hex(shoff)} overlap the ELF header`);
  if (shoff < phend && phoff < shoff + table.length) {
    throw new ElfError(`section headers at ${hex(shoff)} overlap the program headers at ${hex(phoff)}`);
  }
  return format.sectionHeaders(table);
}

function readSymbols(bytes: Uint8Array, sections: readonly SectionHeader[], format: Format): readonly ElfSymbol[] {
  const symtab =
    sections.find((section) => section.sh_type === SHT_SYMTAB) ??
    sections.find((section) => section.sh_type === SHT_DYNSYM);
  const strtab = symtab && sections[symtab.sh_link];
  if (!symtab || !strtab) return [];
  const entries = inFile(bytes, 'the symbol table', symtab.sh_offset, symtab.sh_size);
  const names = inFile(bytes, "the symbols' names", strtab.sh_offset, strtab.sh_size);
  const symbols: ElfSymbol[] = [];
  for (const { st_name, st_info, st_shndx, st_value, st_size } of format.symbols(entries)) {
    // What is absolute is a number, whatever it equals: it names no code.
    const kind = st_shndx === SHN_ABS ? 'object' : SYMBOL_KINDS[st_info & 0xf];
    // Index 0 is undefined; sections, files and thread-local offsets are no addresses.
    if (st_shndx === 0 || kind === undefined) continue;
    const name = text(names, st_name);
    // `$x` and `$d` mark code and data for tools, `.L…` are a compiler's jump targets; they name nothing.
    if (name === '' || /^(\$[xd]|\.L)/.test(name)) continue;
    symbols.push({ name, address: st_value, size: Number(st_size), kind });
  }
  return symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
}

function inFile(bytes: Uint8Array, what: string, offset: bigint, size: bigint): Uint8Array {
  if (offset + size > bytes.length) {
    const end = hex(offset + size);
    throw new ElfError(`truncated: ${what} end at ${end}, past the file's end at ${hex(bytes.length)}`);
  }
  return bytes.subarray(Number(offset), Number(offset + size));
}

/** The zero-terminated text at an offset; bytes that are not printable ASCII become `?`, so it is safe to print. */
function text(bytes: Uint8Array, offset: number): string {
  let result = '';
  for (let i = offset; i < bytes.length && bytes[i] !== 0; i++) {
    result += bytes[i] > 0x20 && bytes[i] < 0x7f ? String.fromCharCode(bytes[i]) : '?';
  }
  return result;
}
