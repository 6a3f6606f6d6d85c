import { type Node, OPS, type OpRow, type Scalar } from '../ir/index.ts';
import type { Read, Wide } from './wide.ts';

/** What a block's nodes are made of: what reads a node, and which nodes are evaluated where they are used. */
export interface Parts {
  readonly read: (node: Node) => Read;
  readonly inlined: ReadonlySet<Node>;
  readonly wide: Wide;
}

/** The closure that evaluates a pure node. */
export function pure(node: Node, { read, inlined, wide }: Parts): Read {
  const { slot, value: constant, lanes } = node.attributes;
  switch (node.op) {
    case 'pc':
      return (c) => c.pc;
    case 'i64.const':
    case 'i32.const':
    case 'v128.const':
      return () => constant!;
    case 'slot.get': {
      const index = slot!.offset >>> 3;
      return (c) => c.u64[index];
    }
    case 'slot.get32': {
      const index = slot!.offset >>> 2;
      return (c) => c.i32[index];
    }
  }
  if (node.op === 'slot.get128') return wide.value(node);
  const half = node.op === 'v128.low' || node.op === 'v128.high' ? wide.half(node) : undefined;
  if (half) return half;
  if (node.op === 'i64.select') return select(node, read);
  const fast = fastest(node, read, inlined);
  if (fast) return fast;
  const [a, b, third] = node.args.map(read) as Read<never>[];
  const evaluate = (OPS[node.op] as OpRow).eval as (...args: (Scalar | readonly number[])[]) => Scalar;
  if (lanes) return b ? (c) => evaluate(a(c), b(c), lanes) : (c) => evaluate(a(c), lanes);
  if (third) return (c) => evaluate(a(c), b(c), third(c));
  if (b) return (c) => evaluate(a(c), b(c));
  return (c) => evaluate(a(c));
}

/** One of two values; the other is not evaluated, which nobody can tell. */
function select(node: Node, read: (node: Node) => Read): Read {
  const [condition, a, b] = node.args.map(read);
  return (c) => (condition(c) !== 0 ? a(c) : b(c));
}

/** The fastest form of a common operation that fits its operands; `undefined` for an operation that is not in `FAST`. */
function fastest(node: Node, read: (node: Node) => Read, inlined: ReadonlySet<Node>): Read | undefined {
  const forms = FAST[node.op];
  if (!forms) return undefined;
  const [first, second] = node.args;
  const slot = slotOf(first, inlined);
  const constant = second?.op.endsWith('.const') ? second.attributes.value : undefined;
  if (slot !== undefined && second === undefined && forms.slot) return forms.slot(slot);
  if (slot !== undefined && constant !== undefined && forms.slotConstant) {
    return forms.slotConstant(slot, constant as never);
  }
  if (constant !== undefined && forms.constant) return forms.constant(read(first) as Read<never>, constant as never);
  const other = second && slotOf(second, inlined);
  if (slot !== undefined && other !== undefined && forms.slots) return forms.slots(slot, other);
  return forms.values(read(first) as Read<never>, second && (read(second) as Read<never>));
}

/** Which 64-bit slot a node reads where it is used; `undefined` for any other node. */
const slotOf = (node: Node, inlined: ReadonlySet<Node>): number | undefined =>
  node.op === 'slot.get' && inlined.has(node) ? node.attributes.slot!.offset >>> 3 : undefined;

/**
 * One operation by what its operands are: any values; a value and a constant; slots by their number, read in place. A
 * bigint that goes from closure to closure must be allocated, one that stays within an expression need not.
 */
export interface Forms {
  readonly values: (a: Read<never>, b: Read<never>) => Read;
  readonly constant?: (a: Read<never>, k: never) => Read;
  readonly slots?: (i: number, j: number) => Read;
  readonly slotConstant?: (i: number, k: never) => Read;
  /** Of an operation with one operand. */
  readonly slot?: (i: number) => Read;
}

const u = (x: bigint) => BigInt.asUintN(64, x);
const s = (x: bigint) => BigInt.asIntN(64, x);
type Long = Read<bigint>;
type Word = Read<number>;

