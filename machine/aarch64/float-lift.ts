// What the meanings of floating-point rows have in common.
import type { Builder, I64, Slot } from '../ir/index.ts';
import type { FloatHelper } from './float.ts';
import { ROUNDING } from './float-env.ts';
import { C, FPCR, FPSR, N, OVERFLOW, V, X, Z } from './registers.ts';
import { d, requireFp, setD } from './row.ts';

/** What says the format of a row's numbers: scalars' `ftype`, or `sz`, of scalars and vectors. */
export interface Format {
  readonly ftype?: number;
  readonly sz?: number;
  /** Vectors have it, scalars not. */
  readonly Q?: number;
}
export interface Fields extends Format {
  readonly Rd: number;
  readonly Rn: number;
}
export interface Fields3 extends Fields {
  readonly Rm: number;
}

/** Single or double; half precision has no arithmetic without FEAT_FP16. */
export const singleOrDouble = { where: ({ ftype }: { readonly ftype: number }) => ftype < 2 };
/** Excludes the reserved single lane of 64 bits. */
export const full64 = { where: ({ sz, Q }: { readonly sz: number; readonly Q: number }) => sz === 0 || Q === 1 };

/** Bits of a number. */
export const widthOf = ({ ftype, sz = 0 }: Format): number => [32, 64, 0, 16][ftype ?? sz];
/** Lanes of a row's result. */
export const lanesOf = (f: Format): number => (f.Q === undefined ? 1 : (64 << f.Q) / widthOf(f));

/** Calls a helper that reads the vector registers `reads`, makes the slots `writes`, and adds to FPSR. */
export function calculate(
  b: Builder,
  helper: FloatHelper,
  immediates: readonly number[],
  reads: readonly number[],
  writes: readonly Slot[],
  alsoReads: readonly Slot[] = [],
): void {
  requireFp(b);
  b.call(helper, immediates, {
    reads: [...[...new Set(reads)].map((i) => V[i]), ...alsoReads, FPCR, FPSR],
    writes: [...writes, FPSR],
  });
}

/** A calculation on V[n] lane by lane. */
export const unary =
  (helper: FloatHelper, ...more: readonly number[]) =>
  (b: Builder, f: Fields): void =>
    calculate(b, helper, [widthOf(f), lanesOf(f), f.Rd, f.Rn, ...more], [f.Rn], [V[f.Rd]]);

/** On V[n] and V[m]. */
export const binary =
  (helper: FloatHelper) =>
  (b: Builder, f: Fields3): void =>
    calculate(b, helper, [widthOf(f), lanesOf(f), f.Rd, f.Rn, f.Rm, -1], [f.Rn, f.Rm], [V[f.Rd]]);

/** FMLA or, where the product is subtracted, FMLS. */
export const accumulating =
  (subtracts: boolean) =>
  (b: Builder, f: Fields3): void =>
    fused(b, f, f.Rd, -1, subtracts, false);

/** ±V[n] × V[m] ± V[a]; `index`: the one lane of V[m] that all take, or −1. */
export function fused(b: Builder, f: Fields3, a: number, index: number, negateN: boolean, negateA: boolean): void {
  const immediates = [widthOf(f), lanesOf(f), f.Rd, f.Rn, f.Rm, a, index, negateN ? 1 : 0, negateA ? 1 : 0];
  calculate(b, 'float.fused', immediates, [f.Rn, f.Rm, a], [V[f.Rd]]);
}

/** FRINTA and its like: in a rounding of their own, or FPCR's, with inexact or without. */
export const toIntegral = (rounding: keyof typeof ROUNDING, exact = false) =>
  unary('float.toIntegral', ROUNDING[rounding], exact ? 1 : 0);

/** Lanes to integers and from them. */
export const toInteger = (signed: boolean, rounding: keyof typeof ROUNDING) =>
  unary('float.toFixed', signed ? 1 : 0, ROUNDING[rounding], 0);
export const fromInteger = (signed: boolean) => unary('float.fromFixed', signed ? 1 : 0, 0);

export interface GeneralFields {
  readonly sf: number;
  readonly ftype: number;
  readonly Rn: number;
  readonly Rd: number;
  readonly scale?: number;
}

/** To a general register, an integer or, with `scale`, a fixed-point number of 64 − scale fraction bits. */
export const toGeneral =
  (signed: boolean, rounding: keyof typeof ROUNDING) =>
  (b: Builder, f: GeneralFields): void => {
    const { sf, Rn, Rd, scale = 64 } = f;
    const immediates = [widthOf(f), 32 << sf, Rd, Rn, signed ? 1 : 0, ROUNDING[rounding], 64 - scale];
    calculate(b, 'float.toGeneral', immediates, [Rn], Rd === 31 ? [] : [X[Rd]]);
  };

/** From a general register, likewise. */
export const fromGeneral =
  (signed: boolean) =>
  (b: Builder, f: GeneralFields): void => {
    const { sf, Rn, Rd, scale = 64 } = f;
    const immediates = [widthOf(f), 32 << sf, Rd, Rn, signed ? 1 : 0, 64 - scale];
    calculate(b, 'float.fromGeneral', immediates, [], [V[Rd]], Rn === 31 ? [] : [X[Rn]]);
  };

/** FCVT between scalars of the given widths. */
export const convert =
  (to: number, from: number, rounding: keyof typeof ROUNDING = 'fpcr') =>
  (b: Builder, { Rd, Rn }: Fields): void =>
    calculate(b, 'float.convert', [to, from, Rd, Rn, ROUNDING[rounding]], [Rn], [V[Rd]]);

const NZCV = [N, Z, C, OVERFLOW];

/** FCMP, FCMPE; `m` is a register or zero. */
export function compare(b: Builder, f: Format & { readonly Rn: number }, m: number, signalling: boolean): void {
  calculate(b, 'float.compare', [widthOf(f), f.Rn, m, signalling ? 1 : 0], m < 0 ? [f.Rn] : [f.Rn, m], NZCV);
}

/** FCCMP, FCCMPE. */
export const compareIf =
  (signalling: boolean) =>
  (
    b: Builder,
    f: Format & { readonly Rn: number; readonly Rm: number; readonly cond: number; readonly nzcv: number },
  ): void => {
    const immediates = [widthOf(f), f.Rn, f.Rm, signalling ? 1 : 0, f.cond, f.nzcv];
    calculate(b, 'float.compareIf', immediates, [f.Rn, f.Rm], NZCV, NZCV);
  };

/** V[i]'s scalar, zero-extended. */
export const scalar = (b: Builder, f: Format, i: number): I64 =>
  widthOf(f) === 64 ? d(b, i) : b.and(d(b, i), b.i64(0xffff_ffffn));

/** A scalar made of another one's bits: FMOV, FABS and FNEG, which raise nothing. */
export const bits =
  (meaning: (b: Builder, a: I64, sign: bigint) => I64) =>
  (b: Builder, f: Fields): void => {
    requireFp(b);
    setD(b, f.Rd, meaning(b, scalar(b, f, f.Rn), 1n << BigInt(widthOf(f) - 1)));
  };

export const move = bits((_b, a) => a);
export const absolute = bits((b, a, sign) => b.and(a, b.i64(sign - 1n)));
export const negate = bits((b, a, sign) => b.xor(a, b.i64(sign)));
