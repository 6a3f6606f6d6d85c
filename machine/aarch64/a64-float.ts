// Data processing, scalar floating point (Arm ARM C4.1.96): singles and doubles, and half precision in conversions.

import { condition } from './flags.ts';
import { ZERO } from './float.ts';
import {
  absolute,
  binary,
  compare,
  compareIf,
  convert,
  fromGeneral,
  fused,
  type GeneralFields,
  move,
  negate,
  scalar,
  singleOrDouble,
  toGeneral,
  toIntegral,
  unary,
  widthOf,
} from './float-lift.ts';
import { d, reg, requireFp, row, setD, setReg, setV, setX, v, x } from './row.ts';
import { expandFloat } from './simd-immediate.ts';

/** A fixed-point number has up to as many fraction bits as its register has bits. */
const fixed = {
  where: ({ sf, ftype, scale }: Required<GeneralFields>) => ftype < 2 && (sf === 1 || scale >= 32),
};

export const A64_FLOAT = [
  // Conversion between floating-point and fixed-point
  row('sf 0 0 11110 ftype 0 00 010 scale Rn Rd', 'scvtf Fd, Rn, #fbits', fromGeneral(true), fixed),
  row('sf 0 0 11110 ftype 0 00 011 scale Rn Rd', 'ucvtf Fd, Rn, #fbits', fromGeneral(false), fixed),
  row('sf 0 0 11110 ftype 0 11 000 scale Rn Rd', 'fcvtzs Rd, Fn, #fbits', toGeneral(true, 'rtz'), fixed),
  row('sf 0 0 11110 ftype 0 11 001 scale Rn Rd', 'fcvtzu Rd, Fn, #fbits', toGeneral(false, 'rtz'), fixed),

  // Conversion between floating-point and integer
  row('sf 0 0 11110 ftype 1 00 000 000000 Rn Rd', 'fcvtns Rd, Fn', toGeneral(true, 'rne'), singleOrDouble),
  row('sf 0 0 11110 ftype 1 00 001 000000 Rn Rd', 'fcvtnu Rd, Fn', toGeneral(false, 'rne'), singleOrDouble),
  row('sf 0 0 11110 ftype 1 00 010 000000 Rn Rd', 'scvtf Fd, Rn', fromGeneral(true), singleOrDouble),
  row('sf 0 0 11110 ftype 1 00 011 000000 Rn Rd', 'ucvtf Fd, Rn', fromGeneral(false), singleOrDouble),
  row('sf 0 0 11110 ftype 1 00 100 000000 Rn Rd', 'fcvtas Rd, Fn', toGeneral(true, 'rmm'), singleOrDouble),
  row('sf 0 0 11110 ftype 1 00 101 000000 Rn Rd', 'fcvtau Rd, Fn', toGeneral(false, 'rmm'), singleOrDouble),
  row('sf 0 0 11110 ftype 1 01 000 000000 Rn Rd', 'fcvtps Rd, Fn', toGeneral(true, 'rup'), singleOrDouble),
  row('sf 0 0 11110 ftype 1 01 001 000000 Rn Rd', 'fcvtpu Rd, Fn', toGeneral(false, 'rup'), singleOrDouble),
  row('sf 0 0 11110 ftype 1 10 000 000000 Rn Rd', 'fcvtms Rd, Fn', toGeneral(true, 'rdn'), singleOrDouble),
  row('sf 0 0 11110 ftype 1 10 001 000000 Rn Rd', 'fcvtmu Rd, Fn', toGeneral(false, 'rdn'), singleOrDouble),
  row('sf 0 0 11110 ftype 1 11 000 000000 Rn Rd', 'fcvtzs Rd, Fn', toGeneral(true, 'rtz'), singleOrDouble),
  row('sf 0 0 11110 ftype 1 11 001 000000 Rn Rd', 'fcvtzu Rd, Fn', toGeneral(false, 'rtz'), singleOrDouble),
  // FMOV (general): a register's bits as they are.
  row('0 0 0 11110 00 1 00 110 000000 Rn Rd', 'fmov Wd, Sn', (b, { Rn, Rd }) => {
    requireFp(b);
    setReg(b, 0, Rd, d(b, Rn));
  }),
  row('0 0 0 11110 00 1 00 111 000000 Rn Rd', 'fmov Sd, Wn', (b, { Rn, Rd }) => {
    requireFp(b);
    setD(b, Rd, reg(b, 0, Rn));
  }),
  row('1 0 0 11110 01 1 00 110 000000 Rn Rd', 'fmov Xd, Dn', (b, { Rn, Rd }) => {
    requireFp(b);
    setX(b, Rd, d(b, Rn));
  }),
  row('1 0 0 11110 01 1 00 111 000000 Rn Rd', 'fmov Dd, Xn', (b, { Rn, Rd }) => {
    requireFp(b);
    setD(b, Rd, x(b, Rn));
  }),
  row('1 0 0 11110 10 1 01 110 000000 Rn Rd', 'fmov Xd, Vn.D[1]', (b, { Rn, Rd }) => {
    requireFp(b);
    setX(b, Rd, b.pure('v128.high', v(b, Rn)));
  }),
  row('1 0 0 11110 10 1 01 111 000000 Rn Rd', 'fmov Vd.D[1], Xn', (b, { Rn, Rd }) => {
    requireFp(b);
    setV(b, Rd, b.pure('v128.make', d(b, Rd), x(b, Rn)));
  }),

  // Data-processing (1 source)
  row('0 0 0 11110 ftype 1 000000 10000 Rn Rd', 'fmov Fd, Fn', move, singleOrDouble),
  row('0 0 0 11110 ftype 1 000001 10000 Rn Rd', 'fabs Fd, Fn', absolute, singleOrDouble),
  row('0 0 0 11110 ftype 1 000010 10000 Rn Rd', 'fneg Fd, Fn', negate, singleOrDouble),
  row('0 0 0 11110 ftype 1 000011 10000 Rn Rd', 'fsqrt Fd, Fn', unary('float.squareRoot'), singleOrDouble),
  row('0 0 0 11110 01 1 000100 10000 Rn Rd', 'fcvt Sd, Dn', convert(32, 64)),
  row('0 0 0 11110 11 1 000100 10000 Rn Rd', 'fcvt Sd, Hn', convert(32, 16)),
  row('0 0 0 11110 00 1 000101 10000 Rn Rd', 'fcvt Dd, Sn', convert(64, 32)),
  row('0 0 0 11110 11 1 000101 10000 Rn Rd', 'fcvt Dd, Hn', convert(64, 16)),
  row('0 0 0 11110 00 1 000111 10000 Rn Rd', 'fcvt Hd, Sn', convert(16, 32)),
  row('0 0 0 11110 01 1 000111 10000 Rn Rd', 'fcvt Hd, Dn', convert(16, 64)),
  row('0 0 0 11110 ftype 1 001000 10000 Rn Rd', 'frintn Fd, Fn', toIntegral('rne'), singleOrDouble),
  row('0 0 0 11110 ftype 1 001001 10000 Rn Rd', 'frintp Fd, Fn', toIntegral('rup'), singleOrDouble),
  row('0 0 0 11110 ftype 1 001010 10000 Rn Rd', 'frintm Fd, Fn', toIntegral('rdn'), singleOrDouble),
  row('0 0 0 11110 ftype 1 001011 10000 Rn Rd', 'frintz Fd, Fn', toIntegral('rtz'), singleOrDouble),
  row('0 0 0 11110 ftype 1 001100 10000 Rn Rd', 'frinta Fd, Fn', toIntegral('rmm'), singleOrDouble),
  row('0 0 0 11110 ftype 1 001110 10000 Rn Rd', 'frintx Fd, Fn', toIntegral('fpcr', true), singleOrDouble),
  row('0 0 0 11110 ftype 1 001111 10000 Rn Rd', 'frinti Fd, Fn', toIntegral('fpcr'), singleOrDouble),

  // Compare; with zero, Rm's bits should be 0, and are ignored.
  row('0 0 0 11110 ftype 1 Rm 00 1000 Rn 00000', 'fcmp Fn, Fm', (b, f) => compare(b, f, f.Rm, false), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 00 1000 Rn 01000', 'fcmp Fn, #0.0', (b, f) => compare(b, f, ZERO, false), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 00 1000 Rn 10000', 'fcmpe Fn, Fm', (b, f) => compare(b, f, f.Rm, true), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 00 1000 Rn 11000', 'fcmpe Fn, #0.0', (b, f) => compare(b, f, ZERO, true), singleOrDouble),

  // Immediate
  row(
    '0 0 0 11110 ftype 1 imm8 100 00000 Rd',
    'fmov Fd, #fimm',
    (b, f) => {
      requireFp(b);
      setD(b, f.Rd, b.i64(expandFloat(f.imm8, widthOf(f) === 32 ? 32 : 64)));
    },
    singleOrDouble,
  ),

  // Conditional compare
  row('0 0 0 11110 ftype 1 Rm cond 01 Rn 0 nzcv', 'fccmp Fn, Fm, #0xnzcv, cond', compareIf(false), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm cond 01 Rn 1 nzcv', 'fccmpe Fn, Fm, #0xnzcv, cond', compareIf(true), singleOrDouble),

  // Data-processing (2 source)
  row('0 0 0 11110 ftype 1 Rm 0000 10 Rn Rd', 'fmul Fd, Fn, Fm', binary('float.multiply'), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 0001 10 Rn Rd', 'fdiv Fd, Fn, Fm', binary('float.divide'), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 0010 10 Rn Rd', 'fadd Fd, Fn, Fm', binary('float.add'), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 0011 10 Rn Rd', 'fsub Fd, Fn, Fm', binary('float.subtract'), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 0100 10 Rn Rd', 'fmax Fd, Fn, Fm', binary('float.maximum'), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 0101 10 Rn Rd', 'fmin Fd, Fn, Fm', binary('float.minimum'), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 0110 10 Rn Rd', 'fmaxnm Fd, Fn, Fm', binary('float.maxNum'), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 0111 10 Rn Rd', 'fminnm Fd, Fn, Fm', binary('float.minNum'), singleOrDouble),
  row('0 0 0 11110 ftype 1 Rm 1000 10 Rn Rd', 'fnmul Fd, Fn, Fm', binary('float.multiplyNegated'), singleOrDouble),

  // Conditional select
  row(
    '0 0 0 11110 ftype 1 Rm cond 11 Rn Rd',
    'fcsel Fd, Fn, Fm, cond',
    (b, f) => {
      requireFp(b);
      setD(b, f.Rd, b.select(condition(b, f.cond), scalar(b, f, f.Rn), scalar(b, f, f.Rm)));
    },
    singleOrDouble,
  ),

  // Data-processing (3 source)
  row(
    '0 0 0 11111 ftype 0 Rm 0 Ra Rn Rd',
    'fmadd Fd, Fn, Fm, Fa',
    (b, f) => fused(b, f, f.Ra, -1, false, false),
    singleOrDouble,
  ),
  row(
    '0 0 0 11111 ftype 0 Rm 1 Ra Rn Rd',
    'fmsub Fd, Fn, Fm, Fa',
    (b, f) => fused(b, f, f.Ra, -1, true, false),
    singleOrDouble,
  ),
  row(
    '0 0 0 11111 ftype 1 Rm 0 Ra Rn Rd',
    'fnmadd Fd, Fn, Fm, Fa',
    (b, f) => fused(b, f, f.Ra, -1, true, true),
    singleOrDouble,
  ),
  row(
    '0 0 0 11111 ftype 1 Rm 1 Ra Rn Rd',
    'fnmsub Fd, Fn, Fm, Fa',
    (b, f) => fused(b, f, f.Ra, -1, false, true),
    singleOrDouble,
  ),
];
