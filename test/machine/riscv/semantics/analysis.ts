import type { AccessShape } from '../../../../machine/access.ts';
import { type Block, type Node, OPS, type Scalar, type Slot } from '../../../../machine/ir/index.ts';

/** An address that an instruction computes: a register, where there is one, plus a constant. */
export interface AddressUse {
  readonly base: Slot | undefined;
  readonly offset: bigint;
}

/** What the making of good operands wants to know of an instruction; its meaning is not judged by this. */
export interface Analysis {
  /** Registers it reads. */
  readonly reads: readonly Slot[];
  readonly memory: (AddressUse & { readonly shape: AccessShape }) | undefined;
  readonly jump: AddressUse | undefined;
}

function slotsOf(node: Node): Slot[] {
  if (node.op === 'slot.get' || node.op === 'slot.get32') return [node.attributes.slot!];
  return node.args.flatMap(slotsOf);
}

/** The value of an expression where every register is 0. */
function constantPart(node: Node): Scalar {
  if (node.op === 'slot.get' || node.op === 'pc') return 0n;
  if (node.op === 'i64.const' || node.op === 'i32.const') return node.attributes.value!;
  const row = OPS[node.op];
  if (!('eval' in row)) throw new Error(`an address depends on ${node.op}`);
  return (row.eval as (...args: Scalar[]) => Scalar)(...node.args.map(constantPart));
}

const addressUse = (node: Node): AddressUse => ({ base: slotsOf(node)[0], offset: constantPart(node) as bigint });

export function analyse(block: Block): Analysis {
  const memory = block.nodes.find(({ attributes }) => attributes.shape !== undefined);
  const jump = block.nodes.find(({ op }) => op === 'jump');
  const reads = block.nodes.flatMap((node) =>
    node.op === 'slot.get' ? [node.attributes.slot!] : (node.attributes.reads ?? []),
  );
  return {
    reads: [...new Set(reads)].filter(({ group }) => group === 'general' || group === 'float'),
    memory: memory && { ...addressUse(memory.args[0]), shape: memory.attributes.shape! },
    jump: jump && addressUse(jump.args[0]),
  };
}
