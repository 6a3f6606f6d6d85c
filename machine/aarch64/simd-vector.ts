import type { Hart } from '../hart.ts';
import { LaneViews } from '../ir/index.ts';
import type { Helper } from '../isa.ts';
import { FPSR, V } from './registers.ts';

/** A vector register's lanes, copied out of a hart's state and into it. */
export class Vector extends LaneViews {
  load(hart: Hart, i: number): void {
    const at = V[i].offset >>> 2;
    const { i32 } = this;
    i32[0] = hart.i32[at];
    i32[1] = hart.i32[at + 1];
    i32[2] = hart.i32[at + 2];
    i32[3] = hart.i32[at + 3];
  }

  store(hart: Hart, i: number): void {
    const at = V[i].offset >>> 2;
    const { i32 } = this;
    hart.i32[at] = i32[0];
    hart.i32[at + 1] = i32[1];
    hart.i32[at + 2] = i32[2];
    hart.i32[at + 3] = i32[3];
  }

  clear(): void {
    this.i32.fill(0);
  }

  /** Copies one lane of 8 to 32 bits to all. */
  splat(bits: number, index: number): void {
    const lanes = this.small(bits, false);
    lanes.fill(lanes[index]);
  }
}

/** Where helpers put their operands, before they write anything: V[n], V[m], and V[d] as it was. */
export const N = new Vector();
export const M = new Vector();
export const D = new Vector();
/** What becomes of V[d]. */
export const R = new Vector();

/** How a result that does not fit its lane is cut: to its low bits, or to the nearest value of a range. */
export type Cut = 'wrap' | 'signed' | 'unsigned';

let saturated = false;

/** The values that a lane may take, from `low` to `high`; all of them where the lane takes their low bits. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

const ALL: Range = { low: -Infinity, high: Infinity };
const ranges = (range: (bits: number) => Range) => new Map([8, 16, 32].map((bits) => [bits, range(bits)]));
const RANGES = {
  signed: ranges((bits) => ({ low: -(2 ** (bits - 1)), high: 2 ** (bits - 1) - 1 })),
  unsigned: ranges((bits) => ({ low: 0, high: 2 ** bits - 1 })),
};

/** The range of a lane of 8, 16 or 32 bits. */
export const rangeOf = (bits: number, to: Cut): Range => (to === 'wrap' ? ALL : RANGES[to].get(bits)!);

/** A value cut to a lane's range (SatQ). Helpers that cut end with {@link finish}. */
export function cut(value: number, { low, high }: Range): number {
  if (value >= low && value <= high) return value;
  saturated = true;
  return value < low ? low : high;
}

/** The same for values that a number may not hold. */
export function cutBig(value: bigint, bits: number, to: Cut): bigint {
  if (to === 'wrap') return value;
  const near = to === 'signed' ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (near === value) return value;
  saturated = true;
  if (to === 'unsigned') return value < 0n ? 0n : (1n << BigInt(bits)) - 1n;
  const limit = 1n << BigInt(bits - 1);
  return value < 0n ? -limit : limit - 1n;
}

/** FPSR.QC: a result was cut to its range, cumulative. */
export const QC = 1 << 27;

/** Writes the result, and QC if a value was cut to its range. */
export function finish(hart: Hart, d: number): true {
  R.store(hart, d);
  if (saturated) {
    saturated = false;
    hart.set32(FPSR, hart.get32(FPSR) | QC);
  }
  return true;
}

/** A helper, and what it touches beside V[n] and V[m], which it reads, and V[d], which it writes. */
export interface Operation {
  readonly run: Helper;
  /** It may set FPSR.QC. */
  readonly saturates: boolean;
  /** It reads V[d] too. */
  readonly accumulates: boolean;
}
