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
  /** Room for values of 128 bits on their way between memory and slots, as words and as halves. */
  readonly wide: Int32Array;
  readonly wide64: BigUint64Array;
  /** Address of the instruction, and of the one to go on with. */
  pc: bigint;
  next: bigint;
}

/** How many values of 128 bits a block can have on their way. */
export const WIDE_VALUES = 32;

/** A context of a hart at rest, over its state block. */
export function makeContext(hart: Hart, memory: VirtualMemory): Context {
  const { u64, i32 } = hart;
  const wide = new Int32Array(WIDE_VALUES * 4);
  const wide64 = new BigUint64Array(wide.buffer);
  return { hart, memory, u64, i32, values: [], wide, wide64, pc: 0n, next: 0n };
}

/** Status of a statement or instruction. */
export const DONE = 0;
export const TRAPPED = 1;
/** The instruction is over, and what is left of it does not happen. */
export const ENDED = 2;
export type Status = typeof DONE | typeof TRAPPED | typeof ENDED;

/** One instruction, ready to run. */
export type Code = (c: Context) => Status;
