import type { FloatEnv } from '../float/index.ts';
import type { Hart } from '../hart.ts';
import { accumulate } from './float-env.ts';
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

/** What becomes of a vector, lane by lane; it is written when all operands have been read. */
const made64 = new BigUint64Array(2);
const made32 = new Uint32Array(made64.buffer);
const made16 = new Uint16Array(made64.buffer);

/** Makes lanes 0 to `count`, the rest zero, and writes them to V[d]; `upper`: 64 bits, behind the lower half as it was. */
export function setLanes(
  hart: Hart,
  d: number,
  width: number,
  count: number,
  make: (k: number) => bigint,
  upper = false,
): void {
  made64.fill(0n);
  for (let k = 0; k < count; k++) {
    const value = make(k);
    if (width === 64) made64[k] = value;
    else if (width === 32) made32[k] = Number(value);
    else made16[k] = Number(value);
  }
  const at = V[d].offset >>> 3;
  if (!upper) hart.u64[at] = made64[0];
  hart.u64[at + 1] = made64[upper ? 0 : 1];
}

/** Makes lanes 0 to `lanes` of V[d], the rest zero; one lane is a scalar. Every lane raises its flags. */
export function makeLanes(
  hart: Hart,
  width: number,
  lanes: number,
  d: number,
  env: FloatEnv,
  make: (k: number) => bigint,
): true {
  if (lanes === 1) setScalar(hart, d, make(0));
  else setLanes(hart, d, width, lanes, make);
  accumulate(hart, env);
  return true;
}
