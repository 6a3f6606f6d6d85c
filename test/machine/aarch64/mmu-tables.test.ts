// Arm ARM D8, by cases: regions, sizes, granules, alignment, priorities, external aborts, and what a trap records.
import { describe, expect, it } from 'vitest';
import { MMU } from '../../../machine/aarch64/mmu.ts';
import { type AccessShape, accessShape } from '../../../machine/access.ts';
import { ROOT, TARGET } from './mmu-cases.ts';
import {
  AF,
  AP_TABLE_READ_ONLY,
  AP1,
  AP2,
  attribute,
  Bench,
  CONTIGUOUS,
  DBM,
  GRANULES,
  NG,
  PXN,
  RAM_BASE,
  type Regions,
  type Setting,
  TABLE,
  TCR,
  UXN,
  VALID,
} from './mmu-harness.ts';

const FETCH = accessShape('fetch', 4);
const LOAD = accessShape('load', 8);
const STORE = accessShape('store', 8);
const AMO = accessShape('store', 8, 'amo');
const LDXR = accessShape('load', 8, 'reserved');
const STXR = accessShape('store', 8, 'conditional');
const LDAR = accessShape('load', 8, 'ordered');
const LDTR = accessShape('load', 8, 'plain', { unprivileged: true });
const [K4, K16, K64] = GRANULES;
const VA = 0x1234_5000n;
const HIGH = 0xffff_0000_0000_0000n;

/** A bench with a page, or a block, mapped at VA of the lower region. */
function mapped(bits: bigint, setting: Setting = { el: 1 }, regions: Regions = {}, level = 3, target = TARGET) {
  const bench = new Bench();
  bench.regions(regions);
  bench.setting(setting);
  bench.set('ttbr0_el1', ROOT);
  const { granule0 = K4, size0 = 48 } = regions;
  const at = bench.map(granule0, size0, ROOT, VA, level === 3 ? target : RAM_BASE, bits, level);
  return { bench, at };
}

/** True, or ESR_EL1 in hexadecimal with the reason. */
function attempt(bench: Bench, shape: AccessShape = LOAD, address = VA): true | string {
  const aligned = (address & BigInt(shape.size - 1)) === 0n || MMU.misaligned(bench.hart, address, shape);
  if (aligned && MMU.translate(bench.hart, address, shape)) return true;
  const { cause, walk } = bench.hart.trap;
  const result = walk?.result;
  return `${cause.toString(16)}${result && 'fault' in result ? ` ${result.fault}` : ''}`;
}

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

describe('alignment (B2.5)', () => {
  it.each<[string, AccessShape, Setting, bigint, true | string]>([
    ['plain', LOAD, { el: 1 }, AF, true],
    ['plain under SCTLR_EL1.A', LOAD, { el: 1, aligned: true }, AF, '96000021'],
    ['a store under A', STORE, { el: 0, aligned: true }, AF | AP1, '92000061'],
    ['under A before translation', LOAD, { el: 1, aligned: true }, 0n, '96000021'],
    ['load-acquire', LDAR, { el: 1 }, AF, '96000021'],
    ['exclusive', LDXR, { el: 1 }, AF, '96000021'],
    ['a store exclusive', STXR, { el: 1 }, AF, '96000061'],
    ['atomic: WnR 0, a read would fault too', AMO, { el: 1 }, AF, '96000021'],
    ['Device memory', LOAD, { el: 1 }, AF | attribute(2), '96000021 misaligned in device memory'],
    ['a store to Device memory', STORE, { el: 1 }, AF | attribute(1), '96000061 misaligned in device memory'],
    ['Device memory, after the access flag', LOAD, { el: 1 }, attribute(1), '9600000b access flag clear'],
    // AArch64.S1Translate looks at the memory type before AArch64.S1CheckPermissions.
    ['Device memory, before rights', LOAD, { el: 0 }, AF | attribute(1), '92000021 misaligned in device memory'],
    ['Normal Non-cacheable', LOAD, { el: 1 }, AF | attribute(5), true],
  ])('%s', (_, shape, setting, bits, want) => {
    const { bench } = mapped(bits, setting);
    expect(attempt(bench, shape, VA + 4n)).toBe(want);
    if (want !== true) expect(bench.hart.trap).toMatchObject({ value: VA + 4n, access: { kind: shape.kind } });
  });

  it('of an access across two pages, the part that lies in Device memory faults, with its address', () => {
    const { bench } = mapped(AF);
    bench.map(K4, 48, ROOT, VA + 0x1000n, TARGET + 0x1000n, AF | attribute(1));
    expect(bench.memory.load(VA + 0xffcn, 8)).toBeUndefined();
    expect(bench.hart.trap).toMatchObject({ cause: 0x96000021, value: VA + 0x1000n });
    expect([bench.memory.store(VA + 0xffcn, 8, 1n), bench.peek(TARGET + 0xff8n)]).toEqual([false, 0n]);
    expect(bench.memory.load(VA + 0x1000n, 8)).toBe(0n);
  });

  it('from the TLB as by walk', () => {
    const { bench } = mapped(AF | attribute(1));
    expect([attempt(bench), attempt(bench, LOAD, VA + 1n)]).toEqual([true, '96000021 misaligned in device memory']);
    expect(bench.hart.trap.walk?.steps.at(-1)?.decision).toMatch(/^from the TLB: leaf EL1 rwx EL0 --x af, /);
  });

  it('a misaligned pc', () => {
    const { bench } = mapped(AF);
    for (const el of [0, 1] as const) {
      bench.setting({ el });
      expect([MMU.misaligned(bench.hart, VA + 2n, FETCH), bench.hart.trap.cause, bench.hart.trap.value]).toEqual([
        false,
        0x8a000000,
        VA + 2n,
      ]);
    }
  });
});

