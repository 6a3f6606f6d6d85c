import type { Row } from '../../../machine/decode/index.ts';
import type { Instruction } from '../../../machine/isa.ts';

/** One case: what runs, and the words that it starts from. */
export interface Case {
  readonly row: Row;
  /** The instructions in order; the last is the row's. */
  readonly instructions: readonly Instruction[];
  readonly input: BigUint64Array;
}

/** One case that ended in two ways. */
export interface Difference {
  readonly case: Case;
  readonly here: BigUint64Array;
  readonly there: BigUint64Array;
}

/** A place where both may rightly differ, and the manual's word on it. */
export interface Exemption {
  readonly clause: string;
  readonly holds: (difference: Difference) => boolean;
}

export const last = ({ instructions }: Case): Instruction => instructions[instructions.length - 1];

/** Linux's signals that end a case; `none` is a system call's. */
export const SIGNAL = { none: 0, SIGILL: 4, SIGTRAP: 5, SIGBUS: 7, SIGSEGV: 11 } as const;

/** SIGVTALRM is the outsider's for a case that never traps. */
const SIGNAL_NAMES = new Map(
  Object.entries({ ...SIGNAL, SIGVTALRM: 26 }).map(([name, number]) => [BigInt(number), name] as const),
);

export const signalName = (signal: bigint): string => SIGNAL_NAMES.get(signal) ?? `signal ${signal}`;

/** Where a result's words are that mean the same on every target. */
export interface ResultLayout {
  readonly signal: number;
  readonly pc: number;
  readonly address: number;
  readonly memory: number;
  readonly words: number;
}

/** The words of two results that differ. */
export function differingBy(output: ResultLayout, here: BigUint64Array, there: BigUint64Array): number[] {
  const words: number[] = [];
  for (let i = 0; i < output.words; i++) {
    if (here[i] === there[i]) continue;
    // An address is told of where memory refused, and by the host only where it is canonical.
    if (i === output.address && (here[output.signal] !== BigInt(SIGNAL.SIGSEGV) || here[i] >> 47n !== 0n)) continue;
    words.push(i);
  }
  return words;
}
