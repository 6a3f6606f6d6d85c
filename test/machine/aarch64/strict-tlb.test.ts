// What a watched hart tells of its translations: stale ones used, and live descriptors changed without break-before-make
// (Arm ARM, "Using break-before-make when updating translation table entries"); and what it must not.
import { describe, expect, it } from 'vitest';
import { MMU } from '../../../machine/aarch64/mmu.ts';
import { tlbi } from '../../../machine/aarch64/tlbi.ts';
import { accessShape } from '../../../machine/access.ts';
import type { TlbNotice } from '../../../machine/tlb.ts';
import { ROOT, TARGET } from './mmu-cases.ts';
import {
  AF,
  AP1,
  AP2,
  attribute,
  Bench,
  CONTIGUOUS,
  DBM,
  GRANULES,
  NG,
  RAM_BASE,
  type Setting,
  TABLE,
  TCR,
  UXN,
  VALID,
} from './mmu-harness.ts';

const LOAD = accessShape('load', 8);
const STORE = accessShape('store', 8);
const FETCH = accessShape('fetch', 4);
const [K4] = GRANULES;
const VA = 0x1234_5000n;
const OTHER = TARGET + 0x3000n;

interface Watched {
  readonly bench: Bench;
  readonly told: TlbNotice[];
  /** The leaf's place. */
  readonly at: bigint;
  /** Makes an access, and says what was told of since the last time, in words. */
  use(address?: bigint, shape?: typeof LOAD, hart?: number): string[];
}

/** Two watched harts, a page mapped at VA in ASID 1, and its translation in hart 0's TLB. */
function watched(bits = AF | NG, setting: Setting = { el: 1 }, level = 3): Watched {
  const bench = new Bench({ harts: 2 });
  const told: TlbNotice[] = [];
  for (const hart of bench.harts) hart.watch = (notice) => told.push(notice);
  bench.setting(setting);
  bench.set('ttbr0_el1', ROOT | (1n << 48n));
  const at = bench.map(K4, 48, ROOT, VA, level === 3 ? TARGET : RAM_BASE, bits, level);
  let seen = 0;
  const use: Watched['use'] = (address = VA, shape = LOAD, hart = 0) => {
    MMU.translate(bench.harts[hart], address, shape);
    const words = told.slice(seen).map((notice) => `${notice.kind}: ${notice.difference}, held by ${notice.hart}`);
    seen = told.length;
    return words;
  };
  expect(use()).toEqual([]);
  return { bench, told, at, use };
}

const page = (target: bigint, bits: bigint) => target | bits | VALID | TABLE;
const vae1 = (asid = 1n) => (asid << 48n) | (VA >> 12n);

