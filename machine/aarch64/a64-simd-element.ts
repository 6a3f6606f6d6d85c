// C4.1.96 "Advanced SIMD vector x indexed element" and "scalar x indexed element", but for floating point.
import type { Builder, V128 } from '../ir/index.ts';
import { requireFp, row, setV, v } from './row.ts';
import {
  add,
  type Binary,
  bytesOf,
  middle,
  multiply,
  operate,
  SHAPES,
  setVector,
  subtract,
  widen,
} from './simd-lift.ts';

interface Fields {
  readonly Q?: number;
  readonly size: number;
  readonly L: number;
  readonly M: number;
  readonly Rm: number;
  readonly H: number;
  readonly Rn: number;
  readonly Rd: number;
}
type Vectors = Fields & { readonly Q: number };

/** Elements of 16 bits take H:L:M as their number and leave Rm four bits; those of 32 take H:L. */
const indexOf = ({ size, H, L, M }: Fields) => (size === 1 ? H * 4 + L * 2 + M : H * 2 + L);
const registerOf = ({ size, M, Rm }: Fields) => (size === 1 ? Rm : M * 16 + Rm);

/** The element in every lane. */
function element(b: Builder, f: Fields): V128 {
  const shape = SHAPES[f.size];
  return b.pure(`${shape}.splat`, b.extractLane(shape, v(b, registerOf(f)), indexOf(f)));
}

const product = (b: Builder, f: Vectors): void => {
  requireFp(b);
  setVector(b, f.Q, f.Rd, multiply(b, f.size, v(b, f.Rn), element(b, f)));
};

const accumulating = (join: Binary) => (b: Builder, f: Vectors) => {
  requireFp(b);
  setVector(b, f.Q, f.Rd, join(b, f.size, v(b, f.Rd), multiply(b, f.size, v(b, f.Rn), element(b, f))));
};

const longProduct = (b: Builder, f: Vectors, signed: boolean): V128 =>
  multiply(b, f.size + 1, widen(b, f.size, v(b, f.Rn), f.Q, signed), widen(b, f.size, element(b, f), f.Q, signed));

const long = (signed: boolean) => (b: Builder, f: Vectors) => {
  requireFp(b);
  setV(b, f.Rd, longProduct(b, f, signed));
};

const longAccumulating = (signed: boolean, join: Binary) => (b: Builder, f: Vectors) => {
  requireFp(b);
  setV(b, f.Rd, join(b, f.size + 1, v(b, f.Rd), longProduct(b, f, signed)));
};

/** Operations, on vectors and, without Q, on scalars. */
const high = (name: 'sqdmulh.element' | 'sqrdmulh.element') => (b: Builder, f: Fields) => {
  const m = registerOf(f);
  operate(b, name, [8 << f.size, bytesOf(f.Q, f.size), f.Rd, f.Rn, m, indexOf(f)], [f.Rn, m], f.Rd);
};
const doublingLong = (name: 'sqdmull.element' | 'sqdmlal.element' | 'sqdmlsl.element') => (b: Builder, f: Fields) => {
  const m = registerOf(f);
  const half = 8 >> f.size;
  const lanes = f.Q === undefined ? 1 : half;
  operate(b, name, [8 << f.size, (f.Q ?? 0) * half, lanes, f.Rd, f.Rn, m, indexOf(f)], [f.Rn, m], f.Rd);
};

const VECTOR = [
  row('0 Q 1 01111 size L M Rm[3:0] 0000 H 0 Rn Rd', 'mla Vd.T, Vn.T, element', accumulating(add), middle),
  row('0 Q 1 01111 size L M Rm[3:0] 0100 H 0 Rn Rd', 'mls Vd.T, Vn.T, element', accumulating(subtract), middle),
  row('0 Q 0 01111 size L M Rm[3:0] 1000 H 0 Rn Rd', 'mul Vd.T, Vn.T, element', product, middle),
  row(
    '0 Q 0 01111 size L M Rm[3:0] 0010 H 0 Rn Rd',
    'smlal{2} Vd.Ta, Vn.Tb, element',
    longAccumulating(true, add),
    middle,
  ),
  row(
    '0 Q 1 01111 size L M Rm[3:0] 0010 H 0 Rn Rd',
    'umlal{2} Vd.Ta, Vn.Tb, element',
    longAccumulating(false, add),
    middle,
  ),
  row(
    '0 Q 0 01111 size L M Rm[3:0] 0110 H 0 Rn Rd',
    'smlsl{2} Vd.Ta, Vn.Tb, element',
    longAccumulating(true, subtract),
    middle,
  ),
  row(
    '0 Q 1 01111 size L M Rm[3:0] 0110 H 0 Rn Rd',
    'umlsl{2} Vd.Ta, Vn.Tb, element',
    longAccumulating(false, subtract),
    middle,
  ),
  row('0 Q 0 01111 size L M Rm[3:0] 1010 H 0 Rn Rd', 'smull{2} Vd.Ta, Vn.Tb, element', long(true), middle),
  row('0 Q 1 01111 size L M Rm[3:0] 1010 H 0 Rn Rd', 'umull{2} Vd.Ta, Vn.Tb, element', long(false), middle),
  row(
    '0 Q 0 01111 size L M Rm[3:0] 0011 H 0 Rn Rd',
    'sqdmlal{2} Vd.Ta, Vn.Tb, element',
    doublingLong('sqdmlal.element'),
    middle,
  ),
  row(
    '0 Q 0 01111 size L M Rm[3:0] 0111 H 0 Rn Rd',
    'sqdmlsl{2} Vd.Ta, Vn.Tb, element',
    doublingLong('sqdmlsl.element'),
    middle,
  ),
  row(
    '0 Q 0 01111 size L M Rm[3:0] 1011 H 0 Rn Rd',
    'sqdmull{2} Vd.Ta, Vn.Tb, element',
    doublingLong('sqdmull.element'),
    middle,
  ),
  row('0 Q 0 01111 size L M Rm[3:0] 1100 H 0 Rn Rd', 'sqdmulh Vd.T, Vn.T, element', high('sqdmulh.element'), middle),
  row('0 Q 0 01111 size L M Rm[3:0] 1101 H 0 Rn Rd', 'sqrdmulh Vd.T, Vn.T, element', high('sqrdmulh.element'), middle),
];

const SCALAR = [
  row(
    '01 0 11111 size L M Rm[3:0] 0011 H 0 Rn Rd',
    'sqdmlal Vd.Va, Vn, element',
    doublingLong('sqdmlal.element'),
    middle,
  ),
  row(
    '01 0 11111 size L M Rm[3:0] 0111 H 0 Rn Rd',
    'sqdmlsl Vd.Va, Vn, element',
    doublingLong('sqdmlsl.element'),
    middle,
  ),
  row(
    '01 0 11111 size L M Rm[3:0] 1011 H 0 Rn Rd',
    'sqdmull Vd.Va, Vn, element',
    doublingLong('sqdmull.element'),
    middle,
  ),
  row('01 0 11111 size L M Rm[3:0] 1100 H 0 Rn Rd', 'sqdmulh Vd, Vn, element', high('sqdmulh.element'), middle),
  row('01 0 11111 size L M Rm[3:0] 1101 H 0 Rn Rd', 'sqrdmulh Vd, Vn, element', high('sqrdmulh.element'), middle),
];

export const SIMD_ELEMENT = [...VECTOR, ...SCALAR];
