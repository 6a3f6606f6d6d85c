// Priv. spec 10.2.1 SFENCE.VMA and 10.1.11 satp: what a hart remembers of page tables, until when.
import { describe, expect, it } from 'vitest';
import { accessShape } from '../../../machine/access.ts';
import { MMU } from '../../../machine/riscv/mmu.ts';
import { A, Bench, D, G, R, RAM_BASE, SCHEMES, U, V, W, X } from './mmu-harness.ts';

const [SV39, SV48] = SCHEMES;
const ROOT = RAM_BASE + 0x1000n;
const OLD = RAM_BASE + 0x10000n;
const NEW = RAM_BASE + 0x11000n;
const LOAD = accessShape('load', 8);
const ALL = V | R | W | X | A | D;

/** Pages P and Q, of ASIDs 1 and 2 and global, a 2 MiB page and a 64 KiB range, by name. */
const PLACES = {
  p1: { address: 0x1000n, asid: 1 },
  q1: { address: 0x2000n, asid: 1 },
  p2: { address: 0x1000n, asid: 2 },
  q2: { address: 0x2000n, asid: 2 },
  global: { address: 0x3000n, asid: 1 },
  mega1: { address: 0x8012_3000n, asid: 1 },
  napot1: { address: 0x4_5000n, asid: 1 },
} as const;
type Place = keyof typeof PLACES;
const NAMES = Object.keys(PLACES) as Place[];

/** Each place loaded once, then taken out of the tables, with no fence. */
function filled() {
  const bench = new Bench();
  bench.setting({ mode: 'S' });
  const roots = { 1: ROOT, 2: RAM_BASE + 0x9000n };
  const asid = (place: Place) => bench.satp(SV39, roots[PLACES[place].asid], PLACES[place].asid);
  const leaves = NAMES.map((place) => {
    const { address, asid } = PLACES[place];
    const bits = ALL | (place === 'global' ? G : 0n) | (place === 'napot1' ? 1n << 63n : 0n);
    const target = place === 'mega1' ? RAM_BASE : place === 'napot1' ? OLD + 0x8000n : OLD;
    return bench.map(SV39, roots[asid], address, target, bits, place === 'mega1' ? 1 : 0);
  });
  const load = (place: Place) => {
    asid(place);
    return MMU.translate(bench.hart, PLACES[place].address, LOAD);
  };
  expect(NAMES.map(load)).toEqual(NAMES.map(() => true));
  for (const at of leaves) bench.poke(at, 0n);
  /** The places that still answer, though no table holds them any more. */
  const kept = () => NAMES.filter(load);
  const fence = (...operands: bigint[]) => {
    bench.hart.isa.perform(bench.hart, 'sfence.vma', ...operands);
    return kept();
  };
  return { bench, kept, fence };
}

const without = (...gone: Place[]) => NAMES.filter((place) => !gone.includes(place));

describe('10.2.1: a translation stays until it is fenced', () => {
  it('without a fence everything stays', () => expect(filled().kept()).toEqual(NAMES));
  it('rs1=x0, rs2=x0: everything goes, global entries too', () => expect(filled().fence()).toEqual([]));

  it.each<[string, bigint, Place[]]>([
    ['the page, of every ASID', 0x1000n, without('p1', 'p2')],
    ['any byte of it', 0x2fffn, without('q1', 'q2')],
    ['a global page', 0x3000n, without('global')],
    ['a superpage, by any of its pages', 0x8000_0000n, without('mega1')],
    ['a 64 KiB range, by any of its pages', 0x4_f000n, without('napot1')],
    ['a page that is not there', 0x7000n, NAMES],
    ['the same page beyond the canonical half', 0x1000n | (1n << 63n), NAMES],
  ])('rs1 alone: %s', (_, address, stay) => expect(filled().fence(address)).toEqual(stay));

  it.each<[string, bigint, Place[]]>([
    ['ASID 1, its global entries stay', 1n, ['p2', 'q2', 'global']],
    ['ASID 2', 2n, without('p2', 'q2')],
    ['an ASID never used', 3n, NAMES],
    ['bits 63:16 of rs2 are ignored', 0xffff_0000_0001_0002n, without('p2', 'q2')],
  ])('rs2 alone: %s', (_, asid, stay) => {
    const { bench, kept } = filled();
    bench.hart.isa.perform(bench.hart, 'sfence.vma.asid', asid);
    expect(kept()).toEqual(stay);
  });

  it.each<[string, bigint, bigint, Place[]]>([
    ['the page of that ASID alone', 0x1000n, 1n, without('p1')],
    ['the other ASID', 0x1000n, 2n, without('p2')],
    ['a global page stays', 0x3000n, 1n, NAMES],
    ['a superpage', 0x801f_f000n, 1n, without('mega1')],
    ['a superpage of another ASID', 0x801f_f000n, 2n, NAMES],
  ])('rs1 and rs2: %s', (_, address, asid, stay) => expect(filled().fence(address, asid)).toEqual(stay));

  it('is illegal in U-mode, and so is no way to shed entries', () => {
    const { bench, kept } = filled();
    bench.setting({ mode: 'U' });
    expect(() => bench.hart.isa.perform(bench.hart, 'sfence.vma')).toThrow('illegal');
    bench.setting({ mode: 'S' });
    expect(kept()).toEqual(NAMES);
  });
});

