import type { Options } from 'yargs';
import type { Given } from './run-options.ts';

/** One command of `faultline`. */
export interface Command {
  readonly name: string;
  /** Operands as the usage line shows them: `<program> [args..]`. */
  readonly operands: string;
  readonly describe: string;
  readonly options: Readonly<Record<string, Options>>;
  /** Pairs of a command line behind `faultline` and what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** Everything behind the first operand is the guest's. */
  readonly takesGuestArguments?: boolean;
  /** Returns the exit status. `operand`: the first operand; `rest`: what stood behind it. */
  run(given: Given, operand: string | undefined, rest: readonly string[]): Promise<number>;
}
