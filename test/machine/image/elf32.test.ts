import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ElfError, parseElf } from '../../../machine/index.ts';
import { elf32, setField32 } from './elf32-builder.ts';

function message(file: Uint8Array, pageSize: number): string {
  try {
    parseElf(file, pageSize);
    return 'accepted';
  } catch (error) {
    if (error instanceof ElfError) return error.message;
    throw error;
  }
}

const damaged = (field: Parameters<typeof setField32>[1], value: number) => {
  const file = elf32([{}]);
  setField32(file, field, value);
  return file;
};

describe('an ELF file of 32 bits', () => {
  it.each([
    ['to be mapped', elf32([{}]), 4096, 'a 32-bit ELF file'],
    ['to be copied', elf32([{}]), 1, 'accepted'],
    ['cut in its header', elf32([{}]).subarray(0, 51), 1, 'truncated: the ELF header is 52 bytes, the file 51'],
    ['big-endian', damaged('data', 2), 1, 'a big-endian ELF file'],
    ['with program headers of 56 bytes', damaged('phentsize', 56), 1, 'program headers of 56 bytes, not 32'],
    ['with section headers of 64 bytes', damaged('shnum', 1), 1, 'section headers of 64 bytes, not 40'],
    [
      'with a segment behind its end',
      elf32([{ filesz: 0x2001, memsz: 0x2001 }]),
      1,
      "truncated: program header 0: its segment ends at 0x3001, past the file's end at 0x3000",
    ],
    [
      'less memory than file',
      elf32([{ memsz: 1 }]),
      1,
      'program header 0: 0x100 bytes in the file, but only 0x1 in memory',
    ],
  ])('%s', (_, file, pageSize, expected) => {
    expect(message(file, pageSize)).toBe(expected);
  });

  it('says the same as one of 64 bits would', () => {
    const file = elf32([
      { vaddr: 0xffff_0000, paddr: 0x10_0000, filesz: 0x80, memsz: 0x90, flags: 6 },
      { vaddr: 0x20_0000, offset: 0x2000, flags: 5 },
    ]);
    const { segments, ...rest } = parseElf(file, 1);
    expect(rest).toMatchObject({ bits: 32, type: 'executable', machine: 3, entry: 0x10_0000n, file });
    expect(segments).toMatchObject([
      { vaddr: 0xffff_0000n, paddr: 0x10_0000n, fileSize: 0x80, memorySize: 0x90, write: true, execute: false },
      { vaddr: 0x20_0000n, paddr: 0x20_0000n, offset: 0x2000, execute: true, write: false },
    ]);
    expect(parseElf(file, 1).programHeaders).toMatchObject({ entrySize: 32, count: 2 });
  });

  it('with random bytes in its headers is read or refused in one line', () => {
    const file = elf32([{}, {}]);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(115), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = file.slice();
        for (const [at, value] of changes) if (at !== 4) changed[at] = value;
        expect(message(changed, 1)).not.toContain('\n');
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});
