// The exclusive monitor (Arm ARM B2.9): what keeps it, what loses it.
import { describe, expect, it } from 'vitest';
import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { SLOTS } from '../../../machine/aarch64/registers.ts';
import { MemoryRig, PAGE } from './memory-rig.ts';

const FIRST = 0x1_0000n;

/** Two harts whose X1 is the word, X2 eight bytes behind it, and X3 a granule away; the first has just loaded it. */
function loaded(line = 'c85f7c20 ldxr x0, [x1]'): MemoryRig {
  const rig = new MemoryRig([PAGE.rw, PAGE.readOnly], { harts: 2 });
  for (const hart of [0, 1]) {
    rig.setX(1, FIRST + 64n, hart);
    rig.setX(2, FIRST + 72n, hart);
    rig.setX(3, FIRST + 128n, hart);
    rig.setX(4, FIRST + 4096n, hart);
    rig.setX(9, 0x99n, hart);
  }
  expect(rig.run(line)).toBeUndefined();
  return rig;
}
const STORE = 'c8087c29 stxr w8, x9, [x1]';
const MADE = 0n;
const FAILED = 1n;
/** The status that the first hart's store-exclusive leaves, and that memory says the same. */
function status(rig: MemoryRig, line = STORE): bigint {
  rig.setX(8, 0xffff_ffffn);
  const before = rig.bytes(rig.frame(0) + 64n, 128);
  expect(rig.run(line)).toBeUndefined();
  const changed = rig.bytes(rig.frame(0) + 64n, 128).some((byte, i) => byte !== before[i]);
  expect(changed).toBe(rig.x(8) === MADE);
  return rig.x(8);
}

describe('a store-exclusive is made', () => {
  it.each<[string, string, string]>([
    ['of bytes', '085f7c20 ldxrb w0, [x1]', '08087c29 stxrb w8, w9, [x1]'],
    ['of halfwords, acquiring and releasing', '485ffc20 ldaxrh w0, [x1]', '4808fc29 stlxrh w8, w9, [x1]'],
    ['of words', '885f7c20 ldxr w0, [x1]', '8808fc29 stlxr w8, w9, [x1]'],
    ['of a pair of words', '887f1420 ldxp w0, w5, [x1]', '88281429 stxp w8, w9, w5, [x1]'],
    ['of a pair of doublewords', 'c87f9420 ldaxp x0, x5, [x1]', 'c8289429 stlxp w8, x9, x5, [x1]'],
    ['of a doubleword, where a pair of words was loaded: the same bytes', '887f1420 ldxp w0, w5, [x1]', STORE],
  ])('%s', (_, load, store) => {
    const rig = loaded(load);
    expect(status(rig, store)).toBe(MADE);
    expect(rig.bytes(rig.frame(0) + 64n, 2)).toEqual([0x99, 0]);
  });

  it('once', () => {
    const rig = loaded();
    expect(status(rig)).toBe(MADE);
    expect(status(rig)).toBe(FAILED);
  });

  it.each<[string, string | readonly string[], number]>([
    [
      'own loads and stores, of the granule too',
      ['f9400020 ldr x0, [x1]', 'f9000049 str x9, [x2]', 'a9401420 ldp x0, x5, [x1]'],
      0,
    ],
    ['another hart’s loads', ['f9400020 ldr x0, [x1]', 'c85f7c20 ldxr x0, [x1]'], 1],
    ['another hart’s store outside the granule', 'f9000069 str x9, [x3]', 1],
    ['another hart’s store-exclusive that fails', STORE, 1],
    ['another hart’s compare-and-swap that does not match', 'c8a97c20 cas x9, x0, [x1]', 1],
    ['another hart’s store that faults', 'f9000089 str x9, [x4]', 1],
    ['another hart’s prefetch for a store', 'f9800030 prfm pstl1keep, [x1]', 1],
    ['another hart’s CLREX', 'd5033f5f clrex', 1],
  ])('in spite of %s', (_, lines, hart) => {
    const rig = loaded();
    rig.run(lines, hart);
    expect(status(rig)).toBe(MADE);
  });

  it('by another address of the same memory', () => {
    const rig = loaded();
    rig.map(0x3_0000n, PAGE.rw, rig.frame(0));
    rig.setX(1, 0x3_0040n);
    expect(status(rig)).toBe(MADE);
  });

  it('after the machine’s state was saved and restored', () => {
    const rig = loaded();
    const { monitor } = rig.bench;
    const saved = JSON.parse(
      JSON.stringify(monitor.save(), (_, v) => (typeof v === 'bigint' ? `${v}n` : v)),
      (_, v) => (typeof v === 'string' ? BigInt(v.slice(0, -1)) : v),
    );
    monitor.reset();
    monitor.restore(saved);
    expect(status(rig)).toBe(MADE);
  });
});

