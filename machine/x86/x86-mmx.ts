// MMX: packed integers in 64 bits, with what SSE, SSE2 and SSSE3 added to it (SDM vol. 1, 9, 10.4.4, 11.4.2 and 12.5).
import type { Builder } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';
import { enterMmx, getMm, mmxBinary, mmxSource, mmxWithImmediate, requireMmx, setMm, widened } from './mmx-lift.ts';
import { at, cut, getXmm, numberOf, read, setR, setXmm, sizeOf, write } from './operand.ts';
import { PACKED, SHIFTS, UNPACKED_LOW } from './packed.ts';
import { RDI, SEGMENT, T, W } from './registers.ts';
import { type Row, row } from './row.ts';
import { requireSse } from './sse-lift.ts';
import { align, byteMask, shuffleWords } from './sse-rearrange.ts';
import { type Direction, shiftBy } from './sse-shifts.ts';

const immediate = (i: Decoded): number => i.bytes[i.length - 1];

/** MOVD and MOVQ: an MMX register from a general register, another or memory; and the other way round. */
function fromGeneral(b: Builder, i: Decoded): void {
  requireMmx(b);
  setMm(b, numberOf(i, 0), read(b, i, 1));
  enterMmx(b);
}
function toGeneral(b: Builder, i: Decoded): void {
  requireMmx(b);
  write(b, i, 0, cut(b, sizeOf(i, 0), getMm(b, numberOf(i, 1))));
  enterMmx(b);
}
function load(b: Builder, i: Decoded): void {
  requireMmx(b);
  setMm(b, numberOf(i, 0), mmxSource(b, i, 1));
  enterMmx(b);
}
function store(b: Builder, i: Decoded): void {
  requireMmx(b);
  const value = getMm(b, numberOf(i, 1));
  if (i.operands[0].kind === 'mmx') setMm(b, i.operands[0].number, value);
  else write(b, i, 0, value);
  enterMmx(b);
}

const shift = (direction: Direction, bits: number) => (b: Builder, i: Decoded) => {
  requireMmx(b);
  const a = numberOf(i, 0);
  setMm(b, a, b.pure('v128.low', shiftBy(b, direction, bits, widened(b, getMm(b, a)), immediate(i))));
  enterMmx(b);
};

function insertWord(b: Builder, i: Decoded): void {
  requireMmx(b);
  const value = read(b, i, 1);
  const a = numberOf(i, 0);
  const lane = immediate(i) & 3;
  setMm(b, a, b.pure('v128.low', b.replaceLane('i16x8', widened(b, getMm(b, a)), lane, value)));
  enterMmx(b);
}
function extractWord(b: Builder, i: Decoded): void {
  requireMmx(b);
  const lane = immediate(i) & 3;
  setR(b, numberOf(i, 0), sizeOf(i, 0), b.extractLane('i16x8', widened(b, getMm(b, numberOf(i, 1))), lane));
  enterMmx(b);
}

/** MASKMOVQ: to DS:rDI, or another segment that a prefix names. */
function maskedStore(b: Builder, i: Decoded): void {
  requireMmx(b);
  const { address } = at(b, i, i.segment ?? SEGMENT.ds, cut(b, i.addressSize, b.get(RDI)), 8, true);
  b.set(T[0], address);
  b.set128(W[0], widened(b, getMm(b, numberOf(i, 0))));
  b.set128(W[1], widened(b, getMm(b, numberOf(i, 1))));
  b.call('sseMaskedStore', [8], { reads: [T[0], W[0], W[1]] });
  enterMmx(b);
}

export const X86_MMX: readonly Row[] = [
  ...PACKED.map(([opcode, name, meaning]) => row(`NP ${opcode} /r`, `${name} Pq, Qq`, mmxBinary(meaning))),
  ...UNPACKED_LOW.map(([opcode, name, meaning]) => row(`NP ${opcode} /r`, `${name} Pq, Qd`, mmxBinary(meaning))),
  ...SHIFTS.map(([opcode, name, direction, bits]) => row(`NP ${opcode}`, `${name} Nq, Ib`, shift(direction, bits))),
  row('NP 0F 6E /r', 'movd Pq, Ed', fromGeneral),
  row('NP REX.W 0F 6E /r', 'movq Pq, Eq', fromGeneral),
  row('NP 0F 6F /r', 'movq Pq, Qq', load),
  row('NP 0F 70 /r', 'pshufw Pq, Qq, Ib', mmxWithImmediate(shuffleWords(0))),
  row('NP 0F 77', 'emms', (b) => {
    requireMmx(b);
    enterMmx(b, 0);
  }),
  row('NP 0F 7E /r', 'movd Ed, Pq', toGeneral),
  row('NP REX.W 0F 7E /r', 'movq Eq, Pq', toGeneral),
  row('NP 0F 7F /r', 'movq Qq, Pq', store),
  row('NP 0F C4 /r', 'pinsrw Pq, Rd, Ib', insertWord),
  row('NP 0F C4 /r', 'pinsrw Pq, Mw, Ib', insertWord),
  row('NP 0F C5 /r', 'pextrw Gd, Nq, Ib', extractWord),
  row('F3 0F D6 /r', 'movq2dq Vdq, Nq', (b, i) => {
    requireSse(b);
    requireMmx(b);
    setXmm(b, numberOf(i, 0), widened(b, getMm(b, numberOf(i, 1))));
    enterMmx(b);
  }),
  row('F2 0F D6 /r', 'movdq2q Pq, Udq', (b, i) => {
    requireSse(b);
    requireMmx(b);
    setMm(b, numberOf(i, 0), b.pure('v128.low', getXmm(b, numberOf(i, 1))));
    enterMmx(b);
  }),
  row('NP 0F D7 /r', 'pmovmskb Gy, Nq', (b, i) => {
    requireMmx(b);
    setR(b, numberOf(i, 0), sizeOf(i, 0), byteMask(b, widened(b, getMm(b, numberOf(i, 1))), 8));
    enterMmx(b);
  }),
  row('NP 0F E7 /r', 'movntq Mq, Pq', store),
  row('NP 0F F7 /r', 'maskmovq Pq, Nq', maskedStore),
  row('NP 0F 3A 0F /r', 'palignr Pq, Qq, Ib', mmxWithImmediate(align)),
];
