// Floating-point arithmetic and comparisons of XMM registers (SDM vol. 1, 10.4.1, 11.4.1, 12.3 and 12.8).
import type { Builder } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';
import { getXmm, numberOf, setXmm } from './operand.ts';
import { type Row, row } from './row.ts';
import { type FloatBits, floatFlags, floatOperation } from './sse-float.ts';
import { requireSse, source } from './sse-lift.ts';

/** The first operand becomes what an operation of SSE_HELPERS makes of both. */
const operation =
  (helper: string, immediates: readonly number[], withImmediate = false) =>
  (b: Builder, i: Decoded) => {
    requireSse(b);
    const c = source(b, i, 1);
    const a = numberOf(i, 0);
    const all = withImmediate ? [...immediates, i.bytes[i.length - 1]] : immediates;
    setXmm(b, a, floatOperation(b, helper, all, getXmm(b, a), c));
  };

/** Operations of so many lanes of a format: packed and scalar, of single and double precision. */
const singles = (opcode: string, name: string, helper: string): Row[] => [
  row(`NP 0F ${opcode} /r`, `${name}ps Vps, Wps`, operation(helper, [32, 4])),
  row(`F3 0F ${opcode} /r`, `${name}ss Vss, Wss`, operation(helper, [32, 1])),
];
const doubles = (opcode: string, name: string, helper: string): Row[] => [
  row(`66 0F ${opcode} /r`, `${name}pd Vpd, Wpd`, operation(helper, [64, 2])),
  row(`F2 0F ${opcode} /r`, `${name}sd Vsd, Wsd`, operation(helper, [64, 1])),
];
const all = (opcode: string, name: string, helper: string): Row[] => [
  ...singles(opcode, name, helper),
  ...doubles(opcode, name, helper),
];

/** COMISS and its like, which signal all NaNs, or only signalling ones. */
const compare = (bits: FloatBits, signalling: boolean) => (b: Builder, i: Decoded) => {
  requireSse(b);
  const c = source(b, i, 1);
  floatFlags(b, bits, signalling, getXmm(b, numberOf(i, 0)), c);
};

export const X86_SSE_FLOAT: readonly Row[] = [
  ...all('51', 'sqrt', 'sseSqrt'),
  ...singles('52', 'rsqrt', 'sseRsqrt'),
  ...singles('53', 'rcp', 'sseRcp'),
  ...all('58', 'add', 'sseAdd'),
  ...all('59', 'mul', 'sseMul'),
  ...all('5C', 'sub', 'sseSub'),
  ...all('5D', 'min', 'sseMin'),
  ...all('5E', 'div', 'sseDiv'),
  ...all('5F', 'max', 'sseMax'),
  row('NP 0F C2 /r', 'cmpps Vps, Wps, Ib', operation('sseCompare', [32, 4], true)),
  row('66 0F C2 /r', 'cmppd Vpd, Wpd, Ib', operation('sseCompare', [64, 2], true)),
  row('F3 0F C2 /r', 'cmpss Vss, Wss, Ib', operation('sseCompare', [32, 1], true)),
  row('F2 0F C2 /r', 'cmpsd Vsd, Wsd, Ib', operation('sseCompare', [64, 1], true)),
  row('NP 0F 2E /r', 'ucomiss Vss, Wss', compare(32, false)),
  row('66 0F 2E /r', 'ucomisd Vsd, Wsd', compare(64, false)),
  row('NP 0F 2F /r', 'comiss Vss, Wss', compare(32, true)),
  row('66 0F 2F /r', 'comisd Vsd, Wsd', compare(64, true)),
  row('F2 0F D0 /r', 'addsubps Vps, Wps', operation('sseAddSub', [32])),
  row('66 0F D0 /r', 'addsubpd Vpd, Wpd', operation('sseAddSub', [64])),
  row('F2 0F 7C /r', 'haddps Vps, Wps', operation('sseHadd', [32])),
  row('66 0F 7C /r', 'haddpd Vpd, Wpd', operation('sseHadd', [64])),
  row('F2 0F 7D /r', 'hsubps Vps, Wps', operation('sseHsub', [32])),
  row('66 0F 7D /r', 'hsubpd Vpd, Wpd', operation('sseHsub', [64])),
  row('66 0F 3A 08 /r', 'roundps Vps, Wps, Ib', operation('sseRound', [32, 4], true)),
  row('66 0F 3A 09 /r', 'roundpd Vpd, Wpd, Ib', operation('sseRound', [64, 2], true)),
  row('66 0F 3A 0A /r', 'roundss Vss, Wss, Ib', operation('sseRound', [32, 1], true)),
  row('66 0F 3A 0B /r', 'roundsd Vsd, Wsd, Ib', operation('sseRound', [64, 1], true)),
  row('66 0F 3A 40 /r', 'dpps Vps, Wps, Ib', operation('sseDot', [32], true)),
  row('66 0F 3A 41 /r', 'dppd Vpd, Wpd, Ib', operation('sseDot', [64], true)),
];
