import type { Hart } from '../hart.ts';
import { V } from './registers.ts';

/** Lane `k` of V[i], of 16, 32 or 64 bits. */
export function lane(hart: Hart, i: number, width: number, k: number): bigint {
  const at = V[i].offset;
  if (width === 64) return hart.u64[(at >>> 3) + k];
  if (width === 32) return BigInt(hart.i32[(at >>> 2) + k] >>> 0);
  return BigInt((hart.i32[(at >>> 2) + (k >> 1)] >>> ((k & 1) * 16)) & 0xffff);
}

/** Writes a scalar, the rest of V[d] zero. */
export function setScalar(hart: Hart, d: number, value: bigint): void {
  const at = V[d].offset >>> 3;
  hart.u64[at] = value;
  hart.u64[at + 1] = 0n;
}

/** Writes V[d] from its lowest lane on, zeros behind the given ones; a `upper` half leaves the lower one as it was. */
export function setLanes(hart: Hart, d: number, width: number, values: readonly bigint[], upper = false): void {
  const packed = [0n, 0n];
  const perHalf = 64 / width;
  values.forEach((value, k) => {
    packed[Math.floor(k / perHalf)] |= value << BigInt((k % perHalf) * width);
  });
  const at = V[d].offset >>> 3;
  if (!upper) hart.u64[at] = packed[0];
  hart.u64[at + 1] = packed[upper ? 0 : 1];
}
