// What the meanings of MMX rows have in common (SDM vol. 1, 9; vol. 3A, 12).
import type { Builder, I64, V128 } from '../ir/index.ts';
import { fault, VECTOR } from './causes.ts';
import type { Decoded } from './decoded.ts';
import { loadAt, numberOf, place } from './operand.ts';
import { MMX_TRAP, SLOTS } from './registers.ts';
import type { Binary, WithImmediate } from './sse-lift.ts';

const FSW = SLOTS.get('fsw');
const FTW = SLOTS.get('ftw');
/** MMX registers are the significands of x87's, by physical number (SDM vol. 3A, 12.2). */
const MM = Array.from({ length: 8 }, (_, k) => SLOTS.get(`fpr${k}`));
const EXPONENT = Array.from({ length: 8 }, (_, k) => SLOTS.get(`fpr${k}_high`));
const TOP = 7 << 11;
/** FSW.ES: an unmasked exception of x87 is pending. */
const ES = 1 << 7;

/** What every MMX instruction begins with: #UD, #NM or a pending #MF (SDM vol. 3A, table 12-1 and 12.5). */
export function requireMmx(b: Builder): void {
  const trap = b.get32(MMX_TRAP);
  b.trapIf(b.pure('i32.eq', trap, b.i32(fault(VECTOR.UD))), fault(VECTOR.UD), b.i64(0n));
  b.trapIf(trap, fault(VECTOR.NM), b.i64(0n));
  b.trapIf(b.pure('i32.and', b.get32(FSW), b.i32(ES)), fault(VECTOR.MF), b.i64(0n));
}

/** What every MMX instruction ends with: x87's TOP is 0, and all its registers are taken or, for EMMS, empty. */
export function enterMmx(b: Builder, tags = 0xff): void {
  b.set32(FSW, b.pure('i32.and', b.get32(FSW), b.i32(~TOP)));
  b.set32(FTW, b.i32(tags));
}

export const getMm = (b: Builder, number: number): I64 => b.get(MM[number]);

/** Writes an MMX register: sign and exponent above it become all ones. */
export function setMm(b: Builder, number: number, value: I64): void {
  b.set(MM[number], value);
  b.set32(EXPONENT[number], b.i32(0xffff));
}

/** Operand `k`, an MMX register or memory of its size. */
export function mmxSource(b: Builder, i: Decoded, k: number): I64 {
  const operand = i.operands[k];
  if (operand.kind === 'mmx') return getMm(b, operand.number);
  const where = place(b, i, operand, false);
  return loadAt(b, where, operand.kind === 'memory' ? operand.size : 8);
}

/** 64 bits with zeros above. */
export const widened = (b: Builder, value: I64): V128 => b.pure('v128.make', value, b.i64(0n));

/** The first operand becomes what both make with the immediate byte. */
export const mmxWithImmediate = (meaning: WithImmediate) => (b: Builder, i: Decoded) => {
  requireMmx(b);
  const c = widened(b, mmxSource(b, i, 1));
  const a = numberOf(i, 0);
  const result = meaning(b, widened(b, getMm(b, a)), c, i.bytes[i.length - 1], 8);
  setMm(b, a, b.pure('v128.low', result));
  enterMmx(b);
};

/** The first operand becomes what both make. */
export const mmxBinary = (meaning: Binary) => mmxWithImmediate((b, a, c, _, bytes) => meaning(b, a, c, bytes));
