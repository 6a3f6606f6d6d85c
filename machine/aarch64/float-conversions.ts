import { convertFormat, fromInteger, roundToIntegral, roundToIntegralExact, toInteger } from '../float/index.ts';
import type { Helper } from '../isa.ts';
import { accumulate, environment, formatOf, ROUNDING } from './float-env.ts';
import { lane, makeLanes, setLanes, setScalar } from './float-lanes.ts';
import { X } from './registers.ts';

/** Immediates: bits of a lane, number of lanes, d, n, rounding, whether to raise inexact. */
const toIntegral: Helper = (hart, width, lanes, d, n, rounding, exact) => {
  const env = environment(hart, rounding);
  const format = formatOf(hart, width);
  const operation = exact ? roundToIntegralExact : roundToIntegral;
  return makeLanes(hart, width, lanes, d, env, (k) => operation(format, lane(hart, n, width, k), env));
};

const integerType = (bits: number, signed: number) => ({ bits: bits === 32 ? 32 : 64, signed: signed !== 0 }) as const;

/** FPToFixed. Immediates: bits of a lane, number of lanes, d, n, whether signed, rounding, fraction bits. */
const toFixed: Helper = (hart, width, lanes, d, n, signed, rounding, fractionBits) => {
  const env = environment(hart, rounding);
  const format = formatOf(hart, width);
  const type = integerType(width, signed);
  return makeLanes(hart, width, lanes, d, env, (k) =>
    toInteger(format, lane(hart, n, width, k), type, env, fractionBits),
  );
};

/** FixedToFP. Immediates: bits of a lane, number of lanes, d, n, whether signed, fraction bits. */
const fromFixed: Helper = (hart, width, lanes, d, n, signed, fractionBits) => {
  const env = environment(hart, ROUNDING.fpcr);
  const format = formatOf(hart, width);
  const type = integerType(width, signed);
  return makeLanes(hart, width, lanes, d, env, (k) =>
    fromInteger(format, lane(hart, n, width, k), type, env, fractionBits),
  );
};

/** The same into X[d]. Immediates: bits of V[n]'s scalar, of the integer, d, n, whether signed, rounding, fraction bits. */
const toGeneral: Helper = (hart, width, bits, d, n, signed, rounding, fractionBits) => {
  const env = environment(hart, rounding);
  const value = toInteger(formatOf(hart, width), lane(hart, n, width, 0), integerType(bits, signed), env, fractionBits);
  if (d !== 31) hart.set(X[d], value);
  accumulate(hart, env);
  return true;
};

/** The same from X[n]. Immediates: bits of the scalar, of the integer, d, n, whether signed, fraction bits. */
const fromGeneral: Helper = (hart, width, bits, d, n, signed, fractionBits) => {
  const env = environment(hart, ROUNDING.fpcr);
  const value = n === 31 ? 0n : hart.get(X[n]);
  setScalar(hart, d, fromInteger(formatOf(hart, width), value, integerType(bits, signed), env, fractionBits));
  accumulate(hart, env);
  return true;
};

/** FPConvert of scalars. Immediates: bits of the result, of the operand, d, n, rounding. */
const convert: Helper = (hart, to, from, d, n, rounding) => {
  const env = environment(hart, rounding);
  setScalar(hart, d, convertFormat(formatOf(hart, from), formatOf(hart, to), lane(hart, n, from, 0), env));
  accumulate(hart, env);
  return true;
};

/** FCVTL, FCVTL2. Immediates: bits of the operand's lanes, whether its upper half is taken, d, n. */
const lengthen: Helper = (hart, from, upper, d, n) => {
  const env = environment(hart, ROUNDING.fpcr);
  const [format, wide] = [formatOf(hart, from), formatOf(hart, from * 2)];
  const lanes = 64 / from;
  const first = upper ? lanes : 0;
  return makeLanes(hart, from * 2, lanes, d, env, (k) =>
    convertFormat(format, wide, lane(hart, n, from, first + k), env),
  );
};

/** FCVTN, FCVTXN and their second parts. Immediates: bits of the result's lanes, whether its upper half, d, n, rounding. */
const narrow: Helper = (hart, to, upper, d, n, rounding) => {
  const env = environment(hart, rounding);
  const [wide, format] = [formatOf(hart, to * 2), formatOf(hart, to)];
  const make = (k: number) => convertFormat(wide, format, lane(hart, n, to * 2, k), env);
  setLanes(hart, d, to, 64 / to, make, upper !== 0);
  accumulate(hart, env);
  return true;
};

/** Helpers that convert; roundings are those of {@link ROUNDING}. */
export const CONVERSIONS = {
  'float.toIntegral': toIntegral,
  'float.toFixed': toFixed,
  'float.fromFixed': fromFixed,
  'float.toGeneral': toGeneral,
  'float.fromGeneral': fromGeneral,
  'float.convert': convert,
  'float.lengthen': lengthen,
  'float.narrow': narrow,
} as const satisfies Readonly<Record<string, Helper>>;
