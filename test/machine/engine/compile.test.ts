import { describe, expect, it } from 'vitest';
import { DONE, TRAPPED } from '../../../machine/engine/context.ts';
import type { Builder } from '../../../machine/ir/index.ts';
import { A, B, C, D, run } from './compiled.ts';

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
