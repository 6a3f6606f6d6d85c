// Unprivileged spec, chapter "M" Extension for Integer Multiplication and Division.
import type { Builder, I64 } from '../ir/index.ts';
import { row } from './row.ts';
import { type Binary, register, word, zext32 } from './rv-i.ts';

/** The IR's division with the quotient of all ones that the manual gives to a division by zero. */
const div =
  (op: 'i64.div_s' | 'i64.div_u'): Binary =>
  (b, a, c) =>
    b.select(b.eq(c, b.i64(0n)), b.i64(~0n), b.pure(op, a, c));
const rem =
  (op: 'i64.rem_s' | 'i64.rem_u'): Binary =>
  (b, a, c) =>
    b.pure(op, a, c);

/** The operation on the low 32 bits of both operands, extended as it wants them, and its result sign-extended. */
const narrow = (extend: (b: Builder, a: I64) => I64, op: Binary): Binary =>
  word((b, a, c) => op(b, extend(b, a), extend(b, c)));
const sext32 = (b: Builder, a: I64): I64 => b.extend32s(a);

const mul: Binary = (b, a, c) => b.mul(a, c);

export const RV_M = [
  row('0000001 rs2 rs1 000 rd 0110011', 'mul rd, rs1, rs2', register(mul)),
  row(
    '0000001 rs2 rs1 001 rd 0110011',
    'mulh rd, rs1, rs2',
    register((b, a, c) => b.pure('i64.mulh_s', a, c)),
  ),
  row(
    '0000001 rs2 rs1 010 rd 0110011',
    'mulhsu rd, rs1, rs2',
    register((b, a, c) => b.pure('i64.mulh_su', a, c)),
  ),
  row(
    '0000001 rs2 rs1 011 rd 0110011',
    'mulhu rd, rs1, rs2',
    register((b, a, c) => b.pure('i64.mulh_u', a, c)),
  ),
  row('0000001 rs2 rs1 100 rd 0110011', 'div rd, rs1, rs2', register(div('i64.div_s'))),
  row('0000001 rs2 rs1 101 rd 0110011', 'divu rd, rs1, rs2', register(div('i64.div_u'))),
  row('0000001 rs2 rs1 110 rd 0110011', 'rem rd, rs1, rs2', register(rem('i64.rem_s'))),
  row('0000001 rs2 rs1 111 rd 0110011', 'remu rd, rs1, rs2', register(rem('i64.rem_u'))),

  row('0000001 rs2 rs1 000 rd 0111011', 'mulw rd, rs1, rs2', register(word(mul))),
  row('0000001 rs2 rs1 100 rd 0111011', 'divw rd, rs1, rs2', register(narrow(sext32, div('i64.div_s')))),
  row('0000001 rs2 rs1 101 rd 0111011', 'divuw rd, rs1, rs2', register(narrow(zext32, div('i64.div_u')))),
  row('0000001 rs2 rs1 110 rd 0111011', 'remw rd, rs1, rs2', register(narrow(sext32, rem('i64.rem_s')))),
  row('0000001 rs2 rs1 111 rd 0111011', 'remuw rd, rs1, rs2', register(narrow(zext32, rem('i64.rem_u')))),
];
