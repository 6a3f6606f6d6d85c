// A hart's loads and stores, over RISC-V's MMU: sizes, alignment, page crossing, atomics, and what a fault leaves.
import { describe, expect, it } from 'vitest';
import { type AccessShape, accessShape } from '../../machine/access.ts';
import { pa, type RamOffset } from '../../machine/addr.ts';
import type { AmoOperation } from '../../machine/ir/index.ts';
import type { VirtualMemory } from '../../machine/virtual-memory.ts';
import { A, Bench, D, R, RAM_BASE, SCHEMES, type Scheme, U, V, W } from './riscv/mmu-harness.ts';
import { Random } from './semantics/random.ts';

const [SV39] = SCHEMES;
const ROOT = RAM_BASE + 0x1000n;
const FRAMES = [RAM_BASE + 0x10000n, RAM_BASE + 0x14000n] as const;
const PAGE = 0x7000n;
const RW = V | R | W | A | D;

/** Two neighbouring pages on frames that are not neighbours, by their entries' bits. */
function pages(first: bigint, second: bigint, options: { adue?: boolean; at?: bigint; scheme?: Scheme } = {}) {
  const { adue = false, at = PAGE, scheme = SV39 } = options;
  const bench = new Bench();
  bench.satp(scheme, ROOT);
  const leaves = [first, second].map((bits, i) => {
    return bench.map(scheme, ROOT, BigInt.asUintN(64, at + BigInt(i) * 4096n), FRAMES[i], bits);
  });
  bench.setting({ mode: 'S', adue });
  const flags = () => leaves.map((leaf) => bench.peek(leaf)! & 0xffn);
  const bytes = () => Buffer.from(bench.ram.bytes.slice(bench.ram.offset(FRAMES[0], 1)));
  return { bench, flags, bytes, leaves };
}

const words = new Int32Array(8);
/** Loads of 1 to 16 bytes, the last of which go through words. */
function load(memory: VirtualMemory, address: bigint, size: number, shape?: AccessShape): bigint | undefined {
  if (size < 16) return shape ? memory.loadAs(address, shape) : memory.load(address, size);
  if (!memory.load128(address, shape ?? accessShape('load', 16), words, 4)) return undefined;
  return [7, 6, 5, 4].reduce((value, i) => (value << 32n) | BigInt(words[i] >>> 0), 0n);
}
function store(memory: VirtualMemory, address: bigint, size: number, value: bigint, shape?: AccessShape): boolean {
  if (size < 16) return shape ? memory.storeAs(address, shape, value) : memory.store(address, size, value);
  for (let i = 0; i < 4; i++) words[i] = Number(BigInt.asIntN(32, value >> BigInt(32 * i)));
  return memory.store128(address, shape ?? accessShape('store', 16), words, 0);
}

