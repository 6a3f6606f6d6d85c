// SDM vol. 3A, 4.6 to 4.8, 4.10.4 and 6.15; vol. 1, 3.3.7.1: page faults, accessed and dirty flags, addresses that are none.
import { describe, expect, it } from 'vitest';
import { accessShape } from '../../../machine/access.ts';
import { A, Bench, D, G, P, type Setting, U, W } from './mmu-harness.ts';

const PAGE = 0x7f00_0000_0000n;
const [LOW, HIGH] = [0x2_0000n, 0x3_0000n];
const LOAD = accessShape('load', 1);
const STORE = accessShape('store', 1);
const FETCH = accessShape('fetch', 1);

/** Two neighbouring pages on frames that are not neighbours. */
function pages(first: bigint, second: bigint, setting: Setting = {}, at = PAGE, levels: 4 | 5 = 4) {
  const bench = new Bench();
  bench.levels = levels;
  const entries = [first, second].map((bits, i) => {
    return bench.map(BigInt.asUintN(64, at + BigInt(i) * 4096n), i ? HIGH : LOW, bits);
  });
  bench.under(setting);
  const flags = () => entries.map(([leaf]) => bench.peek(leaf) & (A | D));
  return { bench, entries, flags };
}

describe('addresses', () => {
  it.each([
    ['first that is not canonical', 0x8000_0000_0000n, 4, LOAD, 'vector 13 error 0'],
    ['last that is not canonical', 0xffff_7fff_ffff_ffffn, 4, STORE, 'vector 13 error 0'],
    [
      'through the stack segment',
      0x8000_0000_0000n,
      4,
      accessShape('load', 8, 'plain', { stack: true }),
      'vector 12 error 0',
    ],
    ['a fetch', 0x8000_0000_0000n, 4, FETCH, 'vector 13 error 0'],
    ['last of the lower half', 0x7fff_ffff_ffffn, 4, LOAD, '#PF 0 7fffffffffff'],
    ['first of the upper half', 0xffff_8000_0000_0000n, 4, LOAD, '#PF 0 ffff800000000000'],
    ['LA57: canonical by 57 bits', 0x8000_0000_0000n, 5, LOAD, '#PF 0 800000000000'],
    ['LA57: not by 57 bits', 0x100_0000_0000_0000n, 5, LOAD, 'vector 13 error 0'],
  ] as const)('%s', (_, address, levels, shape, want) => {
    const bench = new Bench();
    bench.levels = levels;
    bench.under({ nxe: true });
    expect(bench.outcome(address, shape)).toBe(want);
  });
});

describe('what a fault leaves', () => {
  it('a page fault drops what the TLB holds for its address (4.10.4.1)', () => {
    const { bench, entries } = pages(P, P | W, { wp: true });
    expect(bench.outcome(PAGE, LOAD)).toBe('pa 20000');
    bench.poke(entries[0][0], LOW | P | W);
    expect(bench.outcome(PAGE, STORE)).toBe(`#PF 11 ${PAGE.toString(16)}`);
    expect(bench.outcome(PAGE, STORE)).toBe('pa 20000');
  });

  it('a stale entry answers until then', () => {
    const { bench, entries } = pages(P | W, P | W);
    expect(bench.outcome(PAGE, LOAD)).toBe('pa 20000');
    bench.poke(entries[0][0], 0n);
    expect(bench.outcome(PAGE, LOAD)).toBe('pa 20000');
  });

  it('a store sets D in what memory holds by now, from an entry without D', () => {
    const { bench, entries } = pages(P | W, P | W);
    expect(bench.outcome(PAGE, LOAD)).toBe('pa 20000');
    bench.poke(entries[0][0], HIGH | P | W | G);
    expect(bench.outcome(PAGE, STORE)).toBe('pa 30000');
    expect(bench.peek(entries[0][0])).toBe(HIGH | P | W | G | A | D);
  });

  it('a store across pages whose second part faults sets nothing', () => {
    const { bench, flags } = pages(P | W, P, { wp: true });
    expect(bench.memory.store(PAGE + 0xffcn, 8, 1n)).toBe(false);
    expect([bench.hart.trap.value, flags()]).toEqual([PAGE + 0x1000n, [0n, 0n]]);
  });

  it('a dry run sets nothing', () => {
    const { bench, flags } = pages(P | W, P | W);
    expect(bench.hart.isa.mmu.translate(bench.hart, PAGE, STORE, true)).toBe(true);
    expect([flags(), bench.hart.tlb.entries()]).toEqual([[0n, 0n], []]);
  });
});

