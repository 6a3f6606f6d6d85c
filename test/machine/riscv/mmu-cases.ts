// The accesses and settings that the MMU's tests go through, and what they make of its answers.
import { type AccessShape, accessShape } from '../../../machine/access.ts';
import { MMU } from '../../../machine/riscv/mmu.ts';
import { type Bench, RAM_BASE, type Setting } from './mmu-harness.ts';
import type { Answer } from './mmu-oracle.ts';

/** Each access and the exceptions it raises, from table "Machine cause register values after trap". */
export const ACCESSES = [
  { name: 'fetch', shape: accessShape('fetch', 2), doing: 'execute', page: 12, access: 1 },
  { name: 'load', shape: accessShape('load', 8), doing: 'read', page: 13, access: 5 },
  { name: 'lr', shape: accessShape('load', 8, 'reserved'), doing: 'read', page: 13, access: 5 },
  { name: 'store', shape: accessShape('store', 8), doing: 'write', page: 15, access: 7 },
  { name: 'sc', shape: accessShape('store', 8, 'conditional'), doing: 'write', page: 15, access: 7 },
  { name: 'amo', shape: accessShape('store', 8, 'amo'), doing: 'write', page: 15, access: 7 },
] as const;
export type AccessCase = (typeof ACCESSES)[number];

export const FLAGS = [false, true];
export const SETTINGS: Setting[] = [
  { mode: 'U' },
  { mode: 'S' },
  { mode: 'M' },
  { mode: 'M', mprv: 'U' },
  { mode: 'M', mprv: 'S' },
  { mode: 'M', mprv: 'M' },
].flatMap((who) => FLAGS.flatMap((sum) => FLAGS.map((mxr) => ({ ...who, sum, mxr }) as Setting)));

/** The mode that judges: MPP for loads and stores under MPRV. */
export const judgedBy = ({ mode, mprv }: Setting, { doing }: AccessCase) =>
  doing === 'execute' ? mode : (mprv ?? mode);

export const ROOT = RAM_BASE + 0x1000n;
export const TARGET = RAM_BASE + 0x10000n;

/** What the MMU made of an access, in few words; the same words for what the oracle expects. */
export function outcome(bench: Bench, address: bigint, shape: AccessShape): string {
  const { hart } = bench;
  if (MMU.translate(hart, address, shape)) return `pa ${hart.translated.pa.toString(16)}`;
  const { cause, value, access, walk } = hart.trap;
  const whole = access?.kind === shape.kind && hart.trap.address === address && walk && 'fault' in walk.result;
  return `cause ${cause} tval ${value.toString(16)}${whole ? '' : ' and an incomplete trap'}`;
}

export function expected(answer: Answer, { page, access }: AccessCase, address: bigint): string {
  if (answer === 'page fault') return `cause ${page} tval ${address.toString(16)}`;
  if (answer === 'access fault') return `cause ${access} tval ${address.toString(16)}`;
  return `pa ${answer.physical.toString(16)}`;
}
