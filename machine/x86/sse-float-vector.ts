import { F32, F64, type FloatFormat } from '../float/index.ts';
import type { Hart } from '../hart.ts';
import { W } from './registers.ts';
import { Vector } from './sse-vector.ts';

/** A vector whose lanes are numbers of the host, too. */
export class FloatVector extends Vector {
  readonly f32 = new Float32Array(this.u8.buffer);
  readonly f64 = new Float64Array(this.u8.buffer);

  /** A lane's pattern. */
  bits(width: number, k: number): bigint {
    return width === 32 ? BigInt(this.u32[k]) : this.u64[k];
  }

  setBits(width: number, k: number, value: bigint): void {
    if (width === 32) this.u32[k] = Number(value);
    else this.u64[k] = value;
  }

  /** The lanes as the host's numbers. */
  numbers(width: number): Float32Array | Float64Array {
    return width === 32 ? this.f32 : this.f64;
  }
}

export const formatOf = (width: number): FloatFormat => (width === 32 ? F32 : F64);

/** The least normal number of each format. */
export const leastNormal = (width: number): number => (width === 32 ? 2 ** -126 : 2 ** -1022);

/** A zero, a normal number or an infinity: of these, comparisons raise nothing and the host's are right. */
export const ordinary = (width: number, x: number): boolean => Math.abs(x) >= leastNormal(width) || x === 0;

/** Operands in W[0] and W[1], and the result, which begins as the first. */
export const A = new FloatVector();
export const B = new FloatVector();
export const R = new FloatVector();

/** Takes the operands. */
export function take(hart: Hart): void {
  A.load(hart, W[0]);
  B.load(hart, W[1]);
  R.load(hart, W[0]);
}
