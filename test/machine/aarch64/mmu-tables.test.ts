// Arm ARM D8, by cases: regions, sizes, granules, priorities, and what hardware writes to descriptors.
import { describe, expect, it } from 'vitest';
import { MMU } from '../../../machine/aarch64/mmu.ts';
import { attempt, FETCH, HIGH, K4, K16, K64, LOAD, mapped, STORE, VA } from './mmu-attempts.ts';
import { ROOT, TARGET } from './mmu-cases.ts';
import { AF, AP2, Bench, CONTIGUOUS, DBM, NG, type Regions, TABLE, TCR, VALID } from './mmu-harness.ts';

describe('regions (D8.2)', () => {
  it.each<[string, Regions, bigint, true | string]>([
    ['48 bits, its last byte', {}, 0xffff_ffff_fff8n, '96000004 not valid'],
    ['one beyond 48 bits', {}, 1n << 48n, '96000004 outside the region'],
    ['39 bits, its end', { size0: 39 }, 1n << 39n, '96000004 outside the region'],
    ['25 bits, its end', { size0: 25 }, 1n << 25n, '96000004 outside the region'],
    ['neither region', {}, 0xfffen << 48n, '96000004 outside the region'],
    ['bit 55 chooses the upper', {}, 1n << 55n, '96000004 outside the region'],
    ['a tag without TBI0', {}, VA | (1n << 60n), '96000004 outside the region'],
    ['a tag under TBI0', { more: TCR.TBI0 }, VA | (0x7fn << 56n), true],
    ['a tag under TBI1 alone', { more: TCR.TBI1 }, VA | (0x7fn << 56n), '96000004 outside the region'],
    ['bits 55:48 are no tag', { more: TCR.TBI0 }, VA | (1n << 48n), '96000004 outside the region'],
    ['EPD0', { more: TCR.EPD0 }, VA, '96000004 walks disabled'],
    ['EPD1 is the upper one’s', { more: TCR.EPD1 }, VA, true],
    ['T0SZ 15', { size0: 49 }, VA, '96000004 reserved region size'],
    ['T0SZ 40', { size0: 24 }, VA, '96000004 reserved region size'],
  ])('%s', (_, regions, address, want) => {
    const { bench } = mapped(AF);
    bench.regions(regions);
    bench.setting({ el: 1 });
    expect(attempt(bench, LOAD, address)).toBe(want);
    if (want !== true) expect(bench.hart.trap).toMatchObject({ value: address, address });
  });

  it('the upper region has granule, size, EPD and TBI of its own', () => {
    const bench = new Bench();
    bench.regions({ granule1: K64, size1: 42 });
    bench.set('ttbr1_el1', ROOT | (0x77n << 48n));
    const address = BigInt.asUintN(64, -1n << 42n) | VA;
    bench.map(K64, 42, ROOT, address, TARGET, AF);
    expect([attempt(bench, LOAD, address), bench.hart.translated.pa]).toEqual([true, TARGET + 0x5000n]);
    expect(attempt(bench, LOAD, HIGH | VA)).toBe('96000004 outside the region');
    expect(attempt(bench, LOAD, address & ~(1n << 63n))).toBe('96000004 outside the region');
    bench.regions({ granule1: K64, size1: 42, more: TCR.TBI1 });
    expect([attempt(bench, LOAD, address & ~(1n << 63n)), bench.hart.translated.pa]).toEqual([true, TARGET + 0x5000n]);
    bench.forget();
    bench.regions({ granule1: K64, size1: 42, more: TCR.EPD1 });
    expect(attempt(bench, LOAD, address)).toBe('96000004 walks disabled');
    expect(bench.hart.trap.walk?.mode).toBe('TTBR1, 64K, 42 bits');
  });

  it.each([
    ['4K', K4, 48, 0],
    ['4K', K4, 40, 0],
    ['4K', K4, 39, 1],
    ['4K', K4, 31, 1],
    ['4K', K4, 30, 2],
    ['4K', K4, 25, 2],
    ['16K', K16, 48, 0],
    ['16K', K16, 47, 1],
    ['16K', K16, 37, 1],
    ['16K', K16, 36, 2],
    ['16K', K16, 25, 3],
    ['64K', K64, 48, 1],
    ['64K', K64, 43, 1],
    ['64K', K64, 42, 2],
    ['64K', K64, 30, 2],
    ['64K', K64, 29, 3],
    ['64K', K64, 25, 3],
  ] as const)('%s: of %3$i bits, walks start at level %4$i', (_, granule0, size0, level) => {
    const { bench } = mapped(0n, { el: 1 }, { granule0, size0 });
    const address = BigInt.asUintN(size0, VA);
    const { steps, mode } = MMU.walk(bench.hart, address, { ...LOAD, privilege: 'supervisor' });
    expect([steps[0].level, mode]).toEqual([level, `TTBR0, ${granule0.name}, ${size0} bits`]);
  });

  it('a first table smaller than a page lies at a multiple of its size; lower bits of TTBRx, CnP too, are ignored', () => {
    const { bench } = mapped(0n, { el: 1 }, { size0: 25 });
    // 25 bits: 16 entries at level 2, 128 bytes.
    bench.set('ttbr0_el1', ROOT + 0x80n + 0x7fn);
    const { root, steps } = MMU.walk(bench.hart, 0x1f0_0000n, { ...LOAD, privilege: 'supervisor' });
    expect([root, steps[0].index, steps[0].entryAddress]).toEqual([ROOT + 0x80n, 15, ROOT + 0x80n + 0x78n]);
  });

  it('a reserved granule is taken as 4K', () => {
    const { bench } = mapped(AF);
    bench.regions({ more: 3n << 14n });
    expect([attempt(bench), bench.hart.tlb.entries()[0].pages]).toEqual([true, 1n]);
  });
});

