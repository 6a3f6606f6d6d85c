// Arm ARM D8.4, "Memory access control", exhaustively, against mmu-oracle.ts.
import { describe, expect, it } from 'vitest';
import { MMU } from '../../../machine/aarch64/mmu.ts';
import { doing, expected, LEAVES, MANAGEMENT, outcome, regimeOf, SETTINGS } from './mmu-cases.ts';
import { AF, Bench } from './mmu-harness.ts';
import { judge, locate } from './mmu-oracle.ts';
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

describe.each(PLACES)('a leaf of $name', ({ granule, level }) => {
  it('rights and controls apply at each access: what a load entered answers every other access as the tables would', () => {
    const bench = new Bench();
    const at = place(bench, granule, level);
    const wrong: string[] = [];
    const maker = { el: 1, ha: true, hd: true } as const;
    const tables = at.tables.flatMap((table) => [1n, 2n, 4n, 8n].map((bit) => ({ ...table, more: bit << 59n })));
    for (const table of [undefined, ...tables]) {
      if (table) bench.poke(table.at, table.descriptor | table.more);
      for (const bits of LEAVES.filter((leaf) => leaf & AF)) {
        for (const management of MANAGEMENT.slice(0, 3)) {
          for (const setting of SETTINGS) {
            for (const one of PLAIN) {
              bench.forget();
              bench.poke(at.slot, at.leaf | bits);
              bench.setting(maker);
              MMU.translate(bench.hart, at.address, PLAIN[1].shape);
              const regime = under(bench, setting, management);
              const answer = judge(regime, doing(one, setting), at.address, locate(regime, at.address));
              const want = expected(answer);
              const got = outcome(bench, at.address, one.shape);
              const after = 'leaf' in answer ? answer.leaf : at.leaf | bits;
              const decision =
                'leaf' in answer || bench.hart.trap.walk?.steps.at(-1)?.decision.startsWith('from the TLB');
              if (got === want && decision && bench.peek(at.slot) === after) continue;
              wrong.push(`${bits.toString(16)} ${JSON.stringify(setting)} ${one.name}: ${got}, not ${want}`);
            }
          }
        }
      }
      if (table) bench.poke(table.at, table.descriptor);
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});
