import { bitLength, type Finite, type RoundingMode, roundShift, squareRootFloor } from '../float/index.ts';
import {
  C1,
  DE,
  type Extended,
  exactly,
  extendedOf,
  IE,
  INDEFINITE,
  infinity,
  isNan,
  MAX,
  MIN,
  nanOf,
  OE,
  PE,
  packExtended,
  quieted,
  round,
  SIGN,
  type Taken,
  take,
  UE,
  ZE,
  zero,
} from './x87-number.ts';

/** How results are rounded: the control word's precision, rounding and masks. */
export interface Control {
  readonly precision: number;
  readonly rounding: RoundingMode;
  readonly masks: number;
}

/** A result and what is to be told of it. */
export interface Result {
  readonly value: Extended;
  readonly flags: number;
}

const invalid: Result = { value: INDEFINITE, flags: IE };

/** What operands alone decide, before any arithmetic: those not supported, and NaNs; undefined: nothing. */
export function special(x: Extended, y: Extended, a: Taken, b: Taken): Result | undefined {
  if (a.kind === 'unsupported' || b.kind === 'unsupported') return invalid;
  if (!isNan(a) && !isNan(b)) return undefined;
  const signals = a.kind === 'signalling' || b.kind === 'signalling';
  return { value: nanOf(x, y), flags: signals ? IE : 0 };
}

const denormals = (a: Taken, b: Taken): number => (a.denormal || b.denormal ? DE : 0);

/** An exact value, not zero, rounded as the control word says. */
export function rounded(exact: Finite, { precision, rounding, masks }: Control, flags = 0): Result {
  const result = round(exact, extendedOf(precision), rounding, masks);
  return { value: packExtended(result), flags: flags | result.flags };
}

type Binary = (x: Extended, y: Extended, control: Control) => Result;

/** Bits between two numbers beyond which the smaller one counts only as not being 0. */
const FAR = 200;

export function add(x: Extended, y: Extended, control: Control, a: Taken = take(x), b: Taken = take(y)): Result {
  const known = special(x, y, a, b);
  if (known) return known;
  const flags = denormals(a, b);
  if (a.kind === 'infinity' || b.kind === 'infinity') {
    if (a.kind === b.kind && a.negative !== b.negative) return invalid;
    return { value: a.kind === 'infinity' ? x : y, flags };
  }
  if (a.kind === 'finite' && b.kind === 'finite') {
    // Far apart, the smaller one only tells on which side of the larger the sum lies.
    if (a.exponent - b.exponent > FAR)
      return add(x, y, control, a, { ...b, significand: 1n, exponent: a.exponent - FAR });
    if (b.exponent - a.exponent > FAR)
      return add(x, y, control, { ...a, significand: 1n, exponent: b.exponent - FAR }, b);
  }
  const exponent = Math.min(a.kind === 'zero' ? b.exponent : a.exponent, b.kind === 'zero' ? a.exponent : b.exponent);
  const scaled = (t: Taken) => {
    const magnitude = t.kind === 'zero' ? 0n : t.significand << BigInt(t.exponent - exponent);
    return t.negative ? -magnitude : magnitude;
  };
  const sum = scaled(a) + scaled(b);
  if (sum === 0n) {
    const both = a.negative === b.negative && a.kind === 'zero' && b.kind === 'zero';
    return { value: zero(both ? a.negative : control.rounding === 'rdn'), flags };
  }
  const negative = sum < 0n;
  return rounded({ negative, significand: negative ? -sum : sum, exponent }, control, flags);
}

export const subtract: Binary = (x, y, control) => {
  const [a, b] = [take(x), take(y)];
  return special(x, y, a, b) ?? add(x, y ^ SIGN, control);
};

export const multiply: Binary = (x, y, control) => {
  const [a, b] = [take(x), take(y)];
  const known = special(x, y, a, b);
  if (known) return known;
  const negative = a.negative !== b.negative;
  const flags = denormals(a, b);
  if (a.kind === 'infinity' || b.kind === 'infinity') {
    return a.kind === 'zero' || b.kind === 'zero' ? invalid : { value: infinity(negative), flags };
  }
  if (a.kind === 'zero' || b.kind === 'zero') return { value: zero(negative), flags };
  const exact = { negative, significand: a.significand * b.significand, exponent: a.exponent + b.exponent };
  return rounded(exact, control, flags);
};

export const divide: Binary = (x, y, control) => {
  const [a, b] = [take(x), take(y)];
  const known = special(x, y, a, b);
  if (known) return known;
  const negative = a.negative !== b.negative;
  const flags = denormals(a, b);
  if (a.kind === 'infinity') return b.kind === 'infinity' ? invalid : { value: infinity(negative), flags };
  if (b.kind === 'infinity') return { value: zero(negative), flags };
  if (b.kind === 'zero') return a.kind === 'zero' ? invalid : { value: infinity(negative), flags: ZE };
  if (a.kind === 'zero') return { value: zero(negative), flags };
  return rounded(quotient(a, b, negative), control, flags);
};

