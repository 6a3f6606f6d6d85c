// Loads and stores of general-purpose registers (Arm ARM C4.1.94).
import type { AccessTraits } from '../access.ts';
import type { Row } from '../decode/index.ts';
import type { Builder } from '../ir/index.ts';
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
import { base, row, setReg, setX, x } from './row.ts';

/** How a load extends to the register: with zeros, or with the sign to 32 or 64 bits. */
type Extension = 'zeros' | 'sign32' | 'sign64';

const load =
  (bytes: number, extension: Extension = 'zeros', traits?: AccessTraits): Transfer =>
  (b, address, Rt) => {
    const value = b.load(address, { size: bytes, signed: extension !== 'zeros', traits });
    setReg(b, extension === 'sign32' ? 0 : 1, Rt, value);
  };

const store =
  (bytes: number, traits?: AccessTraits): Transfer =>
  (b, address, Rt) =>
    b.store(address, x(b, Rt), bytes, { traits });

/** Both loads come before either register is written; of two that are the same, the first counts (C6.2, "LDP"). */
const loadPair =
  (bytes: number, signed: boolean): PairTransfer =>
  (b, address, Rt, Rt2) => {
    const first = b.load(address, { size: bytes, signed });
    const second = b.load(plus(b, address, bytes), { size: bytes, signed });
    setX(b, Rt2, second);
    setX(b, Rt, first);
  };

const storePair =
  (bytes: number): PairTransfer =>
  (b, address, Rt, Rt2) => {
    b.store(address, x(b, Rt), bytes);
    b.store(plus(b, address, bytes), x(b, Rt2), bytes);
  };

/** What an access of each size and opc is, in each of three forms: as it is, unscaled, unprivileged. */
interface Access extends Single {
  readonly unprivileged: string;
  /** The transfer with traits of its own. */
  readonly as: (traits: AccessTraits) => Transfer;
}

function access(
  size: Single['size'],
  opc: Single['opc'],
  name: string,
  operand: string,
  as: (traits?: AccessTraits) => Transfer,
): Access {
  const kind = name.startsWith('st') ? 'st' : 'ld';
  const rest = name.slice(3);
  return {
    size,
    opc,
    name,
    unscaled: `${kind}ur${rest}`,
    unprivileged: `${kind}tr${rest}`,
    operand,
    bytes: 1 << Number.parseInt(size, 2),
    transfer: as(),
    as,
  };
}

const ACCESSES: readonly Access[] = [
  access('00', '00', 'strb', 'Wt', (traits) => store(1, traits)),
  access('00', '01', 'ldrb', 'Wt', (traits) => load(1, 'zeros', traits)),
  access('00', '10', 'ldrsb', 'Xt', (traits) => load(1, 'sign64', traits)),
  access('00', '11', 'ldrsb', 'Wt', (traits) => load(1, 'sign32', traits)),
  access('01', '00', 'strh', 'Wt', (traits) => store(2, traits)),
  access('01', '01', 'ldrh', 'Wt', (traits) => load(2, 'zeros', traits)),
  access('01', '10', 'ldrsh', 'Xt', (traits) => load(2, 'sign64', traits)),
  access('01', '11', 'ldrsh', 'Wt', (traits) => load(2, 'sign32', traits)),
  access('10', '00', 'str', 'Wt', (traits) => store(4, traits)),
  access('10', '01', 'ldr', 'Wt', (traits) => load(4, 'zeros', traits)),
  access('10', '10', 'ldrsw', 'Xt', (traits) => load(4, 'sign64', traits)),
  access('11', '00', 'str', 'Xt', (traits) => store(8, traits)),
  access('11', '01', 'ldr', 'Xt', (traits) => load(8, 'zeros', traits)),
];

/** Judged at EL1 as EL0's access would be (C6.2, "LDTR"). */
const unprivilegedRow = ({ size, opc, unprivileged, operand, as }: Access): Row =>
  row(
    `${size} 111 0 00 ${opc} 0 imm9 10 Rn Rt`,
    `${unprivileged} ${operand}, [Xn|SP{, #imm9}]`,
    (b, { imm9, Rn, Rt }) => as({ unprivileged: true })(b, plus(b, base(b, Rn), imm9), Rt),
  );

const PAIRS: readonly Pair[] = [
  { opc: '00', L: '0', name: 'stp', operands: 'Wt, Wt2', bytes: 4, transfer: storePair(4) },
  { opc: '00', L: '1', name: 'ldp', operands: 'Wt, Wt2', bytes: 4, transfer: loadPair(4, false) },
  { opc: '01', L: '1', name: 'ldpsw', operands: 'Xt, Xt2', bytes: 4, transfer: loadPair(4, true) },
  { opc: '10', L: '0', name: 'stp', operands: 'Xt, Xt2', bytes: 8, transfer: storePair(8) },
  { opc: '10', L: '1', name: 'ldp', operands: 'Xt, Xt2', bytes: 8, transfer: loadPair(8, false) },
];

/** Prefetching changes nothing that can be seen: caches are not modelled, and it takes no fault (C6.2, "PRFM"). */
const prefetch = (_b: Builder): void => {};

export const A64_LOADS: readonly Row[] = [
  ...ACCESSES.flatMap((one) => [...offsetRows('0', one), ...indexedRows('0', one), unprivilegedRow(one)]),

  literalRow('0', '00', 'ldr Wt', load(4)),
  literalRow('0', '01', 'ldr Xt', load(8)),
  literalRow('0', '10', 'ldrsw Xt', load(4, 'sign64')),

  ...PAIRS.flatMap((pair) => [pairRow('0', '010', pair), ...indexedPairRows('0', pair)]),
  ...PAIRS.filter(({ opc }) => opc !== '01').map((pair) =>
    pairRow('0', '000', { ...pair, name: pair.name.replace('p', 'np') }),
  ),

  row('11 111 0 01 10 imm12 Rn Rt', 'prfm prfop, [Xn|SP{, #imm12*8}]', prefetch),
  row('11 111 0 00 10 0 imm9 00 Rn Rt', 'prfum prfop, [Xn|SP{, #imm9}]', prefetch),
  row('11 111 0 00 10 1 Rm option S 10 Rn Rt', 'prfm prfop, [Xn|SP, offset8]', prefetch, {
    where: ({ option }) => (option & 2) !== 0,
  }),
  row('11 011 0 00 imm19 Rt', 'prfm prfop, label', prefetch),
];
