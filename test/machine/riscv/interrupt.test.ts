// Interrupts, WFI and timers by clause: order, waking, and the events that the scheduler asks for.
import { describe, expect, it } from 'vitest';
import { STEPS_PER_TICK } from '../../../machine/clock.ts';
import { RISCV64 } from '../../../machine/riscv/isa.ts';
import { SLOTS } from '../../../machine/riscv/registers.ts';
import { CSRRW, csrWord, M_VECTOR, NOP, S_VECTOR, SystemBench, WFI } from './system-bench.ts';

const [SSI, MSI, STI, MTI, SEI, MEI] = [1, 3, 5, 7, 9, 11];
const bit = (interrupt: number) => 1n << BigInt(interrupt);
const ALL = 0xaaan;
const STCE = 1n << 63n;

/** Everything pending, MEI and SEI by their lines. */
function pendingBench(): SystemBench {
  const b = new SystemBench();
  b.write('mip', bit(SSI) | bit(STI));
  b.raw('mtimecmp', 0n);
  for (const line of [MSI, SEI, MEI]) b.hart.setLine(line, true);
  return b;
}

describe('3.1.9: the order of simultaneous interrupts', () => {
  it.each([
    ['none delegated', 0n, [MEI, MSI, MTI, SEI, SSI, STI]],
    ['M-mode’s first', 0x222n, [MEI, MSI, MTI, SEI, SSI, STI]],
    ['and with them those not delegated', bit(SEI), [MEI, MSI, MTI, SSI, STI, SEI]],
    ['even the lowest', bit(SEI) | bit(SSI), [MEI, MSI, MTI, STI, SEI, SSI]],
  ])('%s', (_, mideleg, expected) => {
    const b = pendingBench();
    b.raw('mideleg', mideleg);
    b.raw('mie', ALL);
    b.mode = 0;
    const taken: number[] = [];
    while (RISCV64.interrupt(b.hart)) {
      taken.push(b.hart.trap.cause);
      b.raw('mie', b.raw('mie') & ~bit(b.hart.trap.cause));
    }
    expect(taken).toEqual(expected);
  });

  it.each([
    ['M-mode, MIE 0', 3, 0n, 0n, undefined],
    ['M-mode, MIE 1', 3, 8n, 0n, SSI],
    ['M-mode, SIE 1 and delegated', 3, 10n, 0x222n, undefined],
    ['S-mode, MIE 0', 1, 0n, 0n, SSI],
    ['S-mode, delegated, SIE 0', 1, 8n, 0x222n, undefined],
    ['S-mode, delegated, SIE 1', 1, 2n, 0x222n, SSI],
    ['U-mode, delegated, SIE 0', 0, 0n, 0x222n, SSI],
    ['U-mode, MIE 0', 0, 0n, 0n, SSI],
  ])('%s', (_, mode, status, mideleg, expected) => {
    const b = new SystemBench();
    b.raw('mie', ALL);
    b.raw('mip', bit(SSI));
    b.raw('mideleg', mideleg);
    b.raw('mstatus', status);
    b.mode = mode;
    expect(RISCV64.interrupt(b.hart) ? b.hart.trap.cause : undefined).toBe(expected);
  });

  it('3.1.7: vectored, at four bytes a number; mtval is zero', () => {
    const b = new SystemBench();
    b.raw('mtvec', M_VECTOR | 1n);
    b.raw('mtval', 5n);
    b.raw('mie', bit(MEI));
    b.raw('mstatus', 8n);
    b.hart.setLine(MEI, true);
    b.run(NOP);
    // The vector's first instruction, which is illegal, traps in its turn; mepc says where it lay.
    expect(b.raw('mepc')).toBe(M_VECTOR + 44n);
  });
});

it('12.1.2: S-mode’s own vectors', () => {
  const b = new SystemBench();
  b.raw('stvec', S_VECTOR | 1n);
  b.raw('mideleg', bit(SEI));
  b.raw('mie', bit(SEI));
  b.mode = 0;
  b.hart.setLine(SEI, true);
  expect(RISCV64.interrupt(b.hart)).toBe(true);
  RISCV64.deliver(b.hart);
  expect([b.hart.pc, b.mode, b.raw('scause'), b.raw('stval')]).toEqual([S_VECTOR + 36n, 1, (1n << 63n) | 9n, 0n]);
});

