/**
 * DecodeBitMasks (Arm ARM J1.1.3): the value that the N, imms and immr fields of a logical immediate stand for, in 64
 * bits, or `undefined` where they are reserved. With `sf` 0 the value is that of 32 bits, and N must be 0.
 */
export function logicalImmediate(sf: number, N: number, imms: number, immr: number): bigint | undefined {
  if (sf === 0 && N === 1) return undefined;
  // len: the highest bit of N:NOT(imms); an element has 2^len bits.
  const len = 31 - Math.clz32((N << 6) | (~imms & 0x3f));
  if (len < 1) return undefined;
  const size = 1 << len;
  const levels = size - 1;
  const S = imms & levels;
  if (S === levels) return undefined;
  const R = BigInt(immr & levels);
  const ones = (1n << BigInt(S + 1)) - 1n;
  let value = BigInt.asUintN(size, (ones >> R) | (ones << (BigInt(size) - R)));
  for (let width = size; width < (sf === 1 ? 64 : 32); width *= 2) value |= value << BigInt(width);
  return value;
}
