import { describe, it } from 'vitest';
import { check } from './simd-cases.ts';

describe('By register: a signed byte, beyond the width and to the right too', () => {
  it.each([
    '0e224420 | sshl v0.8b, v1.8b, v2.8b | v1=80_80_80_01_01_7f_81_80 v2=ff_f9_f8_07_08_01_80_7f => v0=c0_ff_ff_80_00_fe_ff_00',
    '2e224420 | ushl v0.8b, v1.8b, v2.8b | v1=80_80_80_01_01_7f_81_80 v2=ff_f9_f8_07_08_01_80_7f => v0=40_01_00_80_00_fe_00_00',
    '0e225420 | srshl v0.8b, v1.8b, v2.8b | v1=80_80_80_01_01_7f_81_80 v2=ff_f9_f8_07_08_01_80_7f => v0=c0_ff_00_80_00_fe_00_00',
    '2e225420 | urshl v0.8b, v1.8b, v2.8b | v1=80_80_80_01_01_7f_81_80 v2=ff_f9_f8_07_08_01_80_7f => v0=40_01_01_80_00_fe_00_00',
    '0e224c20 | sqshl v0.8b, v1.8b, v2.8b | v1=80_80_80_01_01_7f_81_80 v2=ff_f9_f8_07_08_01_80_7f => v0=c0_ff_ff_7f_7f_7f_ff_80 qc',
    '2e224c20 | uqshl v0.8b, v1.8b, v2.8b | v1=80_80_80_01_01_7f_81_80 v2=ff_f9_f8_07_08_01_80_7f => v0=40_01_00_80_ff_fe_00_ff qc',
    '0e225c20 | sqrshl v0.8b, v1.8b, v2.8b | v1=80_80_80_01_01_7f_81_80 v2=ff_f9_f8_07_08_01_80_7f => v0=c0_ff_00_7f_7f_7f_00_80 qc',
    '2e225c20 | uqrshl v0.8b, v1.8b, v2.8b | v1=80_80_80_01_01_7f_81_80 v2=ff_f9_f8_07_08_01_80_7f => v0=40_01_01_80_ff_fe_00_ff qc',
    '0e224c20 | sqshl v0.8b, v1.8b, v2.8b | v1=0 v2=7f_08_80_07 => v0=0',
    '2e624420 | ushl v0.4h, v1.4h, v2.4h | v1=0001_0001_0001_0001 v2=0101_ff01_7f00_00ff => v0=0002_0002_0001_0000',
    '4ee24420 | sshl v0.2d, v1.2d, v2.2d | v1=8000000000000000_0000000000000001 v2=00000000000000c0_ffffffffffffff3f => v0=ffffffffffffffff_8000000000000000',
    '5ee25420 | srshl d0, d1, d2 | v1=8000000000000000 v2=c0 => v0=0',
    '7ee25420 | urshl d0, d1, d2 | v1=8000000000000000 v2=c0 => v0=1',
    '7ee25420 | urshl d0, d1, d2 | v1=ffffffffffffffff v2=bf => v0=0',
    '7ee25420 | urshl d0, d1, d2 | v1=ffffffffffffffff v2=ff => v0=8000000000000000',
    '2ea25420 | urshl v0.2s, v1.2s, v2.2s | v1=ffffffff_ffffffff v2=ff_000000e0 => v0=80000000_00000001',
    '5ee25c20 | sqrshl d0, d1, d2 | v1=7fffffffffffffff v2=1 => v0=7fffffffffffffff qc',
    '7ee24c20 | uqshl d0, d1, d2 | v1=1 v2=40 => v0=ffffffffffffffff qc',
    '5e624c20 | sqshl h0, h1, h2 | v1=ffff_8001 v2=0001_0001 => v0=8000 qc',
    '6e214421 | ushl v1.16b, v1.16b, v1.16b | v1=01_02_03_04_ff => v1=02_08_18_40_7f',
  ])('%s', check);
});

describe('To the right by an immediate, as far as the whole width', () => {
  it.each([
    '0f080420 | sshr v0.8b, v1.8b, #8 | v1=807f => v0=ff00',
    '6f400420 | ushr v0.2d, v1.2d, #64 | v1=ffffffffffffffff_ffffffffffffffff => v0=0',
    '0f082420 | srshr v0.8b, v1.8b, #8 | v1=80817fff => v0=0',
    '2f082420 | urshr v0.8b, v1.8b, #8 | v1=80817fff => v0=01010001',
    '0f1f2420 | srshr v0.4h, v1.4h, #1 | v1=ffff_0001_7fff_8000 => v0=0000_0001_4000_c000',
    '7f402420 | urshr d0, d1, #64 | v1=8000000000000000 => v0=1',
    '0f0f3420 | srsra v0.8b, v1.8b, #1 | v0=ff_7f_00_00 v1=03_01_ff_fd => v0=01_80_00_ff',
    '7f7f3420 | ursra d0, d1, #1 | v0=ffffffffffffffff v1=1 => v0=0',
    '4f211420 | ssra v0.4s, v1.4s, #31 | v0=00000005_00000005_00000005_00000005 v1=80000000_7fffffff_ffffffff_00000000 => v0=00000004_00000005_00000004_00000005',
    '6f411400 | usra v0.2d, v0.2d, #63 | v0=8000000000000000_7fffffffffffffff => v0=8000000000000001_7fffffffffffffff',
  ])('%s', check);
});

