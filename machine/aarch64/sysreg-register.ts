import type { Hart } from '../hart.ts';
import { SLOTS } from './registers.ts';

/** What an access at EL0 comes to: it is made, UNDEFINED, or trapped to EL1 with EC 0x18. */
export type Verdict = 'allowed' | 'undefined' | 'trapped';

/** One system register; sysreg-names.ts has its number. */
export interface SystemRegister {
  readonly name: string;
  /** Absent where it can only be written. */
  read?(hart: Hart): bigint;
  /** Writes what of the value the register holds. Absent where it can only be read. */
  write?(hart: Hart, value: bigint): void;
  /** What an access at EL0 comes to; absent: UNDEFINED, as most are. */
  user?(hart: Hart, write: boolean): Verdict;
  /** Whether an access is UNDEFINED now at EL1 too. */
  absent?(hart: Hart): boolean;
}

/** Rights of EL0 that nothing takes away: to read and write, or to read alone. */
export const everybody = (): Verdict => 'allowed';
export const everybodyReads = (_hart: Hart, write: boolean): Verdict => (write ? 'undefined' : 'allowed');

/** A register that holds whatever bits of `mask` are written to it; `changed` follows each write. */
export function plain(name: string, mask = ~0n, changed?: (hart: Hart) => void): SystemRegister {
  const slot = SLOTS.get(name);
  return {
    name,
    read: (hart) => hart.get(slot),
    write: (hart, value) => {
      hart.set(slot, BigInt.asUintN(64, value & mask));
      changed?.(hart);
    },
  };
}

/** A read-only register that always reads the same. */
export const constant = (name: string, value: bigint): SystemRegister => ({ name, read: () => value });

/** A register that ignores writes and always reads the same. */
export const fixed = (name: string, value = 0n): SystemRegister => ({ name, read: () => value, write: () => {} });
