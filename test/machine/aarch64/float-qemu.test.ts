/**
 * Every scalar floating-point instruction on edge operands and random ones, in every rounding mode, with FZ, DN and AHP
 * set and clear, as qemu-aarch64 computes. Vectors, which go through the same functions lane by lane, are compared in
 * semantics-float.test.ts.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { A64_FLOAT } from '../../../machine/aarch64/a64-float.ts';
import { A64_SIMD_FLOAT } from '../../../machine/aarch64/a64-simd-float.ts';
import { insertFields, type Row } from '../../../machine/decode/index.ts';
import { F16, F32, F64, type FloatFormat } from '../../../machine/float/index.ts';
import { describeWith } from '../../toolchain.ts';
import { conversionEdges, edges, fewEdges, integerEdges, randomBits, randomFloat } from '../float/operands.ts';
import { ANSWER, type Batch, CASE, Here, MOST, There, TOOLS } from './float-outsider.ts';
import { decodeWord } from './words.ts';

const random = randomBits(0xa64f10a7n);
const below = (n: number) => Number(random() % BigInt(n));

/** RMode, FZ and DN, and, where half precision takes part, AHP. */
const FPCRS = Array.from({ length: 16 }, (_, i) => BigInt(i) << 22n);
const FPCRS_HALF = Array.from({ length: 32 }, (_, i) => BigInt(i) << 22n);

/** Registers: the result 0, operands 1, 2 and 3; the element of a vector is its lowest lane. */
const REGISTERS = { Rd: 0, Rn: 1, Rm: 2, Ra: 3, M: 0, L: 0, H: 0 };

/** Words of a row, one for each format, other fields random. */
function wordsOf({ pattern, where }: Row): number[] {
  const words = new Map<number, number>();
  for (let tries = 0; tries < 200; tries++) {
    const others = pattern.fields.map(({ name }) => [name, below(64)] as const);
    const fields: Record<string, number> = { ...Object.fromEntries(others), ...REGISTERS };
    for (const { name, slices } of pattern.fields) {
      const width = slices.reduce((sum, slice) => sum + slice.width, 0);
      fields[name] &= 2 ** width - 1;
    }
    if (where && !where(fields)) continue;
    const { ftype = fields.sz ?? fields.size ?? fields.immh >> 3, sf = 0 } = fields;
    words.set(ftype * 2 + sf, insertFields(pattern, fields));
  }
  return [...words.values()];
}

const FORMATS: Readonly<Record<string, FloatFormat>> = { h: F16, s: F32, d: F64 };

/** What register 1 holds: a number of that format, or an integer of 64 bits. */
function operandOf(text: string): FloatFormat | 'integer' {
  const letter = /\b([hsdwx])1\b/.exec(text)?.[1] ?? '';
  return /^[su]cvtf/.test(text) || !FORMATS[letter] ? 'integer' : FORMATS[letter];
}

/** How many operands an instruction takes. */
const arityOf = (text: string) => (/^fml[as] |\b[sd]3\b/.test(text) ? 3 : /\b[sd]2\b|\bv2\./.test(text) ? 2 : 1);

function combinations(lists: readonly (readonly bigint[])[]): bigint[][] {
  return lists.reduce<bigint[][]>((rows, list) => rows.flatMap((row) => list.map((x) => [...row, x])), [[]]);
}

/** Single operands under every FPCR; pairs and triples each under some. */
function casesOf(text: string): BigUint64Array {
  const operand = operandOf(text);
  const fpcrs = /\bh\d/.test(text) ? FPCRS_HALF : FPCRS;
  const arity = arityOf(text);
  let tuples: bigint[][];
  if (operand === 'integer') {
    const all = [...integerEdges({ bits: 64, signed: true }), ...Array.from({ length: 100 }, random)];
    tuples = all.filter(() => below(3) === 0).map((value) => [value]);
  } else {
    const lists = [conversionEdges, edges, fewEdges][arity - 1](operand);
    const loose = Array.from({ length: arity === 1 ? 100 : 500 }, () =>
      Array.from({ length: arity }, () => randomFloat(operand, random)),
    );
    tuples = [...combinations(Array.from({ length: arity }, () => lists)), ...loose];
  }
  const cases = tuples.flatMap(([a, b = 0n, c = 0n]) => {
    const some = arity === 1 ? fpcrs : [fpcrs[below(fpcrs.length)], fpcrs[below(fpcrs.length)]];
    return some.flatMap((fpcr) => [fpcr, a, b, c]);
  });
  return BigUint64Array.from(cases.slice(0, MOST * CASE));
}

