// Shifts of packed integers in the IR's lanes, of XMM and MMX registers alike.

import type { Builder, V128 } from '../ir/index.ts';
import { type Binary, SHAPES, upTo } from './sse-lift.ts';

/** Logical to the left or right, or arithmetic to the right. */
export type Direction = 'shl' | 'shr_u' | 'shr_s';

/** By the quadword in the second operand: by the lane's width or more, zeros or sign bits remain (SDM vol. 2B, PSLLW). */
export const shiftByVector =
  (direction: Direction, bits: number): Binary =>
  (b, a, c) => {
    const count = b.pure('v128.low', c);
    const within = b.ltU(count, b.i64(BigInt(bits)));
    if (direction === 'shr_s') {
      const limited = b.select(within, count, b.i64(BigInt(bits - 1)));
      return b.pure(`${SHAPES[bits]}.shr_s`, a, b.wrap(limited));
    }
    const mask = b.select(within, b.i64(~0n), b.i64(0n));
    return b.pure(
      'v128.and',
      b.pure(`${SHAPES[bits]}.${direction}`, a, b.wrap(count)),
      b.pure('v128.make', mask, mask),
    );
  };

/** By a constant. */
export function shiftBy(b: Builder, direction: Direction, bits: number, a: V128, count: number): V128 {
  if (direction === 'shr_s') return b.pure(`${SHAPES[bits]}.shr_s`, a, b.i32(Math.min(count, bits - 1)));
  return count < bits ? b.pure(`${SHAPES[bits]}.${direction}`, a, b.i32(count)) : b.v128(0n);
}

/** PSLLDQ and PSRLDQ: by so many bytes. */
export function shiftBytes(b: Builder, direction: 'left' | 'right', a: V128, count: number): V128 {
  const by = Math.min(count, 16) * (direction === 'left' ? -1 : 1);
  return b.shuffle(
    a,
    b.v128(0n),
    upTo(16).map((k) => (k + by >= 0 && k + by < 16 ? k + by : 16)),
  );
}
