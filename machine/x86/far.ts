import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import {
  ATTRIBUTE,
  type Descriptor,
  dplOf,
  isCode,
  isConforming,
  isNull,
  isPresent,
  isUpperTypeClear,
  limitOf,
  readDescriptor,
  rplOf,
  SYSTEM_TYPE,
  selectorError,
  setAccessed,
  systemType,
} from './descriptor.ts';
import { inLongMode, isCanonical, updateMode } from './mode.ts';
import { CPL, RIP, RSP, SEGMENT, SELECTOR, T } from './registers.ts';
import { setFromDescriptor, setNull } from './segment.ts';
import { unsupported } from './services.ts';
import { atPrivilege, currentStack, type InnerStack, innerStack, peekWord, pushWords, type WordSize } from './stack.ts';

const { cs: CS, ss: SS } = SEGMENT;

const refuse = (hart: Hart, vector: number, error: number): false => hart.raise(fault(vector, error), 0n);
const refuseSelector = (hart: Hart, selector: number): false => refuse(hart, VECTOR.GP, selectorError(selector));

/** Whether code of this descriptor is 64-bit code: L counts in long mode alone. */
export const isLongCode = (hart: Hart, { attributes }: Descriptor): boolean =>
  inLongMode(hart) && (attributes & ATTRIBUTE.L) !== 0;

/** In long mode a code segment with L and D is reserved (SDM vol. 3A, 5.2.1). */
export const isReservedCode = (hart: Hart, { attributes }: Descriptor): boolean =>
  inLongMode(hart) && (attributes & ATTRIBUTE.L) !== 0 && (attributes & ATTRIBUTE.B) !== 0;

/** Whether code can go on at an offset: canonical in 64-bit code, else within the segment's limit; if not, #GP with `error`. */
export function checkTarget(hart: Hart, code: Descriptor, offset: bigint, error = 0): boolean {
  const good = isLongCode(hart, code) ? isCanonical(hart, offset) : offset <= BigInt(limitOf(code));
  return good || refuse(hart, VECTOR.GP, error);
}

/** Goes on in a code segment that was found good, at a privilege that becomes the selector's. */
export function enterCode(hart: Hart, code: Descriptor, cpl: number, offset: bigint): void {
  setFromDescriptor(hart, CS, (code.selector & ~3) | cpl, code);
  hart.set32(CPL, cpl);
  hart.set(RIP, offset);
  updateMode(hart);
}

/** SS and RSP become those of a more privileged level; RSP is where pushes left it. */
export function enterStack(hart: Hart, inner: InnerStack, pointer: bigint): void {
  if (inner.descriptor) setFromDescriptor(hart, SS, inner.selector, inner.descriptor);
  else setNull(hart, SS, inner.selector);
  hart.set(RSP, pointer);
}

/** The low `size` bytes. */
const cutTo = (value: bigint, size: number): bigint => BigInt.asUintN(size * 8, value);

/** JMP and CALL to another code segment (SDM vol. 2A, CALL and JMP): selector in T[0], offset in T[1], next RIP in T[3]. */
function farTransfer(hart: Hart, size: WordSize, call: boolean): boolean {
  const selector = Number(hart.get(T[0]) & 0xffffn);
  if (isNull(selector)) return refuse(hart, VECTOR.GP, 0);
  const found = readDescriptor(hart, selector);
  if (!found) return false;
  if (isCode(found)) return direct(hart, found, size, call);
  const type = systemType(found);
  if (type === SYSTEM_TYPE.CALL_GATE) return throughGate(hart, found, inLongMode(hart) ? 8 : 4, call);
  if (inLongMode(hart)) return refuseSelector(hart, selector);
  if (type === SYSTEM_TYPE.CALL_GATE_16) return throughGate(hart, found, 2, call);
  const switches = type === SYSTEM_TYPE.TSS || type === SYSTEM_TYPE.TSS_16 || type === SYSTEM_TYPE.TASK_GATE;
  if (!switches || !isOpen(hart, found)) return refuseSelector(hart, selector);
  if (!isPresent(found)) return refuse(hart, VECTOR.NP, selectorError(selector));
  unsupported(hart, 'a task switch');
  return true;
}

/** Whether a gate or TSS may be used: neither CPL nor RPL is less privileged than it. */
const isOpen = (hart: Hart, { selector, attributes }: Descriptor): boolean =>
  Math.max(hart.get32(CPL), rplOf(selector)) <= dplOf(attributes);

