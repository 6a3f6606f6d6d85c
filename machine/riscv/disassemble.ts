import type { Match } from '../decode/index.ts';
import { CSR_NAMES } from './csr-names.ts';
import { ROUNDING } from './float.ts';
import { F_NAMES, X_NAMES } from './registers.ts';

type Text = (value: number, pc: bigint) => string;
const integer: Text = (n) => X_NAMES[n];
const float: Text = (n) => F_NAMES[n];
const hex: Text = (n) => `0x${n.toString(16)}`;
/** The 20 bits of a U-type immediate; the field has them in their place, sign-extended. */
const upper: Text = (n) => hex((n >>> 12) & 0xfffff, 0n);
/** A set of `iorw`; the empty one, which assembly cannot write, as the toolchain shows it. */
const orders: Text = (n) => [...'iorw'].filter((_, i) => n & (8 >> i)).join('') || 'unknown';

/**
 * How an operand of a row's syntax is printed, and the field it shows where that has another name; the default is a
 * plain decimal of the field of the same name. An empty text leaves the operand out.
 */
const OPERANDS: Readonly<Record<string, { readonly field?: string; readonly text: Text }>> = {
  rd: { text: integer },
  rs1: { text: integer },
  rs2: { text: integer },
  "rd'": { text: integer },
  "rs1'": { text: integer },
  "rs2'": { text: integer },
  fd: { field: 'rd', text: float },
  fs1: { field: 'rs1', text: float },
  fs2: { field: 'rs2', text: float },
  fs3: { field: 'rs3', text: float },
  "fd'": { field: "rd'", text: float },
  "fs2'": { field: "rs2'", text: float },
  sp: { text: () => 'sp' },
  upper: { field: 'imm', text: upper },
  nzupper: { field: 'nzimm', text: upper },
  shamt: { text: hex },
  shift: { field: 'nzuimm', text: hex },
  csr: { text: (n, pc) => CSR_NAMES.get(n) ?? hex(n, pc) },
  pred: { text: orders },
  succ: { text: orders },
  rm: { text: (n) => ROUNDING[n] ?? '' },
  offset: { text: (n, pc) => BigInt.asUintN(64, pc + BigInt(n)).toString(16) },
};

/** The mnemonic of a match, with its acquire and release bits. */
export function mnemonicOf({ row, fields }: Match): string {
  const [name] = row.syntax.split(' ', 1);
  const { aq = 0, rl = 0 } = fields;
  return aq + rl === 0 ? name : `${name}.${aq ? 'aq' : ''}${rl ? 'rl' : ''}`;
}

/** The assembly text of a match at `pc`: its row's syntax with each operand in place, pseudo-instructions not used. */
export function disassemble(match: Match, pc: bigint): string {
  const { syntax } = match.row;
  const space = syntax.indexOf(' ');
  if (space < 0) return mnemonicOf(match);
  const operands = syntax.slice(space + 1).replace(/(, )?([a-z][a-z0-9]*'?)/g, (_, comma: string | undefined, name) => {
    const { field = name, text = String } = OPERANDS[name] ?? {};
    const operand = text(match.fields[field], pc);
    return operand === '' ? '' : `${comma ? ',' : ''}${operand}`;
  });
  return `${mnemonicOf(match)} ${operands.replaceAll(', ', ',')}`;
}
