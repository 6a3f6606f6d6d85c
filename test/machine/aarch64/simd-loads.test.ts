// Loads and stores of SIMD and floating-point registers: structures, faults part way, alignment (Arm ARM B2, C7.2).
import { describe, expect, it } from 'vitest';
import { A64_ATOMICS } from '../../../machine/aarch64/a64-atomics.ts';
import { A64_LOADS } from '../../../machine/aarch64/a64-loads.ts';
import { A64_SIMD_LOADS } from '../../../machine/aarch64/a64-simd-loads.ts';
import { EC } from '../../../machine/aarch64/causes.ts';
import { verify } from '../../../machine/ir/index.ts';
import { random32, randomWordOf } from '../words.ts';
import { MemoryRig, PAGE } from './memory-rig.ts';
import { decodeWord } from './words.ts';

const FIRST = 0x1_0000n;
const SECOND = 0x1_1000n;
const TRANSLATION = 0x07;
const PERMISSION = 0x0f;
const ALIGNMENT = 0x21;
const ONES = (1n << 128n) - 1n;
/** The number whose bytes these are, the lowest first. */
const vector = (...bytes: number[]) => bytes.reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n);
const count = (size: number, from = 0) => Array.from({ length: size }, (_, i) => from + i);

/** Bytes 0, 1, 2… from X1 on, which is 80 bytes before the end of a page. */
function withBytes(rights: readonly bigint[] = [PAGE.rw, PAGE.rw]): MemoryRig {
  const rig = new MemoryRig(rights);
  rig.put(rig.frame(0) + 4016n, ...count(80));
  rig.setX(1, SECOND - 80n);
  for (let i = 0; i < 32; i++) rig.setV(i, ONES - BigInt(i));
  return rig;
}

describe('what is narrower than the register clears the rest of it', () => {
  it.each<[string, bigint]>([
    ['3d401420 ldr b0, [x1, #5]', 5n],
    ['7d400820 ldr h0, [x1, #4]', 0x0504n],
    ['bc401020 ldur s0, [x1, #1]', 0x0403_0201n],
    ['fc408420 ldr d0, [x1], #8', 0x0706_0504_0302_0100n],
    ['2d400820 ldp s0, s2, [x1]', 0x0302_0100n],
    ['6d408820 ldp d0, d2, [x1, #8]', 0x0f0e_0d0c_0b0a_0908n],
    ['0c407020 ld1 {v0.8b}, [x1]', 0x0706_0504_0302_0100n],
    ['0c408020 ld2 {v0.8b, v1.8b}, [x1]', vector(0, 2, 4, 6, 8, 10, 12, 14)],
    ['0c400420 ld4 {v0.4h-v3.4h}, [x1]', vector(0, 1, 8, 9, 16, 17, 24, 25)],
    ['0d40c420 ld1r {v0.4h}, [x1]', vector(0, 1, 0, 1, 0, 1, 0, 1)],
    ['0d40cc20 ld1r {v0.1d}, [x1]', vector(...count(8))],
  ])('%s', (line, value) => {
    const rig = withBytes();
    expect(rig.run(line)).toBeUndefined();
    expect(rig.v(0)).toBe(value);
  });
});

