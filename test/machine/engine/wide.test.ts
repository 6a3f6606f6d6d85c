import { describe, expect, it } from 'vitest';
import { TRAPPED } from '../../../machine/engine/context.ts';
import type { Builder, V128 } from '../../../machine/ir/index.ts';
import { A, B, run, V, W } from './compiled.ts';

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
