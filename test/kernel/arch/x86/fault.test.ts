import { describe, expect, it } from 'vitest';
import { GATE_BYTES } from '../../../../kernel/arch/arch.ts';
import { classify, pageFault } from '../../../../kernel/arch/x86/fault.ts';
import { fromUser, pretend } from '../../../../kernel/arch/x86/frame.ts';
import { Machine, targetNamed } from '../../../../machine/index.ts';

const isa = targetNamed('x86-64')!;
const { harts } = new Machine({
  isa,
  memory: 1 << 20,
  harts: 1,
  hardwareAd: true,
  gate: { base: 0xfed0_0000n, size: GATE_BYTES },
  console: { output: () => {}, input: () => -1 },
});
const [hart] = harts;

const USER = 0x33n;
const KERNEL = 0x10n;
const AC = 1n << 18n;

/** As if the kernel had been entered by a vector: its error code, CS and RFLAGS of where from, CR2. */
function exception(vector: number, error = 0n, cs = USER, rflags = 0n) {
  const words = { vector: BigInt(vector), error, cs, rflags, rip: 0x1234n, cr2: 0x5678n };
  pretend(hart, new Map(Object.entries(words)));
  return hart;
}

const fatal = (signal: string, code: string, address = 0x1234n) => ({ kind: 'exception', signal, code, address });
const silent = (signal: string, code: string) => fatal(signal, code, 0n);
const KEY = { kind: 'memory exception', what: 'protection key', signal: 'SIGSEGV', code: 'SEGV_PKUERR' };
const RESERVED = { kind: 'memory exception', what: 'reserved bits', signal: 'SIGSEGV', code: 'SEGV_ACCERR' };

describe('vectors of exceptions (SDM vol. 3A, table 6-1)', () => {
  it.each<[string, number, unknown]>([
    ['#DE', 0, fatal('SIGFPE', 'FPE_INTDIV')],
    ['#DB, by nothing that DR6 tells', 1, fatal('SIGTRAP', 'TRAP_BRKPT')],
    ['NMI', 2, { kind: 'unexpected', what: 'vector 2' }],
    ['#BP', 3, silent('SIGTRAP', 'SI_KERNEL')],
    ['#OF', 4, silent('SIGSEGV', 'SI_KERNEL')],
    ['#BR', 5, silent('SIGSEGV', 'SI_KERNEL')],
    ['#UD', 6, fatal('SIGILL', 'ILL_ILLOPN')],
    ['#NM, CR0.TS being clear', 7, { kind: 'unexpected', what: 'vector 7' }],
    ['#DF', 8, { kind: 'unexpected', what: 'vector 8' }],
    ['#TS', 10, silent('SIGSEGV', 'SI_KERNEL')],
    ['#NP', 11, silent('SIGBUS', 'SI_KERNEL')],
    ['#SS', 12, silent('SIGBUS', 'SI_KERNEL')],
    ['#GP', 13, silent('SIGSEGV', 'SI_KERNEL')],
    ['#AC', 17, silent('SIGBUS', 'BUS_ADRALN')],
    ['#MC', 18, { kind: 'unexpected', what: 'vector 18' }],
    ['no vector of the kernel’s', 0x80, { kind: 'unexpected', what: 'vector 128' }],
    ['the timer', 0xec, { kind: 'timer' }],
    ['another hart', 0xfd, { kind: 'interprocessor' }],
    ['SYSCALL', 0x100, { kind: 'system call' }],
  ])('%s', (_name, vector, expected) => expect(classify(exception(vector), 'corrected')).toEqual(expected));

  it('#GP and #SS of the kernel’s own are accesses to addresses that are not canonical', () => {
    const access = (signal: string) => ({ kind: 'memory exception', signal, code: 'SI_KERNEL' });
    expect(classify(exception(13, 0n, KERNEL), 'corrected')).toEqual(access('SIGSEGV'));
    expect(classify(exception(12, 0n, KERNEL), 'corrected')).toEqual(access('SIGBUS'));
    expect(pageFault(exception(13, 0x18n, KERNEL), 'corrected')).toMatchObject({ address: 0n, wasUserMode: false });
  });

  it.each([
    ['a step', 1n << 14n, 'TRAP_TRACE'],
    ['a breakpoint', 2n, 'TRAP_HWBKPT'],
    ['both', 0x4001n, 'TRAP_TRACE'],
  ])('#DB by %s', (_name, dr6, code) => {
    exception(1);
    isa.writeSystem(hart, 'dr6', dr6);
    expect(classify(hart, 'corrected')).toEqual(fatal('SIGTRAP', code));
    isa.writeSystem(hart, 'dr6', 0n);
  });

  // Flags in bits 5:0; masks in bits 5:0 of the x87 control word and bits 12:7 of MXCSR.
  it.each([
    ['invalid, whatever else', 0x3fn, 0n, 'FPE_FLTINV'],
    ['denormal', 0x02n, 0n, 'FPE_FLTUND'],
    ['division by zero', 0x04n, 0x3bn, 'FPE_FLTDIV'],
    ['overflow, invalid being masked', 0x09n, 0x01n, 'FPE_FLTOVF'],
    ['underflow', 0x10n, 0n, 'FPE_FLTUND'],
    ['inexact', 0x20n, 0x1fn, 'FPE_FLTRES'],
    ['nothing that is not masked', 0x3fn, 0x3fn, 'FPE_FLTUNK'],
  ])('#MF and #XM: %s', (_name, flags, masks, code) => {
    exception(16);
    isa.writeSystem(hart, 'fsw', flags);
    isa.writeSystem(hart, 'fcw', masks);
    expect(classify(hart, 'corrected')).toEqual(fatal('SIGFPE', code));
    exception(19);
    isa.writeSystem(hart, 'mxcsr', flags | (masks << 7n));
    expect(classify(hart, 'corrected')).toEqual(fatal('SIGFPE', code));
  });
});

