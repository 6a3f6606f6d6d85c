// C4.1.96 "Advanced SIMD three same" and "two-register miscellaneous", vectors and scalars: comparisons that make masks.
import { binary, full64, unary } from './float-lift.ts';
import { row } from './row.ts';

export const A64_SIMD_FLOAT_COMPARE = [
  row('0 Q 0 01110 0 sz 1 Rm 11100 1 Rn Rd', 'fcmeq Vd.T, Vn.T, Vm.T', binary('float.equal'), full64),
  row('0 Q 1 01110 0 sz 1 Rm 11100 1 Rn Rd', 'fcmge Vd.T, Vn.T, Vm.T', binary('float.greaterOrEqual'), full64),
  row('0 Q 1 01110 0 sz 1 Rm 11101 1 Rn Rd', 'facge Vd.T, Vn.T, Vm.T', binary('float.absoluteGreaterOrEqual'), full64),
  row('0 Q 1 01110 1 sz 1 Rm 11100 1 Rn Rd', 'fcmgt Vd.T, Vn.T, Vm.T', binary('float.greater'), full64),
  row('0 Q 1 01110 1 sz 1 Rm 11101 1 Rn Rd', 'facgt Vd.T, Vn.T, Vm.T', binary('float.absoluteGreater'), full64),

  row('01 0 11110 0 sz 1 Rm 11100 1 Rn Rd', 'fcmeq Vd, Vn, Vm', binary('float.equal')),
  row('01 1 11110 0 sz 1 Rm 11100 1 Rn Rd', 'fcmge Vd, Vn, Vm', binary('float.greaterOrEqual')),
  row('01 1 11110 0 sz 1 Rm 11101 1 Rn Rd', 'facge Vd, Vn, Vm', binary('float.absoluteGreaterOrEqual')),
  row('01 1 11110 1 sz 1 Rm 11100 1 Rn Rd', 'fcmgt Vd, Vn, Vm', binary('float.greater')),
  row('01 1 11110 1 sz 1 Rm 11101 1 Rn Rd', 'facgt Vd, Vn, Vm', binary('float.absoluteGreater')),

  row('0 Q 0 01110 1 sz 10000 01100 10 Rn Rd', 'fcmgt Vd.T, Vn.T, #0.0', unary('float.zero.greater'), full64),
  row('0 Q 0 01110 1 sz 10000 01101 10 Rn Rd', 'fcmeq Vd.T, Vn.T, #0.0', unary('float.zero.equal'), full64),
  row('0 Q 0 01110 1 sz 10000 01110 10 Rn Rd', 'fcmlt Vd.T, Vn.T, #0.0', unary('float.zero.less'), full64),
  row('0 Q 1 01110 1 sz 10000 01100 10 Rn Rd', 'fcmge Vd.T, Vn.T, #0.0', unary('float.zero.greaterOrEqual'), full64),
  row('0 Q 1 01110 1 sz 10000 01101 10 Rn Rd', 'fcmle Vd.T, Vn.T, #0.0', unary('float.zero.lessOrEqual'), full64),

  row('01 0 11110 1 sz 10000 01100 10 Rn Rd', 'fcmgt Vd, Vn, #0.0', unary('float.zero.greater')),
  row('01 0 11110 1 sz 10000 01101 10 Rn Rd', 'fcmeq Vd, Vn, #0.0', unary('float.zero.equal')),
  row('01 0 11110 1 sz 10000 01110 10 Rn Rd', 'fcmlt Vd, Vn, #0.0', unary('float.zero.less')),
  row('01 1 11110 1 sz 10000 01100 10 Rn Rd', 'fcmge Vd, Vn, #0.0', unary('float.zero.greaterOrEqual')),
  row('01 1 11110 1 sz 10000 01101 10 Rn Rd', 'fcmle Vd, Vn, #0.0', unary('float.zero.lessOrEqual')),
];
