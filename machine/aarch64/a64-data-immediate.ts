// Data processing, immediate (Arm ARM C4.1.92).
import type { Builder, I64 } from '../ir/index.ts';
import { logicalImmediate } from './bitmask.ts';
import { add, logicalFlags, type Sum, setFlags, subtract } from './flags.ts';
import { immediate, reg, row, setReg, setX, setXOrSp, w, x, xOrSp } from './row.ts';
import { binary, type Operation, shift } from './width.ts';

type AddFields = {
  readonly sf: number;
  readonly sh: number;
  readonly imm12: number;
  readonly Rn: number;
  readonly Rd: number;
};
type LogicalFields = {
  readonly sf: number;
  readonly N: number;
  readonly immr: number;
  readonly imms: number;
  readonly Rn: number;
  readonly Rd: number;
};
type WideFields = { readonly sf: number; readonly hw: number; readonly imm16: number; readonly Rd: number };

const operand = (b: Builder, { sh, imm12 }: AddFields): I64 => immediate(b, sh === 1 ? imm12 * 4096 : imm12);
const arithmetic = (op: Operation) => (b: Builder, f: AddFields) =>
  setXOrSp(b, f.Rd, binary(b, f.sf, op, xOrSp(b, f.Rn), operand(b, f)));
/** The same with flags, where Rd 31 is the zero register. */
const flagged = (op: (b: Builder, sf: number, a: I64, c: I64) => Sum) => (b: Builder, f: AddFields) => {
  const { result, flags } = op(b, f.sf, xOrSp(b, f.Rn), operand(b, f));
  setFlags(b, flags);
  setX(b, f.Rd, result);
};

const mask = (b: Builder, { sf, N, imms, immr }: LogicalFields): I64 =>
  b.i64(logicalImmediate(sf, N, imms, immr) ?? 0n);
const logical = (op: Operation) => (b: Builder, f: LogicalFields) =>
  setXOrSp(b, f.Rd, binary(b, f.sf, op, x(b, f.Rn), mask(b, f)));
const isLogicalImmediate = {
  where: ({ sf, N, imms, immr }: LogicalFields) => logicalImmediate(sf, N, imms, immr) !== undefined,
};

const inRange = { where: ({ sf, hw }: WideFields) => sf === 1 || hw < 2 };

/** Bits `immr` and up to `imms`, or those up to `imms` put `immr` from the top: N as `sf`, both below the width. */
const isBitfield = {
  where: ({ sf, N, immr, imms }: LogicalFields) => N === sf && (sf === 1 || (immr < 32 && imms < 32)),
};
const ones = (length: number): bigint => (1n << BigInt(length)) - 1n;
/** How many bits a bitfield instruction moves, from which bit of the source to which of the destination. */
function bitfield({ sf, immr, imms }: LogicalFields): { length: number; from: number; to: number } {
  if (imms >= immr) return { length: imms - immr + 1, from: immr, to: 0 };
  return { length: imms + 1, from: 0, to: (sf === 1 ? 64 : 32) - immr };
}

/** The field in place, with zeros around. */
function unsignedField(b: Builder, f: LogicalFields): I64 {
  const { length, from, to } = bitfield(f);
  const width = f.sf === 1 ? 64 : 32;
  const low = shift(b, f.sf, 'shr_u', x(b, f.Rn), from);
  // What a shift pushes out at either end needs no mask.
  const masked = from + length === width || to + length === width;
  return shift(b, f.sf, 'shl', masked ? low : binary(b, f.sf, 'and', low, b.i64(ones(length))), to);
}

/** The field in place, with zeros below and copies of its top bit above. */
function signedField(b: Builder, f: LogicalFields): I64 {
  const { length, from, to } = bitfield(f);
  const width = f.sf === 1 ? 64 : 32;
  const source = x(b, f.Rn);
  if (f.sf === 1 && from === 0 && to === 0) {
    if (length === 8) return b.extend8s(source);
    if (length === 16) return b.extend16s(source);
    if (length === 32) return b.extend32s(source);
  }
  const high = shift(b, f.sf, 'shl', source, width - from - length);
  return shift(b, f.sf, 'shl', shift(b, f.sf, 'shr_s', high, width - length), to);
}

function insert(b: Builder, f: LogicalFields): void {
  const { length, to } = bitfield(f);
  const kept = b.and(x(b, f.Rd), b.i64(~(ones(length) << BigInt(to))));
  setReg(b, f.sf, f.Rd, b.or(kept, unsignedField(b, f)));
}

