// Multiboot 0.6.96, and how a bare-metal machine starts with and without it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadBare } from '../../../machine/image/bare.ts';
import { parseElf } from '../../../machine/image/elf.ts';
import { Machine } from '../../../machine/index.ts';
import { X86_64 } from '../../../machine/x86/isa.ts';
import { SLOTS } from '../../../machine/x86/registers.ts';
import { describeWith } from '../../toolchain.ts';
import { elf, type HeaderFields, setField } from '../image/elf-builder.ts';
import { elf32, type Header32 } from '../image/elf32-builder.ts';
import { ADDRESS_HEADER, PLAIN_HEADER, withMultibootImage } from './multiboot-image.ts';

const MAGIC = 0x1bad_b002;
const MIB = 1n << 20n;

/** A machine with the image loaded, and what it prints. */
function load(file: Uint8Array, memory = 4 << 20, harts = 1): { machine: Machine; printed: number[] } {
  const printed: number[] = [];
  const console = { output: (byte: number) => void printed.push(byte), input: () => -1 };
  const machine = new Machine({ isa: X86_64, memory, harts, hardwareAd: true, console });
  loadBare(machine, parseElf(file, 1));
  return { machine, printed };
}

/** The file with words written at an offset. */
function withWords(file: Uint8Array, at: number, ...words: number[]): Uint8Array {
  const view = new DataView(file.buffer);
  words.forEach((word, i) => {
    view.setUint32(at + 4 * i, word >>> 0, true);
  });
  return file;
}

/** The file with a header of those flags at an offset, and further words behind. */
const withHeader = (file: Uint8Array, at: number, flags: number, ...words: number[]): Uint8Array =>
  withWords(file, at, MAGIC, flags, -(MAGIC + flags), ...words);

function elf64(headers: readonly HeaderFields[]): Uint8Array {
  const file = elf(headers);
  setField(file, 'machine', 62);
  setField(file, 'entry', MIB);
  return file;
}
const AT_1M: HeaderFields = { vaddr: MIB };

const get = (machine: Machine, name: string): bigint => {
  const slot = SLOTS.get(name);
  const [hart] = machine.harts;
  return slot.type === 'i32' ? BigInt(hart.get32(slot) >>> 0) : hart.get(slot);
};

