import type { Match } from '../decode/index.ts';
import { F_NAMES, X_NAMES } from './registers.ts';

/** How an operand of that field name is printed; the default is a plain decimal. */
const OPERANDS: Readonly<Record<string, (value: number, pc: bigint) => string>> = {
  rd: (n) => X_NAMES[n],
  rs1: (n) => X_NAMES[n],
  rs2: (n) => X_NAMES[n],
  "rd'": (n) => X_NAMES[n],
  "rs1'": (n) => X_NAMES[n],
  "rs2'": (n) => X_NAMES[n],
  fd: (n) => F_NAMES[n],
  fs1: (n) => F_NAMES[n],
  fs2: (n) => F_NAMES[n],
  fs3: (n) => F_NAMES[n],
  offset: (n, pc) => BigInt.asUintN(64, pc + BigInt(n)).toString(16),
};

/** The assembly text of a match: its row's syntax with each operand in place. */
export function formatOperands({ row, fields }: Match, pc: bigint): string {
  const space = row.syntax.indexOf(' ');
  if (space < 0) return row.syntax;
  const operands = row.syntax.slice(space + 1).replace(/[a-z][a-z0-9]*'?/g, (name) => {
    const value = fields[name] ?? fields[name.replace(/^f/, 'r')];
    return OPERANDS[name]?.(value, pc) ?? String(value);
  });
  return `${row.syntax.slice(0, space)} ${operands.replaceAll(', ', ',')}`;
}
