/**
 * Every encoding against the toolchain's disassembler, a group for each part of the encoding space. One part alone:
 * `npx vitest run test/machine/aarch64/encodings.test.ts -t 'loads and stores of general registers'`. Where a row is missing, the
 * failure says so by mnemonic; words of extensions that are absent here, and words on which the toolchain is not the
 * manual, are listed in exceptions.ts.
 */
import { expect, it } from 'vitest';
import { TABLE } from '../../../machine/aarch64/decode.ts';
import { disassemble } from '../../../machine/aarch64/disassemble.ts';
import { describeWith } from '../../toolchain.ts';
import { random32, randomWordOf, withNeighbours } from '../words.ts';
import { EXCEPTIONS } from './exceptions.ts';
import { OBJDUMP, objdump } from './objdump.ts';

/** Parts of the encoding space, told apart by the bits in `mask` (Arm ARM C4.1), and the row files that fill them. */
const PARTS: readonly { name: string; mask: number; value: number }[] = [
  { name: 'data processing, immediate', mask: 0b111 << 26, value: 0b100 << 26 },
  { name: 'branches, exceptions and system', mask: 0b111 << 26, value: 0b101 << 26 },
  { name: 'data processing, register', mask: 0b111 << 25, value: 0b101 << 25 },
  { name: 'loads and stores of general registers', mask: 0b111 << 25, value: 0b100 << 25 },
  { name: 'loads and stores of SIMD and floating point', mask: 0b111 << 25, value: 0b110 << 25 },
  { name: 'SIMD and floating point', mask: 0b111 << 25, value: 0b111 << 25 },
];

const met = new Set<string>();
const BATCH = 1 << 18;

/** Compares what each word is called, word i at address 4i of its batch; what no exception covers, a line each. */
function differences(words: Uint32Array): string[] {
  const found: string[] = [];
  const missing = new Map<string, { count: number; example: string }>();
  for (let from = 0; from < words.length; from += BATCH) {
    const batch = words.subarray(from, from + BATCH);
    const texts = objdump(batch);
    batch.forEach((word, i) => {
      const match = TABLE.find(word);
      const ours = match && disassemble(match, BigInt(i * 4));
      const theirs = texts[i];
      if (ours === theirs) return;
      const exception = EXCEPTIONS.find(({ holds }) => holds({ word, ours, theirs }));
      if (exception) {
        met.add(exception.clause);
        return;
      }
      const hex = word.toString(16).padStart(8, '0');
      if (ours === undefined && theirs !== undefined) {
        const [mnemonic] = theirs.split(' ', 1);
        const { count = 0, example = `${hex} ${theirs}` } = missing.get(mnemonic) ?? {};
        missing.set(mnemonic, { count: count + 1, example });
      } else if (found.length < 20) found.push(`${hex}: ${ours}, ${OBJDUMP}: ${theirs}`);
    });
  }
  for (const [name, { count, example }] of missing) found.push(`no row: ${name}, ${count} times, as in ${example}`);
  return found;
}

/** All values of bits 31 to 10 in the part, registers in the bits below: 0, 31 and any alike. */
function* enumerate(mask: number, value: number, random: () => number): Generator<number> {
  const open = 0xffff_fc00 & ~mask;
  const register = () => [0, 31, random() & 31][random() % 3];
  for (let subset = open; ; subset = (subset - 1) & open) {
    yield (value | subset | (register() << 5) | register()) >>> 0;
    if (subset === 0) return;
  }
}

describeWith([OBJDUMP], 'valid encodings and their assembly are the toolchain’s', () => {
  for (const { name, mask, value } of PARTS) {
    const inPart = (word: number) => (word & mask) === value;

    it(`${name}: every row and its single-bit neighbours, fields random`, () => {
      const random = random32(1);
      const rows = TABLE.rows.filter(({ pattern }) => inPart(pattern.value));
      const words = rows.flatMap((row) =>
        Array.from({ length: 16 }, () => randomWordOf(row, random)).flatMap(withNeighbours),
      );
      expect(differences(Uint32Array.from(words.filter(inPart)))).toEqual([]);
    });

    it(`${name}: all values of bits 31 to 10`, () => {
      expect(differences(Uint32Array.from(enumerate(mask, value, random32(2))))).toEqual([]);
    });
  }

  it('branches, exceptions and system: all system instructions, and all exceptions with some immediates', () => {
    const random = random32(3);
    const words: number[] = [];
    for (let i = 0; i < 1 << 17; i++) words.push((0xd500_0000 | (i << 5) | (random() & 1 ? 31 : random() & 31)) >>> 0);
    for (let i = 0; i < 1 << 8; i++) {
      words.push((0xd400_0000 | ((i >> 5) << 21) | ((random() & 0xffff) << 5) | (i & 31)) >>> 0);
    }
    expect(differences(Uint32Array.from(words))).toEqual([]);
  });

  it('10⁶ random words', () => {
    const random = random32(4);
    expect(differences(Uint32Array.from({ length: 1e6 }, random))).toEqual([]);
  });

  it('every exception is met', () => {
    expect(EXCEPTIONS.map(({ clause }) => clause).filter((clause) => !met.has(clause))).toEqual([]);
  });
});