const isScalar = ({ pattern, syntax }: Row) =>
  !pattern.fields.some(({ name }) => name === 'Q') && !/\.[42]|D\[1\]|#fimm/.test(syntax) && !syntax.includes('.T');

const ROWS = [...A64_FLOAT, ...A64_SIMD_FLOAT].filter(isScalar);

describeWith(TOOLS, 'scalar floating point as qemu-aarch64 computes', () => {
  const here = new Here();
  let there: There;
  let compared = 0;
  beforeAll(() => {
    there = new There();
  });
  afterAll(() => there?.remove());

  it.each(ROWS.map((row) => [row.syntax, row] as const))('%s', (_, row) => {
    const batches: Batch[] = wordsOf(row).map((word) => ({ word, cases: casesOf(decodeWord(word).text(0n)) }));
    const lines: string[] = [];
    there.run(batches).forEach((theirs, n) => {
      const { word, cases } = batches[n];
      const ours = here.run(batches[n]);
      compared += cases.length / CASE;
      for (let i = 0; i < cases.length / CASE; i++) {
        const [o, t] = [ours, theirs].map((all) => all.subarray(i * ANSWER, (i + 1) * ANSWER));
        if (o.every((value, k) => value === t[k])) continue;
        const show = (values: BigUint64Array) => [...values].map((value) => value.toString(16)).join(' ');
        const inputs = show(cases.subarray(i * CASE, (i + 1) * CASE));
        lines.push(`${decodeWord(word).text(0n)} | ${inputs} = ${show(o)}, theirs ${show(t)}`);
      }
    });
    expect(batches.length).toBeGreaterThan(0);
    expect(lines.slice(0, 10), `${lines.length} differ`).toEqual([]);
  });

  /** Every entry of the estimates' tables, with even and odd exponents and at both ends of the range. */
  it.each([
    ['frecpe s0, s1', 0x5ea1d820, F32],
    ['frsqrte s0, s1', 0x7ea1d820, F32],
    ['frecpe d0, d1', 0x5ee1d820, F64],
    ['frsqrte d0, d1', 0x7ee1d820, F64],
    ['urecpe v0.2s, v1.2s', 0x0ea1c820, F32],
    ['ursqrte v0.2s, v1.2s', 0x2ea1c820, F32],
  ] as const)('the whole table of %s', (text, word, format) => {
    expect(decodeWord(word).text(0n)).toBe(text);
    const { bias, fractionBits, width } = format;
    const exponents = [0, 1, 2, bias - 1, bias, 2 * bias - 3, 2 * bias - 2, 2 * bias - 1, 2 * bias];
    const numbers = exponents.flatMap((exponent) => Array.from({ length: 512 }, (_, i) => exponent * 512 + i));
    const patterns = text.startsWith('u')
      ? Array.from({ length: 1024 }, (_, i) => BigInt(i) << BigInt(width - 10))
      : numbers.map((number) => BigInt(number) << BigInt(fractionBits - 9));
    const cases = BigUint64Array.from(patterns.flatMap((a) => [0n, 1n << 24n].flatMap((fpcr) => [fpcr, a, 0n, 0n])));
    const [theirs] = there.run([{ word, cases }]);
    expect(here.run({ word, cases })).toEqual(theirs);
  });

  it('compares some hundred thousand cases', () => expect(compared).toBeGreaterThan(500_000));
});
