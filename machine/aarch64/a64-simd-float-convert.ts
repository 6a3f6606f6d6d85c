// C4.1.96 "Advanced SIMD two-register miscellaneous" and "shift by immediate", vectors and scalars: conversions.
import type { Builder } from '../ir/index.ts';
import { ROUNDING } from './float-env.ts';
import { calculate, convert, fromInteger, full64, toInteger, toIntegral, unary } from './float-lift.ts';
import { V } from './registers.ts';
import { row } from './row.ts';

interface Registers {
  readonly Q: number;
  readonly Rd: number;
  readonly Rn: number;
}

/** FCVTL and FCVTL2 from lanes of that many bits. */
const lengthen =
  (from: number) =>
  (b: Builder, { Q, Rd, Rn }: Registers): void =>
    calculate(b, 'float.lengthen', [from, Q, Rd, Rn], [Rn], [V[Rd]]);

/** FCVTN, FCVTXN and their second parts to lanes of that many bits; these keep V[d]'s lower half. */
const narrow =
  (to: number, rounding: keyof typeof ROUNDING) =>
  (b: Builder, { Q, Rd, Rn }: Registers): void =>
    calculate(b, 'float.narrow', [to, Q, Rd, Rn, ROUNDING[rounding]], Q === 1 ? [Rn, Rd] : [Rn], [V[Rd]]);

interface Shift {
  readonly Q?: number;
  readonly immh: number;
  readonly immb: number;
  readonly Rd: number;
  readonly Rn: number;
}

/** Lanes of 32 or 64 bits, the latter not alone; those of 16 are FEAT_FP16's. */
const vectorShift = {
  where: ({ immh, Q }: { readonly immh: number; readonly Q: number }) => immh >= 4 && (immh < 8 || Q === 1),
};
const scalarShift = { where: ({ immh }: { readonly immh: number }) => immh >= 4 };

/** Fixed-point numbers of 2 × esize − UInt(immh:immb) fraction bits. */
const toFixed = (signed: boolean) => (b: Builder, f: Shift) =>
  unary('float.toFixed', signed ? 1 : 0, ROUNDING.rtz, fractionBits(f))(b, { ...f, sz: f.immh >> 3 });
const fromFixed = (signed: boolean) => (b: Builder, f: Shift) =>
  unary('float.fromFixed', signed ? 1 : 0, fractionBits(f))(b, { ...f, sz: f.immh >> 3 });
const fractionBits = ({ immh, immb }: Shift) => (immh >= 8 ? 128 : 64) - (immh * 8 + immb);