describe('privilege (4.6)', () => {
  it.each([
    [0, 'pa 20000', 'vector 14'],
    [1, 'pa 20000', 'vector 14'],
    [2, 'pa 20000', 'vector 14'],
    [3, 'vector 14', 'pa 30000'],
  ])('CPL %i: pages of the supervisor’s and, under SMAP, of the user’s', (cpl, supervisor, user) => {
    const { bench } = pages(P | W, P | W | U, { smap: true });
    bench.hart.set32(bench.hart.isa.slots.get('cpl'), cpl);
    bench.hart.contextChanged();
    const outcome = (address: bigint) => bench.outcome(address, LOAD).replace(/#PF.*/, 'vector 14');
    expect([outcome(PAGE), outcome(PAGE + 4096n)]).toEqual([supervisor, user]);
  });
});

describe('indivisible accesses across pages', () => {
  it.each([1, 3, 7])('%i bytes in the first', (first) => {
    const { bench, flags } = pages(P | W, P | W);
    const at = PAGE + 4096n - BigInt(first);
    expect(bench.memory.store(at, 8, 0x1122_3344_5566_7788n)).toBe(true);
    expect(bench.memory.amo('add', at, 8, 0x10n)).toBe(0x1122_3344_5566_7788n);
    expect(bench.memory.compareAndSwap(at, 8, 0n, 5n)).toBe(0x1122_3344_5566_7798n);
    expect(bench.memory.compareAndSwap(at, 8, 0x1122_3344_5566_7798n, 5n)).toBe(0x1122_3344_5566_7798n);
    expect([bench.memory.load(at, 8), flags()]).toEqual([5n, [A | D, A | D]]);
  });

  it('the second faults: nothing has changed, and its address is told', () => {
    const { bench, flags } = pages(P | W, P, { wp: true });
    expect(bench.memory.amo('swap', PAGE + 0xffen, 4, 1n)).toBeUndefined();
    expect([bench.hart.trap.value, flags()]).toEqual([PAGE + 0x1000n, [0n, 0n]]);
  });

  it('from the last page to the first', () => {
    const { bench } = pages(P | W, P | W, {}, 0xffff_ffff_ffff_f000n);
    expect(bench.memory.amo('swap', 0xffff_ffff_ffff_fffen, 4, 0xaabb_ccddn)).toBe(0n);
    expect(bench.memory.load(0n, 2)).toBe(0xaabbn);
  });
});

describe('alignment checking (6.15, interrupt 17)', () => {
  it.each([
    [3, true, true, false],
    [3, true, false, true],
    [3, false, true, true],
    [0, true, true, true],
  ])('CPL %i, AM %s, AC %s: %s', (cpl, am, ac, allowed) => {
    const { bench } = pages(P | W | U, P | W | U, { user: cpl === 3, ac });
    if (am) bench.set('cr0', 0x8004_0033n);
    expect(bench.memory.load(PAGE + 1n, 4) !== undefined).toBe(allowed);
    expect(bench.memory.amo('swap', PAGE + 1n, 4, 0n) !== undefined).toBe(allowed);
    if (!allowed) expect(bench.hart.trap.cause & 0xff).toBe(17);
  });
});

describe('where nothing answers', () => {
  const NOWHERE = 1n << 38n;
  function nowhere(): Bench {
    const bench = new Bench();
    bench.bus.open = true;
    bench.map(PAGE, NOWHERE, P | W);
    return bench;
  }

  it('loads find ones, and stores nobody', () => {
    const { memory } = nowhere();
    expect([memory.store(PAGE, 4, 0n), memory.load(PAGE, 4), memory.load(PAGE + 1n, 2)]).toEqual([
      true,
      0xffff_ffffn,
      0xffffn,
    ]);
  });

  it('indivisible accesses raise #GP(0)', () => {
    const bench = nowhere();
    expect([bench.memory.amo('swap', PAGE, 4, 0n), bench.hart.trap.cause]).toEqual([undefined, 13]);
  });

  it('entries there read as ones, whose reserved bits fault', () => {
    const bench = nowhere();
    bench.root = NOWHERE;
    bench.under({});
    expect(bench.outcome(PAGE, LOAD)).toBe(`#PF 1001 ${PAGE.toString(16)}`);
  });
});
