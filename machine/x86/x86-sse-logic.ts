// Floating-point vectors as bits: logic, shuffles and moves of lanes (SDM vol. 1, 10.4.2, 10.4.3, 11.4.1 and 12.8).
import type { Builder } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';
import { getXmm, numberOf, setXmm } from './operand.ts';
import { type Row, row } from './row.ts';
import { and, andNot, or, xor } from './sse-arithmetic.ts';
import { type Binary, binary, requireSse, shuffleLanes, source, upTo, withImmediate } from './sse-lift.ts';
import { shuffleDoubles, shuffleSingles, unpack } from './sse-rearrange.ts';

/** INSERTPS: a lane of the second operand, or its memory, goes to a lane of the first; some lanes are cleared. */
function insertSingle(b: Builder, i: Decoded): void {
  requireSse(b);
  const inMemory = i.operands[1].kind === 'memory';
  const c = source(b, i, 1);
  const a = numberOf(i, 0);
  const immediate = i.bytes[i.length - 1];
  const [from, to] = [inMemory ? 0 : immediate >> 6, (immediate >> 4) & 3];
  const inserted = shuffleLanes(
    b,
    32,
    getXmm(b, a),
    c,
    upTo(4).map((k) => (k === to ? 4 + from : k)),
  );
  const cleared = upTo(4).map((k) => (((immediate >> k) & 1) === 1 ? 4 : k));
  setXmm(b, a, shuffleLanes(b, 32, inserted, b.v128(0n), cleared));
}

/** Of single and of double precision, bit for bit the same. */
const both = (opcode: string, name: string, meaning: Binary): Row[] => [
  row(`NP 0F ${opcode} /r`, `${name}ps Vps, Wps`, binary(meaning)),
  row(`66 0F ${opcode} /r`, `${name}pd Vpd, Wpd`, binary(meaning)),
];

export const X86_SSE_LOGIC: readonly Row[] = [
  ...both('54', 'and', and),
  ...both('55', 'andn', andNot),
  ...both('56', 'or', or),
  ...both('57', 'xor', xor),
  row('NP 0F 14 /r', 'unpcklps Vps, Wps', binary(unpack(32, 'low'))),
  row('66 0F 14 /r', 'unpcklpd Vpd, Wpd', binary(unpack(64, 'low'))),
  row('NP 0F 15 /r', 'unpckhps Vps, Wps', binary(unpack(32, 'high'))),
  row('66 0F 15 /r', 'unpckhpd Vpd, Wpd', binary(unpack(64, 'high'))),
  row('NP 0F C6 /r', 'shufps Vps, Wps, Ib', withImmediate(shuffleSingles)),
  row('66 0F C6 /r', 'shufpd Vpd, Wpd, Ib', withImmediate(shuffleDoubles)),
  row('66 0F 3A 21 /r', 'insertps Vps, Wss, Ib', insertSingle),
];
