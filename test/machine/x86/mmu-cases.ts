// Settings, accesses and leaves at every level, and the comparison of one access with mmu-oracle.ts.
import { ACCESSES, type AccessCase, Bench, expected, P, type Setting, shapeOf, U, W } from './mmu-harness.ts';

export const BOTH = [false, true];

/** The leaf's protection key, and what PKRU and IA32_PKRS hold for it: AD in bit 0, WD in bit 1. */
export const KEY = 9;
/** Each register's use on and off with all that it can hold for the key; a leaf is subject to one of them only. */
const KEYS: readonly Setting[] = BOTH.flatMap((pke) =>
  BOTH.flatMap((pks) =>
    [0, 1, 2, 3].map((i) => ({ pke, pks, pkru: i << (2 * KEY), pkrs: ((i + 1) & 3) << (2 * KEY) })),
  ),
);

/** Every privilege, CR0.WP, CR4.SMEP and SMAP, EFER.NXE, AC, and keys as both registers have them. */
const SETTINGS: readonly Setting[] = BOTH.flatMap((user) =>
  BOTH.flatMap((wp) =>
    BOTH.flatMap((smep) =>
      BOTH.flatMap((smap) =>
        BOTH.flatMap((nxe) =>
          BOTH.flatMap((ac) => KEYS.map((keys) => ({ user, wp, smep, smap, nxe, ac, pge: wp !== ac, ...keys }))),
        ),
      ),
    ),
  ),
);

/** Settings and accesses, each with each. */
export const COMBINATIONS = SETTINGS.flatMap((setting) => ACCESSES.map((one) => ({ setting, one })));
/** 61 and the number of combinations have no common factor, so that all have their turn. */
export const combination = (turn: number) => COMBINATIONS[(turn * 61) % COMBINATIONS.length];
/** How many combinations each page table is tried with: all of them in `make hunt`. */
export const tried = (sample: number): number => (process.env.FAULTLINE_HUNT ? COMBINATIONS.length : sample);

const LOAD = shapeOf({ kind: 'load' });
const ADDRESS = 0x1234_5678_9abcn & ~0xfffn;

/** Where a leaf may lie: levels of tables and the leaf's own. */
export const PLACES = ([4, 5] as const).flatMap((levels) => [0, 1, 2].map((level) => ({ levels, level })));

/** A leaf with its tables, which allow everything. */
export interface Place {
  readonly bench: Bench;
  /** Where the entries lie, the leaf's first, and what they hold. */
  readonly entries: readonly bigint[];
  readonly whole: readonly bigint[];
}

export function place(levels: 4 | 5, level: number): Place {
  const bench = new Bench();
  bench.levels = levels;
  const entries = bench.map(ADDRESS, 0n, P | W | U | (BigInt(KEY) << 59n), level);
  return { bench, entries, whole: entries.map((at) => bench.peek(at)) };
}

/** One access by walk and, where that came through, again from the TLB; what differs from the oracle. */
export function compare({ bench, entries }: Place, setting: Setting, one: AccessCase): string[] {
  bench.forget();
  bench.under(setting);
  const before = entries.map((at) => bench.peek(at));
  const answer = bench.ask(ADDRESS, one);
  const want = expected(answer, ADDRESS);
  const shape = shapeOf(one);
  const wrong: string[] = [];
  const check = (got: unknown, wanted: unknown, how: string) => {
    if (got === wanted) return;
    const what = `${JSON.stringify(setting)} ${JSON.stringify(one)} ${before.map((entry) => entry.toString(16))}`;
    wrong.push(`${what}, ${how}: ${got}, not ${wanted}`);
  };
  check(bench.outcome(ADDRESS, shape), want, 'by walk');
  if (typeof answer === 'object' && 'after' in answer) {
    for (const { at, entry } of answer.after) check(bench.peek(at), entry, 'an entry as it is left');
    const [held] = bench.hart.tlb.entries();
    check(held.pages << 12n, answer.bytes, 'size');
    check(held.global, answer.global, 'global');
    check(bench.outcome(ADDRESS, shape), want, 'from the TLB');
  } else {
    check(bench.hart.tlb.entries().length, 0, 'entries');
    for (const [i, at] of entries.entries()) check(bench.peek(at), before[i], 'an entry after a fault');
    // Under rights that allow it all, a load enters the translation, which must then be judged anew.
    bench.under({ nxe: setting.nxe, pge: setting.pge });
    if (bench.outcome(ADDRESS, LOAD).startsWith('pa')) {
      bench.under(setting);
      check(bench.outcome(ADDRESS, shape), want, 'from the TLB');
    }
  }
  for (const [i, at] of entries.entries()) bench.poke(at, before[i]);
  return wrong;
}

/** One access by a translation that a load has entered under rights that allow it all; what differs from the oracle. */
export function compareHeld({ bench, entries }: Place, setting: Setting, one: AccessCase): string[] {
  bench.forget();
  bench.under({ nxe: setting.nxe, pge: setting.pge });
  const before = entries.map((at) => bench.peek(at));
  const entered = bench.outcome(ADDRESS, LOAD);
  const found = bench.hart.tlb.entries();
  bench.under(setting);
  const answer = bench.ask(ADDRESS, one);
  const want = expected(answer, ADDRESS);
  const got = bench.outcome(ADDRESS, shapeOf(one));
  const after = typeof answer === 'object' && 'after' in answer ? answer.after : undefined;
  const left = after?.every(({ at, entry }) => bench.peek(at) === entry) ?? true;
  const decided = after !== undefined || bench.hart.trap.walk?.steps.at(-1)?.decision.startsWith('from the TLB');
  const what = `${JSON.stringify(setting)} ${JSON.stringify(one)} ${before.map((entry) => entry.toString(16))}`;
  for (const [i, at] of entries.entries()) bench.poke(at, before[i]);
  if (got === want && left && decided && found.length === 1) return [];
  return [`${what}, entered as ${entered}: ${got}, not ${want}${left ? '' : ', flags'}${decided ? '' : ', by a walk'}`];
}
