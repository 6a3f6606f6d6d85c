import type { Hart, Slot } from '../../../machine/index.ts';
import { generalRegisters, type UserContext } from '../arch.ts';
import { SSTATUS } from './registers.ts';

const INTEGER = Array.from({ length: 31 }, (_, i) => `x${i + 1}`);
const FLOAT = Array.from({ length: 32 }, (_, i) => `f${i}`);

const slots = new WeakMap<object, Slot[]>();

function floatSlots(hart: Hart): Slot[] {
  const table = hart.isa.slots;
  let found = slots.get(table);
  if (!found) {
    found = FLOAT.map((name) => table.get(name));
    slots.set(table, found);
  }
  return found;
}

/**
 * Whose floating-point registers a hart holds, and on which hart a context's were last: where both agree they need not be
 * loaded again. Forgetting either costs a load and nothing else, so snapshots leave them out.
 */
const floatOf = new WeakMap<Hart, UserContext>();
const homeOf = new WeakMap<UserContext, Hart>();

/** Saves what user code can change. The floating-point registers only where FS says that they were written. */
export function saveUser(hart: Hart, context: UserContext): void {
  const { isa } = hart;
  const { registers } = context;
  context.pc = isa.readSystem(hart, 'sepc');
  generalRegisters(hart, INTEGER).save(hart, context);
  const status = isa.readSystem(hart, 'sstatus');
  if ((status & SSTATUS.FS) !== SSTATUS.FS_DIRTY) return;
  const float = floatSlots(hart);
  for (let i = 0; i < 32; i++) registers.set(FLOAT[i], hart.get(float[i]));
  registers.set('fcsr', isa.readSystem(hart, 'fcsr'));
}

/** Loads the context and returns to user mode by SRET. */
export function enterUser(hart: Hart, context: UserContext): void {
  const { isa } = hart;
  const { registers } = context;
  generalRegisters(hart, INTEGER).load(hart, context);
  if (floatOf.get(hart) !== context || homeOf.get(context) !== hart) {
    const float = floatSlots(hart);
    for (let i = 0; i < 32; i++) hart.set(float[i], registers.get(FLOAT[i]) ?? 0n);
    isa.writeSystem(hart, 'fcsr', registers.get('fcsr') ?? 0n);
    floatOf.set(hart, context);
    homeOf.set(context, hart);
  }
  const kept = isa.readSystem(hart, 'sstatus') & ~(SSTATUS.SPP | SSTATUS.FS | SSTATUS.SIE);
  isa.writeSystem(hart, 'sstatus', kept | SSTATUS.SPIE | SSTATUS.FS_CLEAN);
  isa.writeSystem(hart, 'sepc', context.pc);
  returnFromTrap(hart);
}

/** SRET. */
export const returnFromTrap = (hart: Hart): void => hart.isa.perform(hart, 'sret');

/** A fresh context; registers not named are zero. */
export const newContext = (entry: bigint, stack: bigint): UserContext => ({
  pc: entry,
  registers: new Map([['x2', stack]]),
});

/** A register of the context by slot name. */
export const register = (context: UserContext, name: string): bigint => context.registers.get(name) ?? 0n;
