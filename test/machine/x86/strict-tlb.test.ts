// What a watched hart tells of its translations: stale ones used (SDM vol. 3A, 4.10.4.2), and what software need not
// invalidate (4.10.4.3).
import { describe, expect, it } from 'vitest';
import { accessShape } from '../../../machine/access.ts';
import type { TlbNotice } from '../../../machine/tlb.ts';
import { flushForCr3, invalidatePage, invalidatePcid } from '../../../machine/x86/invalidate.ts';
import { A, Bench, D, G, NX, P, PS, type Setting, U, W } from './mmu-harness.ts';

const LOAD = accessShape('load', 8);
const STORE = accessShape('store', 8);
const FETCH = accessShape('fetch', 1);
const VA = 0x4567_8000n;
const [OLD, NEW] = [0x2_0000n, 0x3_0000n];
/** CR3 leads here after a change of address space. */
const OTHER_ROOT = 0x2_8000n;
const [PWT, PCD, PAT_OF_2M] = [8n, 16n, 1n << 12n];
const key = (n: bigint) => n << 59n;
const SETTING: Setting = { wp: true, nxe: true, pge: true };

interface Watched {
  readonly bench: Bench;
  readonly told: TlbNotice[];
  /** The leaf's place, and those of the entries above it. */
  readonly at: readonly bigint[];
  /** Makes an access, and says what was told of since the last time. */
  use(shape?: typeof LOAD, address?: bigint): string[];
}

/** A watched hart with a page in its TLB, by a load. */
function watched(bits = P | W | A | D, setting: Setting = SETTING, level = 0, pcid = 0n): Watched {
  const bench = new Bench();
  const told: TlbNotice[] = [];
  bench.hart.watch = (notice) => told.push(notice);
  // As after a reset: WB, WT, UC−, UC, twice.
  bench.set('pat', 0x0007_0406_0007_0406n);
  bench.under(setting, pcid);
  const at = bench.map(VA, level === 0 ? OLD : 0n, bits, level);
  let seen = 0;
  const use = (shape = LOAD, address = VA): string[] => {
    bench.outcome(address, shape);
    const words = told.slice(seen).map(({ kind, difference }) => `${kind}: ${difference}`);
    seen = told.length;
    return words;
  };
  expect(use()).toEqual([]);
  return { bench, told, at, use };
}

const stale = (difference: string) => [`stale translation: ${difference}`];

