import { describe, expect, it } from 'vitest';
import { EC, esr } from '../../../machine/aarch64/causes.ts';
import { decode, TABLE } from '../../../machine/aarch64/decode.ts';
import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { extractFields, insertFields, type Row } from '../../../machine/decode/index.ts';
import { Builder, OPS, type OpRow, verify } from '../../../machine/ir/index.ts';
import { random32, randomWordOf, withNeighbours } from '../words.ts';
import { decodeWord } from './words.ts';

const ROWS = TABLE.rows;
const named = (row: Row) => `${row.syntax} (${row.pattern.source})`;
const takes = (row: Row, word: number) => !row.where || row.where(extractFields(row.pattern, word));

/** The bits of a row's register fields. */
function registerBits({ pattern }: Row): number {
  const slices = pattern.fields.filter(({ name }) => /^R[a-z]/.test(name)).flatMap((field) => field.slices);
  return slices.reduce((bits, { from, width }) => bits | ((2 ** width - 1) << from), 0);
}

/** A word that both rows take: every value of the bits that neither fixes, registers the same, at either end, or any. */
function sharedWord(a: Row, b: Row, random: () => number): number | undefined {
  const common = a.pattern.mask & b.pattern.mask;
  if (((a.pattern.value ^ b.pattern.value) & common) !== 0) return undefined;
  const registers = registerBits(a) & registerBits(b);
  const open = ~(a.pattern.mask | b.pattern.mask | registers);
  const fixed = a.pattern.value | b.pattern.value;
  for (let subset = open, tried = 0; ; subset = (subset - 1) & open, tried++) {
    if (tried > 1 << 20) throw new Error(`${named(a)} and ${named(b)} overlap too widely to try every word`);
    for (const numbers of [0, -1, random()]) {
      const word = (fixed | subset | (numbers & registers)) >>> 0;
      if (takes(a, word) && takes(b, word)) return word;
    }
    if (subset === 0) return undefined;
  }
}

describe('every encoding has one row', () => {
  it('no two rows share a word', () => {
    const random = random32(5);
    const shared: string[] = [];
    ROWS.forEach((a, i) => {
      for (const b of ROWS.slice(i + 1)) {
        const word = sharedWord(a, b, random);
        if (word !== undefined) shared.push(`${named(a)} and ${named(b)}: ${word.toString(16)}`);
      }
    });
    expect(shared).toEqual([]);
  });

  it('find and findAll agree on words of every row and their single-bit neighbours', () => {
    const random = random32(3);
    const words = ROWS.flatMap((row) => withNeighbours(randomWordOf(row, random)));
    const agree = (word: number) => {
      const all = TABLE.findAll(word);
      return all.length <= 1 && TABLE.find(word)?.row === all[0];
    };
    expect(words.filter((word) => !agree(word))).toEqual([]);
  });
});

describe.each(ROWS.map((row) => [named(row), row] as const))('%s', (_, row) => {
  const random = random32(row.pattern.value);
  const words = Array.from({ length: 16 }, () => randomWordOf(row, random));

  it('insertFields undoes extractFields', () => {
    for (const word of words) expect(insertFields(row.pattern, extractFields(row.pattern, word))).toBe(word);
  });

  it('lifts to blocks that the verifier accepts, calling helpers that exist', () => {
    for (const word of words) {
      const b = new Builder();
      row.lift(b, extractFields(row.pattern, word), { word, length: 4 });
      expect(verify(b.block())).toEqual([]);
      const calls = b.block().nodes.filter(({ op }) => op === 'call');
      for (const { attributes } of calls) expect(AARCH64.helpers).toHaveProperty([attributes.helper ?? '']);
      expect(decodeWord(word).block.nodes.length).toBe(b.block().nodes.length);
    }
  });
});

describe('instruction length', () => {
  it('is four bytes, and what lies behind is ignored', () => {
    expect(decode(Uint8Array.of(0x1f, 0x20, 0x03))).toBe(4);
    expect(decode(Uint8Array.of(0x20, 0x00, 0x02, 0x8b, 0xff))).toMatchObject({ length: 4, mnemonic: 'add' });
  });
});

