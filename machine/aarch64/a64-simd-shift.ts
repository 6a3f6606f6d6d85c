// C4.1.96 "Advanced SIMD shift by immediate" and "scalar shift by immediate", but for conversions of fixed-point numbers.
import type { Builder, V128 } from '../ir/index.ts';
import { requireFp, row, setV, v } from './row.ts';
import {
  add,
  bytesOf,
  constant,
  narrow,
  operate,
  setVector,
  shiftLeft,
  shiftRightS,
  shiftRightU,
  widen,
} from './simd-lift.ts';

interface Fields {
  readonly Q?: number;
  readonly immh: number;
  readonly immb: number;
  readonly Rd: number;
  readonly Rn: number;
}
type Vectors = Fields & { readonly Q: number };

/** immh:immb says the size, by its highest one bit, and the amount: to the right 2 × esize − it, to the left it − esize. */
const sizeOf = ({ immh }: Fields) => 31 - Math.clz32(immh);
const right = (f: Fields) => (16 << sizeOf(f)) - (f.immh * 8 + f.immb);
const left = (f: Fields) => f.immh * 8 + f.immb - (8 << sizeOf(f));

/** immh of 0 is the modified immediate's; one of 8 or more, lanes of 64 bits, needs Q. */
const any = { where: ({ immh }: { readonly immh: number }) => immh !== 0 };
const full64 = {
  where: ({ immh, Q }: { readonly immh: number; readonly Q: number }) => immh !== 0 && (immh < 8 || Q === 1),
};
const below64 = { where: ({ immh }: { readonly immh: number }) => immh !== 0 && immh < 8 };
const only64 = { where: ({ immh }: { readonly immh: number }) => immh >= 8 };

type Shift = (b: Builder, size: number, a: V128, count: number) => V128;

/** To the nearest: with the last bit shifted out added. */
const rounded =
  (shift: Shift): Shift =>
  (b, size, a, count) => {
    const lastOut = b.pure('v128.and', shift(b, size, a, count - 1), constant(b, size, 1n));
    return add(b, size, shift(b, size, a, count), lastOut);
  };

const shiftRight = (shift: Shift) => (b: Builder, f: Fields) => {
  requireFp(b);
  setVector(b, f.Q ?? 0, f.Rd, shift(b, sizeOf(f), v(b, f.Rn), right(f)));
};

const shiftRightAccumulate = (shift: Shift) => (b: Builder, f: Fields) => {
  requireFp(b);
  const size = sizeOf(f);
  setVector(b, f.Q ?? 0, f.Rd, add(b, size, v(b, f.Rd), shift(b, size, v(b, f.Rn), right(f))));
};

const shiftLeftPlain = (b: Builder, f: Fields): void => {
  requireFp(b);
  setVector(b, f.Q ?? 0, f.Rd, shiftLeft(b, sizeOf(f), v(b, f.Rn), left(f)));
};

/** The shifted lanes in V[d], whose bits stay where the shift brings none. */
const insert = (shift: Shift, count: (f: Fields) => number) => (b: Builder, f: Fields) => {
  requireFp(b);
  const size = sizeOf(f);
  const ones = shift(b, size, b.v128(~0n), count(f));
  setVector(b, f.Q ?? 0, f.Rd, b.pure('v128.bitselect', shift(b, size, v(b, f.Rn), count(f)), v(b, f.Rd), ones));
};

const saturatingLeft =
  (name: 'sqshl.immediate' | 'uqshl.immediate' | 'sqshlu.immediate') => (b: Builder, f: Fields) => {
    const size = sizeOf(f);
    operate(b, name, [8 << size, bytesOf(f.Q, size), f.Rd, f.Rn, left(f)], [f.Rn], f.Rd);
  };

const shiftRightNarrow = (rounds: boolean) => (b: Builder, f: Vectors) => {
  requireFp(b);
  const size = sizeOf(f);
  // A carry out of the wide lane would not reach the bits that are kept.
  const n = rounds ? add(b, size + 1, v(b, f.Rn), constant(b, size + 1, 1n << BigInt(right(f) - 1))) : v(b, f.Rn);
  setV(b, f.Rd, narrow(b, size, shiftRightU(b, size + 1, n, right(f)), f.Q, f.Rd));
};

