import { describe, expect, it } from 'vitest';
import { A64_FLOAT } from '../../../machine/aarch64/a64-float.ts';
import { A64_SIMD_FLOAT } from '../../../machine/aarch64/a64-simd-float.ts';
import { EC, esr } from '../../../machine/aarch64/causes.ts';
import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { FPSR, V } from '../../../machine/aarch64/registers.ts';
import { Machine } from '../../../machine/index.ts';
import { random32, randomWordOf } from '../words.ts';
import { Here } from './float-outsider.ts';
import { decodeWord } from './words.ts';

const FPCR_BITS: Readonly<Record<string, number>> = { RP: 1, RM: 2, RZ: 3, FZ: 4, DN: 8, AHP: 16 };
const FPSR_BITS: readonly (readonly [string, bigint])[] = [
  ['IOC', 1n << 0n],
  ['DZC', 1n << 1n],
  ['OFC', 1n << 2n],
  ['UFC', 1n << 3n],
  ['IXC', 1n << 4n],
  ['IDC', 1n << 7n],
  ['N', 1n << 31n],
  ['Z', 1n << 30n],
  ['C', 1n << 29n],
  ['V', 1n << 28n],
];
const here = new Here();

/**
 * Runs lines such as `1e222820 fadd s0, s1, s2 | RP DN | 3f800000 33800000 = 3f800001 IXC`: an instruction, what is set
 * in FPCR, the operands of V1 (and X1), V2 and V3 (and V0), and V0 or X0 with what is set in FPSR and NZCV.
 */
function check(clause: string, lines: string): void {
  describe(clause, () => {
    it.each(lines.trim().split(/\n\s*/))('%s', (line) => {
      const [instruction, fpcr, calculation] = line.split(/ ?\| ?/);
      const word = Number.parseInt(instruction, 16);
      const { text } = decodeWord(word);
      expect(instruction).toContain(text(0n));
      const [operands, wanted] = calculation.split('=');
      const [a, b = 0n, c = 0n] = operands
        .trim()
        .split(' ')
        .map((digits) => BigInt(`0x${digits}`));
      const control = fpcr.split(' ').reduce((bits, name) => bits | (FPCR_BITS[name] ?? 0), 0);
      const [v0, x0, flags] = here.run({ word, cases: BigUint64Array.of(BigInt(control) << 22n, a, b, c) });
      const result = / [wx]0,/.test(text(0n)) ? x0 : v0;
      const set = FPSR_BITS.filter(([, bit]) => flags & bit).map(([name]) => name);
      const value = /^fc?cmpe? /.test(text(0n)) ? [] : [result.toString(16)];
      expect([...value, ...set].join(' ')).toBe(wanted.split('(')[0].trim());
    });
  });
}

check(
  'FPProcessNaNs: a signalling NaN before a quiet one, then in order',
  `1e222820 fadd s0, s1, s2 | | 7fc00001 7f800002 = 7fc00002 IOC
   1e222820 fadd s0, s1, s2 | | ff800001 7f800002 = ffc00001 IOC
   1e222820 fadd s0, s1, s2 | | 7fc00001 ffc00002 = 7fc00001
   1e222820 fadd s0, s1, s2 | | 3f800000 ffc00002 = ffc00002
   1e222820 fadd s0, s1, s2 | DN | 3f800000 ffc00002 = 7fc00000
   1e222820 fadd s0, s1, s2 | DN | ff800001 7fc00002 = 7fc00000 IOC
   1e222820 fadd s0, s1, s2 | | 7f800000 ff800000 = 7fc00000 IOC
   1e228820 fnmul s0, s1, s2 | | 7fc00001 3f800000 = ffc00001 (FPNeg of the product, a NaN too)
   1e228820 fnmul s0, s1, s2 | | 7f800000 0 = ffc00000 IOC
   7ea2d420 fabd s0, s1, s2 | | ffc00001 3f800000 = 7fc00001
   1e21c020 fsqrt s0, s1 | | ff800123 = ffc00123 IOC
   1e20c020 fabs s0, s1 | FZ DN | ff800001 = 7f800001 (no arithmetic: nothing is raised)
   1e214020 fneg s0, s1 | FZ DN | 80000001 = 1
   1e204020 fmov s0, s1 | FZ DN | ff800001 = ff800001`,
);