describe('structures: element e of register r is element e·n + r of memory', () => {
  it.each<[string, ...bigint[]]>([
    [
      '4c40603e ld1 {v30.16b, v31.16b, v0.16b}, [x1]',
      vector(...count(16)),
      vector(...count(16, 16)),
      vector(...count(16, 32)),
    ],
    [
      '4c40883e ld2 {v30.4s, v31.4s}, [x1]',
      vector(...count(4), ...count(4, 8), ...count(4, 16), ...count(4, 24)),
      vector(...count(4, 4), ...count(4, 12), ...count(4, 20), ...count(4, 28)),
    ],
    [
      '4c40403e ld3 {v30.16b, v31.16b, v0.16b}, [x1]',
      vector(...count(16).map((i) => 3 * i)),
      vector(...count(16).map((i) => 3 * i + 1)),
      vector(...count(16).map((i) => 3 * i + 2)),
    ],
    [
      '0c40403e ld3 {v30.8b, v31.8b, v0.8b}, [x1]',
      vector(...count(8).map((i) => 3 * i)),
      vector(...count(8).map((i) => 3 * i + 1)),
      vector(...count(8).map((i) => 3 * i + 2)),
    ],
    [
      '4c400c3e ld4 {v30.2d, v31.2d, v0.2d, v1.2d}, [x1]',
      vector(...count(8), ...count(8, 32)),
      vector(...count(8, 8), ...count(8, 40)),
      vector(...count(8, 16), ...count(8, 48)),
      vector(...count(8, 24), ...count(8, 56)),
    ],
    [
      '4d60c83e ld2r {v30.4s, v31.4s}, [x1]',
      vector(...count(16).map((i) => i & 3)),
      vector(...count(16).map((i) => 4 + (i & 3))),
    ],
  ])('%s, and stored again', (line, ...values) => {
    const rig = withBytes();
    expect(rig.run(line)).toBeUndefined();
    expect(values.map((_, i) => rig.v((30 + i) % 32))).toEqual(values);
    if (line.includes('r {')) return;
    // The store of the same registers undoes it: bit 22 is L.
    const load = Number.parseInt(line.slice(0, 8), 16);
    const word = (load & ~(1 << 22)) >>> 0;
    const store = `${word.toString(16).padStart(8, '0')} ${decodeWord(word).text(0n)}`;
    expect(store.slice(9, 11)).toBe('st');
    rig.setX(1, FIRST + 3n);
    expect(rig.run(store)).toBeUndefined();
    const total = values.length * (line.includes('8b') ? 8 : 16);
    expect(rig.bytes(rig.frame(0), total + 4)).toEqual([0, 0, 0, ...count(total), 0]);
  });

  it.each<[string, bigint, bigint]>([
    ['4d401c20 ld1 {v0.b}[15], [x1]', ONES >> 8n, ONES - 1n],
    ['0d605820 ld2 {v0.h, v1.h}[3], [x1]', ONES - (0xfeffn << 48n), ONES - 1n - (0xfcfdn << 48n)],
    ['4d408020 ld1 {v0.s}[2], [x1]', ONES - ((0xffff_ffffn - 0x0302_0100n) << 64n), ONES - 1n],
    [
      '4d608420 ld2 {v0.d, v1.d}[1], [x1]',
      (0x0706_0504_0302_0100n << 64n) | (ONES >> 64n),
      (0x0f0e_0d0c_0b0a_0908n << 64n) | ((ONES >> 64n) - 1n),
    ],
  ])('one lane, and no other: %s', (line, first, second) => {
    const rig = withBytes();
    expect(rig.run(line)).toBeUndefined();
    expect([rig.v(0), rig.v(1)]).toEqual([first, second]);
  });

  it.each<[string, bigint]>([
    ['4cdf7020 ld1 {v0.16b}, [x1], #16', 16n],
    ['0cdf0020 ld4 {v0.8b-v3.8b}, [x1], #32', 32n],
    ['4c9f4420 st3 {v0.8h-v2.8h}, [x1], #48', 48n],
    ['4ddf7820 ld3 {v0.h-v2.h}[7], [x1], #6', 6n],
    ['4dffec20 ld4r {v0.2d-v3.2d}, [x1], #32', 32n],
    ['0ddfc020 ld1r {v0.8b}, [x1], #1', 1n],
    ['4d828420 st1 {v0.d}[1], [x1], x2', -24n],
    ['4cc28020 ld2 {v0.16b, v1.16b}, [x1], x2', -24n],
  ])('raise their base by what they moved, or another register: %s', (line, step) => {
    const rig = withBytes();
    rig.setX(2, -24n);
    expect(rig.run(line)).toBeUndefined();
    expect(rig.x(1)).toBe(SECOND - 80n + step);
  });

  it('raise their base by itself', () => {
    const rig = withBytes();
    expect(rig.run('4cc17020 ld1 {v0.16b}, [x1], x1')).toBeUndefined();
    expect(rig.x(1)).toBe((SECOND - 80n) * 2n);
  });
});

