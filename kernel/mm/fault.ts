import type { HandlerStep, PageFaultInfo, PageFaultReason } from '../record.ts';
import { handleCorrected } from './fault-corrected.ts';
import { type Classified, classifyAccess, type Failure, type Fault } from './fault-step.ts';
import { handleVeridian } from './fault-veridian.ts';
import type { Memory } from './memory.ts';
import { isAccessingUserMemory } from './user-access.ts';

export type { Fault } from './fault-step.ts';

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
  const { wasFetch, size, userClosed, ...info } = reading;
  const corrected = memory.policy === 'corrected';
  const seen: Classified = space ? classifyAccess(memory, space, fault) : { class: 'absent', reason: 'NotPresent' };
  const whole: PageFaultInfo = corrected
    ? {
        ...info,
        reason: hardReason(fault) ?? seen.reason,
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
  if (!fromUser && userClosed && seen.user) {
    const message = `page fault in the kernel, to which user memory is closed: ${accessWords(fault)}`;
    return { info: whole, outcome: { kind: 'panic', message } };
  }
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
    why: signalWords(outcome),
    changes: [],
  });
  return { info: whole, outcome };
}

/** What the walk of the kernel's own cannot tell: rights that the entry has, or bits that it takes for nobody's. */
const hardReason = ({ hard }: Fault): PageFaultReason | undefined =>
  hard?.what === 'protection key' || hard?.what === 'reserved bits' ? 'ProtectionViolation' : undefined;

function signalWords(outcome: FaultOutcome): string {
  if (outcome.kind === 'signal') return `${outcome.signal} (${outcome.code})`;
  return outcome.kind === 'panic' ? 'taken for the kernel’s own: nobody is killed' : 'the kernel’s own access: EFAULT';
}

/** Whose fault it is decides how a failure ends; an unresolved one under the flag ends as the user-access policy says. */
function conclude(memory: Memory, fault: Fault, failure: Failure): FaultOutcome {
  const { reading, fromUser, hard } = fault;
  const { address } = reading;
  // Nobody is killed for a fault that the policy's reading takes for the kernel's own: it is one without the flag.
  if (fromUser && !reading.wasUserMode && !hard) {
    return { kind: 'panic', message: `page fault taken for the kernel’s own: ${accessWords(fault)}` };
  }
  const kill = { kind: 'signal', signal: 'SIGKILL', code: 'SI_KERNEL', address } as const;
  if (failure.kind === 'livelock') return kill;
  if (fromUser) return failure.kind === 'out of memory' ? kill : { ...failure, address };
  if (memory.uaccess === 'corrected') return { kind: 'efault' };
  const code = failure.kind === 'signal' && failure.signal === 'SIGSEGV' ? failure.code : 'SEGV_MAPERR';
  return { kind: 'signal', signal: 'SIGSEGV', code, address };
}

const kernelFault = (fault: Fault): string =>
  `${fault.hard?.what ?? 'page fault'} in the kernel without the user-access flag: ${accessWords(fault)}`;

function accessWords({ reading }: Fault): string {
  const kind = reading.wasFetch ? 'fetch from' : reading.wasWrite ? 'store to' : 'load from';
  return `${kind} ${reading.address.toString(16)}`;
}
