import { bitLength, type Finite } from '../float/index.ts';
import { type Control, type Result, rounded, special } from './x87-arithmetic.ts';
import {
  DE,
  type Extended,
  exactly,
  IE,
  INDEFINITE,
  infinity,
  PE,
  type Taken,
  take,
  UE,
  ZE,
  zero,
} from './x87-number.ts';

// Fixed point with this many bits behind the point: enough that a result of 64 bits is right but for the rarest cases
// halfway between two numbers, and always within one unit in the last place (SDM vol. 1, 8.3.10).
const BITS = 256;
const N = BigInt(BITS);
const ONE = 1n << N;

const times = (x: bigint, y: bigint): bigint => (x * y) >> N;
const over = (x: bigint, y: bigint): bigint => (x << N) / y;

/** arctan(1/n). */
function inverseTangentOfInverse(n: bigint): bigint {
  let term = ONE / n;
  let sum = 0n;
  for (let k = 1n, sign = 1n; term !== 0n; k += 2n, sign = -sign) {
    sum += (sign * term) / k;
    term /= n * n;
  }
  return sum;
}

let pi: bigint | undefined;
/** Machin's formula, with 128 further bits for arguments up to 2^63. */
function getPi(): bigint {
  pi ??= 4n * (4n * inverseTangentOfInverse(5n) - inverseTangentOfInverse(239n));
  return pi;
}

/** Artanh of a number below 1. */
function inverseTanh(x: bigint): bigint {
  const square = times(x, x);
  let power = x;
  let sum = 0n;
  for (let k = 1n; power !== 0n && power !== -1n; k += 2n) {
    sum += power / k;
    power = times(power, square);
  }
  return sum;
}

let ln2: bigint | undefined;
function getLn2(): bigint {
  ln2 ??= 2n * inverseTanh(ONE / 3n);
  return ln2;
}

/** The natural logarithm of a number from 1/2 to 2, near 1 exact in its relation to the distance from 1. */
const naturalLog = (x: bigint): bigint => 2n * inverseTanh(over(x - ONE, x + ONE));

/** A finite number in fixed point; bits beyond the last are cut. */
const fixed = ({ negative, significand, exponent }: Finite): bigint => {
  const shift = exponent + BITS;
  const magnitude = shift >= 0 ? significand << BigInt(shift) : significand >> BigInt(-shift);
  return negative ? -magnitude : magnitude;
};

/** A result that is not exact, as a value to be rounded: one more bit says so. */
function inexactly(value: bigint, exponent: number, control: Control, flags: number): Result {
  const negative = value < 0n;
  const magnitude = negative ? -value : value;
  return rounded(
    { negative, significand: (magnitude << 2n) | 1n, exponent: exponent - BITS - 2 },
    extended(control),
    flags | PE,
  );
}

/** Transcendental results have 64 bits whatever the precision. */
const extended = (control: Control): Control => ({ ...control, precision: 64 });

const invalid: Result = { value: INDEFINITE, flags: IE };

/** A tiny argument is its own result but for the last place: nudged towards zero or away from it. */
function nearly(a: Taken, away: boolean, control: Control, flags: number): Result {
  const significand = (a.significand << 128n) + (away ? 1n : -1n);
  return rounded({ negative: a.negative, significand, exponent: a.exponent - 128 }, extended(control), flags | PE);
}

const leadingOf = (a: Finite): number => a.exponent + bitLength(a.significand) - 1;