function direct(hart: Hart, code: Descriptor, size: WordSize, call: boolean): boolean {
  const { selector, attributes } = code;
  const cpl = hart.get32(CPL);
  const dpl = dplOf(attributes);
  const open = isConforming(code) ? dpl <= cpl : dpl === cpl && rplOf(selector) <= cpl;
  if (!open || isReservedCode(hart, code)) return refuseSelector(hart, selector);
  if (!isPresent(code)) return refuse(hart, VECTOR.NP, selectorError(selector));
  const offset = cutTo(hart.get(T[1]), size);
  if (!checkTarget(hart, code, offset) || !setAccessed(hart, code)) return false;
  if (call) {
    const pointer = pushWords(hart, currentStack(hart), size, [BigInt(hart.get32(SELECTOR[CS])), hart.get(T[3])]);
    if (pointer === undefined) return false;
    hart.set(RSP, pointer);
  }
  enterCode(hart, code, cpl, offset);
  return true;
}

/** The offset that a gate leads to, by the bytes of its words. */
export function gateOffset({ low, high }: Pick<Descriptor, 'low' | 'high'>, size: WordSize): bigint {
  const low16 = low & 0xffffn;
  if (size === 2) return low16;
  const low32 = low16 | ((low >> 32n) & 0xffff_0000n);
  return size === 4 ? low32 : low32 | ((high & 0xffff_ffffn) << 32n);
}

/** The selector of the code segment that a gate leads to. */
export const gateSelector = (low: bigint): number => Number((low >> 16n) & 0xffffn);

/** CALL and JMP through a call gate (SDM vol. 3A, 5.8.3 to 5.8.5). */
function throughGate(hart: Hart, gate: Descriptor, size: WordSize, call: boolean): boolean {
  if (!isOpen(hart, gate) || (size === 8 && !isUpperTypeClear(gate))) return refuseSelector(hart, gate.selector);
  if (!isPresent(gate)) return refuse(hart, VECTOR.NP, selectorError(gate.selector));
  const selector = gateSelector(gate.low);
  if (isNull(selector)) return refuse(hart, VECTOR.GP, 0);
  const code = readDescriptor(hart, selector);
  if (!code) return false;
  const cpl = hart.get32(CPL);
  const dpl = dplOf(code.attributes);
  const inwards = !isConforming(code) && dpl < cpl;
  const good = isCode(code) && dpl <= cpl && (call || !inwards);
  if (!good || (size === 8 && (!isLongCode(hart, code) || isReservedCode(hart, code)))) {
    return refuseSelector(hart, selector);
  }
  if (!isPresent(code)) return refuse(hart, VECTOR.NP, selectorError(selector));
  const offset = gateOffset(gate, size);
  if (inwards) return callInwards(hart, gate, code, size, offset);
  if (!checkTarget(hart, code, offset) || !setAccessed(hart, code)) return false;
  if (call) {
    const back = [BigInt(hart.get32(SELECTOR[CS])), hart.get(T[3])];
    const pointer = pushWords(hart, currentStack(hart, size === 8), size, back);
    if (pointer === undefined) return false;
    hart.set(RSP, pointer);
  }
  enterCode(hart, code, cpl, offset);
  return true;
}

/** CALL to a more privileged level: on its stack from the TSS, with as many parameters as the gate says outside long mode. */
function callInwards(hart: Hart, gate: Descriptor, code: Descriptor, size: WordSize, offset: bigint): boolean {
  const cpl = dplOf(code.attributes);
  const inner = innerStack(hart, cpl, 0);
  if (!inner || !checkTarget(hart, code, offset)) return false;
  const words = [BigInt(hart.get32(SELECTOR[SS])), hart.get(RSP)];
  if (size !== 8) {
    const outer = currentStack(hart);
    const count = Number((gate.low >> 32n) & 31n);
    for (let i = count - 1; i >= 0; i--) {
      const word = peekWord(hart, outer, i * size, size);
      if (word === undefined) return false;
      words.push(word);
    }
  }
  words.push(BigInt(hart.get32(SELECTOR[CS])), hart.get(T[3]));
  if (!setAccessed(hart, code) || (inner.descriptor && !setAccessed(hart, inner.descriptor))) return false;
  const error = inner.descriptor ? selectorError(inner.selector) : 0;
  const pointer = atPrivilege(hart, cpl, () => pushWords(hart, inner.stack, size, words, error));
  if (pointer === undefined) return false;
  enterStack(hart, inner, pointer);
  enterCode(hart, code, cpl, offset);
  return true;
}

/** JMP far. */
export const farJump = (hart: Hart, size: number): boolean => farTransfer(hart, size as WordSize, false);
/** CALL far. */
export const farCall = (hart: Hart, size: number): boolean => farTransfer(hart, size as WordSize, true);
