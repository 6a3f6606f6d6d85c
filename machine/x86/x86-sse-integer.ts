// Packed integers in XMM registers: SSE2, SSSE3, SSE4.1 and SSE4.2 (SDM vol. 1, 11.4.2, 12.6, 12.8 and 12.10).
import type { Builder } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';
import { cut, getXmm, inMemory, numberOf, read, setR, setXmm, sizeOf, write } from './operand.ts';
import { PACKED, SHIFTS, UNPACKED_LOW } from './packed.ts';
import { AF, CF, OF, PF, SF, XMM, ZF } from './registers.ts';
import { type Row, row } from './row.ts';
import { and, equal, extreme, greater, multiplyEvenS, multiplyLow, slidingDistances } from './sse-arithmetic.ts';
import { binary, operate, requireSse, SHAPES, source, unary, withImmediate } from './sse-lift.ts';
import {
  align,
  blend,
  blendByMask,
  byteMask,
  extend,
  pack,
  shuffleDoublewords,
  shuffleWords,
  unpack,
} from './sse-rearrange.ts';
import { type Direction, shiftBy, shiftBytes } from './sse-shifts.ts';

const immediate = (i: Decoded): number => i.bytes[i.length - 1];

/** The first operand, shifted by the immediate byte. */
const shift = (direction: Direction, bits: number) => (b: Builder, i: Decoded) => {
  requireSse(b);
  const a = numberOf(i, 0);
  setXmm(b, a, shiftBy(b, direction, bits, getXmm(b, a), immediate(i)));
};
const shiftWhole = (direction: 'left' | 'right') => (b: Builder, i: Decoded) => {
  requireSse(b);
  const a = numberOf(i, 0);
  setXmm(b, a, shiftBytes(b, direction, getXmm(b, a), immediate(i)));
};

/** PINSRB and its like: a lane becomes a general register's low bits, or memory. */
const insert = (bits: number) => (b: Builder, i: Decoded) => {
  requireSse(b);
  const value = read(b, i, 1);
  const a = numberOf(i, 0);
  const lane = immediate(i) & (128 / bits - 1);
  setXmm(b, a, b.replaceLane(SHAPES[bits], getXmm(b, a), lane, value));
};
/** PEXTRB and its like: a lane, zero-extended in a general register. */
const extract = (bits: number) => (b: Builder, i: Decoded) => {
  requireSse(b);
  const value = b.extractLane(SHAPES[bits], getXmm(b, numberOf(i, 1)), immediate(i) & (128 / bits - 1));
  if (inMemory(i, 0)) write(b, i, 0, cut(b, sizeOf(i, 0), value));
  else setR(b, numberOf(i, 0), sizeOf(i, 0), value);
};

/** PBLENDVB: the mask is XMM0. */
const blendVariable = (bits: number) => binary((b, a, c) => blendByMask(b, bits, a, c, b.get128(XMM[0])));

/** PTEST: ZF where nothing is in both, CF where nothing is in the second operand alone. */
function test(b: Builder, i: Decoded): void {
  requireSse(b);
  const c = source(b, i, 1);
  const a = getXmm(b, numberOf(i, 0));
  const halves = (value: typeof a) => b.or(b.pure('v128.low', value), b.pure('v128.high', value));
  const both = halves(and(b, a, c, 16));
  const alone = halves(b.pure('v128.andnot', c, a));
  b.set32(ZF, b.eq(both, b.i64(0n)));
  b.set32(CF, b.eq(alone, b.i64(0n)));
  // A byte with one bit set is a PF of 0.
  b.set32(PF, b.i32(1));
  for (const flag of [AF, SF, OF]) b.set32(flag, b.i32(0));
}

