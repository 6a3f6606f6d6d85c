import type { Hart } from '../../../machine/index.ts';
import type { FaultPolicy } from '../../options.ts';
import type { PageFaultReason } from '../../record.ts';
import type { FaultReading, TrapClass } from '../arch.ts';
import { CNTV, IPI_LINE, SPSR } from './registers.ts';

/** Which of the four kinds of exception a vector is for: synchronous, IRQ, FIQ or SError (Arm ARM table D1-7). */
const KIND = 0x180n;
const SYNCHRONOUS = 0n;
const IRQ = 0x80n;

/** ESR_EL1.EC (D17.2.37). */
const INSTRUCTION_LOWER = 0x20;
const INSTRUCTION_SAME = 0x21;
const PC_ALIGNMENT = 0x22;
const DATA_LOWER = 0x24;
const DATA_SAME = 0x25;
const SP_ALIGNMENT = 0x26;

/** ISS of an abort: the fault status, write not read, cache maintenance, FAR not valid. */
const FSC = 0x3fn;
const WNR = 1n << 6n;
const CM = 1n << 8n;
const FNV = 1n << 10n;

const MISALIGNED = { kind: 'memory exception', signal: 'SIGBUS', code: 'BUS_ADRALN' } as const;
/** External aborts, and atomic accesses that the memory does not support. */
const NO_OBJECT = { kind: 'memory exception', signal: 'SIGBUS', code: 'BUS_OBJERR' } as const;
/** Address sizes and TLB conflicts. */
const NO_ACCESS = { kind: 'memory exception', signal: 'SIGSEGV', code: 'SEGV_ACCERR' } as const;

const classOf = (esr: bigint): number => Number((esr >> 26n) & 0x3fn);

/** Why EL1 was entered, from the vector and ESR_EL1. Under `veridian` every abort is a page fault. */
export function classify(hart: Hart, policy: FaultPolicy): TrapClass {
  const kind = hart.pc & KIND;
  if (kind === IRQ) return interruptClass(hart);
  if (kind !== SYNCHRONOUS) return { kind: 'unexpected', what: `vector ${(hart.pc & 0x7ffn).toString(16)}` };
  const esr = hart.isa.readSystem(hart, 'esr_el1');
  const address = hart.isa.readSystem(hart, 'elr_el1');
  switch (classOf(esr)) {
    case 0x15:
      return { kind: 'system call' };
    case INSTRUCTION_LOWER:
    case INSTRUCTION_SAME:
    case DATA_LOWER:
    case DATA_SAME:
      return policy === 'veridian' ? { kind: 'page fault' } : abortClass(Number(esr & FSC));
    case PC_ALIGNMENT:
    case SP_ALIGNMENT:
      return MISALIGNED;
    // Undefined; SIMD and floating point, system registers and instructions that trap; PSTATE.IL.
    case 0x00:
    case 0x07:
    case 0x0e:
    case 0x18:
      return { kind: 'exception', signal: 'SIGILL', code: 'ILL_ILLOPC', address };
    case 0x2c:
      return { kind: 'exception', signal: 'SIGFPE', code: floatCode(esr), address };
    case 0x3c:
      return { kind: 'exception', signal: 'SIGTRAP', code: 'TRAP_BRKPT', address };
    case 0x30:
    case 0x34:
      return { kind: 'exception', signal: 'SIGTRAP', code: 'TRAP_HWBKPT', address };
    case 0x32:
      return { kind: 'exception', signal: 'SIGTRAP', code: 'TRAP_TRACE', address };
    default:
      return { kind: 'unexpected', what: `exception class ${classOf(esr).toString(16)}` };
  }
}

function interruptClass(hart: Hart): TrapClass {
  if ((hart.lines & (1 << IPI_LINE)) !== 0) return { kind: 'interprocessor' };
  if ((hart.isa.readSystem(hart, 'cntv_ctl_el0') & CNTV.ISTATUS) !== 0n) return { kind: 'timer' };
  return { kind: 'unexpected', what: 'interrupt' };
}

