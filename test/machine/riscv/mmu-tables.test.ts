// What the walker does to page tables and to physical memory, and what it records.
import { describe, expect, it } from 'vitest';
import { type AccessShape, accessShape } from '../../../machine/access.ts';
import { MMU } from '../../../machine/riscv/mmu.ts';
import { SLOTS } from '../../../machine/riscv/registers.ts';
import { A, Bench, D, G, R, RAM_BASE, SCHEMES, type Setting, U, V, W, X } from './mmu-harness.ts';

const [SV39, SV48] = SCHEMES;
const ROOT = RAM_BASE + 0x1000n;
const TARGET = RAM_BASE + 0x10000n;
const VA = 0x4567_8000n;

const FETCH = accessShape('fetch', 2);
const LOAD = accessShape('load', 8);
const STORE = accessShape('store', 8);
const LR = accessShape('load', 8, 'reserved');
const SC = accessShape('store', 8, 'conditional');
const AMO = accessShape('store', 8, 'amo');

/** A bench with VA mapped at level 0 by these bits. */
function mapped(bits: bigint, setting: Setting = { mode: 'S', adue: true }, target = TARGET) {
  const bench = new Bench();
  bench.satp(SV39, ROOT, 2);
  const at = bench.map(SV39, ROOT, VA, target, bits);
  bench.setting(setting);
  return { bench, at, flags: () => bench.peek(at)! & 0xffn };
}

const attempt = (bench: Bench, shape: AccessShape, address = VA, dry = false) =>
  MMU.translate(bench.hart, address, shape, dry) || bench.hart.trap.cause;
const fault = (bench: Bench) => {
  const { walk } = bench.hart.trap;
  return walk && 'fault' in walk.result ? walk.result.fault : undefined;
};

