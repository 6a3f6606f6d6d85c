import { describe, expect, it } from 'vitest';
import {
  canonicalNan,
  compareQuiet,
  compareSignalling,
  defaultNanPolicy,
  F32,
  type FloatEnv,
  FloatFlag,
  type FloatPolicy,
  floatEnv,
  isNan,
  isSignallingNan,
  type RoundingMode,
} from '../../../machine/float/index.ts';
import { operations, showFlags } from './operations.ts';

function isRounding(text: string): text is RoundingMode {
  return ['rne', 'rtz', 'rdn', 'rup', 'rmm', 'odd'].includes(text);
}

/** Checks lines such as `add_s rmm 3f800000 33800000 = 3f800001 NX | why`, numbers in hexadecimal. */
function check(clause: string, lines: string, policy: FloatPolicy = defaultNanPolicy): void {
  describe(clause, () => {
    it.each(lines.trim().split(/\n\s*/))('%s', (line) => {
      const [left, right] = line.split('|')[0]!.split('=');
      const [name, rounding, ...operands] = left!.trim().split(/\s+/);
      const operation = operations.get(name!);
      if (operation === undefined || !isRounding(rounding!)) throw new Error(`bad line ${line}`);
      expect(operands.length).toBe(operation.operands.length);
      const env = floatEnv(policy, rounding);
      const result = operation.run(
        operands.map((digits) => BigInt(`0x${digits}`)),
        env,
      );
      expect(`${result.toString(16)} ${showFlags(env.flags)}`.trim()).toBe(right!.trim());
    });
  });
}

check(
  'IEEE 754, 4.3.1: ties away from zero',
  `add_s rmm 3f800000 33800000 = 3f800001 NX | 1 + half an ulp
   add_s rne 3f800000 33800000 = 3f800000 NX
   add_s rmm bf800000 b3800000 = bf800001 NX | the same below zero
   add_s rmm 3f800000 337fffff = 3f800000 NX | just under half
   add_s rmm 3f800001 33800000 = 3f800002 NX | away, which is even too
   sub_s rmm 3f800000 32800000 = 3f800000 NX | 1 − 2^-26, a tie below the power of two
   sub_s rne 3f800000 32800001 = 3f800000 NX
   sub_s rmm 3f800000 33000000 = 3f800000 NX | 1 − 2^-25, half of the smaller ulp: away is up to 1
   sub_s rne 3f800000 33000000 = 3f800000 NX
   sub_s rmm 3f800001 33800000 = 3f800001 NX | 1 + 2^-23 − 2^-24, halfway
   mul_s rmm 00000001 3f000000 = 1 UF NX | half the smallest subnormal
   mul_s rne 00000001 3f000000 = 0 UF NX
   mul_s rmm 80000001 3f000000 = 80000001 UF NX
   mul_s rmm 00000001 3effffff = 0 UF NX
   mul_s rmm 00800001 3f000000 = 400001 UF NX
   mul_s rne 00800001 3f000000 = 400000 UF NX
   fma_s rmm 3f800001 3f800001 33800000 = 3f800003 NX
   add_s rmm 7f7fffff 73000000 = 7f800000 OF NX | max + half an ulp
   add_s rmm 7f7fffff 72ffffff = 7f7fffff NX
   to_s_d rmm 3ff0000010000000 = 3f800001 NX
   to_h_s rmm 3f801000 = 3c01 NX
   to_h_s rne 3f801000 = 3c00 NX
   to_i32_s rmm 3f000000 = 1 NX | 0.5
   to_i32_s rne 3f000000 = 0 NX
   to_i32_s rmm bf000000 = ffffffff NX
   to_i32_s rmm 40200000 = 3 NX | 2.5
   to_i64_d rmm 3fdfffffffffffff = 0 NX
   rint_d rmm c004000000000000 = c008000000000000 NX
   from_i32_s rmm 1000001 = 4b800001 NX | 2^24 + 1
   from_i32_s rne 1000001 = 4b800000 NX
   from_i64_d rmm ffdfffffffffffff = c340000000000001 NX`,
);

check(
  'IEEE 754, 7.5: tininess after rounding',
  `mul_s rne 007fffff 3f800001 = 800000 NX | with unbounded exponent it rounds to the smallest normal
   mul_s rtz 007fffff 3f800001 = 7fffff UF NX
   mul_s rup 00800000 3f7fffff = 800000 UF NX | 24 bits suffice when the exponent is unbounded, so it stays tiny
   mul_s rne 003fffff 3f800002 = 400000 UF NX | rounds up to half the smallest normal, still tiny
   sub_s rne 00800001 00000002 = 7fffff | subnormal and exact raises nothing`,
);