/** F2XM1: 2^x − 1 for x from −1 to 1. */
export function powerMinusOne(x: Extended, control: Control): Result {
  const a = take(x);
  const known = special(x, x, a, a);
  if (known) return known;
  if (a.kind === 'zero') return { value: x, flags: 0 };
  if (a.kind === 'infinity')
    return { value: a.negative ? exactly({ negative: true, significand: 1n, exponent: 0 }) : x, flags: 0 };
  const flags = a.denormal ? DE : 0;
  const leading = leadingOf(a);
  if (leading >= 0) {
    // At the ends the result is exact; beyond them it is undefined, and the argument is left as it is.
    if (a.significand << BigInt(Math.max(0, a.exponent + 63)) === 1n << 63n && leading === 0) {
      return { value: exactly({ negative: a.negative, significand: 1n, exponent: a.negative ? -1 : 0 }), flags };
    }
    return { value: x, flags: flags | PE };
  }
  // For tiny arguments the product with ln 2 is all there is: scaled so that no bit is lost.
  const scale = Math.max(0, -leading - 1);
  const argument = times(fixed({ ...a, exponent: a.exponent + scale }), getLn2());
  if (scale > 100) return inexactly(argument, -scale, control, flags);
  const y = argument >> BigInt(scale);
  let term = argument;
  let sum = argument;
  for (let k = 2n; k < 200n && term !== 0n && term !== -1n; k++) {
    term = times(term, y) / k;
    sum += term;
  }
  return inexactly(sum, -scale, control, flags);
}

/** y times the logarithm to base 2 of a number: ln(significand) and whole powers of two apart. */
function scaledLogarithm(b: Taken, logarithm: bigint, shift: number, control: Control, flags: number): Result {
  const negative = b.negative !== logarithm < 0n;
  const magnitude = logarithm < 0n ? -logarithm : logarithm;
  const significand = ((magnitude * b.significand) << 2n) | 1n;
  return rounded({ negative, significand, exponent: b.exponent - BITS - 2 - shift }, extended(control), flags | PE);
}

/** FYL2X: y · log2(x). */
export function logarithm(x: Extended, y: Extended, control: Control): Result {
  const [a, b] = [take(x), take(y)];
  const known = special(x, y, a, b);
  if (known) return known;
  const flags = a.denormal || b.denormal ? DE : 0;
  if (a.kind === 'zero') {
    if (b.kind === 'zero') return invalid;
    return { value: infinity(!b.negative), flags: b.kind === 'infinity' ? flags : ZE };
  }
  if (a.negative) return invalid;
  const isOne = a.kind === 'finite' && x === exactly({ negative: false, significand: 1n, exponent: 0 });
  const below = a.kind === 'finite' && leadingOf(a) < 0;
  if (b.kind === 'infinity') return isOne ? invalid : { value: infinity(b.negative !== below), flags };
  if (a.kind === 'infinity') return b.kind === 'zero' ? invalid : { value: infinity(b.negative), flags };
  if (b.kind === 'zero' || isOne) return { value: zero(b.negative !== below), flags };
  const leading = leadingOf(a);
  const significand = a.significand << BigInt(BITS - bitLength(a.significand) + 1);
  // From 1 to 2, or from 1/2 to 1 where the number itself is there, so that what is near 1 keeps all its bits.
  const low = leading === -1;
  const whole = low ? 0 : leading;
  if (significand === ONE) {
    return exactProduct(b, BigInt(leading), control, flags);
  }
  const log = over(naturalLog(low ? significand >> 1n : significand), getLn2());
  return scaledLogarithm(b, log + (BigInt(whole) << N), 0, control, flags);
}

/** The logarithm of a power of two is an integer. */
function exactProduct(b: Taken, power: bigint, control: Control, flags: number): Result {
  const negative = b.negative !== power < 0n;
  const significand = b.significand * (power < 0n ? -power : power);
  // Processors tell of every logarithm as inexact, so that a tiny one is an underflow.
  const result = rounded({ negative, significand, exponent: b.exponent }, extended(control), flags | PE);
  return { ...result, flags: result.flags | (take(result.value).denormal ? UE : 0) };
}

