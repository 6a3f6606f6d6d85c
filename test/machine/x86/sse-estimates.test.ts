import { describe, expect, it } from 'vitest';
import { SLOTS } from '../../../machine/x86/registers.ts';
import { Rig } from './rig.ts';

const bits = new Uint32Array(1);
const single = new Float32Array(bits.buffer);
const XMM0 = SLOTS.get('xmm0').offset >>> 2;
const XMM1 = SLOTS.get('xmm1').offset >>> 2;

/** RCPSS or RSQRTSS XMM0, XMM1 of a pattern, with every exception unmasked: its pattern. */
function estimate(opcode: '52' | '53', x: number): number {
  const rig = new Rig();
  rig.set({ mxcsr: 0n });
  rig.hart.i32[XMM1] = x;
  rig.run(`f3 0f ${opcode} c1`);
  expect(rig.vector).toBe(-1);
  expect(rig.get('mxcsr')).toBe(0n);
  return rig.hart.i32[XMM0] >>> 0;
}
const RCP = '53';
const RSQRT = '52';

describe('SDM vol. 2B, RCPSS and RSQRTSS: estimates raise nothing', () => {
  it.each<[string, '52' | '53', number, number]>([
    ['RCP of a subnormal: of a zero', RCP, 0x807f_ffff, 0xff80_0000],
    ['RCP of ∞', RCP, 0xff80_0000, 0x8000_0000],
    ['RCP of the largest number: what would be subnormal is 0', RCP, 0x7f7f_ffff, 0],
    ['RCP of a signalling NaN', RCP, 0xff80_0001, 0xffc0_0001],
    ['RSQRT of a negative subnormal', RSQRT, 0x8000_0001, 0xff80_0000],
    ['RSQRT of −0', RSQRT, 0x8000_0000, 0xff80_0000],
    ['RSQRT of −1', RSQRT, 0xbf80_0000, 0xffc0_0000],
    ['RSQRT of ∞', RSQRT, 0x7f80_0000, 0],
  ])('%s', (_, opcode, x, result) => {
    expect(estimate(opcode, x).toString(16)).toBe(result.toString(16));
  });

  it('have a relative error of at most 1.5 × 2^−12', () => {
    for (const x of [1, 1.9999, 3, 0.1, 2 ** -120, 2 ** 100, 12345.678]) {
      single[0] = x;
      const pattern = bits[0];
      const exact = single[0];
      bits[0] = estimate(RCP, pattern);
      expect(Math.abs(single[0] * exact - 1)).toBeLessThanOrEqual(1.5 * 2 ** -12);
      bits[0] = estimate(RSQRT, pattern);
      expect(Math.abs(single[0] * Math.sqrt(exact) - 1)).toBeLessThanOrEqual(1.5 * 2 ** -12);
    }
  });
});
