// Conversions of XMM and MMX registers (SDM vol. 1, 10.4.4, 11.4.1.6 and figure 11-8).
import type { Builder, V128 } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';
import { enterMmx, mmxSource, requireMmx, setMm, widened } from './mmx-lift.ts';
import { getXmm, numberOf, read, setR, setXmm, sizeOf } from './operand.ts';
import { type Row, row } from './row.ts';
import { type FloatBits, floatOperation, fromInteger, toInteger } from './sse-float.ts';
import { requireSse, source } from './sse-lift.ts';

/** Between formats, or from and to lanes of doublewords. */
const convert =
  (helper: string, ...immediates: number[]) =>
  (b: Builder, i: Decoded) => {
    requireSse(b);
    const c = source(b, i, 1);
    const a = numberOf(i, 0);
    setXmm(b, a, floatOperation(b, helper, immediates, getXmm(b, a), c));
  };

/** CVTSI2SS and CVTSI2SD, from 32 or 64 bits. */
const fromGeneral = (bits: FloatBits) => (b: Builder, i: Decoded) => {
  requireSse(b);
  const value = read(b, i, 1);
  const a = numberOf(i, 0);
  setXmm(b, a, fromInteger(b, [sizeOf(i, 1) * 8, bits], getXmm(b, a), value));
};
/** CVTSS2SI and CVTSD2SI, and those that truncate. */
const toGeneral = (bits: FloatBits, truncate: boolean) => (b: Builder, i: Decoded) => {
  requireSse(b);
  const size = sizeOf(i, 0);
  const value = toInteger(b, [bits, size * 8, truncate ? 1 : 0], source(b, i, 1));
  setR(b, numberOf(i, 0), size, value);
};

/** CVTPI2PS and CVTPI2PD: two doublewords of an MMX register. From memory CVTPI2PD leaves x87 alone. */
const fromMmx = (bits: FloatBits) => (b: Builder, i: Decoded) => {
  const touches = bits === 32 || i.operands[1].kind === 'mmx';
  requireSse(b);
  if (touches) requireMmx(b);
  const c: V128 = widened(b, mmxSource(b, i, 1));
  const a = numberOf(i, 0);
  setXmm(b, a, floatOperation(b, 'sseFromIntegers', [2, bits], getXmm(b, a), c));
  if (touches) enterMmx(b);
};
/** CVTPS2PI and CVTPD2PI, and those that truncate. */
const toMmx = (bits: FloatBits, truncate: boolean) => (b: Builder, i: Decoded) => {
  requireSse(b);
  requireMmx(b);
  const c = source(b, i, 1);
  const result = floatOperation(b, 'sseToIntegers', [bits, 2, truncate ? 1 : 0], c, c);
  setMm(b, numberOf(i, 0), b.pure('v128.low', result));
  enterMmx(b);
};

export const X86_SSE_CONVERT: readonly Row[] = [
  row('NP 0F 2A /r', 'cvtpi2ps Vps, Qpi', fromMmx(32)),
  row('66 0F 2A /r', 'cvtpi2pd Vpd, Qpi', fromMmx(64)),
  row('F3 0F 2A /r', 'cvtsi2ss Vss, Ey', fromGeneral(32)),
  row('F2 0F 2A /r', 'cvtsi2sd Vsd, Ey', fromGeneral(64)),
  row('NP 0F 2C /r', 'cvttps2pi Pq, Wq', toMmx(32, true)),
  row('66 0F 2C /r', 'cvttpd2pi Pq, Wpd', toMmx(64, true)),
  row('F3 0F 2C /r', 'cvttss2si Gy, Wss', toGeneral(32, true)),
  row('F2 0F 2C /r', 'cvttsd2si Gy, Wsd', toGeneral(64, true)),
  row('NP 0F 2D /r', 'cvtps2pi Pq, Wq', toMmx(32, false)),
  row('66 0F 2D /r', 'cvtpd2pi Pq, Wpd', toMmx(64, false)),
  row('F3 0F 2D /r', 'cvtss2si Gy, Wss', toGeneral(32, false)),
  row('F2 0F 2D /r', 'cvtsd2si Gy, Wsd', toGeneral(64, false)),
  row('NP 0F 5A /r', 'cvtps2pd Vpd, Wq', convert('sseWiden', 2)),
  row('66 0F 5A /r', 'cvtpd2ps Vps, Wpd', convert('sseNarrow', 2)),
  row('F3 0F 5A /r', 'cvtss2sd Vsd, Wss', convert('sseWiden', 1)),
  row('F2 0F 5A /r', 'cvtsd2ss Vss, Wsd', convert('sseNarrow', 1)),
  row('NP 0F 5B /r', 'cvtdq2ps Vps, Wdq', convert('sseFromIntegers', 4, 32)),
  row('66 0F 5B /r', 'cvtps2dq Vdq, Wps', convert('sseToIntegers', 32, 4, 0)),
  row('F3 0F 5B /r', 'cvttps2dq Vdq, Wps', convert('sseToIntegers', 32, 4, 1)),
  row('66 0F E6 /r', 'cvttpd2dq Vdq, Wpd', convert('sseToIntegers', 64, 2, 1)),
  row('F3 0F E6 /r', 'cvtdq2pd Vpd, Wq', convert('sseFromIntegers', 2, 64)),
  row('F2 0F E6 /r', 'cvtpd2dq Vdq, Wpd', convert('sseToIntegers', 64, 2, 0)),
];
