import { type Block, type Node, OPS, type OpRow, type Scalar } from '../ir/index.ts';
import type { Helper } from '../isa.ts';
import { type Code, type Context, DONE, TRAPPED } from './context.ts';
import { type Read, Wide } from './wide.ts';

const row = (node: Node): OpRow => OPS[node.op];

/**
 * Makes a block runnable: each pure value becomes a closure over its operands' closures, each effect a statement. This
 * is the reference engine's whole knowledge of the IR.
 */
export function compile(block: Block, helpers: Readonly<Record<string, Helper>>): Code {
  const inlined = findInlined(block);
  const reads = new Map<Node, Read>();
  const statements: Code[] = [];
  const read = (node: Node): Read => reads.get(node) as Read;
  const wide = new Wide(inlined, read);
  for (const node of block.nodes) {
    if (row(node).effect) {
      statements.push(effect(node, read, wide, helpers));
      if (isWideLoad(node)) reads.set(node, wide.value(node));
      else if (row(node).result) reads.set(node, value(node.id));
    } else if (inlined.has(node)) {
      reads.set(node, pure(node, read, wide));
    } else {
      const evaluate = pure(node, read, wide);
      const { id } = node;
      statements.push((c) => {
        c.values[id] = evaluate(c);
        return DONE;
      });
      reads.set(node, value(id));
    }
  }
  return sequence(statements);
}

const value =
  (id: number): Read =>
  (c) =>
    c.values[id];

const isWideLoad = ({ op, attributes }: Node): boolean => op === 'v128.load' && attributes.shape?.atomicity === 'plain';
/** What reads, or takes a half of, 128 bits where they lie. */
const TAKES_IN_PLACE: ReadonlySet<string> = new Set(['v128.low', 'v128.high', 'slot.set128', 'v128.store']);

/**
 * The pure nodes that may be evaluated where they are used: constants always, others if they are used once and no
 * effect lies between, which could change a slot that they read. A slot of 128 bits may be used more often in place.
 */
function findInlined(block: Block): Set<Node> {
  const users = new Map<Node, Node[]>();
  for (const node of block.nodes) for (const arg of node.args) users.set(arg, [...(users.get(arg) ?? []), node]);
  const inlined = new Set<Node>();
  // Where a node is evaluated in the end: at itself, or at the statement it is inlined into.
  const place = new Map<Node, number>();
  for (const node of [...block.nodes].reverse()) {
    const uses = users.get(node) ?? [];
    place.set(node, node.id);
    if (row(node).effect) continue;
    const constant = node.op === 'pc' || node.op.endsWith('.const');
    const at = uses.length === 1 ? place.get(uses[0])! : node.id;
    const before = (end: number) => !block.nodes.slice(node.id + 1, end).some((other) => row(other).effect);
    const inPlace =
      node.op === 'slot.get128' && uses.every((use) => TAKES_IN_PLACE.has(use.op) && before(place.get(use)!));
    const calm = inPlace || (uses.length === 1 && before(at));
    if (constant || calm || uses.length === 0) {
      inlined.add(node);
      place.set(node, at);
    }
  }
  return inlined;
}

function sequence(statements: readonly Code[]): Code {
  if (statements.length === 1) return statements[0];
  if (statements.length === 2) {
    const [first, second] = statements;
    return (c) => (first(c) === TRAPPED ? TRAPPED : second(c));
  }
  return (c) => {
    for (const statement of statements) if (statement(c) === TRAPPED) return TRAPPED;
    return DONE;
  };
}

function pure(node: Node, read: (node: Node) => Read, wide: Wide): Read {
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
  const fast = FAST[node.op];
  const [a, b, third] = node.args.map(read) as Read<never>[];
  if (fast) return fast(a, b);
  const evaluate = row(node).eval as (...args: (Scalar | readonly number[])[]) => Scalar;
  if (lanes) return b ? (c) => evaluate(a(c), b(c), lanes) : (c) => evaluate(a(c), lanes);
  if (third) return (c) => evaluate(a(c), b(c), third(c));
  if (b) return (c) => evaluate(a(c), b(c));
  return (c) => evaluate(a(c));
}