describe('page crossing', () => {
  /** Every size and every offset at which it crosses. */
  const CROSSINGS = [2, 4, 8, 16].flatMap((size) => Array.from({ length: size - 1 }, (_, i) => [size, i + 1] as const));

  it.each(CROSSINGS)('%i bytes, %i of them in the first page', (size, inFirst) => {
    const { bench } = pages(RW, RW);
    const address = PAGE + 4096n - BigInt(inFirst);
    const value = BigInt.asUintN(size * 8, 0xffee_ddcc_bbaa_9988_8877_6655_4433_2211n);
    expect(store(bench.memory, address, size, (1n << 128n) - 1n)).toBe(true);
    expect(store(bench.memory, address, size, value)).toBe(true);
    expect(load(bench.memory, address, size)).toBe(value);
    for (let i = 0; i < size; i++) {
      const frame = i < inFirst ? FRAMES[0] + 4096n - BigInt(inFirst) : FRAMES[1] - BigInt(inFirst);
      expect(bench.bus.read(frame + BigInt(i), 1)).toBe((value >> BigInt(8 * i)) & 0xffn);
    }
    // Neighbours are untouched.
    expect(bench.bus.read(FRAMES[0] + 4095n - BigInt(inFirst), 1)).toBe(0n);
    expect(bench.bus.read(FRAMES[1] + BigInt(size - inFirst), 1)).toBe(0n);
  });

  it.each<[string, bigint, bigint, 'load' | 'store', boolean, number, 0 | 1]>([
    ['load, first not valid', 0n, RW, 'load', false, 13, 0],
    ['load, second not valid', RW, 0n, 'load', false, 13, 1],
    ['load, neither valid', 0n, 0n, 'load', false, 13, 0],
    ['store, first read-only', V | R | A | D, RW, 'store', false, 15, 0],
    ['store, second read-only', RW, V | R | A | D, 'store', false, 15, 1],
    ['store, second a user page', RW, RW | U, 'store', false, 15, 1],
    ['store, second dirty bit clear, Svade', RW, V | R | W | A, 'store', false, 15, 1],
    ['load, second fault, first has A to set, Svadu', V | R | W, 0n, 'load', true, 13, 1],
    ['store, second fault, first has A and D to set, Svadu', V | R | W, V | R, 'store', true, 15, 1],
    ['store, first fault, second has A and D to set, Svadu', V | R, V | R | W, 'store', true, 15, 0],
  ])('%s: that part’s address is named and nothing has changed', (_, first, second, kind, adue, cause, part) => {
    for (const [size, inFirst] of CROSSINGS) {
      const { bench, flags, bytes } = pages(first, second, { adue });
      const address = PAGE + 4096n - BigInt(inFirst);
      const before = bytes();
      const { memory, hart } = bench;
      expect(kind === 'load' ? load(memory, address, size) : store(memory, address, size, ~0n)).toBe(
        kind === 'load' ? undefined : false,
      );
      const value = part === 0 ? address : PAGE + 4096n;
      expect(hart.trap).toMatchObject({ cause, value, address: value });
      expect(hart.trap.access).toMatchObject({ kind, size: part === 0 ? inFirst : size - inFirst });
      expect(flags()).toEqual([first, second]);
      expect(bytes().equals(before)).toBe(true);
      expect(hart.tlb.entries().length).toBe(0);
    }
  });

  it('sets A and D of both pages where both succeed, Svadu', () => {
    const { bench, flags } = pages(V | R | W, V | R | W, { adue: true });
    expect(bench.memory.load(PAGE + 4093n, 8)).toBe(0n);
    expect(flags()).toEqual([V | R | W | A, V | R | W | A]);
    expect(bench.memory.store(PAGE + 4095n, 2, 0x1234n)).toBe(true);
    expect(flags()).toEqual([RW, RW]);
    expect([bench.bus.read(FRAMES[0] + 4095n, 1), bench.bus.read(FRAMES[1], 1)]).toEqual([0x34n, 0x12n]);
  });

  it('onto a frame that does not exist: an access fault of that part, and nothing stored, no D set', () => {
    const { bench, leaves, flags } = pages(V | R | W, V | R | W, { adue: true });
    bench.poke(leaves[1], (0x1234n << 10n) | V | R | W);
    expect(bench.memory.store(PAGE + 4092n, 8, ~0n)).toBe(false);
    expect(bench.hart.trap).toMatchObject({ cause: 7, value: PAGE + 4096n });
    expect([bench.bus.read(FRAMES[0] + 4092n, 4), flags()]).toEqual([0n, [V | R | W, V | R | W]]);
    expect([bench.memory.load(PAGE + 4092n, 8), bench.hart.trap.cause]).toEqual([undefined, 5]);
    expect(flags()).toEqual([V | R | W, V | R | W]);
  });

  it.each([0, 1])('with part %i in a device: an access fault of that part, and no A or D set', (part) => {
    const { bench, leaves, flags } = pages(V | R | W, V | R | W, { adue: true });
    const device = { name: 'latch', read: () => 0n, write: () => true, reset() {}, save: () => null, restore() {} };
    bench.bus.attach(0x1000_0000n, 4096, device);
    bench.poke(leaves[part], (0x10000n << 10n) | V | R | W);
    expect(bench.memory.store(PAGE + 4092n, 8, ~0n)).toBe(false);
    expect(bench.hart.trap).toMatchObject({ cause: 7, value: part === 0 ? PAGE + 4092n : PAGE + 4096n });
    expect([flags(), bench.peek(FRAMES[0] + 4088n)]).toEqual([[V | R | W, V | R | W], 0n]);
  });

  it('breaks other harts’ reservations in both pages', () => {
    const { bench } = pages(RW, RW);
    bench.monitor.reserve(1, FRAMES[0] + 4088n, 8);
    bench.monitor.reserve(2, FRAMES[1], 8);
    bench.memory.store(PAGE + 4092n, 8, 1n);
    expect([bench.monitor.holds(1, FRAMES[0] + 4088n, 8), bench.monitor.holds(2, FRAMES[1], 8)]).toEqual([
      false,
      false,
    ]);
  });

  it.each(SCHEMES)('$name: the top of the address space goes on at its bottom', (scheme) => {
    const last = (1n << 64n) - 4096n;
    const { bench } = pages(RW, RW, { at: last, scheme });
    expect(bench.memory.store((1n << 64n) - 4n, 8, 0x1122_3344_5566_7788n)).toBe(true);
    expect([bench.bus.read(FRAMES[0] + 4092n, 4), bench.bus.read(FRAMES[1], 4)]).toEqual([0x5566_7788n, 0x1122_3344n]);
    expect(bench.memory.load((1n << 64n) - 4n, 8)).toBe(0x1122_3344_5566_7788n);
    const half = pages(RW, 0n, { at: last, scheme });
    expect(half.bench.memory.load((1n << 64n) - 1n, 2)).toBeUndefined();
    expect(half.bench.hart.trap).toMatchObject({ cause: 13, value: 0n });
    expect(half.bench.memory.load((1n << 64n) - 8n, 8)).toBe(0n);
  });

  it.each(SCHEMES)('$name: over the edge of the low half, the second part is not canonical', (scheme) => {
    const edge = 1n << BigInt(scheme.width - 1);
    const bench = new Bench();
    bench.satp(scheme, ROOT);
    bench.map(scheme, ROOT, edge - 4096n, FRAMES[0], RW);
    bench.setting({ mode: 'S' });
    expect(bench.memory.store(edge - 1n, 2, 1n)).toBe(false);
    expect(bench.hart.trap).toMatchObject({ cause: 15, value: edge, walk: { result: { fault: 'not canonical' } } });
    const high = BigInt.asUintN(64, -edge);
    expect([bench.memory.load(high - 1n, 2), bench.hart.trap.value]).toEqual([undefined, high - 1n]);
  });
});

