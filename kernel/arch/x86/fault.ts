import type { Hart } from '../../../machine/index.ts';
import type { FaultPolicy } from '../../options.ts';
import type { PageFaultReason } from '../../record.ts';
import type { FaultReading, TrapClass } from '../arch.ts';
import { frameWord, fromUser } from './frame.ts';
import { IPI_VECTOR, RFLAGS, SYSTEM_CALL, TIMER_VECTOR } from './registers.ts';

/** Vectors of exceptions (SDM vol. 3A, table 6-1). */
const DE = 0;
const DB = 1;
const BP = 3;
const OF = 4;
const BR = 5;
const UD = 6;
const TS = 10;
const NP = 11;
const SS = 12;
const GP = 13;
const PF = 14;
const MF = 16;
const AC = 17;
const XM = 19;

/** Bits of a page fault's error code (SDM vol. 3A, 4.7). */
const ERROR = { P: 1n << 0n, W: 1n << 1n, U: 1n << 2n, RSVD: 1n << 3n, ID: 1n << 4n, PK: 1n << 5n } as const;

/** DR6.BS: the single step; below it a bit for each breakpoint. */
const DR6_STEP = 1n << 14n;
const DR6_BREAKPOINTS = 0xfn;

const KEY = { kind: 'memory exception', what: 'protection key', signal: 'SIGSEGV', code: 'SEGV_PKUERR' } as const;
const RESERVED = { kind: 'memory exception', what: 'reserved bits', signal: 'SIGSEGV', code: 'SEGV_ACCERR' } as const;

/** Why the kernel was entered, from the vector and the error code. Under `veridian` every #PF is a page fault. */
export function classify(hart: Hart, policy: FaultPolicy): TrapClass {
  const vector = Number(frameWord(hart, 'vector'));
  const address = frameWord(hart, 'rip');
  switch (vector) {
    case SYSTEM_CALL:
      return { kind: 'system call' };
    case PF:
      return policy === 'veridian' ? { kind: 'page fault' } : pageFaultClass(frameWord(hart, 'error'));
    case DE:
      return { kind: 'exception', signal: 'SIGFPE', code: 'FPE_INTDIV', address };
    case UD:
      return { kind: 'exception', signal: 'SIGILL', code: 'ILL_ILLOPN', address };
    case DB:
      return { kind: 'exception', signal: 'SIGTRAP', code: debugCode(hart.isa.readSystem(hart, 'dr6')), address };
    case BP:
      return { kind: 'exception', signal: 'SIGTRAP', code: 'SI_KERNEL', address: 0n };
    case MF:
      return { kind: 'exception', signal: 'SIGFPE', code: x87Code(hart), address };
    case XM:
      return { kind: 'exception', signal: 'SIGFPE', code: sseCode(hart), address };
    case GP:
    case SS:
      return general(hart, vector === GP ? 'SIGSEGV' : 'SIGBUS');
    case OF:
    case BR:
    case TS:
      return { kind: 'exception', signal: 'SIGSEGV', code: 'SI_KERNEL', address: 0n };
    case NP:
      return { kind: 'exception', signal: 'SIGBUS', code: 'SI_KERNEL', address: 0n };
    case AC:
      return { kind: 'exception', signal: 'SIGBUS', code: 'BUS_ADRALN', address: 0n };
    case TIMER_VECTOR:
      return { kind: 'timer' };
    case IPI_VECTOR:
      return { kind: 'interprocessor' };
    default:
      return { kind: 'unexpected', what: `vector ${vector}` };
  }
}

/** What the walk of the kernel's own would not tell: a key that forbids, and bits that are reserved. */
function pageFaultClass(error: bigint): TrapClass {
  if ((error & ERROR.RSVD) !== 0n) return RESERVED;
  return (error & ERROR.PK) !== 0n ? KEY : { kind: 'page fault' };
}

/**
 * #GP and #SS, which say nothing of an address. From the kernel they are an access of its own to an address that is not
 * canonical.
 */
function general(hart: Hart, signal: 'SIGSEGV' | 'SIGBUS'): TrapClass {
  return fromUser(hart)
    ? { kind: 'exception', signal, code: 'SI_KERNEL', address: 0n }
    : { kind: 'memory exception', signal, code: 'SI_KERNEL' };
}