describe('a stale translation used', () => {
  it.each<[string, bigint, string]>([
    ['made invalid', 0n, 'gone'],
    ['made invalid, its bits kept', page(TARGET, AF | NG) & ~VALID, 'gone'],
    ['made read-only', page(TARGET, AF | NG | AP2), 'rights'],
    ['opened to EL0', page(TARGET, AF | NG | AP1), 'rights'],
    ['UXN set', page(TARGET, AF | NG | UXN), 'rights'],
    ['DBM set', page(TARGET, AF | NG | DBM), 'rights'],
    ['made global', page(TARGET, AF), 'rights'],
  ])('%s', (_, now, difference) => {
    const { bench, at, use, told } = watched();
    bench.poke(at, now);
    bench.hart.pc = 0x4000n;
    expect(use(VA + 8n)).toEqual([`stale translation: ${difference}, held by 0`]);
    expect(told[0]).toMatchObject({ address: VA + 8n, access: { ...LOAD, privilege: 'supervisor' }, pc: 0x4000n });
    expect(told[0].held).toMatchObject({ vpn: VA >> 12n, ppn: TARGET >> 12n, entryAddress: at });
    expect(told[0].now.steps.at(-1)).toMatchObject({ level: 3, entryAddress: at, entry: now });
    // The machine does as it would: the entry answers.
    expect([MMU.translate(bench.hart, VA, LOAD), bench.hart.translated.pa]).toEqual([true, TARGET]);
  });

  it('a table on the way that takes rights away, or is made invalid', () => {
    const { bench, use } = watched();
    const { steps } = MMU.walk(bench.hart, VA, { ...LOAD, privilege: 'supervisor' });
    const { entryAddress, entry } = steps[1];
    bench.poke(entryAddress, entry! | (1n << 62n));
    expect(use()).toEqual(['stale translation: rights, held by 0']);
    bench.poke(entryAddress, 0n);
    expect(use()).toEqual(['stale translation: gone, held by 0']);
  });

  it('one that refuses is used too', () => {
    const { bench, at, use } = watched(AF | NG | AP2);
    bench.poke(at, page(TARGET, AF | NG));
    expect(use(VA, STORE)).toEqual(['stale translation: rights, held by 0']);
    expect(MMU.translate(bench.hart, VA, STORE)).toBe(false);
  });

  it('another root under the same ASID', () => {
    const { bench, use } = watched();
    const root = RAM_BASE + 0x5_0000n;
    bench.map(K4, 48, root, VA, OTHER, AF | NG);
    bench.set('ttbr0_el1', root | (1n << 48n));
    // No descriptor was changed, so this is no matter of break-before-make.
    expect(use()).toEqual(['stale translation: output address, held by 0']);
  });

  it('dirty state lost: a page made clean again behind the TLB’s back would not be found dirty', () => {
    const { bench, at, use } = watched(AF | NG | AP2 | DBM, { el: 1, ha: true, hd: true });
    expect(use(VA, STORE)).toEqual([]);
    bench.poke(at, bench.peek(at)! | AP2);
    expect(use(VA, STORE)).toEqual(['stale translation: rights, held by 0']);
  });

  it('is told once for each state of the tables, by each hart that holds it, also after a snapshot', () => {
    const { bench, at, use } = watched();
    expect(use(VA, LOAD, 1)).toEqual([]);
    bench.poke(at, 0n);
    expect([use(), use(), use(VA, STORE), use(VA, FETCH)]).toEqual([
      ['stale translation: gone, held by 0'],
      [],
      [],
      [],
    ]);
    expect([use(VA, LOAD, 1), use(VA, LOAD, 1)]).toEqual([['stale translation: gone, held by 1'], []]);
    const saved = bench.hart.tlb.save();
    bench.hart.tlb.restore(saved);
    expect(use()).toEqual([]);
    bench.poke(at, page(TARGET, AF | NG | AP2));
    expect(use()).toEqual(['stale translation: rights, held by 0']);
  });
});

