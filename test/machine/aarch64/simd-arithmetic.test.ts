import { describe, it } from 'vitest';
import { check } from './simd-cases.ts';

describe('Q is 0: the upper half is cleared', () => {
  it.each([
    '0e228420 | add v0.8b, v1.8b, v2.8b | v1=ffffffffffffffff_ff00ff00ff00ff00 v2=ffffffffffffffff_0101010101010101 => v0=0001000100010001',
    '0ea01c00 | orr v0.8b, v0.8b, v0.8b | v0=1111111111111111_2222222222222222 => v0=2222222222222222',
    '7ee28c20 | cmeq d0, d1, d2 | v1=1_0000000000000005 v2=2_0000000000000005 => v0=ffffffffffffffff',
    '7ee28420 | sub d0, d1, d2 | v1=1_0000000000000000 v2=2_0000000000000001 => v0=ffffffffffffffff',
  ])('%s', check);
});

describe('Halving, with the carry that a lane has no room for', () => {
  it.each([
    '0e220420 | shadd v0.8b, v1.8b, v2.8b | v1=7f_80_80_ff_01 v2=7f_80_7f_00_02 => v0=7f_80_ff_ff_01',
    '0e221420 | srhadd v0.8b, v1.8b, v2.8b | v1=7f_80_80_ff_01 v2=7f_80_7f_00_02 => v0=7f_80_00_00_02',
    '2e220420 | uhadd v0.8b, v1.8b, v2.8b | v1=ff_ff_00_01 v2=ff_fe_01_01 => v0=ff_fe_00_01',
    '2e221420 | urhadd v0.8b, v1.8b, v2.8b | v1=ff_ff_00_01 v2=ff_fe_01_01 => v0=ff_ff_01_01',
    '0e222420 | shsub v0.8b, v1.8b, v2.8b | v1=80_7f_00_ff v2=7f_80_01_ff => v0=80_7f_ff_00',
    '2e222420 | uhsub v0.8b, v1.8b, v2.8b | v1=00_00_ff_80 v2=ff_01_00_7f => v0=80_ff_7f_00',
    '6ea21420 | urhadd v0.4s, v1.4s, v2.4s | v1=ffffffff_80000000_00000000_7fffffff v2=ffffffff_7fffffff_00000001_80000000 => v0=ffffffff_80000000_00000001_80000000',
  ])('%s', check);
});

describe('Absolute differences', () => {
  it.each([
    '0e227420 | sabd v0.8b, v1.8b, v2.8b | v1=80_7f_ff v2=7f_80_01 => v0=ff_ff_02',
    '2e227420 | uabd v0.8b, v1.8b, v2.8b | v1=80_7f_ff v2=7f_80_01 => v0=01_01_fe',
    '4ea27c20 | saba v0.4s, v1.4s, v2.4s | v0=00000001_00000000_00000000_00000000 v1=80000000_00000000_00000000_00000000 v2=7fffffff_00000000_00000000_00000000 => v0=0',
    '0e227020 | sabdl v0.8h, v1.8b, v2.8b | v1=80_7f_ff v2=7f_80_01 => v0=00ff_00ff_0002',
    '6ea25020 | uabal2 v0.2d, v1.4s, v2.4s | v0=ffffffffffffffff_0000000000000001 v1=ffffffff_00000000_0000000000000000 v2=00000000_ffffffff_0000000000000000 => v0=00000000fffffffe_0000000100000000',
  ])('%s', check);
});

