import { Parser } from 'binary-parser';

/** Fields of the ELF header behind e_ident (gABI, "ELF Header"); all names are the specification's. */
export interface FileHeader {
  readonly e_type: number;
  readonly e_machine: number;
  readonly e_version: number;
  readonly e_entry: bigint;
  readonly e_phoff: bigint;
  readonly e_shoff: bigint;
  readonly e_flags: number;
  readonly e_ehsize: number;
  readonly e_phentsize: number;
  readonly e_phnum: number;
  readonly e_shentsize: number;
  readonly e_shnum: number;
  readonly e_shstrndx: number;
}

/** A program header (gABI, "Program Header"). */
export interface ProgramHeader {
  readonly p_type: number;
  readonly p_flags: number;
  readonly p_offset: bigint;
  readonly p_vaddr: bigint;
  readonly p_paddr: bigint;
  readonly p_filesz: bigint;
  readonly p_memsz: bigint;
  readonly p_align: bigint;
}

/** A section header (gABI, "Section Header"). */
export interface SectionHeader {
  readonly sh_name: number;
  readonly sh_type: number;
  readonly sh_flags: bigint;
  readonly sh_addr: bigint;
  readonly sh_offset: bigint;
  readonly sh_size: bigint;
  readonly sh_link: number;
  readonly sh_info: number;
  readonly sh_addralign: bigint;
  readonly sh_entsize: bigint;
}

/** A symbol-table entry (gABI, "Symbol Table"). */
export interface SymbolEntry {
  readonly st_name: number;
  readonly st_info: number;
  readonly st_other: number;
  readonly st_shndx: number;
  readonly st_value: bigint;
  readonly st_size: bigint;
}

/** An entry of the dynamic section (gABI, "Dynamic Section"). */
export interface DynamicEntry {
  readonly d_tag: bigint;
  readonly d_val: bigint;
}

const little = () => new Parser().endianess('little');

const fileHeader = little()
  .seek(16)
  .uint16('e_type')
  .uint16('e_machine')
  .uint32('e_version')
  .uint64('e_entry')
  .uint64('e_phoff')
  .uint64('e_shoff')
  .uint32('e_flags')
  .uint16('e_ehsize')
  .uint16('e_phentsize')
  .uint16('e_phnum')
  .uint16('e_shentsize')
  .uint16('e_shnum')
  .uint16('e_shstrndx');

const programHeader = little()
  .uint32('p_type')
  .uint32('p_flags')
  .uint64('p_offset')
  .uint64('p_vaddr')
  .uint64('p_paddr')
  .uint64('p_filesz')
  .uint64('p_memsz')
  .uint64('p_align');

const sectionHeader = little()
  .uint32('sh_name')
  .uint32('sh_type')
  .uint64('sh_flags')
  .uint64('sh_addr')
  .uint64('sh_offset')
  .uint64('sh_size')
  .uint32('sh_link')
  .uint32('sh_info')
  .uint64('sh_addralign')
  .uint64('sh_entsize');

const symbolEntry = little()
  .uint32('st_name')
  .uint8('st_info')
  .uint8('st_other')
  .uint16('st_shndx')
  .uint64('st_value')
  .uint64('st_size');

const dynamicEntry = little().uint64('d_tag').uint64('d_val');

const fileHeader32 = () =>
  little()
    .seek(16)
    .uint16('e_type')
    .uint16('e_machine')
    .uint32('e_version')
    .uint32('e_entry')
    .uint32('e_phoff')
    .uint32('e_shoff')
    .uint32('e_flags')
    .uint16('e_ehsize')
    .uint16('e_phentsize')
    .uint16('e_phnum')
    .uint16('e_shentsize')
    .uint16('e_shnum')
    .uint16('e_shstrndx');

const PROGRAM_WORDS = ['p_offset', 'p_vaddr', 'p_paddr', 'p_filesz', 'p_memsz', 'p_align'] as const;
const programHeader32 = () =>
  little()
    .uint32('p_type')
    .uint32('p_offset')
    .uint32('p_vaddr')
    .uint32('p_paddr')
    .uint32('p_filesz')
    .uint32('p_memsz')
    .uint32('p_flags')
    .uint32('p_align');

const SECTION_WORDS = ['sh_flags', 'sh_addr', 'sh_offset', 'sh_size', 'sh_addralign', 'sh_entsize'] as const;
const sectionHeader32 = () =>
  little()
    .uint32('sh_name')
    .uint32('sh_type')
    .uint32('sh_flags')
    .uint32('sh_addr')
    .uint32('sh_offset')
    .uint32('sh_size')
    .uint32('sh_link')
    .uint32('sh_info')
    .uint32('sh_addralign')
    .uint32('sh_entsize');