describe('a live descriptor changed without break-before-make', () => {
  it.each<[string, bigint, string]>([
    ['another output address', page(OTHER, AF | NG), 'output address'],
    ['Device instead of Normal', page(TARGET, AF | NG | attribute(1)), 'memory type'],
    ['Non-cacheable', page(TARGET, AF | NG | attribute(5)), 'memory type'],
    ['another shareability', page(TARGET, AF | NG | (3n << 8n)), 'memory type'],
  ])('%s', (_, now, difference) => {
    const { bench, at, use } = watched();
    bench.poke(at, now);
    expect(use()).toEqual([`break-before-make: ${difference}, held by 0`]);
  });

  it('the contiguous hint set on an aligned run', () => {
    const { bench, use } = watched();
    const base = 0x5_0000n;
    const at = bench.map(K4, 48, ROOT, base, TARGET, AF | NG);
    expect(use(base)).toEqual([]);
    bench.poke(at, bench.peek(at)! | CONTIGUOUS);
    expect(use(base)).toEqual(['break-before-make: size, held by 0']);
  });

  it('seen by the walk of another hart, while the first still holds what was', () => {
    const { bench, at, use, told } = watched();
    bench.poke(at, page(OTHER, AF | NG));
    expect(use(VA, LOAD, 1)).toEqual(['break-before-make: output address, held by 0']);
    expect(told[0]).toMatchObject({ hart: 0, held: { ppn: TARGET >> 12n }, now: { result: { ppn: OTHER >> 12n } } });
    expect(use(VA, LOAD, 1)).toEqual([]);
  });

  it('invalidated on the hart alone that changed it', () => {
    const { bench, at, use } = watched();
    use(VA, LOAD, 1);
    bench.poke(at, 0n);
    tlbi(bench.hart, 'vae1', vae1());
    bench.poke(at, page(OTHER, AF | NG));
    expect(use()).toEqual(['break-before-make: output address, held by 1']);
  });

  it.each<[string, (b: Watched['bench']) => void]>([
    ['TLBI VAE1IS', ({ hart }) => tlbi(hart, 'vae1is', vae1())],
    ['TLBI VAALE1', ({ hart }) => tlbi(hart, 'vaale1', vae1())],
    ['TLBI ASIDE1', ({ hart }) => tlbi(hart, 'aside1', 1n << 48n)],
    ['TLBI VMALLE1IS', ({ hart }) => tlbi(hart, 'vmalle1is')],
  ])('never used since, but invalidated by %s behind the change and not before it', (_, invalidate) => {
    const { bench, at, told, use } = watched();
    bench.poke(at, page(OTHER, AF | NG));
    invalidate(bench);
    expect(told).toMatchObject([
      { kind: 'break-before-make', difference: 'output address', invalidation: true, hart: 0 },
    ]);
    told.length = 0;
    expect(use()).toEqual([]);
  });

  it('a block split into a table, seen where the block is gone, and pages joined to a block', () => {
    const split = watched(AF | NG, { el: 1 }, 2);
    const table = RAM_BASE + 0x4_0000n;
    split.bench.poke(table + 8n * ((VA >> 12n) & 0x1ffn), page(OTHER, AF | NG));
    split.bench.poke(split.at, table | VALID | TABLE);
    expect(split.use()).toEqual(['break-before-make: size, held by 0']);
    expect(split.use(VA, LOAD, 1)).toEqual([]);

    const joined = watched();
    const { steps } = MMU.walk(joined.bench.hart, VA, { ...LOAD, privilege: 'supervisor' });
    joined.bench.poke(steps[2].entryAddress, RAM_BASE | AF | NG | VALID);
    // Another page of the block misses, and its walk contradicts the page that is still held.
    expect(joined.use(VA + 0x1000n)).toEqual(['break-before-make: size, held by 0']);
  });
});

