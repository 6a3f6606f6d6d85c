import { describe, expect, it } from 'vitest';
import { classify, fromUser, pageFault } from '../../../../kernel/arch/aarch64/fault.ts';
import { GATE_BYTES } from '../../../../kernel/arch/arch.ts';
import { Machine, targetNamed } from '../../../../machine/index.ts';

const isa = targetNamed('aarch64')!;
const { harts } = new Machine({
  isa,
  memory: 1 << 20,
  harts: 1,
  hardwareAd: true,
  gate: { base: 0x3000_0000n, size: GATE_BYTES },
  console: { output: () => {}, input: () => -1 },
});
const [hart] = harts;

const EL1H = 5n;
const PAN = 1n << 22n;
const LOWER = 0x400n;
const SAME = 0x200n;

/** As if the hart had taken an exception: ESR_EL1, where from, and FAR_EL1. */
function exception(esr: bigint, from: 'EL0' | 'EL1' = 'EL0', far = 0x1236n, spsr = from === 'EL0' ? 0n : EL1H) {
  isa.writeSystem(hart, 'esr_el1', esr);
  isa.writeSystem(hart, 'far_el1', far);
  isa.writeSystem(hart, 'elr_el1', 0x1234n);
  isa.writeSystem(hart, 'spsr_el1', spsr);
  hart.pc = 0xffff_0000_3000_0000n + (from === 'EL0' ? LOWER : SAME);
  return hart;
}

/** EC, and ISS with IL set. */
const esr = (ec: bigint, iss = 0n) => (ec << 26n) | (1n << 25n) | iss;

const PAGE_FAULT = { kind: 'page fault' };
const MISALIGNED = { kind: 'memory exception', signal: 'SIGBUS', code: 'BUS_ADRALN' };
const NO_OBJECT = { kind: 'memory exception', signal: 'SIGBUS', code: 'BUS_OBJERR' };
const NO_ACCESS = { kind: 'memory exception', signal: 'SIGSEGV', code: 'SEGV_ACCERR' };
const fatal = (signal: string, code: string) => ({ kind: 'exception', signal, code, address: 0x1234n });

describe('ESR_EL1.EC (Arm ARM D17.2.37)', () => {
  it.each<[string, bigint, unknown]>([
    ['0x00 unknown: UNDEFINED', esr(0x00n), fatal('SIGILL', 'ILL_ILLOPC')],
    ['0x01 WFI or WFE, which are not trapped', esr(0x01n), { kind: 'unexpected', what: 'exception class 1' }],
    ['0x07 SIMD and floating point', esr(0x07n), fatal('SIGILL', 'ILL_ILLOPC')],
    ['0x0e illegal execution state', esr(0x0en), fatal('SIGILL', 'ILL_ILLOPC')],
    ['0x15 SVC', esr(0x15n), { kind: 'system call' }],
    ['0x18 MSR, MRS or system instruction', esr(0x18n), fatal('SIGILL', 'ILL_ILLOPC')],
    ['0x22 PC alignment', esr(0x22n), MISALIGNED],
    ['0x26 SP alignment', esr(0x26n), MISALIGNED],
    ['0x2c division by zero', esr(0x2cn, (1n << 23n) | 2n), fatal('SIGFPE', 'FPE_FLTDIV')],
    ['0x2c invalid operation comes first', esr(0x2cn, (1n << 23n) | 0x1fn), fatal('SIGFPE', 'FPE_FLTINV')],
    ['0x2c without valid flags', esr(0x2cn, 2n), fatal('SIGFPE', 'FPE_FLTUNK')],
    ['0x2f SError', esr(0x2fn), { kind: 'unexpected', what: 'exception class 2f' }],
    ['0x30 breakpoint', esr(0x30n), fatal('SIGTRAP', 'TRAP_HWBKPT')],
    ['0x32 software step', esr(0x32n), fatal('SIGTRAP', 'TRAP_TRACE')],
    ['0x34 watchpoint', esr(0x34n), fatal('SIGTRAP', 'TRAP_HWBKPT')],
    ['0x3c BRK', esr(0x3cn, 7n), fatal('SIGTRAP', 'TRAP_BRKPT')],
  ])('%s', (_name, value, expected) => expect(classify(exception(value), 'corrected')).toEqual(expected));
});

