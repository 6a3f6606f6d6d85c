import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import {
  type Descriptor,
  dplOf,
  isCode,
  isConforming,
  isNull,
  isPresent,
  loadImplicit,
  readDescriptor,
  SYSTEM_TYPE,
  selectorError,
  setAccessed,
} from './descriptor.ts';
import { checkTarget, enterCode, enterStack, gateOffset, gateSelector, isLongCode, isReservedCode } from './far.ts';
import { RFLAGS, setFlags } from './flags.ts';
import { inLongMode } from './mode.ts';
import { CPL, RSP, SEGMENT, SELECTOR, SLOTS } from './registers.ts';
import { unsupported } from './services.ts';
import {
  atPrivilege,
  currentStack,
  flatStack,
  type InnerStack,
  innerStack,
  pushWords,
  type Stack,
  tssStack64,
  type WordSize,
} from './stack.ts';

const IDTR_BASE = SLOTS.get('idtr_base');
const IDTR_LIMIT = SLOTS.get('idtr_limit');
const { cs: CS, ss: SS } = SEGMENT;

/** In an error code: it names a gate of the IDT (SDM vol. 3A, figure 6-6). */
const IDT = 2;

/** An interrupt or exception as it is delivered. */
export interface DeliveredEvent {
  readonly vector: number;
  /** By INT n, INT3 or INTO: the gate must be open to CPL, and error codes have EXT clear. */
  readonly software: boolean;
  /** The error code that is pushed, if one is. */
  readonly error: number | undefined;
  /** RIP and RFLAGS as they are pushed. */
  readonly back: bigint;
  readonly flags: number;
}

/** A gate of the IDT, found good. */
interface Gate {
  readonly low: bigint;
  readonly high: bigint;
  readonly size: WordSize;
  readonly type: number;
}

const refuse = (hart: Hart, vector: number, error: number): false => hart.raise(fault(vector, error), 0n);

/** Reads a vector's gate (SDM vol. 3A, 6.14.1); undefined: a trap. */
function readGate(hart: Hart, { vector, software }: DeliveredEvent, ext: number): Gate | undefined {
  const long = inLongMode(hart);
  const bytes = long ? 16 : 8;
  const error = (vector << 3) | IDT | ext;
  if (vector * bytes + bytes - 1 > hart.get32(IDTR_LIMIT) >>> 0) {
    refuse(hart, VECTOR.GP, error);
    return undefined;
  }
  const address = hart.get(IDTR_BASE) + BigInt(vector * bytes);
  const low = loadImplicit(hart, address, 8);
  const high = low === undefined || !long ? 0n : loadImplicit(hart, address + 8n, 8);
  if (low === undefined || high === undefined) return undefined;
  const attributes = Number((low >> 40n) & 0xffn);
  // The type with S, which is clear in a gate.
  const type = attributes & 31;
  if (!(long ? LONG_GATES : LEGACY_GATES).has(type) || (software && dplOf(attributes) < hart.get32(CPL))) {
    refuse(hart, VECTOR.GP, error);
    return undefined;
  }
  if ((attributes & 0x80) === 0) {
    refuse(hart, VECTOR.NP, error);
    return undefined;
  }
  return { low, high, type, size: long ? 8 : (type & 8) !== 0 ? 4 : 2 };
}

const LONG_GATES: ReadonlySet<number> = new Set([SYSTEM_TYPE.INTERRUPT_GATE, SYSTEM_TYPE.TRAP_GATE]);
const LEGACY_GATES: ReadonlySet<number> = new Set([
  ...LONG_GATES,
  SYSTEM_TYPE.INTERRUPT_GATE_16,
  SYSTEM_TYPE.TRAP_GATE_16,
  SYSTEM_TYPE.TASK_GATE,
]);

