/**
 * Quick answers from the host's own arithmetic, which is IEEE 754's binary64 rounded to nearest: for ordinary numbers
 * whose result is far from both ends of the range, so that inexact is all that it may raise. Every function returns
 * undefined where that is not so, and the caller calculates for itself. Whether a result is exact is told by the errors
 * of sums and products, which are numbers themselves (Dekker, Knuth).
 */
import { type FloatEnv, FloatFlag } from './env.ts';
import { F32, F64, type FloatFormat } from './format.ts';

const u64 = new BigUint64Array(1);
const f64 = new Float64Array(u64.buffer);
const u32 = new Uint32Array(u64.buffer);
const f32 = new Float32Array(u64.buffer);

/** Magnitudes between which nothing overflows or underflows, products' errors and their parts among it. */
const LARGE = 2 ** 990;
const SMALL = 2 ** -900;
const LARGE_SINGLE = 2 ** 127;
const SMALL_SINGLE = 2 ** -120;

/** Whether the host's way of rounding is what is wanted. */
export const hostRounds = ({ rounding, policy }: FloatEnv): boolean => rounding === 'rne' && !policy.flushOperands;

function toDouble(bits: bigint): number {
  u64[0] = bits;
  return f64[0];
}

function toSingle(bits: bigint): number {
  u32[0] = Number(bits);
  return f32[0];
}

/** The pattern of a double within range, with inexact raised where it is not exact. */
function double(result: number, exact: boolean, env: FloatEnv): bigint | undefined {
  const magnitude = Math.abs(result);
  if (!(magnitude >= SMALL && magnitude < LARGE)) return undefined;
  if (!exact) env.flags |= FloatFlag.inexact;
  f64[0] = result;
  return u64[0];
}

/** The same of a single. Rounding to a double first does no harm: that has more than twice the digits. */
function single(result: number, exact: boolean, env: FloatEnv): bigint | undefined {
  const magnitude = Math.abs(result);
  if (!(magnitude >= SMALL_SINGLE && magnitude < LARGE_SINGLE)) return undefined;
  if (!exact) env.flags |= FloatFlag.inexact;
  f32[0] = result;
  return BigInt(u32[0]);
}

/** x + y − sum, exactly (Knuth). */
function sumError(x: number, y: number, sum: number): number {
  const z = sum - x;
  return x - (sum - z) + (y - z);
}

const SPLITTER = 2 ** 27 + 1;

/** x × y − product, exactly (Dekker), where the product is in range. */
function productError(x: number, y: number, product: number): number {
  const cx = SPLITTER * x;
  const cy = SPLITTER * y;
  const [xHigh, yHigh] = [cx - (cx - x), cy - (cy - y)];
  const [xLow, yLow] = [x - xHigh, y - yHigh];
  return xHigh * yHigh - product + xHigh * yLow + xLow * yHigh + xLow * yLow;
}

const inRange = (x: number) => Math.abs(x) >= SMALL && Math.abs(x) < LARGE;