describe('the six bits of DFSC and IFSC', () => {
  const status = (code: number) =>
    code <= 0x03 || code === 0x30 ? NO_ACCESS : code <= 0x0f ? PAGE_FAULT : code === 0x21 ? MISALIGNED : NO_OBJECT;
  // Address size, translation, access flag, permission; external, external on a walk; alignment; TLB conflict; unsupported.
  const codes = [...Array.from({ length: 16 }, (_, i) => i), 0x10, 0x14, 0x15, 0x16, 0x17, 0x21, 0x30, 0x34, 0x35];
  it.each([0x20n, 0x21n, 0x24n, 0x25n])('EC %s', (ec) => {
    for (const code of codes) {
      const from = ec === 0x20n || ec === 0x24n ? 'EL0' : 'EL1';
      expect(classify(exception(esr(ec, BigInt(code)), from), 'corrected'), code.toString(16)).toEqual(status(code));
      // As published, every abort goes to the handler.
      expect(classify(exception(esr(ec, BigInt(code)), from), 'veridian'), code.toString(16)).toEqual(PAGE_FAULT);
    }
  });
});

describe('vectors (Arm ARM table D1-7)', () => {
  const at = (offset: bigint) => {
    exception(esr(0x15n));
    hart.pc = 0xffff_0000_3000_0000n + offset;
    return classify(hart, 'corrected');
  };
  it('IRQ: another hart first, then the timer, then nobody', () => {
    expect(at(0x480n)).toEqual({ kind: 'unexpected', what: 'interrupt' });
    isa.writeSystem(hart, 'cntv_cval_el0', 0n);
    isa.writeSystem(hart, 'cntv_ctl_el0', 1n);
    expect(at(0x480n)).toEqual({ kind: 'timer' });
    hart.setLine(0, true);
    expect(at(0x280n)).toEqual({ kind: 'interprocessor' });
    hart.setLine(0, false);
    isa.writeSystem(hart, 'cntv_ctl_el0', 0n);
  });
  it.each([0x100n, 0x180n, 0x300n, 0x380n, 0x500n, 0x580n])('FIQ and SError are unexpected: %s', (offset) => {
    expect(at(offset)).toEqual({ kind: 'unexpected', what: `vector ${offset.toString(16)}` });
  });
});

