import {
  add,
  classify,
  compareQuiet,
  compareSignalling,
  convertFormat,
  defaultNanPolicy,
  divide,
  F32,
  F64,
  type FloatEnv,
  type FloatFormat,
  floatEnv,
  fromInteger,
  fusedMultiplyAdd,
  maximumNumber,
  minimumNumber,
  multiply,
  type Relation,
  type RoundingMode,
  squareRoot,
  subtract,
  toInteger,
} from '../float/index.ts';
import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { CAUSE } from './causes.ts';
import { STATUS } from './csr-status.ts';
import { F, FFLAGS, FRM, SLOTS, X } from './registers.ts';

const MSTATUS = SLOTS.get('mstatus');
/** The bits above a single in an f register ("NaN Boxing of Narrower Values"). */
export const BOX = 0xffff_ffff_0000_0000n;
export const CANONICAL_NAN_32 = 0x7fc0_0000n;

/** Rounding modes by their number in rm and frm; 5 and 6 are reserved, and 7 in rm means frm. */
export const ROUNDING: readonly RoundingMode[] = ['rne', 'rtz', 'rdn', 'rup', 'rmm'];
export const DYNAMIC = 7;

const formatOf = (width: number): FloatFormat => (width === 32 ? F32 : F64);

/** f[i] as a number of that width; a single that is not boxed counts as the canonical NaN. */
function readF(hart: Hart, width: number, i: number): bigint {
  const bits = hart.get(F[i]);
  if (width === 64) return bits;
  return bits >= BOX ? bits - BOX : CANONICAL_NAN_32;
}

/** FS dirty; SD is computed where mstatus is read (Priv. spec, "Extension Context Status"). */
function setDirty(hart: Hart): void {
  hart.set(MSTATUS, hart.get(MSTATUS) | STATUS.FS);
}

function writeF(hart: Hart, width: number, i: number, bits: bigint): void {
  hart.set(F[i], width === 64 ? bits : bits | BOX);
  setDirty(hart);
}

const readX = (hart: Hart, i: number): bigint => (i === 0 ? 0n : hart.get(X[i]));

function writeX(hart: Hart, i: number, value: bigint): void {
  if (i !== 0) hart.set(X[i], value);
}

function addFlags(hart: Hart, env: FloatEnv): void {
  if (env.flags === 0) return;
  hart.set32(FFLAGS, hart.get32(FFLAGS) | env.flags);
  setDirty(hart);
}

/** The environment of an operation, or undefined and an illegal-instruction exception: FS is off, or frm is invalid. */
function begin(hart: Hart, rm: number, word: number): FloatEnv | undefined {
  const rounding = ROUNDING[rm === DYNAMIC ? hart.get32(FRM) : rm];
  if ((hart.get(MSTATUS) & STATUS.FS) === 0n || !rounding) {
    hart.raise(CAUSE.illegalInstruction, BigInt(word));
    return undefined;
  }
  return floatEnv(defaultNanPolicy, rounding);
}

type Unary = (format: FloatFormat, a: bigint, env: FloatEnv) => bigint;
type Binary = (format: FloatFormat, a: bigint, b: bigint, env: FloatEnv) => bigint;

const unary =
  (operation: Unary): Helper =>
  (hart, width, rd, rs1, rm, word) => {
    const env = begin(hart, rm, word);
    if (!env) return false;
    writeF(hart, width, rd, operation(formatOf(width), readF(hart, width, rs1), env));
    addFlags(hart, env);
    return true;
  };

const binary =
  (operation: Binary): Helper =>
  (hart, width, rd, rs1, rs2, rm, word) => {
    const env = begin(hart, rm, word);
    if (!env) return false;
    writeF(hart, width, rd, operation(formatOf(width), readF(hart, width, rs1), readF(hart, width, rs2), env));
    addFlags(hart, env);
    return true;
  };