type ExtractFields = {
  readonly sf: number;
  readonly N: number;
  readonly Rm: number;
  readonly imms: number;
  readonly Rn: number;
};
/** Bits `imms` and up of Rn:Rm; of 32 bits, with anything above. */
function extract(b: Builder, { sf, Rm, imms, Rn }: ExtractFields): I64 {
  if (sf === 0) return shift(b, 1, 'shr_u', b.or(b.shl(x(b, Rn), b.i64(32n)), w(b, Rm)), imms);
  if (imms === 0) return x(b, Rm);
  if (Rn === Rm) return b.pure('i64.rotr', x(b, Rn), immediate(b, imms));
  return b.or(b.shl(x(b, Rn), immediate(b, 64 - imms)), b.shrU(x(b, Rm), immediate(b, imms)));
}

export const A64_DATA_IMMEDIATE = [
  // PC-relative addressing
  row('0 imm[1:0] 10000 imm[20:2] Rd', 'adr Xd, adr', (b, { imm, Rd }) =>
    setX(b, Rd, b.add(b.pc(), immediate(b, imm))),
  ),
  row('1 imm[1:0] 10000 imm[20:2] Rd', 'adrp Xd, adrp', (b, { imm, Rd }) =>
    setX(b, Rd, b.add(b.and(b.pc(), b.i64(~0xfffn)), immediate(b, imm * 4096))),
  ),

  // Add/subtract (immediate)
  row('sf 0 0 100010 sh imm12 Rn Rd', 'add Rd|SP, Rn|SP, #0ximm12{, lsl #sh*12}', arithmetic('add')),
  row('sf 0 1 100010 sh imm12 Rn Rd', 'adds Rd, Rn|SP, #0ximm12{, lsl #sh*12}', flagged(add)),
  row('sf 1 0 100010 sh imm12 Rn Rd', 'sub Rd|SP, Rn|SP, #0ximm12{, lsl #sh*12}', arithmetic('sub')),
  row('sf 1 1 100010 sh imm12 Rn Rd', 'subs Rd, Rn|SP, #0ximm12{, lsl #sh*12}', flagged(subtract)),

  // Logical (immediate)
  row('sf 00 100100 N immr imms Rn Rd', 'and Rd|SP, Rn, #bitmask', logical('and'), isLogicalImmediate),
  row('sf 01 100100 N immr imms Rn Rd', 'orr Rd|SP, Rn, #bitmask', logical('or'), isLogicalImmediate),
  row('sf 10 100100 N immr imms Rn Rd', 'eor Rd|SP, Rn, #bitmask', logical('xor'), isLogicalImmediate),
  row(
    'sf 11 100100 N immr imms Rn Rd',
    'ands Rd, Rn, #bitmask',
    (b, f) => {
      const result = binary(b, f.sf, 'and', x(b, f.Rn), mask(b, f));
      setFlags(b, logicalFlags(b, f.sf, result));
      setX(b, f.Rd, result);
    },
    isLogicalImmediate,
  ),

  // Move wide (immediate)
  row(
    'sf 00 100101 hw imm16 Rd',
    'movn Rd, #0ximm16{, lsl #hw*16}',
    (b, { sf, hw, imm16, Rd }) => setX(b, Rd, b.i64(BigInt.asUintN(sf === 1 ? 64 : 32, ~wide(hw, imm16)))),
    inRange,
  ),
  row(
    'sf 10 100101 hw imm16 Rd',
    'movz Rd, #0ximm16{, lsl #hw*16}',
    (b, { hw, imm16, Rd }) => setX(b, Rd, b.i64(wide(hw, imm16))),
    inRange,
  ),
  row(
    'sf 11 100101 hw imm16 Rd',
    'movk Rd, #0ximm16{, lsl #hw*16}',
    (b, { sf, hw, imm16, Rd }) =>
      setX(b, Rd, b.or(b.and(reg(b, sf, Rd), b.i64(~wide(hw, 0xffff))), b.i64(wide(hw, imm16)))),
    inRange,
  ),

  // Bitfield
  row(
    'sf 00 100110 N immr imms Rn Rd',
    'sbfm Rd, Rn, #immr, #imms',
    (b, f) => setX(b, f.Rd, signedField(b, f)),
    isBitfield,
  ),
  row('sf 01 100110 N immr imms Rn Rd', 'bfm Rd, Rn, #immr, #imms', insert, isBitfield),
  row(
    'sf 10 100110 N immr imms Rn Rd',
    'ubfm Rd, Rn, #immr, #imms',
    (b, f) => setX(b, f.Rd, unsignedField(b, f)),
    isBitfield,
  ),

  // Extract
  row('sf 00 100111 N 0 Rm imms Rn Rd', 'extr Rd, Rn, Rm, #imms', (b, f) => setReg(b, f.sf, f.Rd, extract(b, f)), {
    where: ({ sf, N, imms }) => N === sf && (sf === 1 || imms < 32),
  }),
];

function wide(hw: number, imm16: number): bigint {
  return BigInt(imm16) << BigInt(hw * 16);
}
