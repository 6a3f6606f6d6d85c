// Control transfer within a segment (SDM vol. 1, 5.1.7): jumps, calls, returns and loops.
import type { Builder, I32, I64 } from '../ir/index.ts';
import { condition } from './alu.ts';
import { conditionOf, type Decoded } from './decoded.ts';
import {
  cut,
  getR,
  jumpTo,
  nextRip,
  not,
  read,
  relativeTarget,
  requireCanonical,
  requireWithinCode,
  setR,
} from './operand.ts';
import { CODE_64, ZF } from './registers.ts';
import { type Row, type RowOptions, row } from './row.ts';
import { drop, peek, push } from './x86-stack.ts';

const jump = (b: Builder, i: Decoded) => {
  const target = relativeTarget(b, i);
  requireWithinCode(b, i, target);
  b.jump(target);
};

/** A branch that is not taken goes nowhere: to offset 0, which is in every segment. */
const ifTaken = (b: Builder, i: Decoded, taken: I32, target: I64) => {
  if (i.mode !== CODE_64) requireWithinCode(b, i, b.select(taken, target, b.i64(0n)));
};
const conditionalJump = (b: Builder, i: Decoded) => {
  const taken = condition(b, conditionOf(i));
  const target = relativeTarget(b, i);
  ifTaken(b, i, taken, target);
  b.branch(taken, target);
};

/** A target in a register or in memory. */
function indirectTarget(b: Builder, i: Decoded): I64 {
  const target = read(b, i, 0);
  requireCanonical(b, i, target);
  return target;
}

const indirectJump = (b: Builder, i: Decoded) => {
  const target = indirectTarget(b, i);
  requireWithinCode(b, i, target);
  jumpTo(b, i, target);
};

const call = (target: (b: Builder, i: Decoded) => I64) => (b: Builder, i: Decoded) => {
  const to = target(b, i);
  requireWithinCode(b, i, to);
  push(b, i, nextRip(b, i));
  jumpTo(b, i, to);
};

const ret = (b: Builder, i: Decoded) => {
  const target = peek(b, i);
  requireCanonical(b, i, target);
  requireWithinCode(b, i, target);
  const released = i.operands.length > 0 ? Number(read(b, i, 0).attributes.value) : 0;
  drop(b, i, i.operandSize + released);
  jumpTo(b, i, target);
};

/** rCX, by the address size, counted down; the branch is taken while it is not 0 and ZF is as wanted. */
const loop = (zero: 'any' | 'set' | 'clear') => (b: Builder, i: Decoded) => {
  const target = relativeTarget(b, i);
  const left = cut(b, i.addressSize, b.sub(getR(b, 1, i.addressSize), b.i64(1n)));
  const more = b.ne(left, b.i64(0n));
  const and = (x: I32) => b.pure('i32.and', more, x);
  const zf = b.get32(ZF);
  const taken = zero === 'any' ? more : and(zero === 'set' ? zf : not(b, zf));
  ifTaken(b, i, taken, target);
  setR(b, 1, i.addressSize, left);
  b.branch(taken, target);
};

const jumpIfNone = (b: Builder, i: Decoded) => {
  const taken = b.eq(getR(b, 1, i.addressSize), b.i64(0n));
  const target = relativeTarget(b, i);
  ifTaken(b, i, taken, target);
  b.branch(taken, target);
};

const F64: RowOptions = { size: 'f64' };

export const X86_BRANCH: readonly Row[] = [
  row('70+cc', 'jcc Jb', conditionalJump, F64),
  row('0F 80+cc', 'jcc Jz', conditionalJump, F64),
  row('E9', 'jmp Jz', jump, F64),
  row('EB', 'jmp Jb', jump, F64),
  row('FF /4', 'jmp Ev', indirectJump, F64),
  row('E8', 'call Jz', call(relativeTarget), F64),
  row('FF /2', 'call Ev', call(indirectTarget), F64),
  row('C3', 'ret', ret, F64),
  row('C2', 'ret Iw', ret, F64),
  row('E0', 'loopne Jb', loop('clear'), F64),
  row('E1', 'loope Jb', loop('set'), F64),
  row('E2', 'loop Jb', loop('any'), F64),
  row('E3', 'jrcxz Jb', jumpIfNone, F64),
];
