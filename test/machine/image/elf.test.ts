import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ElfError, parseElf, SymbolTable } from '../../../machine/index.ts';
import { DATA, elf, type FIELDS, type HeaderFields, setField, withSymbols } from './elf-builder.ts';

function message(file: Uint8Array, pageSize?: number): string {
  try {
    parseElf(file, pageSize);
    return 'accepted';
  } catch (error) {
    if (error instanceof ElfError) return error.message;
    throw error;
  }
}

const damaged = (field: keyof typeof FIELDS, value: bigint | number, headers: HeaderFields[] = [{}]) => {
  const file = elf(headers);
  setField(file, field, value);
  return file;
};

const K64 = 1n << 64n;

/** Each file, and the one line that it is refused with. */
const REFUSED: readonly (readonly [string, Uint8Array, string])[] = [
  ['an empty file', new Uint8Array(0), 'not an ELF file: it is empty'],
  ['text', new TextEncoder().encode('#!/bin/sh\n'), 'not an ELF file'],
  ['the magic number cut short', Uint8Array.of(0x7f, 0x45, 0x4c), 'not an ELF file'],
  [
    'the magic number alone',
    Uint8Array.of(0x7f, 0x45, 0x4c, 0x46),
    'truncated: the ELF header is 64 bytes, the file 4',
  ],
  ['63 bytes of header', elf([{}]).subarray(0, 63), 'truncated: the ELF header is 64 bytes, the file 63'],
  ['32 bits', damaged('class', 1), 'a 32-bit ELF file'],
  ['class 3', damaged('class', 3), 'unknown ELF class 3'],
  ['big-endian', damaged('data', 2), 'a big-endian ELF file'],
  ['byte order 0', damaged('data', 0), 'unknown ELF byte order 0'],
  ['version 2 in e_ident', damaged('identVersion', 2), 'unknown ELF version'],
  ['version 0 in e_version', damaged('version', 0), 'unknown ELF version'],
  ['an object file', damaged('type', 1), 'a relocatable object file, not a program'],
  ['a core dump', damaged('type', 4), 'a core dump, not a program'],
  ['type 0xfe00', damaged('type', 0xfe00), 'ELF type 65024, not a program'],
  ['no program headers', damaged('phnum', 0), 'no program headers'],
  ['PN_XNUM program headers', damaged('phnum', 0xffff), '65535 program headers or more'],
  ['program headers of 32 bytes', damaged('phentsize', 32), 'program headers of 32 bytes, not 56'],
  ['program headers in the ELF header', damaged('phoff', 63n), 'program headers at 0x3f overlap the ELF header'],
  [
    'one program header too many for the file',
    damaged('phnum', 2, [{}]).subarray(0, 64 + 56 + 55),
    "truncated: program header 1 lies at 0x78, past the file's end at 0xaf",
  ],
  [
    'program headers behind the file',
    damaged('phoff', 0x5000n),
    "truncated: program header 0 lies at 0x5000, past the file's end at 0x3000",
  ],
  [
    'program headers at 2^64 - 8',
    damaged('phoff', K64 - 8n),
    "truncated: program header 0 lies at 0xfffffffffffffff8, past the file's end at 0x3000",
  ],
  [
    'a segment that ends one byte behind the file',
    elf([{ offset: 0x2000n, vaddr: 0x11000n, filesz: 0x1001n }]),
    "truncated: program header 0: its segment ends at 0x3001, past the file's end at 0x3000",
  ],
  [
    'a note that lies behind the file',
    elf([{}, { type: 4, offset: 0x4000n, filesz: 4n }]),
    "truncated: program header 1: its segment ends at 0x4004, past the file's end at 0x3000",
  ],
  [
    'a file range that wraps',
    elf([{ offset: K64 - 0x1000n, vaddr: 0x11000n, filesz: 0x2000n }]),
    'program header 0: offset 0xfffffffffffff000 + size 0x2000 wraps 2^64',
  ],
  [
    'an address range that wraps',
    elf([{ vaddr: K64 - 0x1000n, filesz: 0x100n, memsz: 0x1001n }]),
    'program header 0: address 0xfffffffffffff000 + size 0x1001 wraps 2^64',
  ],
  [
    'less memory than file',
    elf([{ filesz: 0x100n, memsz: 0xffn }]),
    'program header 0: 0x100 bytes in the file, but only 0xff in memory',
  ],
  [
    'more memory than an address space has',
    elf([{ memsz: 1n << 60n }]),
    'program header 0: 0x1000000000000000 bytes are more than any address space has',
  ],
  ['an alignment of 3', elf([{ align: 3n }]), 'program header 0: alignment 0x3 is not a power of two'],
  [
    'offset and address not congruent',
    elf([{ offset: 0x1008n, vaddr: 0x11000n }]),
    'program header 0: offset 0x1008 and address 0x11000 differ modulo 0x1000',
  ],
  ['only a stack header', elf([{ type: 0x6474e551, filesz: 0n }]), 'no load segments'],
  ['only an empty load segment', elf([{ filesz: 0n }]), 'no load segments'],
  [
    'load segments that overlap in one byte',
    elf([{ vaddr: 0x11000n }, { vaddr: 0x10000n, memsz: 0x1001n }]),
    'program headers 1 and 0: segments overlap at 0x11000',
  ],
  [
    'the same load segment twice',
    elf([{ vaddr: 0x11000n }, { vaddr: 0x11000n }]),
    'program headers 0 and 1: segments overlap at 0x11000',
  ],
  [
    'section headers cut off',
    withSymbols(elf([{}]), []).subarray(0, 0x3010),
    "truncated: the section headers end at 0x30c8, past the file's end at 0x3010",
  ],
  [
    'section headers of 40 bytes',
    (() => {
      const file = withSymbols(elf([{}]), []);
      setField(file, 'shentsize', 40);
      return file;
    })(),
    'section headers of 40 bytes, not 64',
  ],
  [
    'section headers over the program headers',
    (() => {
      const file = elf([{}]);
      setField(file, 'shoff', 100n);
      setField(file, 'shnum', 1);
      setField(file, 'shentsize', 64);
      return file;
    })(),
    'section headers at 0x64 overlap the program headers at 0x40',
  ],
];