describe('SLI, SRI: the bits that the shift brings, the others as they were', () => {
  it.each([
    '2f0f5420 | sli v0.8b, v1.8b, #7 | v0=00_7f_ff_80 v1=01_01_00_fe => v0=80_ff_7f_00',
    '2f0f5420 | sli v0.8b, v1.8b, #7 | v0=5555555555555500 v1=0101010101010101 => v0=d5d5d5d5d5d5d580',
    '2f104420 | sri v0.4h, v1.4h, #16 | v0=1234_5678_9abc_def0 v1=ffff_ffff_ffff_ffff => v0=1234_5678_9abc_def0',
    '2f0f4420 | sri v0.8b, v1.8b, #1 | v0=00_80_80_7f v1=ff_00_ff_01 => v0=7f_80_ff_00',
    '7f404420 | sri d0, d1, #64 | v0=123456789abcdef0 v1=ffffffffffffffff => v0=123456789abcdef0',
    '7f405420 | sli d0, d1, #0 | v0=ffffffffffffffff v1=7 => v0=7',
  ])('%s', check);
});

describe('SQSHL, UQSHL, SQSHLU by an immediate', () => {
  it.each([
    '2f096420 | sqshlu v0.8b, v1.8b, #1 | v1=ff_40_7f_80_00_01_3f_01 => v0=00_80_fe_00_00_02_7e_02 qc',
    '7f7f6420 | sqshlu d0, d1, #63 | v1=1 => v0=8000000000000000',
    '0f0f7420 | sqshl v0.8b, v1.8b, #7 | v1=01_ff_fe_00 => v0=7f_80_80_00 qc',
    '5f0f7420 | sqshl b0, b1, #7 | v1=02ff => v0=80',
    '2f1f7420 | uqshl v0.4h, v1.4h, #15 | v1=0001_0002_0000_ffff => v0=8000_ffff_0000_ffff qc',
    '6f407420 | uqshl v0.2d, v1.2d, #0 | v1=ffffffffffffffff_0000000000000001 => v0=ffffffffffffffff_0000000000000001',
    '5f7f5420 | shl d0, d1, #63 | v1=ffffffffffffffff_0000000000000003 => v0=8000000000000000',
  ])('%s', check);
});

describe('Widening and narrowing', () => {
  it.each([
    '4f0fa420 | sshll2 v0.8h, v1.16b, #7 | v1=80_7f_ff_01_00_40_c0_02_ffffffffffffffff => v0=c000_3f80_ff80_0080_0000_2000_e000_0100',
    '2f3fa420 | ushll v0.2d, v1.2s, #31 | v1=1_ffffffff_00000001 => v0=7fffffff80000000_0000000080000000',
    '0f08a421 | sshll v1.8h, v1.8b, #0 | v1=80_7f_ff_01_00_40_c0_02 => v1=ff80_007f_ffff_0001_0000_0040_ffc0_0002',
    '2e213820 | shll v0.8h, v1.8b, #8 | v1=80_7f_ff_01_00_40_c0_02 => v0=8000_7f00_ff00_0100_0000_4000_c000_0200',
    '6ea13820 | shll2 v0.2d, v1.4s, #32 | v1=80000000_00000001_ffffffffffffffff => v0=8000000000000000_0000000100000000',
    '0f0c8420 | shrn v0.8b, v1.8h, #4 | v1=ff0f_00ff_0ff0_1234_0000_0000_0000_fff0 => v0=f0_0f_ff_23_00_00_00_ff',
    '4f208420 | shrn2 v0.4s, v1.2d, #32 | v0=aaaaaaaaaaaaaaaa_bbbbbbbbbbbbbbbb v1=1111111122222222_3333333344444444 => v0=11111111_33333333_bbbbbbbbbbbbbbbb',
    '0f088c20 | rshrn v0.8b, v1.8h, #8 | v1=ffff_ff7f_0080_007f_7f80_0000_ff80_0100 => v0=00_ff_01_00_80_00_00_01',
    '0f3f8c20 | rshrn v0.2s, v1.2d, #1 | v1=ffffffffffffffff_0000000000000001 => v0=00000000_00000001',
    '4e612800 | xtn2 v0.8h, v0.4s | v0=11112222_33334444_55556666_77778888 => v0=2222_4444_6666_8888_55556666_77778888',
  ])('%s', check);
});
