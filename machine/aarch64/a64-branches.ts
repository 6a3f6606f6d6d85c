// Branches (Arm ARM C4.1.93).
import type { Encoding } from '../decode/index.ts';
import type { Builder, I32, I64 } from '../ir/index.ts';
import { branchTarget } from './branch-target.ts';
import { condition } from './flags.ts';
import { immediate, row, setX, x } from './row.ts';
import { binary, compare } from './width.ts';

const LINK = 30;
const link = (b: Builder, { length }: Encoding) => setX(b, LINK, b.add(b.pc(), immediate(b, length)));
const target = (b: Builder, words: number): I64 => b.add(b.pc(), immediate(b, words * 4));

/** CBZ and CBNZ: whether a register is zero, or not. */
const withZero = (b: Builder, sf: number, comparison: 'eq' | 'ne', Rt: number): I32 =>
  compare(b, sf, comparison, x(b, Rt), b.i64(0n));
/** TBZ and TBNZ: whether the bit `b5:b40` of a register is zero, or not. */
const bit = (b: Builder, b5: number, b40: number, comparison: 'eq' | 'ne', Rt: number): I32 =>
  compare(b, b5, comparison, binary(b, b5, 'and', x(b, Rt), b.i64(1n << BigInt(b5 * 32 + b40))), b.i64(0n));

export const A64_BRANCHES = [
  row('0101010 0 imm19 0 cond', 'b.{cond} label', (b, { imm19, cond }) =>
    b.branch(condition(b, cond), target(b, imm19)),
  ),
  row('0 00101 imm26', 'b imm26', (b, { imm26 }) => b.jump(target(b, imm26))),
  row('1 00101 imm26', 'bl imm26', (b, { imm26 }, encoding) => {
    b.jump(target(b, imm26));
    link(b, encoding);
  }),
  row('sf 011010 0 imm19 Rt', 'cbz Rt, label', (b, { sf, imm19, Rt }) =>
    b.branch(withZero(b, sf, 'eq', Rt), target(b, imm19)),
  ),
  row('sf 011010 1 imm19 Rt', 'cbnz Rt, label', (b, { sf, imm19, Rt }) =>
    b.branch(withZero(b, sf, 'ne', Rt), target(b, imm19)),
  ),
  row('b5 011011 0 b40 imm14 Rt', 'tbz Rt, #bit, imm14', (b, { b5, b40, imm14, Rt }) =>
    b.branch(bit(b, b5, b40, 'eq', Rt), target(b, imm14)),
  ),
  row('b5 011011 1 b40 imm14 Rt', 'tbnz Rt, #bit, imm14', (b, { b5, b40, imm14, Rt }) =>
    b.branch(bit(b, b5, b40, 'ne', Rt), target(b, imm14)),
  ),
  row('1101011 0000 11111 000000 Rn 00000', 'br Xn', (b, { Rn }) => b.jump(branchTarget(b, x(b, Rn)))),
  row('1101011 0001 11111 000000 Rn 00000', 'blr Xn', (b, { Rn }, encoding) => {
    b.jump(branchTarget(b, x(b, Rn)));
    link(b, encoding);
  }),
  row('1101011 0010 11111 000000 Rn 00000', 'ret returnTo', (b, { Rn }) => b.jump(branchTarget(b, x(b, Rn)))),
];
