// C4.1.96 "Advanced SIMD three same" and "scalar three same", but for floating point.
import type { Builder, V128 } from '../ir/index.ts';
import { requireFp, row, v } from './row.ts';
import {
  accumulating,
  add,
  type Binary,
  below64,
  binary,
  bytes,
  equal,
  type Fields3,
  full64,
  greaterOrEqualS,
  greaterOrEqualU,
  greaterS,
  greaterU,
  maxS,
  maxU,
  middle,
  minS,
  minU,
  multiply,
  operation2,
  setVector,
  shiftRightS,
  shiftRightU,
  shuffle,
  subtract,
} from './simd-lift.ts';

type ShiftRight = typeof shiftRightS;

/** Half the sum, without the carry that a lane has no room for: what both have, and half of what one has. */
const halvingAdd =
  (shift: ShiftRight): Binary =>
  (b, size, a, c) =>
    add(b, size, b.pure('v128.and', a, c), shift(b, size, b.pure('v128.xor', a, c), 1));
const roundingHalvingAdd =
  (shift: ShiftRight): Binary =>
  (b, size, a, c) =>
    subtract(b, size, b.pure('v128.or', a, c), shift(b, size, b.pure('v128.xor', a, c), 1));
const halvingSubtract =
  (shift: ShiftRight): Binary =>
  (b, size, a, c) =>
    subtract(b, size, shift(b, size, b.pure('v128.xor', a, c), 1), b.pure('v128.andnot', c, a));

const test: Binary = (b, size, a, c) => b.pure('v128.not', equal(b, size, b.pure('v128.and', a, c), b.v128(0n)));

export const differenceS: Binary = (b, size, a, c) => subtract(b, size, maxS(b, size, a, c), minS(b, size, a, c));
export const differenceU: Binary = (b, size, a, c) => subtract(b, size, maxU(b, size, a, c), minU(b, size, a, c));

const and: Binary = (b, _, a, c) => b.pure('v128.and', a, c);
const or: Binary = (b, _, a, c) => b.pure('v128.or', a, c);
const xor: Binary = (b, _, a, c) => b.pure('v128.xor', a, c);
const andNot: Binary = (b, _, a, c) => b.pure('v128.andnot', a, c);
const orNot: Binary = (b, _, a, c) => b.pure('v128.or', a, b.pure('v128.not', c));

/** A choice between bits of V[n], V[m] and V[d]. */
const choice =
  (choose: (b: Builder, n: V128, m: V128, d: V128) => V128) =>
  (b: Builder, { Q, Rd, Rn, Rm }: Fields3 & { readonly Q: number }): void => {
    requireFp(b);
    setVector(b, Q, Rd, choose(b, v(b, Rn), v(b, Rm), v(b, Rd)));
  };

/** Adjacent pairs of V[n], and behind them of V[m]. */
const pairwise =
  (join: Binary) =>
  (b: Builder, { Q, size, Rd, Rn, Rm }: Fields3 & { readonly Q: number; readonly size: number }): void => {
    requireFp(b);
    const lanes = 16 >> size;
    const pairs = Array.from({ length: Q === 1 ? lanes / 2 : lanes / 4 }, (_, k) => 2 * k);
    const even = [...pairs, ...pairs.map((k) => lanes + k)];
    // Where Q is 0, twice: the upper half is cleared below.
    const all = Q === 1 ? even : [...even, ...even];
    const first = shuffle(b, size, v(b, Rn), v(b, Rm), all);
    const second = shuffle(
      b,
      size,
      v(b, Rn),
      v(b, Rm),
      all.map((k) => k + 1),
    );
    setVector(b, Q, Rd, join(b, size, first, second));
  };

