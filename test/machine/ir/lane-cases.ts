import { LANE_BITS, type LaneShape, type OpName, type Scalar } from '../../../machine/ir/index.ts';

/** A vector from some of its lanes, the lowest first, in hexadecimal, over and over until it is full. */
export function vector(shape: LaneShape, lanes: string): bigint {
  const bits = LANE_BITS[shape];
  const values = lanes.split(' ').map((lane) => BigInt(`0x${lane}`));
  return Array.from({ length: 128 / bits }, (_, i) => values[i % values.length] << BigInt(i * bits)).reduce(
    (all, lane) => all | lane,
  );
}

/** Operands and result of each lane operation, by hand; those with two operands, one, and one and a count. */
const BINARY: readonly [shape: LaneShape, op: string, a: string, b: string, result: string][] = [
  ['i8x16', 'add', '7f ff', '01 02', '80 01'],
  ['i8x16', 'sub', '00 80', '01 01', 'ff 7f'],
  ['i8x16', 'eq', '80 00', '80 80', 'ff 00'],
  ['i8x16', 'gt_s', '80 7f 05', '7f 80 05', '00 ff 00'],
  ['i8x16', 'ge_s', '80 7f 05', '7f 80 05', '00 ff ff'],
  ['i8x16', 'gt_u', '80 7f 05', '7f 80 05', 'ff 00 00'],
  ['i8x16', 'ge_u', '80 7f 05', '7f 80 05', 'ff 00 ff'],
  ['i8x16', 'min_s', '80 7f', '7f ff', '80 ff'],
  ['i8x16', 'max_s', '80 7f', '7f ff', '7f 7f'],
  ['i8x16', 'min_u', '80 7f', '7f ff', '7f 7f'],
  ['i8x16', 'max_u', '80 7f', '7f ff', '80 ff'],
  ['i16x8', 'add', '7fff ffff', '0001 0002', '8000 0001'],
  ['i16x8', 'sub', '0000 8000', '0001 0001', 'ffff 7fff'],
  ['i16x8', 'mul', '0100 ffff', '0100 ffff', '0000 0001'],
  ['i16x8', 'eq', '8000 0000', '8000 8000', 'ffff 0000'],
  ['i16x8', 'gt_s', '8000 7fff', '7fff 8000', '0000 ffff'],
  ['i16x8', 'ge_s', '8000 0005', '7fff 0005', '0000 ffff'],
  ['i16x8', 'gt_u', '8000 7fff', '7fff 8000', 'ffff 0000'],
  ['i16x8', 'ge_u', '8000 0005', '7fff 0005', 'ffff ffff'],
  ['i16x8', 'min_s', '8000 7fff', '7fff ffff', '8000 ffff'],
  ['i16x8', 'max_s', '8000 7fff', '7fff ffff', '7fff 7fff'],
  ['i16x8', 'min_u', '8000 7fff', '7fff ffff', '7fff 7fff'],
  ['i16x8', 'max_u', '8000 7fff', '7fff ffff', '8000 ffff'],
  ['i32x4', 'add', '7fffffff ffffffff', '1 2', '80000000 1'],
  ['i32x4', 'sub', '0 80000000', '1 1', 'ffffffff 7fffffff'],
  ['i32x4', 'mul', '10000 ffffffff', '10000 ffffffff', '0 1'],
  ['i32x4', 'eq', '80000000 0', '80000000 80000000', 'ffffffff 0'],
  ['i32x4', 'gt_s', '80000000 7fffffff', '7fffffff 80000000', '0 ffffffff'],
  ['i32x4', 'ge_s', '80000000 5', '7fffffff 5', '0 ffffffff'],
  ['i32x4', 'gt_u', '80000000 7fffffff', '7fffffff 80000000', 'ffffffff 0'],
  ['i32x4', 'ge_u', '80000000 5', '7fffffff 5', 'ffffffff ffffffff'],
  ['i32x4', 'min_s', '80000000 7fffffff', '7fffffff ffffffff', '80000000 ffffffff'],
  ['i32x4', 'max_s', '80000000 7fffffff', '7fffffff ffffffff', '7fffffff 7fffffff'],
  ['i32x4', 'min_u', '80000000 7fffffff', '7fffffff ffffffff', '7fffffff 7fffffff'],
  ['i32x4', 'max_u', '80000000 7fffffff', '7fffffff ffffffff', '80000000 ffffffff'],
  ['i64x2', 'add', '7fffffffffffffff ffffffffffffffff', '1 2', '8000000000000000 1'],
  ['i64x2', 'sub', '0 8000000000000000', '1 1', 'ffffffffffffffff 7fffffffffffffff'],
  ['i64x2', 'mul', '100000000 ffffffffffffffff', '100000000 ffffffffffffffff', '0 1'],
  ['i64x2', 'eq', '8000000000000000 0', '8000000000000000 1', 'ffffffffffffffff 0'],
  ['i64x2', 'gt_s', '8000000000000000 7fffffffffffffff', '0 0', '0 ffffffffffffffff'],
  ['i64x2', 'ge_s', '8000000000000000 0', '0 0', '0 ffffffffffffffff'],
];
const UNARY: readonly [shape: LaneShape, op: string, a: string, result: string][] = [
  ['i8x16', 'neg', '01 80', 'ff 80'],
  ['i8x16', 'abs', 'ff 80 7f', '01 80 7f'],
  ['i16x8', 'neg', '0001 8000', 'ffff 8000'],
  ['i16x8', 'abs', 'ffff 8000', '0001 8000'],
  ['i32x4', 'neg', '1 80000000', 'ffffffff 80000000'],
  ['i32x4', 'abs', 'ffffffff 80000000', '1 80000000'],
  ['i64x2', 'neg', '1 8000000000000000', 'ffffffffffffffff 8000000000000000'],
  ['i64x2', 'abs', 'ffffffffffffffff 8000000000000000', '1 8000000000000000'],
];
const SHIFTS: readonly [shape: LaneShape, op: string, a: string, count: number, result: string][] = [
  ['i8x16', 'shl', '81 01', 1, '02 02'],
  ['i8x16', 'shr_s', '81 01', 9, 'c0 00'],
  ['i8x16', 'shr_u', '81 01', 7, '01 00'],
  ['i16x8', 'shl', '8001 0001', 17, '0002 0002'],
  ['i16x8', 'shr_s', '8001 0001', 15, 'ffff 0000'],
  ['i16x8', 'shr_u', '8001 0001', -1, '0001 0000'],
  ['i32x4', 'shl', '80000001 1', 33, '2 2'],
  ['i32x4', 'shr_s', '80000001 1', 31, 'ffffffff 0'],
  ['i32x4', 'shr_u', '80000001 1', 31, '1 0'],
  ['i64x2', 'shl', '8000000000000001 1', 63, '8000000000000000 8000000000000000'],
  ['i64x2', 'shr_s', '8000000000000001 1', 64, '8000000000000001 1'],
  ['i64x2', 'shr_u', '8000000000000001 1', 63, '1 0'],
];

