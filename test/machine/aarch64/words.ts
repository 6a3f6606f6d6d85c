import { decode } from '../../../machine/aarch64/decode.ts';
import type { Instruction } from '../../../machine/isa.ts';
import { bytesOf } from '../words.ts';

/** The instruction that the bits are. */
export function decodeWord(word: number): Instruction {
  const decoded = decode(bytesOf(word, 4));
  if (typeof decoded === 'number') throw new Error('four bytes are enough');
  return decoded;
}