/** The commonest operations once more without a call through the table: the same meaning, which a test compares. */
export const FAST: Partial<Record<string, Forms>> = {
  'i64.add': {
    values: (a: Long, b: Long) => (c) => u(a(c) + b(c)),
    constant: (a: Long, k: bigint) => (c) => u(a(c) + k),
    slots: (i, j) => (c) => u(c.u64[i] + c.u64[j]),
    slotConstant: (i, k: bigint) => (c) => u(c.u64[i] + k),
  },
  'i64.sub': {
    values: (a: Long, b: Long) => (c) => u(a(c) - b(c)),
    slots: (i, j) => (c) => u(c.u64[i] - c.u64[j]),
    slotConstant: (i, k: bigint) => (c) => u(c.u64[i] - k),
  },
  'i64.mul': {
    values: (a: Long, b: Long) => (c) => u(a(c) * b(c)),
    slots: (i, j) => (c) => u(c.u64[i] * c.u64[j]),
  },
  'i64.and': {
    values: (a: Long, b: Long) => (c) => a(c) & b(c),
    constant: (a: Long, k: bigint) => (c) => a(c) & k,
    slots: (i, j) => (c) => c.u64[i] & c.u64[j],
    slotConstant: (i, k: bigint) => (c) => c.u64[i] & k,
  },
  'i64.or': {
    values: (a: Long, b: Long) => (c) => a(c) | b(c),
    constant: (a: Long, k: bigint) => (c) => a(c) | k,
    slots: (i, j) => (c) => c.u64[i] | c.u64[j],
    slotConstant: (i, k: bigint) => (c) => c.u64[i] | k,
  },
  'i64.xor': {
    values: (a: Long, b: Long) => (c) => a(c) ^ b(c),
    constant: (a: Long, k: bigint) => (c) => a(c) ^ k,
    slots: (i, j) => (c) => c.u64[i] ^ c.u64[j],
    slotConstant: (i, k: bigint) => (c) => c.u64[i] ^ k,
  },
  'i64.shl': {
    values: (a: Long, b: Long) => (c) => u(a(c) << (b(c) & 63n)),
    constant: (a: Long, k: bigint) => {
      const count = k & 63n;
      return (c) => u(a(c) << count);
    },
    slotConstant: (i, k: bigint) => {
      const count = k & 63n;
      return (c) => u(c.u64[i] << count);
    },
  },
  'i64.shr_u': {
    values: (a: Long, b: Long) => (c) => a(c) >> (b(c) & 63n),
    constant: (a: Long, k: bigint) => {
      const count = k & 63n;
      return (c) => a(c) >> count;
    },
    slotConstant: (i, k: bigint) => {
      const count = k & 63n;
      return (c) => c.u64[i] >> count;
    },
  },
  'i64.shr_s': {
    values: (a: Long, b: Long) => (c) => u(s(a(c)) >> (b(c) & 63n)),
    constant: (a: Long, k: bigint) => {
      const count = k & 63n;
      return (c) => u(s(a(c)) >> count);
    },
  },
  'i64.eq': {
    values: (a: Long, b: Long) => (c) => (a(c) === b(c) ? 1 : 0),
    constant: (a: Long, k: bigint) => (c) => (a(c) === k ? 1 : 0),
    slots: (i, j) => (c) => (c.u64[i] === c.u64[j] ? 1 : 0),
    slotConstant: (i, k: bigint) => (c) => (c.u64[i] === k ? 1 : 0),
  },
  'i64.ne': {
    values: (a: Long, b: Long) => (c) => (a(c) !== b(c) ? 1 : 0),
    constant: (a: Long, k: bigint) => (c) => (a(c) !== k ? 1 : 0),
    slots: (i, j) => (c) => (c.u64[i] !== c.u64[j] ? 1 : 0),
    slotConstant: (i, k: bigint) => (c) => (c.u64[i] !== k ? 1 : 0),
  },
  'i64.lt_u': {
    values: (a: Long, b: Long) => (c) => (a(c) < b(c) ? 1 : 0),
    slots: (i, j) => (c) => (c.u64[i] < c.u64[j] ? 1 : 0),
    slotConstant: (i, k: bigint) => (c) => (c.u64[i] < k ? 1 : 0),
  },
  'i64.ge_u': {
    values: (a: Long, b: Long) => (c) => (a(c) >= b(c) ? 1 : 0),
    slots: (i, j) => (c) => (c.u64[i] >= c.u64[j] ? 1 : 0),
    slotConstant: (i, k: bigint) => (c) => (c.u64[i] >= k ? 1 : 0),
  },
  'i64.lt_s': {
    values: (a: Long, b: Long) => (c) => (s(a(c)) < s(b(c)) ? 1 : 0),
    slots: (i, j) => (c) => (s(c.u64[i]) < s(c.u64[j]) ? 1 : 0),
    constant: (a: Long, k: bigint) => {
      const signed = s(k);
      return (c) => (s(a(c)) < signed ? 1 : 0);
    },
    slotConstant: (i, k: bigint) => {
      const signed = s(k);
      return (c) => (s(c.u64[i]) < signed ? 1 : 0);
    },
  },
  'i64.ge_s': {
    values: (a: Long, b: Long) => (c) => (s(a(c)) >= s(b(c)) ? 1 : 0),
    slots: (i, j) => (c) => (s(c.u64[i]) >= s(c.u64[j]) ? 1 : 0),
  },
  'i64.extend32_s': {
    values: (a: Long) => (c) => u(BigInt.asIntN(32, a(c))),
    slot: (i) => (c) => u(BigInt.asIntN(32, c.u64[i])),
  },
  'i64.extend_i32_s': { values: (a: Word) => (c) => u(BigInt(a(c))) },
  'i64.extend_i32_u': { values: (a: Word) => (c) => BigInt(a(c) >>> 0) },
  // A slot's low half is an i32 where it lies: no bigint is made of it.
  'i32.wrap_i64': {
    values: (a: Long) => (c) => Number(BigInt.asIntN(32, a(c))),
    slot: (i) => {
      const low = i * 2;
      return (c) => c.i32[low];
    },
  },

  'i32.add': {
    values: (a: Word, b: Word) => (c) => (a(c) + b(c)) | 0,
    constant: (a: Word, k: number) => (c) => (a(c) + k) | 0,
  },
  'i32.sub': {
    values: (a: Word, b: Word) => (c) => (a(c) - b(c)) | 0,
    constant: (a: Word, k: number) => (c) => (a(c) - k) | 0,
  },
  'i32.mul': { values: (a: Word, b: Word) => (c) => Math.imul(a(c), b(c)) },
  'i32.and': { values: (a: Word, b: Word) => (c) => a(c) & b(c), constant: (a: Word, k: number) => (c) => a(c) & k },
  'i32.or': { values: (a: Word, b: Word) => (c) => a(c) | b(c), constant: (a: Word, k: number) => (c) => a(c) | k },
  'i32.xor': { values: (a: Word, b: Word) => (c) => a(c) ^ b(c), constant: (a: Word, k: number) => (c) => a(c) ^ k },
  'i32.shl': { values: (a: Word, b: Word) => (c) => a(c) << b(c), constant: (a: Word, k: number) => (c) => a(c) << k },
  'i32.shr_s': {
    values: (a: Word, b: Word) => (c) => a(c) >> b(c),
    constant: (a: Word, k: number) => (c) => a(c) >> k,
  },
  'i32.shr_u': {
    values: (a: Word, b: Word) => (c) => (a(c) >>> b(c)) | 0,
    constant: (a: Word, k: number) => (c) => (a(c) >>> k) | 0,
  },
  'i32.eq': {
    values: (a: Word, b: Word) => (c) => (a(c) === b(c) ? 1 : 0),
    constant: (a: Word, k: number) => (c) => (a(c) === k ? 1 : 0),
  },
  'i32.ne': {
    values: (a: Word, b: Word) => (c) => (a(c) !== b(c) ? 1 : 0),
    constant: (a: Word, k: number) => (c) => (a(c) !== k ? 1 : 0),
  },
  'i32.lt_s': {
    values: (a: Word, b: Word) => (c) => (a(c) < b(c) ? 1 : 0),
    constant: (a: Word, k: number) => (c) => (a(c) < k ? 1 : 0),
  },
  'i32.lt_u': { values: (a: Word, b: Word) => (c) => (a(c) >>> 0 < b(c) >>> 0 ? 1 : 0) },
};
