import { describe, expect, it } from 'vitest';
import { type DecodeTable, extractFields, insertFields, type Row } from '../../../machine/decode/index.ts';
import { Builder, type Node, OPS, type OpRow, verify } from '../../../machine/ir/index.ts';
import { CAUSE } from '../../../machine/riscv/causes.ts';
import { decode, TABLE_16, TABLE_32 } from '../../../machine/riscv/decode.ts';
import { RISCV64 } from '../../../machine/riscv/isa.ts';
import { random32, randomWordOf, withNeighbours } from '../words.ts';
import { compressedWords, decodeWord } from './words.ts';

const ROWS = [...TABLE_32.rows, ...TABLE_16.rows];
const named = (row: Row) => `${row.syntax.split(' ')[0]} (${row.pattern.source})`;

/** All words that both rows take, found by trying every value of the bits that neither fixes. */
function sharedWords(a: Row, b: Row): number[] {
  const common = a.pattern.mask & b.pattern.mask;
  if (((a.pattern.value ^ b.pattern.value) & common) !== 0) return [];
  const all = a.pattern.bits === 16 ? 0xffff : 0xffff_ffff;
  const open = (all & ~(a.pattern.mask | b.pattern.mask)) >>> 0;
  const fixed = (a.pattern.value | b.pattern.value) >>> 0;
  const takes = (row: Row, word: number) => !row.where || row.where(extractFields(row.pattern, word));
  const words: number[] = [];
  for (let subset = open, tried = 0; ; subset = ((subset - 1) & open) >>> 0, tried++) {
    if (tried > 1 << 20) throw new Error(`${named(a)} and ${named(b)} overlap too widely to try every word`);
    const word = (fixed | subset) >>> 0;
    if (takes(a, word) && takes(b, word)) words.push(word);
    if (subset === 0) return words;
  }
}

describe('every encoding has one row', () => {
  it('no two rows share a word', () => {
    const shared: string[] = [];
    for (const { rows } of [TABLE_32, TABLE_16]) {
      rows.forEach((a, i) => {
        for (const b of rows.slice(i + 1)) {
          const [word] = sharedWords(a, b);
          if (word !== undefined) shared.push(`${named(a)} and ${named(b)}: ${word.toString(16)}`);
        }
      });
    }
    expect(shared).toEqual([]);
  });

  const agree = (table: DecodeTable, word: number) => {
    const all = table.findAll(word);
    return all.length <= 1 && table.find(word)?.row === all[0];
  };
  it('find and findAll agree on all 16-bit words', () => {
    expect(compressedWords().filter((word) => !agree(TABLE_16, word))).toEqual([]);
  });
  it('find and findAll agree on words of every 32-bit row and their single-bit neighbours', () => {
    const random = random32(3);
    const words = TABLE_32.rows.flatMap((row) => withNeighbours(randomWordOf(row, random)));
    expect(words.filter((word) => !agree(TABLE_32, word))).toEqual([]);
  });
});

describe.each(ROWS.map((row) => [named(row), row] as const))('%s', (_, row) => {
  const random = random32(row.pattern.value);
  const words = Array.from({ length: 16 }, () => randomWordOf(row, random));

  it('insertFields undoes extractFields', () => {
    for (const word of words) expect(insertFields(row.pattern, extractFields(row.pattern, word))).toBe(word);
  });

  it('lifts to blocks that the verifier accepts, calling helpers that exist', () => {
    const length = row.pattern.bits / 8;
    for (const word of words) {
      const b = new Builder();
      row.lift(b, extractFields(row.pattern, word), { word, length });
      expect(verify(b.block())).toEqual([]);
      const calls = b.block().nodes.filter(({ op }) => op === 'call');
      for (const { attributes } of calls) expect(RISCV64.helpers).toHaveProperty([attributes.helper ?? '']);
      expect(decodeWord(word, length).block.nodes.length).toBe(b.block().nodes.length);
    }
  });
});