function debugCode(dr6: bigint): string {
  if ((dr6 & DR6_STEP) !== 0n) return 'TRAP_TRACE';
  return (dr6 & DR6_BREAKPOINTS) !== 0n ? 'TRAP_HWBKPT' : 'TRAP_BRKPT';
}

/** The exceptions that are flagged and not masked, in the order in which Linux looks for them; bit 1 is a denormal. */
function floatCode(pending: bigint): string {
  if ((pending & 0x01n) !== 0n) return 'FPE_FLTINV';
  if ((pending & 0x04n) !== 0n) return 'FPE_FLTDIV';
  if ((pending & 0x08n) !== 0n) return 'FPE_FLTOVF';
  if ((pending & 0x12n) !== 0n) return 'FPE_FLTUND';
  return (pending & 0x20n) !== 0n ? 'FPE_FLTRES' : 'FPE_FLTUNK';
}

const x87Code = (hart: Hart): string =>
  floatCode(hart.isa.readSystem(hart, 'fsw') & ~hart.isa.readSystem(hart, 'fcw') & 0x3fn);

function sseCode(hart: Hart): string {
  const mxcsr = hart.isa.readSystem(hart, 'mxcsr');
  return floatCode(mxcsr & ~(mxcsr >> 7n) & 0x3fn);
}

/**
 * What the error code, CR2 and the frame say of a page fault. The error code describes the access, not the entry: under
 * `corrected` the reason is provisional, and the handler's own walk decides. Of #GP and #SS there is no address.
 */
export function pageFault(hart: Hart, policy: FaultPolicy): FaultReading {
  const isPageFault = frameWord(hart, 'vector') === BigInt(PF);
  const error = isPageFault ? frameWord(hart, 'error') : 0n;
  const wasFetch = (error & ERROR.ID) !== 0n;
  const wasWrite = (error & ERROR.W) !== 0n;
  const wasUserMode = policy === 'veridian' ? (error & ERROR.U) !== 0n : fromUser(hart) && wasUsers(isPageFault, error);
  return {
    address: isPageFault ? hart.isa.readSystem(hart, 'cr2') : 0n,
    reason: policy === 'veridian' ? veridianReason(error) : reasonOf(error),
    wasWrite,
    wasUserMode,
    instructionPointer: frameWord(hart, 'rip'),
    wasFetch,
    // The size is in no register; a native kernel would decode the instruction. Of a part, not of the whole access.
    size: hart.trap.access?.size ?? 1,
    ...(policy === 'corrected' ? { userClosed: closed(hart, isPageFault) } : {}),
  };
}

/** Accesses of the hardware's own to descriptor tables are the supervisor's wherever they are made. */
const wasUsers = (isPageFault: boolean, error: bigint): boolean => !isPageFault || (error & ERROR.U) !== 0n;

/** SMAP kept the kernel from users' pages: AC was clear. */
const closed = (hart: Hart, isPageFault: boolean): boolean =>
  isPageFault && !fromUser(hart) && (frameWord(hart, 'rflags') & RFLAGS.AC) === 0n;

/** As `from_x86_64` reads it. */
function veridianReason(error: bigint): PageFaultReason {
  if ((error & ERROR.P) === 0n) return 'NotPresent';
  if ((error & ERROR.ID) !== 0n) return 'ExecuteNoExecute';
  if ((error & ERROR.W) !== 0n) return 'WriteToReadOnly';
  return (error & ERROR.U) !== 0n ? 'UserModeKernelAccess' : 'ProtectionViolation';
}

/** Provisional, but for what no walk tells. */
function reasonOf(error: bigint): PageFaultReason {
  if ((error & ERROR.P) === 0n) return 'NotPresent';
  if ((error & (ERROR.RSVD | ERROR.PK)) !== 0n) return 'ProtectionViolation';
  if ((error & ERROR.ID) !== 0n) return 'ExecuteNoExecute';
  return (error & ERROR.W) !== 0n ? 'WriteToReadOnly' : 'ProtectionViolation';
}
