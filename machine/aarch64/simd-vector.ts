import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { FPSR, V } from './registers.ts';

/** Lanes that a number holds exactly, with room for sums and for products of half their width. */
export type SmallLanes = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;
/** Lanes of 64 bits. */
export type BigLanes = BigInt64Array | BigUint64Array;

/** A vector register's 16 bytes as lanes of every width, lane 0 lowest. A store cuts a value to its lane. */
export class Vector {
  readonly u8 = new Uint8Array(16);
  readonly i8 = new Int8Array(this.u8.buffer);
  readonly i16 = new Int16Array(this.u8.buffer);
  readonly u16 = new Uint16Array(this.u8.buffer);
  readonly i32 = new Int32Array(this.u8.buffer);
  readonly u32 = new Uint32Array(this.u8.buffer);
  readonly i64 = new BigInt64Array(this.u8.buffer);
  readonly u64 = new BigUint64Array(this.u8.buffer);

  /** The lanes of 8, 16 or 32 bits. */
  small(bits: number, signed: boolean): SmallLanes {
    if (bits === 8) return signed ? this.i8 : this.u8;
    if (bits === 16) return signed ? this.i16 : this.u16;
    return signed ? this.i32 : this.u32;
  }

  big(signed: boolean): BigLanes {
    return signed ? this.i64 : this.u64;
  }

  load(hart: Hart, i: number): void {
    const at = V[i].offset >>> 2;
    const { i32 } = this;
    i32[0] = hart.i32[at];
    i32[1] = hart.i32[at + 1];
    i32[2] = hart.i32[at + 2];
    i32[3] = hart.i32[at + 3];
  }

  store(hart: Hart, i: number): void {
    hart.i32.set(this.i32, V[i].offset >>> 2);
  }

  clear(): void {
    this.i32.fill(0);
  }

  /** Copies one lane to all. */
  splat(bits: number, index: number): void {
    if (bits === 64) this.u64.fill(this.u64[index]);
    else {
      const lanes = this.small(bits, false);
      lanes.fill(lanes[index]);
    }
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
