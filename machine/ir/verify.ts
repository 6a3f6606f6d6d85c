import type { Block, Node } from './block.ts';
import { OPS, type OpName, type OpRow } from './ops.ts';

const TERMINALS: ReadonlySet<OpName> = new Set(['jump', 'branch']);
const SLOT_TYPE: Partial<Record<OpName, string>> = {
  'slot.get': 'i64',
  'slot.set': 'i64',
  'slot.get32': 'i32',
  'slot.set32': 'i32',
  'slot.get128': 'v128',
  'slot.set128': 'v128',
};
const SIZES = [1, 2, 4, 8];
/** Kind, atomicities and sizes of the shape that a memory operation carries. */
const SHAPES: Partial<
  Record<OpName, { kind: string; also?: string; atomicity: readonly string[]; sizes: readonly number[] }>
> = {
  load: { kind: 'load', also: 'store', atomicity: ['plain', 'ordered', 'reserved'], sizes: SIZES },
  store: { kind: 'store', atomicity: ['plain', 'ordered'], sizes: SIZES },
  'store.conditional': { kind: 'store', atomicity: ['conditional'], sizes: SIZES },
  amo: { kind: 'store', atomicity: ['amo'], sizes: SIZES },
  cas: { kind: 'store', atomicity: ['amo'], sizes: SIZES },
  'v128.load': { kind: 'load', atomicity: ['plain', 'reserved'], sizes: [16] },
  'v128.store': { kind: 'store', atomicity: ['plain'], sizes: [16] },
  'v128.store.conditional': { kind: 'store', atomicity: ['conditional'], sizes: [16] },
  'v128.cas': { kind: 'store', atomicity: ['amo'], sizes: [16] },
};
/** What a trap may not follow: changes that it would have to undo. */
const COMMITS: ReadonlySet<OpName> = new Set([
  'slot.set',
  'slot.set32',
  'slot.set128',
  'store',
  'store.conditional',
  'amo',
  'cas',
  'v128.store',
  'v128.store.conditional',
  'v128.cas',
  'call',
  'jump',
  'branch',
]);
/** What may follow a terminal, which only says where to go on: the link register's write. */
const AFTER_TERMINAL: ReadonlySet<OpName> = new Set(['slot.set', 'slot.set32', 'slot.set128']);
/** The stores of one instruction follow each other: those before one that faults are made, as manuals allow. */
const STORES: ReadonlySet<OpName> = new Set(['store', 'v128.store']);

/** The rules that a block breaks, a line each, beginning with the node's number; none for a good one. */
export function verify({ nodes }: Block): string[] {
  const problems: string[] = [];
  let terminal: Node | undefined;
  /** The first change and, where stores alone came first, the first other one. */
  let commit: Node | undefined;
  let written: Node | undefined;
  nodes.forEach((node, i) => {
    const row: OpRow = OPS[node.op];
    const say = (what: string) => void problems.push(`${i} ${node.op}: ${what}`);
    if (node.id !== i) say(`has number ${node.id}`);
    if (node.args.length !== row.args.length) say(`${node.args.length} operands instead of ${row.args.length}`);
    node.args.forEach((arg, k) => {
      if (arg.id >= i || nodes[arg.id] !== arg) say(`operand ${k} is no earlier node of the block`);
      const type = (OPS[arg.op] as OpRow).result;
      if (type !== row.args[k]) say(`operand ${k} is ${type ?? 'no value'} instead of ${row.args[k]}`);
    });
    for (const problem of attributeProblems(node)) say(problem);
    const before = STORES.has(node.op) ? written : commit;
    if (row.mayFault && before) say(`may fault after ${before.op} ${before.id}`);
    if (terminal && row.effect && !AFTER_TERMINAL.has(node.op)) say(`follows ${terminal.op} ${terminal.id}`);
    if (TERMINALS.has(node.op)) terminal ??= node;
    const commits = COMMITS.has(node.op) && !touchesScratchAlone(node);
    if (commits) commit ??= node;
    if (commits && !STORES.has(node.op)) written ??= node;
  });
  return problems;
}

/** Whether all that a slot's write or a call changes is on its way from one operation to another. */
const touchesScratchAlone = ({ op, attributes: { slot, writes = [] } }: Node): boolean =>
  op === 'call' ? writes.length > 0 && writes.every(({ group }) => group === 'scratch') : slot?.group === 'scratch';

function attributeProblems({ op, attributes }: Node): string[] {
  const problems: string[] = [];
  const { slot, shape, value, cause, helper, amo, lanes } = attributes;
  const numbered = (OPS[op] as OpRow).lanes;
  const slotType = SLOT_TYPE[op];
  if (slotType && slot?.type !== slotType) problems.push(`slot ${slot?.name} is ${slot?.type} instead of ${slotType}`);
  const expected = SHAPES[op];
  if (expected) {
    const fits = shape?.kind === expected.kind || (shape?.kind === expected.also && shape?.atomicity === 'plain');
    if (!fits || !expected.atomicity.includes(shape.atomicity)) {
      problems.push(`shape ${shape?.kind} ${shape?.atomicity}`);
    }
    if (shape && !expected.sizes.includes(shape.size)) problems.push(`size ${shape.size}`);
  }
  if (op === 'i64.const' && !(typeof value === 'bigint' && value === BigInt.asUintN(64, value))) {
    problems.push(`value ${value}`);
  }
  if (op === 'i32.const' && !(typeof value === 'number' && value === (value | 0))) problems.push(`value ${value}`);
  if (op === 'v128.const' && !(typeof value === 'bigint' && value === BigInt.asUintN(128, value))) {
    problems.push(`value ${value}`);
  }
  if (numbered && !(lanes?.length === numbered.count && lanes.every((lane) => lane >= 0 && lane < numbered.below))) {
    problems.push(`lanes ${lanes?.join(' ')}`);
  }
  if (op === 'amo' && amo === undefined) problems.push('no operation');
  if (op === 'trap.if' && cause === undefined) problems.push('no cause');
  if (op === 'call' && !helper) problems.push('no helper');
  return problems;
}