describe('a fault leaves every register, the base too, and names the first byte that faulted', () => {
  it.each<[string, bigint, bigint, number, bigint]>([
    ['3cc10420 ldr q0, [x1], #16', PAGE.absent, SECOND - 15n, TRANSLATION, SECOND],
    ['fc5f9c20 ldr d0, [x1, #-7]!', PAGE.absent, SECOND, TRANSLATION, SECOND],
    ['acc10820 ldp q0, q2, [x1], #32', PAGE.absent, SECOND - 16n, TRANSLATION, SECOND],
    ['ad400820 ldp q0, q2, [x1]', PAGE.absent, SECOND - 31n, TRANSLATION, SECOND],
    ['6dc08820 ldp d0, d2, [x1, #8]!', PAGE.absent, SECOND - 16n, TRANSLATION, SECOND],
    ['2c400820 ldnp s0, s2, [x1]', PAGE.absent, SECOND - 4n, TRANSLATION, SECOND],
    ['adbf0820 stp q0, q2, [x1, #-32]!', PAGE.readOnly, SECOND + 16n, PERMISSION, SECOND],
    ['3d800020 str q0, [x1]', PAGE.readOnly, SECOND - 1n, PERMISSION, SECOND],
    // Each of the vectors that LD4 and LD3 take, and elements that lie on both sides
    ['4cdf0020 ld4 {v0.16b-v3.16b}, [x1], #64', PAGE.absent, SECOND - 48n, TRANSLATION, SECOND],
    ['4cc20c20 ld4 {v0.2d-v3.2d}, [x1], x2', PAGE.absent, SECOND - 63n, TRANSLATION, SECOND],
    ['0c400420 ld4 {v0.4h-v3.4h}, [x1]', PAGE.absent, SECOND - 1n, TRANSLATION, SECOND],
    ['0c404020 ld3 {v0.8b-v2.8b}, [x1]', PAGE.absent, SECOND - 23n, TRANSLATION, SECOND],
    ['0c406020 ld1 {v0.8b-v2.8b}, [x1]', PAGE.absent, SECOND - 17n, TRANSLATION, SECOND],
    ['0dff8020 ld2 {v0.s, v1.s}[0], [x1], #8', PAGE.absent, SECOND - 4n, TRANSLATION, SECOND],
    ['0d602c20 ld4 {v0.b-v3.b}[3], [x1]', PAGE.absent, SECOND - 3n, TRANSLATION, SECOND],
    ['4ddfe420 ld3r {v0.8h-v2.8h}, [x1], #6', PAGE.absent, SECOND - 5n, TRANSLATION, SECOND],
    ['4c9f0020 st4 {v0.16b-v3.16b}, [x1], #64', PAGE.readOnly, SECOND - 50n, PERMISSION, SECOND],
    ['0c008420 st2 {v0.4h, v1.4h}, [x1]', PAGE.absent, SECOND - 15n, TRANSLATION, SECOND],
    ['0d826820 st3 {v0.h-v2.h}[1], [x1], x2', PAGE.readOnly, SECOND - 2n, PERMISSION, SECOND],
    ['4c9f7820 st1 {v0.4s}, [x1], #16', PAGE.readOnly, SECOND + 100n, PERMISSION, SECOND + 100n],
  ])('%s', (line, second, address, status, far) => {
    const rig = withBytes([PAGE.rw, second]);
    rig.setX(1, address);
    const before = rig.registers();
    expect(rig.run(line)).toEqual({ ec: EC.dataSame, status, write: line.slice(9, 11) === 'st', far });
    expect(rig.registers()).toEqual(before);
  });

  it('a store of 16 bytes across the boundary writes nothing, and of several those before it', () => {
    const rig = withBytes([PAGE.rw, PAGE.readOnly]);
    rig.setX(1, SECOND - 20n);
    expect(rig.run('4c002020 st1 {v0.16b-v3.16b}, [x1]')).toMatchObject({ far: SECOND });
    expect(rig.bytes(rig.frame(0) + 4076n, 20)).toEqual([...Array(16).fill(0xff), 76, 77, 78, 79]);
    expect(rig.bytes(rig.frame(1), 16)).toEqual(Array(16).fill(0));
  });

  it('16 bytes wrap round from the top of the address space to its bottom', () => {
    const rig = new MemoryRig();
    const [high, low] = [rig.map((1n << 64n) - 4096n, PAGE.rw), rig.map(0n, PAGE.rw)];
    rig.setV(0, vector(...count(16, 1)));
    rig.setX(1, -5n);
    expect(rig.run(['3d800020 str q0, [x1]', '3cc10422 ldr q2, [x1], #16'])).toBeUndefined();
    expect([rig.bytes(high + 4091n, 5), rig.bytes(low, 11)]).toEqual([count(5, 1), count(11, 6)]);
    expect([rig.v(2), rig.x(1)]).toEqual([rig.v(0), 11n]);
  });
});

