// Unprivileged spec, chapter "D" Extension for Double-Precision Floating-Point.
import {
  binary,
  classify,
  compare,
  convert,
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

export const RV_D = [
  row('imm[11:0] rs1 011 rd 0000111', 'fld fd, imm(rs1)', load(64)),
  row('imm[11:5] rs2 rs1 011 imm[4:0] 0100111', 'fsd fs2, imm(rs1)', store(64)),

  row('rs3 01 rs2 rs1 rm rd 1000011', 'fmadd.d fd, fs1, fs2, fs3, rm', fused('float.madd', 64), validRm),
  row('rs3 01 rs2 rs1 rm rd 1000111', 'fmsub.d fd, fs1, fs2, fs3, rm', fused('float.msub', 64), validRm),
  row('rs3 01 rs2 rs1 rm rd 1001011', 'fnmsub.d fd, fs1, fs2, fs3, rm', fused('float.nmsub', 64), validRm),
  row('rs3 01 rs2 rs1 rm rd 1001111', 'fnmadd.d fd, fs1, fs2, fs3, rm', fused('float.nmadd', 64), validRm),

  row('0000001 rs2 rs1 rm rd 1010011', 'fadd.d fd, fs1, fs2, rm', binary('float.add', 64), validRm),
  row('0000101 rs2 rs1 rm rd 1010011', 'fsub.d fd, fs1, fs2, rm', binary('float.subtract', 64), validRm),
  row('0001001 rs2 rs1 rm rd 1010011', 'fmul.d fd, fs1, fs2, rm', binary('float.multiply', 64), validRm),
  row('0001101 rs2 rs1 rm rd 1010011', 'fdiv.d fd, fs1, fs2, rm', binary('float.divide', 64), validRm),
  row('0101101 00000 rs1 rm rd 1010011', 'fsqrt.d fd, fs1, rm', unary('float.squareRoot', 64), validRm),

  row('0010001 rs2 rs1 000 rd 1010011', 'fsgnj.d fd, fs1, fs2', signInject(64, sameSign)),
  row('0010001 rs2 rs1 001 rd 1010011', 'fsgnjn.d fd, fs1, fs2', signInject(64, oppositeSign)),
  row('0010001 rs2 rs1 010 rd 1010011', 'fsgnjx.d fd, fs1, fs2', signInject(64, xorSign)),
  row('0010101 rs2 rs1 000 rd 1010011', 'fmin.d fd, fs1, fs2', binary('float.minimum', 64)),
  row('0010101 rs2 rs1 001 rd 1010011', 'fmax.d fd, fs1, fs2', binary('float.maximum', 64)),

  row('1010001 rs2 rs1 010 rd 1010011', 'feq.d rd, fs1, fs2', compare('float.equal', 64)),
  row('1010001 rs2 rs1 001 rd 1010011', 'flt.d rd, fs1, fs2', compare('float.less', 64)),
  row('1010001 rs2 rs1 000 rd 1010011', 'fle.d rd, fs1, fs2', compare('float.lessOrEqual', 64)),
  row('1110001 00000 rs1 001 rd 1010011', 'fclass.d rd, fs1', classify(64)),

  row('0100000 00001 rs1 rm rd 1010011', 'fcvt.s.d fd, fs1, rm', convert(32, 64), validRm),
  // Exact whatever the rounding mode, which is checked all the same and, as the toolchain does, not shown.
  row('0100001 00000 rs1 rm rd 1010011', 'fcvt.d.s fd, fs1', convert(64, 32), validRm),

  row('1100001 00000 rs1 rm rd 1010011', 'fcvt.w.d rd, fs1, rm', toInteger(64, 32, true), validRm),
  row('1100001 00001 rs1 rm rd 1010011', 'fcvt.wu.d rd, fs1, rm', toInteger(64, 32, false), validRm),
  row('1100001 00010 rs1 rm rd 1010011', 'fcvt.l.d rd, fs1, rm', toInteger(64, 64, true), validRm),
  row('1100001 00011 rs1 rm rd 1010011', 'fcvt.lu.d rd, fs1, rm', toInteger(64, 64, false), validRm),
  row('1101001 00000 rs1 rm rd 1010011', 'fcvt.d.w fd, rs1', fromInteger(64, 32, true), validRm),
  row('1101001 00001 rs1 rm rd 1010011', 'fcvt.d.wu fd, rs1', fromInteger(64, 32, false), validRm),
  row('1101001 00010 rs1 rm rd 1010011', 'fcvt.d.l fd, rs1, rm', fromInteger(64, 64, true), validRm),
  row('1101001 00011 rs1 rm rd 1010011', 'fcvt.d.lu fd, rs1, rm', fromInteger(64, 64, false), validRm),

  row('1110001 00000 rs1 000 rd 1010011', 'fmv.x.d rd, fs1', moveToX(64)),
  row('1111001 00000 rs1 000 rd 1010011', 'fmv.d.x fd, rs1', moveFromX(64)),
];