/** a / b to 70 bits or more, the last one set where anything is lost. */
function quotient(a: Finite, b: Finite, negative: boolean): Finite {
  const shift = Math.max(0, 70 + bitLength(b.significand) - bitLength(a.significand));
  const dividend = a.significand << BigInt(shift);
  const rest = dividend % b.significand !== 0n ? 1n : 0n;
  const significand = ((dividend / b.significand) << 1n) | rest;
  return { negative, significand, exponent: a.exponent - b.exponent - shift - 1 };
}

export function squareRoot(x: Extended, control: Control): Result {
  const a = take(x);
  const known = special(x, x, a, a);
  if (known) return known;
  if (a.kind === 'zero') return { value: x, flags: 0 };
  if (a.negative) return invalid;
  if (a.kind === 'infinity') return { value: x, flags: 0 };
  let shift = Math.max(0, 140 - bitLength(a.significand));
  if ((a.exponent - shift) % 2 !== 0) shift++;
  const radicand = a.significand << BigInt(shift);
  const root = squareRootFloor(radicand);
  const rest = root * root === radicand ? 0n : 1n;
  const exact = { negative: false, significand: (root << 1n) | rest, exponent: (a.exponent - shift) / 2 - 1 };
  return rounded(exact, control, a.denormal ? DE : 0);
}

/** FRNDINT: an integer in the rounding mode in force, whatever the precision. */
export function roundToInteger(x: Extended, { rounding }: Control): Result {
  const a = take(x);
  const known = special(x, x, a, a);
  if (known) return known;
  if (a.kind !== 'finite') return { value: x, flags: 0 };
  const flags = a.denormal ? DE : 0;
  if (a.exponent >= 0) return { value: x, flags };
  const { value, inexact } = roundShift(a.significand, -a.exponent, a.negative, rounding);
  const up = inexact && value << BigInt(-a.exponent) > a.significand;
  const whole = exactly({ negative: a.negative, significand: value, exponent: 0 });
  return { value: whole, flags: flags | (inexact ? PE : 0) | (up ? C1 : 0) };
}

/**
 * FSCALE: x times 2 to the power of y, cut to an integer (SDM vol. 2A, table 3-39). An unmasked overflow or underflow
 * that is one still with its exponent changed is massive: infinity or zero (SDM vol. 1, 8.5.4 and 8.5.5).
 */
export const scale: Binary = (x, y, { rounding, masks }) => {
  const [a, b] = [take(x), take(y)];
  const known = special(x, y, a, b);
  if (known) return known;
  const flags = denormals(a, b);
  if (b.kind === 'infinity') {
    if (b.negative ? a.kind === 'infinity' : a.kind === 'zero') return invalid;
    return { value: b.negative ? zero(a.negative) : infinity(a.negative), flags };
  }
  if (a.kind !== 'finite') return { value: x, flags };
  let power = 0;
  if (b.kind === 'finite') {
    const magnitude =
      b.exponent >= 0 ? b.significand << BigInt(Math.min(b.exponent, 32)) : b.significand >> BigInt(-b.exponent);
    const bounded = Number(magnitude > 0x1_0000n ? 0x1_0000n : magnitude);
    power = b.negative ? -bounded : bounded;
  }
  const result = round({ ...a, exponent: a.exponent + power }, extendedOf(64), rounding, masks);
  if (result.value) {
    const leading = result.value.exponent + bitLength(result.value.significand) - 1;
    if ((result.flags & OE) !== 0 && leading > MAX) return { value: infinity(a.negative), flags: flags | OE | PE | C1 };
    if ((result.flags & UE & ~masks) !== 0 && leading < MIN) return { value: zero(a.negative), flags: flags | UE | PE };
  }
  return { value: packExtended(result), flags: flags | result.flags };
};

/** FXTRACT: the exponent as a number, and the significand with its sign and exponent 0. */
export function extract(x: Extended): {
  readonly exponent: Extended;
  readonly significand: Extended;
  readonly flags: number;
} {
  const a = take(x);
  const known = special(x, x, a, a);
  if (known) return { exponent: known.value, significand: known.value, flags: known.flags };
  if (a.kind === 'infinity') return { exponent: infinity(false), significand: x, flags: 0 };
  if (a.kind === 'zero') return { exponent: infinity(true), significand: x, flags: ZE };
  const length = bitLength(a.significand);
  const exponent = a.exponent + length - 1;
  return {
    exponent: exactly({ negative: exponent < 0, significand: BigInt(Math.abs(exponent)), exponent: 0 }),
    significand: exactly({ ...a, exponent: 1 - length }),
    flags: a.denormal ? DE : 0,
  };
}

