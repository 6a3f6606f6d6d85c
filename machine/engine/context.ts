import type { Hart } from '../hart.ts';
import type { Scalar } from '../ir/index.ts';
import type { VirtualMemory } from '../virtual-memory.ts';

/** What running code sees: the hart, its memory, and where it is. */
export interface Context {
  readonly hart: Hart;
  readonly memory: VirtualMemory;
  readonly u64: BigUint64Array;
  readonly i32: Int32Array;
  /** Values that a block uses more than once, or that an effect yields, by node number. */
  readonly values: Scalar[];
  /** Address of the instruction, and of the one to go on with. */
  pc: bigint;
  next: bigint;
}

/** Status of a statement or instruction. */
export const DONE = 0;
export const TRAPPED = 1;
export type Status = typeof DONE | typeof TRAPPED;

/** One instruction, ready to run. */
export type Code = (c: Context) => Status;