describe('a store-exclusive fails', () => {
  it('without a load', () => {
    const rig = loaded('d5033f5f clrex');
    expect(status(rig)).toBe(FAILED);
  });

  it.each([
    ['another size', '88087c29 stxr w8, w9, [x1]'],
    ['twice the size', 'c8282429 stxp w8, x9, x9, [x1]'],
    ['another address in the granule', 'c8087c49 stxr w8, x9, [x2]'],
    ['another granule', 'c8087c69 stxr w8, x9, [x3]'],
  ])('with %s, and gives the monitor up', (_, line) => {
    const rig = loaded();
    expect(status(rig, line)).toBe(FAILED);
    expect(status(rig)).toBe(FAILED);
  });

  it.each<[string, string | readonly string[], number]>([
    ['CLREX', 'd5033f5f clrex', 0],
    ['CLREX of another number', 'd503305f clrex #0x0', 0],
    ['a later load-exclusive of something else', 'c85f7c60 ldxr x0, [x3]', 0],
    ['another hart’s store of the same bytes', 'f9000029 str x9, [x1]', 1],
    ['another hart’s store of a byte beside them', '3900fc29 strb w9, [x1, #63]', 1],
    ['another hart’s store that begins before the granule', 'f81f9029 stur x9, [x1, #-7]', 1],
    ['another hart’s STP that ends in it', 'a93fa429 stp x9, x9, [x1, #-8]', 1],
    ['another hart’s vector', '3d800c20 str q0, [x1, #48]', 1],
    ['another hart’s misaligned vector', '3c9f1020 stur q0, [x1, #-15]', 1],
    ['another hart’s structure', '4c000020 st4 {v0.16b-v3.16b}, [x1]', 1],
    ['another hart’s store-release', 'c89ffc49 stlr x9, [x2]', 1],
    ['another hart’s unprivileged store', '38000829 sttrb w9, [x1]', 1],
    ['another hart’s atomic', 'f83f0020 ldadd xzr, x0, [x1]', 1],
    ['another hart’s compare-and-swap that matches', '08bf7c29 casb wzr, w9, [x1]', 1],
    ['another hart’s store-exclusive', ['c85f7c40 ldxr x0, [x2]', 'c8087c49 stxr w8, x9, [x2]'], 1],
  ])('after %s', (_, lines, hart) => {
    const rig = loaded();
    expect(rig.run(lines, hart)).toBeUndefined();
    expect(status(rig)).toBe(FAILED);
  });

  it('after another hart’s store of each size, however often it has been made before', () => {
    const rig = loaded();
    for (const line of [
      '39000029 strb w9, [x1]',
      '79000029 strh w9, [x1]',
      'f9000029 str x9, [x1]',
      '3d800020 str q0, [x1]',
      '3c801020 stur q0, [x1, #1]',
    ]) {
      for (let again = 0; again < 3; again++) {
        expect(rig.run('c85f7c20 ldxr x0, [x1]')).toBeUndefined();
        expect(rig.run(line, 1)).toBeUndefined();
        expect(status(rig)).toBe(FAILED);
      }
    }
  });

  it('after a device’s or the host’s store', () => {
    const rig = loaded();
    rig.bench.bus.write(rig.frame(0) + 100n, 1, 0n);
    expect(status(rig)).toBe(FAILED);
  });

  it('after an exception return (AArch64.ExceptionReturn: ClearExclusiveLocal)', () => {
    const rig = loaded();
    // Back to EL1 with SP_EL1.
    rig.bench.hart.set(SLOTS.get('spsr_el1'), 5n);
    AARCH64.perform(rig.bench.hart, 'eret');
    expect(status(rig)).toBe(FAILED);
  });
});

describe('a store-exclusive that faults', () => {
  it.each([
    ['read-only memory', 'c8087c89 stxr w8, x9, [x4]', 0x0f],
    ['a misaligned address', 'c8087ca9 stxr w8, x9, [x5]', 0x21],
  ])('on %s: no status, and the monitor as it was', (_, line, expected) => {
    const rig = loaded();
    rig.setX(5, FIRST + 68n);
    rig.setX(8, 0x77n);
    expect(rig.run(line)).toMatchObject({ status: expected, write: true });
    expect(rig.x(8)).toBe(0x77n);
    expect(status(rig)).toBe(MADE);
  });

  it('a load-exclusive that faults reserves nothing', () => {
    const rig = loaded('d5033f5f clrex');
    rig.setX(5, FIRST + 68n);
    expect(rig.run('c85f7ca0 ldxr x0, [x5]')).toMatchObject({ status: 0x21 });
    expect(status(rig)).toBe(FAILED);
  });
});

it('each hart has a monitor of its own', () => {
  const rig = loaded();
  expect(rig.run(['c85f7c60 ldxr x0, [x3]', 'c8087c69 stxr w8, x9, [x3]'], 1)).toBeUndefined();
  expect([rig.x(8, 1), status(rig)]).toEqual([MADE, MADE]);
});
