import type { Hart } from '../hart.ts';
import type { Saved } from '../memory/device.ts';
import { tickOfTsc } from './tsc.ts';

/** Bits 18:17 of the LVT timer register (SDM vol. 3A, 11.5.1). */
export const TIMER_MODE = { oneShot: 0, periodic: 1, deadline: 2 } as const;

/** Ticks from which on an event counts as never: a year of guest time, and still exact as a number of steps. */
const NEVER = 1n << 48n;

/**
 * The local APIC's timer: a count of the platform's clock, divided (SDM vol. 3A, 11.5.4), or a deadline of the time-stamp
 * counter (11.5.4.1). Nothing counts: all is reckoned from the tick at which the count began.
 */
export class ApicTimer {
  mode: number = TIMER_MODE.oneShot;
  /** The initial count; 0: the timer is stopped. */
  initial = 0n;
  /** The divide configuration register. */
  configuration = 0;
  /** IA32_TSC_DEADLINE; 0: not armed. */
  deadline = 0n;
  /** The tick at which the count began. */
  private start = 0n;
  /** A one-shot count has come to 0. */
  private done = true;
  private readonly hart: Hart;

  constructor(hart: Hart) {
    this.hart = hart;
  }

  /** 2, 4 … 128, and 1, by bits 3, 1 and 0 (figure 11-10). */
  private get divisor(): bigint {
    const selection = (this.configuration & 3) | ((this.configuration >> 1) & 4);
    return 1n << BigInt((selection + 1) & 7);
  }

  private get now(): bigint {
    return this.hart.clock.ticks;
  }

  /** Ticks from one end of the count to the next. */
  private get period(): bigint {
    return this.initial * this.divisor;
  }

  /** Writing the initial count starts the timer, or stops it with 0; a deadline is not touched by it. */
  begin(count: bigint): void {
    if (this.mode === TIMER_MODE.deadline) return;
    this.initial = count;
    this.start = this.now;
    this.done = count === 0n;
  }

  /** What the current-count register shows. */
  get current(): bigint {
    if (this.mode === TIMER_MODE.deadline || this.done || this.initial === 0n) return 0n;
    return this.initial - (this.now - this.start) / this.divisor;
  }

  /** Another divisor: the count goes on from where it is. */
  configure(value: number): void {
    const { current } = this;
    this.configuration = value & 0b1011;
    this.start = this.now - (this.initial - current) * this.divisor;
  }

  /** Another mode; between a deadline and a count the timer is disarmed (11.5.4.1). */
  setMode(mode: number): void {
    const crosses = (mode === TIMER_MODE.deadline) !== (this.mode === TIMER_MODE.deadline);
    this.mode = mode;
    if (!crosses) return;
    this.initial = 0n;
    this.done = true;
    this.deadline = 0n;
  }

  /** Whether it has gone off since it was last asked. */
  expired(): boolean {
    const { now } = this;
    if (this.mode === TIMER_MODE.deadline) {
      if (this.deadline === 0n || tickOfTsc(this.hart, this.deadline) > now) return false;
      this.deadline = 0n;
      return true;
    }
    if (this.done || now - this.start < this.period) return false;
    if (this.mode === TIMER_MODE.periodic) this.start += ((now - this.start) / this.period) * this.period;
    else this.done = true;
    return true;
  }

  /** The tick at which it next goes off after now. */
  next(): bigint | undefined {
    let tick: bigint;
    if (this.mode === TIMER_MODE.deadline) {
      if (this.deadline === 0n) return undefined;
      tick = tickOfTsc(this.hart, this.deadline);
    } else {
      if (this.done) return undefined;
      tick = this.start + this.period;
    }
    return tick > this.now && tick - this.now < NEVER ? tick : undefined;
  }

  save(): Saved {
    const { mode, initial, configuration, deadline, start, done } = this;
    return { mode, initial, configuration, deadline, start, done };
  }

  restore(saved: Saved): void {
    Object.assign(this, saved);
  }
}
