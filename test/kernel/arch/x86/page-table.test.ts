import { describe, expect, it } from 'vitest';
import type { Rights } from '../../../../kernel/arch/arch.ts';
import { FIVE_LEVEL, FOUR_LEVEL } from '../../../../kernel/arch/x86/page-table.ts';

const OPTIONS = { accessed: false, dirty: false, global: false, level: 0 };
const rights = (text: string): Rights => ({
  read: text.includes('r'),
  write: text.includes('w'),
  execute: text.includes('x'),
  user: text.includes('u'),
});

// Bits as the manual numbers them: P 1, R/W 2, U/S 4, PWT 8, PCD 0x10, A 0x20, D 0x40, PS 0x80, G 0x100, key 62:59, XD 63.
describe('leaf entries (SDM vol. 3A, tables 4-16, 4-18 and 4-20)', () => {
  it.each([
    ['r: P, XD', 0x8000_0000_0000_0001n],
    ['rw', 0x8000_0000_0000_0003n],
    ['w, which cannot be said without reading', 0x8000_0000_0000_0003n],
    ['rx: XD clear', 1n],
    ['x, which can be read as well', 1n],
    ['ru: U/S', 0x8000_0000_0000_0005n],
    ['rxu', 5n],
    ['rwxu', 7n],
    ['', 0n],
    ['u', 0n],
  ])('%s', (text, bits) => {
    expect(FOUR_LEVEL.leaf(0n, rights(text.split(/[:,]/)[0]), OPTIONS)).toBe(bits);
  });

  it.each([
    ['accessed is A', 'r', { ...OPTIONS, accessed: true }, 0x8000_0000_0000_0021n],
    ['dirty is D', 'rw', { ...OPTIONS, dirty: true }, 0x8000_0000_0000_0043n],
    ['written once, read-only now', 'r', { ...OPTIONS, dirty: true }, 0x8000_0000_0000_0041n],
    ['global is G', 'r', { ...OPTIONS, global: true }, 0x8000_0000_0000_0101n],
    ['a large page is PS', 'r', { ...OPTIONS, level: 1 }, 0x8000_0000_0000_0081n],
    ['a device is uncacheable', 'r', { ...OPTIONS, device: true }, 0x8000_0000_0000_0019n],
    ['a protection key', 'ru', { ...OPTIONS, key: 15 }, 0xf800_0000_0000_0005n],
  ])('%s', (_name, text, options, bits) => expect(FOUR_LEVEL.leaf(0n, rights(text), options)).toBe(bits));

  it('the frame lies from bit 12 on; tables restrict nothing', () => {
    expect(FOUR_LEVEL.leaf(0xfff_ffffn, rights('r'), OPTIONS)).toBe(0x8000_00ff_ffff_f001n);
    expect(FOUR_LEVEL.table(0x4_0421n)).toBe(0x4042_1027n);
  });

  it.each([3, 4])('no page lies at level %i', (level) => {
    expect(() => FIVE_LEVEL.leaf(0n, rights('r'), { ...OPTIONS, level })).toThrow('512 GiB');
  });
});

describe('view', () => {
  const leaf = (frame: bigint, text: string, accessed: boolean, dirty: boolean, key?: number) => ({
    kind: 'leaf',
    frame,
    rights: rights(text),
    accessed,
    dirty,
    ...(key === undefined ? {} : { key }),
  });
  it.each<[string, bigint, number, unknown]>([
    ['zero', 0n, 0, { kind: 'absent' }],
    ['P clear, whatever else', 0xffff_ffff_ffff_fffen, 1, { kind: 'absent' }],
    ['a table', 0x4042_1027n, 1, { kind: 'table', frame: 0x4_0421n }],
    ['a table nobody has walked', 0x4042_1007n, 4, { kind: 'table', frame: 0x4_0421n }],
    ['the same bits at the last level: a page', 0x4042_1027n, 0, leaf(0x4_0421n, 'rwxu', true, false)],
    ['a table with XD', 0x8000_0000_4042_1027n, 3, { kind: 'reserved' }],
    ['a large page', 0x8000_0000_4020_0081n, 1, leaf(0x4_0200n, 'r', false, false)],
    ['a large page whose frame is not one', 0x8000_0000_4021_0081n, 1, { kind: 'reserved' }],
    ['a page of 1 GiB', 0x4000_0081n, 2, leaf(0x4_0000n, 'rx', false, false)],
    ['PS where no page lies: PML4', 0x4000_0081n, 3, { kind: 'reserved' }],
    ['PS where no page lies: PML5', 0x4000_0081n, 4, { kind: 'reserved' }],
    ['bit 7 of the last level is the PAT’s', 0x4042_1081n, 0, { kind: 'reserved' }],
    ['PAT of a large page', 0x4020_1081n, 1, { kind: 'reserved' }],
    ['above the physical address', 0x0008_0000_4042_1001n, 0, { kind: 'reserved' }],
    ['an ignored bit', 0x4042_1201n, 0, { kind: 'reserved' }],
    ['key 5 of a user’s page', 0x2800_0000_4042_1005n, 0, leaf(0x4_0421n, 'rxu', false, false, 5)],
    ['A and D', 0x8000_0000_4042_1067n, 0, leaf(0x4_0421n, 'rwu', true, true)],
  ])('%s', (_name, bits, level, expected) => expect(FOUR_LEVEL.view(bits, level)).toEqual(expected));

  it('is the inverse of leaf, for every set of rights', () => {
    for (let bits = 0; bits < 128; bits++) {
      const wanted = rights([...'rwxu'].filter((_, i) => bits & (1 << i)).join(''));
      const options = { accessed: (bits & 16) !== 0, dirty: (bits & 32) !== 0, global: false, key: bits >> 6 };
      for (const level of [0, 1, 2]) {
        const entry = FIVE_LEVEL.leaf(0x4_0000n, wanted, { ...options, level });
        const any = wanted.read || wanted.write || wanted.execute;
        const { accessed, dirty, key } = options;
        const read = { ...wanted, read: true };
        const present = {
          kind: 'leaf',
          frame: 0x4_0000n,
          rights: read,
          accessed,
          dirty,
          ...(key === 0 ? {} : { key }),
        };
        expect(FIVE_LEVEL.view(entry, level)).toEqual(any ? present : { kind: 'absent' });
      }
    }
  });
});

it('touched sets A, and for a write D', () => {
  expect([FOUR_LEVEL.touched(7n, false), FOUR_LEVEL.touched(7n, true)]).toEqual([0x27n, 0x67n]);
});

it('bits are printed by the manual’s names from bit 0 up', () => {
  expect([
    FOUR_LEVEL.bits(0x8000_0000_0000_0167n),
    FOUR_LEVEL.bits(0x0800_0000_0000_0005n),
    FOUR_LEVEL.bits(0n),
  ]).toEqual(['P RW US A D G NX', 'P US PK1', '']);
});

it('levels', () => {
  expect([FOUR_LEVEL, FIVE_LEVEL].map(({ mode, levels, indexBits }) => [mode, levels, indexBits])).toEqual([
    ['4-level', 4, 9],
    ['5-level', 5, 9],
  ]);
});
