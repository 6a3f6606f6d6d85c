// String instructions (SDM vol. 1, 7.3.9). Under a REP prefix each iteration is an instruction that stays where it is until
// rCX is 0, so that interrupts and faults come between two of them.
import type { Builder, I32, I64 } from '../ir/index.ts';
import { setSubFlags } from './alu.ts';
import type { Decoded } from './decoded.ts';
import { cut, getR, not, place, read, setR, sizeOf, storeAt } from './operand.ts';
import { AF, CF, DF, FLAGS, OF, PF, REPEAT_FLAGS, REPEATING, SF, ZF } from './registers.ts';
import { type Row, type RowOptions, row } from './row.ts';

const RSI = 6;
const RDI = 7;

/** Under REP: nothing at all where rCX, by the address size, is 0. */
export function repeatBegins(b: Builder, i: Decoded): void {
  if (i.rep !== 0) b.endIf(b.eq(getR(b, 1, i.addressSize), b.i64(0n)));
}

/**
 * Moves index registers by so many bytes, in the direction that DF says, and under REP counts rCX down and stays at the
 * instruction while it is not 0 and, where `more` is given, that holds.
 */
export function repeatEnds(b: Builder, i: Decoded, registers: readonly number[], bytes: number, more?: I32): void {
  const step = b.select(b.get32(DF), b.i64(BigInt.asUintN(64, BigInt(-bytes))), b.i64(BigInt(bytes)));
  for (const register of registers) {
    setR(b, register, i.addressSize, b.add(getR(b, register, i.addressSize), step));
  }
  if (i.rep === 0) return;
  const left = cut(b, i.addressSize, b.sub(getR(b, 1, i.addressSize), b.i64(1n)));
  setR(b, 1, i.addressSize, left);
  const some = b.ne(left, b.i64(0n));
  const again = more ? b.pure('i32.and', some, more) : some;
  b.set(REPEATING, b.select(again, b.add(b.pc(), b.i64(1n)), b.i64(0n)));
  if (more) b.set32(REPEAT_FLAGS, b.pure('i32.mul', b.get32(REPEAT_FLAGS), again));
  b.branch(again, b.pc());
}

const move = (b: Builder, i: Decoded) => {
  repeatBegins(b, i);
  const size = sizeOf(i, 0);
  const value = read(b, i, 1);
  storeAt(b, place(b, i, i.operands[0], true), size, value);
  repeatEnds(b, i, [RSI, RDI], size);
};

const store = (b: Builder, i: Decoded) => {
  repeatBegins(b, i);
  const size = sizeOf(i, 0);
  storeAt(b, place(b, i, i.operands[0], true), size, read(b, i, 1));
  repeatEnds(b, i, [RDI], size);
};

const load = (b: Builder, i: Decoded) => {
  repeatBegins(b, i);
  const size = sizeOf(i, 0);
  setR(b, 0, size, read(b, i, 1));
  repeatEnds(b, i, [RSI], size);
};

/** What RFLAGS are made of, and whether they were kept. */
const KEPT_FLAGS = [CF, PF, AF, ZF, SF, OF, DF, FLAGS, REPEAT_FLAGS];

/** CMPS and SCAS: REPE goes on while ZF is set, REPNE while it is clear. */
const compare = (registers: readonly number[]) => (b: Builder, i: Decoded) => {
  repeatBegins(b, i);
  const size = sizeOf(i, 0);
  const x: I64 = read(b, i, 0);
  const y: I64 = read(b, i, 1);
  const result = cut(b, size, b.sub(x, y));
  if (i.rep !== 0) b.call('keepRepeatFlags', [], { reads: KEPT_FLAGS, writes: [REPEAT_FLAGS] });
  setSubFlags(b, size, x, y, result);
  const equal = b.eq(result, b.i64(0n));
  repeatEnds(b, i, registers, size, i.rep === 0xf3 ? equal : not(b, equal));
};

const REP: RowOptions = { repeat: 'rep' };
const REPE: RowOptions = { repeat: 'repe' };

export const X86_STRING: readonly Row[] = [
  row('A4', 'movs Yb, Xb', move, REP),
  row('A5', 'movs Yv, Xv', move, REP),
  row('A6', 'cmps Xb, Yb', compare([RSI, RDI]), REPE),
  row('A7', 'cmps Xv, Yv', compare([RSI, RDI]), REPE),
  row('AA', 'stos Yb, AL', store, REP),
  row('AB', 'stos Yv, rAX', store, REP),
  row('AC', 'lods AL, Xb', load, REP),
  row('AD', 'lods rAX, Xv', load, REP),
  row('AE', 'scas AL, Yb', compare([RDI]), REPE),
  row('AF', 'scas rAX, Yv', compare([RDI]), REPE),
];
