// Operations of 64 bits or, where `sf` is 0, of 32: these are i32 operations on the registers' low halves, of which
// engines have to mask nothing.
import type { Builder, I32, I64 } from '../ir/index.ts';

/** Operations whose low 32 bits come from their operands' low 32 bits alone. */
export type Operation = 'add' | 'sub' | 'mul' | 'and' | 'or' | 'xor';
export type Comparison = 'eq' | 'ne' | 'lt_s' | 'lt_u';
export type Shift = 'shl' | 'shr_s' | 'shr_u';

/** A value of 32 bits, whatever lies above it, with zeros above. */
export const low32 = (b: Builder, value: I64): I64 => b.extendI32u(b.wrap(value));

/** A value of 64 bits, or of 32 with zeros above. */
export const cut = (b: Builder, sf: number, value: I64): I64 => (sf === 1 ? value : low32(b, value));

/** The operation on operands of 64 bits, or of 32 with anything above: these give a result with zeros above. */
export const binary = (b: Builder, sf: number, operation: Operation, a: I64, c: I64): I64 =>
  sf === 1 ? b.pure(`i64.${operation}`, a, c) : b.extendI32u(b.pure(`i32.${operation}`, b.wrap(a), b.wrap(c)));

/** The shift of such an operand by a constant below the width. */
export const shift = (b: Builder, sf: number, operation: Shift, a: I64, count: number): I64 => {
  if (count === 0) return cut(b, sf, a);
  if (sf === 1) return b.pure(`i64.${operation}`, a, b.i64(BigInt(count)));
  return b.extendI32u(b.pure(`i32.${operation}`, b.wrap(a), b.i32(count)));
};

/** The comparison of such operands. */
export const compare = (b: Builder, sf: number, comparison: Comparison, a: I64, c: I64): I32 =>
  sf === 1 ? b.pure(`i64.${comparison}`, a, c) : b.pure(`i32.${comparison}`, b.wrap(a), b.wrap(c));
