import type { Hart } from '../../../machine/index.ts';
import { GATE } from '../arch.ts';
import { endOfInterrupt } from './apic.ts';
import { kernelStack } from './descriptors.ts';
import { SELECTOR, SYSCALL_OFFSET, SYSTEM_CALL } from './registers.ts';

// The frame that every entry of the kernel leaves on its stack, as native code would: what the hardware pushed (SDM vol.
// 3A, 6.14.2) and below it the error code, where the hardware gave none a zero, and the vector.

/** Words of a frame, from the stack pointer up. */
const WORDS = ['vector', 'error', 'rip', 'cs', 'rflags', 'rsp', 'ss'] as const;
export type FrameWord = (typeof WORDS)[number];
const WORD_BYTES = 8n;
const FRAME_BYTES = BigInt(WORDS.length) * WORD_BYTES;

/** Vectors with which the hardware pushes an error code (SDM vol. 3A, table 6-1). */
const WITH_ERROR: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17]);
/** The first vector that is no exception. */
const FIRST_INTERRUPT = 32;
/** Where code goes on that is the same for all vectors: in the gate's page, behind everything that is entered. */
const COMMON = 0xf00n;

function load(hart: Hart, address: bigint): bigint {
  const value = hart.memory.load(address, 8);
  if (value === undefined) throw new Error(`the kernel’s stack cannot be read at ${address.toString(16)}`);
  return value;
}

function store(hart: Hart, address: bigint, value: bigint): void {
  if (!hart.memory.store(address, 8, value)) throw new Error(`the kernel’s stack has no ${address.toString(16)}`);
}

const stackPointer = (hart: Hart): bigint => hart.get(hart.isa.sp);
const moveStack = (hart: Hart, to: bigint): void => hart.set(hart.isa.sp, to);

function push(hart: Hart, ...values: readonly bigint[]): void {
  for (const value of values) {
    moveStack(hart, stackPointer(hart) - WORD_BYTES);
    store(hart, stackPointer(hart), value);
  }
}

/**
 * What the code at the vectors does: completes the frame and takes the kernel's GS. To be called before anything is read
 * of a trap; where it was done already, which the pc tells, it does nothing.
 */
export function enterKernel(hart: Hart): void {
  const offset = Number(hart.pc & 0xfffn);
  if (offset >= GATE.trapEnd || hart.isa.privilege(hart) === 'user') return;
  hart.pc = (hart.pc & ~0xfffn) | COMMON;
  if (offset === GATE.trap + SYSCALL_OFFSET) {
    const { slots } = hart.isa;
    const user = stackPointer(hart);
    hart.isa.perform(hart, 'swapgs');
    moveStack(hart, kernelStack(hart));
    push(hart, SELECTOR.userData, user, hart.get(slots.get('r11')), SELECTOR.userCode, hart.get(slots.get('rcx')));
    push(hart, 0n, BigInt(SYSTEM_CALL));
    return;
  }
  const vector = (offset - GATE.trap) >> 3;
  if (!WITH_ERROR.has(vector)) push(hart, 0n);
  push(hart, BigInt(vector));
  if (leadsToUser(hart)) hart.isa.perform(hart, 'swapgs');
  if (vector >= FIRST_INTERRUPT) endOfInterrupt(hart, vector);
}

/** A word of the frame that the stack pointer points at. */
const wordOf = (hart: Hart, word: FrameWord): bigint =>
  load(hart, stackPointer(hart) + BigInt(WORDS.indexOf(word)) * WORD_BYTES);

const leadsToUser = (hart: Hart): boolean => (wordOf(hart, 'cs') & 3n) === 3n;

/** A word of the frame of the trap last taken. */
export function frameWord(hart: Hart, word: FrameWord): bigint {
  enterKernel(hart);
  return wordOf(hart, word);
}

/** Whether the trap came from user mode. */
export function fromUser(hart: Hart): boolean {
  enterKernel(hart);
  return leadsToUser(hart);
}

/** The whole frame with the stack pointer in front and CR2 behind: what nested traps overwrite. */
export function saveFrame(hart: Hart): readonly bigint[] {
  enterKernel(hart);
  const at = stackPointer(hart);
  const words = WORDS.map((_, i) => load(hart, at + BigInt(i) * WORD_BYTES));
  return [at, ...words, hart.isa.readSystem(hart, 'cr2')];
}

export function restoreFrame(hart: Hart, state: readonly bigint[]): void {
  const [at, ...words] = state;
  moveStack(hart, at);
  WORDS.forEach((_, i) => {
    store(hart, at + BigInt(i) * WORD_BYTES, words[i]);
  });
  hart.isa.writeSystem(hart, 'cr2', words[WORDS.length]);
}

/** Puts a frame at the top of the kernel's stack, to return by. */
export function makeFrame(hart: Hart, words: Readonly<Record<FrameWord, bigint>>): void {
  const at = kernelStack(hart) - FRAME_BYTES;
  moveStack(hart, at);
  WORDS.forEach((word, i) => {
    store(hart, at + BigInt(i) * WORD_BYTES, words[word]);
  });
}

/** Where `pretend` puts its frame: any place in RAM. */
const PRETENDED_STACK = 0x8000n;
const PAGE_FAULT = 14n;

/**
 * Makes a hart that is not booted look as if the kernel had been entered by a trap, a page fault unless told otherwise;
 * by SYSCALL where what that leaves in registers is given.
 */
export function pretend(hart: Hart, values: ReadonlyMap<string, bigint>): void {
  moveStack(hart, PRETENDED_STACK);
  hart.pc = COMMON;
  const called = values.has('rcx') || values.has('r11');
  // Without a word of it, the error code's U says where from.
  const user = called || ((values.get('error') ?? 0n) & 4n) !== 0n;
  const given: Readonly<Record<FrameWord, bigint>> = {
    vector: called ? BigInt(SYSTEM_CALL) : (values.get('vector') ?? PAGE_FAULT),
    error: values.get('error') ?? 0n,
    rip: values.get('rcx') ?? values.get('rip') ?? 0n,
    cs: values.get('cs') ?? (user ? SELECTOR.userCode : SELECTOR.kernelCode),
    rflags: values.get('r11') ?? values.get('rflags') ?? 0n,
    rsp: 0n,
    ss: 0n,
  };
  WORDS.forEach((word, i) => {
    store(hart, PRETENDED_STACK + BigInt(i) * WORD_BYTES, given[word]);
  });
  hart.isa.writeSystem(hart, 'cr2', values.get('cr2') ?? 0n);
}

/** Leaves by the frame: SWAPGS where that leads to user mode, and IRETQ. */
export function returnFromTrap(hart: Hart): void {
  const user = leadsToUser(hart);
  moveStack(hart, stackPointer(hart) + 2n * WORD_BYTES);
  if (user) hart.isa.perform(hart, 'swapgs');
  hart.isa.perform(hart, 'iretq');
}