/** Each file, and the page size it is accepted under. */
const ACCEPTED: readonly (readonly [string, Uint8Array, number])[] = [
  ['an ordinary file', elf([{}]), 4096],
  ['segments that touch', elf([{ vaddr: 0x11000n, memsz: 0x1000n }, { vaddr: 0x12000n }]), 4096],
  ['a segment up to the end of the file', elf([{ offset: 0x2000n, vaddr: 0x11000n, filesz: 0x1000n }]), 4096],
  ['a segment that is zeros only', elf([{}, { filesz: 0n, memsz: 0x5000n, offset: 0x99999n }]), 4096],
  ['a null header full of nonsense', elf([{}, { type: 0, offset: K64 - 1n, filesz: 99n, memsz: 0n }]), 4096],
  ['no congruence, for an image that is copied', elf([{ offset: 0x1008n, vaddr: 0x11000n }]), 1],
  ['a segment that ends at 2^64', elf([{ vaddr: K64 - 0x1000n, filesz: 0x100n, memsz: 0x1000n }]), 4096],
];

describe('gABI chapter 5, program loading', () => {
  it.each(REFUSED)('refuses %s', (_, file, expected) => {
    expect(message(file)).toBe(expected);
  });

  it.each(ACCEPTED)('accepts %s', (_, file, pageSize) => {
    expect(message(file, pageSize)).toBe('accepted');
  });

  it('says what each segment asks for', () => {
    const file = elf([
      { flags: 5, filesz: 0x80n, memsz: 0x90n },
      { type: 7, flags: 4, offset: DATA + 8n, vaddr: 0x30008n, filesz: 4n, memsz: 12n, align: 8n },
      { type: 0x6474e551, flags: 6, filesz: 0n, memsz: 0n, offset: 0n },
      { type: 0x70000003, flags: 4, filesz: 2n, memsz: 0n },
    ]);
    const { segments, ...rest } = parseElf(file);
    expect(segments.map(({ kind, read, write, execute }) => [kind, read, write, execute])).toEqual([
      ['load', true, false, true],
      ['tls', true, false, false],
      ['gnu-stack', true, true, false],
      [0x70000003, true, false, false],
    ]);
    expect(segments[0]).toMatchObject({ offset: 0x1000, vaddr: 0x11000n, fileSize: 0x80, memorySize: 0x90 });
    expect(segments[0].bytes).toEqual(new Uint8Array(0x80).fill(0x90));
    expect(segments[1]).toMatchObject({ index: 1, offset: 0x1008, vaddr: 0x30008n, memorySize: 12, align: 8n });
    expect(rest).toMatchObject({ type: 'executable', machine: 243, entry: 0x11000n, interpreter: undefined });
  });

  it('finds the program headers in the load segment that holds all of them', () => {
    const whole = parseElf(elf([{ offset: 0n, vaddr: 0x10000n, filesz: 0x78n }]));
    expect(whole.programHeaders).toEqual({ address: 0x10040n, entrySize: 56, count: 1 });
    const cut = parseElf(elf([{ offset: 0n, vaddr: 0x10000n, filesz: 0x77n }]));
    expect(cut.programHeaders.address).toBeUndefined();
  });

  it('names the interpreter and says whether libraries are needed', () => {
    const file = elf([{}, { type: 3, offset: 0x2000n, filesz: 12n }, { type: 2, offset: 0x2800n, filesz: 48n }]);
    file.set(new TextEncoder().encode('/lib/ld.so\0'), 0x2000);
    file.fill(0, 0x2800, 0x2830);
    expect(parseElf(file)).toMatchObject({ interpreter: '/lib/ld.so', needsLibraries: false });
    file[0x2810] = 1;
    expect(parseElf(file).needsLibraries, 'behind DT_NULL').toBe(false);
    file[0x2800] = 5;
    expect(parseElf(file).needsLibraries).toBe(true);
  });
});