describe('12.3.2 step 9, Svadu: A and D are set exactly when due', () => {
  it.each([
    ['a load sets A alone', V | R | W | X, LOAD, V | R | W | X | A],
    ['a fetch sets A alone', V | R | W | X, FETCH, V | R | W | X | A],
    ['LR sets A alone', V | R | W | X, LR, V | R | W | X | A],
    ['a store sets both', V | R | W, STORE, V | R | W | A | D],
    ['SC sets both', V | R | W, SC, V | R | W | A | D],
    ['an AMO sets both', V | R | W, AMO, V | R | W | A | D],
    ['a store where A is set sets D', V | R | W | A, STORE, V | R | W | A | D],
    ['a load where D is set without A keeps D', V | R | W | D, LOAD, V | R | W | A | D],
    ['software bits and G stay', V | R | W | G | 0x300n, STORE, V | R | W | G | A | D],
  ])('%s', (_, before, shape, after) => {
    const { bench, flags } = mapped(before);
    expect(attempt(bench, shape)).toBe(true);
    expect(flags()).toBe(after);
  });

  it.each([
    ['a store to a read-only page', V | R, STORE, 15],
    ['a fetch of a page without X', V | R | W, FETCH, 12],
    ['a load from a user page without SUM', V | R | W | U, LOAD, 13],
  ])('nothing is set by what faults: %s', (_, before, shape, cause) => {
    const { bench, flags } = mapped(before);
    expect(attempt(bench, shape)).toBe(cause);
    expect(flags()).toBe(before);
  });

  it('nothing is set by an access that PMP denies, or that nothing answers', () => {
    const denied = mapped(V | R | W);
    denied.bench.pmp([
      { base: TARGET, bytes: 4096n, rights: 'r' },
      { base: 0n, bytes: 1n << 56n, rights: 'rwx' },
    ]);
    expect(attempt(denied.bench, STORE)).toBe(7);
    expect(fault(denied.bench)).toBe('pmp');
    expect(denied.flags()).toBe(V | R | W);
    const nothing = mapped(V | R | W, { mode: 'S', adue: true }, 0x1000n);
    expect(nothing.bench.memory.store(VA, 8, 1n)).toBe(false);
    expect([nothing.bench.hart.trap.cause, fault(nothing.bench)]).toEqual([7, 'nothing there']);
    expect(nothing.flags()).toBe(V | R | W);
    expect(nothing.bench.hart.tlb.entries()).toEqual([]);
  });

  it('nothing is set by an atomic to a device, which has none', () => {
    const { bench, flags } = mapped(V | R | W, { mode: 'S', adue: true }, 0x1000_0000n);
    const device = { name: 'latch', read: () => 0n, write: () => true, reset() {}, save: () => null, restore() {} };
    bench.bus.attach(0x1000_0000n, 4096, device);
    expect(bench.memory.amo('add', VA, 8, 1n)).toBeUndefined();
    expect([bench.hart.trap.cause, flags()]).toEqual([7, V | R | W]);
    expect([bench.memory.store(VA, 8, 1n), flags()]).toEqual([true, V | R | W | A | D]);
  });

  it('a dry translation answers but changes neither tables nor TLB', () => {
    const { bench, flags } = mapped(V | R | W);
    expect(attempt(bench, STORE, VA, true)).toBe(true);
    expect(bench.hart.translated.pa).toBe(TARGET);
    expect([flags(), bench.hart.tlb.entries()]).toEqual([V | R | W, []]);
    expect(attempt(bench, LOAD)).toBe(true);
    expect(attempt(bench, STORE, VA, true)).toBe(true);
    expect([flags(), bench.hart.tlb.entries()[0].bits & 0xffn]).toEqual([V | R | W | A, V | R | W | A]);
  });

  it('an update of the entry takes away another hart’s reservation of it', () => {
    const { bench, at } = mapped(V | R | W);
    bench.monitor.reserve(1, at, 8);
    attempt(bench, LOAD);
    expect(bench.monitor.holds(1, at, 8)).toBe(false);
  });

  it('a store through an entry loaded with D clear walks again, and drops what engines cached', () => {
    const { bench, at, flags } = mapped(V | R | W | A);
    attempt(bench, LOAD);
    const { epoch } = bench.hart.tlb;
    // In between the kernel moves the page; the walker takes what memory holds by now.
    bench.poke(at, (((TARGET + 4096n) >> 12n) << 10n) | V | R | W | A);
    expect(attempt(bench, STORE)).toBe(true);
    expect(bench.hart.translated.pa).toBe(TARGET + 4096n);
    expect(flags()).toBe(V | R | W | A | D);
    expect(bench.hart.tlb.epoch).toBeGreaterThan(epoch);
    expect(bench.hart.tlb.entries()).toMatchObject([{ ppn: (TARGET + 4096n) >> 12n, bits: bench.peek(at) }]);
  });

  it('a page that was split since its superpage was loaded: the small entry takes the large one’s place', () => {
    const bench = new Bench();
    bench.satp(SV39, ROOT);
    bench.setting({ mode: 'S', adue: true });
    const at = bench.map(SV39, ROOT, RAM_BASE, RAM_BASE, V | R | W | A, 1);
    attempt(bench, LOAD, RAM_BASE + 0x10000n);
    bench.poke(at, 0n);
    bench.map(SV39, ROOT, RAM_BASE + 0x10000n, TARGET + 4096n, V | R | W | A);
    expect(attempt(bench, STORE, RAM_BASE + 0x10000n)).toBe(true);
    expect(bench.hart.tlb.entries()).toMatchObject([{ pages: 1n, ppn: (TARGET + 4096n) >> 12n }]);
  });

  it('an entry stays right when ADUE changes: D clear faults while off, is set while on', () => {
    const { bench, flags } = mapped(V | R | W);
    attempt(bench, LOAD);
    bench.setting({ mode: 'S', adue: false });
    expect([attempt(bench, STORE), fault(bench)]).toEqual([15, 'dirty bit clear']);
    bench.setting({ mode: 'S', adue: true });
    expect([attempt(bench, STORE), flags()]).toEqual([true, V | R | W | A | D]);
  });
});

