// Exceptions where QEMU is no oracle, or one hart's image cannot say it; the rest is in bare-trap.test.ts.
import { describe, expect, it } from 'vitest';
import { EC } from '../../../machine/aarch64/causes.ts';
import {
  EL0,
  EL1H,
  EL1T,
  ENTRY,
  ERET,
  HVC,
  LDR_SP,
  LDXR,
  msr,
  NOP,
  SMC,
  SystemBench,
  svc,
  VECTORS,
} from './system-bench.ts';

const SA = 1n << 3n;
const SA0 = 1n << 4n;

describe('SP alignment checks (Arm ARM D1.3.10.2)', () => {
  it.each([
    ['EL0', EL0, SA0, true],
    ['EL0', EL0, SA, false],
    ['EL1 with SP_EL0', EL1T, SA, true],
    ['EL1 with SP_EL0', EL1T, SA0, false],
    ['EL1 with SP_EL1', EL1H, SA, true],
    ['EL1 with SP_EL1', EL1H, SA0, false],
    ['EL1 with SP_EL1', EL1H, 0n, false],
  ])('%s, SCTLR %#', (_, state, sctlr, faults) => {
    const b = new SystemBench();
    b.write('sctlr_el1', sctlr);
    for (const name of ['sp_el0', 'sp_el1']) b.write(name, ENTRY + 8n);
    b.write('pstate', state);
    b.run(LDR_SP);
    if (faults) expect(b.taken).toMatchObject({ ec: EC.spAlignment, iss: 0 });
    else expect(b.hart.pc).toBe(ENTRY + 4n);
  });
});

describe('illegal exception returns (D1.3.4)', () => {
  it.each([
    ['AArch32 at EL0', 0x10n],
    ['AArch32 at EL1', 0x13n],
    ['EL2', 9n],
    ['EL3', 13n],
    ['EL0 with its own SP', 1n],
    ['a reserved M', 2n],
  ])('to %s: PSTATE.IL, and the level stays', (_, M) => {
    const b = new SystemBench();
    b.write('spsr_el1', 0xf040_03c0n | M);
    b.write('elr_el1', ENTRY + 0x100n);
    b.run(ERET);
    expect(b.hart.pc).toBe(ENTRY + 0x100n);
    expect(b.read('pstate')).toBe(0xf050_03c5n);
    b.run(NOP);
    expect(b.taken).toEqual({ vector: 0x200n, ec: EC.illegalState, iss: 0 });
    expect([b.raw('elr_el1'), b.raw('spsr_el1')]).toEqual([ENTRY + 0x100n, 0xf050_03c5n]);
    expect(b.raw('il')).toBe(0n);
  });

  it('an instruction abort comes before the illegal state (D1.3.5.5)', () => {
    const b = new SystemBench();
    b.write('pstate', EL1H | (1n << 20n));
    b.write('pc', 0x1_0000n);
    b.machine.run(1);
    expect(b.taken.ec).toBe(EC.instructionSame);
  });
});

describe('exception entry (D1.3.1)', () => {
  it('masks everything, selects SP_EL1, and sets PAN unless SPAN is set', () => {
    for (const [span, pan] of [
      [0n, 0x40_0000n],
      [1n << 23n, 0n],
    ]) {
      const b = new SystemBench();
      b.write('sctlr_el1', span);
      b.write('pstate', 0x6000_0000n | EL0);
      b.run(svc(7));
      expect(b.taken).toEqual({ vector: 0x400n, ec: EC.svc, iss: 7 });
      expect(b.read('pstate')).toBe(0x6000_03c5n | pan);
      expect(b.raw('spsr_el1')).toBe(0x6000_0000n);
      expect(b.raw('elr_el1')).toBe(ENTRY + 4n);
    }
  });
  it('FAR stays as it was where the class does not set it', () => {
    const b = new SystemBench();
    b.write('far_el1', 0x1234n);
    b.run(svc(0));
    expect(b.raw('far_el1')).toBe(0x1234n);
  });
  it('the stack pointers keep apart', () => {
    const b = new SystemBench();
    b.write('sp_el0', 0x1000n);
    b.write('sp_el1', 0x2000n);
    b.write('pstate', EL0);
    expect(b.raw('sp')).toBe(0x1000n);
    b.run(svc(0));
    expect([b.raw('sp'), b.read('sp_el0')]).toEqual([0x2000n, 0x1000n]);
  });
  it('ERET loses the exclusive monitor and sets the event register (D1.3.3)', () => {
    const b = new SystemBench();
    b.x(1, ENTRY);
    b.write('elr_el1', ENTRY + 8n);
    b.write('spsr_el1', EL1H);
    b.run(LDXR, ERET);
    expect([b.machine.monitor.empty, b.raw('event')]).toEqual([true, 1n]);
  });
  it.each([
    ['HVC', HVC],
    ['SMC', SMC],
  ])('%s at EL0 is UNDEFINED', (_, word) => {
    const b = new SystemBench();
    b.write('pstate', EL0);
    b.run(word);
    expect(b.taken).toEqual({ vector: 0x400n, ec: EC.unknown, iss: 0 });
  });
  it('a vector that cannot be fetched is one more exception, not an end', () => {
    const b = new SystemBench();
    b.write('vbar_el1', 0x1_0000n);
    b.run(svc(0));
    b.machine.run(3);
    expect([b.hart.pc, b.taken.ec]).toEqual([0x1_0200n, EC.instructionSame]);
  });
});

describe('software step', () => {
  it('no step exception while the OS lock is locked (J1.1.2, GenerateDebugExceptionsFrom)', () => {
    const b = new SystemBench();
    b.write('mdscr_el1', 1n);
    b.write('pstate', EL0);
    b.run(NOP, NOP);
    expect(b.hart.pc).toBe(ENTRY + 8n);
  });
  it('PSTATE.D masks steps of EL1 at once', () => {
    const b = new SystemBench();
    b.write('oslar_el1', 0n);
    b.write('mdscr_el1', 0x2001n);
    b.write('pstate', EL1H | (1n << 9n));
    b.run(NOP);
    expect(b.hart.pc).toBe(ENTRY + 4n);
    b.write('pstate', EL1H);
    b.machine.run(1);
    expect(b.taken).toEqual({ vector: 0x200n, ec: EC.stepSame, iss: 0x22 });
  });
  it('MDSCR_EL1 written by an instruction counts from the next one on', () => {
    const b = new SystemBench();
    b.write('oslar_el1', 0n);
    b.x(1, 0x2001n);
    b.run(msr('mdscr_el1', 1), NOP);
    expect([b.hart.pc, b.raw('elr_el1')]).toEqual([VECTORS + 0x200n, ENTRY + 4n]);
  });
});

describe('what records show of an exception', () => {
  it.each([
    ['SVC sets no FAR_EL1', svc(0), ['esr_el1', 'elr_el1', 'spsr_el1']],
    ['an alignment fault does (FAR_EL1)', LDXR, ['esr_el1', 'far_el1', 'elr_el1', 'spsr_el1']],
  ])('%s', (_, word, names) => {
    const b = new SystemBench();
    b.write('far_el1', 0x1234n);
    b.hart.set(b.hart.isa.slots.get('x0'), ENTRY + 1n);
    b.hart.set(b.hart.isa.slots.get('x1'), ENTRY + 1n);
    b.run(word);
    expect(b.hart.isa.syndrome(b.hart, 'supervisor').registers.map(({ name }) => name)).toEqual(names);
  });
});