const VECTOR = [
  row('0 Q 0 01110 size 1 Rm 00000 1 Rn Rd', 'shadd Vd.T, Vn.T, Vm.T', binary(halvingAdd(shiftRightS)), below64),
  row('0 Q 1 01110 size 1 Rm 00000 1 Rn Rd', 'uhadd Vd.T, Vn.T, Vm.T', binary(halvingAdd(shiftRightU)), below64),
  row('0 Q 0 01110 size 1 Rm 00001 1 Rn Rd', 'sqadd Vd.T, Vn.T, Vm.T', operation2('sqadd'), full64),
  row('0 Q 1 01110 size 1 Rm 00001 1 Rn Rd', 'uqadd Vd.T, Vn.T, Vm.T', operation2('uqadd'), full64),
  row(
    '0 Q 0 01110 size 1 Rm 00010 1 Rn Rd',
    'srhadd Vd.T, Vn.T, Vm.T',
    binary(roundingHalvingAdd(shiftRightS)),
    below64,
  ),
  row(
    '0 Q 1 01110 size 1 Rm 00010 1 Rn Rd',
    'urhadd Vd.T, Vn.T, Vm.T',
    binary(roundingHalvingAdd(shiftRightU)),
    below64,
  ),
  row('0 Q 0 01110 size 1 Rm 00100 1 Rn Rd', 'shsub Vd.T, Vn.T, Vm.T', binary(halvingSubtract(shiftRightS)), below64),
  row('0 Q 1 01110 size 1 Rm 00100 1 Rn Rd', 'uhsub Vd.T, Vn.T, Vm.T', binary(halvingSubtract(shiftRightU)), below64),
  row('0 Q 0 01110 size 1 Rm 00101 1 Rn Rd', 'sqsub Vd.T, Vn.T, Vm.T', operation2('sqsub'), full64),
  row('0 Q 1 01110 size 1 Rm 00101 1 Rn Rd', 'uqsub Vd.T, Vn.T, Vm.T', operation2('uqsub'), full64),
  row('0 Q 0 01110 size 1 Rm 00110 1 Rn Rd', 'cmgt Vd.T, Vn.T, Vm.T', binary(greaterS), full64),
  row('0 Q 1 01110 size 1 Rm 00110 1 Rn Rd', 'cmhi Vd.T, Vn.T, Vm.T', binary(greaterU), full64),
  row('0 Q 0 01110 size 1 Rm 00111 1 Rn Rd', 'cmge Vd.T, Vn.T, Vm.T', binary(greaterOrEqualS), full64),
  row('0 Q 1 01110 size 1 Rm 00111 1 Rn Rd', 'cmhs Vd.T, Vn.T, Vm.T', binary(greaterOrEqualU), full64),
  row('0 Q 0 01110 size 1 Rm 01000 1 Rn Rd', 'sshl Vd.T, Vn.T, Vm.T', operation2('sshl'), full64),
  row('0 Q 1 01110 size 1 Rm 01000 1 Rn Rd', 'ushl Vd.T, Vn.T, Vm.T', operation2('ushl'), full64),
  row('0 Q 0 01110 size 1 Rm 01001 1 Rn Rd', 'sqshl Vd.T, Vn.T, Vm.T', operation2('sqshl'), full64),
  row('0 Q 1 01110 size 1 Rm 01001 1 Rn Rd', 'uqshl Vd.T, Vn.T, Vm.T', operation2('uqshl'), full64),
  row('0 Q 0 01110 size 1 Rm 01010 1 Rn Rd', 'srshl Vd.T, Vn.T, Vm.T', operation2('srshl'), full64),
  row('0 Q 1 01110 size 1 Rm 01010 1 Rn Rd', 'urshl Vd.T, Vn.T, Vm.T', operation2('urshl'), full64),
  row('0 Q 0 01110 size 1 Rm 01011 1 Rn Rd', 'sqrshl Vd.T, Vn.T, Vm.T', operation2('sqrshl'), full64),
  row('0 Q 1 01110 size 1 Rm 01011 1 Rn Rd', 'uqrshl Vd.T, Vn.T, Vm.T', operation2('uqrshl'), full64),
  row('0 Q 0 01110 size 1 Rm 01100 1 Rn Rd', 'smax Vd.T, Vn.T, Vm.T', binary(maxS), below64),
  row('0 Q 1 01110 size 1 Rm 01100 1 Rn Rd', 'umax Vd.T, Vn.T, Vm.T', binary(maxU), below64),
  row('0 Q 0 01110 size 1 Rm 01101 1 Rn Rd', 'smin Vd.T, Vn.T, Vm.T', binary(minS), below64),
  row('0 Q 1 01110 size 1 Rm 01101 1 Rn Rd', 'umin Vd.T, Vn.T, Vm.T', binary(minU), below64),
  row('0 Q 0 01110 size 1 Rm 01110 1 Rn Rd', 'sabd Vd.T, Vn.T, Vm.T', binary(differenceS), below64),
  row('0 Q 1 01110 size 1 Rm 01110 1 Rn Rd', 'uabd Vd.T, Vn.T, Vm.T', binary(differenceU), below64),
  row('0 Q 0 01110 size 1 Rm 01111 1 Rn Rd', 'saba Vd.T, Vn.T, Vm.T', accumulating(add, differenceS), below64),
  row('0 Q 1 01110 size 1 Rm 01111 1 Rn Rd', 'uaba Vd.T, Vn.T, Vm.T', accumulating(add, differenceU), below64),
  row('0 Q 0 01110 size 1 Rm 10000 1 Rn Rd', 'add Vd.T, Vn.T, Vm.T', binary(add), full64),
  row('0 Q 1 01110 size 1 Rm 10000 1 Rn Rd', 'sub Vd.T, Vn.T, Vm.T', binary(subtract), full64),
  row('0 Q 0 01110 size 1 Rm 10001 1 Rn Rd', 'cmtst Vd.T, Vn.T, Vm.T', binary(test), full64),
  row('0 Q 1 01110 size 1 Rm 10001 1 Rn Rd', 'cmeq Vd.T, Vn.T, Vm.T', binary(equal), full64),
  row('0 Q 0 01110 size 1 Rm 10010 1 Rn Rd', 'mla Vd.T, Vn.T, Vm.T', accumulating(add, multiply), below64),
  row('0 Q 1 01110 size 1 Rm 10010 1 Rn Rd', 'mls Vd.T, Vn.T, Vm.T', accumulating(subtract, multiply), below64),
  row('0 Q 0 01110 size 1 Rm 10011 1 Rn Rd', 'mul Vd.T, Vn.T, Vm.T', binary(multiply), below64),
  row('0 Q 1 01110 size 1 Rm 10011 1 Rn Rd', 'pmul Vd.T, Vn.T, Vm.T', operation2('pmul'), bytes),
  row('0 Q 0 01110 size 1 Rm 10100 1 Rn Rd', 'smaxp Vd.T, Vn.T, Vm.T', pairwise(maxS), below64),
  row('0 Q 1 01110 size 1 Rm 10100 1 Rn Rd', 'umaxp Vd.T, Vn.T, Vm.T', pairwise(maxU), below64),
  row('0 Q 0 01110 size 1 Rm 10101 1 Rn Rd', 'sminp Vd.T, Vn.T, Vm.T', pairwise(minS), below64),
  row('0 Q 1 01110 size 1 Rm 10101 1 Rn Rd', 'uminp Vd.T, Vn.T, Vm.T', pairwise(minU), below64),
  row('0 Q 0 01110 size 1 Rm 10110 1 Rn Rd', 'sqdmulh Vd.T, Vn.T, Vm.T', operation2('sqdmulh'), middle),
  row('0 Q 1 01110 size 1 Rm 10110 1 Rn Rd', 'sqrdmulh Vd.T, Vn.T, Vm.T', operation2('sqrdmulh'), middle),
  row('0 Q 0 01110 size 1 Rm 10111 1 Rn Rd', 'addp Vd.T, Vn.T, Vm.T', pairwise(add), full64),

  row('0 Q 0 01110 00 1 Rm 00011 1 Rn Rd', 'and Vd.T8, Vn.T8, Vm.T8', binary(and)),
  row('0 Q 0 01110 01 1 Rm 00011 1 Rn Rd', 'bic Vd.T8, Vn.T8, Vm.T8', binary(andNot)),
  row('0 Q 0 01110 10 1 Rm 00011 1 Rn Rd', 'orr Vd.T8, Vn.T8, Vm.T8', binary(or)),
  row('0 Q 0 01110 11 1 Rm 00011 1 Rn Rd', 'orn Vd.T8, Vn.T8, Vm.T8', binary(orNot)),
  row('0 Q 1 01110 00 1 Rm 00011 1 Rn Rd', 'eor Vd.T8, Vn.T8, Vm.T8', binary(xor)),
  row(
    '0 Q 1 01110 01 1 Rm 00011 1 Rn Rd',
    'bsl Vd.T8, Vn.T8, Vm.T8',
    choice((b, n, m, d) => b.pure('v128.bitselect', n, m, d)),
  ),
  row(
    '0 Q 1 01110 10 1 Rm 00011 1 Rn Rd',
    'bit Vd.T8, Vn.T8, Vm.T8',
    choice((b, n, m, d) => b.pure('v128.bitselect', n, d, m)),
  ),
  row(
    '0 Q 1 01110 11 1 Rm 00011 1 Rn Rd',
    'bif Vd.T8, Vn.T8, Vm.T8',
    choice((b, n, m, d) => b.pure('v128.bitselect', d, n, m)),
  ),
];

