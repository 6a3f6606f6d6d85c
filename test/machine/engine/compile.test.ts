import { describe, expect, it } from 'vitest';
import type { AccessShape } from '../../../machine/access.ts';
import { compile } from '../../../machine/engine/compile.ts';
import { type Context, DONE, makeContext, TRAPPED } from '../../../machine/engine/context.ts';
import { FAST } from '../../../machine/engine/pure.ts';
import type { Hart } from '../../../machine/hart.ts';
import {
  Builder,
  type I64,
  type LaneShape,
  type Node,
  OPS,
  type OpName,
  type OpRow,
  type Scalar,
  SlotTable,
  type V128,
} from '../../../machine/ir/index.ts';
import type { Helper } from '../../../machine/isa.ts';
import type { VirtualMemory } from '../../../machine/virtual-memory.ts';
import { laneLists, operandTuples } from '../ir/operands.ts';

const SLOTS = new SlotTable([
  ...['a', 'b', 'c', 'd'].map((name) => ({ name, type: 'i64', group: 'general' }) as const),
  ...['v', 'w'].map((name) => ({ name, type: 'v128', group: 'float' }) as const),
]);
const [A, B, C, D, V, W] = SLOTS.slots;

/** Runs what `build` makes on slots a to d; `log` shows memory accesses and helpers in the order they happened. */
function run(build: (b: Builder) => void, slots: readonly bigint[], loads: Record<string, bigint | undefined> = {}) {
  const log: string[] = [];
  const b = new Builder();
  build(b);
  const u64 = new BigUint64Array(SLOTS.size / 8);
  u64.set(slots);
  const memory = {
    load: (address: bigint, size: number) => {
      log.push(`load${size} ${address}`);
      return loads[String(address)];
    },
    store: (address: bigint, size: number, value: bigint) => {
      log.push(`store${size} ${address}=${value}`);
      return true;
    },
    load128: (address: bigint, _: AccessShape, to: Int32Array, at: number) => {
      log.push(`load128 ${address}`);
      const { wide } = loads;
      if (wide !== undefined)
        for (let i = 0; i < 4; i++) to[at + i] = Number(BigInt.asIntN(32, wide >> BigInt(32 * i)));
      return wide !== undefined;
    },
    store128: (address: bigint, _: AccessShape, from: Int32Array, at: number) => {
      const words = [3, 2, 1, 0].map((i) => BigInt(from[at + i] >>> 0));
      log.push(`store128 ${address}=${words.reduce((all, word) => (all << 32n) | word)}`);
      return true;
    },
  };
  const hart = {
    raise: (cause: number, value: bigint) => {
      log.push(`trap ${cause} ${value}`);
      return false;
    },
  };
  const helpers: Record<string, Helper> = {
    'a=99': () => {
      log.push('call');
      u64[0] = 99n;
      return true;
    },
    refuse: () => false,
  };
  const state = { ...hart, u64, i32: new Int32Array(u64.buffer) };
  const context = makeContext(state as unknown as Hart, memory as unknown as VirtualMemory);
  context.pc = 0x1000n;
  context.next = 0x1004n;
  const status = compile(b.block(), helpers)(context);
  return { status, slots: [...u64.slice(0, slots.length)], log, next: context.next };
}

describe('operations without a call through the table mean what the table says, in each form', () => {
  it.each(Object.entries(FAST))('%s', (name, forms) => {
    const { args, eval: meaning } = OPS[name as OpName] as OpRow;
    const evaluate = meaning as unknown as (...operands: Scalar[]) => Scalar;
    const u64 = new BigUint64Array(4);
    const context = { u64, i32: new Int32Array(u64.buffer) } as unknown as Context;
    const { values, constant, slots, slot, slotConstant } = forms!;
    for (const operands of operandTuples(args, 3000)) {
      const [a, b] = operands.map((value) => () => value) as (() => never)[];
      const k = operands[1] as never;
      if (args[0] === 'i64') u64.set(operands as bigint[], 2);
      const got = {
        values: values(a, b),
        constant: constant?.(a, k),
        slots: slots?.(2, 3),
        slot: slot?.(2),
        slotConstant: slotConstant?.(2, k),
      };
      for (const [form, read] of Object.entries(got)) {
        if (read) expect(read(context), `${name} ${form} ${operands}`).toBe(evaluate(...operands));
      }
    }
  });
});

