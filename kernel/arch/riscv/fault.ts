import type { Hart } from '../../../machine/index.ts';
import type { FaultPolicy } from '../../options.ts';
import type { FaultReading, TrapClass } from '../arch.ts';

/** The interrupt bit of scause (Priv. spec 12.1.8). */
const INTERRUPT = 1n << 63n;
const SUPERVISOR_SOFTWARE = 1n;
const SUPERVISOR_TIMER = 5n;
/** sstatus.SPP: the trap came from supervisor mode. */
const SPP = 1n << 8n;

const ACCESS_FAULT = { kind: 'memory exception', signal: 'SIGSEGV', code: 'SEGV_ACCERR' } as const;
const MISALIGNED = { kind: 'memory exception', signal: 'SIGBUS', code: 'BUS_ADRALN' } as const;

const FETCHES: ReadonlySet<bigint> = new Set([0n, 1n, 12n]);
/** SC and AMO report a store's causes. */
const STORES: ReadonlySet<bigint> = new Set([6n, 7n, 15n]);

/** Why the supervisor was entered, from scause (Priv. spec table 12.1: supervisor cause register values). */
export function classify(hart: Hart): TrapClass {
  const cause = hart.isa.readSystem(hart, 'scause');
  if ((cause & INTERRUPT) !== 0n) {
    const number = cause & ~INTERRUPT;
    if (number === SUPERVISOR_SOFTWARE) return { kind: 'interprocessor' };
    return number === SUPERVISOR_TIMER ? { kind: 'timer' } : { kind: 'unexpected', what: `interrupt ${number}` };
  }
  const sepc = hart.isa.readSystem(hart, 'sepc');
  switch (cause) {
    case 8n:
      return { kind: 'system call' };
    case 12n:
    case 13n:
    case 15n:
      return { kind: 'page fault' };
    case 1n:
    case 5n:
    case 7n:
      return ACCESS_FAULT;
    case 0n:
    case 4n:
    case 6n:
      return MISALIGNED;
    case 2n:
      return { kind: 'exception', signal: 'SIGILL', code: 'ILL_ILLOPC', address: sepc };
    case 3n:
      return { kind: 'exception', signal: 'SIGTRAP', code: 'TRAP_BRKPT', address: sepc };
    default:
      return { kind: 'unexpected', what: `exception ${cause}` };
  }
}

/**
 * What scause, stval, sepc and sstatus say of a page fault, an access fault or a misaligned access. Under `veridian` as
 * `from_riscv` reads them: every fault counts as user mode, every fetch as ExecuteNoExecute. The cause does not tell
 * absent from denied, so under `corrected` the reason is provisional: the handler's own walk decides.
 */
export function pageFault(hart: Hart, policy: FaultPolicy): FaultReading {
  const { isa } = hart;
  const cause = isa.readSystem(hart, 'scause');
  const wasFetch = FETCHES.has(cause);
  const veridian = policy === 'veridian';
  return {
    address: isa.readSystem(hart, 'stval'),
    reason: veridian && cause === 12n ? 'ExecuteNoExecute' : 'NotPresent',
    wasWrite: veridian ? cause === 15n : STORES.has(cause),
    wasUserMode: veridian || (isa.readSystem(hart, 'sstatus') & SPP) === 0n,
    instructionPointer: isa.readSystem(hart, 'sepc'),
    wasFetch,
    // The size is in no register; a native kernel would decode the instruction. Of a part, not of the whole access.
    size: hart.trap.access?.size ?? 1,
  };
}
