/**
 * Assembly text, from the syntax of the rows. A row's syntax is what the toolchain's disassembler prints without
 * aliases, `mnemonic operand, operand, [operand, operand]`, with these words in place of what varies:
 *
 * Registers: a letter for the kind and the field's name without its `R`, so `Xn` shows the field Rn and `Wt2` Rt2.
 *   X W         64 or 32 bits, number 31 being the zero register; `Xn|SP`, `Wn|SP`: the stack pointer
 *   R           X or W as the field `sf` (or `b5`) says: `Rd`, `Rn|SP`
 *   B H S D Q   a scalar of SIMD and floating point
 *   F           H, S or D as the field `ftype` says
 *   V           a scalar of the element's size; with a dot and an arrangement, a vector: `Vd.16B`, `Vn.B` as they
 *               stand, or by name from ARRANGEMENTS below: `Vd.T` by size:Q, `Vn.Ts` the letter of an element alone.
 *               An element's size is that of the field `size`, `sz` (S or D), `immh` or `imm5`. `Vd.Va` is a scalar of
 *               twice that size.
 *   `Vt.T:3`    a list of three from that one on, in braces; `Vn.16B:len` of len + 1
 * Numbers: the name of any field, or of an entry in OPERANDS that yields a number; decimal, or `0ximm12` hexadecimal;
 *   multiplied: `imm7*8`. A `#` before it is written out.
 * Anything else that varies: a name in OPERANDS below, one line each; it yields text, or '' where nothing is to be shown,
 *   and then the `, ` or space before it goes too. Words that are none of these stand for themselves (`lsl`, `#0.0`).
 * Optional parts: in braces, left out where every operand inside is 0 or '': `[Xn|SP{, #imm12*8}]`, `{, lsl #hw*16}`,
 *   `dcps1{ #0ximm16}`.
 * In the mnemonic, a name from SUFFIXES in braces: `fcvtl{2}`, `b.{cond}`, `ldadd{a}{l}`.
 */
import type { FieldValues, Match } from '../decode/index.ts';
import { logicalImmediate } from './bitmask.ts';
import { expandBytes } from './simd-immediate.ts';
import { SYSTEM_REGISTER_NAMES } from './sysreg-names.ts';

type Operand = (fields: FieldValues, pc: bigint) => string | number;

const CONDITIONS = 'eq ne cs cc mi pl vs vc hi ls ge lt gt le al nv'.split(' ');
const EXTENSIONS = 'uxtb uxth uxtw uxtx sxtb sxth sxtw sxtx'.split(' ');
const SHIFTS = 'lsl lsr asr ror'.split(' ');
/** Of DMB and DSB, by CRm; numbers where there is no name. */
const BARRIERS = ' oshld oshst osh  nshld nshst nsh  ishld ishst ish  ld st sy'.split(' ');
const hex = (n: number, digits = 1) => `0x${n.toString(16).padStart(digits, '0')}`;

/** The size of an element as the power of two of its bytes, from whichever field says it. */
const elementSize = ({ size, sz, immh, imm5 }: FieldValues): number =>
  size ?? (sz !== undefined ? 2 + sz : immh !== undefined ? 31 - Math.clz32(immh) : 31 - Math.clz32(imm5 & -imm5));
const letter = (size: number) => 'bhsdq'[size];
/** A vector of 64 or 128 bits (Q) in elements of that size. */
const vector = (size: number, Q: number) => `${(8 << Q) >> size}${letter(size)}`;

/** Arrangements by name, as the manual names them. */
const ARRANGEMENTS: Readonly<Record<string, (fields: FieldValues) => string>> = {
  T: (f) => vector(elementSize(f), f.Q),
  Ts: (f) => letter(elementSize(f)),
  /** All 128 bits, in elements of twice the size. */
  Ta: (f) => vector(elementSize(f) + 1, 1),
  /** The other operands' arrangement where one is Ta. */
  Tb: (f) => vector(elementSize(f), f.Q),
  /** Elements of twice the size, half as many. */
  Tp: (f) => vector(elementSize(f) + 1, f.Q),
  /** Two elements, of which a scalar is made. */
  T2: (f) => `2${letter(elementSize(f))}`,
  /** Elements of 8, 16 and 32 bits, whatever the fields. */
  T8: ({ Q }) => vector(0, Q),
  T16: ({ Q }) => vector(1, Q),
  T32: ({ Q }) => vector(2, Q),
};

