// One operand and flags: INC, DEC, NEG, NOT (groups 3 to 5, SDM vol. 2D, table A-6), and the flags' own instructions.
import type { Builder, I64 } from '../ir/index.ts';
import { setAddFlags, setSubFlags } from './alu.ts';
import type { Decoded } from './decoded.ts';
import { cut, modify, setR, sizeOf } from './operand.ts';
import { CF, DF } from './registers.ts';
import { type Row, row } from './row.ts';

/** The result of an operand of so many bytes, and what writes its flags. */
type Meaning = (b: Builder, size: number, x: I64) => { result: I64; flags?: () => void };

const unary = (meaning: Meaning) => (b: Builder, i: Decoded) => {
  const size = sizeOf(i, 0);
  const { old, put } = modify(b, i, 0);
  const { result, flags } = meaning(b, size, old);
  put(result);
  flags?.();
};

/** CF stays. */
const increment: Meaning = (b, size, x) => {
  const result = cut(b, size, b.add(x, b.i64(1n)));
  return { result, flags: () => setAddFlags(b, size, x, b.i64(1n), result, false) };
};
const decrement: Meaning = (b, size, x) => {
  const result = cut(b, size, b.sub(x, b.i64(1n)));
  return { result, flags: () => setSubFlags(b, size, x, b.i64(1n), result, false) };
};
const negate: Meaning = (b, size, x) => {
  const zero = b.i64(0n);
  const result = cut(b, size, b.sub(zero, x));
  return { result, flags: () => setSubFlags(b, size, zero, x, result) };
};
const complement: Meaning = (b, size, x) => ({ result: cut(b, size, b.xor(x, b.i64(~0n))) });

const LOCK = { lock: true } as const;
const LEGACY = { only: 'legacy' } as const;

export const X86_UNARY: readonly Row[] = [
  row('FE /0', 'inc Eb', unary(increment), LOCK),
  row('FF /0', 'inc Ev', unary(increment), LOCK),
  row('FE /1', 'dec Eb', unary(decrement), LOCK),
  row('FF /1', 'dec Ev', unary(decrement), LOCK),
  row('40+r', 'inc Zv', unary(increment), LEGACY),
  row('48+r', 'dec Zv', unary(decrement), LEGACY),
  row('F6 /2', 'not Eb', unary(complement), LOCK),
  row('F7 /2', 'not Ev', unary(complement), LOCK),
  row('F6 /3', 'neg Eb', unary(negate), LOCK),
  row('F7 /3', 'neg Ev', unary(negate), LOCK),

  row('F8', 'clc', (b) => b.set32(CF, b.i32(0))),
  row('F9', 'stc', (b) => b.set32(CF, b.i32(1))),
  row('F5', 'cmc', (b) => b.set32(CF, b.pure('i32.xor', b.get32(CF), b.i32(1)))),
  row('FC', 'cld', (b) => b.set32(DF, b.i32(0))),
  row('FD', 'std', (b) => b.set32(DF, b.i32(1))),
  // Undocumented by Intel, but there: AL becomes all copies of CF.
  row('D6', 'salc', (b) => setR(b, 0, 1, b.sub(b.i64(0n), b.extendI32u(b.get32(CF)))), LEGACY),
];