check(
  'IEEE 754, 7.5: tininess before rounding, by policy',
  `mul_s rne 007fffff 3f800001 = 800000 UF NX
   mul_s rup 00800000 3f7fffff = 800000 UF NX
   sub_s rne 00800001 00000002 = 7fffff`,
  { ...defaultNanPolicy, tininess: 'before' },
);

check(
  'IEEE 754, 7.4: overflow by direction',
  `add_s rne 7f7fffff 7f7fffff = 7f800000 OF NX
   add_s rtz 7f7fffff 7f7fffff = 7f7fffff OF NX
   add_s rdn 7f7fffff 7f7fffff = 7f7fffff OF NX
   add_s rdn ff7fffff ff7fffff = ff800000 OF NX
   add_s rup ff7fffff ff7fffff = ff7fffff OF NX
   add_s rup 7f7fffff 00000001 = 7f800000 OF NX
   add_s rdn 7f7fffff 00000001 = 7f7fffff NX | rounds down to what it was: no overflow
   to_h_s rne 477ff000 = 7c00 OF NX
   to_h_s rne 477fefff = 7bff NX`,
);

check(
  'IEEE 754, 7.2 and 7.3: invalid operations and division by zero',
  `add_s rne 7f800000 ff800000 = 7fc00000 NV
   sub_d rne 7ff0000000000000 7ff0000000000000 = 7ff8000000000000 NV
   mul_s rne 00000000 7f800000 = 7fc00000 NV
   div_s rne 80000000 00000000 = 7fc00000 NV
   div_s rne ff800000 7f800000 = 7fc00000 NV
   div_s rne 00000001 80000000 = ff800000 DZ
   div_s rne 7f800000 80000000 = ff800000
   sqrt_s rne 80000001 = 7fc00000 NV
   sqrt_s rne ff800000 = 7fc00000 NV
   sqrt_s rdn 80000000 = 80000000
   fma_s rne 00000000 ff800000 7fc00001 = 7fc00000 NV | ∞ × 0 + quiet NaN
   fma_s rne 7f800000 3f800000 ff800000 = 7fc00000 NV
   fma_s rne 7f7fffff 7f7fffff ff800000 = ff800000 | the product does not overflow by itself
   add_s rne 7f800001 3f800000 = 7fc00000 NV
   add_s rne ffc00005 3f800000 = 7fc00000`,
);

check(
  'IEEE 754, 6.3: the sign of zero',
  `add_s rne 3f800000 bf800000 = 0
   add_s rdn 3f800000 bf800000 = 80000000
   add_s rdn 00000000 00000000 = 0
   add_s rup 80000000 80000000 = 80000000
   sub_s rdn 80000000 00000000 = 80000000
   fma_s rdn 3f800000 80000000 00000000 = 80000000
   fma_s rne bf800000 3f800000 3f800000 = 0
   rint_s rup bf000000 = 80000000 NX
   nearbyint_s rne be800000 = 80000000
   from_i64_d rdn 0 = 0`,
);

check(
  'IEEE 754, 5.8: integers saturate, invalid without inexact',
  `to_i32_s rne 7fc00000 = 7fffffff NV
   to_i32_s rne ff800000 = 80000000 NV
   to_u32_s rne ff800000 = 0 NV
   to_u64_d rne fff8000000000000 = ffffffffffffffff NV | a NaN's sign does not matter
   to_u64_d rne 43f0000000000000 = ffffffffffffffff NV
   to_i64_d rne c3e0000000000000 = 8000000000000000
   to_i64_d rne c3e0000000000001 = 8000000000000000 NV
   to_u32_s rtz bf7fffff = 0 NX | −0.99… truncates to a value that fits
   to_u32_s rdn bf000000 = 0 NV
   to_u32_s rmm bf000000 = 0 NV
   to_u32_s rne bf000000 = 0 NX
   to_i32_d rne 41dfffffffdfffff = 7fffffff NX | 2^31 − 0.5 − 2^-22 fits
   to_i32_d rne 41dfffffffe00000 = 7fffffff NV | 2^31 − 0.5 goes to the even 2^31, which does not`,
);

check(
  'IEEE 754-2019, 9.6: minimumNumber and maximumNumber',
  `min_s rne 00000000 80000000 = 80000000
   min_s rne 80000000 00000000 = 80000000
   max_s rne 80000000 00000000 = 0
   max_s rne 00000000 80000000 = 0
   min_s rne 7fc00000 3f800000 = 3f800000
   max_s rne 3f800000 7f800001 = 3f800000 NV
   min_s rne 7fc00001 ffc00002 = 7fc00000
   min_s rne 7fc00001 7f800001 = 7fc00000 NV
   min_d rne fff0000000000000 3ff0000000000000 = fff0000000000000`,
);

