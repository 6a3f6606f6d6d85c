// C4.1.96 "Advanced SIMD modified immediate".
import type { Builder, V128 } from '../ir/index.ts';
import { requireFp, row, v } from './row.ts';
import { expandImmediate } from './simd-immediate.ts';
import { setVector } from './simd-lift.ts';

interface Fields {
  readonly Q?: number;
  readonly abcdefgh: number;
  readonly Rd: number;
}

/** The immediate alone, or with V[d]. `cmode` is that of the row, with the bits that are a field. */
const modified =
  (op: number, cmode: number, meaning: (b: Builder, immediate: V128, d: () => V128) => V128) =>
  (b: Builder, { Q = 0, abcdefgh, Rd, ...fields }: Fields & { readonly cmode?: number }): void => {
    requireFp(b);
    const immediate = b.v128(expandImmediate(op, cmode | (fields.cmode ?? 0), abcdefgh));
    setVector(
      b,
      Q,
      Rd,
      meaning(b, immediate, () => v(b, Rd)),
    );
  };

const move = (op: number, cmode: number) => modified(op, cmode, (_, immediate) => immediate);
const moveNot = (cmode: number) => modified(1, cmode, (b, immediate) => b.pure('v128.not', immediate));
const or = (cmode: number) => modified(0, cmode, (b, immediate, d) => b.pure('v128.or', d(), immediate));
const andNot = (cmode: number) => modified(1, cmode, (b, immediate, d) => b.pure('v128.andnot', d(), immediate));

/** Shifts are multiples of 8; `cmode[2:1]` and `cmode[1]` read as twice and as 2 times that multiple. */
export const SIMD_IMMEDIATE = [
  row(
    '0 Q 0 0111100000 abcdefgh[7:5] 0 cmode[2:1] 0 01 abcdefgh[4:0] Rd',
    'movi Vd.T32, #0xabcdefgh{, lsl #cmode*4}',
    move(0, 0b0000),
  ),
  row(
    '0 Q 1 0111100000 abcdefgh[7:5] 0 cmode[2:1] 0 01 abcdefgh[4:0] Rd',
    'mvni Vd.T32, #0xabcdefgh{, lsl #cmode*4}',
    moveNot(0b0000),
  ),
  row(
    '0 Q 0 0111100000 abcdefgh[7:5] 0 cmode[2:1] 1 01 abcdefgh[4:0] Rd',
    'orr Vd.T32, #0xabcdefgh{, lsl #cmode*4}',
    or(0b0001),
  ),
  row(
    '0 Q 1 0111100000 abcdefgh[7:5] 0 cmode[2:1] 1 01 abcdefgh[4:0] Rd',
    'bic Vd.T32, #0xabcdefgh{, lsl #cmode*4}',
    andNot(0b0001),
  ),
  row(
    '0 Q 0 0111100000 abcdefgh[7:5] 10 cmode[1] 0 01 abcdefgh[4:0] Rd',
    'movi Vd.T16, #0xabcdefgh{, lsl #cmode*4}',
    move(0, 0b1000),
  ),
  row(
    '0 Q 1 0111100000 abcdefgh[7:5] 10 cmode[1] 0 01 abcdefgh[4:0] Rd',
    'mvni Vd.T16, #0xabcdefgh{, lsl #cmode*4}',
    moveNot(0b1000),
  ),
  row(
    '0 Q 0 0111100000 abcdefgh[7:5] 10 cmode[1] 1 01 abcdefgh[4:0] Rd',
    'orr Vd.T16, #0xabcdefgh{, lsl #cmode*4}',
    or(0b1001),
  ),
  row(
    '0 Q 1 0111100000 abcdefgh[7:5] 10 cmode[1] 1 01 abcdefgh[4:0] Rd',
    'bic Vd.T16, #0xabcdefgh{, lsl #cmode*4}',
    andNot(0b1001),
  ),
  // Shifting ones in.
  row('0 Q 0 0111100000 abcdefgh[7:5] 1100 01 abcdefgh[4:0] Rd', 'movi Vd.T32, #0xabcdefgh, msl #8', move(0, 0b1100)),
  row('0 Q 0 0111100000 abcdefgh[7:5] 1101 01 abcdefgh[4:0] Rd', 'movi Vd.T32, #0xabcdefgh, msl #16', move(0, 0b1101)),
  row('0 Q 1 0111100000 abcdefgh[7:5] 1100 01 abcdefgh[4:0] Rd', 'mvni Vd.T32, #0xabcdefgh, msl #8', moveNot(0b1100)),
  row('0 Q 1 0111100000 abcdefgh[7:5] 1101 01 abcdefgh[4:0] Rd', 'mvni Vd.T32, #0xabcdefgh, msl #16', moveNot(0b1101)),
  row('0 Q 0 0111100000 abcdefgh[7:5] 1110 01 abcdefgh[4:0] Rd', 'movi Vd.T8, #0xabcdefgh', move(0, 0b1110)),
  row('0 0 1 0111100000 abcdefgh[7:5] 1110 01 abcdefgh[4:0] Rd', 'movi Dd, #bytemask', move(1, 0b1110)),
  row('0 1 1 0111100000 abcdefgh[7:5] 1110 01 abcdefgh[4:0] Rd', 'movi Vd.2D, #bytemask', (b, { abcdefgh, Rd }) =>
    move(1, 0b1110)(b, { Q: 1, abcdefgh, Rd }),
  ),
  row('0 Q 0 0111100000 abcdefgh[7:5] 1111 01 abcdefgh[4:0] Rd', 'fmov Vd.T32, #fimm', move(0, 0b1111)),
  row('0 1 1 0111100000 abcdefgh[7:5] 1111 01 abcdefgh[4:0] Rd', 'fmov Vd.2D, #fimm', (b, { abcdefgh, Rd }) =>
    move(1, 0b1111)(b, { Q: 1, abcdefgh, Rd }),
  ),
];
