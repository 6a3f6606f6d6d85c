import type { Match } from '../decode/index.ts';

/** The mnemonic of a match. */
export const mnemonicOf = ({ row }: Match): string => row.syntax.split(' ', 1)[0];

/** The assembly text of a match at `pc`. */
export const disassemble = (match: Match, _pc: bigint): string => match.row.syntax;
