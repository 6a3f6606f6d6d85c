import { F32, F64, type FloatFormat } from '../../../../machine/float/index.ts';
import { conversionEdges, integerEdges, randomFloat } from '../../float/operands.ts';
import type { Random } from '../../semantics/random.ts';

/** Values for registers, by what the instruction takes them for. */
export interface Pools {
  readonly integers: BigUint64Array;
  readonly singles: BigUint64Array;
  readonly doubles: BigUint64Array;
}

const RANDOM = 2048;
const times = (count: number, make: () => bigint): bigint[] => Array.from({ length: count }, make);

/** Edges and random numbers: 0, ±1, both ends, the 2^31 and 2^32 edges, shift counts, powers of two and neighbours. */
function integers(random: Random): BigUint64Array {
  const special = [0n, 1n, -1n, -(2n ** 63n), 2n ** 63n - 1n, -(2n ** 31n), 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n];
  const near = [...special, 2n ** 32n, -(2n ** 31n) - 1n, -(2n ** 32n), 31n, 32n, 63n, 64n, 0x80n, 0x8000n, -0x80n];
  const edges = integerEdges({ bits: 64, signed: false });
  const loose = times(RANDOM, () => random.bits64() >> BigInt(random.oneIn(2) ? 0 : random.below(64)));
  return new BigUint64Array([...Array.from({ length: 40 }, () => near).flat(), ...edges, ...edges, ...loose].map(u64));
}

const u64 = (value: bigint) => BigInt.asUintN(64, value);

function floats(format: FloatFormat, random: Random): bigint[] {
  const edges = conversionEdges(format);
  return [...edges, ...edges, ...times(RANDOM, () => randomFloat(format, () => random.bits64()))];
}

const BOX = 0xffff_ffff_0000_0000n;

/** Singles in 64-bit registers: boxed, and, one in ten, boxed badly in some way. */
function boxed(random: Random): BigUint64Array {
  const bad = (bits: bigint): bigint => {
    const kind = random.below(4);
    if (kind === 0) return bits;
    if (kind === 1) return BigInt.asUintN(64, (BOX ^ (1n << BigInt(32 + random.below(32)))) | bits);
    if (kind === 2) return random.bits64();
    return 0x7fff_ffff_0000_0000n | bits;
  };
  return new BigUint64Array(floats(F32, random).map((bits) => (random.oneIn(10) ? bad(bits) : BOX | bits)));
}

export function makePools(random: Random): Pools {
  return {
    integers: integers(random),
    singles: boxed(random),
    doubles: new BigUint64Array(floats(F64, random)),
  };
}
