// Bit tests and scans (SDM vol. 1, 5.1.6).
import type { Builder, I32, I64 } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';
import {
  at,
  cut,
  effectiveAddress,
  inMemory,
  loadAt,
  modify,
  numberOf,
  place,
  read,
  setR,
  sext,
  sizeOf,
  storeAt,
} from './operand.ts';
import { AF, CF, OF, PF, SF, ZF } from './registers.ts';
import { type Row, row } from './row.ts';

/** What becomes of an operand of which one bit is named; absent: it is only looked at. */
type Change = ((b: Builder, old: I64, bit: I64) => I64) | undefined;

/**
 * BT, BTS, BTR, BTC. An offset in a register reaches from a bit of memory to any other, as a signed number; one in an
 * immediate stays within the operand (SDM vol. 2A, BT). ZF is unaffected, other flags undefined: they stay.
 */
const testBit = (change: Change) => (b: Builder, i: Decoded) => {
  const size = sizeOf(i, 0);
  const offset = read(b, i, 1);
  const within = b.and(offset, b.i64(BigInt(size * 8 - 1)));
  const { old, put } = bitOperand(b, i, offset, change !== undefined);
  const carry = b.pure('i32.and', b.wrap(b.shrU(old, within)), b.i32(1));
  if (change) put(change(b, old, b.shl(b.i64(1n), within)));
  b.set32(CF, carry);
};

function bitOperand(b: Builder, i: Decoded, offset: I64, changes: boolean) {
  const size = sizeOf(i, 0);
  if (!inMemory(i, 0)) return changes ? modify(b, i, 0) : { old: read(b, i, 0), put: () => {} };
  const reaches = i.operands[1].kind === 'register';
  const words = b.shrS(sext(b, size, offset), b.i64(BigInt(Math.log2(size * 8))));
  const displacement = b.shl(words, b.i64(BigInt(Math.log2(size))));
  const where = reaches
    ? at(b, i, i.address!.segment, cut(b, i.addressSize, b.add(effectiveAddress(b, i), displacement)), size, changes)
    : place(b, i, i.operands[0], changes);
  return { old: loadAt(b, where, size, changes), put: (value: I64) => storeAt(b, where, size, value) };
}

/**
 * BSF and BSR. Of 0, ZF is set and the destination, undefined by the manual, stays as it was, whole, as on today's
 * processors. Other flags are undefined: they stay.
 */
const scan = (index: (b: Builder, value: I64) => I64) => (b: Builder, i: Decoded) => {
  const value = read(b, i, 1);
  const none = b.eq(value, b.i64(0n));
  b.set32(ZF, none);
  b.endIf(none);
  setR(b, numberOf(i, 0), i.operandSize, index(b, value));
};

/** POPCNT, by sums of bits side by side. */
const populationCount = (b: Builder, i: Decoded) => {
  const k = (value: bigint) => b.i64(value);
  const value = read(b, i, 1);
  const pairs = b.sub(value, b.and(b.shrU(value, k(1n)), k(0x5555_5555_5555_5555n)));
  const threes = k(0x3333_3333_3333_3333n);
  const nibbles = b.add(b.and(pairs, threes), b.and(b.shrU(pairs, k(2n)), threes));
  const bytes = b.and(b.add(nibbles, b.shrU(nibbles, k(4n))), k(0x0f0f_0f0f_0f0f_0f0fn));
  const count = b.shrU(b.mul(bytes, k(0x0101_0101_0101_0101n)), k(56n));
  setR(b, numberOf(i, 0), i.operandSize, count);
  const clear: I32 = b.i32(0);
  for (const flag of [CF, OF, AF, SF]) b.set32(flag, clear);
  // PF clear is odd parity.
  b.set32(PF, b.i32(1));
  b.set32(ZF, b.eq(value, k(0n)));
};
const LOCK = { lock: true } as const;
const group = (digit: number, opcode: string, name: string, change: Change): Row[] => [
  row(`0F ${opcode} /r`, `${name} Ev, Gv`, testBit(change), change ? LOCK : {}),
  row(`0F BA /${digit}`, `${name} Ev, Ib`, testBit(change), change ? LOCK : {}),
];

export const X86_BITS: readonly Row[] = [
  ...group(4, 'A3', 'bt', undefined),
  ...group(5, 'AB', 'bts', (b, old, bit) => b.or(old, bit)),
  ...group(6, 'B3', 'btr', (b, old, bit) => b.and(old, b.xor(bit, b.i64(~0n)))),
  ...group(7, 'BB', 'btc', (b, old, bit) => b.xor(old, bit)),
  // There is neither BMI1 nor LZCNT, so that F3 means nothing here (SDM vol. 2A, TZCNT and LZCNT).
  row(
    '0F BC /r',
    'bsf Gv, Ev',
    scan((b, value) => b.pure('i64.ctz', value)),
  ),
  row(
    '0F BD /r',
    'bsr Gv, Ev',
    scan((b, value) => b.sub(b.i64(63n), b.pure('i64.clz', value))),
  ),
  row('F3 0F B8 /r', 'popcnt Gv, Ev', populationCount),
];
