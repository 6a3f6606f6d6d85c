// Arm ARM C5.5: which entries each TLBI drops, on which harts; and what stays.
import { describe, expect, it } from 'vitest';
import { MMU } from '../../../machine/aarch64/mmu.ts';
import { TLBI_OPERATIONS, type TlbiOperation, tlbi } from '../../../machine/aarch64/tlbi.ts';
import { accessShape } from '../../../machine/access.ts';
import { ROOT, TARGET } from './mmu-cases.ts';
import { AF, Bench, CONTIGUOUS, GRANULES, NG, RAM_BASE, TCR } from './mmu-harness.ts';

const LOAD = accessShape('load', 8);
const [K4, , K64] = GRANULES;

/** A page of the lower region. */
const PAGE = 0x1234_5000n;
/** Another page, global, and one of the upper region. */
const GLOBAL = 0x1234_6000n;
const UPPER = 0xffff_0000_0004_2000n;

/** Two harts whose TLBs hold PAGE in ASIDs 0x101 and 0x202, GLOBAL and UPPER in 0x101. */
function filled(): Bench {
  const bench = new Bench({ harts: 2 });
  bench.regions({ more: TCR.AS });
  bench.map(K4, 48, ROOT, PAGE, TARGET, AF | NG);
  bench.map(K4, 48, ROOT, GLOBAL, TARGET + 0x1000n, AF);
  bench.map(K4, 48, ROOT, UPPER, TARGET + 0x2000n, AF | NG);
  bench.set('ttbr1_el1', ROOT);
  for (const asid of [0x202n, 0x101n]) {
    bench.set('ttbr0_el1', ROOT | (asid << 48n));
    const pages = asid === 0x101n ? [PAGE, GLOBAL, UPPER] : [PAGE];
    for (const hart of bench.harts) for (const page of pages) MMU.translate(hart, page, LOAD);
  }
  return bench;
}

/** What a hart's TLB holds, in words. */
const held = ({ harts }: Bench, hart = 0) =>
  harts[hart].tlb
    .entries()
    .map(({ vpn, asid, global }) => {
      const page = vpn === PAGE >> 12n ? 'page' : vpn === GLOBAL >> 12n ? 'global' : 'upper';
      return global ? page : `${page} ${asid.toString(16)}`;
    })
    .sort()
    .join(', ');

const ALL = 'global, page 101, page 202, upper 101';
const operand = (address: bigint, asid = 0n) => (asid << 48n) | ((address >> 12n) & 0xfff_ffff_ffffn);

describe('each form', () => {
  it.each<[TlbiOperation, string, bigint, string]>([
    ['vmalle1', 'everything', 0n, ''],
    ['aside1', 'an ASID, global entries apart', 0x101n << 48n, 'global, page 202'],
    ['aside1', 'an ASID that nobody has', 0x303n << 48n, ALL],
    ['vae1', 'a page in an ASID', operand(PAGE, 0x101n), 'global, page 202, upper 101'],
    ['vae1', 'a page in another ASID', operand(PAGE, 0x202n), 'global, page 101, upper 101'],
    ['vae1', 'a global page, whatever the ASID', operand(GLOBAL, 0x303n), 'page 101, page 202, upper 101'],
    ['vae1', 'a page of the upper region: bit 55 is extended', operand(UPPER, 0x101n), 'global, page 101, page 202'],
    ['vae1', 'TTL in bits 47:44 is a hint', operand(PAGE, 0x101n) | (0xfn << 44n), 'global, page 202, upper 101'],
    ['vaae1', 'a page in every ASID', operand(PAGE), 'global, upper 101'],
    ['vaae1', 'with what would be an ASID', operand(PAGE, 0x303n), 'global, upper 101'],
    ['vaae1', 'a global page', operand(GLOBAL), 'page 101, page 202, upper 101'],
    ['vale1', 'the last level', operand(PAGE, 0x101n), 'global, page 202, upper 101'],
    ['vaale1', 'the last level in every ASID', operand(PAGE), 'global, upper 101'],
  ])('%s: %s', (operation, _, value, left) => {
    const bench = filled();
    expect([held(bench), held(bench, 1)]).toEqual([ALL, ALL]);
    tlbi(bench.hart, operation, value);
    expect([held(bench), held(bench, 1)]).toEqual([left, ALL]);
    const shared = filled();
    tlbi(shared.hart, `${operation}is` as TlbiOperation, value);
    expect([held(shared), held(shared, 1)]).toEqual([left, left]);
  });

  it('is named, alone and with `is`', () => {
    expect([...TLBI_OPERATIONS].sort().join(' ')).toBe(
      'aside1 aside1is vaae1 vaae1is vaale1 vaale1is vae1 vae1is vale1 vale1is vmalle1 vmalle1is',
    );
  });
});

