// Exclusives, ordered accesses and atomics of general-purpose registers (Arm ARM C4.1.94, B2.9).
import type { Row } from '../decode/index.ts';
import type { AmoOperation, Builder, I64 } from '../ir/index.ts';
import type { Helper } from '../isa.ts';
import type { TwoBits } from './addressing.ts';
import { base, row, setX, w, x } from './row.ts';

// Memory is sequentially consistent, so acquire and release ask for no more than there is; but unlike plain accesses
// these must be aligned (B2.5.2, without FEAT_LSE2), which their shapes say.

type One = Readonly<Record<'Rn' | 'Rt', number>>;
type WithStatus = Readonly<Record<'Rs' | 'Rn' | 'Rt', number>>;
type WithPair = Readonly<Record<'Rs' | 'Rt2' | 'Rn' | 'Rt', number>>;

/** The four sizes, by the suffix of mnemonics, the operand's register and the bits of encodings. */
const SIZES: readonly { size: TwoBits; suffix: string; kind: 'W' | 'X'; bytes: number }[] = [
  { size: '00', suffix: 'b', kind: 'W', bytes: 1 },
  { size: '01', suffix: 'h', kind: 'W', bytes: 2 },
  { size: '10', suffix: '', kind: 'W', bytes: 4 },
  { size: '11', suffix: '', kind: 'X', bytes: 8 },
];

/** Two W registers as one value, the first in the lower half. */
const words = (b: Builder, first: number, second: number): I64 => b.or(w(b, first), b.shl(x(b, second), b.i64(32n)));
const doublewords = (b: Builder, first: number, second: number) => b.pure('v128.make', x(b, first), x(b, second));

function setWords(b: Builder, first: number, second: number, value: I64): void {
  setX(b, first, b.and(value, b.i64(0xffff_ffffn)));
  setX(b, second, b.shrU(value, b.i64(32n)));
}

/** The exclusive monitor's answer as software reads it: 0 where the store was made, else 1. */
const setStatus = (b: Builder, Rs: number, stored: ReturnType<Builder['storeConditional']>): void =>
  setX(b, Rs, b.extendI32u(b.pure('i32.eq', stored, b.i32(0))));

const loadExclusive =
  (size: number) =>
  (b: Builder, { Rn, Rt }: One) =>
    setX(b, Rt, b.load(base(b, Rn), { size, atomicity: 'reserved' }));
const storeExclusive =
  (size: number) =>
  (b: Builder, { Rs, Rn, Rt }: WithStatus) =>
    setStatus(b, Rs, b.storeConditional(base(b, Rn), x(b, Rt), size));

/** A pair is one access, of twice the size. Where Rt and Rt2 are the same register, the second half counts. */
function loadExclusiveWords(b: Builder, { Rt2, Rn, Rt }: WithPair): void {
  setWords(b, Rt, Rt2, b.load(base(b, Rn), { size: 8, atomicity: 'reserved' }));
}
function loadExclusiveDoublewords(b: Builder, { Rt2, Rn, Rt }: WithPair): void {
  const value = b.load128(base(b, Rn), 'reserved');
  setX(b, Rt, b.pure('v128.low', value));
  setX(b, Rt2, b.pure('v128.high', value));
}
const storeExclusiveWords = (b: Builder, { Rs, Rt2, Rn, Rt }: WithPair) =>
  setStatus(b, Rs, b.storeConditional(base(b, Rn), words(b, Rt, Rt2), 8));
const storeExclusiveDoublewords = (b: Builder, { Rs, Rt2, Rn, Rt }: WithPair) =>
  setStatus(b, Rs, b.storeConditional128(base(b, Rn), doublewords(b, Rt, Rt2)));

const loadOrdered =
  (size: number) =>
  (b: Builder, { Rn, Rt }: One) =>
    setX(b, Rt, b.load(base(b, Rn), { size, atomicity: 'ordered' }));
const storeOrdered =
  (size: number) =>
  (b: Builder, { Rn, Rt }: One) =>
    b.store(base(b, Rn), x(b, Rt), size, { atomicity: 'ordered' });

const compareAndSwap =
  (size: number) =>
  (b: Builder, { Rs, Rn, Rt }: WithStatus) =>
    setX(b, Rs, b.cas(base(b, Rn), x(b, Rs), x(b, Rt), size));
function compareAndSwapWords(b: Builder, { Rs, Rn, Rt }: WithStatus): void {
  setWords(b, Rs, Rs + 1, b.cas(base(b, Rn), words(b, Rs, Rs + 1), words(b, Rt, Rt + 1), 8));
}
function compareAndSwapDoublewords(b: Builder, { Rs, Rn, Rt }: WithStatus): void {
  const old = b.cas128(base(b, Rn), doublewords(b, Rs, Rs + 1), doublewords(b, Rt, Rt + 1));
  setX(b, Rs, b.pure('v128.low', old));
  setX(b, Rs + 1, b.pure('v128.high', old));
}
/** Pairs begin with an even register; with an odd one the encoding is UNDEFINED (C6.2, "CASP"). */
const even = ({ Rs, Rt }: WithStatus): boolean => ((Rs | Rt) & 1) === 0;

const atomic =
  (operation: AmoOperation, size: number) =>
  (b: Builder, { Rs, Rn, Rt }: WithStatus) =>
    setX(b, Rt, b.amo(operation, base(b, Rn), x(b, Rs), size, false));
