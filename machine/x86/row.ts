import type { Builder } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';

/** The opcode maps: one byte, and behind 0F, 0F 38 and 0F 3A (SDM vol. 2D, appendix A). */
export type OpcodeMap = 0 | 1 | 2 | 3;

/**
 * Which prefix an opcode is told apart by: a mandatory 66, F2 or F3; `NP`: none of these; `NFx`: neither F2 nor F3;
 * absent: any, as operand size or without meaning (SDM vol. 2A, 3.1.1.1).
 */
export type MandatoryPrefix = 'NP' | 'NFx' | '66' | 'F2' | 'F3' | undefined;

/** An opcode column taken apart. */
export interface Opcode {
  readonly source: string;
  readonly prefix: MandatoryPrefix;
  /** REX.W must be set. */
  readonly wide: boolean;
  readonly map: OpcodeMap;
  readonly first: number;
  /** How many opcodes from `first` on are the row's: 8 with a register in them (`+r`), 16 with a condition (`+cc`). */
  readonly count: 1 | 8 | 16;
  /** How ModRM follows: any, with a digit in its reg field, a range of fixed values, or not at all. */
  readonly modrm:
    | { readonly kind: 'none' | 'any' }
    | { readonly kind: 'digit'; readonly digit: number }
    | { readonly kind: 'fixed'; readonly from: number; readonly count: number };
}

/** What appendix A's superscripts say, and which prefixes mean something. */
export interface RowOptions {
  /** `o64`: only in 64-bit mode; `i64`: not there. */
  readonly only?: '64' | 'legacy';
  /** In 64-bit mode operands have 64 bits: by default (`d64`, 66 makes it 16), or always (`f64`). */
  readonly size?: 'd64' | 'f64';
  /** REX.B must be clear, since it would name another register (PAUSE). */
  readonly withoutB?: boolean;
  /** LOCK is allowed where the first operand is in memory. */
  readonly lock?: boolean;
  /** What the REP prefixes do: `rep`, or `repe` where F3 and F2 end at another ZF. */
  readonly repeat?: 'rep' | 'repe';
}

/** One instruction: opcode and operands as the SDM writes them, and its meaning. */
export interface Row extends RowOptions {
  readonly opcode: Opcode;
  readonly mnemonic: string;
  /** Operand codes of appendix A.2: `Ev`, `Gv`, `Ib`. */
  readonly operands: readonly string[];
  readonly lift: (b: Builder, i: Decoded) => void;
}

/**
 * One instruction: its opcode column (`REX.W 0F AF /r`, `B8+r`, `0F 90+cc /0`), `mnemonic operand, operand` with the
 * operand codes of appendix A.2, and its meaning.
 */
export function row(
  source: string,
  syntax: string,
  lift: (b: Builder, i: Decoded) => void,
  options: RowOptions = {},
): Row {
  const [mnemonic, ...rest] = syntax.split(' ');
  const operands = rest.length === 0 ? [] : rest.join(' ').split(', ');
  let opcode: Opcode | undefined;
  return {
    ...options,
    // When it is first asked for: a run of another target pays nothing.
    get opcode() {
      opcode ??= parseOpcode(source);
      return opcode;
    },
    mnemonic,
    operands,
    lift,
  };
}

/** Parses an opcode column; a mistake in one is a bug, found when the table is built. */
export function parseOpcode(source: string): Opcode {
  const tokens = source.split(' ');
  let prefix: MandatoryPrefix;
  let wide = false;
  for (; ; tokens.shift()) {
    const [token, next] = tokens;
    if (token === 'NP' || token === 'NFx') prefix = token;
    else if (token === 'REX.W') wide = true;
    else if ((token === '66' || token === 'F2' || token === 'F3') && next !== undefined && !next.startsWith('/'))
      prefix = token;
    else break;
  }
  let map: OpcodeMap = 0;
  if (tokens[0] === '0F') {
    tokens.shift();
    map = 1;
    const third = tokens[0] as string | undefined;
    if (third === '38' || third === '3A') {
      tokens.shift();
      map = third === '38' ? 2 : 3;
    }
  }
  const [opcode, ...rest] = tokens;
  const [, digits, plus] = /^([0-9A-F]{2})(\+r|\+cc)?$/.exec(opcode ?? '') ?? [];
  if (digits === undefined || rest.length > 1) throw new Error(`opcode ${source}`);
  const count = plus === '+r' ? 8 : plus === '+cc' ? 16 : 1;
  return { source, prefix, wide, map, first: Number.parseInt(digits, 16), count, modrm: parseModrm(source, rest[0]) };
}

function parseModrm(source: string, token: string | undefined): Opcode['modrm'] {
  if (token === undefined) return { kind: 'none' };
  if (token === '/r') return { kind: 'any' };
  const digit = /^\/([0-7])$/.exec(token);
  if (digit) return { kind: 'digit', digit: Number(digit[1]) };
  const fixed = /^([C-F][0-9A-F])(\+i)?$/.exec(token);
  if (!fixed) throw new Error(`opcode ${source}`);
  return { kind: 'fixed', from: Number.parseInt(fixed[1], 16), count: fixed[2] ? 8 : 1 };
}