/** By the six bits of the fault status (D17.2.37, "DFSC"). */
function abortClass(status: number): TrapClass {
  // Translation, access flag and permission, each at four levels.
  if (status >= 0x04 && status <= 0x0f) return { kind: 'page fault' };
  if (status === 0x21) return MISALIGNED;
  return status < 0x04 || status === 0x30 ? NO_ACCESS : NO_OBJECT;
}

/** ISS of a trapped floating-point exception: TFV says that the flags below are true. */
function floatCode(esr: bigint): string {
  const codes = ['FPE_FLTINV', 'FPE_FLTDIV', 'FPE_FLTOVF', 'FPE_FLTUND', 'FPE_FLTRES'];
  const valid = (esr & (1n << 23n)) !== 0n;
  return codes.find((_, i) => valid && (esr & (1n << BigInt(i))) !== 0n) ?? 'FPE_FLTUNK';
}

/** What ESR_EL1, FAR_EL1, ELR_EL1 and SPSR_EL1 say of an abort or a misaligned PC or SP. */
export function pageFault(hart: Hart, policy: FaultPolicy): FaultReading {
  const { isa } = hart;
  const esr = isa.readSystem(hart, 'esr_el1');
  const far = isa.readSystem(hart, 'far_el1');
  const instructionPointer = isa.readSystem(hart, 'elr_el1');
  const ec = classOf(esr);
  const wasFetch = ec === INSTRUCTION_LOWER || ec === INSTRUCTION_SAME || ec === PC_ALIGNMENT;
  // The size is in no register; a native kernel would decode the instruction. Of a part, not of the whole access.
  const size = hart.trap.access?.size ?? 1;
  if (policy === 'veridian') return { ...veridian(esr, ec), address: far, instructionPointer, wasFetch, size };
  const wasUserMode = fromUser(hart);
  // Cache maintenance reports writes; nothing is written. In a fetch's ISS the bit means nothing.
  const wasWrite = !wasFetch && ec !== SP_ALIGNMENT && (esr & WNR) !== 0n && (esr & CM) === 0n;
  return {
    address: ec === SP_ALIGNMENT ? isa.readSystem(hart, 'sp_el0') : (esr & FNV) !== 0n ? 0n : untagged(far),
    reason: reasonOf(Number(esr & FSC), wasFetch, wasWrite),
    wasWrite,
    wasUserMode,
    instructionPointer,
    wasFetch,
    size,
    userClosed: !wasUserMode && (isa.readSystem(hart, 'spsr_el1') & SPSR.PAN) !== 0n,
  };
}

/** Provisional: the handler's own walk decides. */
function reasonOf(status: number, wasFetch: boolean, wasWrite: boolean): PageFaultReason {
  if (status >= 0x04 && status <= 0x07) return 'NotPresent';
  if (status < 0x0c || status > 0x0f) return 'ProtectionViolation';
  return wasFetch ? 'ExecuteNoExecute' : wasWrite ? 'WriteToReadOnly' : 'ProtectionViolation';
}

/** As `from_aarch64` reads it: user mode for data aborts only, bit 6 whatever it means, the status without its upper bits. */
function veridian(esr: bigint, ec: number): Pick<FaultReading, 'reason' | 'wasWrite' | 'wasUserMode'> {
  const wasWrite = (esr & WNR) !== 0n;
  const status = Number(esr & 0xfn);
  const denied = wasWrite ? 'WriteToReadOnly' : 'ProtectionViolation';
  const reason = status >= 0x4 && status <= 0x7 ? 'NotPresent' : status >= 0xc ? denied : 'ProtectionViolation';
  return { reason, wasWrite, wasUserMode: ec === DATA_LOWER };
}

/** Whether the exception came from EL0. */
export const fromUser = (hart: Hart): boolean => (hart.isa.readSystem(hart, 'spsr_el1') & SPSR.M) === 0n;

/** A user's address without the tag in its top byte, which TCR_EL1.TBI0 has the hardware ignore. */
const untagged = (address: bigint): bigint => ((address & (1n << 55n)) === 0n ? BigInt.asUintN(56, address) : address);