check(
  'FPMulAdd: the addend is the first operand, and a quiet one does not hide ∞ × 0',
  `1f020c20 fmadd s0, s1, s2, s3 | | 7fc00001 7fc00002 7fc00003 = 7fc00003
   1f020c20 fmadd s0, s1, s2, s3 | | 7f800001 7f800002 7fc00003 = 7fc00001 IOC
   1f020c20 fmadd s0, s1, s2, s3 | | 7f800001 7f800002 7f800003 = 7fc00003 IOC
   1f020c20 fmadd s0, s1, s2, s3 | | 7f800000 0 7fc00003 = 7fc00000 IOC
   1f020c20 fmadd s0, s1, s2, s3 | | 7f800000 0 7f800003 = 7fc00003 IOC
   1f028c20 fmsub s0, s1, s2, s3 | | 7fc00001 3f800000 3f800000 = ffc00001 (FPNeg(operand1))
   1f028c20 fmsub s0, s1, s2, s3 | | 3f800000 7fc00001 3f800000 = 7fc00001
   1f220c20 fnmadd s0, s1, s2, s3 | | 3f800000 3f800000 7fc00003 = ffc00003
   1f228c20 fnmsub s0, s1, s2, s3 | | 7fc00001 3f800000 3f800000 = 7fc00001
   1f020c20 fmadd s0, s1, s2, s3 | FZ | 7f800000 1 40000000 = 7fc00000 IOC IDC (∞ × a number that counts as zero)
   1f020c20 fmadd s0, s1, s2, s3 | RM | 3f800000 3f800000 bf800000 = 80000000
   1f020c20 fmadd s0, s1, s2, s3 | | 3f800001 3f800001 bf800002 = 28800000 (2^-46: rounded once)`,
);

check(
  'FPUnpackBase and FPRoundBase: flush to zero',
  `1e220820 fmul s0, s1, s2 | FZ | 00800000 3f000000 = 0 UFC (not inexact)
   1e220820 fmul s0, s1, s2 | | 00800000 3f000000 = 400000 (exact, so no underflow)
   1e220820 fmul s0, s1, s2 | FZ | 80800000 3f7fffff = 80000000 UFC (before rounding)
   1e220820 fmul s0, s1, s2 | RP | 00800000 3f7fffff = 800000 UFC IXC (tiny before rounding)
   1e220820 fmul s0, s1, s2 | FZ RP | 00800000 3f7fffff = 0 UFC
   1e220820 fmul s0, s1, s2 | FZ | 007fffff 7f7fffff = 0 IDC
   1e222820 fadd s0, s1, s2 | FZ | 807fffff 80000000 = 80000000 IDC
   1e222820 fadd s0, s1, s2 | FZ | 00000001 7fc00001 = 7fc00001 IDC
   1e221820 fdiv s0, s1, s2 | FZ | 3f800000 00000001 = 7f800000 DZC IDC
   1e221820 fdiv s0, s1, s2 | FZ | 00000001 00000000 = 7fc00000 IOC IDC
   1e21c020 fsqrt s0, s1 | FZ | 80000001 = 80000000 IDC
   1e224820 fmax s0, s1, s2 | FZ | 007fffff 00000000 = 0 IDC
   1e227820 fminnm s0, s1, s2 | FZ | 7fc00000 80000001 = 80000000 IDC
   1e222020 fcmp s1, s2 | FZ | 80000001 00000000 = IDC Z C
   7ea2ec20 facgt s0, s1, s2 | FZ | 80000002 00000001 = 0 IDC
   1e380020 fcvtzs w0, s1 | FZ | 00000001 = 0 IDC
   1e274020 frintx s0, s1 | FZ | 80000001 = 80000000 IDC
   1e23c020 fcvt h0, s1 | FZ | 33800000 = 1 (2^-24: halves are not flushed)
   1ee24020 fcvt s0, h1 | FZ | 1 = 33800000
   1e624020 fcvt s0, d1 | FZ | 36a0000000000000 = 0 UFC
   1e622820 fadd d0, d1, d2 | FZ | 000fffffffffffff 0000000000000001 = 0 IDC`,
);