describe('each operation, compiled', () => {
  const pure = (Object.entries(OPS) as [OpName, OpRow][]).filter(([, row]) => row.eval);
  const wide = (slots: readonly bigint[], at: number) => slots[at] | (slots[at + 1] << 64n);

  it.each(pure)('%s', (op, row) => {
    const { args, result, eval: meaning } = row;
    const evaluate = meaning as unknown as (...operands: (Scalar | readonly number[])[]) => Scalar;
    for (const lanes of laneLists(row)) {
      for (const operands of operandTuples(args, 50)) {
        // Vectors are constants, or come from slots, where the engine may leave them.
        const vectors = operands.filter((_, i) => args[i] === 'v128') as bigint[];
        const inSlots = vectors.slice(0, 2).flatMap((value) => [BigInt.asUintN(64, value), value >> 64n]);
        for (const fromSlots of vectors.length > 0 ? [false, true] : [false]) {
          const { slots } = run(
            (b) => {
              const places = [V, W];
              const nodes: Node[] = operands.map((value, i) => {
                if (args[i] === 'i32') return b.i32(value as number);
                if (args[i] === 'i64') return b.i64(value as bigint);
                const slot = fromSlots ? places.shift() : undefined;
                return slot ? b.get128(slot) : b.v128(value as bigint);
              });
              const value = lanes ? withLanes(b, op, nodes, lanes) : b.pure(op as 'i64.add', ...nodes);
              if (result === 'v128') b.set128(W, value as unknown as V128);
              else if (result === 'i64') b.set(A, value as I64);
              else b.set(A, b.pure('i64.extend_i32_s', value));
            },
            [0n, 0n, 0n, 0n, ...inSlots, ...Array<bigint>(4 - inSlots.length).fill(0n)],
          );
          const expected = BigInt(lanes ? evaluate(...operands, lanes) : evaluate(...operands));
          const got = result === 'v128' ? wide(slots, 6) : slots[0];
          expect(got, `${op} ${operands} ${lanes}`).toBe(result === 'v128' ? expected : BigInt.asUintN(64, expected));
        }
      }
    }
  });
});

/** An operation that carries numbers of lanes, built as its own method does. */
function withLanes(b: Builder, op: OpName, [first, second]: readonly Node[], lanes: readonly number[]): Node {
  const [shape, name] = op.split('.') as [LaneShape, string];
  if (name === 'shuffle') return b.shuffle(first as V128, second as V128, lanes);
  if (name === 'extract_lane') return b.extractLane(shape, first as V128, lanes[0]);
  return b.replaceLane(shape, first as V128, lanes[0], second as I64);
}

