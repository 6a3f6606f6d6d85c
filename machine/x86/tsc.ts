import { STEPS_PER_TICK } from '../clock.ts';
import type { Hart } from '../hart.ts';
import { SLOTS } from './registers.ts';

const OFFSET = SLOTS.get('tsc_offset');
const STEPS = BigInt(STEPS_PER_TICK);

/** The time-stamp counter (SDM vol. 3B, 18.17): one for each scheduler step, so 100 MHz; software may set it. */
export const readTsc = (hart: Hart): bigint => BigInt.asUintN(64, BigInt(hart.clock.steps) + hart.get(OFFSET));

/** A deadline of the local APIC's timer may come at another time for it. */
export function writeTsc(hart: Hart, value: bigint): void {
  hart.attention = true;
  hart.leave = true;
  hart.set(OFFSET, BigInt.asUintN(64, value - BigInt(hart.clock.steps)));
}

/** The first tick of the platform's clock at which the counter has reached `value`; 0 where it has already. */
export function tickOfTsc(hart: Hart, value: bigint): bigint {
  const now = readTsc(hart);
  if (value <= now) return 0n;
  return (BigInt(hart.clock.steps) + value - now + STEPS - 1n) / STEPS;
}
