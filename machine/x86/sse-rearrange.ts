// Packed integers packed, interleaved, extended and shuffled in the IR's lanes, of XMM and MMX registers alike.
import type { Builder, V128 } from '../ir/index.ts';
import { type Binary, constant, SHAPES, shuffleLanes, type Unary, upTo, type WithImmediate } from './sse-lift.ts';

/** PACKSS and PACKUS: lanes of so many bits, taken as signed, to half their width, those beyond its range to its limits. */
export const pack =
  (bits: 16 | 32, to: 'signed' | 'unsigned'): Binary =>
  (b, a, c, bytes) => {
    const half = BigInt(bits / 2);
    const [low, high] = to === 'signed' ? [-(1n << (half - 1n)), (1n << (half - 1n)) - 1n] : [0n, (1n << half) - 1n];
    const shape = SHAPES[bits] as 'i16x8' | 'i32x4';
    const cut = (value: V128) =>
      b.pure(`${shape}.min_s`, b.pure(`${shape}.max_s`, value, constant(b, bits, low)), constant(b, bits, high));
    const [lanes, all] = [(bytes * 8) / bits, 128 / (bits / 2)];
    const even = upTo(lanes).map((k) => 2 * k);
    const used = [...even, ...even.map((k) => k + all)];
    return shuffleLanes(b, bits / 2, cut(a), cut(c), [...used, ...upTo(all - used.length)]);
  };

/** PUNPCKL, PUNPCKH, UNPCKL, UNPCKH: lanes of the low or high halves in turns. */
export const unpack =
  (bits: number, half: 'low' | 'high'): Binary =>
  (b, a, c, bytes) => {
    const [lanes, all] = [(bytes * 8) / bits, 128 / bits];
    const from = half === 'low' ? 0 : lanes / 2;
    const used = upTo(lanes / 2).flatMap((k) => [from + k, all + from + k]);
    return shuffleLanes(b, bits, a, c, [...used, ...upTo(all - lanes)]);
  };

/** PMOVZX and PMOVSX: the low lanes, extended. */
export const extend =
  (from: number, to: number, signed: boolean): Unary =>
  (b, a) => {
    const [step, all] = [to / from, 128 / from];
    // Signed ones go to the top of the wider lane, and down again.
    const place = signed ? step - 1 : 0;
    const lanes = upTo(all).map((k) => (k % step === place ? Math.floor(k / step) : all));
    const wide = shuffleLanes(b, from, a, b.v128(0n), lanes);
    return signed ? b.pure(`${SHAPES[to]}.shr_s`, wide, b.i32(to - from)) : wide;
  };

/** PSHUFB: bytes of the first operand that the second's number; 0 where its bit 7 is set. */
export const shuffleBytes: Binary = (b, a, c, bytes) =>
  b.pure('i8x16.swizzle', a, b.pure('v128.and', c, constant(b, 8, bytes === 16 ? 0x8fn : 0x87n)));

const field = (immediate: number, k: number): number => (immediate >> (2 * k)) & 3;

/** PSHUFD. */
export const shuffleDoublewords: WithImmediate = (b, _, c, immediate) =>
  shuffleLanes(
    b,
    32,
    c,
    c,
    upTo(4).map((k) => field(immediate, k)),
  );
/** PSHUFLW and PSHUFHW, and PSHUFW: four words of one half. */
export const shuffleWords =
  (from: 0 | 4): WithImmediate =>
  (b, _, c, immediate) =>
    shuffleLanes(
      b,
      16,
      c,
      c,
      upTo(8).map((k) => (k >> 2 === from >> 2 ? from + field(immediate, k & 3) : k)),
    );
/** SHUFPS: two lanes of the first operand, then two of the second. */
export const shuffleSingles: WithImmediate = (b, a, c, immediate) =>
  shuffleLanes(
    b,
    32,
    a,
    c,
    upTo(4).map((k) => field(immediate, k) + (k >= 2 ? 4 : 0)),
  );
/** SHUFPD: one lane of each. */
export const shuffleDoubles: WithImmediate = (b, a, c, immediate) =>
  shuffleLanes(b, 64, a, c, [immediate & 1, 2 + ((immediate >> 1) & 1)]);

/** PALIGNR: both, the first operand above, shifted right by so many bytes. */
export const align: WithImmediate = (b, a, c, immediate, bytes) => {
  if (bytes === 8) {
    // One 16-byte value, then: shifted in from above come zeros.
    const joined = b.pure('v128.make', b.pure('v128.low', c), b.pure('v128.low', a));
    return fromByte(b, joined, b.v128(0n), immediate);
  }
  return immediate < 16 ? fromByte(b, c, a, immediate) : fromByte(b, a, b.v128(0n), immediate - 16);
};

/** Sixteen bytes from a place in `low` on, with `high` above; 0 beyond both. */
function fromByte(b: Builder, low: V128, high: V128, from: number): V128 {
  if (from >= 32) return b.v128(0n);
  if (from > 16) return fromByte(b, high, b.v128(0n), from - 16);
  return b.shuffle(
    low,
    high,
    upTo(16).map((k) => k + from),
  );
}

/** PBLENDW, BLENDPS, BLENDPD: lanes of the second operand where the immediate has ones. */
export const blend =
  (bits: number): WithImmediate =>
  (b, a, c, immediate) => {
    const all = 128 / bits;
    return shuffleLanes(
      b,
      bits,
      a,
      c,
      upTo(all).map((k) => (((immediate >> k) & 1) === 1 ? all + k : k)),
    );
  };

/** PBLENDVB, BLENDVPS, BLENDVPD: lanes of the second operand where the mask's have their top bit. */
export const blendByMask = (b: Builder, bits: number, a: V128, c: V128, mask: V128): V128 =>
  b.pure('v128.bitselect', c, a, b.pure(`${SHAPES[bits]}.shr_s`, mask, b.i32(bits - 1)));

/** PMOVMSKB: the top bits of the low bytes, 16 or 8. */
export function byteMask(b: Builder, a: V128, bytes: number) {
  const gather = (half: 'v128.low' | 'v128.high') => {
    const bits = b.and(b.shrU(b.pure(half, a), b.i64(7n)), b.i64(0x0101_0101_0101_0101n));
    // The product's top byte has bit 8k of the first factor at k.
    return b.shrU(b.mul(bits, b.i64(0x0102_0408_1020_4080n)), b.i64(56n));
  };
  const low = gather('v128.low');
  return bytes === 8 ? low : b.or(low, b.shl(gather('v128.high'), b.i64(8n)));
}