describe('3.3.3: WFI', () => {
  it.each([
    ['nothing pending', 0n, ALL, false],
    ['pending, not enabled in mie', bit(SSI), 0n, false],
    ['pending and enabled, though mstatus.MIE is 0', bit(SSI), ALL, true],
  ])('%s: goes on %s', (_, mip, mie, goes) => {
    const b = new SystemBench();
    b.raw('mip', mip);
    b.raw('mie', mie);
    b.run(WFI);
    expect(b.hart.waiting).toBe(!goes);
    expect(b.hart.pc).toBe(0x8000_0004n);
  });

  it('an interrupt that wakes it is taken behind it', () => {
    const b = new SystemBench();
    b.raw('mie', bit(MTI));
    b.raw('mstatus', 8n);
    b.raw('mtimecmp', 500n);
    b.run(WFI, NOP);
    expect(b.machine.clock.ticks).toBeGreaterThanOrEqual(500n);
    expect([b.raw('mcause'), b.hart.waiting]).toEqual([2n, false]);
    // Taken, and then the illegal instruction at the vector.
    expect(b.raw('mepc')).toBe(M_VECTOR);
  });

  it('a timer that is not enabled wakes nobody', () => {
    const b = new SystemBench();
    b.raw('mtimecmp', 500n);
    b.run(WFI);
    expect(b.machine.run(10)).toEqual({ kind: 'idle' });
  });
});

describe('the next timer event', () => {
  const never = (1n << 64n) - 1n;
  it.each([
    ['none after reset', never, never, 0n, undefined],
    ['mtimecmp', 70n, 50n, 0n, 70n],
    ['stimecmp only under STCE', 70n, 50n, STCE, 50n],
    ['the earlier', 40n, 50n, STCE, 40n],
    ['one that has passed is none', 0n, 50n, STCE, 50n],
    ['nor is one in a year', 1n << 60n, never, STCE, undefined],
  ])('%s', (_, mtimecmp, stimecmp, menvcfg, expected) => {
    const b = new SystemBench();
    b.raw('mtimecmp', mtimecmp);
    b.raw('stimecmp', stimecmp);
    b.raw('menvcfg', menvcfg);
    expect(RISCV64.nextTimer(b.hart)).toBe(expected);
  });

  it('is counted in ticks of the clock, whatever mtime was set to', () => {
    const b = new SystemBench();
    b.hart.set(SLOTS.get('timeOffset'), 1000n);
    b.raw('mtimecmp', 1070n);
    expect(RISCV64.nextTimer(b.hart)).toBe(70n);
    expect(b.read('time')).toBe(1000n);
  });
});

describe('Sstc', () => {
  it('stimecmp is exact to the step', () => {
    const b = new SystemBench();
    b.write('menvcfg', STCE);
    b.write('mie', bit(STI));
    b.write('mstatus', 8n);
    b.x(5, 2n);
    b.run(csrWord(CSRRW, 0, 'stimecmp', 5), ...new Array<number>(40).fill(NOP));
    // The tick begins with step 20; the interrupt is taken before the instruction that would be step 21.
    expect(b.raw('mcause')).toBe(2n);
    expect(b.raw('mepc')).toBe(M_VECTOR);
    expect(b.hart.instructions - b.hart.trapped).toBe(2 * STEPS_PER_TICK);
  });
  it('STIP is stimecmp’s while STCE is set, and software’s again after', () => {
    const b = new SystemBench();
    b.write('mip', bit(STI));
    b.write('menvcfg', STCE);
    expect(b.read('mip') & bit(STI)).toBe(0n);
    b.write('mip', bit(STI));
    expect(b.read('mip') & bit(STI)).toBe(0n);
    b.write('stimecmp', 0n);
    expect(b.read('mip') & bit(STI)).toBe(bit(STI));
    b.write('menvcfg', 0n);
    expect(b.read('mip') & bit(STI)).toBe(bit(STI));
  });
});
