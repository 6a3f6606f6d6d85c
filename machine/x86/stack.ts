import { accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import { ATTRIBUTE, baseOf, type Descriptor, isNull, limitOf, loadImplicit, selectorError } from './descriptor.ts';
import { in64BitMode, inLongMode } from './mode.ts';
import { ATTRIBUTES, BASE, CPL, LIMIT, RSP, SEGMENT, SELECTOR } from './registers.ts';
import { isWithin, stackDescriptor } from './segment.ts';

const { ss: SS, tr: TR } = SEGMENT;
const LOW_32 = 0xffff_ffffn;
const LOW_16 = 0xffffn;

const shapes = (kind: 'load' | 'store') => ({
  2: accessShape(kind, 2, 'plain', { stack: true }),
  4: accessShape(kind, 4, 'plain', { stack: true }),
  8: accessShape(kind, 8, 'plain', { stack: true }),
});
const LOADS = shapes('load');
const STORES = shapes('store');

/** Bytes of a word on the stack. */
export type WordSize = 2 | 4 | 8;

/** A stack: flat as in 64-bit mode, or a segment with its limits. */
export type Stack =
  | { readonly flat: true; readonly pointer: bigint }
  | {
      readonly flat: false;
      readonly pointer: bigint;
      readonly base: bigint;
      readonly limit: number;
      readonly attributes: number;
    };

export const flatStack = (pointer: bigint): Stack => ({ flat: true, pointer });

/** The stack that RSP points into; flat in 64-bit mode, or where an event is delivered in long mode. */
export function currentStack(hart: Hart, flat = in64BitMode(hart)): Stack {
  const pointer = hart.get(RSP);
  if (flat) return flatStack(pointer);
  const [base, limit] = [hart.get(BASE[SS]), hart.get32(LIMIT[SS]) >>> 0];
  return { flat: false, pointer, base, limit, attributes: hart.get32(ATTRIBUTES[SS]) };
}

/** A stack in a segment that is still to be loaded. */
export const segmentStack = (descriptor: Descriptor, pointer: bigint): Stack => ({
  flat: false,
  pointer,
  base: baseOf(descriptor),
  limit: limitOf(descriptor),
  attributes: descriptor.attributes,
});

/** The pointer moved by a number of bytes: as many bits as the stack's pointer has change. */
export function moved(stack: Stack, bytes: number): bigint {
  const { pointer } = stack;
  const sum = pointer + BigInt(bytes);
  if (stack.flat) return BigInt.asUintN(64, sum);
  if ((stack.attributes & ATTRIBUTE.B) !== 0) return sum & LOW_32;
  return (pointer & ~LOW_16) | (sum & LOW_16);
}

/** The linear address of a word `bytes` above the pointer; undefined: #SS. */
function addressOf(hart: Hart, stack: Stack, bytes: number, size: number, error: number): bigint | undefined {
  const pointer = moved(stack, bytes);
  if (stack.flat) return pointer;
  const offset = Number(pointer & ((stack.attributes & ATTRIBUTE.B) !== 0 ? LOW_32 : LOW_16));
  if ((stack.attributes & ATTRIBUTE.P) === 0 || !isWithin(stack.attributes, stack.limit, offset, size)) {
    hart.raise(fault(VECTOR.SS, error), 0n);
    return undefined;
  }
  return (stack.base + BigInt(offset)) & LOW_32;
}

/** Loads the word at a number of bytes above the pointer; undefined: a trap. */
export function peekWord(hart: Hart, stack: Stack, bytes: number, size: WordSize): bigint | undefined {
  const address = addressOf(hart, stack, bytes, size, 0);
  return address === undefined ? undefined : hart.memory.loadAs(address, LOADS[size]);
}

/**
 * Pushes words, the first one highest, and returns where the pointer is then; undefined: a trap, whose error code has
 * `error` where it is #SS.
 */
export function pushWords(
  hart: Hart,
  stack: Stack,
  size: WordSize,
  words: readonly bigint[],
  error = 0,
): bigint | undefined {
  for (let i = 0; i < words.length; i++) {
    const address = addressOf(hart, stack, -size * (i + 1), size, error);
    if (address === undefined) return undefined;
    if (!hart.memory.storeAs(address, STORES[size], BigInt.asUintN(size * 8, words[i]))) {
      if (hart.trap.cause === fault(VECTOR.SS)) hart.raise(fault(VECTOR.SS, error), 0n);
      return undefined;
    }
  }
  return moved(stack, -size * words.length);
}

/** Does something at a privilege that is not yet the hart's: the frame of a more privileged handler is pushed at its own. */
export function atPrivilege<T>(hart: Hart, cpl: number, act: () => T): T {
  const old = hart.get32(CPL);
  if (old === cpl) return act();
  hart.set32(CPL, cpl);
  hart.contextChanged();
  const result = act();
  hart.set32(CPL, old);
  hart.contextChanged();
  return result;
}

/** What TR's limit says, or #TS with TR's selector: undefined where the field lies beyond it. */
function loadTss(hart: Hart, offset: number, size: 2 | 4 | 8, ext: number): bigint | undefined {
  if (offset + size - 1 > hart.get32(LIMIT[TR]) >>> 0) {
    hart.raise(fault(VECTOR.TS, selectorError(hart.get32(SELECTOR[TR]), ext)), 0n);
    return undefined;
  }
  return loadImplicit(hart, hart.get(BASE[TR]) + BigInt(offset), size);
}

/** RSP for a privilege from the 64-bit TSS, or an entry of its interrupt stack table (SDM vol. 3A, 8.7). */
export const tssStack64 = (hart: Hart, level: number, ist: number, ext: number): bigint | undefined =>
  loadTss(hart, ist === 0 ? 4 + 8 * level : 28 + 8 * ist, 8, ext);

/** A stack to switch to: what SS and RSP become. */
export interface InnerStack {
  readonly stack: Stack;
  readonly selector: number;
  /** Absent: SS becomes null. */
  readonly descriptor: Descriptor | undefined;
}

/**
 * The stack of a more privileged level from the TSS. In long mode RSP alone, and SS becomes null with that level; else
 * SS:ESP or SS:SP, whose descriptor is checked with #TS (SDM vol. 3A, 5.8.5). Undefined: a trap.
 */
export function innerStack(hart: Hart, level: number, ext: number): InnerStack | undefined {
  if (inLongMode(hart)) {
    const pointer = tssStack64(hart, level, 0, ext);
    return pointer === undefined ? undefined : { stack: flatStack(pointer), selector: level, descriptor: undefined };
  }
  // Types 9 and 11 have 32 bits, 1 and 3 have 16.
  const wide = (hart.get32(ATTRIBUTES[TR]) & 8) !== 0;
  const at = wide ? 4 + 8 * level : 2 + 4 * level;
  const size = wide ? 4 : 2;
  const pointer = loadTss(hart, at, size, ext);
  const selector = pointer === undefined ? undefined : loadTss(hart, at + size, 2, ext);
  if (pointer === undefined || selector === undefined) return undefined;
  const number = Number(selector);
  if (isNull(number)) {
    hart.raise(fault(VECTOR.TS, ext), 0n);
    return undefined;
  }
  const descriptor = stackDescriptor(hart, number, level, VECTOR.TS, ext);
  return descriptor && { stack: segmentStack(descriptor, pointer), selector: number, descriptor };
}