describe('12.3.2 steps 2 and 9: an entry that cannot be accessed raises the access fault of the access', () => {
  const KINDS = [
    ['fetch', FETCH, 1],
    ['load', LOAD, 5],
    ['LR', LR, 5],
    ['store', STORE, 7],
    ['SC', SC, 7],
    ['AMO', AMO, 7],
  ] as const;
  const open = { base: 0n, bytes: 1n << 56n, rights: 'rwx' };

  it.each(KINDS)('%s, by level', (_, shape, cause) => {
    for (const scheme of SCHEMES) {
      for (let level = 0; level < scheme.levels; level++) {
        const bench = new Bench();
        bench.satp(scheme, ROOT);
        bench.setting({ mode: 'S' });
        bench.map(scheme, ROOT, VA, TARGET, V | R | W | X | A | D);
        const { steps } = MMU.walk(bench.hart, VA, { ...shape, privilege: 'supervisor' });
        const { entryAddress } = steps[scheme.levels - 1 - level];
        const table = entryAddress & ~0xfffn;
        for (const rights of ['', 'w', 'x', 'wx']) {
          bench.pmp([{ base: table, bytes: 4096n, rights }, open]);
          expect([attempt(bench, shape), fault(bench)]).toEqual([cause, 'entry unreadable']);
          expect(bench.hart.trap.value).toBe(VA);
          expect(bench.hart.trap.walk?.steps.at(-1)).toMatchObject({ level, entryAddress });
        }
        bench.openPmp();
        expect(attempt(bench, shape)).toBe(true);
        bench.forget();
        // The table of this level lies nowhere, in a device, or beyond 2^55.
        const device = {
          name: 'rom',
          read: () => 0xffn,
          write: () => true,
          reset() {},
          save: () => null,
          restore() {},
        };
        bench.bus.attach(0x1000_0000n, 4096, device);
        for (const nowhere of [0n, 0x1000_0000n, RAM_BASE + 32n * 4096n, (1n << 56n) - 4096n]) {
          if (level === scheme.levels - 1) bench.satp(scheme, nowhere);
          else bench.poke(steps[scheme.levels - 2 - level].entryAddress, ((nowhere >> 12n) << 10n) | V);
          expect([attempt(bench, shape), fault(bench)]).toEqual([cause, 'entry unreadable']);
          expect(bench.hart.trap.walk?.steps.at(-1)).toMatchObject({ level, entry: undefined });
        }
      }
    }
  });

  it.each(KINDS)('%s that needs an update of a read-only entry', (_, shape, cause) => {
    const { bench, at, flags } = mapped(V | R | W | X);
    bench.pmp([{ base: at & ~0xfffn, bytes: 4096n, rights: 'r' }, open]);
    expect([attempt(bench, shape), fault(bench)]).toEqual([cause, 'entry not writable']);
    expect([attempt(bench, shape, VA, true), fault(bench)]).toEqual([cause, 'entry not writable']);
    expect(flags()).toBe(V | R | W | X);
    bench.openPmp();
    expect(attempt(bench, shape)).toBe(true);
  });

  it.each(KINDS)('%s whose own address PMP denies, walked and from the TLB', (_, shape, cause) => {
    const rights = { fetch: 'rw', load: 'x', store: 'rx' }[shape.kind];
    const { bench } = mapped(V | R | W | X | A | D);
    const closed = [{ base: TARGET, bytes: 4096n, rights }, open];
    bench.pmp(closed);
    expect([attempt(bench, shape), fault(bench)]).toEqual([cause, 'pmp']);
    expect(bench.hart.tlb.entries()).toEqual([]);
    bench.openPmp();
    expect(attempt(bench, shape)).toBe(true);
    bench.pmp(closed);
    expect([attempt(bench, shape), fault(bench)]).toEqual([cause, 'pmp']);
    expect(bench.hart.trap.walk?.steps.at(-1)?.decision).toMatch(/^from the TLB: leaf rwx a d, pmp$/);
  });

  it('a page in which PMP differs is no whole page', () => {
    const { bench } = mapped(V | R | W | X | A | D);
    expect([attempt(bench, LOAD), bench.hart.translated.wholePage]).toEqual([true, true]);
    bench.pmp([{ base: TARGET + 0x800n, bytes: 8n, rights: '' }, open]);
    expect([attempt(bench, LOAD), bench.hart.translated.wholePage]).toEqual([true, false]);
    expect(bench.memory.load(VA, 8)).toBe(0n);
    expect([bench.memory.load(VA + 0x800n, 8), bench.hart.trap.cause]).toEqual([undefined, 5]);
    expect([bench.memory.store(VA, 8, 1n), bench.memory.store(VA + 0x800n, 8, 1n)]).toEqual([true, false]);
    expect(bench.memory.store(VA + 0x7fcn, 8, 1n)).toBe(false);
    expect(bench.hart.trap).toMatchObject({ cause: 7, value: VA + 0x7fcn });
  });
});

