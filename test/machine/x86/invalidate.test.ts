// SDM vol. 3A, 4.10.4.1, and vol. 2A, INVLPG and INVPCID: which entries each of them drops.
import { expect, it } from 'vitest';
import { accessShape } from '../../../machine/access.ts';
import type { Hart } from '../../../machine/hart.ts';
import {
  flushForCr0,
  flushForCr3,
  flushForCr4,
  invalidatePage,
  invalidatePcid,
} from '../../../machine/x86/invalidate.ts';
import { Bench, G, P, W } from './mmu-harness.ts';

const LOAD = accessShape('load', 1);
const [ONE, TWO, GLOBAL] = [0x40_0000n, 0x40_1000n, 0x40_2000n];

/** Pages ONE and TWO under PCIDs 1 and 2, and a global one: `1a 1b 2a 2b g`. */
function filled(): Bench {
  const bench = new Bench();
  bench.map(ONE, 0x2_0000n, P | W);
  bench.map(TWO, 0x2_1000n, P | W);
  bench.map(GLOBAL, 0x2_2000n, P | W | G);
  for (const pcid of [2n, 1n]) {
    bench.under({ pcide: true, pge: true }, pcid);
    for (const page of [ONE, TWO, GLOBAL]) bench.outcome(page, LOAD);
  }
  return bench;
}

const left = (hart: Hart): string =>
  hart.tlb
    .entries()
    .map(({ asid, vpn, global }) => (global ? 'g' : `${asid}${vpn << 12n === ONE ? 'a' : 'b'}`))
    .sort()
    .join(' ');

const CR4 = 0x2_00a0n;
it.each<[string, (hart: Hart) => unknown, string]>([
  ['INVLPG of one page', (hart) => invalidatePage(hart, ONE), '1b 2a 2b g'],
  ['INVLPG of a global page', (hart) => invalidatePage(hart, GLOBAL + 5n), '1a 1b 2a 2b'],
  ['INVLPG of an address that is none', (hart) => invalidatePage(hart, 1n << 47n), '1a 1b 2a 2b g'],
  ['INVPCID 0', (hart) => invalidatePcid(hart, 0n, 2n, ONE), '1a 1b 2b g'],
  ['INVPCID 0 leaves global ones', (hart) => invalidatePcid(hart, 0n, 1n, GLOBAL), '1a 1b 2a 2b g'],
  ['INVPCID 1', (hart) => invalidatePcid(hart, 1n, 2n, 0n), '1a 1b g'],
  ['INVPCID 2', (hart) => invalidatePcid(hart, 2n, 0n, 0n), ''],
  ['INVPCID 3', (hart) => invalidatePcid(hart, 3n, 0n, 0n), 'g'],
  ['MOV CR3', (hart) => flushForCr3(hart, 0n, 0x1002n), '1a 1b g'],
  ['MOV CR3 with bit 63', (hart) => flushForCr3(hart, 0n, (1n << 63n) | 0x1002n), '1a 1b 2a 2b g'],
  ['MOV CR4: PGE', (hart) => flushForCr4(hart, CR4, CR4 ^ 0x80n), ''],
  ['MOV CR4: PCIDE off', (hart) => flushForCr4(hart, CR4, CR4 ^ 0x2_0000n), ''],
  ['MOV CR4: PCIDE on', (hart) => flushForCr4(hart, CR4 ^ 0x2_0000n, CR4), '1a 1b 2a 2b g'],
  ['MOV CR4: SMEP on', (hart) => flushForCr4(hart, CR4, CR4 | 0x10_0000n), '2a 2b'],
  ['MOV CR4: SMEP off', (hart) => flushForCr4(hart, CR4 | 0x10_0000n, CR4), '1a 1b 2a 2b g'],
  ['MOV CR4: SMAP', (hart) => flushForCr4(hart, CR4, CR4 | 0x20_0000n), '1a 1b 2a 2b g'],
  ['MOV CR0: PG', (hart) => flushForCr0(hart, 0x8000_0033n, 0x33n), ''],
  ['MOV CR0: WP', (hart) => flushForCr0(hart, 0x8000_0033n, 0x8001_0033n), '1a 1b 2a 2b g'],
])('%s', (_, act, want) => {
  const { hart } = filled();
  act(hart);
  expect(left(hart)).toBe(want);
});

it.each<[string, bigint, bigint, bigint, boolean]>([
  ['a type that is none', 4n, 0n, 0n, true],
  ['reserved bits of the descriptor', 2n, 0x1000n, 0n, true],
  ['type 0 with an address that is none', 0n, 1n, 1n << 47n, true],
  ['type 0 with a PCID, CR4.PCIDE being clear', 0n, 1n, 0n, false],
  ['type 1 with a PCID, CR4.PCIDE being clear', 1n, 1n, 0n, false],
])('INVPCID, %s: #GP(0), and nothing goes', (_, type, low, address, pcide) => {
  const bench = filled();
  bench.under({ pcide, pge: true });
  expect(invalidatePcid(bench.hart, type, low, address)).toBe(false);
  expect([bench.hart.trap.cause, left(bench.hart)]).toEqual([13, '1a 1b 2a 2b g']);
});
