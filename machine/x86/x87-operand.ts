import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { BASE, CODE_64, CODE_MODE, SEGMENT, SLOTS, T } from './registers.ts';
import { type Control, fromInteger, type Result } from './x87-arithmetic.ts';
import { DOUBLE, type Extended, SIGN, SINGLE, widen } from './x87-number.ts';
import { masksOf, precisionOf, roundingOf } from './x87-state.ts';

const FIP = SLOTS.get('fip');
const FDP = SLOTS.get('fdp');
const FOP = SLOTS.get('fop');

/** Operands in memory by number: floats of 4, 8 and 10 bytes, integers of 2, 4 and 8, and packed decimals of 10. */
export const MEMORY = { m32: 0, m64: 1, m80: 2, i16: 3, i32: 4, i64: 5, bcd: 6 } as const;
export const MEMORY_BYTES = [4, 8, 10, 2, 4, 8, 10] as const;
export const INTEGER_BITS = [0, 0, 0, 16, 32, 64] as const;

export const controlOf = (hart: Hart): Control => ({
  precision: precisionOf(hart),
  rounding: roundingOf(hart),
  masks: masksOf(hart),
});

/** The offset of the operand at T[2] in its segment, FS and GS alone having a base in 64-bit mode. */
function operandOffset(hart: Hart, segment: number): bigint {
  const whole = (hart.get32(CODE_MODE) & 3) === CODE_64;
  const base = whole && segment < SEGMENT.fs ? 0n : hart.get(BASE[segment]);
  return BigInt.asUintN(whole ? 64 : 32, hart.get(T[2]) - base);
}

/**
 * A helper of an instruction that is no control instruction: its opcode, address and operand are kept (SDM vol. 1,
 * 8.1.8). `segment` is that of an operand in memory; −1: it has none.
 */
export const noted =
  (operation: (hart: Hart, ...immediates: readonly number[]) => unknown): Helper =>
  (hart, opcode, segment, ...immediates) => {
    if (operation(hart, ...immediates) === false) return false;
    hart.set32(FOP, opcode);
    hart.set(FIP, hart.pc);
    if (segment >= 0) hart.set(FDP, operandOffset(hart, segment));
    return true;
  };

/** The number in T[0] and T[1] that was loaded from memory. */
export function memoryOperand(hart: Hart, kind: number): Result {
  const low = hart.get(T[0]);
  switch (kind) {
    case MEMORY.m32:
      return widen(low, SINGLE);
    case MEMORY.m64:
      return widen(low, DOUBLE);
    case MEMORY.m80:
      return { value: low | (hart.get(T[1]) << 64n), flags: 0 };
    case MEMORY.bcd:
      return { value: fromDecimal(low | (hart.get(T[1]) << 64n)), flags: 0 };
    default:
      return { value: fromInteger(BigInt.asIntN(INTEGER_BITS[kind], low)), flags: 0 };
  }
}

/** Eighteen decimal digits and a sign; digits above 9 are undefined: they count as what they are. */
function fromDecimal(bits: bigint): Extended {
  let value = 0n;
  for (let k = 17; k >= 0; k--) value = value * 10n + ((bits >> BigInt(4 * k)) & 15n);
  return fromInteger(value) | ((bits >> 79n) & 1n ? SIGN : 0n);
}
