// Arm ARM D8.4 by what the TLB holds: rights and never verdicts, against mmu-oracle.ts.
import { describe, expect, it } from 'vitest';
import { MMU } from '../../../machine/aarch64/mmu.ts';
import { doing, expected, LEAVES, MANAGEMENT, outcome, SETTINGS } from './mmu-cases.ts';
import { AF, Bench } from './mmu-harness.ts';
import { judge, locate } from './mmu-oracle.ts';
import { PLACES, PLAIN, place, under } from './mmu-places.ts';

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