describe('atomics', () => {
  const operations: [AmoOperation, bigint, bigint, number, bigint][] = [
    ['swap', 5n, 7n, 8, 7n],
    ['add', (1n << 64n) - 1n, 2n, 8, 1n],
    ['add', 0xffff_ffffn, 1n, 4, 0n],
    ['and', 0b1100n, 0b1010n, 8, 0b1000n],
    ['or', 0b1100n, 0b1010n, 8, 0b1110n],
    ['xor', 0b1100n, 0b1010n, 8, 0b0110n],
    ['min_s', 0x8000_0000n, 1n, 4, 0x8000_0000n],
    ['min_u', 0x8000_0000n, 1n, 4, 1n],
    ['max_s', 0x8000_0000n, 1n, 4, 1n],
    ['max_u', 0x8000_0000n, 1n, 4, 0x8000_0000n],
    ['min_s', 0x8000_0000n, 1n, 8, 1n],
    ['max_s', 1n << 63n, 1n, 8, 1n],
  ];
  it.each(operations)('amo %s of %d and %d, %i bytes', (operation, old, operand, size, result) => {
    const { bench } = pages(RW, RW);
    bench.poke(FRAMES[0], 0xdead_beef_0000_0000n);
    bench.memory.store(PAGE, size, old);
    // What lies above the operand's size is not looked at.
    const wide = size === 4 ? operand | (0xabcdn << 32n) : operand;
    expect(bench.memory.amo(operation, PAGE, size, wide)).toBe(old);
    expect(bench.memory.load(PAGE, size)).toBe(result);
    if (size === 4) expect(bench.memory.load(PAGE + 4n, 4)).toBe(0xdead_beefn);
  });

  it.each([
    ['8 bytes', 8, 0x8877_6655_4433_2211n, 0x0102_0304_0506_0708n],
    ['16 bytes', 16, (0x99n << 120n) | 0x8877_6655_4433_2211n, (0x01n << 120n) | 5n],
    ['1 byte', 1, 0x80n, 0x7fn],
  ])('compare-and-swap of %s: stores where it is equal in all of them, and nothing else', (_, size, old, value) => {
    const { bench } = pages(RW, RW);
    const { memory, monitor } = bench;
    store(memory, PAGE, size, old);
    monitor.reserve(1, FRAMES[0], 8);
    // Both the lowest and the highest bit count.
    for (const other of [old ^ 1n, old ^ (1n << BigInt(8 * size - 1))]) {
      expect(memory.compareAndSwap(PAGE, size, other, value)).toBe(old);
      expect([load(memory, PAGE, size), monitor.holds(1, FRAMES[0], 8)]).toEqual([old, true]);
    }
    // What lies above the operand's size is not looked at.
    expect(memory.compareAndSwap(PAGE, size, old | (1n << 128n), value)).toBe(old);
    expect([load(memory, PAGE, size), monitor.holds(1, FRAMES[0], 8)]).toEqual([value, false]);
  });

  it('16 bytes reserved and stored; a store of half of them fails', () => {
    const { bench } = pages(RW, RW);
    const { memory } = bench;
    const value = (0x1122n << 112n) | 7n;
    store(memory, PAGE, 16, value);
    expect([memory.loadReserved(PAGE, 16), memory.storeConditional(PAGE, 16, value + 1n)]).toEqual([value, 1]);
    expect([memory.loadReserved(PAGE, 16), memory.storeConditional(PAGE, 8, 0n)]).toEqual([value + 1n, 0]);
    expect([load(memory, PAGE, 16), memory.storeConditional(PAGE, 16, 0n)]).toEqual([value + 1n, 0]);
    expect([memory.loadReserved(PAGE + 8n, 16), bench.hart.trap.cause]).toEqual([undefined, 4]);
  });

  it('LR and SC: the store is made while the reservation lasts, and only once', () => {
    const { bench } = pages(RW, RW);
    const { memory, monitor } = bench;
    expect(memory.storeConditional(PAGE, 8, 1n)).toBe(0);
    expect(memory.loadReserved(PAGE, 8)).toBe(0n);
    expect([memory.storeConditional(PAGE, 8, 1n), memory.storeConditional(PAGE, 8, 2n)]).toEqual([1, 0]);
    expect(memory.load(PAGE, 8)).toBe(1n);
    memory.loadReserved(PAGE, 8);
    expect([memory.storeConditional(PAGE + 8n, 8, 3n), memory.load(PAGE + 8n, 8)]).toEqual([0, 0n]);
    memory.loadReserved(PAGE, 8);
    monitor.stored(1, FRAMES[0] + 60n, 4);
    expect(memory.storeConditional(PAGE, 8, 4n)).toBe(0);
  });

  it('a fault leaves memory and reservation as they were', () => {
    const { bench } = pages(RW, V | R | A | D);
    const { memory, monitor, hart } = bench;
    memory.loadReserved(PAGE, 8);
    expect([memory.amo('add', PAGE + 4096n, 8, 1n), hart.trap.cause]).toEqual([undefined, 15]);
    expect([memory.storeConditional(PAGE + 4096n, 8, 1n), hart.trap.cause]).toEqual([undefined, 15]);
    expect(monitor.holds(0, FRAMES[0], 8)).toBe(true);
    expect(bench.peek(FRAMES[1])).toBe(0n);
    expect([memory.loadReserved(PAGE + 8192n, 8), hart.trap.cause]).toEqual([undefined, 13]);
    expect(monitor.holds(0, FRAMES[0], 8)).toBe(true);
  });
});

