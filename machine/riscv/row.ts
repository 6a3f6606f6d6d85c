import { type FieldKinds, rowMaker } from '../decode/index.ts';
import type { Builder, I64 } from '../ir/index.ts';
import { X } from './registers.ts';

/** The fields of RISC-V encodings, named as the Unprivileged spec names them. A prime marks RVC's three-bit registers. */
export const FIELDS = {
  rd: { width: 5 },
  rs1: { width: 5 },
  rs2: { width: 5 },
  rs3: { width: 5 },
  "rd'": { width: 3, base: 8 },
  "rs1'": { width: 3, base: 8 },
  "rs2'": { width: 3, base: 8 },
  rm: { width: 3 },
  aq: { width: 1 },
  rl: { width: 1 },
  fm: { width: 4 },
  pred: { width: 4 },
  succ: { width: 4 },
  csr: { width: 12 },
  uimm: { width: 5 },
  shamt: { width: 6 },
  imm: { signed: true },
  offset: { signed: true },
  nzimm: { signed: true },
  nzuimm: {},
  zimm: {},
} as const satisfies FieldKinds;

/** One instruction of the RISC-V manuals: encoding, assembly syntax, meaning. */
export const row = rowMaker(FIELDS);

/** The value of integer register x[i]; x0 reads as 0. */
export const x = (b: Builder, i: number): I64 => (i === 0 ? b.i64(0n) : b.get(X[i]));

/** Writes x[i]; a write to x0 is lost. */
export function setX(b: Builder, i: number, value: I64): void {
  if (i !== 0) b.set(X[i], value);
}

/** A sign-extended immediate. */
export const simm = (b: Builder, value: number): I64 => b.i64(BigInt(value));