describe('MMU off (AArch64.S1DisabledOutput)', () => {
  const off = (more = 0n) => {
    const bench = new Bench();
    bench.regions({ more });
    bench.set('sctlr_el1', 0n);
    return bench;
  };

  it('data is Device memory, fetches are not, and nothing is entered in the TLB', () => {
    const bench = off();
    expect([attempt(bench, LOAD, TARGET), bench.hart.translated.pa]).toEqual([true, TARGET]);
    expect(attempt(bench, LOAD, TARGET + 4n)).toBe('96000021 misaligned in device memory');
    expect(attempt(bench, STORE, TARGET + 4n)).toBe('96000061 misaligned in device memory');
    expect([attempt(bench, FETCH, TARGET + 4n), bench.hart.tlb.entries()]).toEqual([true, []]);
    expect(MMU.walk(bench.hart, TARGET, { ...LOAD, privilege: 'user' })).toMatchObject({ mode: 'off', steps: [] });
  });

  it('addresses beyond 48 bits are too large, tags apart', () => {
    expect(attempt(off(), LOAD, 1n << 48n)).toBe('96000000 address beyond the physical size');
    expect(attempt(off(), FETCH, HIGH)).toBe('86000000 address beyond the physical size');
    expect(attempt(off(), LOAD, TARGET | (1n << 56n))).toBe('96000000 address beyond the physical size');
    const bench = off(TCR.TBI0);
    expect([attempt(bench, LOAD, TARGET | (1n << 56n)), bench.hart.translated.pa]).toEqual([true, TARGET]);
  });
});

describe('external aborts', () => {
  it('of a walk: 0x14 and the level', () => {
    const { bench } = mapped(AF);
    const { steps } = MMU.walk(bench.hart, VA, { ...LOAD, privilege: 'supervisor' });
    for (const { level, entryAddress, entry } of steps.slice(0, 3)) {
      bench.poke(entryAddress, 0x8000_0000n | VALID | TABLE);
      expect([attempt(bench, FETCH), attempt(bench, STORE), attempt(bench, AMO)]).toEqual([
        `860000${(0x15 + level).toString(16)} entry unreadable`,
        `960000${(0x55 + level).toString(16)} entry unreadable`,
        `960000${(0x15 + level).toString(16)} entry unreadable`,
      ]);
      bench.poke(entryAddress, entry!);
    }
    bench.set('ttbr0_el1', 0x8000_0000n);
    expect(attempt(bench)).toBe('96000014 entry unreadable');
  });

  it('of an access that nothing answers: 0x10, and no trace of it in the page tables', () => {
    const { bench, at } = mapped(AP2 | DBM, { el: 1, ha: true, hd: true }, {}, 3, 0x8000_0000n);
    const before = bench.peek(at);
    expect([bench.memory.store(VA, 8, 0n), bench.hart.trap.cause]).toEqual([false, 0x96000050]);
    expect([bench.memory.load(VA, 8), bench.hart.trap.cause]).toEqual([undefined, 0x96000010]);
    expect([bench.peek(at), bench.hart.tlb.entries()]).toEqual([before, []]);
    expect(bench.hart.trap.walk?.steps.at(-1)?.decision).toBe('leaf EL1 r-x EL0 --x dbm, nothing there');
  });

  it('an atomic or exclusive access to a device: unsupported, 0x35', () => {
    const { bench } = mapped(AF | attribute(1), { el: 1 }, {}, 3, 0x900_0000n);
    const device = { name: 'rom', read: () => 0xffn, write: () => true, reset() {}, save: () => null, restore() {} };
    bench.bus.attach(0x900_0000n, 4096, device);
    expect([bench.memory.amo('add', VA, 8, 1n), bench.hart.trap.cause]).toEqual([undefined, 0x96000035]);
    expect([bench.memory.loadReserved(VA, 8), bench.hart.trap.cause]).toEqual([undefined, 0x96000035]);
    expect(bench.memory.load(VA, 8)).toBe(0xffn);
    // An ordered load is no atomic access: the device answers it, and where nothing does it is an external abort.
    expect(bench.memory.loadAs(VA, LDAR)).toBe(0xffn);
    const nowhere = mapped(AF, { el: 1 }, {}, 3, 0x8000_0000n).bench;
    expect([nowhere.memory.loadAs(VA, LDAR), nowhere.hart.trap.cause]).toEqual([undefined, 0x96000010]);
    expect([nowhere.memory.amo('add', VA, 8, 1n), nowhere.hart.trap.cause]).toEqual([undefined, 0x96000010]);
  });
});

