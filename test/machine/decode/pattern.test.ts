import { describe, expect, it } from 'vitest';
import { extractFields, insertFields, parsePattern } from '../../../machine/decode/index.ts';

const KINDS = {
  rd: { width: 5 },
  "rs1'": { width: 3, base: 8 },
  imm: { signed: true },
  uimm: {},
} as const;

describe('parsePattern', () => {
  const cases: [string, number, number, number][] = [
    ['imm[31:12] rd 0110111', 32, 0x7f, 0x37],
    ['0000000000000000 0000000000010011', 32, 0xffff_ffff, 0x13],
    ["110 uimm[5:3] rs1' uimm[2|6] 010 00", 16, 0xe01f, 0xc008],
    ['1 imm[30:0]', 32, 0x8000_0000, 0x8000_0000],
  ];
  it.each(cases)('%s', (source, bits, mask, value) => {
    expect(parsePattern(source, KINDS)).toMatchObject({ bits, mask, value });
  });

  const mistakes: [string, string, RegExp][] = [
    ['a field nobody named', 'rx 00000000000', /unknown token rx/],
    ['31 bits', 'imm[31:13] rd 0110111', /has 31 bits/],
    ['a field without usual width', 'imm 0110111', /no width/],
    ['a token that is neither', 'rd[ 0110111', /unknown token/],
  ];
  it.each(mistakes)('refuses %s', (_, source, message) => {
    expect(() => parsePattern(source, KINDS)).toThrow(message);
  });
});

describe('fields', () => {
  const cases: [string, number, Record<string, number>][] = [
    // A sign in the middle of the word, slices out of order
    ['imm[20|10:1|11|19:12] rd 1101111', 0xffdff06f, { imm: -4, rd: 0 }],
    ['imm[20|10:1|11|19:12] rd 1101111', 0x0010_00ef, { imm: 0x800, rd: 1 }],
    // A field that fills the upper bits keeps its place and sign
    ['imm[31:12] rd 0110111', 0x8000_0fb7, { imm: -0x8000_0000, rd: 31 }],
    // Three-bit registers count from 8; a field in two tokens
    ["010 uimm[5:3] rs1' uimm[2|6] 000 00", 0x5fe0, { uimm: 0x7c, "rs1'": 15 }],
    ["010 uimm[5:3] rs1' uimm[2|6] 000 00", 0x4040, { uimm: 4, "rs1'": 8 }],
    ['000000000000000000000000000 rd', 0, { rd: 0 }],
  ];
  it.each(cases)('%s in %#x', (source, word, values) => {
    const pattern = parsePattern(source, KINDS);
    expect(extractFields(pattern, word)).toEqual(values);
    expect(insertFields(pattern, values)).toBe(word);
  });
});
