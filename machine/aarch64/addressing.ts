// Addressing modes of loads and stores, which both register files share (Arm ARM C1.3.3 and C4.1.94).
import type { Row } from '../decode/index.ts';
import type { Builder, I64 } from '../ir/index.ts';
import { base, immediate, requireFp, row, setXOrSp, w, x } from './row.ts';

export type Bit = '0' | '1';
export type TwoBits = '00' | '01' | '10' | '11';
/** The register file, bit 26 of the encodings: 1 for SIMD and floating point. */
export type File = Bit;

/** Moves between memory and register number Rt: faults, if it does, before it writes anything. */
export type Transfer = (b: Builder, address: I64, Rt: number) => void;
/** The same with two registers, the second behind the first in memory. */
export type PairTransfer = (b: Builder, address: I64, Rt: number, Rt2: number) => void;

/** An instruction on one register: bits of its encodings, names and operand, the bytes that it moves. */
export interface Single {
  readonly size: TwoBits;
  readonly opc: TwoBits;
  readonly name: string;
  /** Its name where the offset is not scaled. */
  readonly unscaled: string;
  readonly operand: string;
  readonly bytes: number;
  readonly transfer: Transfer;
}

/** An instruction on two registers of `bytes` each. */
export interface Pair {
  readonly opc: TwoBits;
  readonly L: Bit;
  readonly name: string;
  readonly operands: string;
  readonly bytes: number;
  readonly transfer: PairTransfer;
}

/** The base register's address, after the check of the register file's own. */
export function baseOf(V: File, b: Builder, Rn: number): I64 {
  if (V === '1') requireFp(b);
  return base(b, Rn);
}

/** The address `bytes` further. */
export const plus = (b: Builder, address: I64, bytes: number): I64 =>
  bytes === 0 ? address : b.add(address, immediate(b, bytes));

/** ExtendReg(m, extend_type, shift) for those `option`s that addresses have. */
function extended(b: Builder, Rm: number, option: number, shift: number): I64 {
  const value = option === 2 ? w(b, Rm) : option === 6 ? b.extend32s(x(b, Rm)) : x(b, Rm);
  return shift === 0 ? value : b.shl(value, immediate(b, shift));
}

/**
 * Accesses at base plus offset and leaves that in the base register; `post` accesses at the base itself. Where the base
 * is among the registers loaded, which is CONSTRAINED UNPREDICTABLE (C6.2, "LDR (immediate)"), the address wins; one
 * among those stored is stored as it was.
 */
function indexed(V: File, b: Builder, Rn: number, bytes: number, post: boolean, access: (address: I64) => void): void {
  const start = baseOf(V, b, Rn);
  const end = plus(b, start, bytes);
  access(post ? start : end);
  setXOrSp(b, Rn, end);
}

/** Base plus immediate or register, without writeback. */
export function offsetRows(V: File, { size, opc, name, unscaled, operand, bytes, transfer }: Single): Row[] {
  return [
    row(
      `${size} 111 ${V} 01 ${opc} imm12 Rn Rt`,
      `${name} ${operand}, [Xn|SP{, #imm12*${bytes}}]`,
      (b, { imm12, Rn, Rt }) => transfer(b, plus(b, baseOf(V, b, Rn), imm12 * bytes), Rt),
    ),
    row(
      `${size} 111 ${V} 00 ${opc} 0 imm9 00 Rn Rt`,
      `${unscaled} ${operand}, [Xn|SP{, #imm9}]`,
      (b, { imm9, Rn, Rt }) => transfer(b, plus(b, baseOf(V, b, Rn), imm9), Rt),
    ),
    row(
      `${size} 111 ${V} 00 ${opc} 1 Rm option S 10 Rn Rt`,
      `${name} ${operand}, [Xn|SP, offset${bytes}]`,
      (b, { Rm, option, S, Rn, Rt }) =>
        transfer(b, b.add(baseOf(V, b, Rn), extended(b, Rm, option, S * Math.log2(bytes))), Rt),
      // The others would extend less than a word.
      { where: ({ option }) => (option & 2) !== 0 },
    ),
  ];
}

/** Pre- and post-indexed. */
export function indexedRows(V: File, { size, opc, name, operand, transfer }: Single): Row[] {
  return [
    row(`${size} 111 ${V} 00 ${opc} 0 imm9 01 Rn Rt`, `${name} ${operand}, [Xn|SP], #imm9`, (b, { imm9, Rn, Rt }) =>
      indexed(V, b, Rn, imm9, true, (address) => transfer(b, address, Rt)),
    ),
    row(`${size} 111 ${V} 00 ${opc} 0 imm9 11 Rn Rt`, `${name} ${operand}, [Xn|SP, #imm9]!`, (b, { imm9, Rn, Rt }) =>
      indexed(V, b, Rn, imm9, false, (address) => transfer(b, address, Rt)),
    ),
  ];
}

/** At an offset from the instruction itself; without a base register there is no SP to check. */
export const literalRow = (V: File, opc: TwoBits, text: string, transfer: Transfer): Row =>
  row(`${opc} 011 ${V} 00 imm19 Rt`, `${text}, label`, (b, { imm19, Rt }) => {
    if (V === '1') requireFp(b);
    transfer(b, plus(b, b.pc(), imm19 * 4), Rt);
  });

/** Two registers at base plus offset; 000 in `mode` hints that they will not be used again soon. */
export const pairRow = (V: File, mode: '000' | '010', { opc, L, name, operands, bytes, transfer }: Pair): Row =>
  row(
    `${opc} 101 ${V} ${mode} ${L} imm7 Rt2 Rn Rt`,
    `${name} ${operands}, [Xn|SP{, #imm7*${bytes}}]`,
    (b, { imm7, Rt2, Rn, Rt }) => transfer(b, plus(b, baseOf(V, b, Rn), imm7 * bytes), Rt, Rt2),
  );

/** Two registers, pre- and post-indexed. */
export function indexedPairRows(V: File, { opc, L, name, operands, bytes, transfer }: Pair): Row[] {
  return [
    row(
      `${opc} 101 ${V} 001 ${L} imm7 Rt2 Rn Rt`,
      `${name} ${operands}, [Xn|SP], #imm7*${bytes}`,
      (b, { imm7, Rt2, Rn, Rt }) => indexed(V, b, Rn, imm7 * bytes, true, (address) => transfer(b, address, Rt, Rt2)),
    ),
    row(
      `${opc} 101 ${V} 011 ${L} imm7 Rt2 Rn Rt`,
      `${name} ${operands}, [Xn|SP, #imm7*${bytes}]!`,
      (b, { imm7, Rt2, Rn, Rt }) => indexed(V, b, Rn, imm7 * bytes, false, (address) => transfer(b, address, Rt, Rt2)),
    ),
  ];
}