/** A partial remainder: the rest, the low bits of the quotient, and whether it is complete. */
export interface Remainder extends Result {
  /** Absent where operands alone decided. */
  readonly quotient: number | undefined;
  readonly complete: boolean;
}

/**
 * FPREM and FPREM1 (SDM vol. 2A): exact, at most 63 bits of the quotient at a time; so nothing but an underflow that is
 * not masked is told of.
 */
export function remainder(x: Extended, y: Extended, nearest: boolean, masks: number): Remainder {
  const [a, b] = [take(x), take(y)];
  const whole = (result: Result): Remainder => ({ ...result, quotient: undefined, complete: true });
  const known = special(x, y, a, b);
  if (known) return whole(known);
  if (a.kind === 'infinity' || b.kind === 'zero') return whole(invalid);
  const flags = denormals(a, b);
  const exact = (negative: boolean, significand: bigint, exponent: number): Result =>
    rounded({ negative, significand, exponent }, { precision: 64, rounding: 'rne', masks }, flags);
  if (a.kind === 'zero') return { value: x, flags, quotient: 0, complete: true };
  if (b.kind === 'infinity') {
    return { ...exact(a.negative, a.significand, a.exponent), quotient: 0, complete: true };
  }
  const distance = a.exponent + bitLength(a.significand) - (b.exponent + bitLength(b.significand));
  // Far apart, a multiple of the divisor by a power of two is taken off that leaves the exponents nearer by 32 to 63.
  const complete = distance < 64;
  const step = complete ? 0 : distance - (32 + (distance % 32));
  const exponent = Math.min(a.exponent, b.exponent + step);
  const dividend = a.significand << BigInt(a.exponent - exponent);
  const divisor = b.significand << BigInt(b.exponent + step - exponent);
  let quotient = dividend / divisor;
  let rest = dividend % divisor;
  let negative = a.negative;
  if (nearest && complete && (2n * rest > divisor || (2n * rest === divisor && (quotient & 1n) === 1n))) {
    quotient++;
    rest = divisor - rest;
    negative = !negative;
  }
  const result = rest === 0n ? { value: zero(a.negative), flags } : exact(negative, rest, exponent);
  return { ...result, quotient: Number(quotient & 7n), complete };
}

/** How two numbers compare: ZF, PF and CF as FCOMI sets them (C3, C2 and C0 as FCOM does). */
export function compare(
  x: Extended,
  y: Extended,
  quietly: boolean,
): { readonly zf: number; readonly pf: number; readonly cf: number; readonly flags: number } {
  const [a, b] = [take(x), take(y)];
  const bad = a.kind === 'unsupported' || b.kind === 'unsupported';
  if (bad || isNan(a) || isNan(b)) {
    const signals = bad || !quietly || a.kind === 'signalling' || b.kind === 'signalling';
    return { zf: 1, pf: 1, cf: 1, flags: signals ? IE : 0 };
  }
  const flags = denormals(a, b);
  const difference = order(a, b);
  return { zf: difference === 0 ? 1 : 0, pf: 0, cf: difference < 0 ? 1 : 0, flags };
}

function order(a: Taken, b: Taken): number {
  const sign = (t: Taken) => (t.kind === 'zero' ? 0 : t.negative ? -1 : 1);
  if (sign(a) !== sign(b)) return sign(a) - sign(b);
  if (a.kind === 'zero') return 0;
  return magnitudes(a, b) * sign(a);
}

function magnitudes(a: Taken, b: Taken): number {
  if (a.kind === 'infinity' || b.kind === 'infinity') {
    return a.kind === b.kind ? 0 : a.kind === 'infinity' ? 1 : -1;
  }
  const least = Math.min(a.exponent, b.exponent);
  const [p, q] = [a.significand << BigInt(a.exponent - least), b.significand << BigInt(b.exponent - least)];
  return p > q ? 1 : p < q ? -1 : 0;
}

/** An integer of so many bits, rounded; IE and the indefinite integer where it has none. */
export function toInteger(
  x: Extended,
  bits: number,
  rounding: RoundingMode,
): { readonly value: bigint; readonly flags: number } {
  const a = take(x);
  const indefinite = { value: 1n << BigInt(bits - 1), flags: IE };
  if (a.kind === 'zero') return { value: 0n, flags: 0 };
  if (a.kind !== 'finite' || a.exponent > 0) return indefinite;
  const { value, inexact } = roundShift(a.significand, -a.exponent, a.negative, rounding);
  const up = inexact && value << BigInt(-a.exponent) > a.significand;
  const signed = a.negative ? -value : value;
  if (BigInt.asIntN(bits, signed) !== signed) return indefinite;
  return { value: BigInt.asUintN(bits, signed), flags: (inexact ? PE : 0) | (up ? C1 : 0) };
}

export const fromInteger = (value: bigint): Extended =>
  exactly({ negative: value < 0n, significand: value < 0n ? -value : value, exponent: 0 });

export { quieted };