describe('gABI chapter 4, symbol table', () => {
  const table = withSymbols(elf([{ memsz: 0x200n }]), [
    { name: '', value: 0n, index: 0, info: 0 },
    { name: 'late', value: 0x11080n, size: 0x10n },
    { name: 'early', value: 0x11000n, size: 0x20n },
    { name: 'data', value: 0x11040n, info: 0x11 },
    { name: 'label', value: 0x11090n, info: 0x10 },
    { name: 'BASE', value: 0x11000n, index: 0xfff1, info: 0x10 },
    { name: 'SIZE', value: 0x11110n, index: 0xfff1, info: 0x10 },
    { name: 'undefined', value: 0x11010n, index: 0 },
    { name: 'tls', value: 4n, info: 0x16 },
    { name: '$xrv64', value: 0x11000n, info: 0 },
    { name: '.L1', value: 0x11004n, info: 0 },
    { name: 'a\u0007b', value: 0x11100n },
  ]);

  it('keeps functions, objects and labels, by address', () => {
    expect(parseElf(table).symbols.map(({ name, kind }) => [name, kind])).toEqual([
      ['early', 'function'],
      ['BASE', 'object'],
      ['data', 'object'],
      ['late', 'function'],
      ['label', 'other'],
      ['a?b', 'function'],
      ['SIZE', 'object'],
    ]);
  });

  it.each([
    [0x11000n, 'early'],
    [0x1101fn, 'early+1f'],
    [0x11020n, undefined],
    [0x1108fn, 'late+f'],
    [0x110ffn, 'label+6f'],
    [0x11110n, 'a?b+10'],
    [0x11200n, undefined],
    [0x10fffn, undefined],
  ])('names %x', (address, expected) => {
    expect(new SymbolTable(parseElf(table)).name(address)).toBe(expected);
  });
});

describe('no file makes the parser throw anything but ElfError', () => {
  const only = (file: Uint8Array) => {
    for (const pageSize of [1, 4096]) expect(typeof message(file, pageSize)).toBe('string');
  };

  it('random bytes behind the magic number', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        only(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...bytes));
      }),
      { numRuns: 2000 },
    );
  });

  const word = fc.oneof(
    fc.bigInt({ min: 0n, max: 0x4000n }),
    fc.bigInt({ min: K64 - 0x4000n, max: K64 - 1n }),
    fc.constantFrom(0n, 1n, 1n << 31n, 1n << 32n, 1n << 53n, 1n << 63n),
  );

  it('program headers with edge values', () => {
    const header = fc.record({
      type: fc.constantFrom(0, 1, 1, 1, 2, 3, 6, 7, 0x6474e551),
      offset: word,
      vaddr: word,
      filesz: word,
      memsz: word,
      align: word,
    });
    fc.assert(
      fc.property(fc.array(header, { maxLength: 6 }), (headers) => only(elf(headers))),
      { numRuns: 2000 },
    );
  });

  it('a file of the toolchain with some bytes changed or its end cut off', () => {
    const hello = new Uint8Array(readFileSync(new URL('../../../guest/bin/riscv64/hello', import.meta.url)));
    expect(message(hello)).toBe('accepted');
    const change = fc.tuple(fc.nat(hello.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.nat(hello.length), (changes, length) => {
        const file = hello.slice(0, length);
        for (const [at, value] of changes) if (at < length) file[at] = value;
        only(file);
      }),
      { numRuns: 2000 },
    );
  });

  it('a file cut anywhere before its end is refused', () => {
    const hello = new Uint8Array(readFileSync(new URL('../../../guest/bin/riscv64/hello', import.meta.url)));
    for (let length = 0; length < hello.length; length++) {
      expect(message(hello.subarray(0, length)), `${length} bytes`).not.toBe('accepted');
    }
  });
});