check(
  'FPMax, FPMin, FPMaxNum and FPMinNum',
  `1e224820 fmax s0, s1, s2 | | 80000000 00000000 = 0
   1e225820 fmin s0, s1, s2 | | 00000000 80000000 = 80000000
   1e224820 fmax s0, s1, s2 | | 7fc00001 3f800000 = 7fc00001
   1e226820 fmaxnm s0, s1, s2 | | 7fc00001 3f800000 = 3f800000
   1e227820 fminnm s0, s1, s2 | | 3f800000 7fc00001 = 3f800000
   1e226820 fmaxnm s0, s1, s2 | | 7fc00001 7fc00002 = 7fc00001
   1e226820 fmaxnm s0, s1, s2 | | 7fc00001 7f800002 = 7fc00002 IOC
   1e226820 fmaxnm s0, s1, s2 | | 7f800002 3f800000 = 7fc00002 IOC
   1e226820 fmaxnm s0, s1, s2 | DN | 7fc00001 ff800000 = ff800000
   1e226820 fmaxnm s0, s1, s2 | DN | ffc00001 7fc00002 = 7fc00000`,
);

check(
  'FPMulX, FPRecipStepFused and FPRSqrtStepFused: ∞ × 0',
  `5e22dc20 fmulx s0, s1, s2 | | ff800000 00000000 = c0000000
   5e22dc20 fmulx s0, s1, s2 | FZ | ff800000 80000001 = 40000000 IDC
   5e22dc20 fmulx s0, s1, s2 | | 7fc00001 00000000 = 7fc00001
   5e22fc20 frecps s0, s1, s2 | | ff800000 00000000 = 40000000
   5ea2fc20 frsqrts s0, s1, s2 | | ff800000 00000000 = 3fc00000
   5e22fc20 frecps s0, s1, s2 | | 7fc00001 3f800000 = ffc00001 (op1 = FPNeg(op1), NaNs too)
   5e22fc20 frecps s0, s1, s2 | RM | 3f800000 40000000 = 80000000
   5e22fc20 frecps s0, s1, s2 | | 7f800000 bf800000 = 7f800000
   5ea2fc20 frsqrts s0, s1, s2 | | 7f7fffff bf000001 = 7e800000 IXC (halved before it is rounded)
   5ea2fc20 frsqrts s0, s1, s2 | RZ | 7f7fffff bfffffff = 7f7ffffe IXC (the product alone would overflow)`,
);

check(
  'FPRecipEstimate, FPRSqrtEstimate and FPRecpX',
  `5ea1d820 frecpe s0, s1 | | 3f800000 = 3f7f8000
   5ea1d820 frecpe s0, s1 | | 80000000 = ff800000 DZC
   5ea1d820 frecpe s0, s1 | FZ | 80000001 = ff800000 DZC IDC
   5ea1d820 frecpe s0, s1 | | 001fffff = 7f800000 OFC IXC (below 2^-128)
   5ea1d820 frecpe s0, s1 | RM | 001fffff = 7f7fffff OFC IXC
   5ea1d820 frecpe s0, s1 | RM | 801fffff = ff800000 OFC IXC
   5ea1d820 frecpe s0, s1 | RZ | 00200000 = 7f7f8000
   5ea1d820 frecpe s0, s1 | | 7e800000 = 7fc000 (2^126: the estimate is subnormal)
   5ea1d820 frecpe s0, s1 | FZ | fe800000 = 80000000 UFC
   5ea1d820 frecpe s0, s1 | | 7f7fffff = 200000
   7ea1d820 frsqrte s0, s1 | | 3f800000 = 3f7f8000
   7ea1d820 frsqrte s0, s1 | | 40000000 = 3f348000
   7ea1d820 frsqrte s0, s1 | | 00000001 = 64b48000
   7ea1d820 frsqrte s0, s1 | | 80000001 = 7fc00000 IOC
   7ea1d820 frsqrte s0, s1 | | 80000000 = ff800000 DZC
   5ea1f820 frecpx s0, s1 | | 80000001 = ff000000
   5ea1f820 frecpx s0, s1 | | bfffffff = c0000000
   5ea1f820 frecpx s0, s1 | | ff800000 = 80000000
   5ea1f820 frecpx s0, s1 | FZ | 00000001 = 7f000000 IDC
   0ea1c820 urecpe v0.2s, v1.2s | | 7fffffff80000000 = ffffffffff800000
   2ea1c820 ursqrte v0.2s, v1.2s | | 3fffffff40000000 = ffffffffff800000`,
);

