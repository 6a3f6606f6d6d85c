import { describe, it } from 'vitest';
import { check } from './simd-cases.ts';

describe('SQADD, UQADD, SQSUB, UQSUB: cut to the range, QC cumulative', () => {
  it.each([
    '0e220c20 | sqadd v0.8b, v1.8b, v2.8b | v1=7f807e8100ff40c0 v2=01ff01ff00013fc0 => v0=7f807f8000007f80 qc',
    '0e220c20 | sqadd v0.8b, v1.8b, v2.8b | v1=7e81 v2=01ff => v0=7f80',
    '0e220c20 | sqadd v0.8b, v1.8b, v2.8b | v1=7e81 v2=01ff qc => v0=7f80 qc',
    '5ee20c20 | sqadd d0, d1, d2 | v1=1_7fffffffffffffff v2=1_0000000000000001 => v0=7fffffffffffffff qc',
    '5e220c20 | sqadd b0, b1, b2 | v1=7f80 v2=01ff => v0=80 qc',
    '5e220c20 | sqadd b0, b1, b2 | v1=7f01 v2=0101 => v0=02',
    '4ee30c63 | sqadd v3.2d, v3.2d, v3.2d | v3=4000000000000000_bfffffffffffffff => v3=7fffffffffffffff_8000000000000000 qc',
    '2e620c20 | uqadd v0.4h, v1.4h, v2.4h | v1=ffff_fffe_0001_8000 v2=0001_0001_ffff_7fff => v0=ffff_ffff_ffff_ffff qc',
    '6ee20c20 | uqadd v0.2d, v1.2d, v2.2d | v1=ffffffffffffffff_fffffffffffffffe v2=0000000000000001_0000000000000001 => v0=ffffffffffffffff_ffffffffffffffff qc',
    '4ee22c20 | sqsub v0.2d, v1.2d, v2.2d | v1=8000000000000000_0000000000000000 v2=0000000000000001_8000000000000000 => v0=8000000000000000_7fffffffffffffff qc',
    '2ea22c20 | uqsub v0.2s, v1.2s, v2.2s | v1=00000000_00000005 v2=00000001_00000005 => v0=0 qc',
    '7ea22c20 | uqsub s0, s1, s2 | v1=00000000_00000005 v2=00000001_00000005 => v0=0',
  ])('%s', check);
});

describe('SUQADD, USQADD: the other sign added to V[d]', () => {
  it.each([
    '0e203820 | suqadd v0.8b, v1.8b | v0=7f808000ff010000 v1=01ff807f01ff0000 => v0=7f7f007f007f0000 qc',
    '5ee03820 | suqadd d0, d1 | v0=8000000000000000 v1=ffffffffffffffff => v0=7fffffffffffffff',
    '5ee03820 | suqadd d0, d1 | v0=0 v1=8000000000000000 => v0=7fffffffffffffff qc',
    '2e203820 | usqadd v0.8b, v1.8b | v0=0001ff80ff000000 v1=ffff01807f7f0000 => v0=0000ff00ff7f0000 qc',
    '7ee03820 | usqadd d0, d1 | v0=8000000000000000 v1=8000000000000000 => v0=0',
    '6e203821 | usqadd v1.16b, v1.16b | v1=80_00_ff_7f => v1=00_00_fe_fe',
  ])('%s', check);
});

describe('SQABS, SQNEG: the most negative number has no counterpart; ABS and NEG keep it', () => {
  it.each([
    '4ee07820 | sqabs v0.2d, v1.2d | v1=8000000000000000_8000000000000001 => v0=7fffffffffffffff_7fffffffffffffff qc',
    '2e607820 | sqneg v0.4h, v1.4h | v1=8000_7fff_0000_ffff => v0=7fff_8001_0000_0001 qc',
    '7ea07820 | sqneg s0, s1 | v1=80000000_80000001 => v0=7fffffff',
    '0e20b820 | abs v0.8b, v1.8b | v1=80ff7f01 => v0=80017f01',
    '7ee0b820 | neg d0, d1 | v1=8000000000000000 => v0=8000000000000000',
  ])('%s', check);
});

describe('SQDMULH, SQRDMULH', () => {
  it.each([
    '0e62b420 | sqdmulh v0.4h, v1.4h, v2.4h | v1=8000_7fff_ffff_4000 v2=8000_7fff_0001_0002 => v0=7fff_7ffe_ffff_0001 qc',
    '2e62b420 | sqrdmulh v0.4h, v1.4h, v2.4h | v1=8000_7fff_ffff_4000 v2=8000_7fff_0001_0002 => v0=7fff_7ffe_0000_0001 qc',
    '4fa2d820 | sqrdmulh v0.4s, v1.4s, v2.s[3] | v1=80000000_7fffffff_00000001_ffffffff v2=80000000_11111111_22222222_33333333 => v0=7fffffff_80000001_ffffffff_00000001 qc',
    '5f72c820 | sqdmulh h0, h1, v2.h[7] | v1=4000 v2=2000_0000_0000_0000_0000_0000_0000_0000 => v0=1000',
  ])('%s', check);
});