describe('what a trap records', () => {
  it.each<[string, bigint, Setting, AccessShape, string, string]>([
    ['EL0, a page of EL1’s', AF, { el: 0 }, LOAD, '9200000f no access at EL0', 'leaf EL1 rwx EL0 --x af, '],
    ['LDTR at EL1 is the same level', AF, { el: 1 }, LDTR, '9600000f no access at EL0', 'leaf EL1 rwx EL0 --x af, '],
    [
      'PAN',
      AF | AP1 | AP2 | NG,
      { el: 1, pan: true },
      LOAD,
      '9600000f accessible at EL0 (PAN)',
      'leaf EL1 r-x EL0 r-x af ng, ',
    ],
    ['PAN is not LDTR’s', AF | AP1 | AP2, { el: 1, pan: true }, LDTR, 'true', ''],
    ['read-only, an atomic: WnR 1', AF | AP2, { el: 1 }, AMO, '9600004f not writable', 'leaf EL1 r-x EL0 --x af, '],
    [
      'an atomic that may not read: WnR 0',
      AF,
      { el: 0 },
      AMO,
      '9200000f no access at EL0',
      'leaf EL1 rwx EL0 --x af, ',
    ],
    ['UXN', AF | AP1 | UXN, { el: 0 }, FETCH, '8200000f not executable', 'leaf EL1 rw- EL0 rw- af, '],
    ['PXN', AF | PXN, { el: 1 }, FETCH, '8600000f not executable', 'leaf EL1 rw- EL0 --x af, '],
    ['writable at EL0', AF | AP1, { el: 1 }, FETCH, '8600000f writable at EL0', 'leaf EL1 rw- EL0 rwx af, '],
    ['WXN', AF, { el: 1, wxn: true }, FETCH, '8600000f writable (WXN)', 'leaf EL1 rwx EL0 --x af, '],
    ['AF clear, an atomic', AP1, { el: 0 }, AMO, '9200000b access flag clear', 'leaf EL1 rw- EL0 rwx, '],
    ['AF clear, a store', AP1, { el: 0 }, STORE, '9200004b access flag clear', 'leaf EL1 rw- EL0 rwx, '],
  ])('%s', (_, bits, setting, shape, want, decision) => {
    const { bench, at } = mapped(bits, setting);
    const address = VA + 0x120n;
    expect(String(attempt(bench, shape, address))).toBe(want);
    if (want === 'true') return;
    const { trap } = bench.hart;
    const fault = want.slice(9);
    const privilege = setting.el === 0 || shape.unprivileged ? 'user' : 'supervisor';
    expect(trap).toMatchObject({ value: address, address, interrupt: false, access: { ...shape, privilege } });
    const table = (n: bigint) => `table ${(RAM_BASE + n).toString(16)}`;
    expect(trap.walk).toMatchObject({ mode: 'TTBR0, 4K, 48 bits', root: ROOT, asid: 0, result: { fault } });
    expect(trap.walk?.steps.map((step) => [step.level, step.index, step.decision])).toEqual([
      [0, 0, table(0x2_0000n)],
      [1, 0, table(0x2_1000n)],
      [2, 0x91, table(0x2_2000n)],
      [3, 0x145, `${decision}${fault}`],
    ]);
    expect(trap.walk?.steps.at(-1)?.entryAddress).toBe(at);
    expect(bench.hart.tlb.entries()).toEqual([]);
  });

  it('limits of tables in words, and a refusal from the TLB with what the tables say by now', () => {
    const { bench, at } = mapped(AF);
    const { steps } = MMU.walk(bench.hart, VA, { ...LOAD, privilege: 'supervisor' });
    bench.poke(steps[1].entryAddress, steps[1].entry! | AP_TABLE_READ_ONLY | (7n << 59n));
    expect([attempt(bench), attempt(bench, STORE)]).toEqual([true, '9600004f not writable']);
    const decisions = () => bench.hart.trap.walk?.steps.map(({ decision }) => decision);
    expect(decisions()?.[1]).toBe('table 40021000 read-only no EL0 UXN PXN');
    expect(decisions()?.[3]).toBe('from the TLB: leaf EL1 r-- EL0 --- af, not writable');
    bench.poke(at, 0n);
    expect(attempt(bench, STORE)).toBe('9600004f not writable');
    expect([decisions()?.length, decisions()?.at(-1)]).toEqual([5, 'in memory now: not valid']);
  });

  it('a walk for views changes nothing, and shows the update that is due', () => {
    const { bench, at } = mapped(AP2 | DBM, { el: 1, ha: true, hd: true });
    const { result } = MMU.walk(bench.hart, VA, { ...STORE, privilege: 'supervisor' });
    const old = bench.peek(at)!;
    expect(result).toMatchObject({ update: { old, value: (old | AF) & ~AP2 }, pages: 1n, global: true });
    expect([bench.peek(at), bench.hart.tlb.entries()]).toEqual([old, []]);
    expect([MMU.translate(bench.hart, VA, STORE, true), bench.peek(at)]).toEqual([true, old]);
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
