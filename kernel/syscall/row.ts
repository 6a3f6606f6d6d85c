import type { Channel } from '../fs/file.ts';
import type { Call } from './call.ts';

/** How a call's argument is read from its register, and how traces show it. */
const KINDS = {
  /** C int: the upper half of the register is ignored. */
  int: {
    read: (value: bigint) => Number(BigInt.asIntN(32, value)),
    text: (value: bigint) => `${BigInt.asIntN(32, value)}`,
  },
  /** unsigned int of flag bits. */
  flags: {
    read: (value: bigint) => Number(BigInt.asIntN(32, value)),
    text: (value: bigint) => `0x${BigInt.asUintN(32, value).toString(16)}`,
  },
  /** C long. */
  long: { read: (value: bigint) => BigInt.asIntN(64, value), text: (value: bigint) => `${BigInt.asIntN(64, value)}` },
  /** size_t. */
  size: { read: (value: bigint) => value, text: (value: bigint) => `${value}` },
  /** unsigned long of flag bits. */
  bits: { read: (value: bigint) => value, text: (value: bigint) => `0x${value.toString(16)}` },
  pointer: {
    read: (value: bigint) => value,
    text: (value: bigint) => (value === 0n ? 'NULL' : `0x${value.toString(16)}`),
  },
} as const;

export type Kind = keyof typeof KINDS;
type Value<K extends Kind> = ReturnType<(typeof KINDS)[K]['read']>;
type Values<Ks extends readonly Kind[]> = { -readonly [I in keyof Ks]: Value<Ks[I]> };

/** A call that cannot go on yet: it starts again when one of its channels has news or the time has come. */
export class Blocked {
  readonly channels: readonly Channel[];
  /** In ticks of the timer. */
  readonly until: bigint | undefined;
  /** In words, for records. */
  readonly on: string;

  constructor(on: string, channels: readonly Channel[], until?: bigint) {
    this.on = on;
    this.channels = channels;
    this.until = until;
  }
}

/** What a call gives: the value for its result register, or that it must wait. Errors are thrown as LinuxError. */
export type Result = number | bigint | Blocked;

/** One system call as the table holds it. */
export interface CallRow {
  readonly name: string;
  readonly kinds: readonly Kind[];
  /** What of Linux's call is missing; absent where nothing is known to be. */
  readonly partial: string | undefined;
  run(call: Call, registers: readonly bigint[]): Result;
}

/** A system call: its name, the kinds of its arguments, and what it does. */
export function row<const Ks extends readonly Kind[]>(
  name: string,
  kinds: Ks,
  run: (call: Call, ...args: Values<Ks>) => Result,
): CallRow {
  return {
    name,
    kinds,
    partial: undefined,
    run: (call, registers) => run(call, ...(kinds.map((kind, i) => KINDS[kind].read(registers[i])) as Values<Ks>)),
  };
}

/** The same call, known to lack something. */
export const partial = (why: string, call: CallRow): CallRow => ({ ...call, partial: why });

/** The arguments in words; of a call that is not known, all six registers. */
export const argumentWords = (call: CallRow | undefined, registers: readonly bigint[]): string[] =>
  call ? call.kinds.map((kind, i) => KINDS[kind].text(registers[i])) : registers.map((value) => KINDS.bits.text(value));
