// SDM vol. 3A, 4.6: rights by pairs of levels, against mmu-oracle.ts, by walk and from the TLB.
import { describe, expect, it } from 'vitest';
import { combination, compare, PLACES, place, tried } from './mmu-cases.ts';
import { NX, P, U, W } from './mmu-harness.ts';

const TRIED = tried(6);

/** What is changed in an entry: R/W, U/S, XD and a reserved bit in all combinations, and P, which leaves nothing of them. */
const CHANGES: readonly bigint[] = [
  P,
  ...Array.from({ length: 16 }, (_, i) =>
    [W, U, NX, 1n << 51n].reduce((sum, bit, n) => (i & (1 << n) ? sum | bit : sum), 0n),
  ),
];

describe.each(PLACES)('$levels-level paging, a leaf at level $level', ({ levels, level }) => {
  it('P, R/W, U/S, XD and a reserved bit in each pair of levels: combinations in turn', { timeout: 36_000_000 }, () => {
    const at = place(levels, level);
    const { bench, entries, whole } = at;
    const wrong: string[] = [];
    let turn = 0;
    for (let i = 0; i < entries.length; i++) {
      for (let j = 0; j < i; j++) {
        for (const first of CHANGES) {
          for (const second of CHANGES) {
            bench.poke(entries[i], whole[i] ^ first);
            bench.poke(entries[j], whole[j] ^ second);
            for (let n = 0; n < TRIED; n++) {
              const { setting, one } = combination(turn++);
              wrong.push(...compare(at, setting, one));
            }
          }
        }
        bench.poke(entries[j], whole[j]);
      }
      bench.poke(entries[i], whole[i]);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });
});
