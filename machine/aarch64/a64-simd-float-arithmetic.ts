// C4.1.96 "Advanced SIMD three same", "two-register miscellaneous", "across lanes", "scalar pairwise": arithmetic.
import type { Builder } from '../ir/index.ts';
import type { FloatHelper } from './float.ts';
import {
  accumulating,
  binary,
  calculate,
  type Fields,
  type Fields3,
  full64,
  lanesOf,
  unary,
  widthOf,
} from './float-lift.ts';
import { V } from './registers.ts';
import { requireFp, row, v } from './row.ts';
import { constant, setVector } from './simd-lift.ts';

/** FABS and FNEG, which only touch the signs. */
const signs =
  (op: 'v128.andnot' | 'v128.xor') =>
  (
    b: Builder,
    { sz, Q, Rd, Rn }: { readonly sz: number; readonly Q: number; readonly Rd: number; readonly Rn: number },
  ) => {
    requireFp(b);
    const sign = 1n << BigInt((32 << sz) - 1);
    setVector(b, Q, Rd, b.pure(op, v(b, Rn), constant(b, 2 + sz, sign)));
  };

const pairs =
  (helper: FloatHelper) =>
  (b: Builder, f: Fields3): void =>
    calculate(b, helper, [widthOf(f), lanesOf(f), f.Rd, f.Rn, f.Rm], [f.Rn, f.Rm], [V[f.Rd]]);

/** The two lowest lanes of V[n]. */
const pair =
  (helper: FloatHelper) =>
  (b: Builder, f: Fields): void =>
    calculate(b, helper, [widthOf(f), 1, f.Rd, f.Rn, f.Rn], [f.Rn], [V[f.Rd]]);

const across =
  (helper: FloatHelper) =>
  (b: Builder, { Rd, Rn }: { readonly Rd: number; readonly Rn: number }): void =>
    calculate(b, helper, [Rd, Rn], [Rn], [V[Rd]]);