export function hostAdd(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint | undefined {
  if (format === F64) {
    const x = toDouble(a);
    const y = toDouble(b);
    const sum = x + y;
    return double(sum, sumError(x, y, sum) === 0, env);
  }
  if (format !== F32) return undefined;
  const x = toSingle(a);
  const y = toSingle(b);
  const sum = x + y;
  const result = Math.fround(sum);
  return single(result, result === sum && sumError(x, y, sum) === 0, env);
}

export function hostMultiply(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint | undefined {
  if (format === F64) {
    const x = toDouble(a);
    const y = toDouble(b);
    if (!inRange(x) || !inRange(y)) return undefined;
    const product = x * y;
    return double(product, productError(x, y, product) === 0, env);
  }
  if (format !== F32) return undefined;
  const product = toSingle(a) * toSingle(b);
  const result = Math.fround(product);
  return single(result, result === product, env);
}

export function hostDivide(format: FloatFormat, a: bigint, b: bigint, env: FloatEnv): bigint | undefined {
  if (format === F64) {
    const x = toDouble(a);
    const y = toDouble(b);
    if (!inRange(x) || !inRange(y)) return undefined;
    const quotient = x / y;
    return double(quotient, quotient * y === x && productError(quotient, y, x) === 0, env);
  }
  if (format !== F32) return undefined;
  const x = toSingle(a);
  const y = toSingle(b);
  const result = Math.fround(x / y);
  return single(result, result * y === x, env);
}

export function hostSquareRoot(format: FloatFormat, a: bigint, env: FloatEnv): bigint | undefined {
  if (format === F64) {
    const x = toDouble(a);
    if (!inRange(x)) return undefined;
    const root = Math.sqrt(x);
    return double(root, root * root === x && productError(root, root, x) === 0, env);
  }
  if (format !== F32) return undefined;
  const x = toSingle(a);
  const result = Math.fround(Math.sqrt(x));
  return single(result, result * result === x, env);
}

/** `sum` with `error` behind it, rounded to odd: its last bit set where there is an error. */
function toOdd(sum: number, error: number): number {
  if (error === 0) return sum;
  f64[0] = sum;
  if (u32[0] & 1) return sum;
  if (error > 0 === sum > 0) u64[0] += 1n;
  else u64[0] -= 1n;
  return f64[0];
}

/** a × b + c by two sums, the lower one rounded to odd (Boldo and Melquiond, "Emulation of FMA", 2008). */
export function hostFusedMultiplyAdd(
  format: FloatFormat,
  a: bigint,
  b: bigint,
  c: bigint,
  env: FloatEnv,
): bigint | undefined {
  if (format === F64) {
    const x = toDouble(a);
    const y = toDouble(b);
    const z = toDouble(c);
    const product = x * y;
    if (!inRange(x) || !inRange(y) || !inRange(product) || !(z === 0 || inRange(z))) return undefined;
    const error = productError(x, y, product);
    const low = z + error;
    const lowError = sumError(z, error, low);
    const high = product + low;
    const highError = sumError(product, low, high);
    const rest = lowError + highError;
    const restError = sumError(lowError, highError, rest);
    const odd = toOdd(rest, restError);
    const result = high + odd;
    return double(result, restError === 0 && sumError(high, odd, result) === 0, env);
  }
  if (format !== F32) return undefined;
  const product = toSingle(a) * toSingle(b);
  const z = toSingle(c);
  const sum = product + z;
  const error = sumError(product, z, sum);
  const odd = toOdd(sum, error);
  const result = Math.fround(odd);
  return single(result, error === 0 && result === odd, env);
}

/** From singles to doubles, or from doubles to singles. */
export function hostConvert(from: FloatFormat, to: FloatFormat, bits: bigint, env: FloatEnv): bigint | undefined {
  if (from === F32 && to === F64) return double(toSingle(bits), true, env);
  if (from !== F64 || to !== F32) return undefined;
  const x = toDouble(bits);
  const result = Math.fround(x);
  return single(result, result === x, env);
}

/** An integer as a double. */
export function hostFromInteger(format: FloatFormat, value: bigint, env: FloatEnv): bigint | undefined {
  if (format !== F64) return undefined;
  const result = Number(value);
  return double(result, BigInt(result) === value, env);
}

/** A number whose integral part is below 2^31, towards zero; as a signed integer. */
export function hostTruncate(format: FloatFormat, bits: bigint, env: FloatEnv): number | undefined {
  if (format !== F64 && format !== F32) return undefined;
  const x = format === F64 ? toDouble(bits) : toSingle(bits);
  const result = Math.trunc(x);
  if (!(Math.abs(result) < 2 ** 31)) return undefined;
  if (result !== x) env.flags |= FloatFlag.inexact;
  return result;
}

/** −1, 0 or 1 as `a` is below, at or above `b`; undefined where they are not ordered. */
export function hostCompare(format: FloatFormat, a: bigint, b: bigint): -1 | 0 | 1 | undefined {
  if (format !== F64 && format !== F32) return undefined;
  const x = format === F64 ? toDouble(a) : toSingle(a);
  const y = format === F64 ? toDouble(b) : toSingle(b);
  if (x < y) return -1;
  if (x > y) return 1;
  return x === y ? 0 : undefined;
}
