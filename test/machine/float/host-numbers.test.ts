import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  convertFormat,
  defaultNanPolicy,
  F16,
  F32,
  F64,
  type FloatEnv,
  type FloatFormat,
  floatEnv,
  isNan,
  type RoundingMode,
} from '../../../machine/float/index.ts';
import { conversionEdges } from './operands.ts';
import { operations, showFlags } from './operations.ts';

const view = new DataView(new ArrayBuffer(8));

function numberOf(format: FloatFormat, bits: bigint): number {
  if (format === F64) {
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  }
  view.setUint32(0, Number(bits));
  return view.getFloat32(0);
}

function bitsOf(format: FloatFormat, value: number): bigint {
  if (format === F64) {
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  }
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
}

/** Patterns: edges, anything at all, and few significant bits near 1, where ties are common. */
function patterns(format: FloatFormat): fc.Arbitrary<bigint> {
  const any = fc.bigInt({ min: 0n, max: (format.signBit << 1n) - 1n });
  const tidy = fc
    .tuple(fc.integer({ min: -4096, max: 4096 }), fc.integer({ min: -60, max: 60 }))
    .map(([mantissa, exponent]) => bitsOf(format, mantissa * 2 ** exponent));
  return fc.oneof(fc.constantFrom(...conversionEdges(format)), any, tidy);
}

/** What the host's arithmetic gives; for singles, doubles are wide enough that rounding twice changes nothing. */
const onNumbers: Readonly<Record<string, (...operands: number[]) => number>> = {
  add: (a, b) => a! + b!,
  sub: (a, b) => a! - b!,
  mul: (a, b) => a! * b!,
  div: (a, b) => a! / b!,
  sqrt: (a) => Math.sqrt(a!),
};

describe.each([
  ['s', F32],
  ['d', F64],
] as const)('to nearest as JavaScript numbers, format %s', (suffix, format) => {
  it.each(Object.keys(onNumbers))('%s', (name) => {
    const operation = operations.get(`${name}_${suffix}`)!;
    const operands = fc.tuple(...operation.operands.map(() => patterns(format)));
    fc.assert(
      fc.property(operands, (bits) => {
        const theirs = bitsOf(format, onNumbers[name]!(...bits.map((x) => numberOf(format, x))));
        const ours = operation.run(bits, floatEnv(defaultNanPolicy));
        if (isNan(format, theirs)) expect(isNan(format, ours)).toBe(true);
        else expect(ours.toString(16)).toBe(theirs.toString(16));
      }),
      { numRuns: 3000, seed: 1 },
    );
  });
});

it('Math.fround and widening, to nearest', () => {
  fc.assert(
    fc.property(patterns(F64), (bits) => {
      const value = numberOf(F64, bits);
      const env = floatEnv(defaultNanPolicy);
      const single = convertFormat(F64, F32, bits, env);
      expect(numberOf(F32, single)).toBe(Math.fround(value));
      if (Number.isNaN(value)) return;
      expect((env.flags & 1) === 1).toBe(Math.fround(value) !== value);
      expect(numberOf(F64, convertFormat(F32, F64, single, env))).toBe(Math.fround(value));
    }),
    { numRuns: 5000, seed: 1 },
  );
});

it('Number() and BigInt() for 64-bit integers, to nearest', () => {
  const fromSigned = operations.get('from_i64_d')!;
  const toSigned = operations.get('to_i64_d')!;
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), fc.nat(63), (wide, shift) => {
      const integer = wide >> BigInt(shift);
      const double = fromSigned.run([BigInt.asUintN(64, integer)], floatEnv(defaultNanPolicy));
      expect(numberOf(F64, double)).toBe(Number(integer));
      if (Number(integer) >= 2 ** 63) return;
      const back = toSigned.run([double], floatEnv(defaultNanPolicy));
      expect(BigInt.asIntN(64, back)).toBe(BigInt(Number(integer)));
    }),
    { numRuns: 3000, seed: 1 },
  );
});

/** Every finite binary16 magnitude as a number, at the index of its pattern; the last is 2^16, in infinity's place. */
const halves = Array.from({ length: 0x7c01 }, (_, bits) => {
  const field = bits >> 10;
  return field === 0 ? bits * 2 ** -24 : (1024 + (bits & 1023)) * 2 ** (field - 25);
});

/** Rounds by looking up the neighbours in the list of all halves, and reports flags by their definitions. */
function nearestHalf(value: number, rounding: RoundingMode): string {
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= halves[0x7c00]!) {
    const stays = rounding === 'rtz' || rounding === 'odd' || rounding === (negative ? 'rup' : 'rdn');
    return `${(sign | (stays ? 0x7bff : 0x7c00)).toString(16)} OF NX`;
  }
  let below = 0;
  for (let step = 0x4000; step > 0; step >>= 1) {
    if (below + step < 0x7c00 && halves[below + step]! <= magnitude) below += step;
  }
  const toLower = magnitude - halves[below]!;
  const toUpper = halves[below + 1]! - magnitude;
  if (toLower === 0) return (sign | below).toString(16);
  const up = {
    rne: toUpper < toLower || (toUpper === toLower && below % 2 === 1),
    rmm: toUpper <= toLower,
    rtz: false,
    rdn: negative,
    rup: !negative,
    odd: below % 2 === 0,
  }[rounding];
  const bits = up ? below + 1 : below;
  const flags = bits === 0x7c00 ? 'OF NX' : magnitude < 2 ** -14 ? 'UF NX' : 'NX';
  return `${(sign | bits).toString(16)} ${flags}`;
}

describe('to binary16 as found in the list of all of them', () => {
  const nearHalves = fc
    .tuple(fc.integer({ min: 0, max: 0x7bff }), fc.constantFrom(0, 0.25, 0.4999, 0.5, 0.5001, 0.75), fc.boolean())
    .map(
      ([bits, part, negative]) => (negative ? -1 : 1) * (halves[bits]! + part * (halves[bits + 1]! - halves[bits]!)),
    );
  const anywhere = fc.double({ noNaN: true, noDefaultInfinity: true });

  it.each(['rne', 'rtz', 'rdn', 'rup', 'rmm'] as const)('%s', (rounding) => {
    fc.assert(
      fc.property(fc.oneof(nearHalves, anywhere), (value) => {
        const magnitude = Math.abs(value);
        // Whether the numbers just below the smallest normal are tiny needs more than this list: see clauses.test.ts.
        fc.pre(magnitude >= 2 ** -14 || magnitude < 2 ** -14 - 2 ** -24);
        const env: FloatEnv = floatEnv(defaultNanPolicy, rounding);
        const ours = convertFormat(F64, F16, bitsOf(F64, value), env);
        expect(`${ours.toString(16)} ${showFlags(env.flags)}`.trim()).toBe(nearestHalf(value, rounding));
      }),
      { numRuns: 4000, seed: 1 },
    );
  });

  it('and every binary16 pattern widens to its number and back', () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      const env = floatEnv(defaultNanPolicy);
      const double = convertFormat(F16, F64, BigInt(bits), env);
      if (
        numberOf(F64, double) !== halves[bits] ||
        convertFormat(F64, F16, double, env) !== BigInt(bits) ||
        env.flags
      ) {
        expect.fail(`binary16 ${bits.toString(16)}`);
      }
    }
  });
});
