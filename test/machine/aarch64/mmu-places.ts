// Leaves at every level of every granule, and the comparison of one access with the oracle.
import { MMU } from '../../../machine/aarch64/mmu.ts';
import {
  ACCESSES,
  doing,
  expected,
  type MANAGEMENT,
  outcome,
  ROOT,
  regimeOf,
  type SETTINGS,
  TARGET,
} from './mmu-cases.ts';
import { type Bench, GRANULES, type Granule, spanOf } from './mmu-harness.ts';
import { judge, type Located, type Regime } from './mmu-oracle.ts';

/** The accesses without exclusives, which rights do not tell from plain ones. */
export const PLAIN = ACCESSES.slice(0, 6);

/** A leaf of one level with the tables that lead to it. */
export interface Place {
  readonly granule: Granule;
  readonly level: number;
  readonly address: bigint;
  readonly slot: bigint;
  /** The leaf's output address and type. */
  readonly leaf: bigint;
  /** Slots of the table descriptors on the way, and what they hold. */
  readonly tables: readonly { readonly at: bigint; readonly descriptor: bigint }[];
}

/** An address of the lower region whose tables differ at each level, and a leaf at `level` for it. */
export function place(bench: Bench, granule: Granule, level: number): Place {
  bench.regions({ granule0: granule, granule1: granule });
  bench.set('ttbr0_el1', ROOT);
  bench.set('ttbr1_el1', ROOT);
  bench.nextTable = ROOT + 0x1_0000n;
  bench.forget();
  const below = (1n << BigInt(spanOf(granule, level))) - 1n;
  const address = (0x5a96_d5ab_56adn & ~below) | ((TARGET + 0x10n) & below);
  const target = TARGET & ~below;
  const slot = bench.map(granule, 48, ROOT, address, target, 0n, level);
  const { steps } = MMU.walk(bench.hart, address, { ...PLAIN[1].shape, privilege: 'supervisor' });
  const tables = steps.slice(0, -1).map((step) => ({ at: step.entryAddress, descriptor: step.entry! }));
  return { granule, level, address, slot, leaf: bench.peek(slot)!, tables };
}

export const PLACES = GRANULES.flatMap((granule) =>
  [...granule.blocks, 3].map((level) => ({ name: `${granule.name} level ${level}`, granule, level })),
);

/** The hierarchical bits, APTable, UXNTable and PXNTable, in all combinations. */
export const HIERARCHY = Array.from({ length: 16 }, (_, i) => BigInt(i) << 59n);

/** Judges one access by walk and again from the TLB; says what is wrong, or nothing. */
export function compare(
  bench: Bench,
  regime: Regime,
  at: Place,
  leaf: bigint,
  located: Located,
  setting: (typeof SETTINGS)[number],
  one: (typeof PLAIN)[number],
): string[] {
  bench.forget();
  bench.poke(at.slot, leaf);
  const answer = judge(regime, doing(one, setting), at.address, located);
  const want = expected(answer);
  const after = 'leaf' in answer ? answer.leaf : leaf;
  const wrong: string[] = [];
  // Once more, from the TLB, where there was a translation.
  for (const how of 'leaf' in answer ? ['walked', 'again'] : ['walked']) {
    const got = outcome(bench, at.address, one.shape);
    const now = bench.peek(at.slot)!;
    if (got === want && now === after) continue;
    const tables = at.tables.map((table) => (bench.peek(table.at)! >> 59n).toString(2)).join(' ');
    const what = `${leaf.toString(16)} under ${tables} ${JSON.stringify(setting)} ${one.name} ${how}`;
    wrong.push(`${what}: ${got}, not ${want}; leaf ${now.toString(16)}, not ${after.toString(16)}`);
  }
  return wrong;
}

/** The bench under a setting, and the oracle's view of it. */
export function under(
  bench: Bench,
  setting: (typeof SETTINGS)[number],
  management: (typeof MANAGEMENT)[number],
): Regime {
  bench.setting({ ...setting, ha: management.ha, hd: management.hd });
  return regimeOf(bench);
}
