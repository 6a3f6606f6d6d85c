import { type Block, type Node, OPS, type OpRow, type Scalar } from '../ir/index.ts';
import type { Helper } from '../isa.ts';
import { type Code, type Context, DONE, ENDED, TRAPPED } from './context.ts';
import { type Parts, pure } from './pure.ts';
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
  const parts = { read, inlined, wide };
  for (const node of block.nodes) {
    if (row(node).effect) {
      statements.push(effect(node, parts, helpers));
      if (isWideLoad(node)) reads.set(node, wide.value(node));
      else if (row(node).result) reads.set(node, value(node.id));
    } else if (inlined.has(node)) {
      reads.set(node, pure(node, parts));
    } else {
      const evaluate = pure(node, parts);
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
 * effect lies between that writes a slot which they read. A slot itself may be read there more often.
 */
function findInlined(block: Block): Set<Node> {
  const users = new Map<Node, Node[]>();
  for (const node of block.nodes) for (const arg of node.args) users.set(arg, [...(users.get(arg) ?? []), node]);
  const inlined = new Set<Node>();
  // Where a node is evaluated in the end: at itself, or at the statement it is inlined into.
  const place = new Map<Node, number>();
  for (const node of [...block.nodes].reverse()) {
    place.set(node, node.id);
    if (row(node).effect) continue;
    const uses = users.get(node) ?? [];
    const calm = () => uses.every((use) => !disturbed(block, node, place.get(use)!));
    const inPlace = () =>
      node.op === 'slot.get' || (node.op === 'slot.get128' && uses.every((use) => TAKES_IN_PLACE.has(use.op)));
    if (isConstant(node) || uses.length === 0 || ((uses.length === 1 || inPlace()) && calm())) {
      inlined.add(node);
      if (uses.length === 1) place.set(node, place.get(uses[0])!);
    }
  }
  return inlined;
}

const isConstant = ({ op }: Node): boolean => op === 'pc' || op.endsWith('.const');

/** Whether an effect behind the node and before `end` writes a slot that the node, or what it is made of, reads. */
function disturbed({ nodes }: Block, node: Node, end: number): boolean {
  let slots: number[] | undefined;
  for (let i = node.id + 1; i < end; i++) {
    const { op, attributes } = nodes[i];
    if (op === 'call') return true;
    if (!op.startsWith('slot.set')) continue;
    slots ??= slotsRead(node);
    if (slots.includes(attributes.slot!.offset)) return true;
  }
  return false;
}

/** The slots that a pure node's value is made of, by offset. */
function slotsRead({ args, attributes }: Node): number[] {
  const below = args.filter((arg) => !row(arg).effect).flatMap(slotsRead);
  return attributes.slot ? [...below, attributes.slot.offset] : below;
}

function sequence(statements: readonly Code[]): Code {
  const [first, second, third] = statements;
  const count = statements.length;
  if (count === 1) return first;
  // A status that is not DONE, which is 0, ends the sequence.
  if (count === 2) return (c) => first(c) || second(c);
  if (count === 3) return (c) => first(c) || second(c) || third(c);
  return (c) => {
    for (let i = 0; i < count; i++) {
      const status = statements[i](c);
      if (status !== DONE) return status;
    }
    return DONE;
  };
}

const u = (x: bigint) => BigInt.asUintN(64, x);

function extend(value: bigint, bits: number, signed: boolean): bigint {
  return signed ? u(BigInt.asIntN(bits, value)) : value;
}

function effect(node: Node, { read, inlined, wide }: Parts, helpers: Readonly<Record<string, Helper>>): Code {
  const { id, attributes } = node;
  const [first, second, third] = node.args.map(read);
  switch (node.op) {
    case 'slot.set': {
      const [source] = node.args;
      if (source.op === 'i64.extend_i32_u' && inlined.has(source)) {
        return setZeroExtended(attributes.slot!.offset >>> 2, read(source.args[0]) as Read<number>);
      }
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
    case 'end.if':
      return (c) => (first(c) === 0 ? DONE : ENDED);
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

/** Writes a slot of 64 bits whose words are given: an i32, and above it zeros. No bigint is made of it. */
function setZeroExtended(low: number, get: Read<number>): Code {
  const high = low + 1;
  return (c) => {
    c.i32[low] = get(c);
    c.i32[high] = 0;
    return DONE;
  };
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
  const special =
    shape.atomicity === 'ordered' ||
    (node.op === 'load' && shape.kind === 'store') ||
    shape.unprivileged === true ||
    shape.alignment !== undefined;
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
        const value = c.memory.load(address(c), size, shape);
        if (value === undefined) return TRAPPED;
        c.values[id] = signed ? u(BigInt.asIntN(bits, value)) : value;
        return DONE;
      };
    case 'store':
      if (special) return (c) => (c.memory.storeAs(address(c), shape, operand(c)) ? DONE : TRAPPED);
      return (c) => (c.memory.store(address(c), size, operand(c), shape) ? DONE : TRAPPED);
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
