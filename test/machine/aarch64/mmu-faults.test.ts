// Arm ARM D8, by cases: alignment, translation off, external aborts, and what a trap records.
import { describe, expect, it } from 'vitest';
import { MMU } from '../../../machine/aarch64/mmu.ts';
import type { AccessShape } from '../../../machine/access.ts';
import { AMO, attempt, FETCH, HIGH, K4, LDAR, LDTR, LDXR, LOAD, mapped, STORE, STXR, VA } from './mmu-attempts.ts';
import { ROOT, TARGET } from './mmu-cases.ts';
import {
  AF,
  AP_TABLE_READ_ONLY,
  AP1,
  AP2,
  attribute,
  Bench,
  DBM,
  NG,
  PXN,
  RAM_BASE,
  type Setting,
  TABLE,
  TCR,
  UXN,
  VALID,
} from './mmu-harness.ts';

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
