// C4.1.96 "Advanced SIMD copy", "scalar copy", "permute", "extract" and "table lookup".
import type { Builder, I64, V128 } from '../ir/index.ts';
import { requireFp, row, setD, setV, setX, v, x } from './row.ts';
import { constant, type Fields3, full64, greaterU, SHAPES, setVector, shuffle, subtract } from './simd-lift.ts';

// Copy

/** imm5 says both size, by its lowest one bit, and, above that, which lane. */
const sizeOf = (imm5: number) => 31 - Math.clz32(imm5 & -imm5);
const indexOf = (imm5: number) => imm5 >> (sizeOf(imm5) + 1);

const laneOf = (b: Builder, n: number, imm5: number): I64 =>
  b.extractLane(SHAPES[sizeOf(imm5)], v(b, n), indexOf(imm5));

const duplicate = (b: Builder, Q: number, Rd: number, imm5: number, value: I64): void =>
  setVector(b, Q, Rd, b.pure(`${SHAPES[sizeOf(imm5)]}.splat`, value));

const insert = (b: Builder, Rd: number, imm5: number, value: I64): void =>
  setV(b, Rd, b.replaceLane(SHAPES[sizeOf(imm5)], v(b, Rd), indexOf(imm5), value));

const extend = (b: Builder, size: number, value: I64): I64 =>
  b.pure((['i64.extend8_s', 'i64.extend16_s', 'i64.extend32_s'] as const)[size], value);

/** Rows by the sizes that they take; a size above 3 is reserved. */
const sizes = (...list: number[]) => ({
  where: ({ imm5 }: { readonly imm5: number }) => list.includes(sizeOf(imm5)),
});
const sizesFull64 = (...list: number[]) => ({
  where: ({ imm5, Q }: { readonly imm5: number; readonly Q: number }) =>
    list.includes(sizeOf(imm5)) && (sizeOf(imm5) < 3 || Q === 1),
});

const COPY = [
  row(
    '0 Q 0 01110000 imm5 0 0000 1 Rn Rd',
    'dup Vd.T, Vn.Ts[index]',
    (b, { Q, imm5, Rn, Rd }) => {
      requireFp(b);
      duplicate(b, Q, Rd, imm5, laneOf(b, Rn, imm5));
    },
    sizesFull64(0, 1, 2, 3),
  ),
  row(
    '01 0 11110000 imm5 0 0000 1 Rn Rd',
    'dup Vd, Vn.Ts[index]',
    (b, { imm5, Rn, Rd }) => {
      requireFp(b);
      setD(b, Rd, laneOf(b, Rn, imm5));
    },
    sizes(0, 1, 2, 3),
  ),
  ...[
    { syntax: 'dup Vd.T, Wn', takes: [0, 1, 2] },
    { syntax: 'dup Vd.T, Xn', takes: [3] },
  ].map(({ syntax, takes }) =>
    row(
      '0 Q 0 01110000 imm5 0 0001 1 Rn Rd',
      syntax,
      (b, { Q, imm5, Rn, Rd }) => {
        requireFp(b);
        duplicate(b, Q, Rd, imm5, x(b, Rn));
      },
      sizesFull64(...takes),
    ),
  ),
  row(
    '0 0 0 01110000 imm5 0 0101 1 Rn Rd',
    'smov Wd, Vn.Ts[index]',
    (b, { imm5, Rn, Rd }) => {
      requireFp(b);
      setX(b, Rd, b.and(extend(b, sizeOf(imm5), laneOf(b, Rn, imm5)), b.i64(0xffff_ffffn)));
    },
    sizes(0, 1),
  ),
  row(
    '0 1 0 01110000 imm5 0 0101 1 Rn Rd',
    'smov Xd, Vn.Ts[index]',
    (b, { imm5, Rn, Rd }) => {
      requireFp(b);
      setX(b, Rd, extend(b, sizeOf(imm5), laneOf(b, Rn, imm5)));
    },
    sizes(0, 1, 2),
  ),
  row(
    '0 0 0 01110000 imm5 0 0111 1 Rn Rd',
    'umov Wd, Vn.Ts[index]',
    (b, { imm5, Rn, Rd }) => {
      requireFp(b);
      setX(b, Rd, laneOf(b, Rn, imm5));
    },
    sizes(0, 1, 2),
  ),
  row(
    '0 1 0 01110000 imm5 0 0111 1 Rn Rd',
    'umov Xd, Vn.Ts[index]',
    (b, { imm5, Rn, Rd }) => {
      requireFp(b);
      setX(b, Rd, laneOf(b, Rn, imm5));
    },
    sizes(3),
  ),
  ...[
    { syntax: 'ins Vd.Ts[index], Wn', takes: [0, 1, 2] },
    { syntax: 'ins Vd.Ts[index], Xn', takes: [3] },
  ].map(({ syntax, takes }) =>
    row(
      '0 1 0 01110000 imm5 0 0011 1 Rn Rd',
      syntax,
      (b, { imm5, Rn, Rd }) => {
        requireFp(b);
        insert(b, Rd, imm5, x(b, Rn));
      },
      sizes(...takes),
    ),
  ),
  // The low bits of imm4 that no lane's number needs are ignored.
  row(
    '0 1 1 01110000 imm5 0 imm4 1 Rn Rd',
    'ins Vd.Ts[index], Vn.Ts[index2]',
    (b, { imm5, imm4, Rn, Rd }) => {
      requireFp(b);
      const size = sizeOf(imm5);
      insert(b, Rd, imm5, b.extractLane(SHAPES[size], v(b, Rn), imm4 >> size));
    },
    sizes(0, 1, 2, 3),
  ),
];