/** (−1)^product × f[rs1] × f[rs2] + (−1)^addend × f[rs3], rounded once. A NaN's sign does not matter: results are canonical. */
const fused =
  (negateProduct: boolean, negateAddend: boolean): Helper =>
  (hart, width, rd, rs1, rs2, rs3, rm, word) => {
    const env = begin(hart, rm, word);
    if (!env) return false;
    const format = formatOf(width);
    const a = readF(hart, width, rs1) ^ (negateProduct ? format.signBit : 0n);
    const c = readF(hart, width, rs3) ^ (negateAddend ? format.signBit : 0n);
    writeF(hart, width, rd, fusedMultiplyAdd(format, a, readF(hart, width, rs2), c, env));
    addFlags(hart, env);
    return true;
  };

const compare =
  (relate: (format: FloatFormat, a: bigint, b: bigint, env: FloatEnv) => Relation, ...wanted: Relation[]): Helper =>
  (hart, width, rd, rs1, rs2, word) => {
    const env = begin(hart, 0, word);
    if (!env) return false;
    const relation = relate(formatOf(width), readF(hart, width, rs1), readF(hart, width, rs2), env);
    writeX(hart, rd, wanted.includes(relation) ? 1n : 0n);
    addFlags(hart, env);
    return true;
  };

const classifyHelper: Helper = (hart, width, rd, rs1, word) => {
  if (!begin(hart, 0, word)) return false;
  writeX(hart, rd, BigInt(classify(formatOf(width), readF(hart, width, rs1))));
  return true;
};

/** A 32-bit result is sign-extended, the unsigned one too. */
const toIntegerHelper: Helper = (hart, width, rd, rs1, bits, signed, rm, word) => {
  const env = begin(hart, rm, word);
  if (!env) return false;
  const type = { bits: bits === 32 ? 32 : 64, signed: signed !== 0 } as const;
  const result = toInteger(formatOf(width), readF(hart, width, rs1), type, env);
  writeX(hart, rd, BigInt.asUintN(64, BigInt.asIntN(bits, result)));
  addFlags(hart, env);
  return true;
};

const fromIntegerHelper: Helper = (hart, width, rd, rs1, bits, signed, rm, word) => {
  const env = begin(hart, rm, word);
  if (!env) return false;
  const type = { bits: bits === 32 ? 32 : 64, signed: signed !== 0 } as const;
  writeF(hart, width, rd, fromInteger(formatOf(width), readX(hart, rs1), type, env));
  addFlags(hart, env);
  return true;
};

const convertHelper: Helper = (hart, to, from, rd, rs1, rm, word) => {
  const env = begin(hart, rm, word);
  if (!env) return false;
  writeF(hart, to, rd, convertFormat(formatOf(from), formatOf(to), readF(hart, from, rs1), env));
  addFlags(hart, env);
  return true;
};

/**
 * The calculations of F and D. Immediates begin with the width of the operands, 32 or 64 (conversions: the result's,
 * then the operand's), then register numbers, and end with rm, where the instruction has one, and the instruction's word.
 */
export const FLOAT_HELPERS: Readonly<Record<string, Helper>> = {
  'float.add': binary(add),
  'float.subtract': binary(subtract),
  'float.multiply': binary(multiply),
  'float.divide': binary(divide),
  'float.minimum': binary(minimumNumber),
  'float.maximum': binary(maximumNumber),
  'float.squareRoot': unary(squareRoot),
  'float.madd': fused(false, false),
  'float.msub': fused(false, true),
  'float.nmsub': fused(true, false),
  'float.nmadd': fused(true, true),
  'float.equal': compare(compareQuiet, 'equal'),
  'float.less': compare(compareSignalling, 'less'),
  'float.lessOrEqual': compare(compareSignalling, 'less', 'equal'),
  'float.classify': classifyHelper,
  'float.toInteger': toIntegerHelper,
  'float.fromInteger': fromIntegerHelper,
  'float.convert': convertHelper,
};
