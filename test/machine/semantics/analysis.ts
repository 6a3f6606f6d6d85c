import type { AccessShape } from '../../../machine/access.ts';
import { type Block, type Node, OPS, type Scalar, type Slot } from '../../../machine/ir/index.ts';

/** An address that an instruction computes: a register, where there is one, plus what the rest comes to. */
export interface AddressUse {
  readonly base: Slot | undefined;
  /** The address where the base register is 0 and the others are as `read` says. */
  offset(read: (slot: Slot) => bigint): bigint;
}

/** What the making of good operands wants to know of an instruction; its meaning is not judged by this. */
export interface Analysis {
  /** Registers it reads. */
  readonly reads: readonly Slot[];
  /** The first of its accesses to memory, and the bytes that all of them take from there on. */
  readonly memory: (AddressUse & { readonly shape: AccessShape; readonly extent: number }) | undefined;
  readonly jump: AddressUse | undefined;
}

function slotsOf(node: Node): Slot[] {
  const { slot } = node.attributes;
  return slot ? [slot] : node.args.flatMap(slotsOf);
}

/** The value of an expression over registers; the instruction lies at 0. */
function evaluate(node: Node, read: (slot: Slot) => bigint): Scalar {
  if (node.op === 'slot.get') return read(node.attributes.slot!);
  if (node.op === 'pc') return 0n;
  if (node.op === 'slot.get32') return 0;
  if (node.op === 'i64.const' || node.op === 'i32.const') return node.attributes.value!;
  const row = OPS[node.op];
  if (!('eval' in row)) throw new Error(`an address depends on ${node.op}`);
  return (row.eval as (...args: Scalar[]) => Scalar)(...node.args.map((arg) => evaluate(arg, read)));
}

function addressUse(node: Node): AddressUse {
  const base = slotsOf(node).find(({ group }) => group === 'general');
  return { base, offset: (read) => evaluate(node, (slot) => (slot === base ? 0n : read(slot))) as bigint };
}

export function analyse(block: Block): Analysis {
  const accesses = block.nodes.filter(({ attributes }) => attributes.shape !== undefined);
  const jump = block.nodes.find(({ op }) => op === 'jump');
  const reads = block.nodes.flatMap(({ op, attributes }) =>
    op === 'slot.get' || op === 'slot.get128' ? [attributes.slot!] : (attributes.reads ?? []),
  );
  return {
    reads: [...new Set(reads)].filter(({ group }) => group === 'general' || group === 'float'),
    memory: accesses.length === 0 ? undefined : memoryUse(accesses),
    jump: jump && addressUse(jump.args[0]),
  };
}

function memoryUse(accesses: readonly Node[]): NonNullable<Analysis['memory']> {
  const [first] = accesses;
  const at = (node: Node) => evaluate(node.args[0], () => 0n) as bigint;
  const ends = accesses.map((node) => Number(BigInt.asIntN(64, at(node) - at(first))) + node.attributes.shape!.size);
  return { ...addressUse(first.args[0]), shape: first.attributes.shape!, extent: Math.max(...ends) };
}
