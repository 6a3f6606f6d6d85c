import type { Hart, Slot } from '../../../machine/index.ts';
import { generalRegisters, type UserContext } from '../arch.ts';
import { SPSR } from './registers.ts';

const GENERAL = Array.from({ length: 31 }, (_, i) => `x${i}`);
const VECTOR = Array.from({ length: 32 }, (_, i) => `v${i}`);
/** System registers that user mode writes itself, and the stack pointer that it uses. */
const FLOAT_SYSTEM = ['fpcr', 'fpsr'] as const;

const slots = new WeakMap<object, Slot[]>();

function vectorSlots(hart: Hart): Slot[] {
  const table = hart.isa.slots;
  let found = slots.get(table);
  if (!found) {
    found = VECTOR.map((name) => table.get(name));
    slots.set(table, found);
  }
  return found;
}

/**
 * Whose vector registers a hart holds and what they held when they were last saved or loaded, 32-bit word by word, and
 * on which hart a context's were last: what is the same need not be copied again. Forgetting either costs a copy and
 * nothing else, so snapshots leave them out.
 */
const vectorsOf = new WeakMap<Hart, { context: UserContext; words: Int32Array }>();
const homeOf = new WeakMap<UserContext, Hart>();

/** Saves what user code can change; of the vector registers, those that it did. */
export function saveUser(hart: Hart, context: UserContext): void {
  const { isa } = hart;
  const vector = vectorSlots(hart);
  const { registers } = context;
  const read = (name: string) => isa.readSystem(hart, name);
  context.pc = read('elr_el1');
  generalRegisters(hart, GENERAL).save(hart, context);
  registers.set('sp', read('sp_el0'));
  registers.set('nzcv', read('spsr_el1') & SPSR.NZCV);
  registers.set('tpidr_el0', read('tpidr_el0'));
  for (const name of FLOAT_SYSTEM) registers.set(name, read(name));
  const held = vectorsOf.get(hart);
  const words = held?.context === context ? held.words : undefined;
  for (let i = 0; i < 32; i++) {
    const at = vector[i].offset >>> 2;
    if (words && same(hart.i32, at, words, i * 4)) continue;
    const low = hart.u64[at >>> 1];
    const high = hart.u64[(at >>> 1) + 1];
    registers.set(VECTOR[i], (high << 64n) | low);
    words?.set(hart.i32.subarray(at, at + 4), i * 4);
  }
}

/** Loads the context and returns to user mode by ERET. */
export function enterUser(hart: Hart, context: UserContext): void {
  const { isa } = hart;
  const { registers } = context;
  const write = (name: string) => isa.writeSystem(hart, name, registers.get(name) ?? 0n);
  generalRegisters(hart, GENERAL).load(hart, context);
  isa.writeSystem(hart, 'sp_el0', registers.get('sp') ?? 0n);
  write('tpidr_el0');
  if (vectorsOf.get(hart)?.context !== context || homeOf.get(context) !== hart) {
    loadVectors(hart, context);
    for (const name of FLOAT_SYSTEM) write(name);
  }
  // EL0 with every interrupt unmasked.
  isa.writeSystem(hart, 'spsr_el1', registers.get('nzcv') ?? 0n);
  isa.writeSystem(hart, 'elr_el1', context.pc);
  returnFromTrap(hart);
}

function loadVectors(hart: Hart, context: UserContext): void {
  const vector = vectorSlots(hart);
  const words = new Int32Array(128);
  for (let i = 0; i < 32; i++) {
    const value = context.registers.get(VECTOR[i]) ?? 0n;
    const at = vector[i].offset >>> 3;
    hart.u64[at] = value;
    hart.u64[at + 1] = value >> 64n;
    words.set(hart.i32.subarray(at * 2, at * 2 + 4), i * 4);
  }
  vectorsOf.set(hart, { context, words });
  homeOf.set(context, hart);
}

function same(a: Int32Array, at: number, b: Int32Array, from: number): boolean {
  for (let i = 0; i < 4; i++) if (a[at + i] !== b[from + i]) return false;
  return true;
}

/** ERET. */
export const returnFromTrap = (hart: Hart): void => hart.isa.perform(hart, 'eret');

/** A fresh context; registers not named are zero. */
export const newContext = (entry: bigint, stack: bigint): UserContext => ({
  pc: entry,
  registers: new Map([['sp', stack]]),
});

/** A register of the context by name. */
export const register = (context: UserContext, name: string): bigint => context.registers.get(name) ?? 0n;