describe('a stale translation used: the entry was changed without INVLPG', () => {
  it.each<[string, bigint, string]>([
    ['not present', 0n, 'gone'],
    ['not present, its other bits kept', OLD | W | A | D, 'gone'],
    ['a reserved bit', OLD | P | W | A | D | (1n << 51n), 'gone'],
    ['another page', NEW | P | W | A | D, 'output address'],
    ['read-only', OLD | P | A | D, 'rights'],
    ['XD', OLD | P | W | A | D | NX, 'rights'],
    ['global', OLD | P | W | A | D | G, 'rights'],
    ['D cleared: a store would not set it again', OLD | P | W | A, 'rights'],
    ['uncacheable by PCD', OLD | P | W | A | D | PCD, 'memory type'],
    ['write-through by PWT', OLD | P | W | A | D | PWT, 'memory type'],
  ])('%s', (_, now, difference) => {
    const { bench, at, use, told } = watched();
    bench.poke(at[0], now);
    bench.hart.pc = 0x1234n;
    expect([use(LOAD, VA + 8n), use(), use(STORE), use(FETCH)]).toEqual([stale(difference), [], [], []]);
    expect(told).toMatchObject([
      { hart: 0, address: VA + 8n, pc: 0x1234n, held: { ppn: OLD >> 12n, entryAddress: at[0] } },
    ]);
    expect(told[0].access).toEqual({ ...LOAD, privilege: 'supervisor' });
    expect(told[0].now.steps.at(-1)).toMatchObject({ level: 0, entryAddress: at[0], entry: now });
    // The machine does as it would: the entry answers.
    expect(bench.outcome(VA, LOAD)).toBe(`pa ${OLD.toString(16)}`);
  });

  it.each<[string, bigint, Setting, bigint, string[]]>([
    ['U/S cleared', P | W | U | A | D, SETTING, OLD | P | W | A | D, stale('rights')],
    ['another key under PKE', P | W | A | D, { ...SETTING, pke: true }, OLD | P | W | A | D | key(1n), stale('rights')],
    ['another key under PKS', P | W | A | D, { ...SETTING, pks: true }, OLD | P | W | A | D | key(1n), stale('rights')],
    ['the key’s bits, which are software’s own', P | W | A | D, SETTING, OLD | P | W | A | D | key(1n), []],
    ['no longer global', P | W | A | D | G, SETTING, OLD | P | W | A | D, stale('rights')],
    ['G, CR4.PGE being clear', P | W | A | D, { wp: true }, OLD | P | W | A | D | G, []],
    ['U/S set under SMEP', P | W | A | D, { ...SETTING, smep: true }, OLD | P | W | U | A | D, stale('rights')],
    ['U/S set, CR4.SMEP being clear', P | W | A | D, SETTING, OLD | P | W | U | A | D, []],
    ['PAT, of the same type in either half', P | W | A | D, SETTING, OLD | P | W | A | D | PS, []],
  ])('%s', (_, bits, setting, now, told) => {
    const { bench, at, use } = watched(bits, setting);
    bench.poke(at[0], now);
    expect(use()).toEqual(told);
  });

  it('by an entry above it: rights taken away at each level, and made not present', () => {
    for (const [i, change] of [W, U, NX].flatMap((bit) => [1, 2, 3].map((i) => [i, bit] as const))) {
      const { bench, at, use } = watched(P | W | U | A | D);
      bench.poke(at[i], bench.peek(at[i]) ^ change);
      expect(use()).toEqual(stale('rights'));
      bench.poke(at[i], 0n);
      expect(use()).toEqual(stale('gone'));
    }
  });

  it('a larger page split, its low bits changed, and its PAT bit', () => {
    const { bench, at, use } = watched(P | W | A | D, SETTING, 1);
    bench.set('pat', 0x0007_0401_0007_0406n);
    bench.poke(at[0], bench.peek(at[0]) | PAT_OF_2M);
    expect(use()).toEqual(stale('memory type'));
    bench.poke(at[0], 0n);
    bench.map(VA, OLD, P | W | A | D);
    expect([use(), use()]).toEqual([stale('size'), []]);
  });

  it('a translation that refuses is used too, and the page fault drops it (4.10.4.1)', () => {
    const { bench, at, use } = watched(P | W | A | D);
    bench.poke(at[0], NEW | P | A | D);
    bench.under({ ...SETTING, user: true });
    expect(use(STORE)).toEqual(stale('output address'));
    expect(bench.hart.tlb.entries()).toEqual([]);
    bench.under(SETTING);
    expect([use(STORE), bench.hart.trap.cause & 0xff, use()]).toEqual([[], 14, []]);
  });

  it('is told once for each state of the tables, also after a snapshot', () => {
    const { bench, at, use } = watched();
    bench.poke(at[0], OLD | P | A | D);
    expect([use(), use(), use(STORE)]).toEqual([stale('rights'), [], []]);
    expect(use()).toEqual([]);
    bench.poke(at[0], 0n);
    bench.forget();
    bench.poke(at[0], OLD | P | W | A | D);
    expect(use()).toEqual([]);
    bench.poke(at[0], 0n);
    expect(use()).toEqual(stale('gone'));
    bench.hart.tlb.restore(bench.hart.tlb.save());
    expect(use()).toEqual([]);
  });
});

describe('address spaces', () => {
  const PCIDS = { ...SETTING, pcide: true };
  /** Other tables, in which the page lies elsewhere, under a PCID. */
  function changeTables({ bench }: Watched, setting: Setting, cr3Bits: bigint, bits = P | W | A | D): void {
    bench.root = OTHER_ROOT;
    bench.map(VA, NEW, bits);
    bench.under(setting, cr3Bits & 0xfffn);
    flushForCr3(bench.hart, 0n, OTHER_ROOT | cr3Bits);
  }

  it.each<[string, bigint, Setting, bigint, bigint, string[]]>([
    ['MOV to CR3', P | W | A | D, SETTING, 0n, 0n, []],
    ['MOV to CR3, a global page that leads elsewhere', P | W | A | D | G, SETTING, 0n, 0n, stale('output address')],
    ['MOV to CR3, CR4.PGE being clear', P | W | A | D | G, { wp: true }, 0n, 0n, []],
    ['another PCID', P | W | A | D, PCIDS, 1n, 2n, []],
    ['another PCID with bit 63', P | W | A | D, PCIDS, 1n, (1n << 63n) | 2n, []],
    ['another PCID, a global page', P | W | A | D | G, PCIDS, 1n, 2n, stale('output address')],
    ['the same PCID', P | W | A | D, PCIDS, 1n, 1n, []],
    ['the same PCID with bit 63', P | W | A | D, PCIDS, 1n, (1n << 63n) | 1n, stale('output address')],
  ])('%s', (_, bits, setting, before, cr3, told) => {
    const made = watched(bits, setting, 0, before);
    changeTables(made, setting, cr3);
    expect(made.use()).toEqual(told);
  });

  it('back in a PCID by bit 63, of which an entry was changed meanwhile', () => {
    const made = watched(P | W | A | D, PCIDS, 0, 1n);
    const { bench, at, use } = made;
    const { root } = bench;
    changeTables(made, PCIDS, 2n);
    expect(use()).toEqual([]);
    bench.poke(at[0], 0n);
    // INVLPG is for the PCID in force, INVPCID for any.
    invalidatePage(bench.hart, VA);
    bench.root = root;
    bench.under(PCIDS, 1n);
    flushForCr3(bench.hart, 0n, (1n << 63n) | root | 1n);
    expect(use()).toEqual(stale('gone'));
    invalidatePcid(bench.hart, 0n, 1n, VA);
    expect([use(), bench.hart.tlb.entries()]).toEqual([[], []]);
  });
});