const SCALAR = [
  row('01 0 11110 size 1 Rm 00001 1 Rn Rd', 'sqadd Vd, Vn, Vm', operation2('sqadd')),
  row('01 1 11110 size 1 Rm 00001 1 Rn Rd', 'uqadd Vd, Vn, Vm', operation2('uqadd')),
  row('01 0 11110 size 1 Rm 00101 1 Rn Rd', 'sqsub Vd, Vn, Vm', operation2('sqsub')),
  row('01 1 11110 size 1 Rm 00101 1 Rn Rd', 'uqsub Vd, Vn, Vm', operation2('uqsub')),
  row('01 0 11110 11 1 Rm 00110 1 Rn Rd', 'cmgt Dd, Dn, Dm', binary(greaterS)),
  row('01 1 11110 11 1 Rm 00110 1 Rn Rd', 'cmhi Dd, Dn, Dm', binary(greaterU)),
  row('01 0 11110 11 1 Rm 00111 1 Rn Rd', 'cmge Dd, Dn, Dm', binary(greaterOrEqualS)),
  row('01 1 11110 11 1 Rm 00111 1 Rn Rd', 'cmhs Dd, Dn, Dm', binary(greaterOrEqualU)),
  row('01 0 11110 11 1 Rm 01000 1 Rn Rd', 'sshl Dd, Dn, Dm', operation2('sshl')),
  row('01 1 11110 11 1 Rm 01000 1 Rn Rd', 'ushl Dd, Dn, Dm', operation2('ushl')),
  row('01 0 11110 size 1 Rm 01001 1 Rn Rd', 'sqshl Vd, Vn, Vm', operation2('sqshl')),
  row('01 1 11110 size 1 Rm 01001 1 Rn Rd', 'uqshl Vd, Vn, Vm', operation2('uqshl')),
  row('01 0 11110 11 1 Rm 01010 1 Rn Rd', 'srshl Dd, Dn, Dm', operation2('srshl')),
  row('01 1 11110 11 1 Rm 01010 1 Rn Rd', 'urshl Dd, Dn, Dm', operation2('urshl')),
  row('01 0 11110 size 1 Rm 01011 1 Rn Rd', 'sqrshl Vd, Vn, Vm', operation2('sqrshl')),
  row('01 1 11110 size 1 Rm 01011 1 Rn Rd', 'uqrshl Vd, Vn, Vm', operation2('uqrshl')),
  row('01 0 11110 11 1 Rm 10000 1 Rn Rd', 'add Dd, Dn, Dm', binary(add)),
  row('01 1 11110 11 1 Rm 10000 1 Rn Rd', 'sub Dd, Dn, Dm', binary(subtract)),
  row('01 0 11110 11 1 Rm 10001 1 Rn Rd', 'cmtst Dd, Dn, Dm', binary(test)),
  row('01 1 11110 11 1 Rm 10001 1 Rn Rd', 'cmeq Dd, Dn, Dm', binary(equal)),
  row('01 0 11110 size 1 Rm 10110 1 Rn Rd', 'sqdmulh Vd, Vn, Vm', operation2('sqdmulh'), middle),
  row('01 1 11110 size 1 Rm 10110 1 Rn Rd', 'sqrdmulh Vd, Vn, Vm', operation2('sqrdmulh'), middle),
];

export const SIMD_THREE_SAME = [...VECTOR, ...SCALAR];
