// Arm ARM C5.3 and C5.4: AT, what PAR_EL1 says; and cache maintenance by address, which can only fault.
import { describe, expect, it } from 'vitest';
import { AT_OPERATIONS, type AtOperation, addressTranslate } from '../../../machine/aarch64/at.ts';
import { type CacheOperation, cacheMaintenance, zeroBlock } from '../../../machine/aarch64/cache.ts';
import { MMU } from '../../../machine/aarch64/mmu.ts';
import { accessShape } from '../../../machine/access.ts';
import { ROOT, TARGET } from './mmu-cases.ts';
import { AF, AP1, AP2, attribute, Bench, DBM, GRANULES, RAM_BASE, VALID } from './mmu-harness.ts';

const VA = 0x1234_5000n;
const LOAD = accessShape('load', 8);

function mapped(bits: bigint, level = 3, options: { hardwareAd?: boolean } = {}) {
  const bench = new Bench(options);
  bench.set('ttbr0_el1', ROOT);
  const at = bench.map(GRANULES[0], 48, ROOT, VA, level === 3 ? TARGET : RAM_BASE, bits, level);
  return { bench, at };
}

/** PAR_EL1 after an AT. */
function par(bench: Bench, operation: AtOperation, address = VA): string {
  bench.set('par_el1', 0n);
  const fine = addressTranslate(bench.hart, operation, address);
  return fine ? bench.get('par_el1').toString(16) : `esr ${bench.hart.trap.cause.toString(16)}`;
}

describe('a translation that succeeds: attributes, address, shareability', () => {
  it.each<[string, bigint, string]>([
    ['Normal write-back', attribute(0) | (3n << 8n), 'ff00000040070b80'],
    ['Normal write-back, Non-shareable', attribute(0), 'ff00000040070a00'],
    ['Normal Non-cacheable is Outer Shareable whatever SH', attribute(5) | (3n << 8n), '4400000040070b00'],
    ['Device-nGnRnE', attribute(1), '40070b00'],
    ['Device-nGnRE', attribute(2) | (3n << 8n), '400000040070b00'],
  ])('%s', (_, bits, value) => {
    const { bench } = mapped(AF | bits);
    expect(par(bench, 's1e1r')).toBe(value);
  });

  it('the page alone of an address in a block, and a tag left out', () => {
    const { bench } = mapped(AF, 2);
    bench.regions({ more: 1n << 37n });
    expect(par(bench, 's1e1r', VA + 0xabcn)).toBe('ff00000040145a00');
    expect(par(bench, 's1e1r', VA | (0x5an << 56n))).toBe('ff00000040145a00');
  });

  it('MMU off: Device-nGnRnE at the address itself, up to 48 bits', () => {
    const { bench } = mapped(AF);
    bench.set('sctlr_el1', 0n);
    expect(par(bench, 's1e1r', 0x1234_5678n)).toBe('12345b00');
    expect(par(bench, 's1e0w', 1n << 48n)).toBe('801');
  });
});

describe('one that fails: F and the status code, level included', () => {
  it.each<[string, bigint, number, readonly string[]]>([
    ['EL1 read-write', AF, 3, ['81f', '81f', 'ff00000040070a00', 'ff00000040070a00']],
    ['EL0 too', AF | AP1, 3, Array(4).fill('ff00000040070a00')],
    ['read-only', AF | AP1 | AP2, 3, ['ff00000040070a00', '81f', 'ff00000040070a00', '81f']],
    ['a block, EL1 read-only', AF | AP2, 2, ['81d', '81d', 'ff00000040145a00', '81d']],
    ['access flag clear', AP1, 3, Array(4).fill('817')],
    ['access flag clear in a block', AP1, 1, Array(4).fill('813')],
    ['an output address too large', AF | AP1 | (1n << 45n), 2, Array(4).fill('805')],
  ])('%s', (_, bits, level, values) => {
    const { bench } = mapped(bits, level);
    if (bits >> 45n) bench.regions({ ips: 2n });
    expect(AT_OPERATIONS.map((operation) => par(bench, operation))).toEqual(values);
  });

  it('nothing mapped, out of the region, and a stale entry before the tables', () => {
    const { bench, at } = mapped(AF);
    expect([par(bench, 's1e1r', VA + 0x1000n), par(bench, 's1e1r', 1n << 50n)]).toEqual(['80f', '809']);
    MMU.translate(bench.hart, VA, LOAD);
    bench.poke(at, 0n);
    expect([par(bench, 's1e1r'), par(bench, 's1e0r')]).toEqual(['ff00000040070a00', '81f']);
    bench.forget();
    expect(par(bench, 's1e1r')).toBe('80f');
  });

  it('an external abort on the walk is taken: CM and WnR set', () => {
    const { bench } = mapped(AF);
    bench.set('ttbr0_el1', 0x8000_0000n);
    expect(par(bench, 's1e1r')).toBe('esr 96000154');
    expect(bench.hart.trap).toMatchObject({ value: VA, walk: { result: { fault: 'entry unreadable' } } });
  });
});

