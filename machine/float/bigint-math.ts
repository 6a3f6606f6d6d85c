const doubleView = new DataView(new ArrayBuffer(8));

/** Number of bits up to the highest one set, 0 for 0n; for values below 2^1023. */
export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  doubleView.setFloat64(0, Number(value));
  const length = (doubleView.getUint16(0) >> 4) - 1022;
  // Number() rounds to nearest and may have carried into the next power of two.
  return value >> BigInt(length - 1) === 0n ? length - 1 : length;
}

/** Floor of the square root, for values below 2^1023. */
export function squareRootFloor(value: bigint): bigint {
  if (value === 0n) return 0n;
  // Newton's iteration falls steadily to the floor provided that it starts at or above it; the factor outweighs the two
  // roundings to double before it.
  let root = BigInt(Math.ceil(Math.sqrt(Number(value)) * (1 + 2 ** -50)));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
