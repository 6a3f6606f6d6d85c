import { expect, it } from 'vitest';
import { accessShape } from '../../../machine/access.ts';
import { type Block, Builder, type I32, type I64, SlotTable, verify } from '../../../machine/ir/index.ts';

const SLOTS = new SlotTable([
  { name: 'a', type: 'i64', group: 'general' },
  { name: 'flags', type: 'i32', group: 'control' },
  { name: 'v', type: 'v128', group: 'float' },
  { name: 't', type: 'i64', group: 'scratch' },
]);
const A = SLOTS.get('a');
const FLAGS = SLOTS.get('flags');
const V = SLOTS.get('v');
const T = SLOTS.get('t');

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
  [
    'a store behind a write that follows a store',
    (b) => {
      b.store(b.pc(), b.pc(), 8);
      b.set(A, b.pc());
      b.store128(b.pc(), b.get128(V));
    },
    ['7 v128.store: may fault after slot.set 4'],
  ],
  [
    'a load behind two stores',
    (b) => {
      b.store128(b.pc(), b.get128(V));
      b.store(b.pc(), b.pc(), 8);
      b.load128(b.pc());
    },
    ['7 v128.load: may fault after v128.store 2'],
  ],
  [
    'a check behind a compare-and-swap',
    (b) => {
      b.cas(b.pc(), b.pc(), b.pc(), 8);
      b.trapIf(b.i32(1), 2, b.pc());
    },
    ['6 trap.if: may fault after cas 3'],
  ],
  [
    'a check behind a slot of 128 bits',
    (b) => {
      b.set128(V, b.get128(V));
      b.trapIf(b.i32(1), 2, b.pc());
    },
    ['4 trap.if: may fault after slot.set128 1'],
  ],
  [
    'a vector where an i64 belongs',
    (b) => b.set(A, b.get128(V) as unknown as I64),
    ['1 slot.set: operand 0 is v128 instead of i64'],
  ],
  ['half a vector slot', (b) => void b.get(V), ['0 slot.get: slot v is v128 instead of i64']],
  ['lane 16 of 16', (b) => void b.extractLane('i8x16', b.get128(V), 16), ['1 i8x16.extract_lane: lanes 16']],
  [
    'a shuffle of fifteen bytes',
    (b) => void b.shuffle(b.get128(V), b.get128(V), Array<number>(15).fill(31)),
    [`2 i8x16.shuffle: lanes ${'31 '.repeat(15).trim()}`],
  ],
  [
    'a load after a call that changes a register',
    (b) => {
      b.call('h', [], { writes: [T, A] });
      b.load(b.pc(), { size: 8 });
    },
    ['2 load: may fault after call 0'],
  ],
  [
    'a load after a call of which nothing is known',
    (b) => {
      b.call('h', [], {});
      b.load(b.pc(), { size: 8 });
    },
    ['2 load: may fault after call 0'],
  ],
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
  [
    'a vector beyond 2^128',
    altered((b) => void b.v128(0n), 0, { attributes: { value: 1n << 128n } }),
    [`0 v128.const: value ${1n << 128n}`],
  ],
  [
    'a shuffle without lanes',
    altered((b) => void b.shuffle(b.get128(V), b.get128(V), []), 2, { attributes: {} }),
    ['2 i8x16.shuffle: lanes undefined'],
  ],
  [
    'a load of 16 bytes into 64 bits',
    altered((b) => void b.load(b.pc(), { size: 8 }), 1, { attributes: { shape: accessShape('load', 16) } }),
    ['1 load: size 16'],
  ],
  [
    'an ordered store of 16 bytes',
    altered((b) => b.store128(b.pc(), b.get128(V)), 2, { attributes: { shape: accessShape('store', 16, 'ordered') } }),
    ['2 v128.store: shape store ordered'],
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
  [
    'a load after what was handed to a helper, and after a call that only hands back',
    (b) => {
      b.set(T, b.pc());
      b.call('h', [], { reads: [T], writes: [T] });
      b.load(b.get(T), { size: 8 });
    },
  ],
  [
    'the two halves of a read-modify-write, and an early end between',
    (b) => {
      b.load(b.pc(), { size: 8, forStore: true });
      b.endIf(b.i32(1));
      b.store(b.pc(), b.pc(), 8);
    },
  ],
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
    'stores in a row, then writes',
    (b) => {
      b.store128(b.pc(), b.get128(V));
      b.store(b.pc(), b.pc(), 4);
      b.store128(b.pc(), b.get128(V), { alignment: 4 });
      b.set128(V, b.v128(1n));
    },
  ],
  [
    'a compare-and-swap of 16 bytes',
    (b) => b.set128(V, b.cas128(b.pc(), b.get128(V), b.pure('v128.make', b.get(A), b.pc()))),
  ],
  [
    'lanes at their ends',
    (b) => {
      const v = b.get128(V);
      b.set(A, b.extractLane('i64x2', v, 1));
      b.set128(V, b.replaceLane('i8x16', b.shuffle(v, v, Array<number>(16).fill(31)), 15, b.pc()));
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