const symbolEntry32 = () =>
  little().uint32('st_name').uint32('st_value').uint32('st_size').uint8('st_info').uint8('st_other').uint16('st_shndx');

const dynamicEntry32 = () => little().uint32('d_tag').uint32('d_val');

type Parse<T> = (bytes: Uint8Array) => T;

/**
 * The function that a parser stands for. `Parser.parse` would compile the same code, but hands it the global
 * TextDecoder, which not every JavaScript host has and which numbers do not need.
 */
function compiled<T>(parser: Parser): Parse<T> {
  return new Function('buffer', parser.getCode()) as Parse<T>;
}

/** As many whole structures as the bytes hold; a rest too short for one is left alone. */
function table<T>(parser: Parser, size: number): Parse<readonly T[]> {
  const parse = compiled<T>(parser);
  return (bytes) =>
    Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => parse(bytes.subarray(i * size, (i + 1) * size)));
}

/** A structure in which fields of 32 bits are numbers. */
type Narrow<T> = { readonly [K in keyof T]: number };

/** Makes those fields bigints, as the 64-bit structure has them. */
const widen = <T>(narrow: Narrow<T>, words: readonly (keyof T)[]): T =>
  Object.fromEntries(
    Object.entries<number>(narrow).map(([name, value]) => [
      name,
      words.includes(name as keyof T) ? BigInt(value) : value,
    ]),
  ) as T;
const widened =
  <T>(parse: Parse<Narrow<T>>, words: readonly (keyof T)[]): Parse<T> =>
  (bytes) =>
    widen<T>(parse(bytes), words);
const each =
  <T>(parse: Parse<readonly Narrow<T>[]>, words: readonly (keyof T)[]): Parse<readonly T[]> =>
  (bytes) =>
    parse(bytes).map((narrow) => widen<T>(narrow, words));

/** How an ELF file's structures lie in it, which its class says. */
export interface Format {
  readonly bits: 32 | 64;
  /** Sizes of the structures, in bytes. */
  readonly sizes: {
    readonly fileHeader: number;
    readonly programHeader: number;
    readonly sectionHeader: number;
    readonly symbol: number;
    readonly dynamic: number;
  };
  /** Parses the bytes of the file header; e_ident is the caller's to check. */
  readonly fileHeader: Parse<FileHeader>;
  readonly programHeaders: Parse<readonly ProgramHeader[]>;
  readonly sectionHeaders: Parse<readonly SectionHeader[]>;
  readonly symbols: Parse<readonly SymbolEntry[]>;
  readonly dynamic: Parse<readonly DynamicEntry[]>;
}

const SIZES_64 = { fileHeader: 64, programHeader: 56, sectionHeader: 64, symbol: 24, dynamic: 16 } as const;
const SIZES_32 = { fileHeader: 52, programHeader: 32, sectionHeader: 40, symbol: 16, dynamic: 8 } as const;

export const FORMAT_64: Format = {
  bits: 64,
  sizes: SIZES_64,
  fileHeader: compiled<FileHeader>(fileHeader),
  programHeaders: table<ProgramHeader>(programHeader, SIZES_64.programHeader),
  sectionHeaders: table<SectionHeader>(sectionHeader, SIZES_64.sectionHeader),
  symbols: table<SymbolEntry>(symbolEntry, SIZES_64.symbol),
  dynamic: table<DynamicEntry>(dynamicEntry, SIZES_64.dynamic),
};

let narrow: Format | undefined;

/** The same fields in 32 bits. Made when it is first asked for: few images need it. */
export function format32(): Format {
  narrow ??= {
    bits: 32,
    sizes: SIZES_32,
    fileHeader: widened(compiled(fileHeader32()), ['e_entry', 'e_phoff', 'e_shoff']),
    programHeaders: each(table(programHeader32(), SIZES_32.programHeader), PROGRAM_WORDS),
    sectionHeaders: each(table(sectionHeader32(), SIZES_32.sectionHeader), SECTION_WORDS),
    symbols: each(table(symbolEntry32(), SIZES_32.symbol), ['st_value', 'st_size']),
    dynamic: each(table(dynamicEntry32(), SIZES_32.dynamic), ['d_tag', 'd_val']),
  };
  return narrow;
}
