// C4.1.96 "Advanced SIMD two-register miscellaneous", "scalar two-register miscellaneous", "scalar pairwise" and
// "across lanes", but for floating point.
import type { Builder, V128 } from '../ir/index.ts';
import { d, requireFp, row, setD, setV, v } from './row.ts';
import {
  add,
  type Binary,
  below32,
  below64,
  bytes,
  constant,
  equal,
  type Fields,
  full64,
  greaterOrEqualS,
  greaterS,
  narrow,
  operate,
  operation1,
  SHAPES,
  setVector,
  shiftLeft,
  shiftRightS,
  shiftRightU,
  shuffle,
  type Unary,
  unary,
  widen,
} from './simd-lift.ts';

type Vectors = Fields & { readonly Q: number; readonly size: number };

/** Lanes in reverse order within groups of that many bytes. */
const reverse =
  (group: number): Unary =>
  (b, size, a) => {
    const last = (group >> size) - 1;
    return shuffle(
      b,
      size,
      a,
      a,
      Array.from({ length: 16 >> size }, (_, k) => k ^ last),
    );
  };

/** A byte by its two halves, each looked up in a table of sixteen bytes. */
const byNibbles =
  (join: Binary, low: (nibble: number) => number, high: (nibble: number) => number): Unary =>
  (b, _, a) => {
    const table = (of: (nibble: number) => number) =>
      b.v128(Array.from({ length: 16 }, (_, i) => BigInt(of(i)) << BigInt(i * 8)).reduce((all, byte) => all | byte));
    const lowNibbles = b.pure('v128.and', a, constant(b, 0, 15n));
    return join(
      b,
      0,
      b.pure('i8x16.swizzle', table(low), lowNibbles),
      b.pure('i8x16.swizzle', table(high), shiftRightU(b, 0, a, 4)),
    );
  };
const onesIn = (nibble: number) => [...nibble.toString(2)].filter((digit) => digit === '1').length;
const mirrored = (nibble: number) => Number.parseInt([...nibble.toString(2).padStart(4, '0')].reverse().join(''), 2);
const count = byNibbles(add, onesIn, onesIn);
const reverseBits = byNibbles(
  (b, _, a, c) => b.pure('v128.or', a, c),
  (nibble) => mirrored(nibble) << 4,
  mirrored,
);

const not: Unary = (b, _, a) => b.pure('v128.not', a);
const absolute: Unary = (b, size, a) => b.pure(`${SHAPES[size]}.abs`, a);
const negate: Unary = (b, size, a) => b.pure(`${SHAPES[size]}.neg`, a);

/** Compared with zero, on its right or on its left. */
const withZero =
  (compare: Binary): Unary =>
  (b, size, a) =>
    compare(b, size, a, b.v128(0n));
const zeroWith =
  (compare: Binary): Unary =>
  (b, size, a) =>
    compare(b, size, b.v128(0n), a);

/** Sums of adjacent pairs, at twice the width. */
const addPairs =
  (shift: (b: Builder, size: number, a: V128, count: number) => V128): Unary =>
  (b, size, a) => {
    const bits = 8 << size;
    const even = shift(b, size + 1, shiftLeft(b, size + 1, a, bits), bits);
    return add(b, size + 1, even, shift(b, size + 1, a, bits));
  };

const accumulatePairs =
  (pairs: Unary) =>
  (b: Builder, { Q, size, Rd, Rn }: Vectors): void => {
    requireFp(b);
    setVector(b, Q, Rd, add(b, size + 1, v(b, Rd), pairs(b, size, v(b, Rn))));
  };

const extractNarrow = (b: Builder, { Q, size, Rd, Rn }: Vectors): void => {
  requireFp(b);
  setV(b, Rd, narrow(b, size, v(b, Rn), Q, Rd));
};

const shiftLeftLong = (b: Builder, { Q, size, Rd, Rn }: Vectors): void => {
  requireFp(b);
  setV(b, Rd, shiftLeft(b, size + 1, widen(b, size, v(b, Rn), Q, false), 8 << size));
};

type Narrowing = 'sqshrn' | 'sqshrun' | 'uqshrn';
/** Narrowing is a shift by nothing. */
const saturatingNarrow =
  (name: Narrowing) =>
  (b: Builder, { Q, size, Rd, Rn }: Vectors): void =>
    operate(b, name, [8 << size, 8 >> size, Q, Rd, Rn, 0, 0], Q === 1 ? [Rn, Rd] : [Rn], Rd);
