/** Scheduler steps (instructions begun on any hart) for each tick of the platform's timer: 100 MIPS at 10 MHz. */
export const STEPS_PER_TICK = 10;
/** Ticks of the platform's timer in a second, as device trees and auxiliary vectors give it. */
export const TICKS_PER_SECOND = 10_000_000;

/** The machine's deterministic time: instructions begun on any hart, plus what was skipped while all harts waited. */
export class Clock {
  /** Steps up to the start of the current slice. */
  private before = 0;
  private running: { instructions: number } | undefined;
  private startedAt = 0;

  /** Steps so far. */
  get steps(): number {
    return this.before + (this.running ? this.running.instructions - this.startedAt : 0);
  }

  /** Ticks of the platform's timer so far. */
  get ticks(): bigint {
    return BigInt(Math.floor(this.steps / STEPS_PER_TICK));
  }

  /** A hart's slice begins: its instruction count now moves the clock. */
  begin(hart: { instructions: number }): void {
    this.running = hart;
    this.startedAt = hart.instructions;
  }

  /** The slice ends. */
  end(): void {
    this.before = this.steps;
    this.running = undefined;
  }

  /** Steps from now until the tick `ticks` begins; 0 where it has. */
  stepsUntil(ticks: bigint): number {
    const steps = Number(ticks) * STEPS_PER_TICK;
    return Math.max(0, steps - this.steps);
  }

  /** All harts wait: time jumps. */
  skip(steps: number): void {
    this.before += steps;
  }

  reset(steps = 0): void {
    this.before = steps;
    this.running = undefined;
  }
}