describe('values of 128 bits', () => {
  const [LOW, HIGH] = [0x8877_6655_4433_2211n, 0xffee_ddcc_bbaa_9900n];
  const slots = (v: readonly bigint[], w: readonly bigint[] = [0n, 0n]) => [1n, 2n, 3n, 4n, ...v, ...w];
  /** Slots v and w after what `build` makes of v = HIGH:LOW and w = 0; memory is HIGH:LOW everywhere. */
  const outcome = (build: (b: Builder) => void) => {
    const { slots: end, log } = run(build, slots([LOW, HIGH]), { wide: (HIGH << 64n) | LOW });
    return { v: end.slice(4, 6), w: end.slice(6, 8), log };
  };
  const word = (...values: bigint[]) => values.map((value) => BigInt.asUintN(64, value));

  it.each<[string, (b: Builder) => void, readonly bigint[], readonly bigint[]]>([
    ['slot to slot', (b) => b.set128(W, b.get128(V)), [LOW, HIGH], [LOW, HIGH]],
    [
      'two slots exchanged',
      (b) => {
        const [v, w] = [b.get128(V), b.get128(W)];
        b.set128(V, w);
        b.set128(W, v);
      },
      [0n, 0n],
      [LOW, HIGH],
    ],
    [
      'its own halves exchanged, in place',
      (b) => {
        const v = b.get128(V);
        b.set128(V, b.pure('v128.make', b.pure('v128.high', v), b.pure('v128.low', v)));
      },
      [HIGH, LOW],
      [0n, 0n],
    ],
    [
      'halves taken before the slot is written and used behind it',
      (b) => {
        const v = b.get128(V);
        const [low, high] = [b.pure('v128.low', v), b.pure('v128.high', v)];
        b.set128(V, b.v128(5n));
        b.set128(W, b.pure('v128.make', high, low));
      },
      [5n, 0n],
      [HIGH, LOW],
    ],
    [
      'a value used in one piece behind a write of its slot',
      (b) => {
        const v = b.get128(V);
        b.set128(V, b.v128(5n));
        b.set128(W, v);
      },
      [5n, 0n],
      [LOW, HIGH],
    ],
    [
      'one made of halves and used twice',
      (b) => {
        const made = b.pure('v128.make', b.get(A), b.get(B));
        b.set128(V, made);
        b.set128(W, b.pure('v128.not', made));
      },
      [1n, 2n],
      word(~1n, ~2n),
    ],
    ['loaded', (b) => b.set128(W, b.load128(b.i64(16n))), [LOW, HIGH], [LOW, HIGH]],
    [
      'loaded and computed with, and in halves',
      (b) => {
        const value = b.load128(b.i64(16n));
        b.set128(V, b.pure('v128.make', b.pure('v128.high', value), b.i64(0n)));
        b.set128(W, b.pure('v128.not', value));
      },
      [HIGH, 0n],
      word(~LOW, ~HIGH),
    ],
  ])('%s', (_, build, v, w) => {
    expect(outcome(build)).toMatchObject({ v, w });
  });

  it.each<[string, (b: Builder) => V128, bigint]>([
    ['a slot', (b) => b.get128(V), (HIGH << 64n) | LOW],
    ['halves', (b) => b.pure('v128.make', b.get(B), b.get(A)), (1n << 64n) | 2n],
    ['a constant', (b) => b.v128(7n << 100n), 7n << 100n],
    ['what was computed', (b) => b.pure('v128.not', b.get128(V)), ((1n << 128n) - 1n) ^ ((HIGH << 64n) | LOW)],
  ])('stored from %s', (_, build, value) => {
    expect(outcome((b) => b.store128(b.i64(32n), build(b))).log).toEqual([`store128 32=${value}`]);
  });

  it('stored as it was before a write of its slot that comes between', () => {
    const { log, v } = outcome((b) => {
      const value = b.get128(V);
      b.store128(b.i64(32n), b.get128(W));
      b.store128(b.i64(48n), value);
      b.set128(V, b.get128(W));
    });
    expect(log).toEqual(['store128 32=0', `store128 48=${(HIGH << 64n) | LOW}`]);
    expect(v).toEqual([0n, 0n]);
  });

  it('two loads before either is written', () => {
    const { v, w, log } = outcome((b) => {
      const [first, second] = [b.load128(b.i64(16n)), b.load128(b.i64(32n))];
      b.set128(V, first);
      b.set128(W, second);
    });
    expect([v, w, log]).toEqual([
      [LOW, HIGH],
      [LOW, HIGH],
      ['load128 16', 'load128 32'],
    ]);
  });

  it('a load that traps leaves both slots', () => {
    const end = run(
      (b) => {
        const [first, second] = [b.load128(b.i64(16n)), b.load128(b.i64(32n))];
        b.set128(V, first);
        b.set128(W, second);
      },
      slots([LOW, HIGH]),
      {},
    );
    expect([end.status, end.slots.slice(4)]).toEqual([TRAPPED, [LOW, HIGH, 0n, 0n]]);
  });
});

