import type { Hart } from '../../machine/index.ts';
import type { FaultReading } from '../arch/arch.ts';
import type { Change, FaultClass, HandlerStep, HardFault, PageFaultReason } from '../record.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import type { Memory } from './memory.ts';

// What the dispatcher and both policies' handlers share.

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
    readonly what: HardFault;
    readonly signal: 'SIGSEGV' | 'SIGBUS';
    readonly code: string;
  };
}

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
  /** A valid leaf entry lets user mode at the page. */
  readonly user?: boolean;
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
  const { user } = rights;
  const { wasFetch, wasWrite } = reading;
  if (fromUser && !user) return { class: 'denied', reason: 'UserModeKernelAccess' };
  // No target's kernel can execute a user's page (SMEP, PXN).
  if (!fromUser && wasFetch && user && rights.execute) return { class: 'denied', reason: 'ProtectionViolation', user };
  if (wasFetch ? !rights.execute : wasWrite ? !rights.write : !rights.read) {
    const reason = wasFetch ? 'ExecuteNoExecute' : wasWrite ? 'WriteToReadOnly' : 'ProtectionViolation';
    return { class: 'denied', reason, user };
  }
  const clear = !accessed || (wasWrite && !dirty);
  const itself = memory.arch.setsAccessedDirty || memory.machine.options.hardwareAd;
  return {
    class: clear && !itself ? 'accessed or dirty clear' : 'allowed now',
    reason: 'ProtectionViolation',
    user,
  };
}

/** SEGV_MAPERR where no area holds the address, SEGV_ACCERR where one does. */
export const segv = (space: AddressSpace | undefined, address: bigint): Failure => ({
  kind: 'signal',
  signal: 'SIGSEGV',
  code: space?.find(address) ? 'SEGV_ACCERR' : 'SEGV_MAPERR',
});