/** What the mnemonic's braces may hold. */
const SUFFIXES: Readonly<Record<string, (fields: FieldValues) => string>> = {
  cond: (f) => CONDITIONS[f.cond],
  /** The second half of a vector is taken or made. */
  2: (f) => (f.Q === 1 ? '2' : ''),
  /** Acquire and release, of LSE's atomics (A and R) and of CAS (L and o0). */
  a: (f) => ((f.A ?? f.L) === 1 ? 'a' : ''),
  l: (f) => ((f.R ?? f.o0) === 1 ? 'l' : ''),
};

const address = (value: bigint) => BigInt.asUintN(64, value).toString(16);
const branch =
  (field: string): Operand =>
  (f, pc) =>
    address(pc + BigInt(f[field]) * 4n);

/** The register offset of a load or store of that many bytes: `x2, lsl #3`, `w2, sxtw`. */
const registerOffset =
  (bytes: number): Operand =>
  ({ Rm, option, S }) => {
    const amount = S === 1 ? ` #${Math.log2(bytes)}` : '';
    const name = option === 3 ? (S === 1 ? ', lsl' : '') : `, ${EXTENSIONS[option]}`;
    return `${general(Rm, option & 1, false)}${name}${amount}`;
  };

/** An 8-bit floating-point constant's value (VFPExpandImm), as C's %.18e prints it. */
export function floatText(imm8: number): string {
  const exponent = (((imm8 >> 4) & 7) ^ 4) - 3;
  const value = (imm8 & 0x80 ? -1 : 1) * (1 + (imm8 & 15) / 16) * 2 ** exponent;
  return value.toExponential(18).replace(/e([+-])(\d)$/, 'e$10$2');
}

