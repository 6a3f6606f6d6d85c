import type { OpRow, Scalar, ValueType } from '../../../machine/ir/index.ts';
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
/** Vectors whose lanes are edges at every width, in neighbours that differ. */
const edges128 = [
  0n,
  (1n << 128n) - 1n,
  0x80000000000000008000000080008000n,
  0x7fffffffffffffff7fffffff7fff7f80n,
  0x00000000000000010000000100010102n,
  0xfffffffffffffffeffffffff0001ff7fn,
  0x0f0e0d0c0b0a09080706050403020100n,
  0x10ff1f118000000000010203807f0f00n,
];
const EDGES: Record<ValueType, readonly Scalar[]> = {
  v128: edges128,
  i64: [...few64, ...upper64],
  i32: [0, 1, 2, 31, 32, 33, 63, 0x7fff_ffff, -0x8000_0000, -1, -2, -31, 0xffff, -0x8000],
};

function any(type: ValueType): Scalar {
  if (type === 'v128') {
    const high = random() << 64n;
    // Often equal halves, or an edge, so that lanes compare equal.
    return [high | random(), high | (high >> 64n), edges128[Number(random() & 7n)]][Number(random() % 3n)];
  }
  const bits = random() >> (random() & 63n);
  return type === 'i64' ? bits : Number(BigInt.asIntN(32, bits));
}

/** Numbers of lanes as an operation carries them: each there is for one, some lists of them for more. */
export function laneLists({ lanes }: OpRow): (number[] | undefined)[] {
  if (!lanes) return [undefined];
  const { count, below } = lanes;
  if (count === 1) return Array.from({ length: below }, (_, lane) => [lane]);
  const list = (lane: (i: number) => number) => Array.from({ length: count }, (_, i) => lane(i) % below);
  return [
    list((i) => i),
    list((i) => below - 1 - i),
    list((i) => (i >> 1) + (i & 1) * count),
    ...Array.from({ length: 20 }, () => list(() => Number(random() & 0xffn))),
  ];
}

/** Operand tuples for operands of those types: edges in every combination, then random ones; the same every time. */
export function operandTuples(args: readonly ValueType[], count: number): Scalar[][] {
  const lists = args.map((type) => (type === 'i64' && args.length === 1 ? edges64 : EDGES[type]));
  const combined = lists.reduce<Scalar[][]>((rows, list) => rows.flatMap((row) => list.map((x) => [...row, x])), [[]]);
  return [...combined, ...Array.from({ length: count }, () => args.map(any))];
}