/** Vectors and, without Q, scalars. */
const saturatingNarrow = (name: 'sqshrn' | 'sqshrun' | 'uqshrn', rounds: 0 | 1) => (b: Builder, f: Fields) => {
  const size = sizeOf(f);
  const lanes = f.Q === undefined ? 1 : 8 >> size;
  const upper = f.Q ?? 0;
  operate(b, name, [8 << size, lanes, upper, f.Rd, f.Rn, right(f), rounds], upper === 1 ? [f.Rn, f.Rd] : [f.Rn], f.Rd);
};

const shiftLeftLong = (signed: boolean) => (b: Builder, f: Vectors) => {
  requireFp(b);
  const size = sizeOf(f);
  setV(b, f.Rd, shiftLeft(b, size + 1, widen(b, size, v(b, f.Rn), f.Q, signed), left(f)));
};

const VECTOR = [
  row('0 Q 0 011110 immh immb 00000 1 Rn Rd', 'sshr Vd.T, Vn.T, #rshift', shiftRight(shiftRightS), full64),
  row('0 Q 1 011110 immh immb 00000 1 Rn Rd', 'ushr Vd.T, Vn.T, #rshift', shiftRight(shiftRightU), full64),
  row('0 Q 0 011110 immh immb 00010 1 Rn Rd', 'ssra Vd.T, Vn.T, #rshift', shiftRightAccumulate(shiftRightS), full64),
  row('0 Q 1 011110 immh immb 00010 1 Rn Rd', 'usra Vd.T, Vn.T, #rshift', shiftRightAccumulate(shiftRightU), full64),
  row('0 Q 0 011110 immh immb 00100 1 Rn Rd', 'srshr Vd.T, Vn.T, #rshift', shiftRight(rounded(shiftRightS)), full64),
  row('0 Q 1 011110 immh immb 00100 1 Rn Rd', 'urshr Vd.T, Vn.T, #rshift', shiftRight(rounded(shiftRightU)), full64),
  row(
    '0 Q 0 011110 immh immb 00110 1 Rn Rd',
    'srsra Vd.T, Vn.T, #rshift',
    shiftRightAccumulate(rounded(shiftRightS)),
    full64,
  ),
  row(
    '0 Q 1 011110 immh immb 00110 1 Rn Rd',
    'ursra Vd.T, Vn.T, #rshift',
    shiftRightAccumulate(rounded(shiftRightU)),
    full64,
  ),
  row('0 Q 1 011110 immh immb 01000 1 Rn Rd', 'sri Vd.T, Vn.T, #rshift', insert(shiftRightU, right), full64),
  row('0 Q 0 011110 immh immb 01010 1 Rn Rd', 'shl Vd.T, Vn.T, #lshift', shiftLeftPlain, full64),
  row('0 Q 1 011110 immh immb 01010 1 Rn Rd', 'sli Vd.T, Vn.T, #lshift', insert(shiftLeft, left), full64),
  row('0 Q 1 011110 immh immb 01100 1 Rn Rd', 'sqshlu Vd.T, Vn.T, #lshift', saturatingLeft('sqshlu.immediate'), full64),
  row('0 Q 0 011110 immh immb 01110 1 Rn Rd', 'sqshl Vd.T, Vn.T, #lshift', saturatingLeft('sqshl.immediate'), full64),
  row('0 Q 1 011110 immh immb 01110 1 Rn Rd', 'uqshl Vd.T, Vn.T, #lshift', saturatingLeft('uqshl.immediate'), full64),
  row('0 Q 0 011110 immh immb 10000 1 Rn Rd', 'shrn{2} Vd.Tb, Vn.Ta, #rshift', shiftRightNarrow(false), below64),
  row('0 Q 0 011110 immh immb 10001 1 Rn Rd', 'rshrn{2} Vd.Tb, Vn.Ta, #rshift', shiftRightNarrow(true), below64),
  row(
    '0 Q 0 011110 immh immb 10010 1 Rn Rd',
    'sqshrn{2} Vd.Tb, Vn.Ta, #rshift',
    saturatingNarrow('sqshrn', 0),
    below64,
  ),
  row(
    '0 Q 0 011110 immh immb 10011 1 Rn Rd',
    'sqrshrn{2} Vd.Tb, Vn.Ta, #rshift',
    saturatingNarrow('sqshrn', 1),
    below64,
  ),
  row(
    '0 Q 1 011110 immh immb 10000 1 Rn Rd',
    'sqshrun{2} Vd.Tb, Vn.Ta, #rshift',
    saturatingNarrow('sqshrun', 0),
    below64,
  ),
  row(
    '0 Q 1 011110 immh immb 10001 1 Rn Rd',
    'sqrshrun{2} Vd.Tb, Vn.Ta, #rshift',
    saturatingNarrow('sqshrun', 1),
    below64,
  ),
  row(
    '0 Q 1 011110 immh immb 10010 1 Rn Rd',
    'uqshrn{2} Vd.Tb, Vn.Ta, #rshift',
    saturatingNarrow('uqshrn', 0),
    below64,
  ),
  row(
    '0 Q 1 011110 immh immb 10011 1 Rn Rd',
    'uqrshrn{2} Vd.Tb, Vn.Ta, #rshift',
    saturatingNarrow('uqshrn', 1),
    below64,
  ),
  row('0 Q 0 011110 immh immb 10100 1 Rn Rd', 'sshll{2} Vd.Ta, Vn.Tb, #lshift', shiftLeftLong(true), below64),
  row('0 Q 1 011110 immh immb 10100 1 Rn Rd', 'ushll{2} Vd.Ta, Vn.Tb, #lshift', shiftLeftLong(false), below64),
];

