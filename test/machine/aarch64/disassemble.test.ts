import { describe, expect, it } from 'vitest';
import { floatText } from '../../../machine/aarch64/disassemble.ts';
import { decodeWord } from './words.ts';

const at = (word: number, pc: bigint) => decodeWord(word).text(pc);

describe('assembly text', () => {
  const cases: [number, string][] = [
    // The zero register and the stack pointer
    [0x91000fff, 'add sp, sp, #0x3'],
    [0xb1000fff, 'adds xzr, sp, #0x3'],
    [0x1100041f, 'add wsp, w0, #0x1'],
    [0x8b1f03ff, 'add xzr, xzr, xzr'],
    [0x8b22643f, 'add sp, x1, x2, lsl #1'],
    [0x8b22603f, 'add sp, x1, x2'],
    [0xeb42283f, 'subs xzr, x1, x2, lsr #10'],
    [0xab22603f, 'adds xzr, x1, x2, uxtx'],
    [0x0b224023, 'add w3, w1, w2, uxtw'],
    [0x0b2243e3, 'add w3, wsp, w2'],
    [0x8b224823, 'add x3, x1, w2, uxtw #2'],
    // Shifts: LSL #0 is left out, others are not
    [0x8b020020, 'add x0, x1, x2'],
    [0x8b420020, 'add x0, x1, x2, lsr #0'],
    [0xaac20c20, 'orr x0, x1, x2, ror #3'],
    // Immediates: hexadecimal, but for positions and shifts
    [0x91400020, 'add x0, x1, #0x0, lsl #12'],
    [0xd2a24680, 'movz x0, #0x1234, lsl #16'],
    [0x92009c20, 'and x0, x1, #0xff00ff00ff00ff'],
    [0x12089c20, 'and w0, w1, #0xff00ff00'],
    [0xd3434420, 'ubfm x0, x1, #3, #17'],
    [0x93c20c20, 'extr x0, x1, x2, #3'],
    [0xfa5f0800, 'ccmp x0, #0x1f, #0x0, eq'],
    [0x9a82e020, 'csel x0, x1, x2, al'],
    // Width by sf, or by the upper bit of a position
    [0x9ac24c20, 'crc32x w0, w1, x2'],
    [0x9ba20c20, 'umaddl x0, w1, w2, x3'],
    [0xb6400000, 'tbz x0, #40, 1000'],
    [0x36200000, 'tbz w0, #4, 1000'],
    [0xd65f03c0, 'ret'],
    [0xd65f0060, 'ret x3'],
    [0x5400000f, 'b.nv 1000'],
    // Undefined ones show their bits
    [0x00000000, '.inst 0x00000000 ; undefined'],
    [0xffffffff, '.inst 0xffffffff ; undefined'],
  ];
  it.each(cases)('%#x: %s', (word, text) => {
    expect(at(word, 0x1000n)).toBe(text);
  });

  it('shows targets as addresses, modulo 2^64', () => {
    expect(at(0x17ff_ffff, 0n)).toBe('b fffffffffffffffc');
    expect(at(0x9400_0001, ~3n & 0xffff_ffff_ffff_ffffn)).toBe('bl 0');
    expect(at(0x9000_0001, 0xffff_ffff_ffff_f678n)).toBe('adrp x1, fffffffffffff000');
    expect(at(0x10ff_ffe1, 0x678n)).toBe('adr x1, 674');
  });

  it('shows floating-point constants as C’s %.18e does (VFPExpandImm)', () => {
    expect([0x70, 0xf0, 0x00, 0x3f, 0x40, 0xff].map(floatText)).toEqual([
      '1.000000000000000000e+00',
      '-1.000000000000000000e+00',
      '2.000000000000000000e+00',
      '3.100000000000000000e+01',
      '1.250000000000000000e-01',
      '-1.937500000000000000e+00',
    ]);
  });
});