describe('privilege and modes', () => {
  it('3.1.6.3: MPRV gives loads and stores MPP’s privilege, never fetches', () => {
    const { bench } = mapped(V | R | W | X | U | A | D, { mode: 'M', mprv: 'U' });
    expect([attempt(bench, LOAD), bench.hart.translated.pa]).toEqual([true, TARGET]);
    expect([attempt(bench, FETCH), bench.hart.translated.pa]).toEqual([true, VA]);
    bench.setting({ mode: 'M', mprv: 'S' });
    expect([attempt(bench, LOAD), fault(bench)]).toEqual([13, 'user page']);
    bench.setting({ mode: 'M', mprv: 'S', sum: true });
    expect(attempt(bench, LOAD)).toBe(true);
    bench.setting({ mode: 'M', mprv: 'M' });
    expect([attempt(bench, LOAD), bench.hart.translated.pa]).toEqual([true, VA]);
    expect(['fetch', 'load', 'store'].map((kind) => MMU.privilege(bench.hart, kind as 'fetch'))).toEqual(
      Array.from({ length: 3 }, () => 'machine'),
    );
  });

  it('3.7.1: PMP judges by the effective mode, so an entry without L binds M-mode under MPRV only', () => {
    const { bench } = mapped(V | R | W | X | U | A | D, { mode: 'M' });
    bench.pmp([{ base: 0n, bytes: 1n << 56n, rights: '' }]);
    expect(attempt(bench, LOAD)).toBe(true);
    bench.setting({ mode: 'M', mprv: 'U' });
    expect([attempt(bench, LOAD), fault(bench)]).toEqual([5, 'entry unreadable']);
  });

  it('Bare: every 64-bit address is the physical one, in any mode', () => {
    const bench = new Bench();
    for (const mode of ['U', 'S', 'M'] as const) {
      bench.setting({ mode });
      for (const address of [0n, 1n << 38n, TARGET, (1n << 56n) - 8n]) {
        expect([attempt(bench, LOAD, address), bench.hart.translated.pa]).toEqual([true, address]);
      }
      expect([bench.memory.load(1n << 38n, 8), bench.hart.trap.cause]).toEqual([undefined, 5]);
      expect(bench.hart.trap.walk).toMatchObject({ mode: 'Bare', steps: [], result: { fault: 'nothing there' } });
      // Physical addresses have 56 bits, so nothing lies beyond them.
      expect([bench.memory.store(0xffff_ffff_8000_0000n, 8, 0n), bench.hart.trap.cause]).toEqual([false, 7]);
      expect([bench.memory.load((1n << 56n) + TARGET, 8), bench.hart.trap.cause]).toEqual([undefined, 5]);
    }
    bench.setting({ mode: 'U' });
    bench.pmp([]);
    expect([attempt(bench, STORE, TARGET), fault(bench)]).toEqual([7, 'pmp']);
  });

  it('3.1.15 priorities: a misaligned atomic faults before its translation is looked at; plain accesses proceed', () => {
    const { bench } = mapped(0n);
    const misaligned = (shape: AccessShape) => MMU.misaligned(bench.hart, VA + 1n, shape) || bench.hart.trap.cause;
    expect([LOAD, STORE, LR, SC, AMO, FETCH].map(misaligned)).toEqual([true, true, 4, 6, 6, 0]);
    expect(bench.hart.trap).toMatchObject({ value: VA + 1n, address: VA + 1n, walk: undefined });
    expect([bench.memory.amo('swap', VA + 4n, 8, 0n), bench.hart.trap.cause]).toEqual([undefined, 6]);
    expect([bench.memory.loadReserved(VA + 2n, 4), bench.hart.trap.cause]).toEqual([undefined, 4]);
    expect([bench.memory.storeConditional(VA + 1n, 4, 0n), bench.hart.trap.cause]).toEqual([undefined, 6]);
    expect([bench.memory.load(VA + 1n, 8), bench.hart.trap.cause]).toEqual([undefined, 13]);
  });
});

