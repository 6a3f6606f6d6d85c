import { bitLength, squareRootFloor } from './bigint-math.ts';
import { type FloatEnv, FloatFlag } from './env.ts';
import { type Finite, type FloatFormat, type Unpacked, withSign } from './format.ts';
import { hostAdd, hostDivide, hostFusedMultiplyAdd, hostMultiply, hostRounds, hostSquareRoot } from './host.ts';
import { invalidOperation, isSignallingNan, nanOperand } from './nan.ts';
import { unpackOperand } from './operand.ts';
import { roundPack } from './round.ts';

/** a + b (IEEE 754, 5.4.1). */
export function add(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  const quick = hostRounds(env) ? hostAdd(format, a, b, env) : undefined;
  if (quick !== undefined) return quick;
  return sum(format, unpackOperand(format, a, env), unpackOperand(format, b, env), [a, b], env);
}

/** a − b (IEEE 754, 5.4.1). */
export function subtract(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  const quick = hostRounds(env) ? hostAdd(format, a, b ^ format.signBit, env) : undefined;
  if (quick !== undefined) return quick;
  const y = unpackOperand(format, b, env);
  return sum(format, unpackOperand(format, a, env), { ...y, negative: !y.negative }, [a, b], env);
}

/** a × b (IEEE 754, 5.4.1). */
export function multiply(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  const quick = hostRounds(env) ? hostMultiply(format, a, b, env) : undefined;
  if (quick !== undefined) return quick;
  const x = unpackOperand(format, a, env);
  const y = unpackOperand(format, b, env);
  if (x.kind === 'nan' || y.kind === 'nan') return nanOperand(format, [a, b], env);
  const xy = product(x, y);
  switch (xy.kind) {
    case 'nan':
      return invalidOperation(format, [a, b], env);
    case 'infinity':
      return withSign(format, xy.negative, format.infinity);
    case 'zero':
      return withSign(format, xy.negative, 0n);
    case 'finite':
      return roundPack(format, xy, env);
  }
}