const saturatingNarrowScalar =
  (name: Narrowing) =>
  (b: Builder, { size, Rd, Rn }: Fields & { readonly size: number }): void =>
    operate(b, name, [8 << size, 1, 0, Rd, Rn, 0, 0], [Rn], Rd);

const VECTOR = [
  row('0 Q 0 01110 size 10000 00000 10 Rn Rd', 'rev64 Vd.T, Vn.T', unary(reverse(8)), below64),
  row('0 Q 1 01110 size 10000 00000 10 Rn Rd', 'rev32 Vd.T, Vn.T', unary(reverse(4)), below32),
  row('0 Q 0 01110 size 10000 00001 10 Rn Rd', 'rev16 Vd.T, Vn.T', unary(reverse(2)), bytes),
  row('0 Q 0 01110 size 10000 00010 10 Rn Rd', 'saddlp Vd.Tp, Vn.T', unary(addPairs(shiftRightS)), below64),
  row('0 Q 1 01110 size 10000 00010 10 Rn Rd', 'uaddlp Vd.Tp, Vn.T', unary(addPairs(shiftRightU)), below64),
  row('0 Q 0 01110 size 10000 00011 10 Rn Rd', 'suqadd Vd.T, Vn.T', operation1('suqadd'), full64),
  row('0 Q 1 01110 size 10000 00011 10 Rn Rd', 'usqadd Vd.T, Vn.T', operation1('usqadd'), full64),
  row('0 Q 0 01110 size 10000 00100 10 Rn Rd', 'cls Vd.T, Vn.T', operation1('cls'), below64),
  row('0 Q 1 01110 size 10000 00100 10 Rn Rd', 'clz Vd.T, Vn.T', operation1('clz'), below64),
  row('0 Q 0 01110 size 10000 00101 10 Rn Rd', 'cnt Vd.T, Vn.T', unary(count), bytes),
  row('0 Q 1 01110 00 10000 00101 10 Rn Rd', 'not Vd.T8, Vn.T8', unary(not)),
  row('0 Q 1 01110 01 10000 00101 10 Rn Rd', 'rbit Vd.T8, Vn.T8', unary(reverseBits)),
  row('0 Q 0 01110 size 10000 00110 10 Rn Rd', 'sadalp Vd.Tp, Vn.T', accumulatePairs(addPairs(shiftRightS)), below64),
  row('0 Q 1 01110 size 10000 00110 10 Rn Rd', 'uadalp Vd.Tp, Vn.T', accumulatePairs(addPairs(shiftRightU)), below64),
  row('0 Q 0 01110 size 10000 00111 10 Rn Rd', 'sqabs Vd.T, Vn.T', operation1('sqabs'), full64),
  row('0 Q 1 01110 size 10000 00111 10 Rn Rd', 'sqneg Vd.T, Vn.T', operation1('sqneg'), full64),
  row('0 Q 0 01110 size 10000 01000 10 Rn Rd', 'cmgt Vd.T, Vn.T, #0', unary(withZero(greaterS)), full64),
  row('0 Q 1 01110 size 10000 01000 10 Rn Rd', 'cmge Vd.T, Vn.T, #0', unary(withZero(greaterOrEqualS)), full64),
  row('0 Q 0 01110 size 10000 01001 10 Rn Rd', 'cmeq Vd.T, Vn.T, #0', unary(withZero(equal)), full64),
  row('0 Q 1 01110 size 10000 01001 10 Rn Rd', 'cmle Vd.T, Vn.T, #0', unary(zeroWith(greaterOrEqualS)), full64),
  row('0 Q 0 01110 size 10000 01010 10 Rn Rd', 'cmlt Vd.T, Vn.T, #0', unary(zeroWith(greaterS)), full64),
  row('0 Q 0 01110 size 10000 01011 10 Rn Rd', 'abs Vd.T, Vn.T', unary(absolute), full64),
  row('0 Q 1 01110 size 10000 01011 10 Rn Rd', 'neg Vd.T, Vn.T', unary(negate), full64),
  row('0 Q 0 01110 size 10000 10010 10 Rn Rd', 'xtn{2} Vd.Tb, Vn.Ta', extractNarrow, below64),
  row('0 Q 1 01110 size 10000 10010 10 Rn Rd', 'sqxtun{2} Vd.Tb, Vn.Ta', saturatingNarrow('sqshrun'), below64),
  row('0 Q 1 01110 size 10000 10011 10 Rn Rd', 'shll{2} Vd.Ta, Vn.Tb, #esize', shiftLeftLong, below64),
  row('0 Q 0 01110 size 10000 10100 10 Rn Rd', 'sqxtn{2} Vd.Tb, Vn.Ta', saturatingNarrow('sqshrn'), below64),
  row('0 Q 1 01110 size 10000 10100 10 Rn Rd', 'uqxtn{2} Vd.Tb, Vn.Ta', saturatingNarrow('uqshrn'), below64),
];

