import { describe, expect, it } from 'vitest';
import { add, multiply, type Result, remainder, scale } from '../../../machine/x86/x87-arithmetic.ts';
import { C1, DE, exactly, infinity, OE, PE, UE, zero } from '../../../machine/x86/x87-number.ts';

// Underflow and overflow that are not masked, of results that are exact: rare among the random cases of
// semantics.test.ts. The host's processor has the same results.

const MASKED = 0x3f;
const control = (masks: number) => ({ precision: 64, rounding: 'rne', masks }) as const;
const number = (significand: bigint, exponent: number) => exactly({ negative: false, significand, exponent });
const ONE = number(1n, 0);
/** A denormal number of few bits, and what it is times 2 to the power of 24576. */
const TINY = number(0x807n, -16445);
const ADJUSTED = number(0x807n, -16445 + 24576);
/** Two normal numbers, the difference of which is not. */
const [LEAST, NEXT] = [number(1n, -16382), number((1n << 63n) + 1n, -16382 - 63)];
const REST = number(1n, -16445);
const REST_ADJUSTED = number(1n, -16445 + 24576);

type Operation = (masks: number) => Result;
const fprem =
  (x: bigint, y: bigint, nearest = false): Operation =>
  (masks) => {
    const { value, flags } = remainder(x, y, nearest, masks);
    return { value, flags };
  };

describe('SDM vol. 1, 8.5.5: a tiny result is an underflow though it is exact, where that is not masked', () => {
  it.each<[string, Operation, masked: Result, unmasked: bigint]>([
    ['FPREM of a smaller number', fprem(TINY, ONE), { value: TINY, flags: DE }, ADJUSTED],
    ['FPREM1 of one', fprem(TINY, ONE, true), { value: TINY, flags: DE }, ADJUSTED],
    ['FPREM by infinity', fprem(TINY, infinity(false)), { value: TINY, flags: DE }, ADJUSTED],
    ['FPREM of normal numbers', fprem(NEXT, LEAST), { value: REST, flags: 0 }, REST_ADJUSTED],
    ['FMUL by 1', (masks) => multiply(TINY, ONE, control(masks)), { value: TINY, flags: DE }, ADJUSTED],
    ['FADD of 0', (masks) => add(TINY, zero(false), control(masks)), { value: TINY, flags: DE }, ADJUSTED],
    ['FSCALE by 0', (masks) => scale(TINY, zero(false), control(masks)), { value: TINY, flags: DE }, ADJUSTED],
  ])('%s', (_, operation, masked, unmasked) => {
    expect(operation(MASKED)).toEqual(masked);
    expect(operation(MASKED & ~UE)).toEqual({ value: unmasked, flags: masked.flags | UE });
  });
});

describe('SDM vol. 1, 8.5.4 and 8.5.5: FSCALE’s massive overflow is infinity, its massive underflow 0', () => {
  const MAX = 16383;
  it.each<[string, power: number, value: bigint, flags: number]>([
    ['the largest power of two', MAX, number(1n, MAX), 0],
    ['an overflow', MAX + 1, number(1n, MAX + 1 - 24576), OE],
    ['the largest one', MAX + 24576, number(1n, MAX), OE],
    ['a massive one', MAX + 24577, infinity(false), OE | PE | C1],
    ['the least normal number', -16382, number(1n, -16382), 0],
    ['an underflow', -16383, number(1n, -16383 + 24576), UE],
    ['the largest one', -16382 - 24576, number(1n, -16382), UE],
    ['a massive one', -16383 - 24576, zero(false), UE | PE],
  ])('%s: 2 to the power of %i', (_, power, value, flags) => {
    const by = exactly({ negative: power < 0, significand: BigInt(Math.abs(power)), exponent: 0 });
    expect(scale(ONE, by, control(MASKED & ~(OE | UE)))).toEqual({ value, flags });
  });
});