describe('what a trap records', () => {
  const CASES: [string, bigint, Setting, AccessShape, number, string, string][] = [
    ['no entry', 0n, { mode: 'U' }, STORE, 15, 'not valid', 'not valid'],
    ['W without R', V | W | A | D, { mode: 'S' }, STORE, 15, 'reserved encoding', 'reserved encoding'],
    ['a reserved bit', V | R | A | (1n << 60n), { mode: 'S' }, LOAD, 13, 'reserved bits', 'reserved bits'],
    ['PBMT', V | R | A | (1n << 61n), { mode: 'S' }, LOAD, 13, 'reserved bits', 'reserved bits'],
    ['N of no known size', V | R | A | (1n << 63n), { mode: 'S' }, LOAD, 13, 'reserved encoding', 'reserved encoding'],
    ['a pointer at level 0', V, { mode: 'S' }, LOAD, 13, 'no leaf', 'no leaf'],
    ['user, page not', V | R | A, { mode: 'U' }, LOAD, 13, 'supervisor page', 'leaf r-- a, supervisor page'],
    ['SUM off', V | R | U | A, { mode: 'S' }, LOAD, 13, 'user page', 'leaf r-- u a, user page'],
    ['fetch under SUM', V | X | U | A, { mode: 'S', sum: true }, FETCH, 12, 'user page', 'leaf --x u a, user page'],
    ['execute-only', V | X | U | A, { mode: 'U' }, LOAD, 13, 'not readable', 'leaf --x u a, not readable'],
    ['read-only', V | R | X | U | A | D, { mode: 'U' }, AMO, 15, 'not writable', 'leaf r-x u a d, not writable'],
    ['no X', V | R | W | G | A | D, { mode: 'S' }, FETCH, 12, 'not executable', 'leaf rw- g a d, not executable'],
    ['A clear', V | R | D, { mode: 'S' }, LOAD, 13, 'access bit clear', 'leaf r-- d, access bit clear'],
    ['D clear', V | R | W | A, { mode: 'S' }, STORE, 15, 'dirty bit clear', 'leaf rw- a, dirty bit clear'],
  ];
  it.each(CASES)('%s', (_, bits, setting, shape, cause, why, decision) => {
    const { bench, at } = mapped(bits, setting);
    const address = VA + 0x123n;
    expect(attempt(bench, shape, address)).toBe(cause);
    const { trap } = bench.hart;
    const privilege = setting.mode === 'U' ? 'user' : 'supervisor';
    expect(trap).toMatchObject({ cause, value: address, address, interrupt: false, access: { ...shape, privilege } });
    expect(trap.walk).toEqual({
      mode: 'Sv39',
      root: ROOT,
      asid: 2,
      steps: [
        { level: 2, index: 1, entryAddress: ROOT + 8n, entry: (0x80002n << 10n) | V, decision: 'table 80002000' },
        {
          level: 1,
          index: 0x2b,
          entryAddress: 0x8000_2158n,
          entry: (0x80003n << 10n) | V,
          decision: 'table 80003000',
        },
        { level: 0, index: 0x78, entryAddress: at, entry: ((TARGET >> 12n) << 10n) | bits, decision },
      ],
      result: { fault: why },
    });
    expect(bench.hart.tlb.entries()).toEqual([]);
  });

  it('a misaligned superpage, and a global 64 KiB leaf that allows the access', () => {
    const { bench } = mapped(V | R | A);
    bench.map(SV39, ROOT, 0n, TARGET, V | R | A, 1);
    expect(attempt(bench, LOAD, 0x8n)).toBe(13);
    expect(bench.hart.trap.walk?.steps.at(-1)?.decision).toBe('leaf r-- a, misaligned superpage');
    expect(fault(bench)).toBe('misaligned superpage');
    bench.map(SV39, ROOT, 0x8000_5000n, TARGET + 0x8000n, V | R | G | A | (1n << 63n));
    const walk = MMU.walk(bench.hart, 0x8000_5010n, { ...LOAD, privilege: 'supervisor' });
    expect(walk.steps.at(-1)?.decision).toBe('leaf r-- g a 64K');
    expect(walk.result).toMatchObject({ vpn: 0x80000n, ppn: TARGET >> 12n, pages: 16n, global: true });
    expect([attempt(bench, LOAD, 0x8000_5010n), bench.hart.translated.pa]).toEqual([true, TARGET + 0x5010n]);
    // The fifteen others come from the same TLB entry.
    expect([attempt(bench, LOAD, 0x8000_f010n), bench.hart.translated.pa]).toEqual([true, TARGET + 0xf010n]);
    expect(attempt(bench, LOAD, 0x8001_0010n)).toBe(13);
  });

  it('a refusal by the TLB shows the entry, and what the tables say where they differ by now', () => {
    const { bench, at } = mapped(V | R | U | A, { mode: 'U' });
    attempt(bench, LOAD);
    expect(attempt(bench, STORE)).toBe(15);
    const steps = () => bench.hart.trap.walk!.steps.map(({ level, decision }) => `${level} ${decision}`);
    expect(steps()).toEqual(['2 table 80002000', '1 table 80003000', '0 from the TLB: leaf r-- u a, not writable']);
    bench.poke(at, ((TARGET >> 12n) << 10n) | V | R | W | U | A | D);
    expect([attempt(bench, STORE), fault(bench)]).toEqual([15, 'not writable']);
    expect(steps()).toEqual([
      '0 from the TLB: leaf r-- u a, not writable',
      '2 in memory now: table 80002000',
      '1 in memory now: table 80003000',
      '0 in memory now: leaf rw- u a d',
    ]);
    bench.poke(at, 0n);
    expect(attempt(bench, STORE)).toBe(15);
    expect(steps().at(-1)).toBe('0 in memory now: not valid');
    expect(fault(bench)).toBe('not writable');
  });

  it('a bus fault shows the walk that led nowhere', () => {
    const { bench, at } = mapped(V | R | W | A | D, { mode: 'S' }, 0x2000_0000n);
    expect(bench.memory.load(VA + 0x10n, 4)).toBeUndefined();
    expect(bench.hart.trap).toMatchObject({ cause: 5, value: VA + 0x10n });
    expect(bench.hart.trap.walk?.steps.at(-1)?.decision).toBe('leaf rw- a d, nothing there');
    expect(bench.memory.store(VA + 0x10n, 4, 0n)).toBe(false);
    expect(bench.hart.trap.walk?.steps.at(-1)?.decision).toBe('leaf rw- a d, nothing there');
    // Where a stale entry led there, the entry, and the tables as they are now.
    bench.poke(at, 0n);
    expect(bench.memory.load(VA + 0x10n, 4)).toBeUndefined();
    expect(fault(bench)).toBe('nothing there');
    const decisions = bench.hart.trap.walk!.steps.map(({ decision }) => decision);
    expect([decisions[0], decisions.at(-1)]).toEqual([
      'from the TLB: leaf rw- a d, nothing there',
      'in memory now: not valid',
    ]);
  });

  it('mmu.walk changes nothing and reads as asked, whatever the TLB holds', () => {
    const { bench, at, flags } = mapped(V | R | W | U);
    const walk = MMU.walk(bench.hart, VA + 8n, { ...STORE, privilege: 'user' });
    const old = bench.peek(at)!;
    expect(walk.result).toEqual({
      vpn: VA >> 12n,
      ppn: TARGET >> 12n,
      pages: 1n,
      global: false,
      bits: old | A | D,
      entryAddress: at,
      update: { old, value: old | A | D },
    });
    expect([flags(), bench.hart.tlb.entries()]).toEqual([V | R | W | U, []]);
    expect(MMU.walk(bench.hart, VA, { ...STORE, privilege: 'machine' })).toMatchObject({ mode: 'Bare', steps: [] });
  });
});

it('12.6: satp.ASID and .PPN select the root, Sv48 roots from Sv39’s tables fail at their own level', () => {
  const { bench } = mapped(V | R | A);
  bench.satp(SV48, ROOT);
  bench.forget();
  expect(attempt(bench, LOAD)).toBe(13);
  expect(bench.hart.get(SLOTS.get('satp')) >> 60n).toBe(9n);
  expect(bench.hart.trap.walk).toMatchObject({ mode: 'Sv48', steps: [{ level: 3, index: 0 }] });
});