const OPERANDS: Readonly<Record<string, Operand>> = {
  // Integers
  /** A shifted register's shift; `lsl #0` is left out. */
  shifted: ({ shift, imm6 }) => (shift === 0 && imm6 === 0 ? '' : `${SHIFTS[shift]} #${imm6}`),
  /** An extended register, where Rd and Rn may be SP, and where Rn may alone. */
  extended: (f) => extended(f, f.Rn === 31 || f.Rd === 31),
  extendedS: (f) => extended(f, f.Rn === 31),
  bitmask: ({ sf, N, imms, immr }) => `0x${logicalImmediate(sf, N, imms, immr)?.toString(16)}`,
  cond: (f) => CONDITIONS[f.cond],
  /** The bit that TBZ and TBNZ test. */
  bit: ({ b5, b40 }) => b5 * 32 + b40,
  /** RET's register, where it is not the usual one. */
  returnTo: ({ Rn }) => (Rn === 30 ? '' : general(Rn, 1, false)),
  // Targets
  imm26: branch('imm26'),
  label: branch('imm19'),
  imm14: branch('imm14'),
  adr: ({ imm }, pc) => address(pc + BigInt(imm)),
  adrp: ({ imm }, pc) => address((pc & ~0xfffn) + BigInt(imm) * 4096n),
  // Memory
  offset1: registerOffset(1),
  offset2: registerOffset(2),
  offset4: registerOffset(4),
  offset8: registerOffset(8),
  offset16: registerOffset(16),
  /** Registers s and t of CASP, each with the next one. */
  pairWs: ({ Rs }) => `${general(Rs, 0, false)}, ${general(Rs + 1, 0, false)}`,
  pairWt: ({ Rt }) => `${general(Rt, 0, false)}, ${general(Rt + 1, 0, false)}`,
  pairXs: ({ Rs }) => `${general(Rs, 1, false)}, ${general(Rs + 1, 1, false)}`,
  pairXt: ({ Rt }) => `${general(Rt, 1, false)}, ${general(Rt + 1, 1, false)}`,
  /** PRFM's operation, in the place of Rt. */
  prfop: ({ Rt }) => {
    const [kind, target] = [['pld', 'pli', 'pst'][Rt >> 3], (Rt >> 1) & 3];
    return kind && target < 3 ? `${kind}l${target + 1}${Rt & 1 ? 'strm' : 'keep'}` : `#${hex(Rt, 2)}`;
  },
  // SIMD and floating point
  /** The lane of a structure's elements, in Q:S:size as far as the size of the elements leaves them. */
  laneB: ({ Q, S, size }) => (Q << 3) | (S << 2) | size,
  laneH: ({ Q, S, size }) => (Q << 2) | (S << 1) | (size >> 1),
  laneS: ({ Q, S }) => (Q << 1) | S,
  laneD: ({ Q }) => Q,
  /** Bytes of a vector and of an element, by which structure loads and stores raise their base. */
  vectorBytes: ({ Q }) => 8 << Q,
  elementBytes: ({ size }) => 1 << size,
  /** The element of INS, DUP, UMOV and SMOV that imm5 selects. */
  index: ({ imm5 }) => imm5 >> (elementSize({ imm5 }) + 1),
  /** The source's element of INS. */
  index2: ({ imm5, imm4 }) => imm4 >> elementSize({ imm5 }),
  /** Vm and its element in "by element" forms: of the bits H, L and M, those that no register needs number elements. */
  element: (f) => {
    const { H, L, M, Rm } = f;
    const size = elementSize(f);
    const index = [H * 4 + L * 2 + M, H * 2 + L, H][size - 1];
    return `v${size === 1 ? Rm : M * 16 + Rm}.${letter(size)}[${index}]`;
  },
  /** Shifts right and left of immh:immb. */
  rshift: ({ immh, immb }) => 2 * (8 << elementSize({ immh })) - (immh * 8 + immb),
  lshift: ({ immh, immb }) => immh * 8 + immb - (8 << elementSize({ immh })),
  /** Bits of an element, by which SHLL shifts. */
  esize: (f) => 8 << elementSize(f),
  /** MOVI's 64 bits: a byte of ones for each one bit. */
  bytemask: ({ abcdefgh }) => `0x${expandBytes(abcdefgh).toString(16)}`,
  /** Fraction bits of a fixed-point number in a general register. */
  fbits: ({ scale }) => 64 - scale,
  fimm: ({ imm8, abcdefgh = imm8 }) => floatText(abcdefgh),
  // System
  /** With op0 as its low bit, o0. */
  sysreg: ({ o0, op1, CRn, CRm, op2 }) =>
    SYSTEM_REGISTER_NAMES.get(((2 + o0) << 14) | (op1 << 11) | (CRn << 7) | (CRm << 3) | op2) ??
    `s${2 + o0}_${op1}_c${CRn}_c${CRm}_${op2}`,
  barrier: ({ CRm }) => BARRIERS[CRm] || `#${hex(CRm, 2)}`,
  /** The operands of SYS and SYSL. */
  Cn: ({ CRn }) => `C${CRn}`,
  Cm: ({ CRm }) => `C${CRm}`,
  operand: ({ Rt }) => (Rt === 31 ? '' : `x${Rt}`),
  /** The immediate of CLREX and ISB, left out where it is 15. */
  clrex: ({ CRm }) => (CRm === 15 ? '' : `#${hex(CRm)}`),
  hint: ({ CRm, op2 }) => CRm * 8 + op2,
};

/** X or W and a number; 31 is the zero register or the stack pointer. */
function general(number: number, sf: number, sp: boolean): string {
  if (number < 31) return `${sf === 1 ? 'x' : 'w'}${number}`;
  if (sp) return sf === 1 ? 'sp' : 'wsp';
  return sf === 1 ? 'xzr' : 'wzr';
}

