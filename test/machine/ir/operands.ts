import type { Scalar, ValueType } from '../../../machine/ir/index.ts';
import { integerEdges, randomBits } from '../float/operands.ts';

const random = randomBits(0x0b5n);
const edges64 = [...new Set([0n, 63n, 64n, 65n, ...integerEdges({ bits: 64, signed: false })])].filter(
  (_, i) => i % 5 < 2,
);
const few64 = [0n, 1n, 2n, 31n, 32n, 63n, 64n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n - 1n];
const upper64 = [
  2n ** 63n,
  2n ** 63n + 1n,
  2n ** 64n - 1n,
  2n ** 64n - 2n,
  2n ** 64n - 2n ** 31n,
  2n ** 64n - 2n ** 32n,
];
const EDGES: Record<'i32' | 'i64', readonly Scalar[]> = {
  i64: [...few64, ...upper64],
  i32: [0, 1, 2, 31, 32, 33, 63, 0x7fff_ffff, -0x8000_0000, -1, -2, -31, 0xffff, -0x8000],
};

function any(type: ValueType): Scalar {
  const bits = random() >> (random() & 63n);
  return type === 'i64' ? bits : Number(BigInt.asIntN(32, bits));
}

/** Operand tuples for operands of those types: edges in every combination, then random ones; the same every time. */
export function operandTuples(args: readonly ValueType[], count: number): Scalar[][] {
  const lists = args.map((type) => {
    if (type === 'v128') throw new Error('no v128 operands');
    return type === 'i64' && args.length === 1 ? edges64 : EDGES[type];
  });
  const combined = lists.reduce<Scalar[][]>((rows, list) => rows.flatMap((row) => list.map((x) => [...row, x])), [[]]);
  return [...combined, ...Array.from({ length: count }, () => args.map(any))];
}