const SCALAR = [
  row('01 0 111110 immh immb 00000 1 Rn Rd', 'sshr Dd, Dn, #rshift', shiftRight(shiftRightS), only64),
  row('01 1 111110 immh immb 00000 1 Rn Rd', 'ushr Dd, Dn, #rshift', shiftRight(shiftRightU), only64),
  row('01 0 111110 immh immb 00010 1 Rn Rd', 'ssra Dd, Dn, #rshift', shiftRightAccumulate(shiftRightS), only64),
  row('01 1 111110 immh immb 00010 1 Rn Rd', 'usra Dd, Dn, #rshift', shiftRightAccumulate(shiftRightU), only64),
  row('01 0 111110 immh immb 00100 1 Rn Rd', 'srshr Dd, Dn, #rshift', shiftRight(rounded(shiftRightS)), only64),
  row('01 1 111110 immh immb 00100 1 Rn Rd', 'urshr Dd, Dn, #rshift', shiftRight(rounded(shiftRightU)), only64),
  row(
    '01 0 111110 immh immb 00110 1 Rn Rd',
    'srsra Dd, Dn, #rshift',
    shiftRightAccumulate(rounded(shiftRightS)),
    only64,
  ),
  row(
    '01 1 111110 immh immb 00110 1 Rn Rd',
    'ursra Dd, Dn, #rshift',
    shiftRightAccumulate(rounded(shiftRightU)),
    only64,
  ),
  row('01 1 111110 immh immb 01000 1 Rn Rd', 'sri Dd, Dn, #rshift', insert(shiftRightU, right), only64),
  row('01 0 111110 immh immb 01010 1 Rn Rd', 'shl Dd, Dn, #lshift', shiftLeftPlain, only64),
  row('01 1 111110 immh immb 01010 1 Rn Rd', 'sli Dd, Dn, #lshift', insert(shiftLeft, left), only64),
  row('01 1 111110 immh immb 01100 1 Rn Rd', 'sqshlu Vd, Vn, #lshift', saturatingLeft('sqshlu.immediate'), any),
  row('01 0 111110 immh immb 01110 1 Rn Rd', 'sqshl Vd, Vn, #lshift', saturatingLeft('sqshl.immediate'), any),
  row('01 1 111110 immh immb 01110 1 Rn Rd', 'uqshl Vd, Vn, #lshift', saturatingLeft('uqshl.immediate'), any),
  row('01 0 111110 immh immb 10010 1 Rn Rd', 'sqshrn Vd, Vn.Va, #rshift', saturatingNarrow('sqshrn', 0), below64),
  row('01 0 111110 immh immb 10011 1 Rn Rd', 'sqrshrn Vd, Vn.Va, #rshift', saturatingNarrow('sqshrn', 1), below64),
  row('01 1 111110 immh immb 10000 1 Rn Rd', 'sqshrun Vd, Vn.Va, #rshift', saturatingNarrow('sqshrun', 0), below64),
  row('01 1 111110 immh immb 10001 1 Rn Rd', 'sqrshrun Vd, Vn.Va, #rshift', saturatingNarrow('sqshrun', 1), below64),
  row('01 1 111110 immh immb 10010 1 Rn Rd', 'uqshrn Vd, Vn.Va, #rshift', saturatingNarrow('uqshrn', 0), below64),
  row('01 1 111110 immh immb 10011 1 Rn Rd', 'uqrshrn Vd, Vn.Va, #rshift', saturatingNarrow('uqshrn', 1), below64),
];

export const SIMD_SHIFT = [...VECTOR, ...SCALAR];
