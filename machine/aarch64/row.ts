import { type FieldKinds, rowMaker } from '../decode/index.ts';
import type { Builder, I32, I64, V128 } from '../ir/index.ts';
import { EC, esr } from './causes.ts';
import { FP_TRAP, SP, SP_ALIGNMENT, V, X } from './registers.ts';
import { cut, low32 } from './width.ts';

/** The fields of A64 encodings, named as the manual's diagrams name them (Arm ARM C4 and C6). */
export const FIELDS = {
  // One bit each.
  sf: { width: 1 },
  op: { width: 1 },
  S: { width: 1 },
  N: { width: 1 },
  Q: { width: 1 },
  U: { width: 1 },
  A: { width: 1 },
  R: { width: 1 },
  L: { width: 1 },
  M: { width: 1 },
  H: { width: 1 },
  o0: { width: 1 },
  o1: { width: 1 },
  sh: { width: 1 },
  sz: { width: 1 },
  b5: { width: 1 },
  // Registers.
  Rd: { width: 5 },
  Rn: { width: 5 },
  Rm: { width: 5 },
  Ra: { width: 5 },
  Rs: { width: 5 },
  Rt: { width: 5 },
  Rt2: { width: 5 },
  // Immediates and modifiers of fixed width.
  imm3: { width: 3 },
  imm4: { width: 4 },
  imm5: { width: 5 },
  imm6: { width: 6 },
  imm7: { width: 7, signed: true },
  imm8: { width: 8 },
  imm9: { width: 9, signed: true },
  imm12: { width: 12 },
  imm14: { width: 14, signed: true },
  imm16: { width: 16 },
  imm19: { width: 19, signed: true },
  imm26: { width: 26, signed: true },
  /** ADR and ADRP's, in two pieces. */
  imm: { signed: true },
  immr: { width: 6 },
  imms: { width: 6 },
  immh: { width: 4 },
  immb: { width: 3 },
  hw: { width: 2 },
  shift: { width: 2 },
  option: { width: 3 },
  cond: { width: 4 },
  nzcv: { width: 4 },
  size: { width: 2 },
  opc: { width: 2 },
  type: { width: 2 },
  ftype: { width: 2 },
  rmode: { width: 2 },
  opcode: { width: 3 },
  cmode: { width: 4 },
  /** The position of a bit in TBZ and TBNZ, `b5:b40`; of an element in SIMD. */
  b40: { width: 5 },
  len: { width: 2 },
  scale: { width: 6 },
  CRn: { width: 4 },
  CRm: { width: 4 },
  op1: { width: 3 },
  op2: { width: 3 },
  /** An 8-bit immediate in two pieces, `abc` and `defgh`. */
  abcdefgh: { width: 8 },
} as const satisfies FieldKinds;

/** One instruction of the Arm manual: encoding, assembly syntax, meaning. */
export const row = rowMaker(FIELDS);

/** X[i], 64 bits; number 31 reads as 0. */
export const x = (b: Builder, i: number): I64 => (i === 31 ? b.i64(0n) : b.get(X[i]));

/** The low 32 bits of X[i], zero-extended. */
export const w = (b: Builder, i: number): I64 => (i === 31 ? b.i64(0n) : low32(b, b.get(X[i])));

/** X[i] or, where `sf` is 0, W[i], zero-extended. */
export const reg = (b: Builder, sf: number, i: number): I64 => (sf === 1 ? x(b, i) : w(b, i));

/** Writes X[i]; a write to number 31 is lost. A 32-bit result must be zero-extended already. */
export function setX(b: Builder, i: number, value: I64): void {
  if (i !== 31) b.set(X[i], value);
}

/** Writes X[i], cut to 32 bits and zero-extended where `sf` is 0. */
export function setReg(b: Builder, sf: number, i: number, value: I64): void {
  setX(b, i, cut(b, sf, value));
}

/** X[i] where number 31 is SP. */
export const xOrSp = (b: Builder, i: number): I64 => b.get(i === 31 ? SP : X[i]);

/** Writes X[i] where number 31 is SP. */
export const setXOrSp = (b: Builder, i: number, value: I64): void => b.set(i === 31 ? SP : X[i], value);

/** A base register's address, with the check of SP's alignment (CheckSPAlignment). */
export function base(b: Builder, i: number): I64 {
  const address = xOrSp(b, i);
  if (i === 31) {
    const odd = b.pure('i32.and', b.wrap(b.get(SP)), b.wrap(b.get(SP_ALIGNMENT)));
    b.trapIf(odd, esr(EC.spAlignment), b.i64(0n));
  }
  return address;
}

/** CheckFPAdvSIMDEnabled64: to be built before anything else of an instruction that uses V registers, FPCR or FPSR. */
export function requireFp(b: Builder): void {
  // ISS: CV 1, COND 0b1110 (D17.2.37, "ISS encoding for an exception from an access to SIMD or floating-point").
  b.trapIf(b.get32(FP_TRAP), esr(EC.simdFp, 0x1e0_0000), b.i64(0n));
}

/** V[i], all 128 bits. */
export const v = (b: Builder, i: number): V128 => b.get128(V[i]);

/** Writes all 128 bits of V[i]. */
export const setV = (b: Builder, i: number, value: V128): void => b.set128(V[i], value);

/** The low 64 bits of V[i]. */
export const d = (b: Builder, i: number): I64 => b.pure('v128.low', v(b, i));

/** Writes V[i]: the given 64 bits (a narrower result zero-extended), the rest zero. */
export const setD = (b: Builder, i: number, value: I64): void => setV(b, i, b.pure('v128.make', value, b.i64(0n)));

/** An unsigned or sign-extended immediate. */
export const immediate = (b: Builder, value: number): I64 => b.i64(BigInt(value));

/** Not of a 0-or-1 value. */
export const not = (b: Builder, condition: I32): I32 => b.pure('i32.eq', condition, b.i32(0));