describe('when a value is taken', () => {
  it('a slot read before a later write of the slot keeps the old value', () => {
    const swap = run(
      (b) => {
        const [a, c] = [b.get(A), b.get(B)];
        b.set(A, c);
        b.set(B, a);
      },
      [1n, 2n],
    );
    expect(swap.slots).toEqual([2n, 1n]);
  });

  it('an expression built before a write and used behind it has the old value', () => {
    const { slots } = run(
      (b) => {
        const sum = b.add(b.add(b.get(A), b.i64(10n)), b.get(B));
        b.set(A, b.i64(7n));
        b.set(C, sum);
      },
      [1n, 2n, 0n],
    );
    expect(slots).toEqual([7n, 2n, 13n]);
  });

  it('a read inside an expression of later use, with the write between the read and the expression', () => {
    const { slots } = run(
      (b) => {
        const a = b.get(A);
        b.set(A, b.i64(7n));
        b.set(C, b.add(a, b.get(A)));
      },
      [1n, 0n, 0n],
    );
    expect(slots[2]).toBe(8n);
  });

  it('a value used twice, before and behind a write', () => {
    const { slots } = run(
      (b) => {
        const next = b.add(b.get(A), b.i64(1n));
        b.set(A, next);
        b.set(B, next);
        b.set(C, b.add(next, next));
      },
      [1n, 0n, 0n],
    );
    expect(slots).toEqual([2n, 2n, 4n]);
  });

  it('a read twice in one operation', () => {
    expect(
      run(
        (b) => {
          const a = b.get(A);
          b.set(A, b.mul(a, a));
        },
        [5n],
      ).slots,
    ).toEqual([25n]);
  });

  it('a chain through values used once and twice', () => {
    const { slots } = run(
      (b) => {
        const a = b.get(A);
        const twice = b.add(a, b.get(B));
        const once = b.xor(twice, b.i64(1n));
        b.set(A, b.i64(0n));
        b.set(B, twice);
        b.set(C, once);
        b.set(D, b.sub(twice, once));
      },
      [4n, 8n, 0n, 0n],
    );
    expect(slots).toEqual([0n, 12n, 13n, BigInt.asUintN(64, -1n)]);
  });

  it('a slot read before a helper that writes it', () => {
    const { slots } = run(
      (b) => {
        const before = b.get(A);
        b.call('a=99', [], { writes: [A] });
        b.set(B, before);
        b.set(C, b.get(A));
      },
      [1n, 0n, 0n],
    );
    expect(slots).toEqual([99n, 1n, 99n]);
  });

  it('a slot read three times in place, before and behind writes of another and of itself', () => {
    const { slots } = run(
      (b) => {
        const a = b.get(A);
        b.set(B, b.add(a, b.i64(1n)));
        b.set(C, b.sub(a, b.get(D)));
        b.set(A, b.and(a, b.i64(6n)));
        b.set(D, b.get(A));
      },
      [15n, 0n, 0n, 5n],
    );
    expect(slots).toEqual([6n, 16n, 10n, 6n]);
  });

  it('an expression of one slot used behind the write of another', () => {
    const { slots } = run(
      (b) => {
        const sum = b.add(b.get(A), b.i64(1n));
        b.set(B, b.i64(9n));
        b.set(A, b.i64(8n));
        b.set(C, sum);
      },
      [1n, 0n, 0n],
    );
    expect(slots).toEqual([8n, 9n, 2n]);
  });

  it('a word of a slot, of a constant or of a word, to a slot with zeros above', () => {
    const { slots } = run(
      (b) => {
        const word = b.wrap(b.get(A));
        b.set(A, b.i64(1n));
        b.set(B, b.extendI32u(word));
        b.set(C, b.extendI32u(b.wrap(b.i64(0xffff_ffff_8765_4321n))));
        const twice = b.extendI32u(b.pure('i32.add', b.wrap(b.get(D)), b.i32(1)));
        b.set(D, twice);
        b.set(A, b.extendI32u(b.wrap(twice)));
      },
      [0x1_8000_0000n, ~0n, 0n, 0x7777_7fff_ffffn],
    );
    expect(slots).toEqual([0x8000_0000n, 0x8000_0000n, 0x8765_4321n, 0x8000_0000n]);
  });

  it('a branch condition read before the slot is written', () => {
    const { next } = run(
      (b) => {
        const zero = b.eq(b.get(A), b.i64(0n));
        b.set(A, b.i64(1n));
        b.branch(zero, b.add(b.pc(), b.i64(0x20n)));
      },
      [0n],
    );
    expect(next).toBe(0x1020n);
  });
});