const BYTES = 0xf0e0d0c0b0a090807060504030201000n;
const HIGH = BYTES | 0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0fn;
const ONES = (1n << 128n) - 1n;
const LOW_ONES = (1n << 64n) - 1n;

export const LANE_CASES: readonly (readonly [op: OpName, args: readonly Scalar[], result: Scalar, lanes?: number[]])[] =
  [
    ...BINARY.map(([shape, op, a, b, result]) => {
      return [`${shape}.${op}` as OpName, [vector(shape, a), vector(shape, b)], vector(shape, result)] as const;
    }),
    ...UNARY.map(([shape, op, a, result]) => {
      return [`${shape}.${op}` as OpName, [vector(shape, a)], vector(shape, result)] as const;
    }),
    ...SHIFTS.map(([shape, op, a, count, result]) => {
      return [`${shape}.${op}` as OpName, [vector(shape, a), count], vector(shape, result)] as const;
    }),
    ['v128.and', [BYTES, LOW_ONES], BYTES & LOW_ONES],
    ['v128.or', [BYTES, HIGH], HIGH],
    ['v128.xor', [HIGH, BYTES], 0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0fn],
    ['v128.andnot', [ONES, LOW_ONES], ONES - LOW_ONES],
    ['v128.not', [ONES], 0n],
    ['v128.not', [LOW_ONES], ONES - LOW_ONES],
    ['v128.bitselect', [1n, 2n << 64n, LOW_ONES], (2n << 64n) + 1n],
    ['v128.make', [1n, 2n], (2n << 64n) + 1n],
    ['v128.low', [BYTES], 0x7060504030201000n],
    ['v128.high', [BYTES], 0xf0e0d0c0b0a09080n],
    ['i8x16.splat', [0x1234n], vector('i8x16', '34')],
    ['i16x8.splat', [0x12345n], vector('i16x8', '2345')],
    ['i32x4.splat', [-1n & LOW_ONES], ONES],
    ['i64x2.splat', [5n], (5n << 64n) + 5n],
    ['i8x16.extract_lane', [BYTES], 0xf0n, [15]],
    ['i16x8.extract_lane', [BYTES], 0xf0e0n, [7]],
    ['i32x4.extract_lane', [BYTES], 0xb0a09080n, [2]],
    ['i64x2.extract_lane', [BYTES], 0xf0e0d0c0b0a09080n, [1]],
    ['i8x16.replace_lane', [BYTES, 0x1ffn], BYTES + 0xffn, [0]],
    ['i16x8.replace_lane', [0n, 0x1ffffn], 0xffff_0000n, [1]],
    ['i32x4.replace_lane', [ONES, 0n], ONES >> 32n, [3]],
    ['i64x2.replace_lane', [ONES, 1n], (1n << 64n) + LOW_ONES, [1]],
    [
      'i8x16.shuffle',
      [BYTES, HIGH],
      0x1f0f2f1f3f2f4f3f5f4f6f5f7f6f10f0n,
      [15, 1, 22, 23, 21, 22, 20, 21, 19, 20, 18, 19, 17, 18, 16, 17],
    ],
    ['i8x16.swizzle', [BYTES, vector('i8x16', '0f 10 ff 01')], vector('i8x16', 'f0 00 00 10')],
  ];
