// The meanings that F and D share, for rows of either width.
import type { Encoding } from '../decode/index.ts';
import type { Builder, I64, Slot } from '../ir/index.ts';
import { CAUSE } from './causes.ts';
import { STATUS } from './csr-status.ts';
import { BOX, CANONICAL_NAN_32 } from './float.ts';
import { F, FFLAGS, FRM, SLOTS, X } from './registers.ts';
import { setX, simm, x } from './row.ts';

export type Width = 32 | 64;
type Names = 'rd' | 'rs1' | 'rs2' | 'rs3' | 'rm';
type Fields<Name extends Names> = Readonly<Record<Name, number>>;

const MSTATUS = SLOTS.get('mstatus');
const STATE: readonly Slot[] = [FFLAGS, FRM, MSTATUS];
const RESULT: readonly Slot[] = [FFLAGS, MSTATUS];
const integer = (i: number): readonly Slot[] => (i === 0 ? [] : [X[i]]);

/** Rows with a rounding mode leave out its two reserved encodings ("Floating-Point Control and Status Register"). */
export const validRm = { where: ({ rm }: { readonly rm: number }) => rm !== 5 && rm !== 6 };

// Calculations, by helpers.
export const unary =
  (operation: string, width: Width) =>
  (b: Builder, { rd, rs1, rm }: Fields<'rd' | 'rs1' | 'rm'>, { word }: Encoding) =>
    b.call(operation, [width, rd, rs1, rm, word], { reads: [F[rs1], ...STATE], writes: [F[rd], ...RESULT] });

export const binary =
  (operation: string, width: Width) =>
  (b: Builder, { rd, rs1, rs2, rm = 0 }: Fields<'rd' | 'rs1' | 'rs2'> & { readonly rm?: number }, { word }: Encoding) =>
    b.call(operation, [width, rd, rs1, rs2, rm, word], {
      reads: [F[rs1], F[rs2], ...STATE],
      writes: [F[rd], ...RESULT],
    });

export const fused =
  (operation: string, width: Width) =>
  (b: Builder, { rd, rs1, rs2, rs3, rm }: Fields<Names>, { word }: Encoding) =>
    b.call(operation, [width, rd, rs1, rs2, rs3, rm, word], {
      reads: [F[rs1], F[rs2], F[rs3], ...STATE],
      writes: [F[rd], ...RESULT],
    });

export const compare =
  (operation: string, width: Width) =>
  (b: Builder, { rd, rs1, rs2 }: Fields<'rd' | 'rs1' | 'rs2'>, { word }: Encoding) =>
    b.call(operation, [width, rd, rs1, rs2, word], {
      reads: [F[rs1], F[rs2], ...STATE],
      writes: [...integer(rd), ...RESULT],
    });

export const classify =
  (width: Width) =>
  (b: Builder, { rd, rs1 }: Fields<'rd' | 'rs1'>, { word }: Encoding) =>
    b.call('float.classify', [width, rd, rs1, word], { reads: [F[rs1], MSTATUS], writes: integer(rd) });

export const toInteger =
  (width: Width, bits: Width, signed: boolean) =>
  (b: Builder, { rd, rs1, rm }: Fields<'rd' | 'rs1' | 'rm'>, { word }: Encoding) =>
    b.call('float.toInteger', [width, rd, rs1, bits, signed ? 1 : 0, rm, word], {
      reads: [F[rs1], ...STATE],
      writes: [...integer(rd), ...RESULT],
    });

export const fromInteger =
  (width: Width, bits: Width, signed: boolean) =>
  (b: Builder, { rd, rs1, rm }: Fields<'rd' | 'rs1' | 'rm'>, { word }: Encoding) =>
    b.call('float.fromInteger', [width, rd, rs1, bits, signed ? 1 : 0, rm, word], {
      reads: [...integer(rs1), ...STATE],
      writes: [F[rd], ...RESULT],
    });

export const convert =
  (to: Width, from: Width) =>
  (b: Builder, { rd, rs1, rm }: Fields<'rd' | 'rs1' | 'rm'>, { word }: Encoding) =>
    b.call('float.convert', [to, from, rd, rs1, rm, word], { reads: [F[rs1], ...STATE], writes: [F[rd], ...RESULT] });

// Moves, in IR.

/** Any use of f registers while mstatus.FS is off is illegal, before anything else can fault. */
function requireFs(b: Builder, word: number): void {
  const off = b.eq(b.and(b.get(MSTATUS), b.i64(STATUS.FS)), b.i64(0n));
  b.trapIf(off, CAUSE.illegalInstruction, b.i64(BigInt(word)));
}

function setF(b: Builder, i: number, width: Width, value: I64): void {
  b.set(F[i], width === 64 ? value : b.or(value, b.i64(BOX)));
  b.set(MSTATUS, b.or(b.get(MSTATUS), b.i64(STATUS.FS)));
}

/** f[i] with a single that is not boxed replaced by the canonical NaN, boxed. */
function getF(b: Builder, i: number, width: Width): I64 {
  const bits = b.get(F[i]);
  if (width === 64) return bits;
  return b.select(b.geU(bits, b.i64(BOX)), bits, b.i64(BOX | CANONICAL_NAN_32));
}

export const load =
  (width: Width) =>
  (b: Builder, { rd, rs1, imm }: { rd: number; rs1: number; imm: number }, { word }: Encoding) => {
    requireFs(b, word);
    setF(b, rd, width, b.load(b.add(x(b, rs1), simm(b, imm)), { size: width / 8 }));
  };

/** Stores the register's low bits as they are, boxed or not. */
export const store =
  (width: Width) =>
  (b: Builder, { rs1, rs2, imm }: { rs1: number; rs2: number; imm: number }, { word }: Encoding) => {
    requireFs(b, word);
    b.store(b.add(x(b, rs1), simm(b, imm)), b.get(F[rs2]), width / 8);
  };

/** Moves the register's low bits as they are, boxed or not. */
export const moveToX =
  (width: Width) =>
  (b: Builder, { rd, rs1 }: Fields<'rd' | 'rs1'>, { word }: Encoding) => {
    requireFs(b, word);
    const bits = b.get(F[rs1]);
    setX(b, rd, width === 64 ? bits : b.extend32s(bits));
  };

export const moveFromX =
  (width: Width) =>
  (b: Builder, { rd, rs1 }: Fields<'rd' | 'rs1'>, { word }: Encoding) => {
    requireFs(b, word);
    setF(b, rd, width, x(b, rs1));
  };

/** f[rs1] with the sign that `sign` makes of both operands, in the sign's place; other bits do not matter. */
export const signInject =
  (width: Width, sign: (b: Builder, a: I64, c: I64) => I64) =>
  (b: Builder, { rd, rs1, rs2 }: Fields<'rd' | 'rs1' | 'rs2'>, { word }: Encoding) => {
    requireFs(b, word);
    const signBit = 1n << BigInt(width - 1);
    const a = getF(b, rs1, width);
    const injected = b.and(sign(b, a, getF(b, rs2, width)), b.i64(signBit));
    setF(b, rd, width, b.or(b.and(a, b.i64(~signBit)), injected));
  };

export const sameSign = (_: Builder, _a: I64, c: I64): I64 => c;
export const oppositeSign = (b: Builder, _: I64, c: I64): I64 => b.xor(c, b.i64(~0n));
export const xorSign = (b: Builder, a: I64, c: I64): I64 => b.xor(a, c);
