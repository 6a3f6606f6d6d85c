import { describe, expect, it } from 'vitest';
import { OPS, type OpName, type OpRow, type Scalar } from '../../../machine/ir/index.ts';
import { LANE_CASES } from './lane-cases.ts';
import { laneLists, operandTuples } from './operands.ts';
import { wasmInstruction } from './wasm.ts';

const MIN = 1n << 63n;
const MAX = MIN - 1n;
const ONES = (1n << 64n) - 1n;
const MIN32 = -0x8000_0000;
const MAX32 = 0x7fff_ffff;

const evaluate = (op: OpName, args: readonly Scalar[], lanes?: readonly number[]) => {
  const row: OpRow = OPS[op];
  return (row.eval as unknown as (...args: readonly unknown[]) => Scalar)(...args, lanes);
};
const PURE = (Object.entries(OPS) as [OpName, OpRow][]).filter(([, { eval: meaning }]) => meaning);

/** Computed by hand. */
const CASES: typeof LANE_CASES = [
  ['i64.add', [ONES, 1n], 0n],
  ['i64.add', [MAX, 1n], MIN],
  ['i64.sub', [0n, 1n], ONES],
  ['i64.sub', [MIN, 1n], MAX],
  ['i64.mul', [ONES, ONES], 1n],
  ['i64.mul', [1n << 32n, 1n << 32n], 0n],
  ['i64.mulh_s', [MIN, MIN], 1n << 62n],
  ['i64.mulh_s', [ONES, 1n], ONES],
  ['i64.mulh_s', [MAX, MAX], (1n << 62n) - 1n],
  ['i64.mulh_u', [ONES, ONES], ONES - 1n],
  ['i64.mulh_u', [MIN, 2n], 1n],
  ['i64.mulh_su', [ONES, ONES], ONES],
  ['i64.mulh_su', [MIN, ONES], MIN],
  ['i64.mulh_su', [MAX, ONES], MAX - 1n],
  ['i64.div_s', [MIN, ONES], MIN],
  ['i64.div_s', [7n, 0n], 0n],
  ['i64.div_s', [ONES - 6n, 2n], ONES - 2n],
  ['i64.div_u', [ONES, 2n], MAX],
  ['i64.div_u', [ONES, 0n], 0n],
  ['i64.rem_s', [MIN, ONES], 0n],
  ['i64.rem_s', [ONES - 6n, 2n], ONES],
  ['i64.rem_s', [7n, ONES - 1n], 1n],
  ['i64.rem_s', [MIN, 0n], MIN],
  ['i64.rem_u', [ONES, 10n], 5n],
  ['i64.rem_u', [ONES, 0n], ONES],
  ['i64.and', [0xf0f0n, 0xff00n], 0xf000n],
  ['i64.or', [MIN, 1n], MIN + 1n],
  ['i64.xor', [ONES, MIN], MAX],
  ['i64.shl', [1n, 63n], MIN],
  ['i64.shl', [3n, 64n], 3n],
  ['i64.shl', [ONES, ONES], MIN],
  ['i64.shr_s', [MIN, 63n], ONES],
  ['i64.shr_s', [MIN, 64n], MIN],
  ['i64.shr_u', [MIN, 63n], 1n],
  ['i64.shr_u', [MIN, 127n], 1n],
  ['i64.rotr', [1n, 1n], MIN],
  ['i64.rotr', [0x1234n, 64n], 0x1234n],
  ['i64.clz', [0n], 64n],
  ['i64.clz', [1n], 63n],
  ['i64.clz', [1n << 32n], 31n],
  ['i64.clz', [MIN], 0n],
  ['i64.ctz', [0n], 64n],
  ['i64.ctz', [MIN], 63n],
  ['i64.ctz', [ONES], 0n],
  ['i64.ctz', [1n << 32n], 32n],
  ['i64.extend8_s', [0x17fn], 0x7fn],
  ['i64.extend8_s', [0x80n], ONES - 0x7fn],
  ['i64.extend16_s', [0x8000n], ONES - 0x7fffn],
  ['i64.extend32_s', [0x8000_0000n], ONES - 0x7fff_ffffn],
  ['i64.extend32_s', [0xffff_ffff_7fff_ffffn], 0x7fff_ffffn],
  ['i64.extend_i32_s', [-1], ONES],
  ['i64.extend_i32_u', [-1], 0xffff_ffffn],
  ['i64.extend_i32_u', [MIN32], 0x8000_0000n],
  ['i32.wrap_i64', [0xffff_ffff_8000_0000n], MIN32],
  ['i32.wrap_i64', [1n << 32n], 0],
  ['i64.eq', [0n, 0n], 1],
  ['i64.ne', [ONES, MAX], 1],
  ['i64.lt_s', [ONES, 0n], 1],
  ['i64.lt_s', [MIN, MAX], 1],
  ['i64.lt_s', [5n, 5n], 0],
  ['i64.lt_u', [ONES, 0n], 0],
  ['i64.lt_u', [MAX, MIN], 1],
  ['i64.ge_s', [MIN, MAX], 0],
  ['i64.ge_s', [5n, 5n], 1],
  ['i64.ge_u', [ONES, MAX], 1],
  ['i64.select', [0, 1n, 2n], 2n],
  ['i64.select', [-1, 1n, 2n], 1n],
  ['i32.add', [MAX32, 1], MIN32],
  ['i32.sub', [MIN32, 1], MAX32],
  ['i32.mul', [MAX32, MAX32], 1],
  ['i32.mul', [MIN32, -1], MIN32],
  ['i32.and', [-1, MIN32], MIN32],
  ['i32.or', [MIN32, 1], MIN32 + 1],
  ['i32.xor', [-1, MIN32], MAX32],
  ['i32.shl', [1, 31], MIN32],
  ['i32.shl', [1, 32], 1],
  ['i32.shr_s', [MIN32, 31], -1],
  ['i32.shr_u', [MIN32, 31], 1],
  ['i32.shr_u', [-1, 0], -1],
  ['i32.eq', [-1, -1], 1],
  ['i32.ne', [-1, 1], 1],
  ['i32.lt_s', [MIN32, 0], 1],
  ['i32.lt_u', [MIN32, 0], 0],
  ['i32.lt_u', [0, -1], 1],
  ...LANE_CASES,
];

