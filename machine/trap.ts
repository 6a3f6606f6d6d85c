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

/** One field of a syndrome register, decoded: name and what it says. */
export interface SyndromeField {
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
}
