import { expect, it } from 'vitest';
import { accessShape } from '../../../machine/access.ts';
import { type Block, Builder, type I32, type I64, SlotTable, verify } from '../../../machine/ir/index.ts';

const SLOTS = new SlotTable([
  { name: 'a', type: 'i64', group: 'general' },
  { name: 'flags', type: 'i32', group: 'control' },
]);
const A = SLOTS.get('a');
const FLAGS = SLOTS.get('flags');

/** The block that `build` makes, with the node at `index` replaced in part. */
function altered(build: (b: Builder) => void, index: number, change: object): Block {
  const b = new Builder();
  build(b);
  const { nodes } = b.block();
  const node = { ...nodes[index], ...change };
  return { nodes: nodes.map((other, i) => (i === index ? node : other)) };
}

const broken: [string, (b: Builder) => void, string[]][] = [
  [
    'a trap after a slot is written',
    (b) => {
      b.set(A, b.i64(1n));
      b.trapIf(b.i32(1), 2, b.i64(0n));
    },
    ['4 trap.if: may fault after slot.set 1'],
  ],
  [
    'a load after a store',
    (b) => {
      b.store(b.pc(), b.pc(), 8);
      b.load(b.pc(), { size: 8 });
    },
    ['4 load: may fault after store 2'],
  ],
  [
    'a trap after a jump',
    (b) => {
      b.jump(b.pc());
      b.trapIf(b.i32(1), 2, b.i64(0n));
    },
    ['4 trap.if: may fault after jump 1', '4 trap.if: follows jump 1'],
  ],
  [
    'two terminals',
    (b) => {
      b.jump(b.pc());
      b.jump(b.pc());
    },
    ['3 jump: follows jump 1'],
  ],
  [
    'an i32 where an i64 belongs',
    (b) => b.set(A, b.i32(1) as unknown as I64),
    ['1 slot.set: operand 0 is i32 instead of i64'],
  ],
  [
    'an i64 where an i32 belongs',
    (b) => b.branch(b.pc() as unknown as I32, b.pc()),
    ['2 branch: operand 0 is i64 instead of i32'],
  ],
  [
    'an operand without value',
    (b) => {
      b.jump(b.pc());
      b.set(A, b.block().nodes[1] as unknown as I64);
    },
    ['2 slot.set: operand 0 is no value instead of i64'],
  ],
  [
    'a node of another block',
    (b) => b.set(A, new Builder().pc()),
    ['0 slot.set: operand 0 is no earlier node of the block'],
  ],
  ['a 32-bit slot read as 64 bits', (b) => void b.get(FLAGS), ['0 slot.get: slot flags is i32 instead of i64']],
  ['a 64-bit slot written as 32 bits', (b) => b.set32(A, b.i32(0)), ['1 slot.set32: slot a is i64 instead of i32']],
  ['a load of 3 bytes', (b) => void b.load(b.pc(), { size: 3 }), ['1 load: size 3']],
];
it.each(broken)('refuses %s', (_, build, problems) => {
  const b = new Builder();
  build(b);
  expect(verify(b.block())).toEqual(problems);
});

const damaged: [string, Block, string[]][] = [
  ['a wrong number', altered((b) => void b.pc(), 0, { id: 3 }), ['0 pc: has number 3']],
  ['a missing operand', altered((b) => b.jump(b.pc()), 1, { args: [] }), ['1 jump: 0 operands instead of 1']],
  ['a negative i64', altered((b) => void b.i64(0n), 0, { attributes: { value: -1n } }), ['0 i64.const: value -1']],
  [
    'an i32 beyond 2^31',
    altered((b) => void b.i32(0), 0, { attributes: { value: 2 ** 31 } }),
    ['0 i32.const: value 2147483648'],
  ],
  [
    'a trap without cause',
    altered((b) => b.trapIf(b.i32(1), 2, b.pc()), 2, { attributes: {} }),
    ['2 trap.if: no cause'],
  ],
  ['a call of nothing', altered((b) => b.call('h', [], {}), 0, { attributes: {} }), ['0 call: no helper']],
  [
    'an AMO without operation',
    altered((b) => void b.amo('add', b.pc(), b.pc(), 4), 2, { attributes: { shape: accessShape('store', 4, 'amo') } }),
    ['2 amo: no operation'],
  ],
  [
    'a plain store of an AMO’s shape',
    altered((b) => b.store(b.pc(), b.pc(), 4), 2, { attributes: { shape: accessShape('store', 4, 'amo') } }),
    ['2 store: shape store amo'],
  ],
];
it.each(damaged)('refuses %s', (_, block, problems) => {
  expect(verify(block)).toEqual(problems);
});

const good: [string, (b: Builder) => void][] = [
  ['a branch', (b) => b.branch(b.eq(b.get(A), b.i64(0n)), b.pc())],
  [
    'a link register written behind the jump',
    (b) => {
      const a = b.get(A);
      b.jump(a);
      b.set(A, b.pc());
    },
  ],
  [
    'a check, a load, then writes',
    (b) => {
      b.trapIf(b.get32(FLAGS), 2, b.pc());
      b.set(A, b.load(b.pc(), { size: 4 }));
      b.set32(FLAGS, b.i32(1));
    },
  ],
  [
    'a call whose helper may trap',
    (b) => {
      b.call('h', [1], { writes: [A] });
      b.jump(b.get(A));
    },
  ],
];
it.each(good)('accepts %s', (_, build) => {
  const b = new Builder();
  build(b);
  expect(verify(b.block())).toEqual([]);
});
