import type { Hart } from '../../machine/index.ts';
import type { FaultReading } from '../arch/arch.ts';
import type { Change, FaultClass, HandlerStep, PageFaultInfo, PageFaultReason } from '../record.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { handleCorrected } from './fault-corrected.ts';
import { handleVeridian } from './fault-veridian.ts';
import type { Memory } from './memory.ts';
import { isAccessingUserMemory } from './user-access.ts';

/** A page fault or memory exception to be handled. */
export interface Fault {
  readonly hart: Hart;
  /** The current process's space; undefined where there is none. */
  readonly space: AddressSpace | undefined;
  /** `arch.pageFault` under the policy in force. */
  readonly reading: FaultReading;
  /** Whether the trap was really taken in user mode; veridian's reading may say otherwise. */
  readonly fromUser: boolean;
  /** An exception of memory that no page table cures, with the signal it becomes. */
  readonly hard?: {
    readonly what: 'access fault' | 'misaligned';
    readonly signal: 'SIGSEGV' | 'SIGBUS';
    readonly code: string;
  };
}

/** The end that a fault came to. */
export type FaultOutcome =
  /** Go back to the instruction. */
  | { readonly kind: 'resolved' }
  /**
   * The process gets a signal. In kernel mode (axptr's user pointers; a livelock) it is killed by it, handler or not;
   * SIGKILL and every signal under veridian kill likewise.
   */
  | {
      readonly kind: 'signal';
      readonly signal: 'SIGSEGV' | 'SIGBUS' | 'SIGKILL';
      readonly code: string;
      readonly address: bigint;
    }
  /** The kernel's access ends with LinuxError EFAULT. */
  | { readonly kind: 'efault' }
  | { readonly kind: 'panic'; readonly message: string };

/** What the handlers' steps come to when none resolved the fault. */
export type Failure =
  | { readonly kind: 'signal'; readonly signal: 'SIGSEGV' | 'SIGBUS'; readonly code: string }
  | { readonly kind: 'out of memory' }
  | { readonly kind: 'livelock' };

/** What one step of a handler found. */
export interface StepResult {
  readonly resolved: boolean;
  readonly why: string;
  readonly area?: Area | undefined;
  /** The end of the whole handling, where the step cannot be followed by another. */
  readonly failure?: Failure;
}

/** The kernel's own walk, as it bears on the access. */
export interface Classified {
  readonly class: FaultClass;
  readonly reason: PageFaultReason;
}

/**
 * Judges a fault and does what cures it, under the policies in force. `steps`, where given, is filled with every step
 * tried and what it changed.
 */
export function handleFault(
  memory: Memory,
  fault: Fault,
  steps: HandlerStep[] | undefined,
): { info: PageFaultInfo; outcome: FaultOutcome } {
  const { hart, space, reading, fromUser } = fault;
  const { wasFetch, size, ...info } = reading;
  const corrected = memory.policy === 'corrected';
  const seen: Classified = space ? classifyAccess(memory, space, fault) : { class: 'absent', reason: 'NotPresent' };
  const whole: PageFaultInfo = corrected
    ? {
        ...info,
        reason: seen.reason,
        corrected: {
          wasFetch,
          size,
          class: seen.class,
          hard: fault.hard?.what ?? (seen.class === 'reserved' ? 'reserved bits' : undefined),
        },
      }
    : info;
  const flag = isAccessingUserMemory(memory, hart);
  if (!fromUser && !flag) return { info: whole, outcome: { kind: 'panic', message: kernelFault(fault) } };
  if (!fromUser && space?.locked) {
    return { info: whole, outcome: { kind: 'panic', message: 'fault taken with the address-space lock held' } };
  }
  const failure = fault.hard
    ? ({ kind: 'signal', signal: fault.hard.signal, code: fault.hard.code } as const)
    : corrected
      ? handleCorrected(memory, fault, seen.class, steps)
      : handleVeridian(memory, fault, steps);
  if (!failure) return { info: whole, outcome: { kind: 'resolved' } };
  const outcome = conclude(memory, fault, failure);
  steps?.push({
    step: 'signal',
    verdict: outcome.kind === 'signal' ? 'delivered' : 'refused',
    why: outcome.kind === 'signal' ? `${outcome.signal} (${outcome.code})` : 'the kernel’s own access: EFAULT',
    changes: [],
  });
  return { info: whole, outcome };
}

/** Runs one step, recording it with its changes. Undefined: nothing resolved yet, the next step is to be tried. */
export function attempt(
  memory: Memory,
  steps: HandlerStep[] | undefined,
  step: HandlerStep['step'],
  run: () => StepResult,
): StepResult {
  if (!steps) return run();
  const changes: Change[] = [];
  memory.changes = changes;
  try {
    const { resolved, why, area, failure } = run();
    const verdict = resolved ? 'resolved' : 'refused';
    steps.push({ step, verdict, why, ...(area ? { area: area.view() } : {}), changes });
    return { resolved, why, area, ...(failure ? { failure } : {}) };
  } finally {
    memory.changes = undefined;
  }
}

/** Walks the page table as it is now, by the kernel's constants, and says what it makes of the access. */
export function classifyAccess(memory: Memory, space: AddressSpace, { reading, fromUser }: Fault): Classified {
  const entry = space.table.lookup(reading.address);
  if (!entry || entry.view.kind === 'absent') return { class: 'absent', reason: 'NotPresent' };
  if (entry.view.kind !== 'leaf') return { class: 'reserved', reason: 'ProtectionViolation' };
  const { rights, accessed, dirty } = entry.view;
  const { wasFetch, wasWrite } = reading;
  if (fromUser && !rights.user) return { class: 'denied', reason: 'UserModeKernelAccess' };
  if (wasFetch ? !rights.execute : wasWrite ? !rights.write : !rights.read) {
    const reason = wasFetch ? 'ExecuteNoExecute' : wasWrite ? 'WriteToReadOnly' : 'ProtectionViolation';
    return { class: 'denied', reason };
  }
  const clear = !accessed || (wasWrite && !dirty);
  return {
    class: clear && !memory.machine.options.hardwareAd ? 'accessed or dirty clear' : 'allowed now',
    reason: 'ProtectionViolation',
  };
}

/** Whose fault it is decides how a failure ends; an unresolved one under the flag ends as the user-access policy says. */
function conclude(memory: Memory, { reading, fromUser }: Fault, failure: Failure): FaultOutcome {
  const { address } = reading;
  const kill = { kind: 'signal', signal: 'SIGKILL', code: 'SI_KERNEL', address } as const;
  if (failure.kind === 'livelock') return kill;
  if (fromUser) return failure.kind === 'out of memory' ? kill : { ...failure, address };
  if (memory.uaccess === 'corrected') return { kind: 'efault' };
  const code = failure.kind === 'signal' && failure.signal === 'SIGSEGV' ? failure.code : 'SEGV_MAPERR';
  return { kind: 'signal', signal: 'SIGSEGV', code, address };
}

function kernelFault({ reading, hard }: Fault): string {
  const kind = reading.wasFetch ? 'fetch from' : reading.wasWrite ? 'store to' : 'load from';
  return `${hard?.what ?? 'page fault'} in the kernel without the user-access flag: ${kind} ${reading.address.toString(16)}`;
}

/** SEGV_MAPERR where no area holds the address, SEGV_ACCERR where one does. */
export const segv = (space: AddressSpace | undefined, address: bigint): Failure => ({
  kind: 'signal',
  signal: 'SIGSEGV',
  code: space?.find(address) ? 'SEGV_ACCERR' : 'SEGV_MAPERR',
});
