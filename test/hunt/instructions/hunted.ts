import type { Hart, Isa, Privilege } from '../../../machine/index.ts';
import type { Random } from '../../machine/semantics/random.ts';

/** Pages of memory, and where it begins. */
export const PAGES = 16;
export const SIZE = PAGES * 4096;

/** Numbers that lead somewhere: edges, devices, and addresses in memory. */
export interface Values {
  /** Anything that a register may hold. */
  value(): bigint;
  /** An address in memory, mostly aligned to 8 bytes. */
  pointer(): bigint;
}

/** What hunting the instructions of a target takes: how its instructions, tables and states are made at random. */
export interface Hunted {
  readonly isa: Isa;
  /** Addresses and numbers where something changes. */
  readonly edges: readonly bigint[];
  readonly devices: readonly bigint[];
  /** Privileges that exceptions are taken to. */
  readonly privileges: readonly Privilege[];
  /** The bytes of something that is likely an instruction. */
  instruction(random: Random): readonly number[];
  /** Lays tables of some sense into memory full of code. */
  tables(memory: DataView, random: Random): void;
  /** Gives a hart a random state; says in a few words which kind. */
  scramble(hart: Hart, random: Random, values: Values): string;
  /** Throws where a hart is in a state that no instruction may ever bring about. */
  check(hart: Hart): void;
  /** The kind of a hart's trap, and whether it was fetching that trapped. */
  kind(hart: Hart): { readonly name: string; readonly fetch: boolean };
  /** The kinds that the hunt must meet. */
  readonly kinds: readonly string[];
  /** It must meet more kinds of states than so many. */
  readonly states: number;
}

/** The low `size` bytes of an instruction, the lowest first. */
export const bytesOf = (bits: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => (bits >>> (8 * i)) & 255);

/** Page tables in the first four pages: the first is full of entries, of the others every second place. */
export function layEntries(memory: DataView, random: Random, entry: (random: Random) => bigint): void {
  for (let at = 0; at < 4 * 4096; at += 8) {
    if (at >= 4096 && random.oneIn(2)) continue;
    memory.setBigUint64(at, entry(random), true);
  }
}