export const X86_SSE_INTEGER: readonly Row[] = [
  ...[...PACKED, ...UNPACKED_LOW].map(([opcode, name, meaning]) =>
    row(`66 ${opcode} /r`, `${name} Vdq, Wdq`, binary(meaning)),
  ),
  ...SHIFTS.map(([opcode, name, direction, bits]) => row(`66 ${opcode}`, `${name} Udq, Ib`, shift(direction, bits))),
  row('66 0F 73 /3', 'psrldq Udq, Ib', shiftWhole('right')),
  row('66 0F 73 /7', 'pslldq Udq, Ib', shiftWhole('left')),
  row('66 0F 6C /r', 'punpcklqdq Vdq, Wdq', binary(unpack(64, 'low'))),
  row('66 0F 6D /r', 'punpckhqdq Vdq, Wdq', binary(unpack(64, 'high'))),
  row('66 0F 70 /r', 'pshufd Vdq, Wdq, Ib', withImmediate(shuffleDoublewords)),
  row('F2 0F 70 /r', 'pshuflw Vdq, Wdq, Ib', withImmediate(shuffleWords(0))),
  row('F3 0F 70 /r', 'pshufhw Vdq, Wdq, Ib', withImmediate(shuffleWords(4))),
  row('66 0F C4 /r', 'pinsrw Vdq, Rd, Ib', insert(16)),
  row('66 0F C4 /r', 'pinsrw Vdq, Mw, Ib', insert(16)),
  row('66 0F C5 /r', 'pextrw Gd, Udq, Ib', extract(16)),
  row('66 0F D7 /r', 'pmovmskb Gy, Udq', (b, i) => {
    requireSse(b);
    setR(b, numberOf(i, 0), sizeOf(i, 0), byteMask(b, getXmm(b, numberOf(i, 1)), 16));
  }),

  row('66 0F 38 10 /r', 'pblendvb Vdq, Wdq, XMM0', blendVariable(8)),
  row('66 0F 38 14 /r', 'blendvps Vps, Wps, XMM0', blendVariable(32)),
  row('66 0F 38 15 /r', 'blendvpd Vpd, Wpd, XMM0', blendVariable(64)),
  row('66 0F 38 17 /r', 'ptest Vdq, Wdq', test),
  row('66 0F 38 20 /r', 'pmovsxbw Vdq, Wq', unary(extend(8, 16, true))),
  row('66 0F 38 21 /r', 'pmovsxbd Vdq, Wd', unary(extend(8, 32, true))),
  row('66 0F 38 22 /r', 'pmovsxbq Vdq, Ww', unary(extend(8, 64, true))),
  row('66 0F 38 23 /r', 'pmovsxwd Vdq, Wq', unary(extend(16, 32, true))),
  row('66 0F 38 24 /r', 'pmovsxwq Vdq, Wd', unary(extend(16, 64, true))),
  row('66 0F 38 25 /r', 'pmovsxdq Vdq, Wq', unary(extend(32, 64, true))),
  row('66 0F 38 28 /r', 'pmuldq Vdq, Wdq', binary(multiplyEvenS)),
  row('66 0F 38 29 /r', 'pcmpeqq Vdq, Wdq', binary(equal(64))),
  row('66 0F 38 2B /r', 'packusdw Vdq, Wdq', binary(pack(32, 'unsigned'))),
  row('66 0F 38 30 /r', 'pmovzxbw Vdq, Wq', unary(extend(8, 16, false))),
  row('66 0F 38 31 /r', 'pmovzxbd Vdq, Wd', unary(extend(8, 32, false))),
  row('66 0F 38 32 /r', 'pmovzxbq Vdq, Ww', unary(extend(8, 64, false))),
  row('66 0F 38 33 /r', 'pmovzxwd Vdq, Wq', unary(extend(16, 32, false))),
  row('66 0F 38 34 /r', 'pmovzxwq Vdq, Wd', unary(extend(16, 64, false))),
  row('66 0F 38 35 /r', 'pmovzxdq Vdq, Wq', unary(extend(32, 64, false))),
  row('66 0F 38 37 /r', 'pcmpgtq Vdq, Wdq', binary(greater(64))),
  row('66 0F 38 38 /r', 'pminsb Vdq, Wdq', binary(extreme('min_s', 8))),
  row('66 0F 38 39 /r', 'pminsd Vdq, Wdq', binary(extreme('min_s', 32))),
  row('66 0F 38 3A /r', 'pminuw Vdq, Wdq', binary(extreme('min_u', 16))),
  row('66 0F 38 3B /r', 'pminud Vdq, Wdq', binary(extreme('min_u', 32))),
  row('66 0F 38 3C /r', 'pmaxsb Vdq, Wdq', binary(extreme('max_s', 8))),
  row('66 0F 38 3D /r', 'pmaxsd Vdq, Wdq', binary(extreme('max_s', 32))),
  row('66 0F 38 3E /r', 'pmaxuw Vdq, Wdq', binary(extreme('max_u', 16))),
  row('66 0F 38 3F /r', 'pmaxud Vdq, Wdq', binary(extreme('max_u', 32))),
  row('66 0F 38 40 /r', 'pmulld Vdq, Wdq', binary(multiplyLow(32))),
  row(
    '66 0F 38 41 /r',
    'phminposuw Vdq, Wdq',
    unary((b, a) => operate(b, 'sseMinimumPosition', [], a, a)),
  ),

  row('66 0F 3A 0E /r', 'pblendw Vdq, Wdq, Ib', withImmediate(blend(16))),
  row('66 0F 3A 0C /r', 'blendps Vps, Wps, Ib', withImmediate(blend(32))),
  row('66 0F 3A 0D /r', 'blendpd Vpd, Wpd, Ib', withImmediate(blend(64))),
  row('66 0F 3A 0F /r', 'palignr Vdq, Wdq, Ib', withImmediate(align)),
  row('66 0F 3A 14 /r', 'pextrb Rd, Vdq, Ib', extract(8)),
  row('66 0F 3A 14 /r', 'pextrb Mb, Vdq, Ib', extract(8)),
  row('66 0F 3A 15 /r', 'pextrw Rd, Vdq, Ib', extract(16)),
  row('66 0F 3A 15 /r', 'pextrw Mw, Vdq, Ib', extract(16)),
  row('66 0F 3A 16 /r', 'pextrd Ed, Vdq, Ib', extract(32)),
  row('66 REX.W 0F 3A 16 /r', 'pextrq Eq, Vdq, Ib', extract(64)),
  row('66 0F 3A 17 /r', 'extractps Rd, Vdq, Ib', extract(32)),
  row('66 0F 3A 17 /r', 'extractps Md, Vdq, Ib', extract(32)),
  row('66 0F 3A 20 /r', 'pinsrb Vdq, Rd, Ib', insert(8)),
  row('66 0F 3A 20 /r', 'pinsrb Vdq, Mb, Ib', insert(8)),
  row('66 0F 3A 22 /r', 'pinsrd Vdq, Ed, Ib', insert(32)),
  row('66 REX.W 0F 3A 22 /r', 'pinsrq Vdq, Eq, Ib', insert(64)),
  row('66 0F 3A 42 /r', 'mpsadbw Vdq, Wdq, Ib', withImmediate(slidingDistances)),
];
