// MachineOptions.strictTlb on every target, and what a watched RV64 hart tells of stale translations. What is told beside
// that on AArch64 is in aarch64/strict-tlb.test.ts, and what x86-64 tells of in x86/strict-tlb.test.ts.
import { describe, expect, it } from 'vitest';
import { accessShape } from '../../machine/access.ts';
import { Machine, type TlbNotice, targetNamed } from '../../machine/index.ts';
import { MMU } from '../../machine/riscv/mmu.ts';
import { A, Bench, D, G, R, RAM_BASE, SCHEMES, type Setting, U, V, W, X } from './riscv/mmu-harness.ts';

const [SV39] = SCHEMES;
const ROOT = RAM_BASE + 0x1000n;
const OLD = RAM_BASE + 0x10000n;
const NEW = RAM_BASE + 0x11000n;
const VA = 0x4567_8000n;
const LOAD = accessShape('load', 8);
const STORE = accessShape('store', 8);
const FETCH = accessShape('fetch', 2);

/** A watched hart with a page in its TLB, in ASID 1; `use` says what was told of since the last time. */
function watched(bits = V | R | W | A | D, setting: Setting = { mode: 'S' }, level = 0) {
  const bench = new Bench();
  const told: TlbNotice[] = [];
  bench.hart.watch = (notice) => told.push(notice);
  bench.satp(SV39, ROOT, 1);
  bench.setting(setting);
  const at = bench.map(SV39, ROOT, VA, level === 0 ? OLD : RAM_BASE, bits, level);
  let seen = 0;
  const use = (shape = LOAD, address = VA): string[] => {
    MMU.translate(bench.hart, address, shape);
    const words = told.slice(seen).map(({ kind, difference }) => `${kind}: ${difference}`);
    seen = told.length;
    return words;
  };
  expect(use()).toEqual([]);
  return { bench, told, at, use };
}

const leaf = (target: bigint, bits: bigint) => ((target >> 12n) << 10n) | bits;
const fence = (bench: Bench, ...operands: bigint[]) => bench.hart.isa.perform(bench.hart, 'sfence.vma', ...operands);

describe('RV64: a stale translation used', () => {
  it.each<[string, bigint, string]>([
    ['made invalid', 0n, 'gone'],
    ['another page', leaf(NEW, V | R | W | A | D), 'output address'],
    ['made read-only', leaf(OLD, V | R | A | D), 'rights'],
    ['made executable', leaf(OLD, V | R | W | X | A | D), 'rights'],
    ['given to the user', leaf(OLD, V | R | W | U | A | D), 'rights'],
    ['made global', leaf(OLD, V | R | W | G | A | D), 'rights'],
    ['D cleared', leaf(OLD, V | R | W | A), 'rights'],
    ['a reserved encoding', leaf(OLD, V | W | A | D), 'gone'],
    ['made one of sixteen', leaf(OLD | 0x8000n, V | R | W | A | D | (1n << 63n)), 'size'],
  ])('%s', (_, now, difference) => {
    const { bench, at, use, told } = watched();
    bench.poke(at, now);
    bench.hart.pc = 0x1234n;
    expect([use(LOAD, VA + 8n), use(), use(STORE), use(FETCH)]).toEqual([
      [`stale translation: ${difference}`],
      [],
      [],
      [],
    ]);
    expect(told).toMatchObject([
      { hart: 0, address: VA + 8n, pc: 0x1234n, held: { ppn: OLD >> 12n, entryAddress: at } },
    ]);
    expect(told[0].access).toEqual({ ...LOAD, privilege: 'supervisor' });
    expect(told[0].now.steps.at(-1)).toMatchObject({ level: 0, entryAddress: at, entry: now });
    expect([MMU.translate(bench.hart, VA, LOAD), bench.hart.translated.pa]).toEqual([true, OLD]);
  });

  it('a superpage split without a fence, another root under the same ASID, a pointer cleared', () => {
    const split = watched(V | R | A, { mode: 'S' }, 1);
    split.bench.poke(split.at, 0n);
    split.bench.map(SV39, ROOT, VA, OLD, V | R | A);
    expect(split.use()).toEqual(['stale translation: size']);

    const root = watched();
    root.bench.map(SV39, RAM_BASE + 0x9000n, VA, NEW, V | R | W | A | D);
    root.bench.satp(SV39, RAM_BASE + 0x9000n, 1);
    expect(root.use()).toEqual(['stale translation: output address']);

    const pointer = watched();
    pointer.bench.poke(ROOT + 8n * (VA >> 30n), 0n);
    expect(pointer.use()).toEqual(['stale translation: gone']);
  });

  it('each state of the tables once, and an access that the entry refuses too', () => {
    const { bench, at, use } = watched(V | R | A);
    bench.poke(at, leaf(OLD, V | R | W | A | D));
    expect([use(STORE), bench.hart.trap.cause, use(STORE)]).toEqual([['stale translation: rights'], 15, []]);
    bench.hart.tlb.restore(bench.hart.tlb.save());
    expect(use()).toEqual([]);
    bench.poke(at, 0n);
    expect([use(), use()]).toEqual([['stale translation: gone'], []]);
  });
});

