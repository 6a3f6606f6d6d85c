// Physical memory protection by clause, and its page summary against every address of the page.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pmpAllows, pmpUniform } from '../../../machine/riscv/pmp.ts';
import { SystemBench } from './system-bench.ts';

const bench = new SystemBench();
const { hart } = bench;
const [TOR, NA4, NAPOT, L] = [0x08, 0x10, 0x18, 0x80];

/** Programs entries from 0 on, past locks. */
function program(entries: readonly (readonly [config: number, address: bigint])[]): void {
  let configs = 0n;
  for (let i = 0; i < 16; i++) {
    const [config, address] = entries[i] ?? [0, 0n];
    configs |= BigInt(config) << BigInt(i * 8);
    bench.raw(`pmpaddr${i}`, address >> 2n);
  }
  bench.raw('pmpcfg0', configs & ((1n << 64n) - 1n));
  bench.raw('pmpcfg2', configs >> 64n);
}

/** The address register of a NAPOT range, times four. */
const napot = (base: bigint, bytes: bigint): bigint => ((base >> 2n) | ((bytes >> 3n) - 1n)) << 2n;

describe('3.7.1: matching', () => {
  it.each([
    ['the last byte of 8 lies outside: fails, though permitted', [[NA4 | 7, 0x1004n]], 0x1000n, 8, 3, false],
    ['so does the first byte outside', [[NA4 | 7, 0x1004n]], 0x1006n, 4, 3, false],
    [
      'a partial match ends the search',
      [
        [NA4, 0x1004n],
        [NAPOT | 7, napot(0x1000n, 64n)],
      ],
      0x1000n,
      8,
      1,
      false,
    ],
    ['M-mode passes an unlocked match', [[NA4, 0x1004n]], 0x1004n, 4, 3, true],
    ['M-mode is bound by a locked one', [[NA4 | L, 0x1004n]], 0x1004n, 4, 3, false],
    ['S-mode is bound by any', [[NA4, 0x1004n]], 0x1004n, 4, 1, false],
    ['no match: S-mode fails', [[NA4 | 7, 0x1004n]], 0x1008n, 4, 1, false],
    ['no match: U-mode fails', [[NA4 | 7, 0x1004n]], 0x1008n, 4, 0, false],
    ['no match: M-mode passes', [[NA4 | 7, 0x1004n]], 0x1008n, 4, 3, true],
    ['all off: S-mode fails', [], 0x1008n, 4, 1, false],
    ['TOR of entry 0 begins at 0', [[TOR | 7, 0x1004n]], 0n, 4, 0, true],
    ['TOR ends before its address', [[TOR | 7, 0x1004n]], 0x1004n, 4, 0, false],
    [
      'TOR begins at the entry below, off or not',
      [
        [0, 0x1000n],
        [TOR | 7, 0x1008n],
      ],
      0x1004n,
      4,
      0,
      true,
    ],
    ['NAPOT of all ones is everything', [[NAPOT | 7, napot(0n, 1n << 57n)]], (1n << 56n) - 8n, 8, 0, true],
    [
      'the lowest entry decides, against a wider one',
      [
        [NA4 | 1, 0x1000n],
        [NAPOT, napot(0n, 1n << 20n)],
      ],
      0x1000n,
      4,
      0,
      true,
    ],
  ] as const)('%s', (_, entries, address, size, mode, expected) => {
    program(entries);
    expect(pmpAllows(hart, address, size, 'load', mode)).toBe(expected);
  });

  it.each([0, 1, 3, 4, 5, 7])('permissions %i are those of load, store and fetch', (rights) => {
    program([[NAPOT | rights, napot(0x1000n, 64n)]]);
    const kinds = (['load', 'store', 'fetch'] as const).map((kind) => pmpAllows(hart, 0x1000n, 4, kind, 0));
    expect(kinds).toEqual([(rights & 1) !== 0, (rights & 2) !== 0, (rights & 4) !== 0]);
  });
});

describe('whether a page has one answer', () => {
  const config = fc.tuple(
    fc.constantFrom(0, TOR, NA4, NAPOT),
    fc.constantFrom(0, 1, 3, 4, 5, 7),
    fc.constantFrom(0, 0, 0, L),
  );
  const address = fc.tuple(
    fc.integer({ min: 0x7f0 / 4, max: 0x3010 / 4 }),
    fc.constantFrom(0n, 7n, 0xffn, 0x1ffn, 0x3ffn, 0xfffn),
  );
  const entry = fc
    .tuple(config, address)
    .map(([[matching, rights, lock], [word, ones]]): [number, bigint] => [
      matching | rights | lock,
      (matching === NAPOT ? BigInt(word) | ones : BigInt(word)) << 2n,
    ]);
  it('is never said of a page that has two', () => {
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), (entries) => {
        program(entries);
        const uniform = pmpUniform(hart, 0x1ff8n);
        seen.add(uniform);
        if (!uniform) return true;
        return ([0, 1, 3] as const).every((mode) =>
          (['load', 'store', 'fetch'] as const).every((kind) => {
            const first = pmpAllows(hart, 0x1000n, 4, kind, mode);
            for (let at = 0x1004n; at < 0x2000n; at += 4n)
              if (pmpAllows(hart, at, 4, kind, mode) !== first) return false;
            return pmpAllows(hart, 0x1ffcn, 4, kind, mode) === pmpAllows(hart, 0x1ff8n, 8, kind, mode);
          }),
        );
      }),
      { numRuns: 150, seed: 7 },
    );
    expect(seen.size).toBe(2);
  });
  it.each([
    ['all off', [], true],
    ['one entry over all of it', [[NAPOT | 7, napot(0n, 1n << 20n)]], true],
    ['an entry inside', [[NA4, 0x1800n]], false],
    [
      'an entry inside, behind one over all of it',
      [
        [NAPOT | 7, napot(0x1000n, 4096n)],
        [NA4, 0x1800n],
      ],
      true,
    ],
    ['an entry elsewhere', [[NA4, 0x2000n]], true],
    ['a TOR that ends inside', [[TOR | 7, 0x1004n]], false],
    [
      'a TOR of nothing inside',
      [
        [0, 0x1800n],
        [TOR | 7, 0x1800n],
      ],
      true,
    ],
  ] as const)('%s: %s', (_, entries, expected) => {
    program(entries);
    expect(pmpUniform(hart, 0x1ff8n)).toBe(expected);
  });
});

describe('3.7.1: locks and WARL', () => {
  it('a locked TOR entry locks the address below it', () => {
    const b = new SystemBench();
    b.write('pmpaddr4', 5n);
    b.write('pmpcfg0', BigInt(L | TOR) << 40n);
    b.write('pmpaddr5', 7n);
    b.write('pmpaddr4', 9n);
    b.write('pmpcfg0', 0n);
    expect([b.read('pmpaddr4'), b.read('pmpaddr5'), b.read('pmpcfg0')]).toEqual([5n, 0n, BigInt(L | TOR) << 40n]);
  });
  it('across pmpcfg0 and pmpcfg2 as well', () => {
    const b = new SystemBench();
    b.write('pmpaddr7', 5n);
    b.write('pmpcfg2', BigInt(L | TOR));
    b.write('pmpaddr7', 9n);
    expect(b.read('pmpaddr7')).toBe(5n);
  });
  it('W without R is reserved: W is dropped', () => {
    const b = new SystemBench();
    b.write('pmpcfg2', 0x0706_0504_0302_0100n);
    expect(b.read('pmpcfg2')).toBe(0x0704_0504_0300_0100n);
  });
});
