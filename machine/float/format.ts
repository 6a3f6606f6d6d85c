/** An IEEE 754 interchange format; patterns are unsigned bigints of `width` bits: sign, exponent field, fraction. */
export interface FloatFormat {
  readonly width: number;
  readonly exponentBits: number;
  readonly fractionBits: number;
  /** Significant bits, the hidden one included: p in IEEE 754 table 3.5. */
  readonly precision: number;
  readonly bias: number;
  /** Exponent of the smallest normal number: emin in IEEE 754 table 3.5. */
  readonly minExponent: number;
  readonly signBit: bigint;
  /** All bits but the sign. */
  readonly magnitudeMask: bigint;
  readonly fractionMask: bigint;
  /** The fraction's top bit, set in quiet NaNs (IEEE 754, 6.2.1). */
  readonly quietBit: bigint;
  /** Pattern of plus infinity; any magnitude above it is a NaN. A format without either has the first one too large. */
  readonly infinity: bigint;
  /** Whether there are infinities and NaNs. */
  readonly hasInfinity: boolean;
}

/** A binary format with that many bits of exponent and fraction (IEEE 754, 3.6). */
export function interchangeFormat(exponentBits: number, fractionBits: number): FloatFormat {
  const bias = 2 ** (exponentBits - 1) - 1;
  const signBit = 1n << BigInt(exponentBits + fractionBits);
  return {
    width: 1 + exponentBits + fractionBits,
    exponentBits,
    fractionBits,
    precision: fractionBits + 1,
    bias,
    minExponent: 1 - bias,
    signBit,
    magnitudeMask: signBit - 1n,
    fractionMask: (1n << BigInt(fractionBits)) - 1n,
    quietBit: 1n << BigInt(fractionBits - 1),
    infinity: signBit - (1n << BigInt(fractionBits)),
    hasInfinity: true,
  };
}

/** binary16, half precision. */
export const F16: FloatFormat = interchangeFormat(5, 10);
/** The alternative half precision: binary16 with numbers, up to 131008, in place of its infinities and NaNs. */
export const F16_ALTERNATIVE: FloatFormat = { ...F16, infinity: F16.signBit, hasInfinity: false };
/** binary32, single precision. */
export const F32: FloatFormat = interchangeFormat(8, 23);
/** binary64, double precision. */
export const F64: FloatFormat = interchangeFormat(11, 52);

/** A finite number: (−1)^negative × significand × 2^exponent, the significand an integer, normalised or not. */
export interface Finite {
  readonly negative: boolean;
  readonly significand: bigint;
  readonly exponent: number;
}

/** A pattern taken apart; significand and exponent are meaningful for 'finite' (not zero) and 0 for 'zero'. */
export interface Unpacked extends Finite {
  readonly kind: 'zero' | 'finite' | 'infinity' | 'nan';
}

/** Takes a pattern apart; bits above the format's width must be 0. */
export function unpack(format: FloatFormat, bits: bigint): Unpacked {
  const negative = (bits & format.signBit) !== 0n;
  const magnitude = bits & format.magnitudeMask;
  if (magnitude === 0n) return { kind: 'zero', negative, significand: 0n, exponent: 0 };
  if (magnitude >= format.infinity) {
    const kind = magnitude === format.infinity ? 'infinity' : 'nan';
    return { kind, negative, significand: 0n, exponent: 0 };
  }
  const fraction = magnitude & format.fractionMask;
  const field = Number(magnitude >> BigInt(format.fractionBits));
  if (field === 0) {
    return { kind: 'finite', negative, significand: fraction, exponent: format.minExponent - format.fractionBits };
  }
  const significand = fraction | (format.fractionMask + 1n);
  return { kind: 'finite', negative, significand, exponent: field - format.bias - format.fractionBits };
}

/**
 * The pattern of significand × 2^exponent, where the significand is below 2^precision, or equal to it when rounding
 * carried, and below 2^fractionBits only for the least exponent; undefined when the magnitude is too large.
 */
export function pack(format: FloatFormat, { negative, significand, exponent }: Finite): bigint | undefined {
  // One less than the exponent field, because adding the significand's hidden bit adds one: a carry out of rounding and
  // a subnormal that became normal then come out right without a case of their own.
  const field = BigInt(exponent + format.fractionBits + format.bias - 1);
  const magnitude = (field << BigInt(format.fractionBits)) + significand;
  return magnitude >= format.infinity ? undefined : withSign(format, negative, magnitude);
}

/** `magnitude`, a pattern without sign, with the sign put on. */
export function withSign(format: FloatFormat, negative: boolean, magnitude: bigint): bigint {
  return negative ? magnitude | format.signBit : magnitude;
}
