// External debug's registers, of which QEMU has few (Arm ARM D17.3).
import { describe, expect, it } from 'vitest';
import { EC } from '../../../machine/aarch64/causes.ts';
import { EL0, mrs, msr, SystemBench } from './system-bench.ts';

describe('the debug communications channel', () => {
  it.each([
    ['mdccsr_el0', mrs(9, 'mdccsr_el0'), 1],
    ['dbgdtr_el0', mrs(9, 'dbgdtr_el0'), 1],
    ['dbgdtrrx_el0', mrs(9, 'dbgdtrrx_el0'), 1],
    ['dbgdtr_el0, written', msr('dbgdtr_el0', 9), 0],
    ['dbgdtrtx_el0, written', msr('dbgdtrrx_el0', 9), 0],
  ])('%s at EL0 is empty, and trapped by MDSCR_EL1.TDCC', (_, word, direction) => {
    for (const [tdcc, ec] of [
      [0n, undefined],
      [1n << 12n, EC.systemRegister],
    ] as const) {
      const b = new SystemBench();
      b.x(9, direction === 1 ? 5n : 0n);
      b.write('mdscr_el1', tdcc);
      b.write('pstate', EL0);
      b.run(word);
      if (ec === undefined) expect([b.raw('el'), b.x(9)]).toEqual([0n, 0n]);
      else expect([b.taken.ec, b.taken.iss & 1]).toEqual([ec, direction]);
    }
  });
  it('a write of MDCCSR_EL0 is UNDEFINED whatever TDCC says', () => {
    const b = new SystemBench();
    b.write('mdscr_el1', 1n << 12n);
    b.write('pstate', EL0);
    b.run(msr('mdccsr_el0', 9));
    expect(b.taken.ec).toBe(EC.unknown);
  });
});

describe('claim tags and locks', () => {
  it('CLAIMSET sets and says which there are, CLAIMCLR clears and says which are set', () => {
    const b = new SystemBench();
    b.write('dbgclaimset_el1', 0x1f5n);
    b.write('dbgclaimset_el1', 0x02n);
    expect([b.read('dbgclaimset_el1'), b.read('dbgclaimclr_el1')]).toEqual([0xffn, 0xf7n]);
    b.write('dbgclaimclr_el1', 0x15n);
    expect(b.read('dbgclaimclr_el1')).toBe(0xe2n);
  });
  it('the OS lock is locked at reset, and opens bits of MDSCR_EL1 to be restored', () => {
    const b = new SystemBench();
    expect(b.read('oslsr_el1')).toBe(0xan);
    b.write('mdscr_el1', ~0n);
    const locked = b.read('mdscr_el1');
    b.write('oslar_el1', 0n);
    b.write('mdscr_el1', 0n);
    expect([locked, b.read('mdscr_el1'), b.read('oslsr_el1')]).toEqual([0x6cc0_f041n, 0x6cc0_4040n, 0x8n]);
  });
  it('there is no double lock (ID_AA64DFR0_EL1.DoubleLock is 0b1111)', () => {
    const b = new SystemBench();
    b.write('osdlr_el1', 1n);
    expect([b.read('osdlr_el1'), (b.read('id_aa64dfr0_el1') >> 36n) & 15n]).toEqual([0n, 15n]);
  });
  it('the other registers of a debugger hold what they are given', () => {
    const b = new SystemBench();
    for (const name of ['osdtrrx_el1', 'osdtrtx_el1', 'oseccr_el1']) {
      b.write(name, 0x1_2345_6789n);
      expect(b.read(name)).toBe(0x2345_6789n);
    }
    expect([b.read('dbgauthstatus_el1'), b.read('mdrar_el1')]).toEqual([0n, 0n]);
  });
});
