import { describe, expect, it } from 'vitest';
import { VA39, VA48 } from '../../../../kernel/arch/aarch64/page-table.ts';
import type { Rights } from '../../../../kernel/arch/arch.ts';

const OPTIONS = { accessed: false, dirty: false, global: false, level: 0 };
const rights = (text: string): Rights => ({
  read: text.includes('r'),
  write: text.includes('w'),
  execute: text.includes('x'),
  user: text.includes('u'),
});

// Bits as the manual numbers them: page 0x3, AP[1] 0x40, AP[2] 0x80, SH inner 0x300, AF 0x400, nG 0x800,
// DBM 1 << 51, PXN 1 << 53, UXN 1 << 54.
describe('leaf descriptors (Arm ARM D8.3, VMSAv8-64 page and block descriptors)', () => {
  it.each([
    ['r: AP 10, PXN, UXN', 0x0060_0000_0000_0b83n],
    ['rw, not written yet: read-only with DBM', 0x0068_0000_0000_0b83n],
    ['w, which cannot be said without reading', 0x0068_0000_0000_0b83n],
    ['rx: executable at EL1 alone', 0x0040_0000_0000_0b83n],
    ['ru: AP 11', 0x0060_0000_0000_0bc3n],
    ['rxu: executable at EL0 alone', 0x0020_0000_0000_0bc3n],
    ['xu: readable as well, or PAN would not keep the kernel out', 0x0020_0000_0000_0bc3n],
    ['rwxu', 0x0028_0000_0000_0bc3n],
    ['', 0n],
    ['u', 0n],
  ])('%s', (text, bits) => {
    expect(VA48.leaf(0n, rights(text.split(/[:,]/)[0]), OPTIONS)).toBe(bits);
  });

  it.each([
    ['accessed is AF', 'r', { ...OPTIONS, accessed: true }, 0x0060_0000_0000_0f83n],
    ['written is AP[2] clear', 'rw', { ...OPTIONS, dirty: true }, 0x0068_0000_0000_0b03n],
    ['written once, read-only now: a bit of software’s', 'r', { ...OPTIONS, dirty: true }, 0x00e0_0000_0000_0b83n],
    ['global is nG clear', 'r', { ...OPTIONS, global: true }, 0x0060_0000_0000_0383n],
    ['a block has bit 1 clear', 'r', { ...OPTIONS, level: 1 }, 0x0060_0000_0000_0b81n],
    ['a device is attribute 1', 'r', { ...OPTIONS, device: true }, 0x0060_0000_0000_0b87n],
  ])('%s', (_name, text, options, bits) => expect(VA48.leaf(0n, rights(text), options)).toBe(bits));

  it('the frame lies in bits 12 to 47', () => {
    expect(VA48.leaf(0xf_ffff_ffffn, rights('r'), OPTIONS)).toBe(0x0060_ffff_ffff_fb83n);
    expect(VA48.table(0x4_0421n)).toBe(0x4042_1003n);
  });

  it('no block covers what level 0 translates', () => {
    expect(() => VA48.leaf(0n, rights('r'), { ...OPTIONS, level: 3 })).toThrow('512 GiB');
  });
});

describe('view', () => {
  const leaf = (frame: bigint, text: string, accessed: boolean, dirty: boolean) => ({
    kind: 'leaf',
    frame,
    rights: rights(text),
    accessed,
    dirty,
  });
  it.each<[string, bigint, number, unknown]>([
    ['zero', 0n, 0, { kind: 'absent' }],
    ['bit 0 clear, whatever else', 0xffff_ffff_ffff_fffen, 1, { kind: 'absent' }],
    ['a table', 0x4042_1003n, 1, { kind: 'table', frame: 0x4_0421n }],
    ['the same bits at the last level: a page', 0x4042_1003n, 0, leaf(0x4_0421n, 'rwx', false, true)],
    ['a table with APTable', 0x2000_0000_4042_1003n, 1, { kind: 'reserved' }],
    ['a table with UXNTable', 0x1000_0000_4042_1003n, 2, { kind: 'reserved' }],
    ['a table with PXNTable', 0x0800_0000_4042_1003n, 2, { kind: 'reserved' }],
    ['a block at the last level', 0x4042_1001n, 0, { kind: 'reserved' }],
    ['a block at level 0 of the manual’s', 0x4042_1001n, 3, { kind: 'reserved' }],
    ['a block', 0x0060_0000_4020_0781n, 1, leaf(0x4_0200n, 'r', true, false)],
    ['the contiguous hint', 0x0010_0000_4042_1403n, 0, { kind: 'reserved' }],
    ['NS', 0x4042_1423n, 0, { kind: 'reserved' }],
    ['attributes that this kernel does not use', 0x4042_1413n, 0, { kind: 'reserved' }],
    ['writable without DBM', 0x0060_0000_4042_1743n, 0, leaf(0x4_0421n, 'rwu', true, true)],
    ['read-only with DBM: not written yet', 0x0068_0000_4042_17c3n, 0, leaf(0x4_0421n, 'rwu', true, false)],
    ['a user’s page is executable by UXN', 0x0020_0000_4042_17c3n, 0, leaf(0x4_0421n, 'rxu', true, false)],
    ['the kernel’s by PXN', 0x0040_0000_4042_1783n, 0, leaf(0x4_0421n, 'rx', true, false)],
  ])('%s', (_name, bits, level, expected) => expect(VA48.view(bits, level)).toEqual(expected));

  it('is the inverse of leaf, for every set of rights', () => {
    for (let bits = 0; bits < 64; bits++) {
      const wanted = rights([...'rwxu'].filter((_, i) => bits & (1 << i)).join(''));
      const options = { accessed: (bits & 16) !== 0, dirty: (bits & 32) !== 0, global: false };
      for (const level of [0, 1, 2]) {
        const entry = VA39.leaf(0x4_0000n, wanted, { ...options, level });
        const any = wanted.read || wanted.write || wanted.execute;
        expect(VA39.view(entry, level)).toEqual(
          any
            ? { kind: 'leaf', frame: 0x4_0000n, rights: { ...wanted, read: true }, ...pick(options) }
            : { kind: 'absent' },
        );
      }
    }
  });
});

const pick = ({ accessed, dirty }: { accessed: boolean; dirty: boolean }) => ({ accessed, dirty });

it('touched sets AF, and for a write clears AP[2] where DBM allows it', () => {
  const clean = 0x0068_0000_0000_0bc3n;
  const readOnly = 0x0060_0000_0000_0bc3n;
  expect([VA48.touched(clean, false), VA48.touched(clean, true), VA48.touched(readOnly, true)]).toEqual([
    0x0068_0000_0000_0fc3n,
    0x0068_0000_0000_0f43n,
    0x0060_0000_0000_0fc3n,
  ]);
});

it('bits are printed by the manual’s names from bit 0 up', () => {
  expect([VA48.bits(0x0068_0000_0000_0fc3n), VA48.bits(0x0020_0000_0000_07c3n), VA48.bits(0n)]).toEqual([
    'V AP1 AP2 AF nG DBM PXN UXN',
    'V AP1 AP2 AF PXN',
    '',
  ]);
});

it('levels', () => {
  expect([VA39, VA48].map(({ mode, levels, indexBits }) => [mode, levels, indexBits])).toEqual([
    ['va39', 3, 9],
    ['va48', 4, 9],
  ]);
});
