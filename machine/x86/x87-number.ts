import { bitLength, type Finite, type RoundingMode, roundShift } from '../float/index.ts';

/** Exceptions as the status word has them, and C1 among its condition codes (SDM vol. 1, figure 8-4). */
export const IE = 1;
export const DE = 2;
export const ZE = 4;
export const OE = 8;
export const UE = 16;
export const PE = 32;
export const SF = 64;
export const C1 = 1 << 9;

/** A number of double extended precision: sign and exponent in bits 79:64, the significand with its integer bit below. */
export type Extended = bigint;

export const SIGN = 1n << 79n;
const INTEGER = 1n << 63n;
const QUIET = 1n << 62n;
const SIGNIFICAND = (1n << 64n) - 1n;
const BIAS = 16383;
const MAX_FIELD = 0x7fff;
/** Exponents of the least and the largest normal number. */
export const MIN = 1 - BIAS;
export const MAX = BIAS;
/** What an unmasked overflow or underflow changes the exponent by (SDM vol. 1, 8.5.4 and 8.5.5). */
const ADJUSTMENT = 24576;

/** The indefinite NaN. */
export const INDEFINITE: Extended = (0xffffn << 64n) | INTEGER | QUIET;
export const infinity = (negative: boolean): Extended => (negative ? SIGN : 0n) | (BigInt(MAX_FIELD) << 64n) | INTEGER;
export const zero = (negative: boolean): Extended => (negative ? SIGN : 0n);

/** A number taken apart; `denormal` where DE tells of it. */
export interface Taken extends Finite {
  readonly kind: 'zero' | 'finite' | 'infinity' | 'quiet' | 'signalling' | 'unsupported';
  readonly denormal: boolean;
}

/** Takes a number apart; what the 80387 and its successors do not support is told as such (SDM vol. 1, 8.2.2). */
export function take(value: Extended): Taken {
  const negative = (value & SIGN) !== 0n;
  const field = Number((value >> 64n) & 0x7fffn);
  const significand = value & SIGNIFICAND;
  const of = (kind: Taken['kind'], exponent = 0, denormal = false): Taken => {
    return { kind, negative, significand: kind === 'finite' ? significand : 0n, exponent, denormal };
  };
  const integer = (significand & INTEGER) !== 0n;
  if (field === 0) return significand === 0n ? of('zero') : of('finite', MIN - 63, true);
  if (!integer) return of('unsupported');
  if (field < MAX_FIELD) return of('finite', field - BIAS - 63);
  if (significand === INTEGER) return of('infinity');
  return of((significand & QUIET) !== 0n ? 'quiet' : 'signalling');
}

export const isNan = ({ kind }: Taken): boolean => kind === 'quiet' || kind === 'signalling';
/** A NaN made quiet. */
export const quieted = (value: Extended): Extended => value | QUIET;

/** The NaN that an operation on NaNs yields: the quiet one beside a signalling one, else the larger significand (table 4-7). */
export function nanOf(x: Extended, y: Extended): Extended {
  const [a, b] = [take(x), take(y)];
  if (!isNan(a)) return quieted(y);
  if (!isNan(b)) return quieted(x);
  if (a.kind !== b.kind) return quieted(a.kind === 'quiet' ? x : y);
  const [p, q] = [x & SIGNIFICAND, y & SIGNIFICAND];
  if (p !== q) return quieted(p > q ? x : y);
  return quieted((x & SIGN) === 0n ? x : y);
}

/** What a result is rounded to: bits of precision, and exponents of the least and largest normal numbers. */
export interface Target {
  readonly precision: number;
  readonly min: number;
  readonly max: number;
  /** Added to an exponent by an unmasked underflow, taken from it by an unmasked overflow. */
  readonly adjustment: number;
}

export const extendedOf = (precision: number): Target => ({ precision, min: MIN, max: MAX, adjustment: ADJUSTMENT });
export const SINGLE: Target = { precision: 24, min: -126, max: 127, adjustment: 0 };
export const DOUBLE: Target = { precision: 53, min: -1022, max: 1023, adjustment: 0 };

/** A value rounded: what it became, and what is to be told of it. */
export interface Rounded {
  /** `significand` has `precision` bits or fewer, the lowest at `exponent`; absent: infinity. */
  readonly value: Finite | undefined;
  readonly negative: boolean;
  /** OE, UE, PE and C1. */
  readonly flags: number;
}

/**
 * Rounds an exact value, not zero; one that is not exact has at least 2 bits more than the precision, the last one set.
 * `masks` are the control word's: an unmasked overflow or underflow yields the number with another exponent.
 */