const u = (x: bigint) => BigInt.asUintN(64, x);
/** The commonest operations once more without a call through the table: the same meaning, which a test compares. */
export const FAST: Partial<Record<string, (a: Read<never>, b: Read<never>) => Read>> = {
  'i64.add': (a: Read<bigint>, b: Read<bigint>) => (c) => u(a(c) + b(c)),
  'i64.sub': (a: Read<bigint>, b: Read<bigint>) => (c) => u(a(c) - b(c)),
  'i64.and': (a: Read<bigint>, b: Read<bigint>) => (c) => a(c) & b(c),
  'i64.or': (a: Read<bigint>, b: Read<bigint>) => (c) => a(c) | b(c),
  'i64.xor': (a: Read<bigint>, b: Read<bigint>) => (c) => a(c) ^ b(c),
  'i64.eq': (a: Read<bigint>, b: Read<bigint>) => (c) => (a(c) === b(c) ? 1 : 0),
  'i64.ne': (a: Read<bigint>, b: Read<bigint>) => (c) => (a(c) !== b(c) ? 1 : 0),
  'i64.lt_u': (a: Read<bigint>, b: Read<bigint>) => (c) => (a(c) < b(c) ? 1 : 0),
  'i64.ge_u': (a: Read<bigint>, b: Read<bigint>) => (c) => (a(c) >= b(c) ? 1 : 0),
  'i64.extend32_s': (a: Read<bigint>) => (c) => u(BigInt.asIntN(32, a(c))),
};

function extend(value: bigint, bits: number, signed: boolean): bigint {
  return signed ? u(BigInt.asIntN(bits, value)) : value;
}

function effect(node: Node, read: (node: Node) => Read, wide: Wide, helpers: Readonly<Record<string, Helper>>): Code {
  const { id, attributes } = node;
  const [first, second, third] = node.args.map(read);
  switch (node.op) {
    case 'slot.set': {
      const index = attributes.slot!.offset >>> 3;
      const get = first as Read<bigint>;
      return (c) => {
        c.u64[index] = get(c);
        return DONE;
      };
    }
    case 'slot.set32': {
      const index = attributes.slot!.offset >>> 2;
      const get = first as Read<number>;
      return (c) => {
        c.i32[index] = get(c);
        return DONE;
      };
    }
    case 'slot.set128':
      return wide.set(node);
    case 'v128.store':
      return wide.store(node);
    case 'jump': {
      const target = first as Read<bigint>;
      return (c) => {
        c.next = target(c);
        return DONE;
      };
    }
    case 'branch': {
      const target = second as Read<bigint>;
      return (c) => {
        if (first(c) !== 0) c.next = target(c);
        return DONE;
      };
    }
    case 'trap.if': {
      const { cause } = attributes;
      return (c) => {
        if (first(c) === 0) return DONE;
        c.hart.raise(cause!, second(c) as bigint);
        return TRAPPED;
      };
    }
    case 'call': {
      const helper = helpers[attributes.helper!];
      if (!helper) throw new Error(`no helper named ${attributes.helper}`);
      const immediates = attributes.immediates ?? [];
      return (c) => (helper(c.hart, ...immediates) ? DONE : TRAPPED);
    }
    default:
      if (isWideLoad(node)) return wide.load(node);
      return memoryEffect(node, id, first as Read<bigint>, second as Read<bigint>, third as Read<bigint>);
  }
}

function memoryEffect(
  node: Node,
  id: number,
  address: Read<bigint>,
  operand: Read<bigint>,
  replacement: Read<bigint>,
): Code {
  const { signed = false, amo } = node.attributes;
  const shape = node.attributes.shape!;
  const { size } = shape;
  const special = shape.atomicity === 'ordered' || shape.unprivileged === true || shape.alignment !== undefined;
  const bits = size * 8;
  const keep = (c: Context, value: Scalar | undefined): 0 | 1 => {
    if (value === undefined) return TRAPPED;
    c.values[id] = value;
    return DONE;
  };
  const keepExtended = (c: Context, value: bigint | undefined) =>
    keep(c, value === undefined ? undefined : extend(value, bits, signed));
  switch (node.op) {
    case 'load':
      if (shape.atomicity === 'reserved') return (c) => keepExtended(c, c.memory.loadReserved(address(c), size));
      if (special) return (c) => keepExtended(c, c.memory.loadAs(address(c), shape));
      return (c) => {
        const value = c.memory.load(address(c), size);
        if (value === undefined) return TRAPPED;
        c.values[id] = signed ? u(BigInt.asIntN(bits, value)) : value;
        return DONE;
      };
    case 'store':
      if (special) return (c) => (c.memory.storeAs(address(c), shape, operand(c)) ? DONE : TRAPPED);
      return (c) => (c.memory.store(address(c), size, operand(c)) ? DONE : TRAPPED);
    case 'store.conditional':
      return (c) => keep(c, c.memory.storeConditional(address(c), size, operand(c)));
    case 'amo':
      return (c) => keepExtended(c, c.memory.amo(amo!, address(c), size, operand(c)));
    case 'cas':
    case 'v128.cas':
      return (c) => keep(c, c.memory.compareAndSwap(address(c), size, operand(c), replacement(c)));
    case 'v128.load':
      return (c) => keep(c, c.memory.loadReserved(address(c), size));
    case 'v128.store.conditional':
      return (c) => keep(c, c.memory.storeConditional(address(c), size, operand(c)));
    default:
      throw new Error(`no statement for ${node.op}`);
  }
}
