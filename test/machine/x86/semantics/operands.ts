import type { Random } from '../../semantics/random.ts';

const u64 = (value: bigint) => BigInt.asUintN(64, value);

/** 80-bit numbers: significand, and sign and exponent. */
export type Extended = readonly [low: bigint, high: bigint];

const INTEGER = 1n << 63n;
const SIGNIFICANDS = [
  0n,
  1n,
  INTEGER,
  INTEGER | 1n,
  u64(-1n),
  3n << 62n,
  (3n << 62n) | 1n,
  INTEGER | (1n << 39n),
  u64(-1024n),
];
const EXPONENTS = [0, 1, 0x3c00, 0x3f80, 0x3ffe, 0x3fff, 0x4000, 0x403e, 0x407f, 0x43ff, 0x7ffe, 0x7fff];

/** A number of x87's: mostly near 1, else any exponent, denormals, infinities, NaNs, and now and then what is none. */
export function randomExtended(random: Random): Extended {
  const kind = random.below(8);
  if (kind === 0) return [0n, BigInt(random.below(2) << 15)];
  const exponent =
    kind < 4 ? 0x3fff - 70 + random.below(140) : kind < 7 ? random.pick(EXPONENTS) : random.bits() & 0x7fff;
  let significand = random.oneIn(3) ? random.pick(SIGNIFICANDS) : random.bits64();
  if (random.oneIn(2)) significand &= u64(-1n << BigInt(random.below(64)));
  if (!random.oneIn(24)) significand = exponent === 0 ? significand & ~INTEGER : significand | INTEGER;
  return [significand, BigInt(exponent | (random.below(2) << 15))];
}

/** An environment of x87: control word, status word, abridged tag word as FXSAVE has them in its first 8 bytes. */
export function randomFloatControl(random: Random): bigint {
  const control =
    (random.oneIn(4) ? random.bits() & 0x3f : 0x3f) | (random.oneIn(2) ? random.bits() & 0xf00 : 0x300) | 0x40;
  let status = (random.below(8) << 11) | (random.bits() & 0x4700);
  if (random.oneIn(4)) status |= random.bits() & 0x7f;
  // An exception that is not masked is pending: ES, and B with it.
  if ((status & ~control & 0x3f) !== 0) status |= 0x8080;
  const full = random.oneIn(3) ? random.bits() & 0xff : 0xff;
  return BigInt(control) | (BigInt(status) << 16n) | (BigInt(full) << 32n);
}

/** MXCSR: flags, DAZ, masks, rounding, FTZ. */
export function randomMxcsr(random: Random): bigint {
  const masks = random.oneIn(6) ? random.bits() & 0x1f80 : 0x1f80;
  const flags = random.oneIn(2) ? random.bits() & 0x3f : 0;
  const modes = random.oneIn(2) ? random.bits() & 0xe040 : 0;
  return BigInt(masks | flags | modes);
}
