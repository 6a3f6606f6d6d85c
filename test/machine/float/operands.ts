import { canonicalNan, F32, F64, type FloatFormat, type IntegerType } from '../../../machine/float/index.ts';
import { isFormat, type Operation } from './operations.ts';

/** A source of the same pseudo-random bits every time (splitmix64). */
export function randomBits(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
}

function signed(format: FloatFormat, magnitudes: readonly bigint[]): bigint[] {
  return magnitudes.flatMap((bits) => [bits, bits | format.signBit]);
}

/** The pattern of 2^exponent, which must be a normal number. */
export function powerOfTwo(format: FloatFormat, exponent: number): bigint {
  return BigInt(exponent + format.bias) << BigInt(format.fractionBits);
}

/** A dozen magnitudes, both signs, for cubes of operands. */
export function fewEdges(format: FloatFormat): bigint[] {
  const one = powerOfTwo(format, 0);
  const magnitudes = [
    0n,
    1n,
    powerOfTwo(format, format.minExponent),
    one,
    one + 1n,
    format.infinity - 1n,
    format.infinity,
  ];
  const halfUlp = powerOfTwo(format, -format.precision);
  return [...signed(format, [...magnitudes, halfUlp]), canonicalNan(format), format.infinity | 1n];
}

/** Zeros, subnormals, ends of the range, neighbours of 1, half places, infinities and NaNs, both signs. */
export function edges(format: FloatFormat): bigint[] {
  const one = powerOfTwo(format, 0);
  const smallestNormal = powerOfTwo(format, format.minExponent);
  const halfUlp = powerOfTwo(format, -format.precision);
  const rootOfSmallest = powerOfTwo(format, format.minExponent / 2);
  const magnitudes = [
    ...[
      0n,
      1n,
      2n,
      3n,
      (smallestNormal >> 1n) - 1n,
      smallestNormal - 1n,
      smallestNormal,
      smallestNormal + 1n,
      smallestNormal << 1n,
    ],
    ...[halfUlp - 1n, halfUlp, halfUlp + 1n, rootOfSmallest, rootOfSmallest + 1n],
    ...[one - 1n, one, one + 1n, one + 2n, one + format.quietBit, powerOfTwo(format, 1)],
    ...[format.infinity - 2n, format.infinity - 1n, format.infinity],
    ...[canonicalNan(format), canonicalNan(format) | 5n, format.infinity | 1n, canonicalNan(format) - 1n],
  ];
  return signed(format, magnitudes);
}

/** For conversions and roots: edges, small integers and halves, neighbours of the integer types' ends. */
export function conversionEdges(format: FloatFormat): bigint[] {
  const ends = [-2, -1, 0, 1, 2, 3, 8, format.fractionBits - 1, format.fractionBits, format.precision, 31, 32, 63, 64]
    .filter((exponent) => exponent <= format.bias)
    .map((exponent) => powerOfTwo(format, exponent));
  const near = ends.flatMap((end) => [end - 2n, end - 1n, end, end + 1n, end + 2n, end | format.quietBit]);
  const quarters = Array.from(
    { length: 4 },
    (_, n) => powerOfTwo(format, 2) + (BigInt(n) << BigInt(format.fractionBits - 4)),
  );
  return [...edges(format), ...signed(format, [...near, ...quarters, ...(format === F64 ? singlesInDoubles() : [])])];
}

/** Doubles around the singles' edges and around the middles between them. */
function singlesInDoubles(): bigint[] {
  const view = new DataView(new ArrayBuffer(8));
  const middle = 1n << BigInt(F64.fractionBits - F32.fractionBits - 1);
  return edges(F32)
    .filter((bits) => bits > 0n && bits < F32.infinity)
    .flatMap((bits) => {
      view.setUint32(0, Number(bits));
      view.setFloat64(0, view.getFloat32(0));
      const double = view.getBigUint64(0);
      return [double - 1n, double, double + 1n, double + middle - 1n, double + middle, double + middle + 1n];
    });
}

/** Zero, the powers of two from 2^0 and their neighbours, all complemented too. */
export function integerEdges({ bits }: IntegerType): bigint[] {
  const powers = Array.from({ length: bits }, (_, n) => 1n << BigInt(n));
  return powers
    .flatMap((p) => [p - 1n, p, p + 1n, p | (p >> 24n), p | (p >> 53n)])
    .flatMap((n) => [BigInt.asUintN(bits, n), BigInt.asUintN(bits, ~n)]);
}

/** Any pattern; sometimes with few significant bits, so that ties occur, sometimes with an exponent near that of 1. */
export function randomFloat(format: FloatFormat, random: () => bigint): bigint {
  const choice = random();
  let bits = BigInt.asUintN(format.width, random());
  if (choice & 1n) bits &= ~(format.fractionMask >> ((choice >> 8n) % BigInt(format.fractionBits)));
  if (choice & 2n) {
    const exponent = Number((choice >> 16n) % BigInt(4 * format.precision)) - 2 * format.precision;
    const clamped = Math.max(format.minExponent, Math.min(format.bias, exponent));
    bits = (bits & (format.fractionMask | format.signBit)) | powerOfTwo(format, clamped);
  }
  return bits;
}

/** Tuples of operands for an operation: edges in every combination, then `count` random ones. */
export function tuplesFor({ operands }: Operation, count: number, random: () => bigint): bigint[][] {
  const edgeLists = operands.map((kind) => {
    if (!isFormat(kind)) return integerEdges(kind);
    return operands.length === 1 ? conversionEdges(kind) : operands.length === 2 ? edges(kind) : fewEdges(kind);
  });
  const combined = edgeLists.reduce<bigint[][]>(
    (rows, list) => rows.flatMap((row) => list.map((x) => [...row, x])),
    [[]],
  );
  const randomTuples = Array.from({ length: count }, () =>
    operands.map((kind) =>
      isFormat(kind) ? randomFloat(kind, random) : BigInt.asUintN(kind.bits, random() >> (random() & 63n)),
    ),
  );
  return [...combined, ...randomTuples];
}