/** Clears the bits that Rs has. */
const atomicClear =
  (size: number) =>
  (b: Builder, { Rs, Rn, Rt }: WithStatus) =>
    setX(b, Rt, b.amo('and', base(b, Rn), b.xor(x(b, Rs), b.i64(-1n)), size, false));

/** Of LSE, by o3 and opc. A store (`stadd`) is a load to register 31. */
const ATOMICS: readonly [
  opc: `${'0' | '1'} ${'0' | '1'}${TwoBits}`,
  name: string,
  meaning: (size: number) => ReturnType<typeof atomic>,
][] = [
  ['0 000', 'ldadd', (size) => atomic('add', size)],
  ['0 001', 'ldclr', atomicClear],
  ['0 010', 'ldeor', (size) => atomic('xor', size)],
  ['0 011', 'ldset', (size) => atomic('or', size)],
  ['0 100', 'ldsmax', (size) => atomic('max_s', size)],
  ['0 101', 'ldsmin', (size) => atomic('min_s', size)],
  ['0 110', 'ldumax', (size) => atomic('max_u', size)],
  ['0 111', 'ldumin', (size) => atomic('min_u', size)],
  ['1 000', 'swp', (size) => atomic('swap', size)],
];

export const ATOMIC_HELPERS: Readonly<Record<string, Helper>> = {
  clrex: (hart) => {
    hart.monitor.release(hart.id);
    return true;
  },
};

/** A single register of each size. Rs and Rt2 should be ones where they are not used; what they are does not matter. */
const SIZED = SIZES.flatMap(({ size, suffix, kind, bytes }) => [
  row(`${size} 001000 000 Rs 0 Rt2 Rn Rt`, `stxr${suffix} Ws, ${kind}t, [Xn|SP]`, storeExclusive(bytes)),
  row(`${size} 001000 000 Rs 1 Rt2 Rn Rt`, `stlxr${suffix} Ws, ${kind}t, [Xn|SP]`, storeExclusive(bytes)),
  row(`${size} 001000 010 Rs 0 Rt2 Rn Rt`, `ldxr${suffix} ${kind}t, [Xn|SP]`, loadExclusive(bytes)),
  row(`${size} 001000 010 Rs 1 Rt2 Rn Rt`, `ldaxr${suffix} ${kind}t, [Xn|SP]`, loadExclusive(bytes)),
  row(`${size} 001000 100 Rs 1 Rt2 Rn Rt`, `stlr${suffix} ${kind}t, [Xn|SP]`, storeOrdered(bytes)),
  row(`${size} 001000 110 Rs 1 Rt2 Rn Rt`, `ldar${suffix} ${kind}t, [Xn|SP]`, loadOrdered(bytes)),
  row(`${size} 111 0 00 1 0 1 11111 1 100 00 Rn Rt`, `ldapr${suffix} ${kind}t, [Xn|SP]`, loadOrdered(bytes)),
  row(
    `${size} 001000 1 L 1 Rs o0 11111 Rn Rt`,
    `cas{a}{l}${suffix} ${kind}s, ${kind}t, [Xn|SP]`,
    compareAndSwap(bytes),
  ),
  ...ATOMICS.map(([opc, name, meaning]) =>
    row(
      `${size} 111 0 00 A R 1 Rs ${opc} 00 Rn Rt`,
      `${name}{a}{l}${suffix} ${kind}s, ${kind}t, [Xn|SP]`,
      meaning(bytes),
    ),
  ),
]);

export const A64_ATOMICS: readonly Row[] = [
  ...SIZED,

  row('10 001000 001 Rs 0 Rt2 Rn Rt', 'stxp Ws, Wt, Wt2, [Xn|SP]', storeExclusiveWords),
  row('11 001000 001 Rs 0 Rt2 Rn Rt', 'stxp Ws, Xt, Xt2, [Xn|SP]', storeExclusiveDoublewords),
  row('10 001000 001 Rs 1 Rt2 Rn Rt', 'stlxp Ws, Wt, Wt2, [Xn|SP]', storeExclusiveWords),
  row('11 001000 001 Rs 1 Rt2 Rn Rt', 'stlxp Ws, Xt, Xt2, [Xn|SP]', storeExclusiveDoublewords),
  row('10 001000 011 Rs 0 Rt2 Rn Rt', 'ldxp Wt, Wt2, [Xn|SP]', loadExclusiveWords),
  row('11 001000 011 Rs 0 Rt2 Rn Rt', 'ldxp Xt, Xt2, [Xn|SP]', loadExclusiveDoublewords),
  row('10 001000 011 Rs 1 Rt2 Rn Rt', 'ldaxp Wt, Wt2, [Xn|SP]', loadExclusiveWords),
  row('11 001000 011 Rs 1 Rt2 Rn Rt', 'ldaxp Xt, Xt2, [Xn|SP]', loadExclusiveDoublewords),

  row('00 001000 0 L 1 Rs o0 11111 Rn Rt', 'casp{a}{l} pairWs, pairWt, [Xn|SP]', compareAndSwapWords, { where: even }),
  row('01 001000 0 L 1 Rs o0 11111 Rn Rt', 'casp{a}{l} pairXs, pairXt, [Xn|SP]', compareAndSwapDoublewords, {
    where: even,
  }),

  // Any CRm will do; 15 is what assemblers make.
  row('1101010100 0 00 011 0011 CRm 010 11111', 'clrex clrex', (b) => b.call('clrex', [], {})),
];
