import type { TrapFlow } from '../kernel/index.ts';
import type { Saved } from '../machine/index.ts';

/** How a guest ended. */
export type GuestEnd =
  | { readonly kind: 'exited'; readonly status: number }
  /** By a signal; `report` is the one line about the fault. */
  | { readonly kind: 'killed'; readonly status: number; readonly report: string }
  | { readonly kind: 'panic'; readonly message: string; readonly flow: TrapFlow | undefined }
  /** A bare-metal image that failed, asked for what there is not, or waits for ever. */
  | { readonly kind: 'failed'; readonly status: number; readonly message: string };

/** A loaded guest, with a kernel of ours or without, as the driver sees it. */
export interface Guest {
  /** Runs at most so many instructions; stops early where it waits for input. */
  run(steps: number): 'running' | 'waiting for input' | GuestEnd;
  /** Instructions begun so far, on all harts. */
  readonly instructions: number;
  save(): Saved;
}