describe('ASIDs (TCR_EL1.A1 and AS)', () => {
  const bench = () => {
    const made = new Bench();
    made.map(K4, 48, ROOT, PAGE, TARGET, AF | NG);
    return made;
  };
  const asids = ({ hart }: Bench) => hart.tlb.entries().map(({ asid }) => asid.toString(16));

  it('16 bits under TCR_EL1.AS, else the low 8, in TTBRx and in TLBI’s operand', () => {
    const eight = bench();
    eight.set('ttbr0_el1', ROOT | (0xabcdn << 48n));
    expect([MMU.translate(eight.hart, PAGE, LOAD), asids(eight)]).toEqual([true, ['cd']]);
    eight.set('ttbr0_el1', ROOT | (0x12cdn << 48n));
    expect([MMU.translate(eight.hart, PAGE, LOAD), asids(eight)]).toEqual([true, ['cd']]);
    tlbi(eight.hart, 'vae1', operand(PAGE, 0x77cdn));
    expect(asids(eight)).toEqual([]);
    const sixteen = bench();
    sixteen.regions({ more: TCR.AS });
    sixteen.set('ttbr0_el1', ROOT | (0xabcdn << 48n));
    expect([MMU.translate(sixteen.hart, PAGE, LOAD), asids(sixteen)]).toEqual([true, ['abcd']]);
    tlbi(sixteen.hart, 'vae1', operand(PAGE, 0xcdn));
    expect(asids(sixteen)).toEqual(['abcd']);
  });

  it('TTBR1’s under TCR_EL1.A1', () => {
    const made = bench();
    made.regions({ more: TCR.A1 });
    made.set('ttbr0_el1', ROOT | (0x11n << 48n));
    made.set('ttbr1_el1', 0x22n << 48n);
    expect([MMU.translate(made.hart, PAGE, LOAD), asids(made)]).toEqual([true, ['22']]);
  });
});

describe('entries larger than a page go by any address within', () => {
  it.each([
    ['a 2 MiB block', K4, 2, 0n, 512n],
    ['a 1 GiB block', K4, 1, 0n, 1n << 18n],
    ['a run of sixteen 4K pages', K4, 3, CONTIGUOUS, 16n],
    ['a 64K page', K64, 3, 0n, 16n],
    ['a run of 32 64K pages', K64, 3, CONTIGUOUS, 512n],
  ] as const)('%s', (_, granule, level, bits, pages) => {
    const bench = new Bench();
    bench.regions({ granule0: granule });
    bench.set('ttbr0_el1', ROOT);
    const base = 0x40_0000_0000n;
    const target = (RAM_BASE >> 30n) << 30n;
    bench.map(granule, 48, ROOT, base, target, AF | NG | bits, level);
    const entries = () => bench.hart.tlb.entries().map((entry) => entry.pages);
    for (const within of [0n, pages / 2n, pages - 1n]) {
      expect([MMU.translate(bench.hart, base, LOAD), entries()]).toEqual([true, [pages]]);
      tlbi(bench.hart, 'vae1', operand(base + (pages << 12n)));
      expect(entries()).toEqual([pages]);
      tlbi(bench.hart, 'vae1', operand(base + (within << 12n)));
      expect(entries()).toEqual([]);
    }
  });
});

it('nothing else makes a translation go: it answers until it is invalidated', () => {
  const bench = new Bench();
  const at = bench.map(K4, 48, ROOT, PAGE, TARGET, AF);
  bench.set('ttbr0_el1', ROOT);
  bench.poke(TARGET, 5n);
  expect(bench.memory.load(PAGE, 8)).toBe(5n);
  bench.poke(at, 0n);
  expect(bench.memory.load(PAGE, 8)).toBe(5n);
  // EPD0: "A TLB miss generates a Translation fault": a hit does not.
  bench.regions({ more: TCR.EPD0 });
  expect(bench.memory.load(PAGE, 8)).toBe(5n);
  bench.setting({ el: 1, pan: true, wxn: true });
  expect(bench.memory.load(PAGE, 8)).toBe(5n);
  tlbi(bench.hart, 'vae1', operand(PAGE));
  expect([bench.memory.load(PAGE, 8), bench.hart.trap.walk?.result]).toEqual([undefined, { fault: 'walks disabled' }]);
});