describe('access to SIMD and floating-point registers is checked before all else (CheckFPAdvSIMDEnabled64)', () => {
  it.each([
    '3cc10fe0 ldr q0, [sp, #16]!',
    '3c0017e0 str b0, [sp], #1',
    '6d4007e0 ldp d0, d1, [sp]',
    'ac0007e0 stnp q0, q1, [sp]',
    '4c4073e0 ld1 {v0.16b}, [sp]',
    '0dbf03e0 st2 {v0.b, v1.b}[0], [sp], #2',
    '4de2ebe0 ld4r {v0.4s-v3.4s}, [sp], x2',
    '5c000040 ldr d0, 8',
  ])('%s', (line) => {
    const rig = withBytes();
    rig.bench.set('cpacr_el1', 0n);
    // A misaligned SP and unmapped memory come later.
    rig.bench.set('sctlr_el1', 1n | (1n << 3n));
    rig.setX(31, 0xdead_0001n);
    const before = rig.registers();
    expect(rig.run(line)).toMatchObject({ ec: EC.simdFp });
    expect(rig.bench.hart.trap.cause & 0x1ff_ffff).toBe(0x1e0_0000);
    expect(rig.registers()).toEqual(before);
    rig.bench.set('cpacr_el1', 3n << 20n);
    if (!line.startsWith('5c')) expect(rig.run(line)).toMatchObject({ ec: EC.spAlignment });
  });
});

