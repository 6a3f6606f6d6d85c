import { extractFields, type Row } from '../../machine/decode/index.ts';

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

/** A word and those that differ from it in one of 32 bits. */
export const withNeighbours = (word: number): number[] => [
  word,
  ...Array.from({ length: 32 }, (_, bit) => (word ^ (1 << bit)) >>> 0),
];

export function bytesOf(word: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => word >>> (8 * i));
}