/** a ÷ b (IEEE 754, 5.4.1); a finite number other than zero over zero raises divideByZero (7.3). */
export function divide(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint {
  const quick = hostRounds(env) ? hostDivide(format, a, b, env) : undefined;
  if (quick !== undefined) return quick;
  const x = unpackOperand(format, a, env);
  const y = unpackOperand(format, b, env);
  if (x.kind === 'nan' || y.kind === 'nan') return nanOperand(format, [a, b], env);
  const negative = x.negative !== y.negative;
  if (x.kind === 'infinity' || y.kind === 'zero') {
    if (x.kind === y.kind) return invalidOperation(format, [a, b], env);
    if (x.kind === 'finite') env.flags |= FloatFlag.divideByZero;
    return withSign(format, negative, format.infinity);
  }
  if (x.kind === 'zero' || y.kind === 'infinity') return withSign(format, negative, 0n);
  // Enough for precision + 2 quotient bits even from the smallest subnormal over a full significand.
  const shift = 2 * format.precision + 2;
  const dividend = x.significand << BigInt(shift);
  const quotient = dividend / y.significand;
  const significand = quotient * y.significand === dividend ? quotient : quotient | 1n;
  return roundPack(format, { negative, significand, exponent: x.exponent - y.exponent - shift }, env);
}

/** √a (IEEE 754, 5.4.1); √−0 is −0. */
export function squareRoot(format: FloatFormat, a: bigint, env: FloatEnv): bigint {
  const quick = hostRounds(env) ? hostSquareRoot(format, a, env) : undefined;
  if (quick !== undefined) return quick;
  const x = unpackOperand(format, a, env);
  if (x.kind === 'nan') return nanOperand(format, [a], env);
  if (x.kind === 'zero') return withSign(format, x.negative, 0n);
  if (x.negative) return invalidOperation(format, [a], env);
  if (x.kind === 'infinity') return a;
  // Twice the wanted root bits, and an even exponent left over to halve.
  const wanted = 2 * (format.precision + 2) - bitLength(x.significand);
  const shift = (wanted + x.exponent) % 2 === 0 ? wanted : wanted + 1;
  const radicand = x.significand << BigInt(shift);
  const root = squareRootFloor(radicand);
  const significand = root * root === radicand ? root : root | 1n;
  return roundPack(format, { negative: false, significand, exponent: (x.exponent - shift) / 2 }, env);
}

/** (a × b + c) × 2^scale, rounded once (IEEE 754, 5.4.1). */
export function fusedMultiplyAdd(
  format: FloatFormat,
  a: bigint,
  b: bigint,
  c: bigint,
  env: FloatEnv,
  scale = 0,
): bigint {
  const quick = hostRounds(env) && scale === 0 ? hostFusedMultiplyAdd(format, a, b, c, env) : undefined;
  if (quick !== undefined) return quick;
  const operands = [a, b, c];
  const x = unpackOperand(format, a, env);
  const y = unpackOperand(format, b, env);
  const z = unpackOperand(format, c, env);
  if (x.kind === 'nan' || y.kind === 'nan') return nanOperand(format, operands, env);
  const xy = product(x, y);
  if (xy.kind === 'nan') {
    const quiet = z.kind === 'nan' && env.policy.infinityTimesZeroPlusNan === 'quiet';
    return quiet || isSignallingNan(format, c)
      ? nanOperand(format, operands, env)
      : invalidOperation(format, operands, env);
  }
  return sum(format, xy, z, operands, env, scale);
}

/** The exact product of two operands that are not NaNs; kind 'nan' stands for ∞ × 0. */
function product(x: Unpacked, y: Unpacked): Unpacked {
  const negative = x.negative !== y.negative;
  if (x.kind === 'infinity' || y.kind === 'infinity') {
    const kind = x.kind === 'zero' || y.kind === 'zero' ? 'nan' : 'infinity';
    return { kind, negative, significand: 0n, exponent: 0 };
  }
  if (x.kind === 'zero' || y.kind === 'zero') return { kind: 'zero', negative, significand: 0n, exponent: 0 };
  return { kind: 'finite', negative, significand: x.significand * y.significand, exponent: x.exponent + y.exponent };
}

/** (x + y) × 2^scale for the sums and the fused sum; `operands` are the whole operation's, for its NaN. */
function sum(
  format: FloatFormat,
  x: Unpacked,
  y: Unpacked,
  operands: readonly bigint[],
  env: FloatEnv,
  scale = 0,
): bigint {
  if (x.kind === 'nan' || y.kind === 'nan') return nanOperand(format, operands, env);
  if (x.kind === 'infinity' || y.kind === 'infinity') {
    if (x.kind === y.kind && x.negative !== y.negative) return invalidOperation(format, operands, env);
    return withSign(format, x.kind === 'infinity' ? x.negative : y.negative, format.infinity);
  }
  // IEEE 754, 6.3: zeros of one sign keep it; an exact zero sum of opposite signs is +0, and −0 when rounding down.
  const zeroIsNegative = x.negative === y.negative ? x.negative : env.rounding === 'rdn';
  if (x.kind === 'zero' && y.kind === 'zero') return withSign(format, zeroIsNegative, 0n);
  if (x.kind === 'zero') return roundPack(format, scaled(y, scale), env);
  if (y.kind === 'zero') return roundPack(format, scaled(x, scale), env);
  const total = leadingPlace(x) >= leadingPlace(y) ? sumFinite(format, x, y) : sumFinite(format, y, x);
  if (total.significand === 0n) return withSign(format, zeroIsNegative, 0n);
  return roundPack(format, scaled(total, scale), env);
}

const scaled = (x: Finite, scale: number): Finite => (scale === 0 ? x : { ...x, exponent: x.exponent + scale });

function leadingPlace(x: Finite): number {
  return x.exponent + bitLength(x.significand);
}

/** `large` + `small`, exact or with a sticky last bit; `large` has the leading place of the two, or shares it. */
function sumFinite(format: FloatFormat, large: Finite, small: Finite): Finite {
  const sameSign = large.negative === small.negative;
  const guard = format.precision + 4;
  if (large.exponent - guard > leadingPlace(small)) {
    // Below any place that can matter: rather than shift by thousands of places, let one sticky bit stand for it.
    const widened = large.significand << BigInt(guard);
    const significand = sameSign ? widened | 1n : widened - 1n;
    return { negative: large.negative, significand, exponent: large.exponent - guard };
  }
  const exponent = Math.min(large.exponent, small.exponent);
  const a = large.significand << BigInt(large.exponent - exponent);
  const b = small.significand << BigInt(small.exponent - exponent);
  const total = sameSign ? a + b : a - b;
  return { negative: total < 0n ? small.negative : large.negative, significand: total < 0n ? -total : total, exponent };
}
