import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import { resumeBegins } from './debug.ts';
import {
  ATTRIBUTE,
  type Descriptor,
  dplOf,
  isCode,
  isConforming,
  isNull,
  isPresent,
  readDescriptor,
  rplOf,
  selectorError,
  setAccessed,
} from './descriptor.ts';
import { checkTarget, enterCode, isLongCode, isReservedCode } from './far.ts';
import { poppable, RFLAGS, unpackFlags } from './flags.ts';
import { in64BitMode, inLongMode } from './mode.ts';
import { CPL, FLAGS, RSP, SEGMENT } from './registers.ts';
import { dropPrivilegedSegments, setFromDescriptor, setNull, stackDescriptor } from './segment.ts';
import { unsupported } from './services.ts';
import { currentStack, moved, peekWord, type WordSize } from './stack.ts';

const SS = SEGMENT.ss;

const refuse = (hart: Hart, vector: number, error: number): false => hart.raise(fault(vector, error), 0n);

/** The code segment that RET or IRET goes back to: of the privilege that the selector asks for, which is not more than now. */
function returnCode(hart: Hart, selector: number): Descriptor | undefined {
  const error = isNull(selector) ? 0 : selectorError(selector);
  const code = error === 0 ? undefined : readDescriptor(hart, selector);
  if (error !== 0 && !code) return undefined;
  const rpl = rplOf(selector);
  const good =
    code &&
    isCode(code) &&
    rpl >= hart.get32(CPL) &&
    (isConforming(code) ? dplOf(code.attributes) <= rpl : dplOf(code.attributes) === rpl) &&
    !isReservedCode(hart, code);
  if (!good) refuse(hart, VECTOR.GP, error);
  else if (!isPresent(code)) refuse(hart, VECTOR.NP, error);
  else return code;
  return undefined;
}

/** The stack to go back to: SS and RSP as they were popped. */
interface OuterStack {
  readonly selector: number;
  readonly pointer: bigint;
  /** Absent: SS is null. */
  readonly descriptor: Descriptor | undefined;
}

/** Finds whether SS may be what was popped. Null is for 64-bit code that is not the user's. Undefined: a trap. */
function outerStack(hart: Hart, code: Descriptor, selector: number, pointer: bigint): OuterStack | undefined {
  const cpl = rplOf(code.selector);
  if (isNull(selector)) {
    if (isLongCode(hart, code) && cpl !== 3 && rplOf(selector) === cpl) {
      return { selector, pointer, descriptor: undefined };
    }
    refuse(hart, VECTOR.GP, 0);
    return undefined;
  }
  const descriptor = stackDescriptor(hart, selector, cpl);
  return descriptor && { selector, pointer, descriptor };
}

/** Loads SS and RSP; a 16-bit stack of code that is not 64-bit code leaves what is above SP. */
function leaveTo(hart: Hart, code: Descriptor, { selector, pointer, descriptor }: OuterStack): void {
  if (descriptor) setFromDescriptor(hart, SS, selector, descriptor);
  else setNull(hart, SS, selector);
  const small = !isLongCode(hart, code) && descriptor && (descriptor.attributes & ATTRIBUTE.B) === 0;
  hart.set(RSP, small ? (hart.get(RSP) & ~0xffffn) | (pointer & 0xffffn) : pointer);
}

/** Goes back to a code segment, and to an outer stack where there is one; nothing can fail any more. */
function goBack(hart: Hart, code: Descriptor, offset: bigint, outer: OuterStack | undefined): void {
  const old = hart.get32(CPL);
  const cpl = rplOf(code.selector);
  if (outer) leaveTo(hart, code, outer);
  enterCode(hart, code, cpl, offset);
  if (cpl > old) dropPrivilegedSegments(hart);
  // Interrupts may be open now.
  hart.attention = true;
}

const setAllAccessed = (hart: Hart, code: Descriptor, outer: OuterStack | undefined): boolean =>
  setAccessed(hart, code) && (!outer?.descriptor || setAccessed(hart, outer.descriptor));

/** RET far (SDM vol. 2B): releases `bytes` of parameters, on both stacks where there are two. */
export function farReturn(hart: Hart, size: number, bytes: number): boolean {
  const word = size as WordSize;
  const stack = currentStack(hart);
  const offset = peekWord(hart, stack, 0, word);
  const selector = offset === undefined ? undefined : peekWord(hart, stack, word, word);
  if (offset === undefined || selector === undefined) return false;
  const code = returnCode(hart, Number(selector & 0xffffn));
  if (!code) return false;
  let outer: OuterStack | undefined;
  if (rplOf(code.selector) > hart.get32(CPL)) {
    const pointer = peekWord(hart, stack, 2 * word + bytes, word);
    const ss = pointer === undefined ? undefined : peekWord(hart, stack, 3 * word + bytes, word);
    if (pointer === undefined || ss === undefined) return false;
    outer = outerStack(hart, code, Number(ss & 0xffffn), BigInt.asUintN(64, pointer + BigInt(bytes)));
    if (!outer) return false;
  }
  if (!checkTarget(hart, code, offset) || !setAllAccessed(hart, code, outer)) return false;
  if (!outer) hart.set(RSP, moved(stack, 2 * word + bytes));
  goBack(hart, code, offset, outer);
  return true;
}

/**
 * IRET (SDM vol. 2A). From 64-bit mode SS:RSP are always popped, else only on the way to an outer privilege. Nested tasks
 * and virtual-8086 mode, which long mode has not, are not supported outside it.
 */
export function interruptReturn(hart: Hart, size: number): boolean {
  const word = size as WordSize;
  const long = inLongMode(hart);
  if ((hart.get32(FLAGS) & RFLAGS.NT) !== 0) {
    if (long) return refuse(hart, VECTOR.GP, 0);
    unsupported(hart, 'a return to another task');
    return true;
  }
  const stack = currentStack(hart);
  const offset = peekWord(hart, stack, 0, word);
  const selector = offset === undefined ? undefined : peekWord(hart, stack, word, word);
  const flags = selector === undefined ? undefined : peekWord(hart, stack, 2 * word, word);
  if (offset === undefined || selector === undefined || flags === undefined) return false;
  const cpl = hart.get32(CPL);
  if (!long && cpl === 0 && word === 4 && (Number(flags) & RFLAGS.VM) !== 0) {
    unsupported(hart, 'virtual-8086 mode');
    return true;
  }
  const code = returnCode(hart, Number(selector & 0xffffn));
  if (!code) return false;
  let outer: OuterStack | undefined;
  if (in64BitMode(hart) || rplOf(code.selector) > cpl) {
    const pointer = peekWord(hart, stack, 3 * word, word);
    const ss = pointer === undefined ? undefined : peekWord(hart, stack, 4 * word, word);
    if (pointer === undefined || ss === undefined) return false;
    outer = outerStack(hart, code, Number(ss & 0xffffn), pointer);
    if (!outer) return false;
  }
  if (!checkTarget(hart, code, offset) || !setAllAccessed(hart, code, outer)) return false;
  let mask = poppable(hart, word);
  if (word > 2) mask |= RFLAGS.RF | (cpl === 0 ? RFLAGS.VIF | RFLAGS.VIP : 0);
  unpackFlags(hart, flags, mask);
  resumeBegins(hart);
  if (!outer) hart.set(RSP, moved(stack, 3 * word));
  goBack(hart, code, offset, outer);
  return true;
}
