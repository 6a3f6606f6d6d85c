// Exchanges (SDM vol. 1, 7.3.1.2). Harts take turns between instructions, so that each is indivisible, locked or not.
import type { Builder, I64 } from '../ir/index.ts';
import { setAddFlags, setSubFlags } from './alu.ts';
import type { Decoded } from './decoded.ts';
import {
  cut,
  getR,
  inMemory,
  loadAt,
  modify,
  type Place,
  place,
  read,
  requireAligned,
  setR,
  sizeOf,
  storeAt,
} from './operand.ts';
import { R, RAX, RBX, RCX, ZF } from './registers.ts';
import { type Row, row } from './row.ts';

function setRegister(b: Builder, i: Decoded, k: number, value: I64): void {
  const operand = i.operands[k];
  if (operand.kind !== 'register') throw new Error(`${i.row.mnemonic}: operand ${operand.kind} is no register`);
  setR(b, operand.number, operand.size, value, operand.high);
}

const exchange = (b: Builder, i: Decoded) => {
  const { old, put } = modify(b, i, 0);
  put(read(b, i, 1));
  setRegister(b, i, 1, old);
};

/** XCHG with rAX. Its own exchange is NOP, which does not even clear an upper half (SDM vol. 2B, NOP). */
const exchangeAccumulator = (b: Builder, i: Decoded) => {
  const operand = i.operands[0];
  if (operand.kind === 'register' && operand.number === 0) return;
  exchange(b, i);
};

/** XADD: the second operand gets the first one's old value, the first, which counts where both are one, the sum. */
const exchangeAdd = (b: Builder, i: Decoded) => {
  const size = sizeOf(i, 0);
  const { old, put } = modify(b, i, 0);
  const addend = read(b, i, 1);
  const sum = cut(b, size, b.add(old, addend));
  if (inMemory(i, 0)) put(sum);
  setRegister(b, i, 1, old);
  if (!inMemory(i, 0)) put(sum);
  setAddFlags(b, size, old, addend, sum);
};

/** CMPXCHG writes its destination whatever it finds; the accumulator only where it did not match. */
const compareExchange = (b: Builder, i: Decoded) => {
  const size = sizeOf(i, 0);
  const { old, put } = modify(b, i, 0);
  const expected = getR(b, 0, size);
  const same = b.eq(expected, old);
  const replacement = read(b, i, 1);
  const kept = BigInt.asUintN(64, size >= 4 ? 0n : ~((1n << BigInt(size * 8)) - 1n));
  put(b.select(same, replacement, old));
  // A destination in the accumulator was just written: where it matched, that write counts.
  const now = b.get(RAX);
  const accumulator = b.select(same, now, b.or(b.and(now, b.i64(kept)), old));
  const target = i.operands[0];
  if (!(target.kind === 'register' && target.number === 0 && !target.high)) b.set(RAX, accumulator);
  setSubFlags(b, size, expected, old, cut(b, size, b.sub(expected, old)));
};

/** Two neighbours in memory, and what stores to both. */
interface Pair {
  readonly low: I64;
  readonly high: I64;
  readonly put: (low: I64, high: I64) => void;
}

/** Of 4 bytes each: one access of 8. */
function pairOf4(b: Builder, where: Place): Pair {
  const whole = loadAt(b, where, 8, true);
  const upper = (value: I64) => b.shl(value, b.i64(32n));
  return {
    low: cut(b, 4, whole),
    high: b.shrU(whole, b.i64(32n)),
    put: (low, high) => storeAt(b, where, 8, b.or(cut(b, 4, low), upper(high))),
  };
}

/** Of 8 bytes each, which are aligned. */
function pairOf8(b: Builder, where: Place): Pair {
  requireAligned(b, where.address);
  const second = { ...where, address: b.add(where.address, b.i64(8n)) };
  return {
    low: loadAt(b, where, 8, true),
    high: loadAt(b, second, 8, true),
    put: (low, high) => {
      storeAt(b, where, 8, low);
      storeAt(b, second, 8, high);
    },
  };
}

/** CMPXCHG8B and CMPXCHG16B: rDX:rAX with memory, which gets rCX:rBX; the latter must be aligned (SDM vol. 2A). */
const compareExchangePair = (b: Builder, i: Decoded) => {
  const half = i.operandSize === 8 ? 8 : 4;
  const where = place(b, i, i.operands[0], true);
  const { low, high, put } = half === 8 ? pairOf8(b, where) : pairOf4(b, where);
  const equal = (value: I64, register: number) => b.eq(value, getR(b, register, half));
  const same = b.pure('i32.and', equal(low, 0), equal(high, 2));
  put(b.select(same, b.get(RBX), low), b.select(same, b.get(RCX), high));
  b.set32(ZF, same);
  // Registers stay whole where memory matched.
  const next = (register: number, value: I64) => b.set(R[register], b.select(same, b.get(R[register]), value));
  next(0, low);
  next(2, high);
};
const LOCK = { lock: true } as const;

export const X86_EXCHANGE: readonly Row[] = [
  row('86 /r', 'xchg Eb, Gb', exchange, LOCK),
  row('87 /r', 'xchg Ev, Gv', exchange, LOCK),
  row('90+r', 'xchg Zv, rAX', exchangeAccumulator),
  row('0F C0 /r', 'xadd Eb, Gb', exchangeAdd, LOCK),
  row('0F C1 /r', 'xadd Ev, Gv', exchangeAdd, LOCK),
  row('0F B0 /r', 'cmpxchg Eb, Gb', compareExchange, LOCK),
  row('0F B1 /r', 'cmpxchg Ev, Gv', compareExchange, LOCK),
  row('0F C7 /1', 'cmpxchg8b Mq', compareExchangePair, LOCK),
  row('REX.W 0F C7 /1', 'cmpxchg16b Mdq', compareExchangePair, LOCK),
];