check(
  'binary16 computes like the wider formats',
  `add_h rne 3c00 1000 = 3c00 NX | 1 + 2^-11, a tie
   add_h rmm 3c00 1000 = 3c01 NX
   mul_h rne 0400 3800 = 200 | subnormal and exact
   div_h rne 3c00 4200 = 3555 NX | 1/3
   sqrt_h rne 4000 = 3da8 NX | √2 = 1.0110101000|00100…
   fma_h rne 3c01 3c01 bc02 = 10 | 2^-20`,
);

/** SSE's rules: the first NaN operand made quiet, a negative default NaN, one indefinite integer (SDM 1, E.4.2). */
const propagatingPolicy: FloatPolicy = {
  tininess: 'after',
  flushOperands: false,
  flushResults: false,
  infinityTimesZeroPlusNan: 'quiet',
  nanResult(format, operands, cause) {
    const nan = cause === 'operand' ? operands.find((bits) => isNan(format, bits)) : undefined;
    return nan === undefined ? canonicalNan(format) | format.signBit : nan | format.quietBit;
  },
  convertNan(from, to, bits) {
    const payload = ((bits & from.fractionMask) << BigInt(to.fractionBits)) >> BigInt(from.fractionBits);
    return (bits & from.signBit ? to.signBit : 0n) | canonicalNan(to) | payload;
  },
  integerMisfit: ({ bits }) => 1n << BigInt(bits - 1),
};

check(
  'the policy chooses NaNs and integers',
  `add_s rne 7f800001 ffc00002 = 7fc00001 NV
   sub_s rne 3f800000 ffc00002 = ffc00002 | the subtrahend, its sign kept
   add_s rne 7f800000 ff800000 = ffc00000 NV
   fma_s rne 00000000 7f800000 7fc00007 = 7fc00007
   fma_s rne 00000000 7f800000 7f800007 = 7fc00007 NV
   fma_s rne 3f800000 7fc00003 7fc00007 = 7fc00003
   sqrt_s rne ff800123 = ffc00123 NV
   rint_s rne 7f800123 = 7fc00123 NV
   to_s_d rne fff4000020000000 = ffe00001 NV
   to_d_s rne 7fc00001 = 7ff8000020000000
   to_i32_s rne 7fc00000 = 80000000 NV
   to_i64_s rne 7f800000 = 8000000000000000 NV`,
  propagatingPolicy,
);

check(
  'only a quiet addend yields to the invalid product, as in A64 FPMulAdd()',
  `fma_s rne 00000000 7f800000 7fc00007 = ffc00000 NV
   fma_s rne 00000000 7f800000 7f800007 = 7fc00007 NV`,
  { ...propagatingPolicy, infinityTimesZeroPlusNan: 'invalid' },
);

check(
  'IEEE 754-2019, 9.6: minimum and maximum, which a NaN makes one',
  `minimum_s rne 00000000 80000000 = 80000000
   maximum_s rne 80000000 00000000 = 0
   minimum_s rne 7fc00001 3f800000 = 7fc00000
   maximum_s rne 3f800000 7f800001 = 7fc00000 NV
   maximum_d rne 7fefffffffffffff 7ff0000000000000 = 7ff0000000000000`,
);

check(
  'IEEE 754-2008, 5.3.1: minNum and maxNum, where only a quiet NaN loses to a number',
  `minnum_s rne 7fc00001 3f800000 = 3f800000
   minnum_s rne 7f800001 3f800000 = 7fc00000 NV
   maxnum_s rne 7fc00001 7f800001 = 7fc00000 NV
   maxnum_s rne 7fc00001 ffc00001 = 7fc00000
   maxnum_s rne 80000000 00000000 = 0`,
);

check(
  'rounding to odd: whatever is lost sets the last bit',
  `to_s_d odd 3ff0000000000001 = 3f800001 NX
   to_s_d odd 3ff0000030000000 = 3f800001 NX | odd already
   to_s_d odd bff0000000000001 = bf800001 NX
   to_s_d odd 3ff0000020000000 = 3f800001
   to_s_d odd 0000000000000001 = 1 UF NX
   to_s_d odd 7fefffffffffffff = 7f7fffff OF NX
   to_i32_s odd 3f000000 = 1 NX
   add_h odd 3c00 1000 = 3c01 NX`,
);

check(
  'alternative half precision: numbers in place of infinities and NaNs',
  `to_alternative_s rne 47ffe000 = 7fff
   to_alternative_s rne 47ffefff = 7fff NX
   to_alternative_s rne 47fff000 = 7fff NV
   to_alternative_s rtz c7ffffff = ffff NX | rounds to what there is
   to_alternative_s rne ff800000 = ffff NV
   to_alternative_d rne fff8000000000000 = 8000 NV
   to_alternative_s rne 33000000 = 0 UF NX
   from_alternative_s rne ffff = c7ffe000
   from_alternative_d rne 7c00 = 40f0000000000000
   from_alternative_s rne 8001 = b3800000`,
);

