import { LANE_OPS } from './lanes.ts';
import type { ValueType } from './slots.ts';

/** An i32 is a number in [-2^31, 2^31), an i64 a bigint in [0, 2^64), a v128 one in [0, 2^128). */
export type Scalar = number | bigint;

/** What the table says of one operation. Verifier, printer and engines derive from it. */
export interface OpRow {
  /** Operand types, in order. */
  readonly args: readonly ValueType[];
  readonly result?: ValueType;
  /** It may raise a trap; then nothing of it has happened. */
  readonly mayFault?: true;
  /** It does more than yield its result. */
  readonly effect?: true;
  /** How many numbers of lanes it carries, each below `below`. */
  readonly lanes?: { readonly count: number; readonly below: number };
  /** For pure operations: its meaning. The lanes' numbers come behind the operands. */
  readonly eval?: (...args: never[]) => Scalar;
}

const M64 = 0xffff_ffff_ffff_ffffn;
const M128 = (1n << 128n) - 1n;
const s = (x: bigint) => BigInt.asIntN(64, x);
const u = (x: bigint) => BigInt.asUintN(64, x);
const bit = (condition: boolean) => (condition ? 1 : 0);
const unary64 = (fn: (a: bigint) => bigint) => ({ args: ['i64'], result: 'i64', eval: fn }) as const;
const binary64 = (fn: (a: bigint, b: bigint) => bigint) => ({ args: ['i64', 'i64'], result: 'i64', eval: fn }) as const;
const binary128 = (fn: (a: bigint, b: bigint) => bigint) =>
  ({ args: ['v128', 'v128'], result: 'v128', eval: fn }) as const;
const compare64 = (fn: (a: bigint, b: bigint) => boolean) =>
  ({ args: ['i64', 'i64'], result: 'i32', eval: (a: bigint, b: bigint) => bit(fn(a, b)) }) as const;
const binary32 = (fn: (a: number, b: number) => number) => ({ args: ['i32', 'i32'], result: 'i32', eval: fn }) as const;
const compare32 = (fn: (a: number, b: number) => boolean) =>
  ({ args: ['i32', 'i32'], result: 'i32', eval: (a: number, b: number) => bit(fn(a, b)) }) as const;

function clz64(a: bigint): bigint {
  const high = Number(a >> 32n);
  return BigInt(high !== 0 ? Math.clz32(high) : 32 + Math.clz32(Number(a & 0xffff_ffffn)));
}

/**
 * The IR's operations. Shift counts are taken modulo the width. Division by zero yields 0 and a remainder by zero the
 * dividend; -2^63 / -1 wraps. Targets that mean something else say so around the operation.
 */
