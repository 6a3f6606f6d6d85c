// SDM vol. 3A, 4.5 to 4.7: bits of entries against mmu-oracle.ts, by walk and from the TLB.
import { describe, expect, it } from 'vitest';
import { BOTH, combination, compare, PLACES, place, tried } from './mmu-cases.ts';
import { ACCESSES, U } from './mmu-harness.ts';

const TRIED = tried(24);

describe.each(PLACES)('$levels-level paging, a leaf at level $level', ({ levels, level }) => {
  it('each bit of each entry, the others permissive', { timeout: 3_600_000 }, () => {
    const at = place(levels, level);
    const { bench, entries, whole } = at;
    const wrong: string[] = [];
    let turn = 0;
    for (const [i, entry] of entries.entries()) {
      for (let bit = 0; bit < 64; bit++) {
        bench.poke(entry, whole[i] ^ (1n << BigInt(bit)));
        for (let n = 0; n < TRIED; n++) {
          const { setting, one } = combination(turn++);
          wrong.push(...compare(at, setting, one));
        }
      }
      bench.poke(entry, whole[i]);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it('every protection key under every pair of its bits', () => {
    const at = place(levels, level);
    const { bench, entries, whole } = at;
    const wrong: string[] = [];
    for (const mode of [U, 0n]) {
      for (let key = 0; key < 16; key++) {
        bench.poke(entries[0], (whole[0] & ~(U | (15n << 59n))) | mode | (BigInt(key) << 59n));
        for (let rights = 0; rights < 4; rights++) {
          const register = rights << (2 * key);
          for (const user of BOTH) {
            for (const wp of BOTH) {
              const setting = { user, wp, pke: true, pks: true, pkru: register, pkrs: register };
              for (const one of ACCESSES) wrong.push(...compare(at, setting, one));
            }
          }
        }
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });
});