describe('Products, of bytes too', () => {
  it.each([
    '4e229c20 | mul v0.16b, v1.16b, v2.16b | v1=ff_80_10_11_03 v2=ff_02_10_0f_05 => v0=01_00_00_ff_0f',
    '0e209400 | mla v0.8b, v0.8b, v0.8b | v0=03_ff_10_80 => v0=0c_00_10_80',
    '2f724820 | mls v0.4h, v1.4h, v2.h[7] | v0=0000_0001_0002_0003 v1=0001_0001_ffff_0000 v2=0005_0000_0000_0000_0000_0000_0000_0000 => v0=fffb_fffc_0007_0003',
    '4f9f8820 | mul v0.4s, v1.4s, v31.s[2] | v1=00000001_00000002_80000000_ffffffff v31=00000000_00000003_00000000_00000000 => v0=00000003_00000006_80000000_fffffffd',
    '2ea2c020 | umull v0.2d, v1.2s, v2.2s | v1=ffffffff_80000000 v2=ffffffff_80000000 => v0=fffffffe00000001_4000000000000000',
    '4ea2c020 | smull2 v0.2d, v1.4s, v2.4s | v1=80000000_ffffffff_0000000000000000 v2=80000000_00000002_0000000000000000 => v0=4000000000000000_fffffffffffffffe',
    '0e228020 | smlal v0.8h, v1.8b, v2.8b | v0=0001_ffff v1=80_ff v2=80_01 => v0=4001_fffe',
    '2fa26820 | umlsl v0.2d, v1.2s, v2.s[3] | v0=0 v1=ffffffff_00000001 v2=ffffffff_000000000000000000000000 => v0=00000001ffffffff_ffffffff00000001',
    '4f416020 | smlsl2 v0.4s, v1.8h, v1.h[0] | v0=0 v1=0001_ffff_7fff_8000_0000_0000_0000_8000 => v0=00008000_ffff8000_3fff8000_c0000000',
    '2e229c20 | pmul v0.8b, v1.8b, v2.8b | v1=ff_03_80 v2=ff_03_80 => v0=55_05_00',
    '0e22e020 | pmull v0.8h, v1.8b, v2.8b | v1=ff_03_80 v2=ff_03_80 => v0=5555_0005_4000',
    '4e20e000 | pmull2 v0.8h, v0.16b, v0.16b | v0=02_00_00_00_00_00_00_ff_ffffffffffffffff => v0=0004_0000_0000_0000_0000_0000_0000_5555',
  ])('%s', check);
});

describe('Widening sums and the upper halves of sums', () => {
  it.each([
    '0e220020 | saddl v0.8h, v1.8b, v2.8b | v1=80_7f_ff v2=80_7f_01 => v0=ff00_00fe_0000',
    '6ea20020 | uaddl2 v0.2d, v1.4s, v2.4s | v1=ffffffff_00000001_0000000000000000 v2=ffffffff_00000002_0000000000000000 => v0=00000001fffffffe_0000000000000003',
    '2e223020 | usubw v0.8h, v1.8h, v2.8b | v1=0000_0001 v2=ff_01 => v0=ff01_0000',
    '4ea23020 | ssubw2 v0.2d, v1.2d, v2.4s | v1=0000000000000000_8000000000000000 v2=ffffffff_00000001_0000000000000000 => v0=0000000000000001_7fffffffffffffff',
    '2e222020 | usubl v0.8h, v1.8b, v2.8b | v1=00_ff v2=ff_00 => v0=ff01_00ff',
    '0e224020 | addhn v0.8b, v1.8h, v2.8h | v1=7fff_ffff_00ff v2=0001_0001_0000 => v0=80_00_00',
    '2e224020 | raddhn v0.8b, v1.8h, v2.8h | v1=7f7f_ff80_007f v2=0001_0000_0000 => v0=80_00_00',
    '4ea26020 | subhn2 v0.4s, v1.2d, v2.2d | v0=123456789abcdef0 v1=0000000000000000_8000000000000000 v2=0000000000000001_0000000000000001 => v0=ffffffff_7fffffff_123456789abcdef0',
    '2ea26020 | rsubhn v0.2s, v1.2d, v2.2d | v1=0000000080000000_0000000000000000 v2=0000000000000000_0000000080000001 => v0=00000001_ffffffff',
  ])('%s', check);
});

describe('Pairs and all lanes', () => {
  it.each([
    '0e22bc20 | addp v0.8b, v1.8b, v2.8b | v1=01_02_03_04_05_06_07_08 v2=ff_ff_80_80_7f_01_00_01 => v0=fe_00_80_01_03_07_0b_0f',
    '4ee1bc00 | addp v0.2d, v0.2d, v1.2d | v0=0000000000000001_0000000000000002 v1=ffffffffffffffff_0000000000000001 => v0=0000000000000000_0000000000000003',
    '5ef1b820 | addp d0, v1.2d | v1=ffffffffffffffff_0000000000000002 => v0=1',
    '6e21a420 | umaxp v0.16b, v1.16b, v1.16b | v1=80_7f_01_00_ff_fe_00_00_00_00_00_00_00_00_00_01 => v0=80_01_ff_00_00_00_00_01_80_01_ff_00_00_00_00_01',
    '4ea2ac20 | sminp v0.4s, v1.4s, v2.4s | v1=80000000_7fffffff_00000001_ffffffff v2=00000000_00000001_00000002_fffffffe => v0=00000000_fffffffe_80000000_ffffffff',
    '0ea02820 | saddlp v0.1d, v1.2s | v1=1_80000000_80000000 => v0=ffffffff00000000',
    '6e202820 | uaddlp v0.8h, v1.16b | v1=ff_ff_80_80_01_00 => v0=01fe_0100_0001',
    '0ea06820 | sadalp v0.1d, v1.2s | v0=1_0000000000000001 v1=80000000_ffffffff => v0=ffffffff80000000',
    '2e206820 | uadalp v0.4h, v1.8b | v0=ffff_0001_0000_0000 v1=ff_ff_00_00_80_80_01_02 => v0=01fd_0001_0100_0003',
    '0e31b820 | addv b0, v1.8b | v1=ffffffffffffffff_ff_01_80_80_7f_01_00_02 => v0=82',
    '4e303820 | saddlv h0, v1.16b | v1=80808080808080808080808080808080 => v0=f800',
    '6eb03820 | uaddlv d0, v1.4s | v1=ffffffff_ffffffff_ffffffff_ffffffff => v0=3fffffffc',
    '4eb03820 | saddlv d0, v1.4s | v1=80000000_80000000_80000000_80000000 => v0=fffffffe00000000',
    '0e30a820 | smaxv b0, v1.8b | v1=7f_00000000000000_80_ff_fe_81_90_a0_b0_c0 => v0=ff',
    '6eb1a820 | uminv s0, v1.4s | v1=ffffffff_80000000_7fffffff_90000000 => v0=7fffffff',
    '4e71a820 | sminv h0, v1.8h | v1=0001_7fff_8000_ffff_0000_0000_0000_8001 => v0=8000',
  ])('%s', check);
});

