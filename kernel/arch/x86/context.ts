import type { Hart, Slot } from '../../../machine/index.ts';
import { generalRegisters, type UserContext } from '../arch.ts';
import { ownTables } from './descriptors.ts';
import { frameWord, makeFrame, returnFromTrap } from './frame.ts';
import { RFLAGS, SELECTOR, USER_RFLAGS } from './registers.ts';

/** The general registers but RSP, which is in the frame. */
const GENERAL = 'rax rcx rdx rbx rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
/** What user code that begins finds in registers that are not zero: as FINIT and reset leave them, and key 0 alone open. */
const INITIAL: readonly (readonly [string, bigint])[] = [
  ['rflags', RFLAGS.FIXED | RFLAGS.IF],
  ['fcw', 0x37fn],
  ['mxcsr', 0x1f80n],
  ['pkru', 0x5555_5554n],
];

/** A register of x87 or SSE, and where it lies in the state block, in 32-bit words. */
interface FloatRegister {
  readonly name: string;
  readonly at: number;
  readonly words: number;
}

const ofSlots = new WeakMap<object, FloatRegister[]>();

const WORDS: Readonly<Record<string, number>> = { i32: 1, i64: 2, v128: 4 };

function floatRegisters(hart: Hart): FloatRegister[] {
  const table = hart.isa.slots;
  let found = ofSlots.get(table);
  if (!found) {
    const wanted = table.slots.filter(({ group }: Slot) => group === 'float');
    found = wanted.map(({ name, offset, type }) => ({ name, at: offset >>> 2, words: WORDS[type] ?? 2 }));
    ofSlots.set(table, found);
  }
  return found;
}

/**
 * Whose x87 and SSE registers a hart holds and what they held when they were last saved or loaded, 32-bit word by word,
 * and on which hart a context's were last: what is the same need not be copied again. Forgetting either costs a copy and
 * nothing else, so snapshots leave them out.
 */
const floatOf = new WeakMap<Hart, { context: UserContext; words: Int32Array }>();
const homeOf = new WeakMap<UserContext, Hart>();

function readWords({ i32 }: Hart, at: number, count: number): bigint {
  let value = 0n;
  for (let i = count - 1; i >= 0; i--) value = (value << 32n) | BigInt(i32[at + i] >>> 0);
  return value;
}

function changed({ i32 }: Hart, { at, words }: FloatRegister, known: Int32Array, from: number): boolean {
  for (let i = 0; i < words; i++) if (i32[at + i] !== known[from + i]) return true;
  return false;
}

function saveFloat(hart: Hart, { registers }: UserContext, known: Int32Array | undefined): void {
  let from = 0;
  for (const register of floatRegisters(hart)) {
    const { name, at, words } = register;
    if (!known || changed(hart, register, known, from)) {
      registers.set(name, readWords(hart, at, words));
      known?.set(hart.i32.subarray(at, at + words), from);
    }
    from += words;
  }
}

function loadFloat(hart: Hart, context: UserContext): void {
  const all = floatRegisters(hart);
  const held = new Int32Array(all.reduce((sum, { words }) => sum + words, 0));
  let from = 0;
  for (const { name, at, words } of all) {
    const value = context.registers.get(name) ?? 0n;
    for (let i = 0; i < words; i++) hart.i32[at + i] = Number(BigInt.asIntN(32, value >> BigInt(32 * i)));
    held.set(hart.i32.subarray(at, at + words), from);
    from += words;
  }
  floatOf.set(hart, { context, words: held });
  homeOf.set(context, hart);
}

/** Saves what user code can change; of the x87 and SSE registers, those that it did. */
export function saveUser(hart: Hart, context: UserContext): void {
  const { isa } = hart;
  const { registers } = context;
  context.pc = frameWord(hart, 'rip');
  registers.set('rsp', frameWord(hart, 'rsp'));
  registers.set('rflags', frameWord(hart, 'rflags'));
  generalRegisters(hart, GENERAL).save(hart, context);
  registers.set('fs_base', isa.readSystem(hart, 'fs_base'));
  registers.set('gs_base', isa.readSystem(hart, 'kernel_gs_base'));
  registers.set('pkru', isa.readSystem(hart, 'pkru'));
  const held = floatOf.get(hart);
  saveFloat(hart, context, held?.context === context ? held.words : undefined);
}

/** Loads the context and returns to user mode: by SYSRETQ where it is as SYSCALL left it, else by IRETQ. */
export function enterUser(hart: Hart, context: UserContext): void {
  const { isa } = hart;
  const read = (name: string) => context.registers.get(name) ?? 0n;
  generalRegisters(hart, GENERAL).load(hart, context);
  if (floatOf.get(hart)?.context !== context || homeOf.get(context) !== hart) loadFloat(hart, context);
  isa.writeSystem(hart, 'fs_base', read('fs_base'));
  // SWAPGS comes before the return, wherever this hart came from.
  isa.writeSystem(hart, 'gs_base', ownTables(hart));
  isa.writeSystem(hart, 'kernel_gs_base', read('gs_base'));
  const pkru = read('pkru');
  if (isa.readSystem(hart, 'pkru') !== pkru) isa.writeSystem(hart, 'pkru', pkru);
  const { pc: rip } = context;
  const rsp = read('rsp');
  const rflags = (read('rflags') & USER_RFLAGS) | RFLAGS.FIXED | RFLAGS.IF;
  if (read('rcx') === rip && read('r11') === rflags && (rflags & (RFLAGS.RF | RFLAGS.TF)) === 0n) {
    // RIP was the user's, and so is canonical: SYSRETQ cannot fail with the user's stack in the kernel's hands.
    hart.set(isa.sp, rsp);
    isa.perform(hart, 'swapgs');
    isa.perform(hart, 'sysretq');
    return;
  }
  makeFrame(hart, { vector: 0n, error: 0n, rip, cs: SELECTOR.userCode, rflags, rsp, ss: SELECTOR.userData });
  returnFromTrap(hart);
}

/** A fresh context; registers not named are zero. */
export const newContext = (entry: bigint, stack: bigint): UserContext => ({
  pc: entry,
  registers: new Map([['rsp', stack], ...INITIAL]),
});

/** A register of the context by name. */
export const register = (context: UserContext, name: string): bigint => context.registers.get(name) ?? 0n;