// Permute

/** Numbers of the lanes to take, those of V[m] going on from those of V[n]; `lanes` of each take part. */
type Pick = (lanes: number) => number[];

const upTo = (count: number) => Array.from({ length: count }, (_, k) => k);
const unzip =
  (part: number): Pick =>
  (lanes) =>
    upTo(lanes).map((k) => 2 * k + part);
const transpose =
  (part: number): Pick =>
  (lanes) =>
    upTo(lanes).map((k) => (k & ~1) + part + (k & 1) * lanes);
const zip =
  (part: number): Pick =>
  (lanes) =>
    upTo(lanes).map((k) => ((part * lanes + k) >> 1) + (k & 1) * lanes);

/** V[n]'s low `lanes` lanes and then V[m]'s, rearranged. */
const permute =
  (pick: Pick) =>
  (b: Builder, { Q, size, Rd, Rn, Rm }: Fields3 & { readonly Q: number; readonly size: number }): void => {
    requireFp(b);
    const all = 16 >> size;
    const lanes = Q === 1 ? all : all / 2;
    const picked = pick(lanes).map((k) => (k < lanes ? k : all + k - lanes));
    // Where Q is 0, twice: the upper half is cleared.
    setVector(b, Q, Rd, shuffle(b, size, v(b, Rn), v(b, Rm), Q === 1 ? picked : [...picked, ...picked]));
  };

const PERMUTE = [
  row('0 Q 0 01110 size 0 Rm 0 001 10 Rn Rd', 'uzp1 Vd.T, Vn.T, Vm.T', permute(unzip(0)), full64),
  row('0 Q 0 01110 size 0 Rm 0 010 10 Rn Rd', 'trn1 Vd.T, Vn.T, Vm.T', permute(transpose(0)), full64),
  row('0 Q 0 01110 size 0 Rm 0 011 10 Rn Rd', 'zip1 Vd.T, Vn.T, Vm.T', permute(zip(0)), full64),
  row('0 Q 0 01110 size 0 Rm 0 101 10 Rn Rd', 'uzp2 Vd.T, Vn.T, Vm.T', permute(unzip(1)), full64),
  row('0 Q 0 01110 size 0 Rm 0 110 10 Rn Rd', 'trn2 Vd.T, Vn.T, Vm.T', permute(transpose(1)), full64),
  row('0 Q 0 01110 size 0 Rm 0 111 10 Rn Rd', 'zip2 Vd.T, Vn.T, Vm.T', permute(zip(1)), full64),
  row(
    '0 Q 10 1110 00 0 Rm 0 imm4 0 Rn Rd',
    'ext Vd.T8, Vn.T8, Vm.T8, #imm4',
    (b, { Q, Rm, imm4, Rn, Rd }) => permute((lanes) => upTo(lanes).map((k) => k + imm4))(b, { Q, size: 0, Rd, Rn, Rm }),
    { where: ({ Q, imm4 }) => Q === 1 || imm4 < 8 },
  ),
];

// Table lookup

/** Bytes of the table of len + 1 registers from V[n] on, 31 being followed by 0, numbered by V[m]; 0 beyond its end. */
function lookUp(b: Builder, Rn: number, len: number, indices: V128): V128 {
  let found: V128 | undefined;
  for (let i = 0; i <= len; i++) {
    const own = i === 0 ? indices : subtract(b, 0, indices, constant(b, 0, BigInt(16 * i)));
    const bytes = b.pure('i8x16.swizzle', v(b, (Rn + i) % 32), own);
    found = found ? b.pure('v128.or', found, bytes) : bytes;
  }
  return found!;
}

const TABLE = [
  row('0 Q 00 1110 00 0 Rm 0 len 0 00 Rn Rd', 'tbl Vd.T8, Vn.16B:len, Vm.T8', (b, { Q, Rm, len, Rn, Rd }) => {
    requireFp(b);
    setVector(b, Q, Rd, lookUp(b, Rn, len, v(b, Rm)));
  }),
  // Bytes numbered beyond the table's end keep what V[d] has.
  row('0 Q 00 1110 00 0 Rm 0 len 1 00 Rn Rd', 'tbx Vd.T8, Vn.16B:len, Vm.T8', (b, { Q, Rm, len, Rn, Rd }) => {
    requireFp(b);
    const indices = v(b, Rm);
    const inside = greaterU(b, 0, constant(b, 0, BigInt(16 * (len + 1))), indices);
    setVector(b, Q, Rd, b.pure('v128.bitselect', lookUp(b, Rn, len, indices), v(b, Rd), inside));
  }),
];

export const SIMD_COPY = [...COPY, ...PERMUTE, ...TABLE];