describe('PageFaultInfo', () => {
  const common = { address: 0x1236n, instructionPointer: 0x1234n, size: 1 };
  const WNR = 0x40n;
  const CM = 0x100n;
  const FNV = 0x400n;

  it.each([
    ['load, translation', 0x24n, 0x07n, { reason: 'NotPresent', wasWrite: false, wasFetch: false }],
    ['store, translation', 0x24n, 0x05n | WNR, { reason: 'NotPresent', wasWrite: true, wasFetch: false }],
    ['store, permission', 0x24n, 0x0fn | WNR, { reason: 'WriteToReadOnly', wasWrite: true, wasFetch: false }],
    ['load, permission', 0x24n, 0x0dn, { reason: 'ProtectionViolation', wasWrite: false, wasFetch: false }],
    ['access flag', 0x24n, 0x0bn, { reason: 'ProtectionViolation', wasWrite: false, wasFetch: false }],
    ['fetch, translation', 0x20n, 0x06n, { reason: 'NotPresent', wasWrite: false, wasFetch: true }],
    ['fetch, permission', 0x20n, 0x0fn, { reason: 'ExecuteNoExecute', wasWrite: false, wasFetch: true }],
    [
      'WnR of a fetch means nothing',
      0x20n,
      0x0fn | WNR,
      { reason: 'ExecuteNoExecute', wasWrite: false, wasFetch: true },
    ],
    ['CM makes a write a read', 0x24n, 0x07n | WNR | CM, { reason: 'NotPresent', wasWrite: false, wasFetch: false }],
    ['alignment', 0x24n, 0x21n | WNR, { reason: 'ProtectionViolation', wasWrite: true, wasFetch: false }],
  ] as const)('corrected: %s', (_name, ec, iss, expected) => {
    // From EL0, and the same from EL1, which is the next class.
    const user = { ...common, ...expected, wasUserMode: true, userClosed: false };
    expect(pageFault(exception(esr(ec, iss)), 'corrected')).toEqual(user);
    const kernel = { ...user, wasUserMode: false };
    expect(pageFault(exception(esr(ec + 1n, iss), 'EL1'), 'corrected')).toEqual(kernel);
    const closed = exception(esr(ec + 1n, iss), 'EL1', 0x1236n, EL1H | PAN);
    expect(pageFault(closed, 'corrected')).toEqual({ ...kernel, userClosed: true });
  });

  it.each([
    ['FnV: FAR_EL1 is not valid', esr(0x24n, 0x10n | FNV), 0x1236n, 0n],
    ['the tag of a user’s address is none of it', esr(0x24n, 0x07n), 0xab00_0000_0000_1236n, 0x1236n],
    ['a kernel address has no tag', esr(0x24n, 0x07n), 0xffff_0000_0000_1236n, 0xffff_0000_0000_1236n],
  ])('corrected: %s', (_name, value, far, address) => {
    expect(pageFault(exception(value, 'EL0', far), 'corrected').address).toBe(address);
  });

  it('a misaligned SP is the address that it was misaligned by; a misaligned PC is a fetch', () => {
    isa.writeSystem(hart, 'sp_el0', 0x7771n);
    expect(pageFault(exception(esr(0x26n)), 'corrected')).toMatchObject({ address: 0x7771n, wasFetch: false });
    expect(pageFault(exception(esr(0x22n)), 'corrected')).toMatchObject({ address: 0x1236n, wasFetch: true });
  });

  // from_aarch64: was_user_mode is EC 0x24 alone, was_write bit 6 whatever it means, the status four bits.
  it.each([
    [
      'data abort from EL0',
      0x24n,
      0x07n,
      { reason: 'NotPresent', wasWrite: false, wasUserMode: true, wasFetch: false },
    ],
    [
      'data abort from EL1',
      0x25n,
      0x07n,
      { reason: 'NotPresent', wasWrite: false, wasUserMode: false, wasFetch: false },
    ],
    [
      'fetch of EL0 counts as the kernel’s',
      0x20n,
      0x07n,
      { reason: 'NotPresent', wasWrite: false, wasUserMode: false, wasFetch: true },
    ],
    [
      'bit 6 of a fetch is a write',
      0x20n,
      0x0fn | WNR,
      { reason: 'WriteToReadOnly', wasWrite: true, wasUserMode: false, wasFetch: true },
    ],
    [
      'a fetch without the right',
      0x20n,
      0x0fn,
      { reason: 'ProtectionViolation', wasWrite: false, wasUserMode: false, wasFetch: true },
    ],
    [
      'cache maintenance is a write',
      0x24n,
      0x0fn | WNR | CM,
      { reason: 'WriteToReadOnly', wasWrite: true, wasUserMode: true, wasFetch: false },
    ],
    [
      'alignment (0x21) is an address size',
      0x24n,
      0x21n,
      { reason: 'ProtectionViolation', wasWrite: false, wasUserMode: true, wasFetch: false },
    ],
    [
      'external on a walk (0x15) is a translation',
      0x24n,
      0x15n,
      { reason: 'NotPresent', wasWrite: false, wasUserMode: true, wasFetch: false },
    ],
    [
      'access flag (0x0b)',
      0x24n,
      0x0bn,
      { reason: 'ProtectionViolation', wasWrite: false, wasUserMode: true, wasFetch: false },
    ],
  ] as const)('veridian: %s', (_name, ec, iss, expected) => {
    expect(pageFault(exception(esr(ec, iss), ec === 0x25n ? 'EL1' : 'EL0'), 'veridian')).toEqual({
      ...common,
      ...expected,
    });
  });

  it('veridian: FAR_EL1 as it is, valid or not, with its tag', () => {
    const take = exception(esr(0x24n, 0x10n | FNV), 'EL0', 0xab00_0000_0000_1236n);
    expect(pageFault(take, 'veridian').address).toBe(0xab00_0000_0000_1236n);
  });

  it('user mode is SPSR_EL1.M = EL0t', () => {
    expect([fromUser(exception(esr(0x24n))), fromUser(exception(esr(0x25n), 'EL1'))]).toEqual([true, false]);
  });
});