describe('SQDMULL, SQDMLAL, SQDMLSL: the product is cut before the sum is', () => {
  it.each([
    '0ea2d020 | sqdmull v0.2d, v1.2s, v2.2s | v1=80000000_7fffffff v2=80000000_80000000 => v0=7fffffffffffffff_8000000100000000 qc',
    '5fa23820 | sqdmlal d0, s1, v2.s[3] | v0=ffffffffffffffff v1=80000000 v2=80000000_00000000_00000000_00000000 => v0=7ffffffffffffffe qc',
    '0e629020 | sqdmlal v0.4s, v1.4h, v2.4h | v0=7fffffff_00000001_00000000_80000000 v1=0001_0002_8000_0001 v2=0001_0003_8000_ffff => v0=7fffffff_0000000d_7fffffff_80000000 qc',
    '5e62b020 | sqdmlsl s0, h1, h2 | v0=80000000 v1=0001 v2=0001 => v0=80000000 qc',
    '5e62b020 | sqdmlsl s0, h1, h2 | v0=ffffffff v1=8000 v2=8000 => v0=80000000 qc',
    '4f523820 | sqdmlal2 v0.4s, v1.8h, v2.h[5] | v0=0 v1=0001_0002_0003_0004_ffff_ffff_ffff_ffff v2=0000_0000_0010_0000_0000_0000_0000_0000 => v0=00000020_00000040_00000060_00000080',
  ])('%s', check);
});

describe('SQXTN, SQXTUN, UQXTN', () => {
  it.each([
    '0e214820 | sqxtn v0.8b, v1.8h | v1=007f_0080_ff80_ff7f_7fff_8000_0000_ffff => v0=7f_7f_80_80_7f_80_00_ff qc',
    '2e212820 | sqxtun v0.8b, v1.8h | v1=00ff_0100_ffff_8000_0000_7fff_0001_0080 => v0=ff_ff_00_00_00_ff_01_80 qc',
    '2e214820 | uqxtn v0.8b, v1.8h | v1=00ff_0100_ffff_0000_0001_0080_8000_00fe => v0=ff_ff_ff_00_01_80_ff_fe qc',
    '4ea14820 | sqxtn2 v0.4s, v1.2d | v0=1111111111111111_2222222222222222 v1=0000000080000000_ffffffff80000000 => v0=7fffffff_80000000_2222222222222222 qc',
    '6e214821 | uqxtn2 v1.16b, v1.8h | v1=00ff_0001_0002_0003_0004_0005_0006_0007 => v1=ff_01_02_03_04_05_06_07_0004_0005_0006_0007',
    '5e214820 | sqxtn b0, h1 | v1=ffff_0080 => v0=7f qc',
    '5e214820 | sqxtn b0, h1 | v1=7fff_ff80 => v0=80',
  ])('%s', check);
});

describe('Narrowing shifts: rounding carries beyond the lane, then the result is cut', () => {
  it.each([
    '0f089c20 | sqrshrn v0.8b, v1.8h, #8 | v1=7fff_7f7f_8000_807f_ff7f_ff80_0080_007f => v0=7f_7f_80_80_ff_00_01_00 qc',
    '0f209c20 | sqrshrn v0.2s, v1.2d, #32 | v1=7fffffff7fffffff_7fffffff80000000 => v0=7fffffff_7fffffff qc',
    '7f3f9c20 | uqrshrn s0, d1, #1 | v1=ffffffffffffffff => v0=ffffffff qc',
    '7f209c20 | uqrshrn s0, d1, #32 | v1=fffffffe_80000000 => v0=ffffffff',
    '7f109c20 | uqrshrn h0, s1, #16 | v1=ffff8000 => v0=ffff qc',
    '7f108c20 | sqrshrun h0, s1, #16 | v1=ffff8000 => v0=0',
    '7f108c20 | sqrshrun h0, s1, #16 | v1=ffff7fff => v0=0 qc',
    '6f1f8420 | sqshrun2 v0.8h, v1.4s, #1 | v0=0123456789abcdef v1=00020000_0001ffff_ffffffff_00000001 => v0=ffff_ffff_0000_0000_0123456789abcdef qc',
    '0f109420 | sqshrn v0.4h, v1.4s, #16 | v1=80000000_7fffffff_ffff0000_0001ffff => v0=8000_7fff_ffff_0001',
  ])('%s', check);
});
