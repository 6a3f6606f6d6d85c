import { defaultAction, SIG_IGN, SIGNALS } from '../abi/signals.ts';

/** A struct sigaction as the kernel remembers it. */
export interface SignalAction {
  readonly handler: bigint;
  readonly flags: bigint;
  readonly mask: bigint;
  /** Only where the target's structure has it. */
  readonly restorer?: bigint;
}

export const DEFAULT_ACTION: SignalAction = { handler: 0n, flags: 0n, mask: 0n };

/** An alternate signal stack as sigaltstack sets it. */
export interface SignalStack {
  readonly start: bigint;
  readonly flags: number;
  readonly size: bigint;
}

export const NO_STACK: SignalStack = { start: 0n, flags: 2, size: 0n };

/** What a process asked to happen on signals. Handlers are remembered; none is called yet. */
export class SignalState {
  private readonly actions = new Map<number, SignalAction>();
  mask = 0n;
  /** Signals sent while the mask holds them back. */
  pending = 0n;
  stack: SignalStack = NO_STACK;

  action(signal: number): SignalAction {
    return this.actions.get(signal) ?? DEFAULT_ACTION;
  }

  setAction(signal: number, action: SignalAction): void {
    this.actions.set(signal, action);
  }

  ignores(signal: number): boolean {
    if (signal === SIGNALS.SIGKILL) return false;
    return this.action(signal).handler === SIG_IGN;
  }

  /** Whether a signal sent to the process ends it: no handler is called yet, so one that is installed ends it too. */
  fatal(signal: number): boolean {
    return !this.ignores(signal) && defaultAction(signal) === 'terminate';
  }

  copy(): SignalState {
    const copy = new SignalState();
    for (const [signal, action] of this.actions) copy.actions.set(signal, action);
    copy.mask = this.mask;
    copy.stack = this.stack;
    return copy;
  }
}
