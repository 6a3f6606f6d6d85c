// Multiplication, division, checksums and decimal arithmetic (SDM vol. 1, 5.1.2 and 5.1.3).
import type { Builder, I64 } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';
import { cut, getR, numberOf, read, setR, sext, sizeOf } from './operand.ts';
import { AF, CF, OF, PF, RAX, RDX, SF, T, ZF } from './registers.ts';
import { type Row, row } from './row.ts';

/** A helper on rDX:rAX and an operand in T[0]. */
const wide = (helper: string, signed: 0 | 1) => (b: Builder, i: Decoded) => {
  b.set(T[0], read(b, i, 0));
  b.call(helper, [sizeOf(i, 0), signed], { reads: [T[0], RAX, RDX], writes: [RAX, RDX, CF, OF] });
};

/** IMUL with a destination: CF and OF say that the product does not fit; the other flags are undefined and stay. */
const product = (b: Builder, i: Decoded) => {
  const size = i.operandSize;
  const k = i.operands.length === 3 ? 1 : 0;
  const x = sext(b, size, read(b, i, k));
  const y = sext(b, size, read(b, i, k + 1));
  const whole = b.mul(x, y);
  const high: I64 = size === 8 ? b.pure('i64.mulh_s', x, y) : whole;
  const lost = size === 8 ? b.ne(high, b.shrS(whole, b.i64(63n))) : b.ne(whole, sext(b, size, whole));
  setR(b, numberOf(i, 0), size, whole);
  b.set32(CF, lost);
  b.set32(OF, lost);
};

const checksum = (b: Builder, i: Decoded) => {
  b.set(T[1], read(b, i, 1));
  b.set(T[0], cut(b, 4, getR(b, numberOf(i, 0), 4)));
  b.call('crc32', [sizeOf(i, 1)], { reads: [T[0], T[1]], writes: [T[0]] });
  // Of a 64-bit destination too, the upper half becomes 0.
  setR(b, numberOf(i, 0), 4, b.get(T[0]));
};

const FLAGS = [CF, PF, AF, ZF, SF, OF];
const adjust = (helper: string, immediate: (i: Decoded, b: Builder) => number) => (b: Builder, i: Decoded) =>
  b.call(helper, [immediate(i, b)], { reads: [RAX, CF, AF], writes: [RAX, ...FLAGS] });
const LEGACY = { only: 'legacy' } as const;
const byte = (i: Decoded, b: Builder) => Number(read(b, i, 0).attributes.value);

export const X86_MULTIPLY: readonly Row[] = [
  row('F6 /4', 'mul Eb', wide('multiply', 0)),
  row('F7 /4', 'mul Ev', wide('multiply', 0)),
  row('F6 /5', 'imul Eb', wide('multiply', 1)),
  row('F7 /5', 'imul Ev', wide('multiply', 1)),
  row('F6 /6', 'div Eb', wide('divide', 0)),
  row('F7 /6', 'div Ev', wide('divide', 0)),
  row('F6 /7', 'idiv Eb', wide('divide', 1)),
  row('F7 /7', 'idiv Ev', wide('divide', 1)),
  row('0F AF /r', 'imul Gv, Ev', product),
  row('69 /r', 'imul Gv, Ev, Iz', product),
  row('6B /r', 'imul Gv, Ev, sIb', product),
  row('F2 0F 38 F0 /r', 'crc32 Gy, Eb', checksum),
  row('F2 0F 38 F1 /r', 'crc32 Gy, Ev', checksum),
  row(
    '27',
    'daa',
    adjust('decimalAdjust', () => 0),
    LEGACY,
  ),
  row(
    '2F',
    'das',
    adjust('decimalAdjust', () => 1),
    LEGACY,
  ),
  row(
    '37',
    'aaa',
    adjust('asciiAdjust', () => 0),
    LEGACY,
  ),
  row(
    '3F',
    'aas',
    adjust('asciiAdjust', () => 1),
    LEGACY,
  ),
  row('D4', 'aam Ib', adjust('asciiMultiply', byte), LEGACY),
  row('D5', 'aad Ib', adjust('asciiDivide', byte), LEGACY),
];