describe('memory', () => {
  const loads = { 8: 0x80n, 16: 0xffff_fff0n };

  it('loads happen in their order, once each, used or not', () => {
    const { log, slots } = run(
      (b) => {
        const first = b.load(b.get(A), { size: 8 });
        const second = b.load(b.get(B), { size: 4, signed: true });
        b.load(b.i64(8n), { size: 1, signed: true });
        b.set(C, b.add(second, first));
        b.set(D, first);
      },
      [8n, 16n, 0n, 0n],
      loads,
    );
    expect(log).toEqual(['load8 8', 'load4 16', 'load1 8']);
    expect(slots.slice(2)).toEqual([0x70n, 0x80n]);
  });

  it.each([
    [1, true, BigInt.asUintN(64, -0x80n)],
    [1, false, 0x80n],
    [2, true, 0x80n],
  ] as const)('a load of %d bytes, signed %s', (size, signed, value) => {
    expect(run((b) => b.set(A, b.load(b.i64(8n), { size, signed })), [0n], loads).slots).toEqual([value]);
  });

  it('a load that traps ends the instruction before anything is written', () => {
    const { status, slots, log } = run(
      (b) => {
        const value = b.load(b.i64(24n), { size: 8 });
        b.set(A, value);
        b.store(b.i64(8n), value, 8);
      },
      [1n],
      loads,
    );
    expect([status, slots, log]).toEqual([TRAPPED, [1n], ['load8 24']]);
  });

  it('a load between two reads of a slot does not move them', () => {
    const { log, slots } = run(
      (b) => {
        const address = b.add(b.get(A), b.i64(0n));
        const value = b.load(address, { size: 8 });
        b.store(address, b.add(value, b.i64(1n)), 4);
        b.set(A, value);
      },
      [8n],
      loads,
    );
    expect(log).toEqual(['load8 8', 'store4 8=129']);
    expect(slots).toEqual([0x80n]);
  });
});

describe('leaving an instruction', () => {
  it('a trap whose condition holds ends it; one whose does not, not', () => {
    const build = (b: Builder) => {
      b.trapIf(b.wrap(b.get(A)), 2, b.add(b.get(A), b.i64(1n)));
      b.set(B, b.i64(3n));
    };
    expect(run(build, [4n, 0n])).toMatchObject({ status: TRAPPED, slots: [4n, 0n], log: ['trap 2 5'] });
    expect(run(build, [0n, 0n])).toMatchObject({ status: DONE, slots: [0n, 3n], log: [] });
  });

  it('a helper that refuses ends it', () => {
    const { status, slots } = run(
      (b) => {
        b.call('refuse', [], {});
        b.set(A, b.i64(3n));
      },
      [1n],
    );
    expect([status, slots]).toEqual([TRAPPED, [1n]]);
  });

  it('a jump target is computed before a register is written behind it', () => {
    const { next, slots } = run(
      (b) => {
        b.jump(b.get(A));
        b.set(A, b.i64(4n));
      },
      [0x2000n],
    );
    expect([next, slots]).toEqual([0x2000n, [4n]]);
  });

  it('a branch not taken goes on at the next instruction', () => {
    expect(run((b) => b.branch(b.i32(0), b.i64(0n)), []).next).toBe(0x1004n);
  });

  it('an empty block does nothing', () => {
    expect(run(() => {}, [1n])).toMatchObject({ status: DONE, slots: [1n], next: 0x1004n });
  });

  it('a helper that the target lacks is a bug, found when the code is made', () => {
    expect(() => run((b) => b.call('nothing', [], {}), [])).toThrow('no helper named nothing');
  });
});
