import type { Hart } from '../hart.ts';
import { SHADOW } from './registers.ts';

/** Marks a load of SS, which holds back debug exceptions too. */
const STACK = 1n << 63n;

/**
 * Holds interrupts back until the next instruction is done. Of several in a row only the first does, so that a guest
 * cannot hold them back for ever (SDM vol. 3A, 6.8.3).
 */
function hold(hart: Hart, mark: bigint): void {
  const now = BigInt(hart.instructions);
  if ((hart.get(SHADOW) & ~STACK) === now) return;
  hart.set(SHADOW, (now + 1n) | mark);
  hart.attention = true;
}

/** STI where IF was clear. */
export const holdAfterSti = (hart: Hart): void => hold(hart, 0n);
/** MOV SS and POP SS. */
export const holdAfterStackLoad = (hart: Hart): void => hold(hart, STACK);

/** What the instruction just done holds back: nothing, interrupts, or debug exceptions as well. */
export function heldBack(hart: Hart): 'nothing' | 'interrupts' | 'all' {
  const shadow = hart.get(SHADOW);
  if ((shadow & ~STACK) !== BigInt(hart.instructions) + 1n) return 'nothing';
  return (shadow & STACK) !== 0n ? 'all' : 'interrupts';
}

/** An exception was taken: nothing is held back in its handler. */
export const releaseHold = (hart: Hart): void => hart.set(SHADOW, 0n);