describe('a kernel that does right hears nothing', () => {
  it('break, TLBI on all harts, make', () => {
    const { bench, at, use } = watched();
    use(VA, LOAD, 1);
    bench.poke(at, 0n);
    tlbi(bench.hart, 'vae1is', vae1());
    bench.poke(at, page(OTHER, AF | NG | attribute(1)));
    expect([use(), use(VA, LOAD, 1)]).toEqual([[], []]);
  });

  it('a block split after TLBI of any address within', () => {
    const { bench, at, use } = watched(AF | NG, { el: 1 }, 2);
    const table = RAM_BASE + 0x4_0000n;
    bench.poke(table + 8n * ((VA >> 12n) & 0x1ffn), page(OTHER, AF | NG));
    bench.poke(at, 0n);
    tlbi(bench.hart, 'vale1is', vae1() + 3n);
    bench.poke(at, table | VALID | TABLE);
    expect([use(), use(VA, LOAD, 1)]).toEqual([[], []]);
  });

  it.each<[string, (b: Watched['bench']) => void]>([
    ['while another ASID is in force', (b) => b.set('ttbr0_el1', ROOT | (2n << 48n))],
    ['while translation is off', (b) => b.set('sctlr_el1', 0n)],
    ['while other tables are in force', (b) => b.set('ttbr0_el1', (ROOT + 0x8000n) | (1n << 48n))],
  ])('tables written anew that are not in use, %s, then TLBI of all', (_, prepare) => {
    const { bench, at, told } = watched();
    prepare(bench);
    bench.poke(at, page(OTHER, AF | NG));
    tlbi(bench.hart, 'vmalle1is');
    expect(told).toEqual([]);
  });

  it('rights changed in place, then TLBI: no break is needed', () => {
    const { bench, at, use } = watched();
    bench.poke(at, page(TARGET, AF | NG | AP2));
    tlbi(bench.hart, 'vae1is', vae1());
    expect([use(), use(VA, STORE), use(VA, LOAD, 1)]).toEqual([[], [], []]);
    // Another hart may walk before the TLBI reaches the first, as long as nobody uses what was.
    bench.poke(at, page(TARGET, AF | NG));
    tlbi(bench.harts[1], 'vae1', vae1());
    expect(use(VA, LOAD, 1)).toEqual([]);
  });

  it('access flag and dirty state set by the walker of any hart, and the access flag cleared by the kernel', () => {
    const { bench, at, use } = watched(NG | AP2 | DBM, { el: 1, ha: true, hd: true });
    expect([use(VA, LOAD, 1), use(VA, STORE, 1)]).toEqual([[], []]);
    expect(bench.peek(at)! & AP2).toBe(0n);
    expect([use(), use(VA, STORE), use()]).toEqual([[], [], []]);
    bench.poke(at, bench.peek(at)! & ~AF);
    expect([use(), use(VA, STORE, 1)]).toEqual([[], []]);
  });

  it('a contiguous run of which one descriptor alone was made dirty', () => {
    const { bench, use } = watched(AF | NG, { el: 1, ha: true, hd: true });
    const base = 0x5_0000n;
    for (let i = 0n; i < 16n; i++) {
      bench.map(K4, 48, ROOT, base + i * 4096n, TARGET + i * 4096n, AF | NG | AP2 | DBM | CONTIGUOUS);
    }
    expect([use(base), use(base + 0x3000n, STORE), use(base + 0x4000n, STORE), use(base)]).toEqual([[], [], [], []]);
  });

  it('an ASID used again after TLBI ASIDE1IS, and another ASID with other tables', () => {
    const { bench, use } = watched();
    const root = RAM_BASE + 0x5_0000n;
    bench.map(K4, 48, root, VA, OTHER, AF | NG);
    bench.set('ttbr0_el1', root | (2n << 48n));
    expect([use(), use(VA, LOAD, 1)]).toEqual([[], []]);
    tlbi(bench.hart, 'aside1is', 1n << 48n);
    bench.set('ttbr0_el1', root | (1n << 48n));
    expect([use(), use(VA, LOAD, 1)]).toEqual([[], []]);
  });

  it('walks disabled: the TLB is meant to answer', () => {
    const { bench, use } = watched();
    bench.regions({ more: TCR.EPD0 });
    bench.setting({ el: 1 });
    expect(use()).toEqual([]);
  });

  it('a page mapped where none was, and one unmapped and never used again', () => {
    const { bench, at, use } = watched();
    bench.poke(at, 0n);
    bench.map(K4, 48, ROOT, VA + 0x1000n, OTHER, AF | NG);
    expect(use(VA + 0x1000n)).toEqual([]);
  });
});

it('fast paths hide nothing while watched, and an unwatched hart keeps no path', () => {
  const { bench, told, at } = watched();
  for (let i = 0; i < 3; i++) expect(bench.memory.load(VA, 8)).toBe(0n);
  bench.poke(at, 0n);
  expect([bench.memory.load(VA, 8), told.length]).toEqual([0n, 1]);
  const plain = new Bench();
  plain.set('ttbr0_el1', ROOT);
  plain.map(K4, 48, ROOT, VA, TARGET, AF);
  plain.memory.load(VA, 8);
  expect(plain.hart.tlb.entries()[0].path).toBeUndefined();
  expect(plain.hart.translated.wholePage).toBe(true);
});