describe('devices', () => {
  it('take aligned accesses of their size, never misaligned ones, and never part of one', () => {
    const { bench, leaves } = pages(RW, RW);
    const seen: string[] = [];
    bench.bus.attach(0x1000_0000n, 0x1008, {
      name: 'latch',
      read: (offset, size) => (size === 8 ? undefined : BigInt(seen.push(`r${size}@${offset.toString(16)}`))),
      write: (offset, size, value) => size !== 8 && seen.push(`w${size}@${offset.toString(16)}=${value}`) > 0,
      reset: () => {},
      save: () => null,
      restore: () => {},
    });
    bench.poke(leaves[0], (0x10000n << 10n) | RW);
    bench.poke(leaves[1], (0x10001n << 10n) | RW);
    const { memory, hart } = bench;
    expect([memory.load(PAGE + 4n, 4), memory.store(PAGE + 2n, 2, 9n)]).toEqual([1n, true]);
    expect([memory.load(PAGE, 8), hart.trap.cause]).toEqual([undefined, 5]);
    expect([memory.store(PAGE, 8, 0n), hart.trap.cause]).toEqual([false, 7]);
    expect([memory.load(PAGE + 1n, 4), hart.trap.cause, hart.trap.value]).toEqual([undefined, 5, PAGE + 1n]);
    expect([memory.store(PAGE + 4094n, 4, 0n), hart.trap.cause, hart.trap.value]).toEqual([false, 7, PAGE + 4094n]);
    expect([memory.load(PAGE + 0x1008n, 4), hart.trap.cause]).toEqual([undefined, 5]);
    expect(seen).toEqual(['r4@4', 'w2@2=9']);
  });
});

