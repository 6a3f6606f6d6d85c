import type { Instruction } from '../../../machine/isa.ts';
import { decode } from '../../../machine/riscv/decode.ts';
import { bytesOf } from '../words.ts';

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