/** How the first hart starts: `mode-address`, or why the image is refused. */
function start(file: Uint8Array): string {
  try {
    const { machine } = load(file);
    const mode = (get(machine, 'cr0') >> 31n) & 1n ? 'long' : 'protected';
    return `${mode} ${machine.harts[0].pc.toString(16)}`;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

describe('the header (3.1)', () => {
  it.each([
    ['none, 64 bits', elf64([AT_1M]), 'long 100000'],
    ['none, 32 bits', elf32([{}]), 'ElfError: a 32-bit ELF file without a multiboot header'],
    ['32 bits', withHeader(elf32([{}]), 0x1000, 0), 'protected 100000'],
    ['64 bits', withHeader(elf64([AT_1M]), 0x1000, 3), 'protected 100000'],
    ['at the last place', withHeader(elf64([AT_1M]), 8192 - 12, 0), 'protected 100000'],
    ['beyond it', withHeader(elf64([AT_1M]), 8192 - 8, 0), 'long 100000'],
    ['not aligned', withHeader(elf64([AT_1M]), 0x1002, 0), 'long 100000'],
    ['with another checksum', withWords(elf64([AT_1M]), 0x1000, MAGIC, 0, -MAGIC + 1), 'long 100000'],
    [
      'behind one with another checksum',
      withHeader(withWords(elf64([AT_1M]), 0x1000, MAGIC), 0x1010, 0),
      'protected 100000',
    ],
    [
      'that wants a video mode',
      withHeader(elf64([AT_1M]), 0x1000, 4),
      'ElfError: multiboot header at 0x1000 requires flags 0x4',
    ],
    ['with a flag that may be ignored', withHeader(elf64([AT_1M]), 0x1000, 1 << 17), 'protected 100000'],
    [
      'with addresses: its entry',
      withHeader(elf64([AT_1M]), 0x1000, 1 << 16, 0x20_0000, 0x20_0000, 0x20_0100, 0x20_0200, 0x20_0040),
      'protected 200040',
    ],
    [
      'with a load address behind the header',
      withHeader(elf64([AT_1M]), 0x1000, 1 << 16, 0x20_0000, 0x20_0001, 0, 0, 0),
      'ElfError: multiboot header at 0x1000: load address 0x200001 does not fit 0x200000',
    ],
    [
      'with a load address before the file',
      withHeader(elf64([AT_1M]), 0x1000, 1 << 16, 0x20_2000, 0x20_0000, 0, 0, 0),
      'ElfError: multiboot header at 0x1000: load address 0x200000 does not fit 0x202000',
    ],
    [
      'with more to load than the file has',
      withHeader(elf64([AT_1M]), 0x1000, 1 << 16, 0x20_0000, 0x20_0000, 0x20_2001, 0, 0),
      "ElfError: multiboot header at 0x1000: load end 0x202001 lies past the file's end",
    ],
    [
      'with zeros beyond RAM',
      withHeader(elf64([AT_1M]), 0x1000, 1 << 16, 0x20_0000, 0x20_0000, 0x20_0100, 0x40_0001, 0),
      'ElfError: multiboot header: 0x200000–0x400001 outside RAM',
    ],
    [
      '32 bits of another machine',
      setMachine(withHeader(elf32([{}]), 0x1000, 0), 8),
      'ElfError: built for machine 8, not x86-64',
    ],
    [
      '32 bits that claim x86-64',
      setMachine(withHeader(elf32([{}]), 0x1000, 0), 62),
      'ElfError: built for machine 62, not x86-64',
    ],
  ])('%s', (_, file, expected) => {
    expect(start(file)).toBe(expected);
  });

  it('addresses say what is loaded, and what is zero behind', () => {
    const file = withHeader(elf64([AT_1M]), 0x1000, 1 << 16, 0x20_0010, 0x20_0000, 0x20_0020, 0x20_0030, 0x20_0000);
    const { bus } = load(file).machine;
    expect([
      bus.read(0x20_0000n, 8),
      bus.read(0x20_0010n, 4),
      bus.read(0x20_0020n, 8),
      bus.read(0x20_0030n, 8),
    ]).toEqual([0x9090_9090_9090_9090n, BigInt(MAGIC), 0n, 0n]);
  });
});

function setMachine(file: Uint8Array, machine: number): Uint8Array {
  setField(file, 'machine', machine);
  return file;
}

describe('the start (3.2, 3.3)', () => {
  const headers: readonly Header32[] = [{}];

  it('registers', () => {
    const { machine } = load(withHeader(elf32(headers), 0x1000, 3));
    const names = ['rax', 'cr0', 'cr4', 'efer', 'flags', 'cpl', 'code_mode', 'cs_base', 'cs_limit', 'cs_attributes'];
    expect(names.map((name) => get(machine, name))).toEqual([
      0x2bad_b002n,
      0x11n,
      0n,
      0n,
      0n,
      0n,
      1n,
      0n,
      0xffff_ffffn,
      0xc09bn,
    ]);
    for (const segment of ['ds', 'es', 'fs', 'gs', 'ss']) {
      const parts = ['base', 'limit', 'attributes'].map((part) => get(machine, `${segment}_${part}`));
      expect(parts, segment).toEqual([0n, 0xffff_ffffn, 0xc093n]);
    }
  });

  it.each([
    [
      4,
      640n,
      3072n,
      [
        [0n, 0xa_0000n, 1n],
        [0xa_0000n, 0x6_0000n, 2n],
        [MIB, 3n * MIB, 1n],
      ],
    ],
    [
      64,
      640n,
      63n * 1024n,
      [
        [0n, 0xa_0000n, 1n],
        [0xa_0000n, 0x6_0000n, 2n],
        [MIB, 63n * MIB, 1n],
      ],
    ],
  ])('memory of %i MiB', (mib, lower, upper, map) => {
    const { machine } = load(withHeader(elf32(headers), 0x1000, 3), mib << 20);
    const info = get(machine, 'rbx');
    const word = (offset: number, size = 4) => machine.bus.read(info + BigInt(offset), size)!;
    expect([word(0), word(4), word(8), word(44)]).toEqual([0x41n, lower, upper, 72n]);
    const at = Number(word(48) - info);
    expect(
      [0, 1, 2].map((i) => [4, 12].map((field) => word(at + 24 * i + field, 8)).concat(word(at + 24 * i + 20))),
    ).toEqual(map);
    expect([0, 1, 2].map((i) => word(at + 24 * i))).toEqual([20n, 20n, 20n]);
  });

  it.each([
    ['nothing in lower memory', [{}], 0x9_f000n],
    ['a segment at its end', [{ vaddr: 0x9_ff00, filesz: 0x100 }, {}], 0x9_e000n],
    ['segments with a page between', [{ vaddr: 0x9_f000 }, { vaddr: 0x9_dff0, memsz: 0x100 }, {}], 0x9_c000n],
  ] as const)('the information avoids the image: %s', (_, segments, expected) => {
    expect(get(load(withHeader(elf32(segments), 0x1000, 3)).machine, 'rbx')).toBe(expected);
  });

  it('without room for it', () => {
    const file = withHeader(elf32([{ vaddr: 0, memsz: 0x9_f001 }]), 0x1000, 3);
    expect(start(file)).toBe('ElfError: no page of lower memory is left for the boot information');
  });
});

describe('an image of 64 bits without a header', () => {
  const { machine } = load(elf64([AT_1M]));

  it('starts in long mode with everything mapped as it is, and a stack below the tables at the end of RAM', () => {
    const names = ['cr0', 'cr3', 'cr4', 'efer', 'flags', 'cpl', 'code_mode', 'cs_attributes', 'rsp'];
    expect(names.map((name) => get(machine, name))).toEqual([
      0x8000_0033n,
      0x3f_e000n,
      0x620n,
      0x500n,
      0n,
      0n,
      0n,
      0xa09bn,
      0x3f_e000n,
    ]);
    const entry = (at: bigint) => machine.bus.read(at, 8);
    expect([entry(0x3f_e000n), entry(0x3f_e008n)]).toEqual([0x3f_f003n, 0n]);
    expect([0n, 1n, 2n, 3n, 4n].map((i) => entry(0x3f_f000n + 8n * i))).toEqual([
      0x83n,
      0x4000_0083n,
      0x8000_0083n,
      0xc000_0083n,
      0n,
    ]);
  });

  it('tables and stack avoid the image', () => {
    const file = elf64([{ vaddr: 4n * MIB - 0x100n }]);
    expect(get(load(file).machine, 'cr3')).toBe(0x3f_d000n);
    expect(start(elf64([{ vaddr: 0x1_0000n, memsz: 4n * MIB - 0x1_0000n }]))).toBe(
      'ElfError: no RAM is left for page tables and a stack',
    );
  });

  it('other harts wait', () => {
    const harts = load(elf64([AT_1M]), 4 << 20, 3).machine.harts;
    expect(harts.map(({ waiting }) => waiting)).toEqual([false, true, true]);
  });
});

/** The file with code at its entry. */
const withCode = (file: Uint8Array, code: string): Uint8Array => {
  file.set(
    code.split(' ').map((byte) => Number.parseInt(byte, 16)),
    0x1000,
  );
  return file;
};

/** MOV EAX, CRn; OR EAX, value; MOV CRn, EAX. */
const SET_PAE = '0f 20 e0 83 c8 20 0f 22 e0';
const SET_PG = '0f 20 c0 0d 00 00 00 80 0f 22 c0';
const CLEAR_PE = '0f 20 c0 24 fe 0f 22 c0';

describe('an image runs', () => {
  it('of 64 bits without a header: prints, uses its stack, passes', () => {
    const code = 'b0 41 66 ba f8 03 ee 50 58 31 c0 e6 f4';
    const { machine, printed } = load(withCode(elf64([AT_1M]), code));
    expect(machine.run(100)).toEqual({ kind: 'finished', finish: { kind: 'pass' } });
    expect(String.fromCharCode(...printed)).toBe('A');
  });

  it.each([
    ['2-level paging', SET_PG],
    ['PAE paging without long mode', `${SET_PAE} ${SET_PG}`],
    ['real-address mode', CLEAR_PE],
  ])('of 32 bits: %s stops it with one line', (what, code) => {
    const file = withHeader(withCode(elf32([{}]), code), 0x1800, 0);
    expect(load(file).machine.run(100)).toEqual({ kind: 'finished', finish: { kind: 'unsupported', what } });
  });
});

const QEMU = [
  ...'-cpu max -nic none -display none -monitor none -serial stdio'.split(' '),
  ...'-device isa-debug-exit,iobase=0xf4,iosize=4 -kernel'.split(' '),
];

describeWith(['clang-14', 'ld.lld-14', 'qemu-system-x86_64'], 'one image, here and under qemu-system-x86_64', () => {
  it.each([
    ['as ELF lays it out', PLAIN_HEADER],
    ['as its own header says', ADDRESS_HEADER],
  ])('%s', (_, header) => {
    withMultibootImage(header, (file) => {
      const { status, stdout } = spawnSync('qemu-system-x86_64', [...QEMU, file], {
        encoding: 'latin1',
        timeout: 30_000,
        killSignal: 'SIGKILL',
      });
      const { machine, printed } = load(readFileSync(file));
      const exit = machine.run(1_000_000);
      expect(String.fromCharCode(...printed)).toBe(stdout);
      expect(stdout).not.toContain('FAILED');
      expect(stdout).toContain('ok: code of 64 bits');
      expect(exit).toEqual({ kind: 'finished', finish: { kind: 'fail', code: 85n, status } });
      expect(status).toBe(85);
    });
  });
});
