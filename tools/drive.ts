import type { Guest, GuestEnd } from './guest.ts';
import { breathe, type Interrupts, type StandardStreams } from './host.ts';
import type { LimitOptions } from './run-options.ts';

/** How a run ended: with its guest, or before. */
export type RunEnd =
  | GuestEnd
  | { readonly kind: 'out of instructions' }
  | { readonly kind: 'interrupted'; readonly signal: number };

/** Instructions between two looks at signals and input: some 50 ms. */
const SLICE = 100_000;

/** Runs a guest to its end, a limit or a signal. `save` is called once, after exactly as many instructions as asked. */
export async function drive(
  guest: Guest,
  limits: LimitOptions,
  streams: StandardStreams,
  interrupts: Interrupts,
  save: () => void,
): Promise<RunEnd> {
  const most = limits.maxInstructions ?? Number.POSITIVE_INFINITY;
  let saveAt = limits.save?.at ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const { instructions } = guest;
    if (instructions >= saveAt) {
      save();
      saveAt = Number.POSITIVE_INFINITY;
    }
    if (instructions >= most) return { kind: 'out of instructions' };
    const stop = guest.run(Math.min(SLICE, most - instructions, saveAt - instructions));
    if (typeof stop === 'object') return stop;
    if (stop === 'waiting for input') await streams.arrival();
    else await breathe();
    if (interrupts.signal !== undefined) return { kind: 'interrupted', signal: interrupts.signal };
  }
}
