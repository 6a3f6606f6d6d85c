// SSE4.2's comparison of strings (SDM vol. 1, 4.1).
import type { Builder, Slot } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';
import { getXmm, numberOf, setR } from './operand.ts';
import { AF, CF, OF, PF, R, RAX, RCX, RDX, SF, T, W, XMM, ZF } from './registers.ts';
import { type Row, row } from './row.ts';
import { requireSse, source } from './sse-lift.ts';

const FLAGS = [CF, ZF, SF, OF];

/** `explicit`: lengths are in rAX and rDX; `to`: where the result comes from. */
function compare(b: Builder, i: Decoded, explicit: boolean, helper: string, to: Slot): void {
  requireSse(b);
  const c = source(b, i, 1, false);
  b.set128(W[0], getXmm(b, numberOf(i, 0)));
  b.set128(W[1], c);
  const wide = (i.rex & 8) !== 0;
  b.call(helper, [i.bytes[i.length - 1], explicit ? 1 : 0, wide ? 1 : 0], {
    reads: [W[0], W[1], ...(explicit ? [RAX, RDX] : [])],
    writes: [to, ...FLAGS],
  });
  // AF and PF are cleared: a byte with one bit set is a PF of 0.
  b.set32(AF, b.i32(0));
  b.set32(PF, b.i32(1));
}

const index = (explicit: boolean) => (b: Builder, i: Decoded) => {
  compare(b, i, explicit, 'sseCompareForIndex', T[0]);
  setR(b, R.indexOf(RCX), i.operandSize === 8 ? 8 : 4, b.get(T[0]));
};
const mask = (explicit: boolean) => (b: Builder, i: Decoded) => {
  compare(b, i, explicit, 'sseCompareForMask', W[0]);
  b.set128(XMM[0], b.get128(W[0]));
};

export const X86_SSE_STRINGS: readonly Row[] = [
  row('66 0F 3A 60 /r', 'pcmpestrm Vdq, Wdq, Ib', mask(true)),
  row('66 0F 3A 61 /r', 'pcmpestri Vdq, Wdq, Ib', index(true)),
  row('66 0F 3A 62 /r', 'pcmpistrm Vdq, Wdq, Ib', mask(false)),
  row('66 0F 3A 63 /r', 'pcmpistri Vdq, Wdq, Ib', index(false)),
];
