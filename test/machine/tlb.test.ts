import { describe, expect, it } from 'vitest';
import { Tlb, type TlbEntry } from '../../machine/tlb.ts';

const entry = (vpn: bigint, asid: number | 'global', pages = 1n, bits = 0n): TlbEntry => ({
  asid: asid === 'global' ? 0 : asid,
  global: asid === 'global',
  vpn,
  pages,
  ppn: vpn + 0x100n * pages,
  bits,
  entryAddress: 0n,
});

const tlbOf = (...entries: TlbEntry[]) => {
  const tlb = new Tlb();
  for (const one of entries) tlb.insert(one);
  return tlb;
};

describe('lookup', () => {
  it('by address space, and for all of them where global', () => {
    const tlb = tlbOf(entry(1n, 1, 1n, 11n), entry(1n, 2, 1n, 12n), entry(2n, 'global', 1n, 20n));
    expect([1, 2, 3].map((asid) => tlb.lookup(1n, asid)?.bits)).toEqual([11n, 12n, undefined]);
    expect([1, 2, 3].map((asid) => tlb.lookup(2n, asid)?.bits)).toEqual([20n, 20n, 20n]);
  });

  it.each([1n, 16n, 512n, 1n << 18n, 1n << 27n, 1n << 36n])('every page of %d, and no other', (pages) => {
    const vpn = (1n << 52n) - 2n * pages;
    const tlb = tlbOf(entry(vpn, 1, pages));
    const at = (page: bigint) => tlb.lookup(page, 1) !== undefined;
    expect([vpn - 1n, vpn, vpn + pages - 1n, vpn + pages].map(at)).toEqual([false, true, true, false]);
  });

  it('page numbers of 52 bits that differ in one bit are different pages', () => {
    const last = (1n << 52n) - 1n;
    const tlb = tlbOf(entry(last, 1));
    const others = Array.from({ length: 52 }, (_, bit) => last ^ (1n << BigInt(bit)));
    expect([tlb.lookup(last, 1)?.vpn, others.filter((vpn) => tlb.lookup(vpn, 1))]).toEqual([last, []]);
  });

  it('of several sizes the smallest answers, in whatever order they came', () => {
    const sizes = [entry(0n, 1, 512n), entry(0n, 1), entry(0n, 1, 1n << 18n), entry(0n, 1, 16n)];
    for (let turn = 0; turn < 4; turn++) {
      const tlb = tlbOf(...sizes.slice(turn), ...sizes.slice(0, turn));
      expect([0n, 15n, 16n, 511n, 512n].map((vpn) => tlb.lookup(vpn, 1)?.pages)).toEqual([
        1n,
        16n,
        512n,
        512n,
        1n << 18n,
      ]);
    }
  });

  it('of a global entry and one of the address space the newest answers', () => {
    expect(tlbOf(entry(1n, 'global', 1n, 1n), entry(1n, 1, 1n, 2n)).lookup(1n, 1)?.bits).toBe(2n);
    expect(tlbOf(entry(1n, 1, 1n, 2n), entry(1n, 'global', 1n, 1n)).lookup(1n, 1)?.bits).toBe(1n);
  });
});

describe('epoch: what engines cached goes when an entry does', () => {
  it.each<[string, boolean, (tlb: Tlb) => void]>([
    ['a new entry', false, (tlb) => tlb.insert(entry(9n, 1))],
    ['another address space’s', false, (tlb) => tlb.insert(entry(1n, 3))],
    ['the same page again', true, (tlb) => tlb.insert(entry(1n, 1))],
    ['a global one again', true, (tlb) => tlb.insert(entry(2n, 'global'))],
    ['another in an entry’s place', true, (tlb) => tlb.replace(tlb.lookup(1n, 1)!, entry(1n, 1))],
    ['a smaller one in its place', true, (tlb) => tlb.replace(tlb.lookup(512n, 1)!, entry(513n, 1))],
    ['an invalidation that finds something', true, (tlb) => void tlb.invalidate((e) => e.vpn === 1n)],
    ['one that finds nothing', false, (tlb) => void tlb.invalidate(() => false)],
    ['a page’s that finds something', true, (tlb) => void tlb.invalidatePage(600n, () => true)],
    ['a page’s that finds nothing', false, (tlb) => void tlb.invalidatePage(7n, () => true)],
    ['a restored TLB', true, (tlb) => tlb.restore(tlb.save())],
  ])('%s', (_, bumped, act) => {
    const tlb = tlbOf(entry(1n, 1), entry(1n, 2), entry(2n, 'global'), entry(512n, 1, 512n));
    const before = tlb.epoch;
    act(tlb);
    expect(tlb.epoch > before).toBe(bumped);
  });
});

describe('invalidation', () => {
  const filled = () => tlbOf(entry(1n, 1), entry(1n, 2), entry(1n, 'global'), entry(0n, 1, 16n), entry(0n, 1, 512n));

  it('drops what it is told to, and counts', () => {
    const tlb = filled();
    expect(tlb.invalidate((e) => e.asid === 1)).toBe(3);
    expect(tlb.entries().map((e) => [e.asid, e.global])).toEqual([
      [0, true],
      [2, false],
    ]);
    expect([tlb.invalidate(() => true), tlb.entries(), tlb.lookup(1n, 2)]).toEqual([2, [], undefined]);
  });

  it('of a page drops every size that holds it, and nothing else', () => {
    const tlb = filled();
    expect(tlb.invalidatePage(15n, () => true)).toBe(2);
    expect(tlb.entries().map((e) => e.pages)).toEqual([1n, 1n, 1n]);
    expect(tlb.invalidatePage(1n, (e) => !e.global)).toBe(2);
    expect(tlb.entries()).toMatchObject([{ global: true }]);
  });

  it('replace drops that very entry', () => {
    const tlb = filled();
    tlb.replace(tlb.lookup(15n, 1)!, entry(15n, 1));
    expect(tlb.entries().map((e) => e.pages)).toEqual([1n, 1n, 1n, 1n, 512n]);
  });
});

it('a restored TLB holds the same, in the same order, and answers alike', () => {
  const tlb = tlbOf(
    entry(0n, 1, 512n, 1n),
    entry(1n, 1, 1n, 2n),
    entry(1n, 'global', 1n, 3n),
    entry(1n, 2, 1n, 4n),
    entry(0n, 1, 16n, 5n),
    entry(7n, 1, 1n, 6n),
  );
  const saved = tlb.save();
  const order = tlb.entries();
  const other = tlbOf(entry(99n, 1));
  other.restore(saved);
  tlb.invalidate(() => true);
  expect(other.entries()).toEqual(order);
  expect(other.save()).toEqual(saved);
  expect([0n, 1n, 7n, 100n, 99n].map((vpn) => other.lookup(vpn, 1)?.bits)).toEqual([5n, 3n, 6n, 1n, 1n]);
});