describe('the cache of verdicts before the MMU', () => {
  it('is dropped when an entry goes, and only then', () => {
    const { bench, leaves } = pages(RW, RW);
    bench.poke(FRAMES[1], 5n);
    expect([bench.memory.load(PAGE, 8), bench.memory.store(PAGE, 8, 3n)]).toEqual([0n, true]);
    bench.poke(leaves[0], ((FRAMES[1] >> 12n) << 10n) | V | R | A);
    expect(bench.memory.load(PAGE, 8)).toBe(3n);
    bench.hart.isa.perform(bench.hart, 'sfence.vma', PAGE);
    expect(bench.memory.load(PAGE, 8)).toBe(5n);
    expect([bench.memory.store(PAGE, 8, 4n), bench.hart.trap.cause]).toEqual([false, 15]);
  });

  it('follows an entry replaced because its dirty bit was due', () => {
    const { bench, leaves } = pages(V | R | W | A, RW, { adue: true });
    bench.poke(FRAMES[1], 5n);
    expect(bench.memory.load(PAGE, 8)).toBe(0n);
    bench.poke(leaves[0], ((FRAMES[1] >> 12n) << 10n) | V | R | W | A);
    expect(bench.memory.load(PAGE, 8)).toBe(0n);
    expect(bench.memory.store(PAGE + 8n, 8, 6n)).toBe(true);
    expect([bench.memory.load(PAGE, 8), bench.memory.load(PAGE + 8n, 8)]).toEqual([5n, 6n]);
  });

  it('of misaligned accesses is dropped with the others', () => {
    const { bench, leaves } = pages(RW, RW);
    const { memory, hart } = bench;
    bench.poke(FRAMES[1] + 8n, 5n << 8n);
    expect([load(memory, PAGE + 9n, 4), load(memory, PAGE + 9n, 4)]).toEqual([0n, 0n]);
    expect([store(memory, PAGE + 3n, 16, 3n), store(memory, PAGE + 3n, 16, 4n)]).toEqual([true, true]);
    bench.poke(leaves[0], ((FRAMES[1] >> 12n) << 10n) | V | R | A);
    expect(load(memory, PAGE + 3n, 16)).toBe(4n);
    hart.isa.perform(hart, 'sfence.vma', PAGE);
    expect(load(memory, PAGE + 9n, 4)).toBe(5n);
    expect([store(memory, PAGE + 3n, 16, 4n), hart.trap.cause]).toEqual([false, 15]);
  });

  it('forgets where code came to lie, which stores must be told of', () => {
    const { bench } = pages(RW, RW);
    const seen: number[] = [];
    bench.ram.onCodeWrite = (page) => seen.push(page);
    for (const offset of [0n, 3n]) {
      for (const size of [1, 8, 16]) store(bench.memory, PAGE + offset, size, 1n);
    }
    const page = bench.ram.page(bench.ram.offset(FRAMES[0], 1) as RamOffset);
    bench.ram.holdsCode[page] = 1;
    bench.hart.contextChanged();
    for (const offset of [0n, 3n]) {
      for (const size of [1, 8, 16]) store(bench.memory, PAGE + offset, size, 1n);
    }
    // A store of 16 bytes is one write.
    expect(seen).toEqual(Array(6).fill(page));
  });

  it('tells the watch of every store to its page, also of 16 bytes and misaligned ones', () => {
    const { bench } = pages(RW, RW);
    let stores = 0;
    bench.bus.watchStores({ address: pa(FRAMES[0] + 64n), size: 8, stored: () => void stores++ });
    const { memory } = bench;
    for (let again = 0; again < 2; again++) {
      store(memory, PAGE + 64n, 16, 1n);
      store(memory, PAGE + 49n, 16, 1n);
      store(memory, PAGE + 71n, 2, 1n);
      store(memory, PAGE + 48n, 16, 1n);
      store(memory, PAGE + 72n, 16, 1n);
    }
    expect(stores).toBe(6);
  });

  it('does not confuse pages that share a line of it', () => {
    const bench = new Bench();
    bench.satp(SV39, ROOT);
    bench.setting({ mode: 'S' });
    const addresses = [PAGE, PAGE + (256n << 12n), PAGE | (1n << 37n), BigInt.asUintN(64, PAGE | (-1n << 38n))];
    addresses.forEach((address, i) => {
      bench.map(SV39, ROOT, address, RAM_BASE + 0x10000n + BigInt(i) * 4096n, RW);
      bench.poke(RAM_BASE + 0x10000n + BigInt(i) * 4096n, BigInt(i));
    });
    for (let again = 0; again < 2; again++) {
      expect(addresses.map((address) => bench.memory.load(address, 8))).toEqual([0n, 1n, 2n, 3n]);
    }
  });

  it('random accesses and remappings, fenced, agree with plain memory', () => {
    const random = new Random(7);
    const bench = new Bench();
    bench.satp(SV39, ROOT);
    bench.setting({ mode: 'S', adue: true });
    const frames = Array.from({ length: 8 }, (_, i) => RAM_BASE + 0x10000n + BigInt(i) * 4096n);
    /** Which frame each of sixteen pages is on, what it allows, and the bytes of each frame. */
    const page = Array.from({ length: 16 }, () => ({ frame: 0, rights: 0n }));
    const model = frames.map(() => new Uint8Array(4096));
    for (let round = 0; round < 30_000; round++) {
      if (random.below(20) === 0) {
        const i = random.below(16);
        page[i] = { frame: random.below(8), rights: random.pick([0n, V | R, V | R | W, V | R | W]) };
        bench.map(SV39, ROOT, PAGE + BigInt(i) * 4096n, frames[page[i].frame], page[i].rights);
        bench.hart.isa.perform(bench.hart, 'sfence.vma', PAGE + BigInt(i) * 4096n);
      }
      const size = random.pick([1, 2, 4, 8, 16]);
      const offset = random.below(16 * 4096 - 16);
      const bytes = Array.from({ length: size }, (_, i) => offset + i);
      const right = random.below(2) ? W : R;
      const barred = bytes.find((at) => (page[at >> 12].rights & right) === 0n);
      const address = PAGE + BigInt(offset);
      const value = BigInt.asUintN(size * 8, random.bits64() | (random.bits64() << 64n));
      const { memory } = bench;
      const got = right === W ? store(memory, address, size, value) : load(memory, address, size);
      if (barred !== undefined) {
        expect([got, bench.hart.trap.value]).toEqual([right === W ? false : undefined, PAGE + BigInt(barred)]);
      } else if (right === W) {
        expect(got).toBe(true);
        bytes.forEach((at, i) => {
          model[page[at >> 12].frame][at & 4095] = Number((value >> BigInt(8 * i)) & 0xffn);
        });
      } else {
        const want = bytes.reduceRight((sum, at) => (sum << 8n) | BigInt(model[page[at >> 12].frame][at & 4095]), 0n);
        expect(got).toBe(want);
      }
    }
  });
});