describe('instruction length', () => {
  it('asks for four bytes where two do not suffice', () => {
    expect(decode(Uint8Array.of(0x13, 0x00))).toBe(4);
    expect(decode(Uint8Array.of(0x01, 0x00))).toMatchObject({ length: 2 });
  });
  it('no row takes words that begin 48-bit or longer instructions', () => {
    for (const { pattern } of TABLE_32.rows) {
      expect(pattern.mask & 3).toBe(3);
      expect(pattern.value & 3).toBe(3);
      expect(pattern.mask & ~pattern.value & 0x1c, pattern.source).not.toBe(0);
    }
  });
  it('ignores bytes behind the instruction', () => {
    expect(decode(Uint8Array.of(0x01, 0x00, 0xff, 0xff))).toMatchObject({ length: 2, mnemonic: 'c.addi' });
  });
});

describe('illegal encodings raise illegal instruction with their bits as the trap value', () => {
  const cases: [string, number, 2 | 4][] = [
    ['the all-zero word', 0x0000, 2],
    ['the all-ones word', 0xffff_ffff, 4],
    ['a 48-bit encoding', 0x0000_001f, 4],
    ['C.ADDI4SPN with nzuimm=0', 0x0004, 2],
    ['quadrant 0, funct3 100', 0x8000, 2],
    ['C.ADDIW with rd=x0', 0x2005, 2],
    ['C.ADDI16SP with nzimm=0', 0x6101, 2],
    ['C.LUI with nzimm=0', 0x6501, 2],
    ['the reserved row beside C.SUBW and C.ADDW', 0x9c41, 2],
    ['C.LWSP with rd=x0', 0x4002, 2],
    ['C.LDSP with rd=x0', 0x6002, 2],
    ['C.JR with rs1=x0', 0x8002, 2],
    ['LR.W with rs2=x1', 0x1010_a02f, 4],
    ['FADD.S with rm=5', 0x0000_5053, 4],
    ['FCVT.D.W with rm=6', 0xd200_6053, 4],
    ['FSQRT.S with rs2=1', 0x5810_7053, 4],
    ['FADD.H', 0x0400_7053, 4],
    ['SLLIW with shamt[5]=1', 0x0200_101b, 4],
    ['LOAD with funct3 111', 0x0000_7003, 4],
    ['ECALL with rd=x1', 0x0000_00f3, 4],
  ];
  it.each(cases)('%s', (_, word, size) => {
    const { block, mnemonic } = decodeWord(word, size);
    expect(mnemonic).toBe('illegal');
    expect(verify(block)).toEqual([]);
    const trap = block.nodes.find(({ op }) => op === 'trap.if');
    expect(trap?.attributes.cause).toBe(CAUSE.illegalInstruction);
    expect(trap?.args.map(({ attributes }) => attributes.value)).toEqual([1, BigInt(word)]);
  });
});

/** Whether the node adds zero to a register. */
function writesBack({ op, args: [sum], attributes }: Node): boolean {
  if (op !== 'slot.set' || sum.op !== 'i64.add') return false;
  const [register, zero] = sum.args;
  return register.attributes.slot === attributes.slot && zero.attributes.value === 0n;
}

describe('HINTs change nothing (Unpriv. "HINT Instructions", "RVC HINT Instructions")', () => {
  const cases: [string, number, 2 | 4][] = [
    ['C.NOP with nzimm=1', 0x0005, 2],
    ['C.ADDI a0 with nzimm=0', 0x0501, 2],
    ['C.LI with rd=x0', 0x4005, 2],
    ['C.LUI with rd=x0', 0x6005, 2],
    ['C.MV with rd=x0', 0x802e, 2],
    ['C.ADD with rd=x0 (C.NTL.P1)', 0x900a, 2],
    ['C.SLLI with rd=x0', 0x0006, 2],
    ['C.SLLI64', 0x0502, 2],
    ['C.SRLI64', 0x8101, 2],
    ['C.SRAI64', 0x8501, 2],
    ['PAUSE', 0x0100_000f, 4],
    ['FENCE with reserved fm, rs1 and rd', 0x50f5_878f, 4],
    ['LUI with rd=x0', 0x0000_1037, 4],
    ['SLTI with rd=x0', 0x0000_2013, 4],
  ];
  it.each(cases)('%s', (_, word, size) => {
    const { block, mnemonic } = decodeWord(word, size);
    expect(mnemonic).not.toBe('illegal');
    const effects = block.nodes.filter((node) => (OPS[node.op] as OpRow).effect && !writesBack(node));
    expect(effects.map(({ op }) => op)).toEqual([]);
  });
});