export function round(exact: Finite, target: Target, rounding: RoundingMode, masks: number): Rounded {
  const { negative, significand, exponent } = exact;
  const { precision, min, max, adjustment } = target;
  const leading = exponent + bitLength(significand) - 1;
  const at = (lastPlace: number) => roundShift(significand, lastPlace - exponent, negative, rounding);
  const told = (value: bigint, inexact: boolean, lastPlace: number) => {
    const up = inexact && value << BigInt(Math.max(0, lastPlace - exponent)) > significand;
    return (inexact ? PE : 0) | (up ? C1 : 0);
  };
  const unbounded = at(leading - precision + 1);
  const carried = unbounded.value >> BigInt(precision) !== 0n ? 1 : 0;
  const tiny = leading + carried < min;
  if (tiny && (masks & UE) === 0) {
    const lastPlace = leading - precision + 1;
    const value = { negative, significand: unbounded.value, exponent: lastPlace + adjustment };
    return { value, negative, flags: UE | told(unbounded.value, unbounded.inexact, lastPlace) };
  }
  const lastPlace = Math.max(leading, min) - precision + 1;
  const rounded = at(lastPlace);
  const flags = told(rounded.value, rounded.inexact, lastPlace);
  if (leading + carried <= max) {
    const value = { negative, significand: rounded.value, exponent: lastPlace };
    return { value, negative, flags: flags | (tiny && rounded.inexact ? UE : 0) };
  }
  if ((masks & OE) === 0) {
    const value = { negative, significand: rounded.value, exponent: lastPlace - adjustment };
    return { value, negative, flags: OE | flags };
  }
  const stays = rounding === 'rtz' || rounding === (negative ? 'rup' : 'rdn');
  const largest = { negative, significand: (1n << BigInt(precision)) - 1n, exponent: max - precision + 1 };
  return { value: stays ? largest : undefined, negative, flags: OE | PE | (stays ? 0 : C1) };
}

/** The pattern of a rounded value in double extended precision. */
export function packExtended({ value, negative }: Rounded): Extended {
  if (value === undefined) return infinity(negative);
  const { significand, exponent } = value;
  if (significand === 0n) return zero(negative);
  const length = bitLength(significand);
  const leading = exponent + length - 1;
  const sign = negative ? SIGN : 0n;
  if (leading < MIN) return sign | (significand << BigInt(exponent - (MIN - 63)));
  return sign | (BigInt((leading + BIAS) & MAX_FIELD) << 64n) | (significand << BigInt(64 - length));
}

/** The same in single or double precision. */
export function packNarrow({ value, negative }: Rounded, { precision, min, max }: Target): bigint {
  const exponentBits = precision === 24 ? 8 : 11;
  const fraction = precision - 1;
  const sign = negative ? 1n << BigInt(exponentBits + fraction) : 0n;
  if (value === undefined) return sign | (((1n << BigInt(exponentBits)) - 1n) << BigInt(fraction));
  const { significand, exponent } = value;
  if (significand === 0n) return sign;
  const length = bitLength(significand);
  const leading = exponent + length - 1;
  if (leading < min) return sign | (significand << BigInt(exponent - (min - fraction)));
  const normal = significand << BigInt(precision - length);
  return sign | (BigInt(leading + max) << BigInt(fraction)) | (normal & ((1n << BigInt(fraction)) - 1n));
}

/** The exact number in double extended precision, of a format that it holds: an integer, or a narrower float. */
export const exactly = (value: Finite): Extended =>
  value.significand === 0n ? zero(value.negative) : packExtended({ value, negative: value.negative, flags: 0 });

/** A number of single or double precision, widened; DE or IE where it is denormal or a signalling NaN. */
export function widen(bits: bigint, { precision, min, max }: Target): { value: Extended; flags: number } {
  const fractionBits = BigInt(precision - 1);
  const exponentBits = precision === 24 ? 8n : 11n;
  const negative = bits >> (fractionBits + exponentBits) === 1n;
  const field = Number((bits >> fractionBits) & ((1n << exponentBits) - 1n));
  const fraction = bits & ((1n << fractionBits) - 1n);
  if (field === 2 * max + 1) {
    if (fraction === 0n) return { value: infinity(negative), flags: 0 };
    const value = infinity(negative) | (fraction << BigInt(64 - precision));
    return { value: quieted(value), flags: (value & QUIET) === 0n ? IE : 0 };
  }
  if (field === 0) {
    const value = exactly({ negative, significand: fraction, exponent: min - precision + 1 });
    return { value, flags: fraction === 0n ? 0 : DE };
  }
  const significand = fraction | (1n << fractionBits);
  return { value: exactly({ negative, significand, exponent: field - max - precision + 1 }), flags: 0 };
}

/** A NaN in single or double precision: the upper bits of its significand, made quiet. */
export function narrowNan(value: Extended, { precision }: Target): bigint {
  const fractionBits = BigInt(precision - 1);
  const exponentBits = precision === 24 ? 8n : 11n;
  const sign = (value & SIGN) !== 0n ? 1n << (fractionBits + exponentBits) : 0n;
  const fraction = ((quieted(value) & SIGNIFICAND) >> BigInt(64 - precision)) & ((1n << fractionBits) - 1n);
  return sign | (((1n << exponentBits) - 1n) << fractionBits) | fraction;
}
