// Arm ARM D8.4, "Memory access control", exhaustively, against mmu-oracle.ts.
import { describe, expect, it } from 'vitest';
import { LEAVES, MANAGEMENT, regimeOf, SETTINGS } from './mmu-cases.ts';
import { Bench } from './mmu-harness.ts';
import { locate } from './mmu-oracle.ts';
import { compare, HIERARCHY, PLACES, PLAIN, type Place, place, under } from './mmu-places.ts';

/** Every leaf and setting, with the tables as they are. */
function everyLeaf(bench: Bench, at: Place, management: (typeof MANAGEMENT)[number]): string[] {
  const wrong: string[] = [];
  for (const bits of LEAVES) {
    bench.poke(at.slot, at.leaf | bits);
    const located = locate(regimeOf(bench), at.address);
    for (const setting of SETTINGS) {
      const regime = under(bench, setting, management);
      for (const one of PLAIN) wrong.push(...compare(bench, regime, at, at.leaf | bits, located, setting, one));
    }
  }
  return wrong;
}

describe.each(PLACES)('a leaf of $name: AP, UXN, PXN, AF, DBM by access, EL, PAN and WXN', ({ granule, level }) => {
  it.each(MANAGEMENT)('$name', (management) => {
    const bench = new Bench({ hardwareAd: management.hardwareAd });
    expect(everyLeaf(bench, place(bench, granule, level), management).slice(0, 10)).toEqual([]);
  });

  it.each(MANAGEMENT.slice(0, 2))(
    'under APTable, UXNTable and PXNTable of one level at a time, $name',
    (management) => {
      const bench = new Bench({ hardwareAd: management.hardwareAd });
      const at = place(bench, granule, level);
      const wrong: string[] = [];
      for (const table of at.tables) {
        for (const more of HIERARCHY.slice(1)) {
          bench.poke(table.at, table.descriptor | more);
          wrong.push(...everyLeaf(bench, at, management));
        }
        bench.poke(table.at, table.descriptor);
      }
      expect(wrong.slice(0, 10)).toEqual([]);
    },
  );
});
