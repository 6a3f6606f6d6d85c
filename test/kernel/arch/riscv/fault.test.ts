import { describe, expect, it } from 'vitest';
import { classify, pageFault } from '../../../../kernel/arch/riscv/fault.ts';
import { World } from '../../mm/world.ts';

const w = new World();
const { hart } = w;
const { isa } = w.machine;
const SPP = 1n << 8n;

/** As if the hart had trapped: scause, stval, sepc and where from. */
function trap(cause: bigint, from: 'user' | 'supervisor' = 'user') {
  isa.writeSystem(hart, 'scause', cause);
  isa.writeSystem(hart, 'stval', 0x1236n);
  isa.writeSystem(hart, 'sepc', 0x1234n);
  const status = isa.readSystem(hart, 'sstatus');
  isa.writeSystem(hart, 'sstatus', from === 'user' ? status & ~SPP : status | SPP);
  return hart;
}

const BUS = { kind: 'memory exception', signal: 'SIGBUS', code: 'BUS_ADRALN' };
const SEGV = { kind: 'memory exception', signal: 'SIGSEGV', code: 'SEGV_ACCERR' };

describe('scause (Priv. spec, supervisor cause register values after trap)', () => {
  it.each<[string, bigint, unknown]>([
    ['instruction address misaligned', 0n, BUS],
    ['instruction access fault', 1n, SEGV],
    ['illegal instruction', 2n, { kind: 'exception', signal: 'SIGILL', code: 'ILL_ILLOPC', address: 0x1234n }],
    ['breakpoint', 3n, { kind: 'exception', signal: 'SIGTRAP', code: 'TRAP_BRKPT', address: 0x1234n }],
    ['load address misaligned', 4n, BUS],
    ['load access fault', 5n, SEGV],
    ['store/AMO address misaligned', 6n, BUS],
    ['store/AMO access fault', 7n, SEGV],
    ['environment call from U-mode', 8n, { kind: 'system call' }],
    ['environment call from S-mode', 9n, { kind: 'unexpected', what: 'exception 9' }],
    ['reserved', 10n, { kind: 'unexpected', what: 'exception 10' }],
    ['instruction page fault', 12n, { kind: 'page fault' }],
    ['load page fault', 13n, { kind: 'page fault' }],
    ['reserved', 14n, { kind: 'unexpected', what: 'exception 14' }],
    ['store/AMO page fault', 15n, { kind: 'page fault' }],
    ['supervisor timer interrupt', (1n << 63n) | 5n, { kind: 'timer' }],
    ['supervisor external interrupt', (1n << 63n) | 9n, { kind: 'unexpected', what: 'interrupt 9' }],
    ['supervisor software interrupt', (1n << 63n) | 1n, { kind: 'interprocessor' }],
  ])('%s', (_name, cause, expected) => expect(classify(trap(cause))).toEqual(expected));
});

describe('PageFaultInfo', () => {
  const common = { address: 0x1236n, instructionPointer: 0x1234n, size: 1 };
  it.each([
    ['fetch', 12n, 'ExecuteNoExecute', { wasWrite: false, wasFetch: true }],
    ['load', 13n, 'NotPresent', { wasWrite: false, wasFetch: false }],
    ['store', 15n, 'NotPresent', { wasWrite: true, wasFetch: false }],
  ] as const)('veridian: %s', (_name, cause, reason, kind) => {
    // from_riscv: was_user_mode is true whatever SPP says.
    for (const from of ['user', 'supervisor'] as const) {
      expect(pageFault(trap(cause, from), 'veridian')).toEqual({ ...common, reason, wasUserMode: true, ...kind });
    }
  });

  it.each([
    ['fetch', 12n, { wasWrite: false, wasFetch: true }],
    ['load', 13n, { wasWrite: false, wasFetch: false }],
    ['store', 15n, { wasWrite: true, wasFetch: false }],
    ['fetch access fault', 1n, { wasWrite: false, wasFetch: true }],
    ['load access fault', 5n, { wasWrite: false, wasFetch: false }],
    ['store access fault', 7n, { wasWrite: true, wasFetch: false }],
    ['fetch misaligned', 0n, { wasWrite: false, wasFetch: true }],
    ['load misaligned', 4n, { wasWrite: false, wasFetch: false }],
    ['store misaligned', 6n, { wasWrite: true, wasFetch: false }],
  ] as const)('corrected: %s; user mode is SPP = 0, the reason is the walk’s to say', (_name, cause, kind) => {
    for (const from of ['user', 'supervisor'] as const) {
      const expected = { ...common, reason: 'NotPresent', wasUserMode: from === 'user', ...kind };
      expect(pageFault(trap(cause, from), 'corrected')).toEqual(expected);
    }
  });
});
