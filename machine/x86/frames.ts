// ENTER's stack frames (SDM vol. 2A, ENTER).
import { accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Slot } from '../ir/index.ts';
import type { Helper } from '../isa.ts';
import { BASE, CODE_64, RBP, RSP, SEGMENT, T } from './registers.ts';

/**
 * Pushes rBP, `level` − 1 frame pointers from below where it points to, and the new one, in T[0]. Each is read when it is
 * pushed: the new frame may lie over the old one.
 */
function pushFrames(hart: Hart, size: number, level: number, stackSize: number, mode: number): boolean {
  const { memory } = hart;
  const load = accessShape('load', size, 'plain', { stack: true });
  const store = accessShape('store', size, 'plain', { stack: true });
  const below = (register: Slot, count: number): bigint => {
    const offset = BigInt.asUintN(8 * stackSize, hart.get(register) - BigInt(size * count));
    return mode === CODE_64 ? offset : BigInt.asUintN(32, hart.get(BASE[SEGMENT.ss]) + offset);
  };
  const cut = (value: bigint) => BigInt.asUintN(8 * size, value);
  if (!memory.storeAs(below(RSP, 1), store, cut(hart.get(RBP)))) return false;
  for (let k = 1; k < level; k++) {
    const frame = memory.loadAs(below(RBP, k), load);
    if (frame === undefined || !memory.storeAs(below(RSP, k + 1), store, frame)) return false;
  }
  return memory.storeAs(below(RSP, level + 1), store, cut(hart.get(T[0])));
}

/** Helpers of ENTER. */
export const FRAME_HELPERS: Readonly<Record<string, Helper>> = { pushFrames };