check(
  'FPToFixed and FixedToFP',
  `1e380020 fcvtzs w0, s1 | | 7fc00000 = 0 IOC
   1e380020 fcvtzs w0, s1 | | ff800000 = 80000000 IOC (zero-extended)
   1e390020 fcvtzu w0, s1 | | bf800000 = 0 IOC
   1e390020 fcvtzu w0, s1 | | bf7fffff = 0 IXC
   9e240020 fcvtas x0, s1 | RZ | bf000000 = ffffffffffffffff IXC (ties away, whatever FPCR says)
   1e18fc20 fcvtzs w0, s1, #1 | | 3fa00000 = 2 IXC
   1e18fc20 fcvtzs w0, s1, #1 | | 4e800000 = 7fffffff IOC (2^30 needs one bit more)
   1e028020 scvtf s0, w1, #32 | | 80000000 = bf000000
   1e028020 scvtf s0, w1, #32 | RP | 01000001 = 3b800001 IXC`,
);

check(
  'FPRoundInt',
  `1e264020 frinta s0, s1 | RZ | bf000000 = bf800000
   1e274020 frintx s0, s1 | RZ | bf7fffff = 80000000 IXC
   1e27c020 frinti s0, s1 | RP | 3f000000 = 3f800000
   1e27c020 frinti s0, s1 | DN | ff800001 = 7fc00000 IOC`,
);

check(
  'FPConvert, with AHP, and to odd',
  `1e23c020 fcvt h0, s1 | AHP | 47ffe000 = 7fff (131008)
   1e23c020 fcvt h0, s1 | AHP | 47fff000 = 7fff IOC (too large: not inexact)
   1e23c020 fcvt h0, s1 | AHP | c7ffefff = ffff IXC
   1e23c020 fcvt h0, s1 | AHP | ff800000 = ffff IOC
   1e23c020 fcvt h0, s1 | AHP | ffc00001 = 8000 IOC
   1e23c020 fcvt h0, s1 | AHP DN | 7fc00001 = 0 IOC
   1e23c020 fcvt h0, s1 | | c7ffefff = fc00 OFC IXC
   1e23c020 fcvt h0, s1 | | ff802001 = fe01 IOC
   1ee24020 fcvt s0, h1 | AHP | ffff = c7ffe000
   1ee24020 fcvt s0, h1 | AHP DN | 7c01 = 47802000
   1ee24020 fcvt s0, h1 | | fc01 = ffc02000 IOC
   1e22c020 fcvt d0, s1 | | ffc00001 = fff8000020000000
   1e22c020 fcvt d0, s1 | DN | ffc00001 = 7ff8000000000000
   7e616820 fcvtxn s0, d1 | | 3ff0000000000001 = 3f800001 IXC
   7e616820 fcvtxn s0, d1 | RP | 3ff0000030000000 = 3f800001 IXC
   7e616820 fcvtxn s0, d1 | RP | 7fefffffffffffff = 7f7fffff OFC IXC
   7e616820 fcvtxn s0, d1 | | 0000000000000001 = 1 UFC IXC
   7e616820 fcvtxn s0, d1 | FZ | 380fffffffffffff = 0 UFC`,
);

check(
  'FPCompare, and FCCMPE only where the condition holds',
  `1e222020 fcmp s1, s2 | | 3f800000 7fc00000 = C V
   1e222020 fcmp s1, s2 | | 3f800000 7f800001 = IOC C V
   1e222030 fcmpe s1, s2 | | 3f800000 7fc00000 = IOC C V
   1e202038 fcmpe s1, #0.0 | | 80000000 = Z C
   1e222020 fcmp s1, s2 | | bf800000 00000001 = N
   1e222020 fcmp s1, s2 | | 7f800000 7f7fffff = C
   1e22143f fccmpe s1, s2, #0xf, ne | | 7fc00000 3f800000 = IOC C V
   1e22043f fccmpe s1, s2, #0xf, eq | | 7fc00000 3f800000 = N Z C V
   5ea0c820 fcmgt s0, s1, #0.0 | | 00000001 = ffffffff
   7ea2ec20 facgt s0, s1, s2 | | c0000000 bf800000 = ffffffff`,
);

check(
  'scalars leave zeros above them, lanes keep apart',
  `1e222820 fadd s0, s1, s2 | | ffffffff3f800000 ffffffff3f800000 ffffffffffffffff = 40000000
   1e221c20 fcsel s0, s1, s2, ne | | ffffffff3f800000 0 ffffffffffffffff = 3f800000
   1e260020 fmov w0, s1 | | ffffffff87654321 = 87654321
   0e22d420 fadd v0.2s, v1.2s, v2.2s | | 7f8000013f800000 3f8000003f800000 = 7fc0000140000000 IOC
   7e30d820 faddp s0, v1.2s | | 3f80000040000000 = 40400000
   0f821020 fmla v0.2s, v1.2s, v2.s[0] | | 4000000040400000 ffffffff40000000 3f8000003f800000 = 40a0000040e00000
   0ea2cc20 fmls v0.2s, v1.2s, v2.2s | | 4000000040400000 4000000040000000 3f8000003f800000 = c0400000c0a00000`,
);

