// Arm ARM D8.4, the hierarchical control of rights, by pairs of tables, against mmu-oracle.ts.
import { describe, expect, it } from 'vitest';
import { LEAVES, MANAGEMENT, regimeOf, SETTINGS } from './mmu-cases.ts';
import { Bench, firstLevel } from './mmu-harness.ts';
import { locate } from './mmu-oracle.ts';
import { compare, HIERARCHY, PLACES, PLAIN, place, under } from './mmu-places.ts';

/** Settings, accesses and who manages the flags, each with each. */
const COMBINATIONS = SETTINGS.flatMap((setting) =>
  PLAIN.flatMap((one) => MANAGEMENT.slice(0, 2).map((management) => ({ setting, one, management }))),
);
/** Of those, how many a leaf under a pair of tables is tried with: all of them in `make hunt`. */
const TRIED = process.env.FAULTLINE_HUNT ? COMBINATIONS.length : 5;

/** Leaves with two tables or more above them. */
const DEEP = PLACES.filter(({ granule, level }) => level - firstLevel(granule, 48) >= 2);

describe.each(DEEP)('a leaf of $name', ({ granule, level }) => {
  it('under the hierarchical bits of every pair of levels: every leaf, combinations in turn', {
    timeout: 3_600_000,
  }, () => {
    const bench = new Bench();
    const at = place(bench, granule, level);
    const wrong: string[] = [];
    let turn = 0;
    for (const [i, above] of at.tables.entries()) {
      for (const below of at.tables.slice(i + 1)) {
        for (const first of HIERARCHY.slice(1)) {
          for (const second of HIERARCHY.slice(1)) {
            bench.poke(above.at, above.descriptor | first);
            bench.poke(below.at, below.descriptor | second);
            for (const bits of LEAVES) {
              bench.poke(at.slot, at.leaf | bits);
              const located = locate(regimeOf(bench), at.address);
              for (let i = 0; i < TRIED; i++) {
                // 37 and the number of combinations have no common factor, so that all have their turn.
                const { setting, one, management } = COMBINATIONS[(turn++ * 37) % COMBINATIONS.length];
                const regime = under(bench, setting, management);
                wrong.push(...compare(bench, regime, at, at.leaf | bits, located, setting, one));
              }
            }
          }
        }
        bench.poke(below.at, below.descriptor);
      }
      bench.poke(above.at, above.descriptor);
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});