export const A64_SIMD_FLOAT_CONVERT = [
  // Between formats
  row('0 Q 0 01110 00 10000 10110 10 Rn Rd', 'fcvtn{2} Vd.T16, Vn.4S', narrow(16, 'fpcr')),
  row('0 Q 0 01110 01 10000 10110 10 Rn Rd', 'fcvtn{2} Vd.T32, Vn.2D', narrow(32, 'fpcr')),
  row('0 Q 1 01110 01 10000 10110 10 Rn Rd', 'fcvtxn{2} Vd.T32, Vn.2D', narrow(32, 'odd')),
  row('01 1 11110 01 10000 10110 10 Rn Rd', 'fcvtxn Sd, Dn', convert(32, 64, 'odd')),
  row('0 Q 0 01110 00 10000 10111 10 Rn Rd', 'fcvtl{2} Vd.4S, Vn.T16', lengthen(16)),
  row('0 Q 0 01110 01 10000 10111 10 Rn Rd', 'fcvtl{2} Vd.2D, Vn.T32', lengthen(32)),

  // To integral numbers
  row('0 Q 0 01110 0 sz 10000 11000 10 Rn Rd', 'frintn Vd.T, Vn.T', toIntegral('rne'), full64),
  row('0 Q 0 01110 0 sz 10000 11001 10 Rn Rd', 'frintm Vd.T, Vn.T', toIntegral('rdn'), full64),
  row('0 Q 0 01110 1 sz 10000 11000 10 Rn Rd', 'frintp Vd.T, Vn.T', toIntegral('rup'), full64),
  row('0 Q 0 01110 1 sz 10000 11001 10 Rn Rd', 'frintz Vd.T, Vn.T', toIntegral('rtz'), full64),
  row('0 Q 1 01110 0 sz 10000 11000 10 Rn Rd', 'frinta Vd.T, Vn.T', toIntegral('rmm'), full64),
  row('0 Q 1 01110 0 sz 10000 11001 10 Rn Rd', 'frintx Vd.T, Vn.T', toIntegral('fpcr', true), full64),
  row('0 Q 1 01110 1 sz 10000 11001 10 Rn Rd', 'frinti Vd.T, Vn.T', toIntegral('fpcr'), full64),

  // Integers
  row('0 Q 0 01110 0 sz 10000 11010 10 Rn Rd', 'fcvtns Vd.T, Vn.T', toInteger(true, 'rne'), full64),
  row('0 Q 0 01110 0 sz 10000 11011 10 Rn Rd', 'fcvtms Vd.T, Vn.T', toInteger(true, 'rdn'), full64),
  row('0 Q 0 01110 0 sz 10000 11100 10 Rn Rd', 'fcvtas Vd.T, Vn.T', toInteger(true, 'rmm'), full64),
  row('0 Q 0 01110 0 sz 10000 11101 10 Rn Rd', 'scvtf Vd.T, Vn.T', fromInteger(true), full64),
  row('0 Q 0 01110 1 sz 10000 11010 10 Rn Rd', 'fcvtps Vd.T, Vn.T', toInteger(true, 'rup'), full64),
  row('0 Q 0 01110 1 sz 10000 11011 10 Rn Rd', 'fcvtzs Vd.T, Vn.T', toInteger(true, 'rtz'), full64),
  row('0 Q 1 01110 0 sz 10000 11010 10 Rn Rd', 'fcvtnu Vd.T, Vn.T', toInteger(false, 'rne'), full64),
  row('0 Q 1 01110 0 sz 10000 11011 10 Rn Rd', 'fcvtmu Vd.T, Vn.T', toInteger(false, 'rdn'), full64),
  row('0 Q 1 01110 0 sz 10000 11100 10 Rn Rd', 'fcvtau Vd.T, Vn.T', toInteger(false, 'rmm'), full64),
  row('0 Q 1 01110 0 sz 10000 11101 10 Rn Rd', 'ucvtf Vd.T, Vn.T', fromInteger(false), full64),
  row('0 Q 1 01110 1 sz 10000 11010 10 Rn Rd', 'fcvtpu Vd.T, Vn.T', toInteger(false, 'rup'), full64),
  row('0 Q 1 01110 1 sz 10000 11011 10 Rn Rd', 'fcvtzu Vd.T, Vn.T', toInteger(false, 'rtz'), full64),

  // Integers, scalar
  row('01 0 11110 0 sz 10000 11010 10 Rn Rd', 'fcvtns Vd, Vn', toInteger(true, 'rne')),
  row('01 0 11110 0 sz 10000 11011 10 Rn Rd', 'fcvtms Vd, Vn', toInteger(true, 'rdn')),
  row('01 0 11110 0 sz 10000 11100 10 Rn Rd', 'fcvtas Vd, Vn', toInteger(true, 'rmm')),
  row('01 0 11110 0 sz 10000 11101 10 Rn Rd', 'scvtf Vd, Vn', fromInteger(true)),
  row('01 0 11110 1 sz 10000 11010 10 Rn Rd', 'fcvtps Vd, Vn', toInteger(true, 'rup')),
  row('01 0 11110 1 sz 10000 11011 10 Rn Rd', 'fcvtzs Vd, Vn', toInteger(true, 'rtz')),
  row('01 1 11110 0 sz 10000 11010 10 Rn Rd', 'fcvtnu Vd, Vn', toInteger(false, 'rne')),
  row('01 1 11110 0 sz 10000 11011 10 Rn Rd', 'fcvtmu Vd, Vn', toInteger(false, 'rdn')),
  row('01 1 11110 0 sz 10000 11100 10 Rn Rd', 'fcvtau Vd, Vn', toInteger(false, 'rmm')),
  row('01 1 11110 0 sz 10000 11101 10 Rn Rd', 'ucvtf Vd, Vn', fromInteger(false)),
  row('01 1 11110 1 sz 10000 11010 10 Rn Rd', 'fcvtpu Vd, Vn', toInteger(false, 'rup')),
  row('01 1 11110 1 sz 10000 11011 10 Rn Rd', 'fcvtzu Vd, Vn', toInteger(false, 'rtz')),

  // Fixed point
  row('0 Q 0 011110 immh immb 11100 1 Rn Rd', 'scvtf Vd.T, Vn.T, #rshift', fromFixed(true), vectorShift),
  row('0 Q 1 011110 immh immb 11100 1 Rn Rd', 'ucvtf Vd.T, Vn.T, #rshift', fromFixed(false), vectorShift),
  row('0 Q 0 011110 immh immb 11111 1 Rn Rd', 'fcvtzs Vd.T, Vn.T, #rshift', toFixed(true), vectorShift),
  row('0 Q 1 011110 immh immb 11111 1 Rn Rd', 'fcvtzu Vd.T, Vn.T, #rshift', toFixed(false), vectorShift),
  row('01 0 111110 immh immb 11100 1 Rn Rd', 'scvtf Vd, Vn, #rshift', fromFixed(true), scalarShift),
  row('01 1 111110 immh immb 11100 1 Rn Rd', 'ucvtf Vd, Vn, #rshift', fromFixed(false), scalarShift),
  row('01 0 111110 immh immb 11111 1 Rn Rd', 'fcvtzs Vd, Vn, #rshift', toFixed(true), scalarShift),
  row('01 1 111110 immh immb 11111 1 Rn Rd', 'fcvtzu Vd, Vn, #rshift', toFixed(false), scalarShift),
];