describe('of 128 bits', () => {
  const machine = new Machine({
    isa: AARCH64,
    memory: 0x4000,
    harts: 1,
    hardwareAd: false,
    console: { output: () => {}, input: () => -1 },
  });
  const [hart] = machine.harts;
  const run = (word: number, registers: readonly (readonly [bigint, bigint])[]) => {
    AARCH64.writeSystem(hart, 'cpacr_el1', 3n << 20n);
    machine.bus.write(AARCH64.ramBase, 4, BigInt(word));
    hart.pc = AARCH64.ramBase;
    registers.forEach(([high, low], i) => {
      hart.u64.set([low, high], V[i].offset / 8);
    });
    machine.run(1);
    return [...hart.u64.subarray(V[0].offset / 8, V[0].offset / 8 + 2)].reverse().map((half) => half.toString(16));
  };
  const zero = [0n, 0n] as const;

  it.each([
    // Lanes 3 to 0. A signalling NaN is found only by its own half's join, behind which it is a quiet one.
    ['fmaxv', 0x6e30f820, [0x3f800000_7f800003n, 0x7fc00002_7fc00001n], '7fc00001'],
    ['fmaxnmv', 0x6e30c820, [0x40000000_40000000n, 0x3f800000_7f800003n], '40000000'],
  ] as const)('Reduce: %s joins the results of the halves', (_, word, lanes, joined) => {
    expect(run(word, [zero, lanes])).toEqual(['0', joined]);
  });

  it('fcvtn2 keeps the lower half', () => {
    const doubles = [0x4000000000000000n, 0x3ff0000000000000n] as const;
    expect(run(0x4e616820, [[1n, 2n], doubles])).toEqual(['400000003f800000', '2']);
  });

  it('pairs are those of Vn, then those of Vm', () => {
    const n = [0x40800000_40400000n, 0x40000000_3f800000n] as const;
    const m = [0xc0800000_c0400000n, 0xc0000000_bf800000n] as const;
    expect(run(0x6e22f420, [zero, n, m])).toEqual(['c0400000bf800000', '4080000040000000']);
  });
});

it('FPSR is cumulative, QC among its bits', () => {
  const { hart } = here;
  here.run({ word: 0x1e222820, cases: BigUint64Array.of(0n, 0n, 0n, 0n) });
  hart.set32(FPSR, 0x0800_0080);
  const set = (i: number, value: bigint) => hart.set(V[i], value);
  set(1, 0x7f800000n);
  set(2, 0xff800000n);
  hart.pc = AARCH64.ramBase;
  here.step();
  expect(hart.get32(FPSR)).toBe(0x0800_0081);
});

describe('CheckFPAdvSIMDEnabled64: every row traps while CPACR_EL1.FPEN says so, and does nothing else', () => {
  const taken: { cause: number; value: bigint }[] = [];
  const machine = new Machine({
    isa: AARCH64,
    memory: 0x4000,
    harts: 1,
    hardwareAd: false,
    console: { output: () => {}, input: () => -1 },
  });
  machine.observer = ({ trap: { cause, value } }) => void taken.push({ cause, value });
  const [hart] = machine.harts;
  const random = random32(7);

  it.each([...A64_FLOAT, ...A64_SIMD_FLOAT].map((row) => [row.syntax, row] as const))('%s', (_, row) => {
    machine.reset();
    taken.length = 0;
    machine.bus.write(AARCH64.ramBase, 4, BigInt(randomWordOf(row, random)));
    hart.pc = AARCH64.ramBase;
    const words = V[31].offset / 8 + 2;
    const before = hart.u64.slice(V[0].offset / 8, words);
    machine.run(1);
    expect(taken).toEqual([{ cause: esr(EC.simdFp, 0x1e0_0000), value: 0n }]);
    expect(hart.u64.slice(V[0].offset / 8, words)).toEqual(before);
    expect(hart.get32(FPSR)).toBe(0);
  });
});