describe('alignment: to the size of an element, not of a vector (AArch64.CheckAlignment)', () => {
  const CASES: [string, bigint, boolean][] = [
    ['3dc00020 ldr q0, [x1]', 8n, true],
    ['3dc00020 ldr q0, [x1]', 16n, false],
    ['fd000020 str d0, [x1]', 4n, true],
    ['ad400820 ldp q0, q2, [x1]', 16n, false],
    ['ad000820 stp q0, q2, [x1]', 24n, true],
    ['2d400820 ldp s0, s2, [x1]', 4n, false],
    ['4c407020 ld1 {v0.16b}, [x1]', 1n, false],
    ['0c407020 ld1 {v0.8b}, [x1]', 3n, false],
    ['4c407420 ld1 {v0.8h}, [x1]', 2n, false],
    ['4c407420 ld1 {v0.8h}, [x1]', 1n, true],
    ['4c40ac20 ld1 {v0.2d, v1.2d}, [x1]', 8n, false],
    ['0c007c20 st1 {v0.1d}, [x1]', 4n, true],
    ['4c400820 ld4 {v0.4s-v3.4s}, [x1]', 4n, false],
    ['4c400820 ld4 {v0.4s-v3.4s}, [x1]', 2n, true],
    ['0c004420 st3 {v0.4h-v2.4h}, [x1]', 6n, false],
    ['0c004420 st3 {v0.4h-v2.4h}, [x1]', 7n, true],
    ['0d609020 ld2 {v0.s, v1.s}[1], [x1]', 4n, false],
    ['0d609020 ld2 {v0.s, v1.s}[1], [x1]', 2n, true],
    ['4d40cc20 ld1r {v0.2d}, [x1]', 4n, true],
    ['0d000020 st1 {v0.b}[0], [x1]', 1n, false],
  ];

  it.each(CASES)('while SCTLR_EL1.A is 1: %s at %i', (line, offset, faults) => {
    const rig = withBytes();
    rig.bench.setting({ el: 1, aligned: true });
    // At the boundary of pages, too.
    for (const address of [FIRST + offset, FIRST + 4096n - 32n + offset, FIRST + 4096n - 48n + offset]) {
      rig.setX(1, address);
      const before = rig.registers();
      const fault = rig.run(line);
      expect([fault?.status, fault?.far]).toEqual(faults ? [ALIGNMENT, address] : [undefined, undefined]);
      if (faults) expect(rig.registers()).toEqual(before);
    }
  });

  it.each(CASES)('in Device memory, whatever A is: %s at %i', (line, offset, faults) => {
    const rig = withBytes([PAGE.device, PAGE.device]);
    rig.setX(1, FIRST);
    expect(rig.run(['3dc00020 ldr q0, [x1]', '3d800020 str q0, [x1]'])).toBeUndefined();
    rig.setX(1, FIRST + offset);
    expect(rig.run(line)?.status).toBe(faults ? ALIGNMENT : undefined);
  });

  it.each(CASES)('while the MMU is off, when all data is in Device memory: %s at %i', (line, offset, faults) => {
    const rig = withBytes();
    // Misaligned accesses that passed before count no more.
    rig.setX(1, FIRST + 1n);
    expect(rig.run('3dc00020 ldr q0, [x1]')).toBeUndefined();
    rig.bench.set('sctlr_el1', 0n);
    for (const address of [rig.frame(0), rig.frame(0) + 4096n - 16n]) {
      rig.setX(1, address + offset);
      const fault = rig.run(line);
      expect([fault?.status, fault?.far]).toEqual(faults ? [ALIGNMENT, address + offset] : [undefined, undefined]);
    }
  });

  it('in Normal memory, misaligned accesses of all kinds pass, again and again', () => {
    const rig = withBytes();
    for (const [line] of CASES) {
      for (const offset of [1n, 3n, 7n, 4090n]) {
        rig.setX(1, FIRST + offset);
        for (let again = 0; again < 3; again++) expect(rig.run(line)).toBeUndefined();
      }
    }
    rig.bench.setting({ el: 1, aligned: true });
    rig.setX(1, FIRST + 1n);
    expect(rig.run('3dc00020 ldr q0, [x1]')?.status).toBe(ALIGNMENT);
  });
});

it.each([
  ['structures of one 64-bit element in half a vector (LD4)', 0x0c40_0c20],
  ['the same, LD3, post-indexed', 0x0cdf_4c20],
  ['the same, ST2', 0x0c00_8c20],
  ['LD1 of five registers', 0x0c40_1020],
  ['a lane of H with the low bit of size', 0x0d40_4420],
  ['a lane of S with size 10', 0x0d40_8820],
  ['a lane of D with S', 0x0d40_9420],
  ['a store of LD1R', 0x0d00_c020],
  ['LD1R with S', 0x0d40_d020],
  ['a pair of size 11', 0xed40_0020],
  ['a literal of size 11', 0xdc00_0020],
  ['Q with size 01', 0x7dc0_0020],
  ['bits 20 to 16 without post-index', 0x0c41_7020],
])('unallocated: %s', (_, word) => {
  expect(decodeWord(word >>> 0).mnemonic).toBe('udf');
});

it('every block of a load or store keeps to the rules of the IR', () => {
  const random = random32(7);
  const problems = [...A64_LOADS, ...A64_ATOMICS, ...A64_SIMD_LOADS].flatMap((row) =>
    Array.from({ length: 20 }, () => randomWordOf(row, random)).flatMap((word) => {
      const { block } = decodeWord(word);
      return verify(block).map((problem) => `${row.syntax} ${word.toString(16)}: ${problem}`);
    }),
  );
  expect(problems).toEqual([]);
});