describe('RV64: a kernel that does right hears nothing', () => {
  it('changes followed by SFENCE.VMA, and a page that nobody uses again', () => {
    const { bench, at, use } = watched();
    bench.poke(at, leaf(NEW, V | R | A));
    fence(bench, VA);
    expect([use(), use(STORE), use(FETCH)]).toEqual([[], [], []]);
    bench.poke(at, 0n);
    bench.map(SV39, ROOT, VA + 0x1000n, OLD, V | R | A);
    expect(use(LOAD, VA + 0x1000n)).toEqual([]);
    fence(bench, VA, 1n);
    expect([use(), use()]).toEqual([[], []]);
  });

  it('A and D set by the walker, and by another hart’s; A cleared by the kernel', () => {
    const { bench, at, use } = watched(V | R | W, { mode: 'S', adue: true });
    expect([use(), use(STORE), use(), use(STORE)]).toEqual([[], [], [], []]);
    fence(bench);
    bench.poke(at, leaf(OLD, V | R | W | A));
    use();
    bench.poke(at, leaf(OLD, V | R | W | A | D));
    expect(use()).toEqual([]);
    bench.poke(at, leaf(OLD, V | R | W));
    expect(use()).toEqual([]);
  });

  it('an ASID with other tables, and an ASID used again after SFENCE.VMA', () => {
    const { bench, use } = watched();
    const root = RAM_BASE + 0x9000n;
    bench.map(SV39, root, VA, NEW, V | R | A);
    bench.satp(SV39, root, 2);
    expect(use()).toEqual([]);
    bench.hart.isa.perform(bench.hart, 'sfence.vma.asid', 1n);
    bench.satp(SV39, root, 1);
    expect([use(), use()]).toEqual([[], []]);
  });

  it('SUM, MXR and modes, which are no part of an entry; Bare and M-mode, which use none', () => {
    const { bench, at, use } = watched(V | R | U | A, { mode: 'S', sum: true });
    for (const setting of [{ mode: 'S' }, { mode: 'U' }, { mode: 'M', mprv: 'U' }, { mode: 'U', mxr: true }] as const) {
      bench.setting(setting);
      expect([use(), use(STORE), use(FETCH)]).toEqual([[], [], []]);
    }
    bench.poke(at, 0n);
    bench.setting({ mode: 'M' });
    expect(use()).toEqual([]);
  });
});

/** A page mapped by hand through a whole machine: the tables' entries, and the registers that switch translation on. */
const TARGETS = {
  riscv64: {
    base: 0x8000_0000n,
    table: (at: bigint) => (at >> 2n) | 1n,
    page: (at: bigint) => (at >> 2n) | 0xcfn,
    // Sv48, so that all have four levels.
    on: (root: bigint) => ({ satp: (9n << 60n) | (root >> 12n), mode: 1n, pmpaddr0: (1n << 54n) - 1n, pmpcfg0: 0x1fn }),
  },
  aarch64: {
    base: 0x4000_0000n,
    table: (at: bigint) => at | 3n,
    page: (at: bigint) => at | 0x403n,
    on: (root: bigint) => ({ ttbr0_el1: root, tcr_el1: (5n << 32n) | 16n, mair_el1: 0xffn, sctlr_el1: 1n }),
  },
  'x86-64': {
    base: 0n,
    table: (at: bigint) => at | 3n,
    page: (at: bigint) => at | 0x63n,
    on: (root: bigint) => ({ cr3: root, cr4: 0x20n, efer: 0x500n, cr0: 0x8000_0011n }),
  },
};

describe.each(Object.entries(TARGETS))('%s: a machine', (name, { base, table, page, on }) => {
  /** A machine of two harts with `VA` mapped to the eighth page of RAM. */
  function machineOf(strictTlb: boolean | undefined) {
    const console = { output() {}, input: () => -1 };
    const machine = new Machine({
      isa: targetNamed(name)!,
      memory: 1 << 20,
      harts: 2,
      hardwareAd: true,
      strictTlb,
      console,
    });
    const told: [number, TlbNotice][] = [];
    machine.notice = (hart, notice) => told.push([hart.id, notice]);
    const tables = [1n, 2n, 3n, 4n].map((i) => base + i * 4096n);
    const slots = [39n, 30n, 21n, 12n].map((shift, i) => tables[i] + 8n * ((VA >> shift) & 0x1ffn));
    slots.forEach((slot, i) => {
      machine.bus.write(slot, 8, i < 3 ? table(tables[i + 1]) : page(base + 8n * 4096n));
    });
    machine.bus.write(base + 8n * 4096n, 8, 77n);
    for (const hart of machine.harts) {
      for (const [register, value] of Object.entries(on(tables[0]))) {
        const slot = hart.isa.slots.get(register);
        if (slot.type === 'i32') hart.set32(slot, Number(value));
        else hart.set(slot, value);
      }
      hart.contextChanged();
    }
    return { machine, told, slot: slots[3] };
  }

  it('under strictTlb tells of each use of what is gone, by the hart that made it', () => {
    const { machine, told, slot } = machineOf(true);
    for (const memory of machine.memories) expect(memory.load(VA, 8)).toBe(77n);
    machine.bus.write(slot, 8, 0n);
    for (const memory of machine.memories) {
      expect([memory.load(VA, 8), memory.load(VA, 4), memory.store(VA, 8, 77n)]).toEqual([77n, 77n, true]);
    }
    expect(told.map(([hart, notice]) => [hart, notice.hart, notice.kind, notice.difference])).toEqual([
      [0, 0, 'stale translation', 'gone'],
      [1, 1, 'stale translation', 'gone'],
    ]);
  });

  it('else tells of nothing and does the same', () => {
    for (const off of [false, undefined]) {
      const { machine, told, slot } = machineOf(off);
      for (const memory of machine.memories) expect(memory.load(VA, 8)).toBe(77n);
      machine.bus.write(slot, 8, 0n);
      for (const memory of machine.memories) {
        expect([memory.load(VA, 8), memory.load(VA, 4), memory.store(VA, 8, 77n)]).toEqual([77n, 77n, true]);
      }
      expect([told, machine.harts[0].watch]).toEqual([[], undefined]);
    }
  });
});