it('PAN leaves AT alone, and AT leaves memory and TLB alone', () => {
  const { bench, at } = mapped(AP1 | AP2 | DBM);
  bench.setting({ el: 1, pan: true, ha: true, hd: true });
  const before = bench.peek(at);
  expect(AT_OPERATIONS.map((operation) => par(bench, operation))).toEqual(Array(4).fill('ff00000040070a00'));
  expect([bench.peek(at), bench.hart.tlb.entries()]).toEqual([before, []]);
});

describe('cache maintenance: data aborts with CM and WnR', () => {
  const cases: [CacheOperation, string, 0 | 1, bigint, string][] = [
    ['dc cvac', 'cleaning at EL1 needs no right', 1, AF | AP2, 'done'],
    ['dc civac', 'cleaning at EL1 needs no right', 1, AF, 'done'],
    ['ic ivau', 'at EL1 neither', 1, AF, 'done'],
    ['dc ivac', 'invalidating needs to write', 1, AF, 'done'],
    ['dc ivac', 'invalidating what is read-only', 1, AF | AP2, 'esr 9600014f'],
    ['dc cvau', 'EL0 needs to read', 0, AF | AP1 | AP2, 'done'],
    ['dc cvau', 'EL0 may not read', 0, AF, 'esr 9200014f'],
    ['ic ivau', 'EL0 may not read', 0, AF, 'esr 9200014f'],
    ['dc cvac', 'access flag clear', 1, AP1, 'esr 9600014b'],
    ['dc cvac', 'in Device memory', 1, AF | attribute(1), 'done'],
  ];
  it.each(cases)('%s: %s', (operation, _, el, bits, want) => {
    const { bench } = mapped(bits);
    bench.setting({ el });
    const fine = cacheMaintenance(bench.hart, operation, VA + 3n);
    expect(fine ? 'done' : `esr ${bench.hart.trap.cause.toString(16)}`).toBe(want);
    if (!fine) expect(bench.hart.trap).toMatchObject({ value: VA + 3n, address: VA + 3n });
  });

  it('nothing mapped', () => {
    const { bench, at } = mapped(VALID);
    bench.poke(at, 0n);
    expect([cacheMaintenance(bench.hart, 'dc cvac', VA), bench.hart.trap.cause]).toEqual([false, 0x96000147]);
    bench.setting({ el: 0 });
    expect([cacheMaintenance(bench.hart, 'ic ivau', VA), bench.hart.trap.cause]).toEqual([false, 0x92000147]);
  });
});

describe('DC ZVA: a store of 64 bytes around its operand', () => {
  it('zeroes the block and no more', () => {
    const { bench } = mapped(AF | AP1);
    for (let at = TARGET; at < TARGET + 256n; at += 8n) bench.poke(at, 7n);
    expect(zeroBlock(bench.hart, VA + 0x7fn)).toBe(true);
    const zero = Array.from({ length: 32 }, (_, i) => bench.peek(TARGET + BigInt(i) * 8n)).map((value) => value === 0n);
    expect(zero.map(Number).join('')).toBe(`${'0'.repeat(8)}${'1'.repeat(8)}${'0'.repeat(16)}`);
  });

  it.each<[string, bigint, string]>([
    ['read-only: WnR and no CM, FAR as given', AF | AP2, '9600004f'],
    ['Device memory: an alignment fault, aligned as it is', AF | attribute(1), '96000061'],
  ])('%s', (_, bits, cause) => {
    const { bench } = mapped(bits);
    for (const address of [VA, VA + 0x40n, VA + 0x7bn]) {
      expect([zeroBlock(bench.hart, address), bench.hart.trap.cause.toString(16)]).toEqual([false, cause]);
      expect(bench.hart.trap.value).toBe(address);
    }
  });

  it('a block where nothing answers', () => {
    const { bench } = mapped(AF);
    bench.map(GRANULES[0], 48, ROOT, VA, 0x8000_0000n, AF);
    expect([zeroBlock(bench.hart, VA + 1n), bench.hart.trap.cause]).toEqual([false, 0x96000050]);
  });
});