describe('the error code of a page fault (SDM vol. 3A, 4.7): every one of its six bits', () => {
  const all = Array.from({ length: 64 }, (_, i) => BigInt(i));
  const has = (error: bigint, bit: number) => ((error >> BigInt(bit)) & 1n) === 1n;

  it('RSVD and PK are cured by no step; under veridian every #PF goes to the handler', () => {
    for (const error of all) {
      const expected = has(error, 3) ? RESERVED : has(error, 5) ? KEY : { kind: 'page fault' };
      expect(classify(exception(14, error), 'corrected'), `${error}`).toEqual(expected);
      expect(classify(exception(14, error), 'veridian'), `${error}`).toEqual({ kind: 'page fault' });
    }
  });

  it('veridian: P, I/D, W/R, U/S decide in this order; user mode is U/S', () => {
    for (const error of all) {
      const reason = !has(error, 0)
        ? 'NotPresent'
        : has(error, 4)
          ? 'ExecuteNoExecute'
          : has(error, 1)
            ? 'WriteToReadOnly'
            : has(error, 2)
              ? 'UserModeKernelAccess'
              : 'ProtectionViolation';
      expect(pageFault(exception(14, error), 'veridian'), `${error}`).toEqual({
        address: 0x5678n,
        reason,
        wasWrite: has(error, 1),
        wasUserMode: has(error, 2),
        instructionPointer: 0x1234n,
        wasFetch: has(error, 4),
        size: 1,
      });
    }
  });

  it('corrected: RSVD and PK before the kind of access; user mode is that of the code and of the access', () => {
    for (const error of all) {
      const reason = !has(error, 0)
        ? 'NotPresent'
        : has(error, 3) || has(error, 5)
          ? 'ProtectionViolation'
          : has(error, 4)
            ? 'ExecuteNoExecute'
            : has(error, 1)
              ? 'WriteToReadOnly'
              : 'ProtectionViolation';
      const common = {
        address: 0x5678n,
        reason,
        wasWrite: has(error, 1),
        instructionPointer: 0x1234n,
        wasFetch: has(error, 4),
        size: 1,
      };
      const user = { ...common, wasUserMode: has(error, 2), userClosed: false };
      expect(pageFault(exception(14, error), 'corrected'), `${error}`).toEqual(user);
      const kernel = { ...common, wasUserMode: false, userClosed: true };
      expect(pageFault(exception(14, error, KERNEL), 'corrected'), `${error}`).toEqual(kernel);
      const open = { ...kernel, userClosed: false };
      expect(pageFault(exception(14, error, KERNEL, AC), 'corrected'), `${error}`).toEqual(open);
    }
  });

  it('where the trap came from is CS’s, whatever the error code says', () => {
    expect([fromUser(exception(14, 0n, USER)), fromUser(exception(14, 7n, KERNEL))]).toEqual([true, false]);
  });
});
