// Breakpoints and watchpoints where one image under QEMU cannot say it: contexts, links, atomics, DC ZVA.
import { describe, expect, it } from 'vitest';
import { EC } from '../../../machine/aarch64/causes.ts';
import { DATA, EL0, EL1H, ENTRY, NOP, SystemBench } from './system-bench.ts';

const MDE = 1n << 15n;
const KDE = 1n << 13n;
const EVERYWHERE = 0x1e7n;
const [CONTEXT, LINKED_ADDRESS, LINKED_CONTEXT] = [2n << 20n, 1n << 20n, 3n << 20n];
/** Linked to breakpoint 1. */
const LBN1 = 1n << 16n;
const WATCH_ALL = 0x1fffn;
const WATCH_LINKED = 1n << 20n;
const LDR = 0xf940_0029; // ldr x9, [x1]
const LDTR = 0xf840_0829;
const SWP = 0xf829_802a; // swp x9, x10, [x1]

function bench(state = EL1H): SystemBench {
  const b = new SystemBench();
  b.write('oslar_el1', 0n);
  b.write('mdscr_el1', MDE | KDE);
  b.x(1, DATA);
  b.write('spsr_el1', state);
  return b;
}
const ec = (b: SystemBench) => (b.raw('elr_el1') === 0n ? undefined : b.taken.ec);

describe('breakpoints (Arm ARM D2.8)', () => {
  it.each([
    ['matches', 0x77n, EC.breakpointSame],
    ['does not', 0x78n, undefined],
  ])('CONTEXTIDR_EL1 %s: breakpoint 1 alone', (_, context, expected) => {
    const b = bench();
    b.write('contextidr_el1', context);
    b.write('dbgbvr1_el1', 0x77n);
    b.write('dbgbcr1_el1', EVERYWHERE | CONTEXT);
    b.run(NOP);
    expect(ec(b)).toBe(expected);
  });
  it.each([
    ['agrees', 0x74n, EC.breakpointSame],
    ['does not', 0x70n, undefined],
  ])('linked to a context that %s', (_, context, expected) => {
    const b = bench();
    b.write('contextidr_el1', context);
    b.write('dbgbvr1_el1', 0x74n);
    b.write('dbgbcr1_el1', EVERYWHERE | LINKED_CONTEXT);
    b.write('dbgbvr0_el1', ENTRY);
    b.write('dbgbcr0_el1', EVERYWHERE | LINKED_ADDRESS | LBN1);
    b.run(NOP);
    expect(ec(b)).toBe(expected);
  });
  it('comes before the illegal state, and behind a step (D1.3.5.5)', () => {
    const b = bench();
    b.write('dbgbvr0_el1', ENTRY);
    b.write('dbgbcr0_el1', EVERYWHERE);
    b.write('pstate', EL1H | (1n << 20n));
    b.machine.run(1);
    expect(b.taken).toEqual({ vector: 0x200n, ec: EC.breakpointSame, iss: 0x22 });
    b.write('mdscr_el1', MDE | KDE | 1n);
    b.write('pc', ENTRY);
    b.write('pstate', EL1H);
    b.machine.run(1);
    expect(b.taken.ec).toBe(EC.stepSame);
  });
  it('the OS lock holds them back', () => {
    const b = bench();
    b.write('dbgbvr0_el1', ENTRY);
    b.write('dbgbcr0_el1', EVERYWHERE);
    b.write('oslar_el1', 1n);
    b.run(NOP);
    expect(ec(b)).toBeUndefined();
  });
});

describe('watchpoints (D2.10)', () => {
  function watching(control: bigint): SystemBench {
    const b = bench();
    b.write('dbgwvr0_el1', DATA);
    b.write('dbgwcr0_el1', control);
    return b;
  }
  const AT_EL0_ONLY = WATCH_ALL & ~2n;
  it('LDTR counts as EL0’s', () => {
    const plain = watching(AT_EL0_ONLY);
    plain.run(LDR);
    expect(ec(plain)).toBeUndefined();
    const unprivileged = watching(AT_EL0_ONLY);
    unprivileged.run(LDTR);
    expect(ec(unprivileged)).toBe(EC.watchpointSame);
  });
  it.each([
    ['loads', 0x8n],
    ['stores', 0x10n],
  ])('an atomic access matches what watches %s', (_, lsc) => {
    const b = watching((WATCH_ALL & ~0x18n) | lsc);
    b.run(SWP);
    expect(ec(b)).toBe(EC.watchpointSame);
    expect(b.machine.bus.read(DATA, 8)).toBe(0n);
  });
  it('one that is linked asks the context', () => {
    for (const [context, expected] of [
      [4n, EC.watchpointSame],
      [8n, undefined],
    ] as const) {
      const b = watching(WATCH_ALL | WATCH_LINKED | LBN1);
      b.write('contextidr_el1', context);
      b.write('dbgbvr1_el1', 4n);
      b.write('dbgbcr1_el1', EVERYWHERE | LINKED_CONTEXT);
      b.run(LDR);
      expect(ec(b)).toBe(expected);
    }
  });
  it('the fault of the MMU comes first', () => {
    const b = watching(WATCH_ALL);
    // With the MMU off, an address of more than 48 bits.
    b.x(1, 1n << 52n);
    b.write('dbgwvr0_el1', 1n << 52n);
    b.run(LDR);
    expect(b.taken).toMatchObject({ ec: EC.dataSame });
  });
  it('a page that was accessed before is watched from then on', () => {
    const b = bench();
    b.run(LDR);
    b.write('dbgwvr0_el1', DATA);
    b.write('dbgwcr0_el1', WATCH_ALL);
    b.run(LDR);
    expect([ec(b), b.raw('far_el1')]).toEqual([EC.watchpointSame, DATA]);
  });
  it('at EL0 the class says so', () => {
    const b = watching(WATCH_ALL);
    b.write('pstate', EL0);
    b.run(LDR);
    expect(b.taken).toEqual({ vector: 0x400n, ec: EC.watchpointLower, iss: 0x22 });
  });
});
