import type { Privilege } from '../access.ts';
import type { Hart } from '../hart.ts';
import { apicAcknowledge, apicPending } from './apic.ts';
import { errorOf, fault, isSoftware, isSyscall, lengthOf, PUSHES_ERROR, VECTOR, vectorOf } from './causes.ts';
import {
  armStep,
  breakpointFault,
  DR6_BITS,
  debugAfterSyscall,
  debugEnded,
  debugTrap,
  tellDebugRegisters,
} from './debug.ts';
import { type DeliveredEvent, enterHandler } from './deliver.ts';
import { exceptionName } from './explain.ts';
import { flagsOf, isRepeating, RFLAGS, repeatEnded, restoreRepeatFlags } from './flags.ts';
import { CPL, FLAGS, SLOTS } from './registers.ts';
import { servicesOf } from './services.ts';
import { heldBack, releaseHold } from './shadow.ts';
import { noteFrame, noteSystemCall } from './syndrome.ts';
import { enterSystemCall } from './syscall.ts';

const CR2 = SLOTS.get('cr2');

export const privilege = (hart: Hart): Privilege => (hart.get32(CPL) === 3 ? 'user' : 'supervisor');

/** How an exception counts when another is met in its delivery (SDM vol. 3A, table 6-4). */
type Class = 'benign' | 'contributory' | 'page fault' | 'double fault';

const CONTRIBUTORY: ReadonlySet<number> = new Set([VECTOR.DE, VECTOR.TS, VECTOR.NP, VECTOR.SS, VECTOR.GP]);
/** Faults that are pushed with RF set, so that breakpoints at the instruction are not met twice (SDM vol. 3B, 18.3.1.1). */
const FAULTS: ReadonlySet<number> = new Set([
  ...CONTRIBUTORY,
  VECTOR.BR,
  VECTOR.UD,
  VECTOR.NM,
  VECTOR.PF,
  VECTOR.MF,
  VECTOR.AC,
  VECTOR.XM,
]);

/** An event on its way to its handler. */
interface Event extends DeliveredEvent {
  readonly class: Class;
}

function classOf(vector: number, hardware: boolean): Class {
  if (!hardware) return 'benign';
  if (vector === VECTOR.DF) return 'double fault';
  if (vector === VECTOR.PF) return 'page fault';
  return CONTRIBUTORY.has(vector) ? 'contributory' : 'benign';
}

/** The event in `hart.trap`. */
function eventOf(hart: Hart): Event {
  const { cause, interrupt: external, value } = hart.trap;
  const vector = vectorOf(cause);
  const software = isSoftware(cause);
  const hardware = !external && !software;
  const length = lengthOf(cause);
  const isFault = hardware && length === 0 && (FAULTS.has(vector) || (vector === VECTOR.DB && value === DR6_BITS.BD));
  // What comes between iterations of a REP too.
  const resumes = isFault || (!software && isRepeating(hart));
  return {
    class: classOf(vector, hardware),
    vector,
    software,
    error: hardware && PUSHES_ERROR.has(vector) ? errorOf(cause) : undefined,
    back: BigInt.asUintN(64, hart.pc + BigInt(length)),
    flags: flagsOf(hart) | (resumes ? RFLAGS.RF : 0),
  };
}

/** What an event says, in a line. */
function told(hart: Hart, { vector, error, class: kind }: Event): string {
  const code = error === undefined ? '' : `, error code 0x${error.toString(16)}`;
  const at = kind === 'page fault' ? `, address 0x${hart.get(CR2).toString(16)}` : '';
  return `${exceptionName(vector)}${code}${at}, rip 0x${hart.pc.toString(16)}`;
}

/** What registers an exception sets before its delivery begins. */
function recognize(hart: Hart, event: Event): void {
  if (event.class === 'page fault') hart.set(CR2, BigInt.asUintN(64, hart.trap.value));
  if (event.vector === VECTOR.DB && !event.software && !hart.trap.interrupt) tellDebugRegisters(hart, hart.trap.value);
}

/** What becomes of a fault met while another event is delivered (SDM vol. 3A, table 6-5). */
function combine(first: Class, second: Class): 'serial' | 'double fault' | 'shutdown' {
  if (second === 'benign' || first === 'benign') return 'serial';
  if (first === 'double fault') return 'shutdown';
  return first === 'contributory' && second === 'page fault' ? 'serial' : 'double fault';
}

/**
 * Where a handler of CPL 3 has a stack that is not aligned, under CR0.AM and AC, #AC is met in the delivery of #AC without end:
 * a processor hangs there.
 */
const ENDLESS = 16;

function stop(hart: Hart, what: string, story: readonly string[]): void {
  hart.waiting = true;
  servicesOf(hart.bus).finish({ kind: 'shutdown', what, story });
}

/**
 * Delivers the event in `hart.trap`, taken at the current pc (SDM vol. 3A, 6.12 and 6.14). A fault met on the way is
 * delivered in its place, or both are a double fault; a third ends the machine.
 */
export function deliver(hart: Hart): void {
  const { trap } = hart;
  hart.waiting = false;
  hart.attention = true;
  if (isSyscall(trap.cause)) {
    enterSystemCall(hart, BigInt.asUintN(64, hart.pc + BigInt(lengthOf(trap.cause))));
    debugAfterSyscall(hart);
    noteSystemCall(hart);
    return;
  }
  debugEnded(hart);
  releaseHold(hart);
  if (!trap.interrupt && vectorOf(trap.cause) === VECTOR.PF) restoreRepeatFlags(hart);
  let event = eventOf(hart);
  repeatEnded(hart);
  recognize(hart, event);
  const story: string[] = [];
  while (!enterHandler(hart, event)) {
    if (story.length === 0) story.push(told(hart, event));
    const second = eventOf(hart);
    recognize(hart, second);
    story.push(`in its delivery: ${told(hart, second)}`);
    switch (combine(event.class, second.class)) {
      case 'serial':
        event = second;
        break;
      case 'double fault':
        hart.raise(fault(VECTOR.DF), 0n);
        event = eventOf(hart);
        story.push(told(hart, event));
        break;
      case 'shutdown':
        stop(hart, 'triple fault', story);
        return;
    }
    if (story.length > ENDLESS) {
      stop(hart, 'exceptions without end', story);
      return;
    }
  }
  noteFrame(hart, event);
}

/**
 * Fills `hart.trap` with what comes before the next instruction, by priority (SDM vol. 3A, table 6-2): the debug trap of the
 * one before, an interrupt, an instruction breakpoint.
 */
export function interrupt(hart: Hart): boolean {
  const held = heldBack(hart);
  if (held !== 'nothing') hart.attention = true;
  if (debugTrap(hart, held === 'all')) return true;
  if (held === 'nothing' && (hart.get32(FLAGS) & RFLAGS.IF) !== 0) {
    const vector = apicPending(hart);
    if (vector >= 0) {
      apicAcknowledge(hart, vector);
      hart.raise(vector, 0n);
      hart.trap.interrupt = true;
      return true;
    }
  }
  if (held !== 'all' && breakpointFault(hart)) return true;
  armStep(hart);
  return false;
}

/** Whether a hart in HLT goes on: an interrupt is pending and IF lets it in. */
export const wakes = (hart: Hart): boolean => (hart.get32(FLAGS) & RFLAGS.IF) !== 0 && apicPending(hart) >= 0;

export { syndrome } from './syndrome.ts';