export const OPS = {
  /** The address of the instruction itself. */
  pc: { args: [], result: 'i64' },
  'i32.const': { args: [], result: 'i32' },
  'i64.const': { args: [], result: 'i64' },
  'v128.const': { args: [], result: 'v128' },
  'slot.get': { args: [], result: 'i64' },
  'slot.get32': { args: [], result: 'i32' },
  'slot.get128': { args: [], result: 'v128' },
  'slot.set': { args: ['i64'], effect: true },
  'slot.set32': { args: ['i32'], effect: true },
  'slot.set128': { args: ['v128'], effect: true },

  'i64.add': binary64((a, b) => u(a + b)),
  'i64.sub': binary64((a, b) => u(a - b)),
  'i64.mul': binary64((a, b) => u(a * b)),
  /** The upper 64 bits of the product: both signed, both unsigned, first signed and second unsigned. */
  'i64.mulh_s': binary64((a, b) => u((s(a) * s(b)) >> 64n)),
  'i64.mulh_u': binary64((a, b) => (a * b) >> 64n),
  'i64.mulh_su': binary64((a, b) => u((s(a) * b) >> 64n)),
  'i64.div_s': binary64((a, b) => (b === 0n ? 0n : u(s(a) / s(b)))),
  'i64.div_u': binary64((a, b) => (b === 0n ? 0n : a / b)),
  'i64.rem_s': binary64((a, b) => (b === 0n ? a : u(s(a) % s(b)))),
  'i64.rem_u': binary64((a, b) => (b === 0n ? a : a % b)),
  'i64.and': binary64((a, b) => a & b),
  'i64.or': binary64((a, b) => a | b),
  'i64.xor': binary64((a, b) => a ^ b),
  'i64.shl': binary64((a, b) => u(a << (b & 63n))),
  'i64.shr_s': binary64((a, b) => u(s(a) >> (b & 63n))),
  'i64.shr_u': binary64((a, b) => a >> (b & 63n)),
  'i64.rotr': binary64((a, b) => u((a >> (b & 63n)) | (a << (64n - (b & 63n))))),
  'i64.clz': unary64(clz64),
  'i64.ctz': unary64((a) => (a === 0n ? 64n : 63n - clz64(a & (M64 - a + 1n)))),
  'i64.extend8_s': unary64((a) => u(BigInt.asIntN(8, a))),
  'i64.extend16_s': unary64((a) => u(BigInt.asIntN(16, a))),
  'i64.extend32_s': unary64((a) => u(BigInt.asIntN(32, a))),
  'i64.extend_i32_s': { args: ['i32'], result: 'i64', eval: (a: number) => u(BigInt(a)) },
  'i64.extend_i32_u': { args: ['i32'], result: 'i64', eval: (a: number) => BigInt(a >>> 0) },
  'i32.wrap_i64': { args: ['i64'], result: 'i32', eval: (a: bigint) => Number(BigInt.asIntN(32, a)) },
  'i64.eq': compare64((a, b) => a === b),
  'i64.ne': compare64((a, b) => a !== b),
  'i64.lt_s': compare64((a, b) => s(a) < s(b)),
  'i64.lt_u': compare64((a, b) => a < b),
  'i64.ge_s': compare64((a, b) => s(a) >= s(b)),
  'i64.ge_u': compare64((a, b) => a >= b),
  'i64.select': {
    args: ['i32', 'i64', 'i64'],
    result: 'i64',
    eval: (condition: number, a: bigint, b: bigint) => (condition !== 0 ? a : b),
  },

  'i32.add': binary32((a, b) => (a + b) | 0),
  'i32.sub': binary32((a, b) => (a - b) | 0),
  'i32.mul': binary32(Math.imul),
  'i32.and': binary32((a, b) => a & b),
  'i32.or': binary32((a, b) => a | b),
  'i32.xor': binary32((a, b) => a ^ b),
  'i32.shl': binary32((a, b) => a << b),
  'i32.shr_s': binary32((a, b) => a >> b),
  'i32.shr_u': binary32((a, b) => (a >>> b) | 0),
  'i32.eq': compare32((a, b) => a === b),
  'i32.ne': compare32((a, b) => a !== b),
  'i32.lt_s': compare32((a, b) => a < b),
  'i32.lt_u': compare32((a, b) => a >>> 0 < b >>> 0),

  /** The v128 whose low and high 64 bits are given, and these of a v128. */
  'v128.make': { args: ['i64', 'i64'], result: 'v128', eval: (low: bigint, high: bigint) => low | (high << 64n) },
  'v128.low': { args: ['v128'], result: 'i64', eval: (a: bigint) => a & M64 },
  'v128.high': { args: ['v128'], result: 'i64', eval: (a: bigint) => a >> 64n },
  'v128.and': binary128((a, b) => a & b),
  'v128.or': binary128((a, b) => a | b),
  'v128.xor': binary128((a, b) => a ^ b),
  /** `a` without the bits of `b`. */
  'v128.andnot': binary128((a, b) => a & (M128 ^ b)),
  'v128.not': { args: ['v128'], result: 'v128', eval: (a: bigint) => M128 ^ a },
  /** Bits of `a` where the mask has ones, of `b` where it has zeros. */
  'v128.bitselect': {
    args: ['v128', 'v128', 'v128'],
    result: 'v128',
    eval: (a: bigint, b: bigint, mask: bigint) => (a & mask) | (b & (M128 ^ mask)),
  },
  ...LANE_OPS,

  /**
   * Loads `size` bytes at the address, extended to i64 as `sign` says. `reserved` also takes the reservation. A load whose
   * shape is a store's is the first half of a read-modify-write: it is judged as that store.
   */
  load: { args: ['i64'], result: 'i64', mayFault: true, effect: true },
  /** Stores the low `size` bytes of the value. */
  store: { args: ['i64', 'i64'], mayFault: true, effect: true },
  /** Store-conditional: yields 1 where the reservation held and the store was made, else 0. */
  'store.conditional': { args: ['i64', 'i64'], result: 'i32', mayFault: true, effect: true },
  /** Indivisible read-modify-write: yields the old value, sign-extended as `sign` says. */
  amo: { args: ['i64', 'i64'], result: 'i64', mayFault: true, effect: true },
  /** Indivisibly stores the third operand where memory equals the second: yields the old value, zero-extended. */
  cas: { args: ['i64', 'i64', 'i64'], result: 'i64', mayFault: true, effect: true },
  /** The same for 16 bytes. */
  'v128.load': { args: ['i64'], result: 'v128', mayFault: true, effect: true },
  'v128.store': { args: ['i64', 'v128'], mayFault: true, effect: true },
  'v128.store.conditional': { args: ['i64', 'v128'], result: 'i32', mayFault: true, effect: true },
  'v128.cas': { args: ['i64', 'v128', 'v128'], result: 'v128', mayFault: true, effect: true },

  /** Calls a helper of the target with integer immediates; it reads and writes the slots that the node names. */
  call: { args: [], mayFault: true, effect: true },
  /** Raises the exception `cause` with the i64 as its value where the i32 is not 0. */
  'trap.if': { args: ['i32', 'i64'], mayFault: true, effect: true },
  /** The instruction is over where the i32 is not 0: nothing behind this happens, and the next one follows. */
  'end.if': { args: ['i32'], effect: true },
  /** Terminals: go on at the i64, or, for a branch, there where the i32 is not 0 and else at the next instruction. */
  jump: { args: ['i64'], effect: true },
  branch: { args: ['i32', 'i64'], effect: true },
} as const satisfies Record<string, OpRow>;

export type OpName = keyof typeof OPS;
/** The operations whose meaning is a function of their operands alone. */
export type PureOp = {
  [K in OpName]: (typeof OPS)[K] extends { lanes: unknown }
    ? never
    : (typeof OPS)[K] extends { eval: unknown }
      ? K
      : never;
}[OpName];

/** What an `amo` does with the old value in memory and the operand. */
export type AmoOperation = 'swap' | 'add' | 'and' | 'or' | 'xor' | 'min_s' | 'max_s' | 'min_u' | 'max_u';
