import type { Access, Privilege } from './access.ts';
import type { Walk } from './walk.ts';

/**
 * The trap that a hart is about to take: one record a hart, filled where the trap is found and delivered by the target.
 * `cause` is the target's number of the exception; `value` what goes into stval, CR2 or FAR.
 */
export interface Trap {
  cause: number;
  interrupt: boolean;
  value: bigint;
  /** The memory access that failed, its first byte's address, and the walk that decided; absent otherwise. */
  access: Access | undefined;
  address: bigint;
  walk: Walk | undefined;
  /** Where it was taken: pc, privilege, and how many instructions the hart had retired. Filled at delivery. */
  pc: bigint;
  from: Privilege;
  retired: number;
}

export const noTrap = (): Trap => ({
  cause: 0,
  interrupt: false,
  value: 0n,
  access: undefined,
  address: 0n,
  walk: undefined,
  pc: 0n,
  from: 'machine',
  retired: 0,
});

/** One field of a syndrome register, decoded: whose it is, its name and what it says. */
export interface SyndromeField {
  readonly register: string;
  readonly name: string;
  readonly text: string;
}

/** A trap as it was delivered, for records: raw syndrome registers by name, and in words. */
export interface Syndrome {
  /** In the order the manual lists them: `scause`, `stval`, `sepc`, `sstatus`. */
  readonly registers: readonly { readonly name: string; readonly value: bigint }[];
  readonly fields: readonly SyndromeField[];
  /** One phrase: `store/AMO page fault`. */
  readonly summary: string;
  /** The number by which the manual lists what happened, where the first register is that: exception code, vector. */
  readonly code?: number;
}

/** One field of a register in words: what it says, its bits (`8`, `31:26`) and their value. */
export interface RegisterField extends Omit<SyndromeField, 'register'> {
  readonly bits: string;
  readonly value: bigint;
}

/** A register with every field of it. */
export interface ExplainedRegister {
  readonly name: string;
  readonly value: bigint;
  readonly fields: readonly RegisterField[];
}

/** What the registers of a trap say, whole: the decoding that `Syndrome` is taken from. */
export interface Explanation {
  readonly registers: readonly ExplainedRegister[];
  /** As in `Syndrome`. */
  readonly summary: string;
}

/** How a field is read: its name, its highest and lowest bit, and its words where they are not its value. */
export type FieldRow = readonly [name: string, high: number, low: number, words?: (value: bigint) => string];

/** The fields of a register, in the order given; what lies between them is told only where it is not zero. */
export function fieldsOf(register: bigint, rows: readonly FieldRow[]): RegisterField[] {
  let rest = register;
  const fields = rows.map(([name, high, low, words]): RegisterField => {
    const mask = (1n << BigInt(high - low + 1)) - 1n;
    const value = (register >> BigInt(low)) & mask;
    rest &= ~(mask << BigInt(low));
    const bits = high === low ? `${high}` : `${high}:${low}`;
    return { name, bits, value, text: words ? words(value) : value < 10n ? `${value}` : `0x${value.toString(16)}` };
  });
  if (rest === 0n) return fields;
  const text = `reserved, and yet 0x${rest.toString(16)}`;
  return [...fields, { name: 'other bits', bits: '63:0', value: rest, text }];
}