describe('what changes at once, with no fence', () => {
  const SHAPES = { fetch: accessShape('fetch', 2), load: LOAD, store: accessShape('store', 8) } as const;
  const VA = 0x5000n;

  /** Which kinds of access a page with these bits allows, each entered in the TLB first where it can be. */
  function allowed(bench: Bench): string {
    return (['fetch', 'load', 'store'] as const).filter((k) => MMU.translate(bench.hart, VA, SHAPES[k])).join(' ');
  }

  it('SUM, MXR, privilege and MPRV', () => {
    const bench = new Bench();
    bench.satp(SV39, ROOT);
    const at = bench.map(SV39, ROOT, VA, OLD, V | X | U | A | D);
    bench.setting({ mode: 'U' });
    expect(allowed(bench)).toBe('fetch');
    // From here on only the TLB knows the page.
    bench.poke(at, 0n);
    const steps = [
      [{ mode: 'U', mxr: true }, 'fetch load'],
      [{ mode: 'U' }, 'fetch'],
      [{ mode: 'S', mxr: true }, ''],
      [{ mode: 'S', sum: true }, ''],
      [{ mode: 'S', sum: true, mxr: true }, 'load'],
      [{ mode: 'M', mprv: 'U', mxr: true }, 'fetch load'],
      [{ mode: 'M', mprv: 'S', sum: true, mxr: true }, 'fetch load'],
      [{ mode: 'M', mprv: 'S', sum: true }, 'fetch'],
      [{ mode: 'U' }, 'fetch'],
    ] as const;
    for (const [setting, kinds] of steps) {
      bench.setting(setting);
      expect([setting, allowed(bench)]).toEqual([setting, kinds]);
    }
  });

  it('through the engine’s own cache of verdicts as well: loads and stores follow SUM and MPRV', () => {
    const bench = new Bench();
    bench.satp(SV39, ROOT);
    bench.map(SV39, ROOT, VA, OLD, V | R | W | U | A | D);
    for (const sum of [true, false, true, false]) {
      bench.setting({ mode: 'S', sum });
      for (let again = 0; again < 3; again++) {
        expect([bench.memory.store(VA, 8, 7n), bench.memory.load(VA, 8)]).toEqual([sum, sum ? 7n : undefined]);
      }
    }
    bench.setting({ mode: 'M', mprv: 'U' });
    expect(bench.memory.load(VA, 8)).toBe(7n);
    bench.setting({ mode: 'M' });
    expect([bench.memory.load(VA, 8), bench.hart.trap.cause]).toEqual([undefined, 5]);
  });

  it('12.1.11: satp between Bare and Sv39, and the ASID', () => {
    const bench = new Bench();
    bench.setting({ mode: 'S' });
    bench.map(SV39, ROOT, OLD, NEW, V | R | W | A | D);
    bench.poke(OLD, 1n);
    bench.poke(NEW, 2n);
    for (let again = 0; again < 2; again++) {
      bench.set('satp', 0n);
      expect(bench.memory.load(OLD, 8)).toBe(1n);
      bench.satp(SV39, ROOT, 5);
      expect(bench.memory.load(OLD, 8)).toBe(2n);
      bench.satp(SV39, RAM_BASE + 0x9000n, 6);
      expect([bench.memory.load(OLD, 8), bench.hart.trap.cause]).toEqual([undefined, 13]);
    }
    // A root changed under the same ASID, unfenced: the old translation stays.
    bench.satp(SV39, RAM_BASE + 0x9000n, 5);
    expect(bench.memory.load(OLD, 8)).toBe(2n);
  });

  it('12.1.11: from Sv48 to Sv39 unfenced, entries stay, but an address must be canonical for the scheme of now', () => {
    const bench = new Bench();
    bench.setting({ mode: 'S' });
    const low = VA;
    const high = VA | (1n << 40n);
    for (const address of [low, high]) bench.map(SV48, ROOT, address, OLD, V | R | A);
    bench.satp(SV48, ROOT, 4);
    expect([low, high].map((address) => MMU.translate(bench.hart, address, LOAD))).toEqual([true, true]);
    bench.satp(SV39, RAM_BASE + 0x9000n, 4);
    expect([low, high].map((address) => MMU.translate(bench.hart, address, LOAD))).toEqual([true, false]);
    expect(bench.hart.trap).toMatchObject({ cause: 13, value: high, walk: { result: { fault: 'not canonical' } } });
  });

  it('faults are not remembered: an entry made valid answers with no fence', () => {
    const bench = new Bench();
    bench.satp(SV39, ROOT);
    bench.setting({ mode: 'S' });
    const at = bench.map(SV39, ROOT, VA, OLD, 0n);
    expect(bench.memory.load(VA, 8)).toBeUndefined();
    bench.poke(at, ((OLD >> 12n) << 10n) | V | R | A);
    expect(bench.memory.load(VA, 8)).toBe(0n);
    expect(bench.memory.store(VA, 8, 1n)).toBe(false);
    // More rights in memory are not seen while the entry stays, as hardware may or may not; fenced, they are.
    bench.poke(at, ((OLD >> 12n) << 10n) | V | R | W | A | D);
    expect([bench.memory.store(VA, 8, 1n), bench.hart.trap.cause]).toEqual([false, 15]);
    bench.hart.isa.perform(bench.hart, 'sfence.vma', VA);
    expect(bench.memory.store(VA, 8, 1n)).toBe(true);
  });

  it('Svade: D set in memory is not seen while the entry without it stays', () => {
    const bench = new Bench();
    bench.satp(SV39, ROOT);
    bench.setting({ mode: 'S' });
    const at = bench.map(SV39, ROOT, VA, OLD, V | R | W | A);
    expect(bench.memory.load(VA, 8)).toBe(0n);
    bench.poke(at, bench.peek(at)! | D);
    expect(bench.memory.store(VA, 8, 1n)).toBe(false);
    expect(bench.hart.trap).toMatchObject({ cause: 15, walk: { result: { fault: 'dirty bit clear' } } });
    expect(bench.hart.trap.walk?.steps.map(({ decision }) => decision)).toEqual([
      'from the TLB: leaf rw- a, dirty bit clear',
      'in memory now: table 80002000',
      'in memory now: table 80003000',
      'in memory now: leaf rw- a d',
    ]);
    bench.hart.isa.perform(bench.hart, 'sfence.vma', VA);
    expect(bench.memory.store(VA, 8, 1n)).toBe(true);
  });

  it('nothing is evicted: ten thousand pages stay', () => {
    const bench = new Bench();
    bench.satp(SV39, ROOT);
    bench.setting({ mode: 'S' });
    const at = bench.map(SV39, ROOT, 0n, OLD, V | R | A);
    const entry = bench.peek(at)!;
    const table = at & ~0xfffn;
    for (let i = 0n; i < 512n; i++) bench.poke(table + i * 8n, entry);
    // The same table of 512 pages, at twenty places of the table above it.
    const above = MMU.walk(bench.hart, 0n, { ...LOAD, privilege: 'supervisor' }).steps[1];
    for (let i = 0n; i < 20n; i++) bench.poke(above.entryAddress + i * 8n, above.entry!);
    for (let page = 0n; page < 10_240n; page++) MMU.translate(bench.hart, page << 12n, LOAD);
    for (let i = 0n; i < 20n; i++) bench.poke(above.entryAddress + i * 8n, 0n);
    let stayed = 0;
    for (let page = 0n; page < 10_240n; page++) if (MMU.translate(bench.hart, page << 12n, LOAD)) stayed++;
    expect(stayed).toBe(10_240);
  });
});