/** FYL2XP1: y · log2(x + 1), for x nearer to 0 than 1 − √½; beyond that the result is undefined: what it is for all x above −1. */
export function logarithmPlusOne(x: Extended, y: Extended, control: Control): Result {
  const [a, b] = [take(x), take(y)];
  const known = special(x, y, a, b);
  if (known) return known;
  const flags = a.denormal || b.denormal ? DE : 0;
  if (a.kind === 'infinity') return a.negative || b.kind === 'zero' ? invalid : { value: infinity(b.negative), flags };
  if (b.kind === 'infinity') return a.kind === 'zero' ? invalid : { value: infinity(a.negative !== b.negative), flags };
  if (a.kind === 'zero' || b.kind === 'zero') return { value: zero(a.negative !== b.negative), flags };
  const leading = leadingOf(a);
  if (a.negative && leading >= 0) return { value: x, flags: flags | PE };
  // 1 more or less is not to be seen any longer.
  if (leading > 2 * BITS) return logarithm(x, y, control);
  // From −½ down the series below would be slow, and the nearer to −1 the slower.
  if (leading >= 0 || (a.negative && leading === -1)) {
    const significand = fixed(a) + ONE;
    const shift = BigInt(bitLength(significand) - BITS - 1);
    const whole = shift >= 0n ? significand >> shift : significand << -shift;
    const log = over(naturalLog(whole), getLn2()) + (shift << N);
    return scaledLogarithm(b, log, 0, control, flags);
  }
  // Scaled by the argument's own size, so that tiny ones lose nothing.
  const scale = Math.max(0, -leading - 2);
  const argument = fixed({ ...a, exponent: a.exponent + scale });
  const u = (argument << N) / (2n * ONE + (argument >> BigInt(scale)));
  const actual = u >> BigInt(scale);
  let power = u;
  let sum = 0n;
  for (let k = 1n; power !== 0n && power !== -1n; k += 2n) {
    sum += power / k;
    power = times(times(power, actual), actual);
  }
  return scaledLogarithm(b, over(2n * sum, getLn2()), scale, control, flags);
}

/** FPATAN: the angle of the point whose coordinates are x and y. */
export function arcTangent(y: Extended, x: Extended, control: Control): Result {
  const [b, a] = [take(y), take(x)];
  const known = special(y, x, b, a);
  if (known) return known;
  const flags = a.denormal || b.denormal ? DE : 0;
  const angle = (part: bigint, of: bigint) => {
    const value = (getPi() * part) / of;
    return inexactly(b.negative ? -value : value, 0, control, flags);
  };
  if (b.kind === 'infinity') return a.kind === 'infinity' ? angle(a.negative ? 3n : 1n, 4n) : angle(1n, 2n);
  if (a.kind === 'infinity' || b.kind === 'zero')
    return a.negative ? angle(1n, 1n) : { value: zero(b.negative), flags };
  if (a.kind === 'zero') return angle(1n, 2n);
  const [p, q] = [
    { ...b, negative: false },
    { ...a, negative: false },
  ];
  const distance = leadingOf(p) - leadingOf(q);
  const steep = distance > 0;
  // The smaller by the larger, scaled so that the quotient keeps its bits however small it is.
  const [small, large] = steep ? [q, p] : [p, q];
  const shift = 2 * BITS + bitLength(large.significand) - bitLength(small.significand);
  const ratio = (small.significand << BigInt(shift)) / large.significand;
  const exponent = small.exponent - large.exponent - shift;
  const scale = Math.max(0, -(exponent + bitLength(ratio)));
  const t = fixed({ negative: false, significand: ratio, exponent: exponent + scale });
  const value = scale > 120 ? t : arcTangentOf(t >> BigInt(scale), t);
  if (!steep && !a.negative) return inexactly(b.negative ? -value : value, -scale, control, flags);
  const small2 = value >> BigInt(scale);
  const half = getPi() / 2n;
  const whole = steep ? (a.negative ? half + small2 : half - small2) : getPi() - small2;
  return inexactly(b.negative ? -whole : whole, 0, control, flags);
}

/** arctan of a number from 0 to 1 (up to 2), times the factor by which `scaled` is larger than it. */
function arcTangentOf(t: bigint, scaled: bigint): bigint {
  // Halving the angle three times makes the series short: tan(a/2) = t / (1 + √(1 + t²)).
  let [x, y] = [t, scaled];
  let factor = 1n;
  for (let k = 0; k < 3; k++) {
    const root = ONE + squareRootOf(ONE + times(x, x));
    [x, y] = [over(x, root), over(y, root)];
    factor *= 2n;
  }
  const square = times(x, x);
  let power = y;
  let sum = 0n;
  for (let k = 1n, sign = 1n; power !== 0n; k += 2n, sign = -sign) {
    sum += (sign * power) / k;
    power = times(power, square);
  }
  return sum * factor;
}

