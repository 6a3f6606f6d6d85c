// The accesses and settings that the MMU's tests go through, and what they make of its answers.

import { MMU } from '../../../machine/aarch64/mmu.ts';
import { type AccessShape, accessShape } from '../../../machine/access.ts';
import { AP1, AP2, attribute, type Bench, DBM, PXN, RAM_BASE, type Setting, UXN } from './mmu-harness.ts';
import type { Answer, Doing, Regime } from './mmu-oracle.ts';

export interface AccessCase {
  readonly name: string;
  readonly shape: AccessShape;
  readonly what: Doing['what'];
  readonly unprivileged?: boolean;
}

export const ACCESSES: readonly AccessCase[] = [
  { name: 'fetch', shape: accessShape('fetch', 4), what: 'execute' },
  { name: 'ldr', shape: accessShape('load', 8), what: 'read' },
  { name: 'str', shape: accessShape('store', 8), what: 'write' },
  { name: 'ldadd', shape: accessShape('store', 8, 'amo'), what: 'read and write' },
  {
    name: 'ldtr',
    shape: accessShape('load', 8, 'plain', { unprivileged: true }),
    what: 'read',
    unprivileged: true,
  },
  {
    name: 'sttr',
    shape: accessShape('store', 8, 'plain', { unprivileged: true }),
    what: 'write',
    unprivileged: true,
  },
  { name: 'ldxr', shape: accessShape('load', 8, 'reserved'), what: 'read' },
  { name: 'stxr', shape: accessShape('store', 8, 'conditional'), what: 'write' },
];

export const FLAGS = [false, true];

/** Every combination of AP, UXN, PXN, AF and DBM. */
export const LEAVES: readonly bigint[] = Array.from({ length: 64 }, (_, i) =>
  [AP1, AP2, UXN, PXN, 1n << 10n, DBM].reduce((sum, bit, at) => (i & (1 << at) ? sum | bit : sum), attribute(0)),
);

/** Who manages access flag and dirty state: the option, HA and HD. */
export const MANAGEMENT = [
  { name: 'HA 0, HD 0', hardwareAd: true, ha: false, hd: false },
  { name: 'HA 1, HD 1', hardwareAd: true, ha: true, hd: true },
  { name: 'HA 1, HD 0', hardwareAd: true, ha: true, hd: false },
  { name: 'HA 0, HD 1', hardwareAd: true, ha: false, hd: true },
  { name: 'no HAFDBS', hardwareAd: false, ha: true, hd: true },
];

/** Every exception level, PAN and WXN. */
export const SETTINGS: readonly Setting[] = ([0, 1] as const).flatMap((el) =>
  FLAGS.flatMap((pan) => FLAGS.map((wxn) => ({ el, pan, wxn }))),
);

export const ROOT = RAM_BASE + 0x1_0000n;
export const TARGET = RAM_BASE + 0x7_0000n;

export const regimeOf = (bench: Bench): Regime => ({
  sctlr: bench.get('sctlr_el1'),
  tcr: bench.get('tcr_el1'),
  ttbr0: bench.get('ttbr0_el1'),
  ttbr1: bench.get('ttbr1_el1'),
  mair: bench.get('mair_el1'),
  hafdbs: bench.hart.options.hardwareAd,
  memory: (at) => bench.peek(at),
});

export const doing = (
  { what, unprivileged, shape: { size: bytes, part, atomicity } }: AccessCase,
  { el, pan = false }: Setting,
): Doing => ({ what, unprivileged, el, pan, bytes, part, strict: atomicity !== 'plain' });

/** What the MMU made of an access, in few words; the same words for what the oracle expects. */
export function outcome(bench: Bench, address: bigint, shape: AccessShape): string {
  const { hart } = bench;
  const aligned = (address & BigInt(shape.size - 1)) === 0n || MMU.misaligned(hart, address, shape);
  if (aligned && MMU.translate(hart, address, shape)) return `pa ${hart.translated.pa.toString(16)}`;
  const { cause, value, access, walk } = hart.trap;
  const whole =
    access?.kind === shape.kind &&
    hart.trap.address === address &&
    value === address &&
    (walk ? 'fault' in walk.result : !aligned);
  return `esr ${cause.toString(16)}${whole ? '' : ' and an incomplete trap'}`;
}

/** ESR_EL1.IL is 1. */
export const expected = (answer: Answer): string =>
  'physical' in answer
    ? `pa ${answer.physical.toString(16)}`
    : `esr ${(answer.ec * 2 ** 26 + 2 ** 25 + answer.iss).toString(16)}`;
