// Moves to, from and between XMM registers (SDM vol. 1, 10.4.1, 11.4.1 and 12.3), fences and CLFLUSH.
import type { Builder, I64, V128 } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';
import { at, cut, getXmm, loadAt, numberOf, place, read, setR, setXmm, sizeOf, write, writeXmm } from './operand.ts';
import { R, RDI, SEGMENT, T, W } from './registers.ts';
import { type Row, row } from './row.ts';
import { type Binary, binary, requireSse, shuffleLanes, source, unary } from './sse-lift.ts';

/** The second operand as it is, or memory with zeros above. */
const load = (aligned?: boolean) => (b: Builder, i: Decoded) => {
  requireSse(b);
  setXmm(b, numberOf(i, 0), source(b, i, 1, aligned));
};
/** To a register whole, to memory as many bytes as the operand has. */
const store = (aligned?: boolean) => (b: Builder, i: Decoded) => {
  requireSse(b);
  const operand = i.operands[0];
  writeXmm(b, i, 0, getXmm(b, numberOf(i, 1)), operand.kind === 'memory' ? operand.size : 16, aligned);
};
/** MOVHPS and MOVHPD to memory. */
function storeHigh(b: Builder, i: Decoded): void {
  requireSse(b);
  write(b, i, 0, b.pure('v128.high', getXmm(b, numberOf(i, 1))));
}

const low = (b: Builder, a: V128): I64 => b.pure('v128.low', a);
const high = (b: Builder, a: V128): I64 => b.pure('v128.high', a);
/** The first operand with its low or high half from the second's low half, or from its high half. */
const lowFromLow: Binary = (b, a, c) => b.pure('v128.make', low(b, c), high(b, a));
const lowFromHigh: Binary = (b, a, c) => b.pure('v128.make', high(b, c), high(b, a));
const highFromLow: Binary = (b, a, c) => b.pure('v128.make', low(b, a), low(b, c));
/** MOVSS between registers. */
const lowestFromLowest: Binary = (b, a, c) => shuffleLanes(b, 32, a, c, [4, 1, 2, 3]);
const lanes = (bits: number, order: readonly number[]) => unary((b, a) => shuffleLanes(b, bits, a, a, order));

/** MOVD and MOVQ from general registers and to them. */
function fromGeneral(b: Builder, i: Decoded): void {
  requireSse(b);
  setXmm(b, numberOf(i, 0), b.pure('v128.make', read(b, i, 1), b.i64(0n)));
}
function toGeneral(b: Builder, i: Decoded): void {
  requireSse(b);
  write(b, i, 0, cut(b, sizeOf(i, 0), low(b, getXmm(b, numberOf(i, 1)))));
}
/** MOVQ: the low half, with zeros above it in a register. */
function storeQuadword(b: Builder, i: Decoded): void {
  requireSse(b);
  const value = low(b, getXmm(b, numberOf(i, 1)));
  if (i.operands[0].kind === 'memory') write(b, i, 0, value);
  else setXmm(b, numberOf(i, 0), b.pure('v128.make', value, b.i64(0n)));
}
function loadQuadword(b: Builder, i: Decoded): void {
  requireSse(b);
  setXmm(b, numberOf(i, 0), b.pure('v128.make', low(b, source(b, i, 1)), b.i64(0n)));
}

/** MOVMSKPS and MOVMSKPD: the signs. */
const signs = (bits: 32 | 64) => (b: Builder, i: Decoded) => {
  requireSse(b);
  const a = getXmm(b, numberOf(i, 1));
  let mask = b.i64(0n);
  for (let lane = 0; lane < 128 / bits; lane++) {
    const sign = b.shrU(b.extractLane(bits === 32 ? 'i32x4' : 'i64x2', a, lane), b.i64(BigInt(bits - 1)));
    mask = b.or(mask, b.shl(sign, b.i64(BigInt(lane))));
  }
  setR(b, numberOf(i, 0), sizeOf(i, 0), mask);
};

/** MASKMOVDQU: to DS:rDI, or another segment that a prefix names. */
function maskedStore(b: Builder, i: Decoded): void {
  requireSse(b);
  const { address } = at(b, i, i.segment ?? SEGMENT.ds, cut(b, i.addressSize, b.get(RDI)), 16, true);
  b.set(T[0], address);
  b.set128(W[0], getXmm(b, numberOf(i, 0)));
  b.set128(W[1], getXmm(b, numberOf(i, 1)));
  b.call('sseMaskedStore', [16], { reads: [T[0], W[0], W[1]] });
}

/** MOVNTI knows no #NM: its operands are general registers. */
const storeGeneral = (b: Builder, i: Decoded): void => write(b, i, 0, cut(b, sizeOf(i, 0), b.get(R[numberOf(i, 1)])));