/** An extended register: UXTX or UXTW is LSL where SP takes part, and left out where it does nothing then. */
function extended({ sf, Rm, option, imm3 }: FieldValues, sp: boolean): string {
  const register = general(Rm, sf === 1 && (option & 3) === 3 ? 1 : 0, false);
  const plain = sp && option === (sf === 1 ? 3 : 2);
  if (plain && imm3 === 0) return register;
  return `${register}, ${plain ? 'lsl' : EXTENSIONS[option]}${imm3 === 0 ? '' : ` #${imm3}`}`;
}

function simd(kind: string, number: number, arrangement: string | undefined, f: FieldValues): string {
  if (kind === 'F') return `${'sd?h'[f.ftype]}${number}`;
  if (kind !== 'V') return `${kind.toLowerCase()}${number}`;
  if (arrangement === undefined) return `${letter(elementSize(f))}${number}`;
  if (arrangement === 'Va') return `${letter(elementSize(f) + 1)}${number}`;
  return `v${number}.${ARRANGEMENTS[arrangement]?.(f) ?? arrangement.toLowerCase()}`;
}

/** A list of vectors: two in full, more as a range, unless that goes round from 31 to 0. */
function list(first: number, count: number, text: (number: number) => string): string {
  const all = Array.from({ length: count }, (_, i) => text((first + i) % 32));
  return `{${count > 2 && first + count <= 32 ? `${all[0]}-${all[count - 1]}` : all.join(', ')}}`;
}

/** What a word of the syntax stands for here: text, a number, or, where it stands for itself, nothing. */
function operand(word: string, f: FieldValues, pc: bigint): string | number | undefined {
  const own = OPERANDS[word]?.(f, pc);
  if (own !== undefined) return own;
  const [, kind, name, sp, arrangement, count] =
    /^([XWRFBHSDQV])([a-z]\w*)(\|SP)?(?:\.(\w+))?(?::(\w+))?$/.exec(word) ?? [];
  const number = f[`R${name}`];
  if (kind === undefined || number === undefined) return f[word];
  if ('XWR'.includes(kind))
    return general(number, kind === 'R' ? (f.sf ?? f.b5) : kind === 'X' ? 1 : 0, sp !== undefined);
  if (count === undefined) return simd(kind, number, arrangement, f);
  return list(number, count in f ? f[count] + 1 : Number(count), (n) => simd(kind, n, arrangement, f));
}

const WORD = /\{([^}]*)\}|(, | )?(0x)?([A-Za-z][\w|]*(?:\.\w+)?(?::\w+)?)(?:\*(\d+))?/g;

/** A syntax with its words replaced, and whether any of its operands is other than 0 and ''. */
function render(syntax: string, f: FieldValues, pc: bigint): { text: string; shows: boolean } {
  let shows = false;
  const text = syntax.replace(WORD, (all, group, before = '', prefix, word, factor = 1) => {
    if (group !== undefined) {
      const inner = render(group, f, pc);
      return inner.shows ? inner.text : '';
    }
    const value = operand(word, f, pc);
    if (value === undefined) return all;
    if (value !== 0 && value !== '') shows = true;
    if (typeof value === 'string') return value === '' ? '' : before + value;
    const number = value * Number(factor);
    return before + (prefix ? hex(number) : number);
  });
  return { text, shows };
}

/** Where a syntax's operands begin: at a space, or at the brace before one. */
const OPERANDS_FROM = /\{? /;

/** The mnemonic of a match. */
export const mnemonicOf = ({ row, fields }: Match): string =>
  row.syntax.split(OPERANDS_FROM, 1)[0].replace(/\{(\w+)\}/g, (_, name) => SUFFIXES[name](fields));

/** The assembly text of a match at `pc`, aliases not used. */
export function disassemble(match: Match, pc: bigint): string {
  const { syntax } = match.row;
  const operands = syntax.search(OPERANDS_FROM);
  const mnemonic = mnemonicOf(match);
  return operands < 0 ? mnemonic : mnemonic + render(syntax.slice(operands), match.fields, pc).text;
}