const SCALAR = [
  row('01 0 11110 size 10000 00011 10 Rn Rd', 'suqadd Vd, Vn', operation1('suqadd')),
  row('01 1 11110 size 10000 00011 10 Rn Rd', 'usqadd Vd, Vn', operation1('usqadd')),
  row('01 0 11110 size 10000 00111 10 Rn Rd', 'sqabs Vd, Vn', operation1('sqabs')),
  row('01 1 11110 size 10000 00111 10 Rn Rd', 'sqneg Vd, Vn', operation1('sqneg')),
  row('01 0 11110 11 10000 01000 10 Rn Rd', 'cmgt Dd, Dn, #0', unary(withZero(greaterS))),
  row('01 1 11110 11 10000 01000 10 Rn Rd', 'cmge Dd, Dn, #0', unary(withZero(greaterOrEqualS))),
  row('01 0 11110 11 10000 01001 10 Rn Rd', 'cmeq Dd, Dn, #0', unary(withZero(equal))),
  row('01 1 11110 11 10000 01001 10 Rn Rd', 'cmle Dd, Dn, #0', unary(zeroWith(greaterOrEqualS))),
  row('01 0 11110 11 10000 01010 10 Rn Rd', 'cmlt Dd, Dn, #0', unary(zeroWith(greaterS))),
  row('01 0 11110 11 10000 01011 10 Rn Rd', 'abs Dd, Dn', unary(absolute)),
  row('01 1 11110 11 10000 01011 10 Rn Rd', 'neg Dd, Dn', unary(negate)),
  row('01 1 11110 size 10000 10010 10 Rn Rd', 'sqxtun Vd, Vn.Va', saturatingNarrowScalar('sqshrun'), below64),
  row('01 0 11110 size 10000 10100 10 Rn Rd', 'sqxtn Vd, Vn.Va', saturatingNarrowScalar('sqshrn'), below64),
  row('01 1 11110 size 10000 10100 10 Rn Rd', 'uqxtn Vd, Vn.Va', saturatingNarrowScalar('uqshrn'), below64),

  row('01 0 11110 11 11000 11011 10 Rn Rd', 'addp Dd, Vn.2D', (b, { Rd, Rn }) => {
    requireFp(b);
    setD(b, Rd, b.add(d(b, Rn), b.pure('v128.high', v(b, Rn))));
  }),
];

/** Two lanes of 32 bits are reserved. */
const several = {
  where: ({ size, Q }: { readonly size: number; readonly Q: number }) => size < 2 || (size === 2 && Q === 1),
};

const ACROSS = [
  row('0 Q 0 01110 size 11000 00011 10 Rn Rd', 'saddlv Vd.Va, Vn.T', operation1('saddlv'), several),
  row('0 Q 1 01110 size 11000 00011 10 Rn Rd', 'uaddlv Vd.Va, Vn.T', operation1('uaddlv'), several),
  row('0 Q 0 01110 size 11000 01010 10 Rn Rd', 'smaxv Vd, Vn.T', operation1('smaxv'), several),
  row('0 Q 1 01110 size 11000 01010 10 Rn Rd', 'umaxv Vd, Vn.T', operation1('umaxv'), several),
  row('0 Q 0 01110 size 11000 11010 10 Rn Rd', 'sminv Vd, Vn.T', operation1('sminv'), several),
  row('0 Q 1 01110 size 11000 11010 10 Rn Rd', 'uminv Vd, Vn.T', operation1('uminv'), several),
  row('0 Q 0 01110 size 11000 11011 10 Rn Rd', 'addv Vd, Vn.T', operation1('addv'), several),
];

export const SIMD_MISC = [...VECTOR, ...SCALAR, ...ACROSS];