check(
  'fixed point: three fraction bits',
  `to_eighths_s rne 3e000000 = 1
   to_eighths_s rtz be7fffff = ffffffff NX
   to_eighths_s rne 4d800000 = 7fffffff NV | 2^28 × 8
   to_eighths_d rne c1b0000000000000 = 80000000
   from_eighths_s rne 1 = 3e000000
   from_eighths_s rup 1000001 = 4a000001 NX
   from_eighths_d rne ffffffff = bfc0000000000000`,
);

check(
  'fused and halved, rounded once',
  `half_fma_s rne 7f7fffff 40000000 00000000 = 7f7fffff | twice the largest number
   half_fma_s rne 00000001 3f800000 00000000 = 0 UF NX
   half_fma_s rup 00000001 3f800000 00000000 = 1 UF NX
   half_fma_s rne 00000000 3f800000 00800001 = 400000 UF NX
   half_fma_s rdn 3f800000 3f800000 bf800000 = 80000000`,
);

check(
  'subnormal operands that count as zero',
  `add_s rne 00000001 80000002 = 0 FO
   add_s rdn 80000001 80000000 = 80000000 FO
   mul_s rne 807fffff 7f800000 = 7fc00000 FO NV
   div_s rne 3f800000 80000001 = ff800000 FO DZ
   sqrt_s rne 80000001 = 80000000 FO
   fma_s rne 00000001 3f800000 00000001 = 0 FO
   eq_s rne 00000001 80000001 = 1 FO
   lt_s rne 00000000 00000001 = 0 FO
   min_s rne 00000001 7fc00000 = 0 FO
   minimum_s rne 00000001 7fc00000 = 7fc00000 FO
   maxnum_s rne 80000001 00000000 = 0 FO
   rint_s rup 00000001 = 0 FO
   to_i32_s rup 00000001 = 0 FO
   to_h_s rup 00000001 = 0 FO
   to_s_h rne 0001 = 33800000 | not of binary16
   class_s rne 00000001 = 20 | an operation that computes nothing`,
  { ...defaultNanPolicy, flushOperands: true },
);

check(
  'results that are tiny before rounding and become zero',
  `sub_s rne 00800001 00800000 = 0 UF
   mul_s rup 80800000 3f7fffff = 80000000 UF
   mul_s rne 00800000 3f800000 = 800000
   to_s_d rne 36a0000000000000 = 0 UF
   to_h_s rne 33800000 = 1 | not of binary16
   half_fma_s rne 00000000 3f800000 00800000 = 0 UF
   rint_s rne 00000001 = 0 NX`,
  { ...defaultNanPolicy, flushResults: true },
);

describe('IEEE 754, 5.11: comparison relations', () => {
  const one = 0x3f800000n;
  const quiet = 0x7fc00000n;
  const signalling = 0x7f800001n;
  it.each([
    { compare: compareQuiet, a: quiet, b: one, relation: 'unordered', flags: 0 },
    { compare: compareQuiet, a: one, b: signalling, relation: 'unordered', flags: FloatFlag.invalid },
    { compare: compareSignalling, a: quiet, b: one, relation: 'unordered', flags: FloatFlag.invalid },
    { compare: compareSignalling, a: 0n, b: F32.signBit, relation: 'equal', flags: 0 },
    { compare: compareQuiet, a: one | F32.signBit, b: 1n, relation: 'less', flags: 0 },
    { compare: compareQuiet, a: 1n | F32.signBit, b: one | F32.signBit, relation: 'greater', flags: 0 },
  ])('$compare.name $a $b is $relation', ({ compare, a, b, relation, flags }) => {
    const env = floatEnv(defaultNanPolicy);
    expect(compare(F32, a, b, env)).toBe(relation);
    expect(env.flags).toBe(flags);
  });
});

it('a signalling NaN is a NaN with a clear quiet bit', () => {
  expect([0x7f800000n, 0x7f800001n, 0x7fc00000n].map((bits) => isSignallingNan(F32, bits))).toEqual([
    false,
    true,
    false,
  ]);
});

it('IEEE 754, 7.1: flags accumulate until the caller clears them', () => {
  const env: FloatEnv = floatEnv(defaultNanPolicy);
  const divide = operations.get('div_s')!;
  divide.run([0x3f800000n, 0n], env);
  divide.run([0x3f800000n, 0x40400000n], env);
  expect(showFlags(env.flags)).toBe('DZ NX');
});