/** Harts see each other's stores in program order, and all of them. */
const fence = (): void => {};

export const X86_SSE_MOVES: readonly Row[] = [
  row('NP 0F 10 /r', 'movups Vps, Wps', load(false)),
  row('66 0F 10 /r', 'movupd Vpd, Wpd', load(false)),
  row('F3 0F 10 /r', 'movss Vss, Uss', binary(lowestFromLowest)),
  row('F3 0F 10 /r', 'movss Vss, Mss', load()),
  row('F2 0F 10 /r', 'movsd Vsd, Usd', binary(lowFromLow)),
  row('F2 0F 10 /r', 'movsd Vsd, Msd', load()),
  row('NP 0F 11 /r', 'movups Wps, Vps', store(false)),
  row('66 0F 11 /r', 'movupd Wpd, Vpd', store(false)),
  row('F3 0F 11 /r', 'movss Uss, Vss', binary(lowestFromLowest)),
  row('F3 0F 11 /r', 'movss Mss, Vss', store()),
  row('F2 0F 11 /r', 'movsd Usd, Vsd', binary(lowFromLow)),
  row('F2 0F 11 /r', 'movsd Msd, Vsd', store()),
  row('NP 0F 12 /r', 'movhlps Vps, Ups', binary(lowFromHigh)),
  row('NP 0F 12 /r', 'movlps Vps, Mq', binary(lowFromLow)),
  row('66 0F 12 /r', 'movlpd Vpd, Mq', binary(lowFromLow)),
  row('F2 0F 12 /r', 'movddup Vpd, Wq', lanes(64, [0, 0])),
  row('F3 0F 12 /r', 'movsldup Vps, Wps', lanes(32, [0, 0, 2, 2])),
  row('NP 0F 13 /r', 'movlps Mq, Vps', store()),
  row('66 0F 13 /r', 'movlpd Mq, Vpd', store()),
  row('NP 0F 16 /r', 'movlhps Vps, Ups', binary(highFromLow)),
  row('NP 0F 16 /r', 'movhps Vps, Mq', binary(highFromLow)),
  row('66 0F 16 /r', 'movhpd Vpd, Mq', binary(highFromLow)),
  row('F3 0F 16 /r', 'movshdup Vps, Wps', lanes(32, [1, 1, 3, 3])),
  row('NP 0F 17 /r', 'movhps Mq, Vps', storeHigh),
  row('66 0F 17 /r', 'movhpd Mq, Vpd', storeHigh),
  row('NP 0F 28 /r', 'movaps Vps, Wps', load()),
  row('66 0F 28 /r', 'movapd Vpd, Wpd', load()),
  row('NP 0F 29 /r', 'movaps Wps, Vps', store()),
  row('66 0F 29 /r', 'movapd Wpd, Vpd', store()),
  row('NP 0F 2B /r', 'movntps Mps, Vps', store()),
  row('66 0F 2B /r', 'movntpd Mpd, Vpd', store()),
  row('NP 0F 50 /r', 'movmskps Gy, Ups', signs(32)),
  row('66 0F 50 /r', 'movmskpd Gy, Upd', signs(64)),
  row('66 0F 6E /r', 'movd Vdq, Ed', fromGeneral),
  row('66 REX.W 0F 6E /r', 'movq Vdq, Eq', fromGeneral),
  row('66 0F 6F /r', 'movdqa Vdq, Wdq', load()),
  row('F3 0F 6F /r', 'movdqu Vdq, Wdq', load(false)),
  row('66 0F 7E /r', 'movd Ed, Vdq', toGeneral),
  row('66 REX.W 0F 7E /r', 'movq Eq, Vdq', toGeneral),
  row('F3 0F 7E /r', 'movq Vq, Wq', loadQuadword),
  row('66 0F 7F /r', 'movdqa Wdq, Vdq', store()),
  row('F3 0F 7F /r', 'movdqu Wdq, Vdq', store(false)),
  row('NP 0F C3 /r', 'movnti My, Gy', storeGeneral),
  row('66 0F D6 /r', 'movq Wq, Vq', storeQuadword),
  row('66 0F E7 /r', 'movntdq Mdq, Vdq', store()),
  row('F2 0F F0 /r', 'lddqu Vdq, Mdq', load(false)),
  row('66 0F F7 /r', 'maskmovdqu Vdq, Udq', maskedStore),
  row('66 0F 38 2A /r', 'movntdqa Vdq, Mdq', load()),

  row('NP 0F AE E8+i', 'lfence', fence),
  row('NP 0F AE F0+i', 'mfence', fence),
  row('NP 0F AE F8+i', 'sfence', fence),
  // Caches show to nobody, but the line must be readable.
  row('NP 0F AE /7', 'clflush Mb', (b, i) => void loadAt(b, place(b, i, i.operands[0], false), 1)),
];