export const A64_SIMD_FLOAT_ARITHMETIC = [
  // Three same
  row('0 Q 0 01110 0 sz 1 Rm 11000 1 Rn Rd', 'fmaxnm Vd.T, Vn.T, Vm.T', binary('float.maxNum'), full64),
  row('0 Q 0 01110 0 sz 1 Rm 11001 1 Rn Rd', 'fmla Vd.T, Vn.T, Vm.T', accumulating(false), full64),
  row('0 Q 0 01110 0 sz 1 Rm 11010 1 Rn Rd', 'fadd Vd.T, Vn.T, Vm.T', binary('float.add'), full64),
  row('0 Q 0 01110 0 sz 1 Rm 11011 1 Rn Rd', 'fmulx Vd.T, Vn.T, Vm.T', binary('float.multiplyExtended'), full64),
  row('0 Q 0 01110 0 sz 1 Rm 11110 1 Rn Rd', 'fmax Vd.T, Vn.T, Vm.T', binary('float.maximum'), full64),
  row('0 Q 0 01110 0 sz 1 Rm 11111 1 Rn Rd', 'frecps Vd.T, Vn.T, Vm.T', binary('float.reciprocalStep'), full64),
  row('0 Q 0 01110 1 sz 1 Rm 11000 1 Rn Rd', 'fminnm Vd.T, Vn.T, Vm.T', binary('float.minNum'), full64),
  row('0 Q 0 01110 1 sz 1 Rm 11001 1 Rn Rd', 'fmls Vd.T, Vn.T, Vm.T', accumulating(true), full64),
  row('0 Q 0 01110 1 sz 1 Rm 11010 1 Rn Rd', 'fsub Vd.T, Vn.T, Vm.T', binary('float.subtract'), full64),
  row('0 Q 0 01110 1 sz 1 Rm 11110 1 Rn Rd', 'fmin Vd.T, Vn.T, Vm.T', binary('float.minimum'), full64),
  row('0 Q 0 01110 1 sz 1 Rm 11111 1 Rn Rd', 'frsqrts Vd.T, Vn.T, Vm.T', binary('float.reciprocalRootStep'), full64),
  row('0 Q 1 01110 0 sz 1 Rm 11000 1 Rn Rd', 'fmaxnmp Vd.T, Vn.T, Vm.T', pairs('float.pairwise.maxNum'), full64),
  row('0 Q 1 01110 0 sz 1 Rm 11010 1 Rn Rd', 'faddp Vd.T, Vn.T, Vm.T', pairs('float.pairwise.add'), full64),
  row('0 Q 1 01110 0 sz 1 Rm 11011 1 Rn Rd', 'fmul Vd.T, Vn.T, Vm.T', binary('float.multiply'), full64),
  row('0 Q 1 01110 0 sz 1 Rm 11110 1 Rn Rd', 'fmaxp Vd.T, Vn.T, Vm.T', pairs('float.pairwise.maximum'), full64),
  row('0 Q 1 01110 0 sz 1 Rm 11111 1 Rn Rd', 'fdiv Vd.T, Vn.T, Vm.T', binary('float.divide'), full64),
  row('0 Q 1 01110 1 sz 1 Rm 11000 1 Rn Rd', 'fminnmp Vd.T, Vn.T, Vm.T', pairs('float.pairwise.minNum'), full64),
  row('0 Q 1 01110 1 sz 1 Rm 11010 1 Rn Rd', 'fabd Vd.T, Vn.T, Vm.T', binary('float.absoluteDifference'), full64),
  row('0 Q 1 01110 1 sz 1 Rm 11110 1 Rn Rd', 'fminp Vd.T, Vn.T, Vm.T', pairs('float.pairwise.minimum'), full64),

  // Scalar three same
  row('01 0 11110 0 sz 1 Rm 11011 1 Rn Rd', 'fmulx Vd, Vn, Vm', binary('float.multiplyExtended')),
  row('01 0 11110 0 sz 1 Rm 11111 1 Rn Rd', 'frecps Vd, Vn, Vm', binary('float.reciprocalStep')),
  row('01 0 11110 1 sz 1 Rm 11111 1 Rn Rd', 'frsqrts Vd, Vn, Vm', binary('float.reciprocalRootStep')),
  row('01 1 11110 1 sz 1 Rm 11010 1 Rn Rd', 'fabd Vd, Vn, Vm', binary('float.absoluteDifference')),

  // Two-register miscellaneous
  row('0 Q 0 01110 1 sz 10000 01111 10 Rn Rd', 'fabs Vd.T, Vn.T', signs('v128.andnot'), full64),
  row('0 Q 1 01110 1 sz 10000 01111 10 Rn Rd', 'fneg Vd.T, Vn.T', signs('v128.xor'), full64),
  row('0 Q 0 01110 1 sz 10000 11101 10 Rn Rd', 'frecpe Vd.T, Vn.T', unary('float.reciprocalEstimate'), full64),
  row('0 Q 1 01110 1 sz 10000 11101 10 Rn Rd', 'frsqrte Vd.T, Vn.T', unary('float.reciprocalRootEstimate'), full64),
  row('0 Q 1 01110 1 sz 10000 11111 10 Rn Rd', 'fsqrt Vd.T, Vn.T', unary('float.squareRoot'), full64),
  row('0 Q 0 01110 10 10000 11100 10 Rn Rd', 'urecpe Vd.T32, Vn.T32', unary('float.unsignedReciprocalEstimate')),
  row('0 Q 1 01110 10 10000 11100 10 Rn Rd', 'ursqrte Vd.T32, Vn.T32', unary('float.unsignedReciprocalRootEstimate')),

  // Scalar two-register miscellaneous
  row('01 0 11110 1 sz 10000 11101 10 Rn Rd', 'frecpe Vd, Vn', unary('float.reciprocalEstimate')),
  row('01 0 11110 1 sz 10000 11111 10 Rn Rd', 'frecpx Vd, Vn', unary('float.reciprocalExponent')),
  row('01 1 11110 1 sz 10000 11101 10 Rn Rd', 'frsqrte Vd, Vn', unary('float.reciprocalRootEstimate')),

  // Across lanes
  row('0 1 1 01110 00 11000 01100 10 Rn Rd', 'fmaxnmv Sd, Vn.4S', across('float.across.maxNum')),
  row('0 1 1 01110 00 11000 01111 10 Rn Rd', 'fmaxv Sd, Vn.4S', across('float.across.maximum')),
  row('0 1 1 01110 10 11000 01100 10 Rn Rd', 'fminnmv Sd, Vn.4S', across('float.across.minNum')),
  row('0 1 1 01110 10 11000 01111 10 Rn Rd', 'fminv Sd, Vn.4S', across('float.across.minimum')),

  // Scalar pairwise
  row('01 1 11110 0 sz 11000 01100 10 Rn Rd', 'fmaxnmp Vd, Vn.T2', pair('float.pairwise.maxNum')),
  row('01 1 11110 0 sz 11000 01101 10 Rn Rd', 'faddp Vd, Vn.T2', pair('float.pairwise.add')),
  row('01 1 11110 0 sz 11000 01111 10 Rn Rd', 'fmaxp Vd, Vn.T2', pair('float.pairwise.maximum')),
  row('01 1 11110 1 sz 11000 01100 10 Rn Rd', 'fminnmp Vd, Vn.T2', pair('float.pairwise.minNum')),
  row('01 1 11110 1 sz 11000 01111 10 Rn Rd', 'fminp Vd, Vn.T2', pair('float.pairwise.minimum')),
];
