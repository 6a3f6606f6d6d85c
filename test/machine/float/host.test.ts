/**
 * The host's arithmetic, where it answers, against the integers' that calculate elsewhere. Operands that are not
 * subnormal mean the same when subnormal ones are flushed, and then the host is not asked.
 */
import { expect, it } from 'vitest';
import {
  hostAdd,
  hostConvert,
  hostDivide,
  hostFromInteger,
  hostFusedMultiplyAdd,
  hostMultiply,
  hostSquareRoot,
  hostTruncate,
} from '../../../machine/float/host.ts';
import { defaultNanPolicy, F32, F64, type FloatEnv, type FloatFormat, floatEnv } from '../../../machine/float/index.ts';
import { randomBits, randomFloat } from './operands.ts';
import { operations, showFlags } from './operations.ts';

const random = randomBits(0x405fn);
const below = (n: number) => Number(random() % BigInt(n));
const slow = { ...defaultNanPolicy, flushOperands: true };
const COUNT = 20_000;

/** Any pattern but subnormal ones; half of them with exponents where the host begins and ends to answer. */
function operand(format: FloatFormat): bigint {
  const ends = format === F64 ? [-901, -900, 989, 990, -500, 495, -450] : [-121, -120, 126, 127, -60, 63, -126];
  for (;;) {
    let bits = randomFloat(format, random);
    if (below(2) === 0) {
      const field = BigInt(ends[below(ends.length)] + below(3) - 1 + format.bias) << BigInt(format.fractionBits);
      bits = (bits & (format.signBit | format.fractionMask)) | field;
    }
    if ((bits & format.infinity) !== 0n || (bits & format.magnitudeMask) === 0n) return bits;
  }
}

/** Operands of like magnitude cancel. */
function tuple(format: FloatFormat, arity: number): bigint[] {
  const operands = Array.from({ length: arity }, () => operand(format));
  if (arity === 3 && below(2) === 0) {
    const product = operations.get(format === F64 ? 'mul_d' : 'mul_s')!.run(operands.slice(0, 2), floatEnv(slow));
    operands[2] = product ^ (below(2) === 0 ? format.signBit : 0n) ^ BigInt(below(4));
  } else if (arity === 2 && below(3) === 0) operands[1] = operands[0] ^ BigInt(below(8));
  const last = operands[arity - 1];
  return last & format.infinity ? operands : tuple(format, arity);
}

type Host = (format: FloatFormat, operands: readonly bigint[], env: FloatEnv) => bigint | undefined;
const HOST: readonly (readonly [string, number, Host])[] = [
  ['add', 2, (format, [a, b], env) => hostAdd(format, a, b, env)],
  ['mul', 2, (format, [a, b], env) => hostMultiply(format, a, b, env)],
  ['div', 2, (format, [a, b], env) => hostDivide(format, a, b, env)],
  ['sqrt', 1, (format, [a], env) => hostSquareRoot(format, a, env)],
  ['fma', 3, (format, [a, b, c], env) => hostFusedMultiplyAdd(format, a, b, c, env)],
];
const CASES = [
  ...HOST.flatMap(([name, arity, host]) => [
    [`${name}_s`, F32, arity, host] as const,
    [`${name}_d`, F64, arity, host] as const,
  ]),
  ['to_s_d', F64, 1, ((_, [a], env) => hostConvert(F64, F32, a, env)) as Host] as const,
  ['to_d_s', F32, 1, ((_, [a], env) => hostConvert(F32, F64, a, env)) as Host] as const,
];

it.each(CASES)('%s', (name, format, arity, host) => {
  let answered = 0;
  for (let i = 0; i < COUNT; i++) {
    const operands = tuple(format, arity);
    const [quick, exact] = [floatEnv(defaultNanPolicy), floatEnv(slow)];
    const answer = host(format, operands, quick);
    if (answer === undefined) {
      expect(quick.flags).toBe(0);
      continue;
    }
    answered++;
    const wanted = operations.get(name)!.run(operands, exact);
    if (answer !== wanted || quick.flags !== exact.flags) {
      const [x, y] = [quick, exact].map(({ flags }) => showFlags(flags));
      expect.fail(
        `${operands.map((x) => x.toString(16)).join(' ')}: ${answer.toString(16)} ${x}, ${wanted.toString(16)} ${y}`,
      );
    }
  }
  expect(answered).toBeGreaterThan(COUNT / 4);
});

it('integers', () => {
  let answered = 0;
  for (let i = 0; i < COUNT; i++) {
    const value = BigInt.asIntN(64, random()) >> BigInt(below(64));
    const [quick, exact] = [floatEnv(defaultNanPolicy), floatEnv(slow)];
    const answer = hostFromInteger(F64, value, quick);
    if (answer === undefined) continue;
    answered++;
    expect(answer).toBe(operations.get('from_i64_d')!.run([value], exact));
    expect(quick.flags).toBe(exact.flags);
  }
  expect(answered).toBeGreaterThan(COUNT / 2);
});

it.each([['to_i64_d', F64] as const, ['to_i64_s', F32] as const])('%s', (name, format) => {
  let answered = 0;
  for (let i = 0; i < COUNT; i++) {
    const bits = operand(format);
    const [quick, exact] = [floatEnv(defaultNanPolicy, 'rtz'), floatEnv(slow, 'rtz')];
    const answer = hostTruncate(format, bits, quick);
    if (answer === undefined) continue;
    answered++;
    expect(BigInt.asUintN(64, BigInt(answer))).toBe(operations.get(name)!.run([bits], exact));
    expect(quick.flags).toBe(exact.flags);
  }
  expect(answered).toBeGreaterThan(COUNT / 10);
});

it.each([F32, F64])('comparisons, format %#', (format) => {
  for (const name of ['eq', 'lt', 'le']) {
    const operation = operations.get(`${name}_${format === F64 ? 'd' : 's'}`)!;
    for (let i = 0; i < COUNT / 4; i++) {
      const operands = [operand(format), operand(format)];
      if (below(2) === 0) operands[1] = operands[0] ^ BigInt(below(2)) ^ (below(3) === 0 ? format.signBit : 0n);
      if (!(operands[1] & format.infinity) && operands[1] & format.magnitudeMask) continue;
      const [quick, exact] = [floatEnv(defaultNanPolicy), floatEnv(slow)];
      expect(operation.run(operands, quick)).toBe(operation.run(operands, exact));
      expect(quick.flags).toBe(exact.flags);
    }
  }
});
