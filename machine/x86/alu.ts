import type { Builder, I32, I64 } from '../ir/index.ts';
import { cut } from './operand.ts';
import { AF, CF, OF, PF, SF, ZF } from './registers.ts';

/** Bit `size * 8 - 1` of a value, 0 or 1. */
export const signOf = (b: Builder, size: number, value: I64): I32 =>
  b.pure('i32.and', b.wrap(b.shrU(value, b.i64(BigInt(size * 8 - 1)))), b.i32(1));

/** SF, ZF and PF from a result that is cut to its size (SDM vol. 1, 3.4.3.1). */
export function setSzp(b: Builder, size: number, result: I64): void {
  b.set32(PF, b.pure('i32.and', b.wrap(result), b.i32(0xff)));
  b.set32(ZF, b.eq(result, b.i64(0n)));
  b.set32(SF, signOf(b, size, result));
}

/** AF from operands and result: the carry or borrow into bit 4. */
const setAf = (b: Builder, x: I64, y: I64, result: I64): void =>
  b.set32(AF, b.pure('i32.and', b.wrap(b.shrU(b.xor(b.xor(x, y), result), b.i64(4n))), b.i32(1)));

/** The flags of a logical result: CF and OF are 0; AF, which the manual leaves undefined, is 0 here. */
export function setLogicFlags(b: Builder, size: number, result: I64): void {
  b.set32(CF, b.i32(0));
  b.set32(OF, b.i32(0));
  b.set32(AF, b.i32(0));
  setSzp(b, size, result);
}

/** OF of x + y = result. */
const addOverflow = (b: Builder, size: number, x: I64, y: I64, result: I64): I32 =>
  signOf(b, size, b.and(b.xor(x, result), b.xor(y, result)));
/** OF of x − y = result. */
const subOverflow = (b: Builder, size: number, x: I64, y: I64, result: I64): I32 =>
  signOf(b, size, b.and(b.xor(x, y), b.xor(x, result)));

/** Operands and result are cut to their size. `carry` false: CF stays (INC). */
export function setAddFlags(b: Builder, size: number, x: I64, y: I64, result: I64, carry = true): void {
  if (carry) b.set32(CF, b.ltU(result, x));
  b.set32(OF, addOverflow(b, size, x, y, result));
  setAf(b, x, y, result);
  setSzp(b, size, result);
}

/** The same for x − y: SUB, CMP, NEG, DEC. */
export function setSubFlags(b: Builder, size: number, x: I64, y: I64, result: I64, carry = true): void {
  if (carry) b.set32(CF, b.ltU(x, y));
  b.set32(OF, subOverflow(b, size, x, y, result));
  setAf(b, x, y, result);
  setSzp(b, size, result);
}

/** x + y + CF, cut to the size, and its flags, which are written when `flags` is called. */
export function addWithCarry(b: Builder, size: number, x: I64, y: I64): { result: I64; flags: () => void } {
  const result = cut(b, size, b.add(b.add(x, y), b.extendI32u(b.get32(CF))));
  const flags = () => {
    // The carry out of the top bit: both have it, or one has it and the result has not.
    const carries = b.or(b.and(x, y), b.and(b.or(x, y), b.xor(result, b.i64(~0n))));
    b.set32(CF, signOf(b, size, carries));
    b.set32(OF, addOverflow(b, size, x, y, result));
    setAf(b, x, y, result);
    setSzp(b, size, result);
  };
  return { result, flags };
}

/** x − y − CF likewise. */
export function subWithBorrow(b: Builder, size: number, x: I64, y: I64): { result: I64; flags: () => void } {
  const result = cut(b, size, b.sub(b.sub(x, y), b.extendI32u(b.get32(CF))));
  const flags = () => {
    const notX = b.xor(x, b.i64(~0n));
    const borrows = b.or(b.and(notX, y), b.and(b.or(notX, y), result));
    b.set32(CF, signOf(b, size, borrows));
    b.set32(OF, subOverflow(b, size, x, y, result));
    setAf(b, x, y, result);
    setSzp(b, size, result);
  };
  return { result, flags };
}

/** PF as a condition: the parity of the byte in its slot is even. */
function parity(b: Builder): I32 {
  const and = (x: I32, y: I32) => b.pure('i32.and', x, y);
  const xor = (x: I32, y: I32) => b.pure('i32.xor', x, y);
  const byte = b.get32(PF);
  const four = and(xor(byte, b.pure('i32.shr_u', byte, b.i32(4))), b.i32(15));
  // Bit n of 0x9669 says whether n has an even number of ones.
  return and(b.pure('i32.shr_u', b.i32(0x9669), four), b.i32(1));
}

/** A condition of Jcc, SETcc and CMOVcc by its number (SDM vol. 1, appendix B). */
export function condition(b: Builder, cc: number): I32 {
  const or = (x: I32, y: I32) => b.pure('i32.or', x, y);
  const less = () => b.pure('i32.xor', b.get32(SF), b.get32(OF));
  const positive = (): I32 => {
    switch (cc >> 1) {
      case 0:
        return b.get32(OF);
      case 1:
        return b.get32(CF);
      case 2:
        return b.get32(ZF);
      case 3:
        return or(b.get32(CF), b.get32(ZF));
      case 4:
        return b.get32(SF);
      case 5:
        return parity(b);
      case 6:
        return less();
      default:
        return or(less(), b.get32(ZF));
    }
  };
  const value = positive();
  return (cc & 1) === 0 ? value : b.pure('i32.xor', value, b.i32(1));
}