describe('unallocated encodings raise an exception of unknown reason (Arm ARM D17.2.37, EC 0b000000)', () => {
  const cases: [string, number][] = [
    ['UDF #0', 0x0000_0000],
    ['the all-ones word', 0xffff_ffff],
    ['ADD (immediate) with bit 23 set', 0x9180_0000],
    ['AND (immediate), 32 bits, N=1', 0x1240_0000],
    ['AND (immediate) of all ones', 0x9240_fc00],
    ['ORR (immediate), N=0, imms=11111x', 0xb200_f800],
    ['MOVZ, 32 bits, hw=2', 0x52c0_0000],
    ['move wide, opc=01', 0x3280_0000],
    ['UBFM, 64 bits, N=0', 0xd300_0000],
    ['UBFM, 32 bits, immr=32', 0x5320_0000],
    ['bitfield, opc=11', 0x7300_0000],
    ['EXTR, 32 bits, imms=32', 0x1380_8000],
    ['EXTR, 64 bits, N=0', 0x9380_0000],
    ['ADD (shifted register) with ROR', 0x8bc0_0000],
    ['ADD (shifted register), 32 bits, LSL #32', 0x0b00_8000],
    ['AND (shifted register), 32 bits, LSL #32', 0x0a00_8000],
    ['ADD (extended register) with imm3=5', 0x8b20_1400],
    ['ADD (extended register) with opt=01', 0x8b60_0000],
    ['ADC with opcode2=1', 0x9a00_0400],
    ['CCMP with o2=1', 0xfa40_0400],
    ['CCMP with o3=1', 0xfa40_0010],
    ['CCMP with S=0', 0xda40_0000],
    ['CSEL with op2=1x', 0x9a80_0800],
    ['CSEL with S=1', 0xba80_0000],
    ['CRC32X with sf=0', 0x1ac0_4c00],
    ['CRC32B with sf=1', 0x9ac0_4000],
    ['UDIV with S=1', 0xbac0_0800],
    ['REV32 with sf=0 is REV, but opcode 3 is not', 0x5ac0_0c00],
    ['PACIA (FEAT_PAuth)', 0xdac1_0000],
    ['SETF8 (FEAT_FlagM)', 0x3a00_080d],
    ['SMADDL with sf=0', 0x1b20_0000],
    ['B.cond with o0=1 (FEAT_HBC)', 0x5400_0010],
    ['B.cond with o1=1', 0x5500_0000],
    ['BR with op4=1', 0xd61f_0001],
    ['BR with op2=0', 0xd600_0000],
    ['BRAA (FEAT_PAuth)', 0xd71f_0800],
    ['SVE', 0x0420_0000],
  ];
  it.each(cases)('%s', (_, word) => {
    const { block, mnemonic } = decodeWord(word >>> 0);
    expect(mnemonic).toBe('udf');
    expect(verify(block)).toEqual([]);
    expect(block.nodes.find(({ op }) => op === 'trap.if')?.attributes.cause).toBe(esr(EC.unknown));
  });
});

describe('results for the zero register are lost, flags are not', () => {
  const cases: [string, number, readonly string[]][] = [
    ['ADD (shifted register)', 0x8b02_003f, []],
    ['SUBS (CMP)', 0xeb02_003f, ['nzcv.n', 'nzcv.z', 'nzcv.c', 'nzcv.v']],
    ['ANDS (TST)', 0xea02_003f, ['nzcv.n', 'nzcv.z', 'nzcv.c', 'nzcv.v']],
    ['ADD (immediate), to SP', 0x9100_403f, ['sp']],
    ['MADD', 0x9b02_0c3f, []],
    ['CRC32X', 0x9ac2_4c3f, []],
  ];
  it.each(cases)('%s', (_, word, slots) => {
    const effects = decodeWord(word).block.nodes.filter((node) => (OPS[node.op] as OpRow).effect);
    const written = effects.flatMap(({ attributes: { slot, writes = [] } }) => (slot ? [slot] : writes));
    expect(written.map(({ name }) => name)).toEqual(slots);
  });
});
