import { describe, expect, it } from 'vitest';
import type { Rights } from '../../../../kernel/arch/arch.ts';
import { SV39, SV48, SV57 } from '../../../../kernel/arch/riscv/page-table.ts';

const OPTIONS = { accessed: false, dirty: false, global: false, level: 0 };
const rights = (text: string): Rights => ({
  read: text.includes('r'),
  write: text.includes('w'),
  execute: text.includes('x'),
  user: text.includes('u'),
});

describe('leaf entries (Priv. spec 12.4.1)', () => {
  it.each([
    ['r', 0x03n],
    ['rw', 0x07n],
    ['w, which cannot be said without R', 0x07n],
    ['x', 0x09n],
    ['rx', 0x0bn],
    ['rwx', 0x0fn],
    ['ru', 0x13n],
    ['wxu', 0x1fn],
    ['', 0n],
    ['u', 0n],
  ])('%s', (text, bits) => {
    const entry = SV39.leaf(0n, rights(text.split(',')[0]), OPTIONS);
    expect(entry).toBe(bits);
  });

  it.each([
    ['accessed', { ...OPTIONS, accessed: true }, 0x43n],
    ['dirty', { ...OPTIONS, dirty: true }, 0x83n],
    ['global', { ...OPTIONS, global: true }, 0x23n],
  ])('%s', (_name, options, bits) => expect(SV39.leaf(0n, rights('r'), options)).toBe(bits));

  it('the frame lies in bits 10 to 53', () => {
    expect(SV39.leaf(0xfff_ffff_ffffn, rights('r'), OPTIONS)).toBe(0x3f_ffff_ffff_fc03n);
    expect(SV39.table(0x8_0421n)).toBe(0x2010_8401n);
  });
});

describe('view', () => {
  it.each<[string, bigint, unknown]>([
    ['zero', 0n, { kind: 'absent' }],
    ['V clear, whatever else', 0xffff_ffff_ffff_fffen, { kind: 'absent' }],
    ['a pointer', 0x2010_8401n, { kind: 'table', frame: 0x8_0421n }],
    ['a pointer with G', 0x2010_8421n, { kind: 'table', frame: 0x8_0421n }],
    ['a pointer with U', 0x2010_8411n, { kind: 'reserved' }],
    ['a pointer with A', 0x2010_8441n, { kind: 'reserved' }],
    ['a pointer with D', 0x2010_8481n, { kind: 'reserved' }],
    ['W without R', 0x5n, { kind: 'reserved' }],
    ['WX without R', 0xdn, { kind: 'reserved' }],
    ['bit 54', (1n << 54n) | 3n, { kind: 'reserved' }],
    ['PBMT', (1n << 61n) | 3n, { kind: 'reserved' }],
    ['N', (1n << 63n) | 3n, { kind: 'reserved' }],
    ['a leaf', 0x2014_ccd7n, { kind: 'leaf', frame: 0x8_0533n, rights: rights('rwu'), accessed: true, dirty: true }],
    [
      'RSW is the supervisor’s own',
      0x303n,
      { kind: 'leaf', frame: 0n, rights: rights('r'), accessed: false, dirty: false },
    ],
  ])('%s', (_name, bits, expected) => expect(SV48.view(bits, 1)).toEqual(expected));

  it('is the inverse of leaf, for every set of rights', () => {
    for (let bits = 0; bits < 64; bits++) {
      const wanted = rights([...'rwxu'].filter((_, i) => bits & (1 << i)).join(''));
      const options = { accessed: (bits & 16) !== 0, dirty: (bits & 32) !== 0, global: false, level: 0 };
      const entry = SV57.leaf(0x1234n, wanted, options);
      const any = wanted.read || wanted.write || wanted.execute;
      expect(SV57.view(entry, 0)).toEqual(
        any
          ? {
              kind: 'leaf',
              frame: 0x1234n,
              rights: { ...wanted, read: wanted.read || wanted.write },
              accessed: options.accessed,
              dirty: options.dirty,
            }
          : { kind: 'absent' },
      );
    }
  });
});

it('touched sets A, and D for a write', () => {
  expect([SV39.touched(0x7n, false), SV39.touched(0x7n, true)]).toEqual([0x47n, 0xc7n]);
});

it('bits are printed in the manual’s order from V up', () => {
  expect([SV39.bits(0x2014_ccd7n), SV39.bits(0xffn), SV39.bits(0n)]).toEqual(['V R W U A D', 'V R W X U G A D', '']);
});

it('levels', () => {
  expect([SV39, SV48, SV57].map(({ mode, levels, indexBits }) => [mode, levels, indexBits])).toEqual([
    ['sv39', 3, 9],
    ['sv48', 4, 9],
    ['sv57', 5, 9],
  ]);
});