describe('descriptors (D8.3): what no leaf or table is', () => {
  it.each([
    ['4K, a block at level 0', K4, 0],
    ['16K, a block at level 1', K16, 1],
    ['64K, a block at level 1', K64, 1],
    ['0b01 at level 3', K4, 3],
    ['0b01 at level 3 of 64K', K64, 3],
  ] as const)('%s', (_, granule0, level) => {
    const { bench, at } = mapped(AF, { el: 1 }, { granule0 }, level);
    bench.poke(at, (bench.peek(at)! & ~TABLE) | VALID);
    expect(attempt(bench)).toBe(`9600000${4 + level} reserved encoding`);
  });

  it.each([
    ['4K', K4, 1, 1n << 18n],
    ['4K', K4, 2, 512n],
    ['16K', K16, 2, 8192n],
    ['64K', K64, 2, 1n << 17n],
    ['16K', K16, 3, 4n],
    ['64K', K64, 3, 16n],
  ] as const)('%s, a leaf of level %3$i maps %4$d pages', (_, granule0, level, pages) => {
    const { bench } = mapped(AF | NG, { el: 1 }, { granule0 }, level);
    expect(attempt(bench)).toBe(true);
    expect(bench.hart.tlb.entries()).toMatchObject([{ pages, global: false, vpn: ((VA >> 12n) / pages) * pages }]);
  });

  it.each([
    ['a run of 16', K4, 3, 16n],
    ['a run of 16 blocks', K4, 2, 8192n],
    ['a run of 128', K16, 3, 512n],
    ['a run of 32 blocks', K16, 2, 1n << 18n],
    ['a run of 32', K64, 3, 512n],
    ['a run of 32 blocks', K64, 2, 1n << 22n],
  ] as const)('contiguous hint: %s, of level %3$i', (_, granule0, level, pages) => {
    const { bench } = mapped(0n, { el: 1 }, { granule0 });
    const base = 0x20_0000_0000n;
    bench.map(granule0, 48, ROOT, base, 0n, AF | CONTIGUOUS, level);
    expect(attempt(bench, LOAD, base + 8n)).toBe(true);
    expect(bench.hart.tlb.entries()).toMatchObject([{ pages, vpn: base >> 12n, ppn: 0n }]);
    const last = base + (pages << 12n) - 8n;
    expect([attempt(bench, LOAD, last), bench.hart.translated.pa]).toEqual([true, (pages << 12n) - 8n]);
  });

  it('a contiguous hint whose run is not aligned as its output, or larger than the region, goes unheeded', () => {
    const { bench } = mapped(AF | CONTIGUOUS, { el: 1 }, {}, 3, TARGET + 0x1000n);
    expect([attempt(bench), bench.hart.tlb.entries()[0].pages]).toEqual([true, 1n]);
    const small = mapped(AF | CONTIGUOUS, { el: 1 }, { size0: 25, granule0: K64 }, 3, 0n);
    const made = small.bench.map(K64, 25, ROOT, 0n, 0n, AF | CONTIGUOUS);
    expect([attempt(small.bench, LOAD, 0n), made]).toEqual([true, ROOT]);
    expect(small.bench.hart.tlb.entries()[0].pages).toBe(512n);
  });
});