describe('a kernel that does right hears nothing', () => {
  it.each<[string, bigint, bigint, typeof LOAD, string]>([
    ['R/W set: one page fault', P | A, OLD | P | W | A, STORE, '#PF 11'],
    ['XD cleared: one page fault', P | A | NX, OLD | P | A, FETCH, '#PF 10001'],
    ['A cleared', P | W | A | D, OLD | P | W | D, STORE, 'pa'],
    ['D set by another hart', P | W | A, OLD | P | W | A | D, STORE, 'pa'],
  ])('what may be left: %s (4.10.4.3)', (_, bits, now, shape, first) => {
    const { bench, at, use, told } = watched(bits);
    bench.poke(at[0], now);
    expect([use(), bench.outcome(VA, shape).split(' ').slice(0, -1).join(' ')]).toEqual([[], first]);
    expect([bench.outcome(VA, shape), use(), told]).toEqual([`pa ${OLD.toString(16)}`, [], []]);
  });

  it('U/S set, CR4.SMEP being clear: one page fault', () => {
    const { bench, at, use, told } = watched(P | W | A | D);
    bench.poke(at[0], OLD | P | W | U | A | D);
    bench.under({ ...SETTING, user: true });
    expect([bench.outcome(VA, LOAD), bench.outcome(VA, LOAD), use(), told]).toEqual([
      `#PF 101 ${VA.toString(16)}`,
      `pa ${OLD.toString(16)}`,
      [],
      [],
    ]);
  });

  it('P set, from a fault that left nothing', () => {
    const { bench, use, at } = watched();
    const next = VA + 0x1000n;
    expect(use(LOAD, next)).toEqual([]);
    bench.poke(at[0] + 8n, NEW | P | W);
    expect([use(LOAD, next), use(STORE, next)]).toEqual([[], []]);
  });

  it('rights that a table above takes away as it did before', () => {
    const { bench, at, use } = watched(P | W | A | D);
    bench.poke(at[2], (bench.peek(at[2]) ^ W) | NX);
    bench.forget();
    expect(use()).toEqual([]);
    bench.poke(at[0], bench.peek(at[0]) & ~A);
    expect([use(), use(STORE), use(FETCH)]).toEqual([[], [], []]);
  });

  it('A and D set by the walker, in the entries above too', () => {
    const { bench, at, use } = watched(P | W);
    expect([use(STORE), use(), bench.peek(at[0]) & (A | D), bench.peek(at[2]) & A]).toEqual([[], [], A | D, A]);
  });

  it('changes followed by INVLPG of any address in the page, by INVPCID, and a page that nobody uses again', () => {
    const { bench, at, use } = watched();
    bench.poke(at[0], NEW | P | A);
    invalidatePage(bench.hart, VA + 0xfffn);
    expect([use(), use(STORE), use(FETCH)]).toEqual([[], [], []]);
    use();
    bench.poke(at[0], OLD | P | W);
    invalidatePcid(bench.hart, 1n, 0n, 0n);
    expect(use()).toEqual([]);
    bench.poke(at[0], 0n);
    bench.poke(at[0] + 8n, NEW | P);
    expect(use(LOAD, VA + 0x1000n)).toEqual([]);
  });

  it('a table freed and another in its place, after INVLPG: no entry above a leaf is cached apart', () => {
    const { bench, at, use } = watched();
    const table = 0x2_c000n;
    bench.poke(table + (at[0] & 0xfffn), NEW | P | W);
    bench.poke(at[1], table | P | W);
    invalidatePage(bench.hart, VA);
    expect([use(), bench.outcome(VA, LOAD)]).toEqual([[], `pa ${NEW.toString(16)}`]);
  });

  it('CR0.WP, AC, keys’ registers and CPL, which are no part of an entry', () => {
    const { bench, use } = watched(P | U | A, { ...SETTING, pke: true });
    for (const more of [{ wp: false }, { smap: true }, { smap: true, ac: true }, { user: true }, { pkru: -1 }]) {
      bench.under({ ...SETTING, pke: true, ...more });
      expect([use(), use(STORE), use(FETCH)]).toEqual([[], [], []]);
    }
  });
});

it('fast paths hide nothing while watched', () => {
  const { bench, told, at } = watched();
  for (let i = 0; i < 3; i++) expect(bench.memory.load(VA, 8)).toBe(0n);
  bench.poke(at[0], 0n);
  expect([bench.memory.load(VA, 8), told.length]).toEqual([0n, 1]);
});
