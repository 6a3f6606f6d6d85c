import type { Hart } from '../hart.ts';

/** Why an engine returned to its caller. */
export type EngineExit =
  /** The budget ran out, or the scheduler has something to decide. */
  | { readonly kind: 'limit' }
  /** The hart waits for an interrupt. */
  | { readonly kind: 'waiting' }
  /** The pc entered the gate; `offset` is in bytes from its start. */
  | { readonly kind: 'gate'; readonly offset: number };

/** Told of traps just after they were delivered, for records; absent when nothing is recorded. */
export type TrapObserver = (hart: Hart) => void;

/** Runs a hart's instructions. */
export interface Engine {
  /** Begins at most `limit` instructions on the hart. */
  run(hart: Hart, limit: number): EngineExit;
  /** Forgets all code it made. */
  reset(): void;
}

/** The physical range whose addresses belong to the host's kernel. */
export interface Gate {
  readonly base: bigint;
  readonly size: number;
}
