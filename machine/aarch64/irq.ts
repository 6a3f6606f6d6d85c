import type { Hart } from '../hart.ts';
import { physicalTimer, virtualTimer } from './timer.ts';

/** The hart's interrupt lines: IRQ, driven from outside. */
export const IRQ_LINE = 0;

/** Whether an IRQ is pending, masked or not. */
export const irqPending = (hart: Hart): boolean =>
  (hart.lines & (1 << IRQ_LINE)) !== 0 || virtualTimer(hart) || physicalTimer(hart);
