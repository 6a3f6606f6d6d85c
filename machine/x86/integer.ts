import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { fault, VECTOR } from './causes.ts';
import { FRAME_HELPERS } from './frames.ts';
import { AF, CF, OF, PF, RAX, RDX, SF, T, ZF } from './registers.ts';

const mask = (bytes: number): bigint => (1n << BigInt(bytes * 8)) - 1n;

/** Writes a result in two halves of so many bytes: to AH:AL, or to rDX:rAX. */
function setPair(hart: Hart, bytes: number, low: bigint, high: bigint): void {
  if (bytes === 1) {
    hart.set(RAX, (hart.get(RAX) & ~0xffffn) | (high << 8n) | low);
    return;
  }
  const kept = bytes === 2 ? BigInt.asUintN(64, ~0xffffn) : 0n;
  hart.set(RAX, (hart.get(RAX) & kept) | low);
  hart.set(RDX, (hart.get(RDX) & kept) | high);
}

/** The dividend: AX, or rDX:rAX. */
function pair(hart: Hart, bytes: number): bigint {
  if (bytes === 1) return hart.get(RAX) & 0xffffn;
  return (hart.get(RAX) & mask(bytes)) | ((hart.get(RDX) & mask(bytes)) << BigInt(bytes * 8));
}

/**
 * MUL and IMUL with one operand of so many bytes, in T[0]. CF and OF say that the upper half counts; the other flags are
 * undefined and stay.
 */
function multiply(hart: Hart, bytes: number, signed: number): boolean {
  const bits = bytes * 8;
  const x = hart.get(RAX) & mask(bytes);
  const y = hart.get(T[0]) & mask(bytes);
  const product = signed === 1 ? BigInt.asIntN(bits, x) * BigInt.asIntN(bits, y) : x * y;
  const low = product & mask(bytes);
  setPair(hart, bytes, low, (product >> BigInt(bits)) & mask(bytes));
  const counts = product !== (signed === 1 ? BigInt.asIntN(bits, low) : low) ? 1 : 0;
  hart.set32(CF, counts);
  hart.set32(OF, counts);
  return true;
}

/** DIV and IDIV: #DE where the divisor is 0 or the quotient does not fit. Flags are undefined and stay. */
function divide(hart: Hart, bytes: number, signed: number): boolean {
  const bits = bytes * 8;
  const whole = pair(hart, bytes);
  const dividend = signed === 1 ? BigInt.asIntN(2 * bits, whole) : whole;
  const divisor = signed === 1 ? BigInt.asIntN(bits, hart.get(T[0])) : hart.get(T[0]) & mask(bytes);
  if (divisor === 0n) return hart.raise(fault(VECTOR.DE), 0n);
  const quotient = dividend / divisor;
  const fits = signed === 1 ? BigInt.asIntN(bits, quotient) === quotient : quotient <= mask(bytes);
  if (!fits) return hart.raise(fault(VECTOR.DE), 0n);
  setPair(hart, bytes, quotient & mask(bytes), (dividend % divisor) & mask(bytes));
  return true;
}

/** The reflected polynomial of CRC-32C, 11EDC6F41 (SDM vol. 2A, CRC32). */
const POLYNOMIAL = 0x82f6_3b78;

/** CRC32: the checksum in T[0] goes on over so many bytes of T[1]. */
function crc32(hart: Hart, bytes: number): boolean {
  let crc = Number(hart.get(T[0]) & 0xffff_ffffn);
  for (let k = 0; k < bytes; k++) {
    crc ^= Number((hart.get(T[1]) >> BigInt(8 * k)) & 0xffn);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? POLYNOMIAL : 0);
  }
  hart.set(T[0], BigInt(crc >>> 0));
  return true;
}

/** AL, and AX as both decimal adjustments and ASCII ones leave it. */
const setLow = (hart: Hart, bytes: 1 | 2, value: number): void =>
  hart.set(RAX, (hart.get(RAX) & ~mask(bytes)) | (BigInt(value) & mask(bytes)));
const accumulator = (hart: Hart): number => Number(hart.get(RAX) & 0xffffn);

/** SF, ZF and PF of AL. */
function setResultFlags(hart: Hart, al: number): void {
  hart.set32(SF, (al >> 7) & 1);
  hart.set32(ZF, al === 0 ? 1 : 0);
  hart.set32(PF, al);
}

/** DAA and DAS (SDM vol. 2A, "Operation"); OF is undefined: 0. */
function decimalAdjust(hart: Hart, subtract: number): boolean {
  const old = accumulator(hart) & 0xff;
  const [carry, half] = [hart.get32(CF), hart.get32(AF)];
  const sign = subtract === 1 ? -1 : 1;
  let al = old;
  let cf = 0;
  const low = (old & 15) > 9 || half === 1;
  if (low) {
    al += 6 * sign;
    cf = carry | (al < 0 || al > 0xff ? 1 : 0);
    al &= 0xff;
  }
  if (old > 0x99 || carry === 1) {
    al = (al + 0x60 * sign) & 0xff;
    cf = 1;
  } else if (subtract === 0) cf = 0;
  setLow(hart, 1, al);
  hart.set32(AF, low ? 1 : 0);
  hart.set32(CF, cf);
  hart.set32(OF, 0);
  setResultFlags(hart, al);
  return true;
}

/** AAA and AAS; the flags that they leave undefined are those of AL, OF 0. */
function asciiAdjust(hart: Hart, subtract: number): boolean {
  const old = accumulator(hart);
  const adjusts = (old & 15) > 9 || hart.get32(AF) === 1;
  const ax = adjusts ? (subtract === 1 ? old - 0x106 : old + 0x106) : old;
  const result = (ax & 0xff00) | (ax & 15);
  setLow(hart, 2, result);
  hart.set32(AF, adjusts ? 1 : 0);
  hart.set32(CF, adjusts ? 1 : 0);
  hart.set32(OF, 0);
  setResultFlags(hart, result & 0xff);
  return true;
}

/** AAM by a base: #DE where it is 0. CF, OF and AF are undefined: 0. */
function asciiMultiply(hart: Hart, base: number): boolean {
  if (base === 0) return hart.raise(fault(VECTOR.DE), 0n);
  const al = accumulator(hart) & 0xff;
  setLow(hart, 2, (Math.floor(al / base) << 8) | (al % base));
  for (const flag of [CF, OF, AF]) hart.set32(flag, 0);
  setResultFlags(hart, al % base);
  return true;
}

/** AAD by a base. */
function asciiDivide(hart: Hart, base: number): boolean {
  const ax = accumulator(hart);
  const al = ((ax & 0xff) + (ax >> 8) * base) & 0xff;
  setLow(hart, 2, al);
  for (const flag of [CF, OF, AF]) hart.set32(flag, 0);
  setResultFlags(hart, al);
  return true;
}

/** Helpers of the integer instructions. */
export const INT_HELPERS: Readonly<Record<string, Helper>> = {
  multiply,
  divide,
  crc32,
  decimalAdjust,
  asciiAdjust,
  asciiMultiply,
  asciiDivide,
  ...FRAME_HELPERS,
};
