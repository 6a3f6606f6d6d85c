import type { Hart } from '../hart.ts';
import { LaneViews, type Slot } from '../ir/index.ts';

/** The lanes of a slot of 128 bits, copied out of a hart's state and into it. */
export class Vector extends LaneViews {
  load(hart: Hart, { offset }: Slot): void {
    const at = offset >>> 2;
    for (let k = 0; k < 4; k++) this.i32[k] = hart.i32[at + k];
  }

  store(hart: Hart, { offset }: Slot): void {
    const at = offset >>> 2;
    for (let k = 0; k < 4; k++) hart.i32[at + k] = this.i32[k];
  }
}