describe('physical addresses (TCR_EL1.IPS): the level of what is too large', () => {
  it.each([
    [0n, 32],
    [1n, 36],
    [2n, 40],
    [3n, 42],
    [4n, 44],
  ])('IPS %i', (ips, size) => {
    const { bench, at } = mapped(AF, { el: 1 }, { ips });
    const beyond = 1n << BigInt(size);
    expect(attempt(bench)).toBe(true);
    bench.forget();
    const leaf = bench.peek(at)!;
    bench.poke(at, leaf | beyond);
    expect(attempt(bench)).toBe('96000003 output beyond the address size');
    bench.poke(at, leaf | (beyond >> 1n));
    expect(attempt(bench)).toBe(true);
    bench.forget();
    const { steps } = MMU.walk(bench.hart, VA, { ...LOAD, privilege: 'supervisor' });
    for (const { level, entryAddress, entry } of steps.slice(0, 3)) {
      bench.poke(entryAddress, entry! | beyond);
      expect(attempt(bench)).toBe(`9600000${level} output beyond the address size`);
      bench.poke(entryAddress, entry!);
    }
    bench.set('ttbr0_el1', ROOT | beyond);
    expect(attempt(bench, FETCH)).toBe('86000000 root beyond the address size');
  });

  it.each([5n, 6n, 7n])('IPS %i: 48 bits; bits 51:48 and, of 64K, 15:12 are no address', (ips) => {
    const { bench } = mapped(AF | (0xfn << 12n) | (7n << 48n), { el: 1 }, { ips, granule0: K64 }, 3, 1n << 47n);
    expect([attempt(bench), bench.hart.translated.pa]).toEqual([true, (1n << 47n) + 0x5000n]);
  });
});

describe('hardware’s updates (FEAT_HAFDBS)', () => {
  it('a load sets AF alone, a store dirty state too, each in place of the entry held', () => {
    const { bench, at } = mapped(AP2 | DBM, { el: 1, ha: true, hd: true });
    const flags = () => bench.peek(at)! & (AF | AP2);
    expect([attempt(bench, FETCH), flags()]).toEqual([true, AF | AP2]);
    expect([attempt(bench, STORE), flags(), bench.hart.tlb.entries().length]).toEqual([true, AF, 1]);
  });

  it('an entry stays right when HD goes: what is clean is read-only again, what is dirty is not', () => {
    const { bench, at } = mapped(AF | AP2 | DBM, { el: 1, ha: true, hd: true });
    attempt(bench);
    bench.setting({ el: 1, ha: true });
    expect(attempt(bench, STORE)).toBe('9600004f not writable');
    bench.setting({ el: 1, ha: true, hd: true });
    expect(attempt(bench, STORE)).toBe(true);
    bench.setting({ el: 1 });
    expect([attempt(bench, STORE), bench.peek(at)! & AP2]).toEqual([true, 0n]);
  });

  it('the update is made to the descriptor that memory holds by then', () => {
    const { bench, at } = mapped(AF | AP2 | DBM, { el: 1, ha: true, hd: true });
    attempt(bench);
    bench.poke(at, 0n);
    expect(attempt(bench, STORE)).toBe('96000047 not valid');
    bench.poke(at, (TARGET + 0x1000n) | AF | AP2 | DBM | VALID | TABLE);
    expect([attempt(bench, STORE), bench.hart.translated.pa]).toEqual([true, TARGET + 0x1000n]);
    expect(bench.hart.tlb.entries()).toMatchObject([{ ppn: (TARGET + 0x1000n) >> 12n }]);
  });

  it('of a store across pages whose second part faults, neither page is made dirty', () => {
    const { bench, at } = mapped(AF | AP2 | DBM, { el: 1, ha: true, hd: true });
    expect(bench.memory.store(VA + 0xffcn, 8, 1n)).toBe(false);
    expect([bench.hart.trap.value, bench.peek(at)! & AP2]).toEqual([VA + 0x1000n, AP2]);
  });
});
