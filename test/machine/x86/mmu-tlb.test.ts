// SDM vol. 3A, 4.6 and 4.10.2, by what the TLB holds: rights and never verdicts, against mmu-oracle.ts.
import { describe, expect, it } from 'vitest';
import { combination, compareHeld, PLACES, place, tried } from './mmu-cases.ts';
import { NX, U, W } from './mmu-harness.ts';

const TRIED = tried(100);
const CHANGES = Array.from({ length: 8 }, (_, i) =>
  [W, U, NX].reduce((sum, bit, n) => (i & (1 << n) ? sum | bit : sum), 0n),
);

describe.each(PLACES)('$levels-level paging, a leaf at level $level', ({ levels, level }) => {
  it('what a load entered answers every other access as the tables would: rights of each level, combinations in turn', {
    timeout: 3_600_000,
  }, () => {
    const at = place(levels, level);
    const { bench, entries, whole } = at;
    const wrong: string[] = [];
    let turn = 0;
    for (const [i, entry] of entries.entries()) {
      for (const change of CHANGES) {
        bench.poke(entry, whole[i] ^ change);
        for (let n = 0; n < TRIED; n++) {
          const { setting, one } = combination(turn++);
          // XD would be reserved, and nothing held.
          if ((change & NX) !== 0n && !setting.nxe) continue;
          wrong.push(...compareHeld(at, setting, one));
        }
      }
      bench.poke(entry, whole[i]);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });
});
