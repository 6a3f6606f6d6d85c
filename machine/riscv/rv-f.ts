// Unprivileged spec, chapter "F" Extension for Single-Precision Floating-Point.
import {
  binary,
  classify,
  compare,
  fromInteger,
  fused,
  load,
  moveFromX,
  moveToX,
  oppositeSign,
  sameSign,
  signInject,
  store,
  toInteger,
  unary,
  validRm,
  xorSign,
} from './float-lift.ts';
import { row } from './row.ts';

export const RV_F = [
  row('imm[11:0] rs1 010 rd 0000111', 'flw fd, imm(rs1)', load(32)),
  row('imm[11:5] rs2 rs1 010 imm[4:0] 0100111', 'fsw fs2, imm(rs1)', store(32)),

  row('rs3 00 rs2 rs1 rm rd 1000011', 'fmadd.s fd, fs1, fs2, fs3, rm', fused('float.madd', 32), validRm),
  row('rs3 00 rs2 rs1 rm rd 1000111', 'fmsub.s fd, fs1, fs2, fs3, rm', fused('float.msub', 32), validRm),
  row('rs3 00 rs2 rs1 rm rd 1001011', 'fnmsub.s fd, fs1, fs2, fs3, rm', fused('float.nmsub', 32), validRm),
  row('rs3 00 rs2 rs1 rm rd 1001111', 'fnmadd.s fd, fs1, fs2, fs3, rm', fused('float.nmadd', 32), validRm),

  row('0000000 rs2 rs1 rm rd 1010011', 'fadd.s fd, fs1, fs2, rm', binary('float.add', 32), validRm),
  row('0000100 rs2 rs1 rm rd 1010011', 'fsub.s fd, fs1, fs2, rm', binary('float.subtract', 32), validRm),
  row('0001000 rs2 rs1 rm rd 1010011', 'fmul.s fd, fs1, fs2, rm', binary('float.multiply', 32), validRm),
  row('0001100 rs2 rs1 rm rd 1010011', 'fdiv.s fd, fs1, fs2, rm', binary('float.divide', 32), validRm),
  row('0101100 00000 rs1 rm rd 1010011', 'fsqrt.s fd, fs1, rm', unary('float.squareRoot', 32), validRm),

  row('0010000 rs2 rs1 000 rd 1010011', 'fsgnj.s fd, fs1, fs2', signInject(32, sameSign)),
  row('0010000 rs2 rs1 001 rd 1010011', 'fsgnjn.s fd, fs1, fs2', signInject(32, oppositeSign)),
  row('0010000 rs2 rs1 010 rd 1010011', 'fsgnjx.s fd, fs1, fs2', signInject(32, xorSign)),
  row('0010100 rs2 rs1 000 rd 1010011', 'fmin.s fd, fs1, fs2', binary('float.minimum', 32)),
  row('0010100 rs2 rs1 001 rd 1010011', 'fmax.s fd, fs1, fs2', binary('float.maximum', 32)),

  row('1010000 rs2 rs1 010 rd 1010011', 'feq.s rd, fs1, fs2', compare('float.equal', 32)),
  row('1010000 rs2 rs1 001 rd 1010011', 'flt.s rd, fs1, fs2', compare('float.less', 32)),
  row('1010000 rs2 rs1 000 rd 1010011', 'fle.s rd, fs1, fs2', compare('float.lessOrEqual', 32)),
  row('1110000 00000 rs1 001 rd 1010011', 'fclass.s rd, fs1', classify(32)),

  row('1100000 00000 rs1 rm rd 1010011', 'fcvt.w.s rd, fs1, rm', toInteger(32, 32, true), validRm),
  row('1100000 00001 rs1 rm rd 1010011', 'fcvt.wu.s rd, fs1, rm', toInteger(32, 32, false), validRm),
  row('1100000 00010 rs1 rm rd 1010011', 'fcvt.l.s rd, fs1, rm', toInteger(32, 64, true), validRm),
  row('1100000 00011 rs1 rm rd 1010011', 'fcvt.lu.s rd, fs1, rm', toInteger(32, 64, false), validRm),
  row('1101000 00000 rs1 rm rd 1010011', 'fcvt.s.w fd, rs1, rm', fromInteger(32, 32, true), validRm),
  row('1101000 00001 rs1 rm rd 1010011', 'fcvt.s.wu fd, rs1, rm', fromInteger(32, 32, false), validRm),
  row('1101000 00010 rs1 rm rd 1010011', 'fcvt.s.l fd, rs1, rm', fromInteger(32, 64, true), validRm),
  row('1101000 00011 rs1 rm rd 1010011', 'fcvt.s.lu fd, rs1, rm', fromInteger(32, 64, false), validRm),

  row('1110000 00000 rs1 000 rd 1010011', 'fmv.x.w rd, fs1', moveToX(32)),
  row('1111000 00000 rs1 000 rd 1010011', 'fmv.w.x fd, rs1', moveFromX(32)),
];