const show = (value: Scalar) => value.toString(16);

describe('IR operations, by hand', () => {
  it.each(CASES.map(([op, args, result, lanes]) => [op, args.map(show).join(' '), args, result, lanes] as const))(
    '%s %s',
    (op, _, args, result, lanes) => expect(evaluate(op, args, lanes)).toBe(result),
  );

  it.each(PURE)('%s has a case', (op) => expect(CASES.some(([name]) => name === op)).toBe(true));
});

describe('IR operations, as WebAssembly has them', () => {
  /** Operations of the IR's own. */
  const OWN = ['i64.mulh_s', 'i64.mulh_u', 'i64.mulh_su', 'i64.select', 'v128.make', 'v128.low', 'v128.high'];

  it.each(PURE.filter(([op]) => !OWN.includes(op)))('%s', (op, row) => {
    const { args, result } = row;
    const lists = laneLists(row);
    const differences = lists.flatMap((lanes) => {
      const instruction = wasmInstruction(op, args, result!, lanes);
      return (
        operandTuples(args, Math.ceil(2000 / lists.length))
          // Where WebAssembly traps, the table says what happens here.
          .filter(([a, b]) => !/div|rem/.test(op) || (b !== 0n && !(op === 'i64.div_s' && a === MIN && b === ONES)))
          .filter((operands) => evaluate(op, operands, lanes) !== instruction(...operands))
          .map((operands) => `${operands.map(show).join(' ')} lanes ${lanes}`)
      );
    });
    expect(differences).toEqual([]);
  });

  it('v128.make, v128.low and v128.high, by lanes put in and taken out', () => {
    const [low, high] = [0, 1].map((lane) => wasmInstruction('i64x2.extract_lane', ['v128'], 'i64', [lane]));
    const put = wasmInstruction('i64x2.replace_lane', ['v128', 'i64'], 'v128', [1]);
    const splat = wasmInstruction('i64x2.splat', ['i64'], 'v128');
    for (const [vector] of operandTuples(['v128'], 500)) {
      const [first, second] = [evaluate('v128.low', [vector]), evaluate('v128.high', [vector])];
      expect([first, second]).toEqual([low(vector), high(vector)]);
      expect(evaluate('v128.make', [first, second])).toBe(put(splat(first), second));
    }
  });

  it.each([
    ['i64.mulh_s', true, true],
    ['i64.mulh_u', false, false],
    ['i64.mulh_su', true, false],
  ] as const)('%s, from the products of halves', (op, signedA, signedB) => {
    for (const [a, b] of operandTuples(['i64', 'i64'], 2000) as [bigint, bigint][]) {
      const low = (a & 0xffff_ffffn) * (b & 0xffff_ffffn);
      const middle = (a >> 32n) * (b & 0xffff_ffffn) + (low >> 32n);
      const other = (a & 0xffff_ffffn) * (b >> 32n) + (middle & 0xffff_ffffn);
      const unsigned = (a >> 32n) * (b >> 32n) + (middle >> 32n) + (other >> 32n);
      // A negative number is its unsigned reading less 2^64.
      const high = unsigned - (signedA && a >= MIN ? b : 0n) - (signedB && b >= MIN ? a : 0n);
      expect(evaluate(op, [a, b])).toBe(BigInt.asUintN(64, high));
    }
  });
});
