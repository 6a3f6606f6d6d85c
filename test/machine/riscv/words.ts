import type { Row } from '../../../machine/decode/index.ts';
import { extractFields } from '../../../machine/decode/index.ts';
import type { Instruction } from '../../../machine/isa.ts';
import { decode } from '../../../machine/riscv/decode.ts';

/** Pseudo-random unsigned 32-bit numbers, the same for the same seed (xorshift128). */
export function random32(seed: number): () => number {
  const state = Int32Array.of(seed, 0x9e3779b9, 0x243f6a88, 0xb7e15162);
  return () => {
    let t = state[3];
    t ^= t << 11;
    t ^= t >>> 8;
    state.copyWithin(1, 0);
    state[0] = t ^ state[0] ^ (state[0] >>> 19);
    return state[0] >>> 0;
  };
}

/** A word of that row, its fields random. */
export function randomWordOf(row: Row, random: () => number): number {
  const { pattern } = row;
  for (let tries = 0; tries < 10_000; tries++) {
    const free = random() & ~pattern.mask & (pattern.bits === 16 ? 0xffff : ~0);
    const word = (pattern.value | free) >>> 0;
    if (!row.where || row.where(extractFields(pattern, word))) return word;
  }
  throw new Error(`no word of "${pattern.source}" found`);
}

export function bytesOf(word: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => word >>> (8 * i));
}

export function decodeWord(word: number, size: number): Instruction {
  const decoded = decode(bytesOf(word, size));
  if (typeof decoded === 'number') throw new Error(`${word.toString(16)} is longer than ${size} bytes`);
  return decoded;
}

/** The text of a word at an address, or `undefined` where it is illegal. */
export function textOf(word: number, size: number, address: number): string | undefined {
  const instruction = decodeWord(word, size);
  return instruction.mnemonic === 'illegal' ? undefined : instruction.text(BigInt(address));
}

/** All words whose low two bits make them 16-bit instructions. */
export const compressedWords = (): number[] =>
  Array.from({ length: 0x10000 }, (_, word) => word).filter((word) => (word & 3) !== 3);
