import type { Hart } from '../../machine/index.ts';
import type { Memory } from './memory.ts';

/** ACCESSING_USER_MEM of the hart: what the fault handler asks of a fault taken in kernel mode. */
export const isAccessingUserMemory = (memory: Memory, hart: Hart): boolean => memory.userAccess[hart.id];

/**
 * To be called at every entry of the kernel, nested ones included, after the trap state was saved: axptr leaves user
 * memory open throughout kernel mode, corrected closes it (an entry from the middle of an access finds it open).
 */
export function atKernelEntry(memory: Memory, hart: Hart): void {
  memory.arch.setUserAccess(hart, memory.uaccess === 'axptr');
}

/**
 * Runs `f` with the hart's user-access flag set. axptr: the flag is then cleared, not restored, and stays set where `f`
 * throws. corrected: it is restored on every way out, and the hardware lets the kernel at user pages only inside.
 */
export function accessUserMemory<R>(memory: Memory, hart: Hart, f: () => R): R {
  const { userAccess, arch } = memory;
  if (memory.uaccess === 'axptr') {
    userAccess[hart.id] = true;
    const result = f();
    userAccess[hart.id] = false;
    return result;
  }
  if (userAccess[hart.id]) return f();
  userAccess[hart.id] = true;
  arch.setUserAccess(hart, true);
  try {
    return f();
  } finally {
    userAccess[hart.id] = false;
    arch.setUserAccess(hart, false);
  }
}
