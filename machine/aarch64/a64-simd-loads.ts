// Loads and stores of SIMD and floating-point registers (Arm ARM C4.1.94).
import type { Row } from '../decode/index.ts';
import {
  indexedPairRows,
  indexedRows,
  literalRow,
  offsetRows,
  type Pair,
  type PairTransfer,
  pairRow,
  plus,
  type Single,
  type Transfer,
} from './addressing.ts';
import { d, setD, setV, v } from './row.ts';
import { STRUCTURES } from './structures.ts';

const load =
  (bytes: number): Transfer =>
  (b, address, Rt) => {
    if (bytes === 16) setV(b, Rt, b.load128(address));
    else setD(b, Rt, b.load(address, { size: bytes }));
  };

const store =
  (bytes: number): Transfer =>
  (b, address, Rt) => {
    if (bytes === 16) b.store128(address, v(b, Rt));
    else b.store(address, d(b, Rt), bytes);
  };

/** Both loads come before either register is written; of two that are the same, the second counts (C7.2, "LDP"). */
const loadPair =
  (bytes: number): PairTransfer =>
  (b, address, Rt, Rt2) => {
    if (bytes === 16) {
      const values = [b.load128(address), b.load128(plus(b, address, 16))];
      setV(b, Rt, values[0]);
      setV(b, Rt2, values[1]);
      return;
    }
    const values = [b.load(address, { size: bytes }), b.load(plus(b, address, bytes), { size: bytes })];
    setD(b, Rt, values[0]);
    setD(b, Rt2, values[1]);
  };

const storePair =
  (bytes: number): PairTransfer =>
  (b, address, Rt, Rt2) => {
    store(bytes)(b, address, Rt);
    store(bytes)(b, plus(b, address, bytes), Rt2);
  };

const SIZES = [
  { size: '00', q: '0', letter: 'B', bytes: 1 },
  { size: '01', q: '0', letter: 'H', bytes: 2 },
  { size: '10', q: '0', letter: 'S', bytes: 4 },
  { size: '11', q: '0', letter: 'D', bytes: 8 },
  { size: '00', q: '1', letter: 'Q', bytes: 16 },
] as const;

const SINGLES = SIZES.flatMap(({ size, q, letter, bytes }): Single[] => {
  const common = { size, operand: `${letter}t`, bytes };
  return [
    { ...common, opc: `${q}0`, name: 'str', unscaled: 'stur', transfer: store(bytes) },
    { ...common, opc: `${q}1`, name: 'ldr', unscaled: 'ldur', transfer: load(bytes) },
  ];
});

/** S, D and Q, by the `opc` of pairs and literals. */
const WIDE = [
  { opc: '00', letter: 'S', bytes: 4 },
  { opc: '01', letter: 'D', bytes: 8 },
  { opc: '10', letter: 'Q', bytes: 16 },
] as const;

const PAIRS = WIDE.flatMap(({ opc, letter, bytes }): Pair[] => {
  const common = { opc, operands: `${letter}t, ${letter}t2`, bytes };
  return [
    { ...common, L: '0', name: 'stp', transfer: storePair(bytes) },
    { ...common, L: '1', name: 'ldp', transfer: loadPair(bytes) },
  ];
});

export const A64_SIMD_LOADS: readonly Row[] = [
  ...SINGLES.flatMap((single) => [...offsetRows('1', single), ...indexedRows('1', single)]),
  ...WIDE.map(({ opc, letter, bytes }) => literalRow('1', opc, `ldr ${letter}t`, load(bytes))),
  ...PAIRS.flatMap((pair) => [pairRow('1', '010', pair), ...indexedPairRows('1', pair)]),
  ...PAIRS.map((pair) => pairRow('1', '000', { ...pair, name: pair.name.replace('p', 'np') })),
  ...STRUCTURES,
];