/** The square root of a number in fixed point. */
function squareRootOf(x: bigint): bigint {
  const radicand = x << N;
  let root = 1n << BigInt((bitLengthOf(radicand) + 1) >> 1);
  for (;;) {
    const next = (root + radicand / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

const bitLengthOf = (x: bigint): number => x.toString(16).length * 4;

/** Sine and cosine of an angle, or the arguments out of range that they leave alone (C2). */
export interface Angle {
  readonly sine: Result;
  readonly cosine: Result;
}

/** Half of π as processors reduce arguments by it: π with 66 bits, C90FDAA2 2168C234 C hexadecimal (SDM vol. 1, 8.3.8). */
const HALF_PI = 0xc90f_daa2_2168_c234_cn << BigInt(BITS - 67);

/** FSIN, FCOS: undefined where the argument is 2^63 or beyond. */
export function sineAndCosine(x: Extended, control: Control): Angle | undefined {
  const a = take(x);
  const known = special(x, x, a, a);
  if (known) return { sine: known, cosine: known };
  if (a.kind === 'infinity') return { sine: invalid, cosine: invalid };
  const one = exactly({ negative: false, significand: 1n, exponent: 0 });
  if (a.kind === 'zero') return { sine: { value: x, flags: 0 }, cosine: { value: one, flags: 0 } };
  const flags = a.denormal ? DE : 0;
  const leading = leadingOf(a);
  if (leading >= 63) return undefined;
  if (leading < -70) {
    const under = rounded(
      { negative: false, significand: (1n << 200n) - 1n, exponent: -200 },
      extended(control),
      flags | PE,
    );
    return { sine: nearly(a, false, control, flags), cosine: under };
  }
  const magnitude = fixed({ ...a, negative: false });
  const turns = magnitude / HALF_PI;
  const rest = magnitude % HALF_PI;
  const [s, c] = series(rest);
  const [sine, cosine] = [
    [s, c],
    [c, -s],
    [-s, -c],
    [-c, s],
  ][Number(turns & 3n)];
  return {
    sine: inexactly(a.negative ? -sine : sine, 0, control, flags),
    cosine: inexactly(cosine, 0, control, flags),
  };
}

/** Sine and cosine of an angle from 0 to π/2. */
function series(x: bigint): readonly [bigint, bigint] {
  const square = times(x, x);
  let sine = 0n;
  let cosine = 0n;
  let term = ONE;
  for (let k = 0n; term !== 0n; k += 2n) {
    const sign = (k & 2n) === 0n ? 1n : -1n;
    cosine += sign * term;
    sine += sign * (times(term, x) / (k + 1n));
    term = times(term, square) / ((k + 1n) * (k + 2n));
  }
  return [sine, cosine];
}

/** FPTAN: undefined as above. */
export function tangent(x: Extended, control: Control): Result | undefined {
  const a = take(x);
  const angle = sineAndCosine(x, control);
  if (!angle || a.kind !== 'finite') return angle?.sine;
  const flags = a.denormal ? DE : 0;
  if (leadingOf(a) < -70) return nearly(a, true, control, flags);
  const magnitude = fixed({ ...a, negative: false });
  const [s, c] = series(magnitude % HALF_PI);
  const odd = ((magnitude / HALF_PI) & 1n) === 1n;
  const value = odd ? -over(c, s) : over(s, c);
  return inexactly(a.negative ? -value : value, 0, control, flags);
}

/** The constants, rounded as the control word says: 1, log2 10, log2 e, π, log10 2, ln 2 and 0 (SDM vol. 2A, FLD1). */
export function constant(n: number, control: Control): Extended {
  const log = (x: bigint, of: bigint) => over(x, of);
  const ln10 = () => 3n * getLn2() + naturalLog((5n * ONE) / 4n);
  const inexact = (value: bigint) => inexactly(value, 0, control, 0).value;
  switch (n) {
    case 0:
      return exactly({ negative: false, significand: 1n, exponent: 0 });
    case 1:
      return inexact(log(ln10(), getLn2()));
    case 2:
      return inexact(log(ONE, getLn2()));
    case 3:
      return inexact(getPi());
    case 4:
      return inexact(log(getLn2(), ln10()));
    case 5:
      return inexact(getLn2());
    default:
      return zero(false);
  }
}
