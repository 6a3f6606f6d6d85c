// Mnemonics that say a condition, a size or a comparison, as `objdump -M intel` prints them.
import type { Decoded } from './decoded.ts';
import { CODE_16, CODE_64 } from './registers.ts';

const CONDITIONS = 'o no b ae e ne be a s ns p np l ge le g'.split(' ');
/** The predicates of CMPPS and its like that have names of their own. */
const PREDICATES = 'eq lt le unord neq nlt nle ord'.split(' ');

/** Names by the operand size: 2, 4 and 8 bytes. */
const BY_OPERAND_SIZE: Readonly<Record<string, readonly [string, string, string]>> = {};
for (const names of [['cbw', 'cwde', 'cdqe'] as const, ['cwd', 'cdq', 'cqo'] as const])
  for (const name of names) Object.assign(BY_OPERAND_SIZE, { [name]: names });

/** JCXZ's names, by the address size. */
const JCXZ: Readonly<Record<number, string>> = { 2: 'jcxz', 4: 'jecxz', 8: 'jrcxz' };

/** Where no operand shows the size: a letter behind the mnemonic where it is not the mode's own. */
const SUFFIXED = new Set(
  ['pusha popa pushf popf iret ret retf leave enter push pop call jmp', 'fldenv fnstenv frstor fnsave'].flatMap(
    (names) => names.split(' '),
  ),
);
const SHOWS_SIZE = new Set(['register', 'memory', 'far']);
/** FPU environments lie in memory, which says nothing of their size. */
const ENVIRONMENTS = new Set(['fldenv', 'fnstenv', 'frstor', 'fnsave']);
/** Those that load and store descriptor table registers say their size always outside 64-bit mode. */
const TABLES = new Set(['sgdt', 'sidt', 'lgdt', 'lidt']);
/** REX.W's forms: another name. */
const WIDE: Readonly<Record<string, string>> = {
  ...{ fxsave: 'fxsave64', fxrstor: 'fxrstor64', xsave: 'xsave64', xrstor: 'xrstor64' },
  ...{ pcmpestrm: 'pcmpestrmq', pcmpestri: 'pcmpestriq' },
};

/** Whether CMPPS and its like have a predicate with a name, so that it is not an operand. */
export function namedPredicate(i: Decoded): string | undefined {
  const kind = /^cmp([ps][sd])$/.exec(i.row.mnemonic)?.[1];
  const last = i.operands.at(-1);
  if (kind === undefined || last?.kind !== 'immediate') return undefined;
  const name = PREDICATES[Number(last.value)];
  return name && `cmp${name}${kind}`;
}

/** 90 without a prefix that would make another XCHG of it. */
export const isNop = ({ row, opcode, rex, size66 }: Decoded): boolean =>
  row.opcode.map === 0 && opcode === 0x90 && row.mnemonic === 'xchg' && (rex & 1) === 0 && !size66;

/** DS before an indirect near branch says that its target need not be marked. */
export const notrack = (i: Decoded): boolean =>
  /^(jmp|call)$/.test(i.row.mnemonic) && i.row.operands[0] === 'Ev' && !(i.size66 && i.mode === CODE_64);

/** Whether REX.W changed the mnemonic. */
export const wideMnemonic = (i: Decoded): boolean =>
  (i.rex & 8) !== 0 && (i.row.mnemonic in WIDE || /^(iret|retf|sysret|sysexit)$/.test(i.row.mnemonic));

/** Whether the operand size shows in the mnemonic, so that a prefix that chose it is used. */
export const sizedMnemonic = (i: Decoded): boolean => {
  const { mnemonic } = i.row;
  if (mnemonic in BY_OPERAND_SIZE) return true;
  if (TABLES.has(mnemonic)) return i.mode !== CODE_64;
  if (ENVIRONMENTS.has(mnemonic)) return true;
  if (i.row.size === 'f64' && i.mode === CODE_64) return false;
  if (!SUFFIXED.has(mnemonic) || i.operands.some(({ kind }) => SHOWS_SIZE.has(kind))) return false;
  return !i.row.operands.includes('Jb');
};

/** What only x87's forerunners did. */
const OLD: Readonly<Record<string, string>> = {
  fneni: 'fneni(8087 only)',
  fndisi: 'fndisi(8087 only)',
  fnsetpm: 'fnsetpm(287 only)',
};

/** The mnemonic of an instruction. */
export function mnemonicOf(i: Decoded): string {
  const { mnemonic, opcode } = i.row;
  const { mode, operandSize } = i;
  if (opcode.count === 16) return mnemonic.replace('cc', CONDITIONS[i.opcode & 15]);
  if (isNop(i)) return 'nop';
  const bySize = BY_OPERAND_SIZE[mnemonic] as readonly string[] | undefined;
  if (bySize) return bySize[operandSize >> 2];
  const predicate = namedPredicate(i);
  if (predicate !== undefined) return predicate;
  if (/^j[er]?cxz$/.test(mnemonic)) return JCXZ[i.addressSize];
  if (mnemonic in OLD) return OLD[mnemonic];
  const wide = (i.rex & 8) !== 0;
  if (mnemonic === 'sysret' || mnemonic === 'sysexit')
    return mode === CODE_64 ? `${mnemonic}${wide ? 'q' : 'd'}` : mnemonic;
  if (wide && mnemonic in WIDE) return WIDE[mnemonic];
  if (TABLES.has(mnemonic) && mode !== CODE_64) return mnemonic + (operandSize === 2 ? 'w' : 'd');
  if (mnemonic === 'mov' && (i.row.operands.includes('Iv') || i.row.operands.some((code) => /^O[bv]$/.test(code)))) {
    // An immediate or an offset of 64 bits.
    const bytes = i.row.operands.includes('Iv') ? operandSize : i.addressSize;
    return bytes === 8 ? 'movabs' : 'mov';
  }
  if (sizedMnemonic(i)) return mnemonic + suffixOf(i, wide);
  return mnemonic;
}

function suffixOf(i: Decoded, wide: boolean): string {
  const { mode, operandSize, row } = i;
  if (wide && (row.mnemonic === 'iret' || row.mnemonic === 'retf')) return 'q';
  if (mode === CODE_16) return operandSize === 4 ? 'd' : '';
  return operandSize === 2 ? 'w' : '';
}
