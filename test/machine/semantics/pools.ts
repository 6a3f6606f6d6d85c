import { F16, F32, F64, type FloatFormat } from '../../../machine/float/index.ts';
import { conversionEdges, integerEdges, randomFloat } from '../float/operands.ts';
import type { Random } from './random.ts';

/** The width of an element in bits. */
export type Width = 8 | 16 | 32 | 64;

/** Values for registers and halves of vectors, 64 bits each, by what the instruction takes them for. */
export interface Pools {
  readonly integers: BigUint64Array;
  /** Packed integers and floating-point numbers of that width. */
  readonly lanes: Readonly<Record<Width, BigUint64Array>>;
  readonly floats: Readonly<Record<Width, BigUint64Array>>;
}

const RANDOM = 2048;
const times = (count: number, make: () => bigint): bigint[] => Array.from({ length: count }, make);
const u64 = (value: bigint) => BigInt.asUintN(64, value);

/** Edges and random numbers: 0, ±1, both ends, the 2^31 and 2^32 edges, shift counts, powers of two and neighbours. */
function integers(random: Random): BigUint64Array {
  const special = [0n, 1n, -1n, -(2n ** 63n), 2n ** 63n - 1n, -(2n ** 31n), 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n];
  const near = [...special, 2n ** 32n, -(2n ** 31n) - 1n, -(2n ** 32n), 31n, 32n, 63n, 64n, 0x80n, 0x8000n, -0x80n];
  const edges = integerEdges({ bits: 64, signed: false });
  const loose = times(RANDOM, () => random.bits64() >> BigInt(random.oneIn(2) ? 0 : random.below(64)));
  return new BigUint64Array([...Array.from({ length: 40 }, () => near).flat(), ...edges, ...edges, ...loose].map(u64));
}

/** 64 bits of elements, each drawn anew. */
function packed(width: number, draw: () => bigint): bigint {
  let value = 0n;
  for (let at = 0; at < 64; at += width) value |= BigInt.asUintN(width, draw()) << BigInt(at);
  return value;
}

function lanes(width: Width, random: Random): BigUint64Array {
  const top = 1n << BigInt(width - 1);
  const counts = [0, 1, width - 1, width, width + 1, -1, 1 - width, -width, -width - 1].map(BigInt);
  const edges = [...counts, ...counts, top, top - 1n, top + 1n, -2n, 2n, top >> 1n];
  const draw = () => {
    const kind = random.below(4);
    if (kind === 0) return random.pick(edges);
    return kind === 1 ? random.bits64() >> BigInt(random.below(64)) : random.bits64();
  };
  return new BigUint64Array(times(RANDOM, () => packed(width, draw)));
}

function floats(format: FloatFormat, random: Random): BigUint64Array {
  const edges = conversionEdges(format);
  const draw = () => (random.oneIn(2) ? random.pick(edges) : randomFloat(format, () => random.bits64()));
  return new BigUint64Array(times(RANDOM * 2, () => packed(format.width, draw)));
}

export function makePools(random: Random): Pools {
  const bytes = lanes(8, random);
  return {
    integers: integers(random),
    lanes: { 8: bytes, 16: lanes(16, random), 32: lanes(32, random), 64: lanes(64, random) },
    floats: { 8: bytes, 16: floats(F16, random), 32: floats(F32, random), 64: floats(F64, random) },
  };
}