describe('Comparisons', () => {
  it.each([
    '0e223420 | cmgt v0.8b, v1.8b, v2.8b | v1=80_7f_00_ff v2=7f_80_00_00 => v0=00_ff_00_00',
    '2e223420 | cmhi v0.8b, v1.8b, v2.8b | v1=80_7f_00_ff v2=7f_80_00_00 => v0=ff_00_00_ff',
    '6ee23c20 | cmhs v0.2d, v1.2d, v2.2d | v1=8000000000000000_7fffffffffffffff v2=7fffffffffffffff_8000000000000000 => v0=ffffffffffffffff_0000000000000000',
    '7ee23420 | cmhi d0, d1, d2 | v1=ffffffffffffffff v2=ffffffffffffffff => v0=0',
    '5ee23c20 | cmge d0, d1, d2 | v1=8000000000000000 v2=8000000000000000 => v0=ffffffffffffffff',
    '0e228c20 | cmtst v0.8b, v1.8b, v2.8b | v1=80_7f_ff_01 v2=80_80_01_00 => v0=ff_00_ff_00',
    '2e209820 | cmle v0.8b, v1.8b, #0 | v1=80_00_01_7f_ff_fe_02_81 => v0=ff_ff_00_00_ff_ff_00_ff',
    '5ee0a820 | cmlt d0, d1, #0 | v1=8000000000000000 => v0=ffffffffffffffff',
    '0e608820 | cmgt v0.4h, v1.4h, #0 | v1=8000_0000_0001_7fff => v0=0000_0000_ffff_ffff',
  ])('%s', check);
});

describe('Bits', () => {
  it.each([
    '0e204820 | cls v0.8b, v1.8b | v1=00_ff_80_40_c0_01_fe_7f => v0=07_07_00_00_01_06_06_00',
    '2e204820 | clz v0.8b, v1.8b | v1=00_ff_80_40_c0_01_fe_7f => v0=08_00_00_01_00_07_00_01',
    '0ea04820 | cls v0.2s, v1.2s | v1=00000000_ffff0000 => v0=0000001f_0000000f',
    '2e604820 | clz v0.4h, v1.4h | v1=0000_0001_8000_0100 => v0=0010_000f_0000_0007',
    '0e205820 | cnt v0.8b, v1.8b | v1=00_ff_80_40_c0_01_fe_7f => v0=00_08_01_01_02_01_07_07',
    '2e605820 | rbit v0.8b, v1.8b | v1=00_ff_80_40_c0_01_fe_12 => v0=00_ff_01_02_03_80_7f_48',
    '2e205820 | not v0.8b, v1.8b | v1=ffffffffffffffff_00000000ffffffff => v0=ffffffff00000000',
    '2e621c20 | bsl v0.8b, v1.8b, v2.8b | v0=f0f0 v1=aaaa v2=5555 => v0=a5a5',
    '2ea21c20 | bit v0.8b, v1.8b, v2.8b | v0=aaaa v1=5555 v2=ff00 => v0=55aa',
    '2ee21c20 | bif v0.8b, v1.8b, v2.8b | v0=aaaa v1=5555 v2=ff00 => v0=aa55',
    '0ee21c20 | orn v0.8b, v1.8b, v2.8b | v1=01 v2=ffffffffffffff00 => v0=ff',
    '4e601c00 | bic v0.16b, v0.16b, v0.16b | v0=123456789abcdef0123456789abcdef0 => v0=0',
  ])('%s', check);
});