/** The code segment of a handler, no less privileged than the hart; undefined: a trap. */
function handlerCode(hart: Hart, gate: Gate, ext: number): Descriptor | undefined {
  const selector = gateSelector(gate.low);
  if (isNull(selector)) {
    refuse(hart, VECTOR.GP, ext);
    return undefined;
  }
  const code = readDescriptor(hart, selector, VECTOR.GP, ext);
  if (!code) return undefined;
  const error = selectorError(selector, ext);
  const wrongSize = inLongMode(hart) && (!isLongCode(hart, code) || isReservedCode(hart, code));
  if (!isCode(code) || dplOf(code.attributes) > hart.get32(CPL) || wrongSize) {
    refuse(hart, VECTOR.GP, error);
    return undefined;
  }
  if (!isPresent(code)) {
    refuse(hart, VECTOR.NP, error);
    return undefined;
  }
  return code;
}

/** Where the frame goes: a stack of the TSS's, whose SS is loaded where the privilege changes, or the one there is. */
interface FramePlace {
  readonly stack: Stack;
  readonly inner: InnerStack | undefined;
}

/** Undefined: a trap. */
function framePlace(hart: Hart, gate: Gate, cpl: number, ext: number): FramePlace | undefined {
  const inwards = cpl < hart.get32(CPL);
  if (!inLongMode(hart)) {
    const inner = inwards ? innerStack(hart, cpl, ext) : undefined;
    if (inwards && !inner) return undefined;
    return { stack: inner?.stack ?? currentStack(hart), inner };
  }
  const ist = Number((gate.low >> 32n) & 7n);
  let pointer: bigint | undefined = hart.get(RSP);
  if (ist !== 0 || inwards) pointer = tssStack64(hart, cpl, ist, ext);
  if (pointer === undefined) return undefined;
  // In long mode frames begin at a multiple of 16 (SDM vol. 3A, 6.14.2).
  const stack = flatStack(pointer & ~15n);
  return { stack, inner: inwards ? { stack, selector: cpl, descriptor: undefined } : undefined };
}

/**
 * Enters an event's handler through its gate (SDM vol. 2A, INT n, "Operation"). False: a fault on the way is in
 * `hart.trap`, and registers are as they were.
 */
export function enterHandler(hart: Hart, event: DeliveredEvent): boolean {
  const ext = event.software ? 0 : 1;
  const gate = readGate(hart, event, ext);
  if (!gate) return false;
  if (gate.type === SYSTEM_TYPE.TASK_GATE) {
    unsupported(hart, 'a task gate');
    return true;
  }
  const code = handlerCode(hart, gate, ext);
  if (!code) return false;
  const cpl = isConforming(code) ? hart.get32(CPL) : dplOf(code.attributes);
  const place = framePlace(hart, gate, cpl, ext);
  if (!place) return false;
  const { stack, inner } = place;
  const { size } = gate;
  const offset = gateOffset(gate, size);
  if (!checkTarget(hart, code, offset, ext)) return false;
  if (!setAccessed(hart, code) || (inner?.descriptor && !setAccessed(hart, inner.descriptor))) return false;

  const words = [BigInt(event.flags), BigInt(hart.get32(SELECTOR[CS])), event.back];
  // In long mode SS:RSP are always pushed.
  if (inner || size === 8) words.unshift(BigInt(hart.get32(SELECTOR[SS])), hart.get(RSP));
  if (event.error !== undefined) words.push(BigInt(event.error));
  const error = inner?.descriptor ? selectorError(inner.selector, ext) : ext;
  const pointer = atPrivilege(hart, cpl, () => pushWords(hart, stack, size, words, error));
  if (pointer === undefined) return false;

  if (inner) enterStack(hart, inner, pointer);
  else hart.set(RSP, pointer);
  const closes = gate.type === SYSTEM_TYPE.INTERRUPT_GATE || gate.type === SYSTEM_TYPE.INTERRUPT_GATE_16;
  setFlags(hart, 0, RFLAGS.TF | RFLAGS.NT | RFLAGS.RF | RFLAGS.VM | (closes ? RFLAGS.IF : 0));
  enterCode(hart, code, cpl, offset);
  return true;
}
