import { accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import { ATTRIBUTES, BASE, CPL, FLAGS, LIMIT, SEGMENT } from './registers.ts';

const IOPL_SHIFT = 12;
/** Where a TSS has the offset of its I/O permission bit map, of 32 or 64 bits alike (SDM vol. 3A, figures 8-2 and 8-11). */
const MAP_BASE = 0x66;
/** A system segment of type 9 or 11: a TSS of 32 or 64 bits, available or busy. */
const TSS = 0b0_1001;
const TSS_MASK = 0b1_1101;
const WORD = accessShape('load', 2, 'plain', { implicit: true });
const ALL_ONES = [0n, 0xffn, 0xffffn, 0n, 0xffff_ffffn];

const refuse = (hart: Hart): false => hart.raise(fault(VECTOR.GP), 0n);

/**
 * Whether the hart may access those ports: CPL is at most IOPL, or the TSS's bit map has a 0 for each (SDM vol. 1, 19.5).
 * The map is read two bytes at a time, so both must lie within the segment. False: a trap.
 */
export function mayAccessPort(hart: Hart, port: number, size: number): boolean {
  if (hart.get32(CPL) <= ((hart.get32(FLAGS) >> IOPL_SHIFT) & 3)) return true;
  if ((hart.get32(ATTRIBUTES[SEGMENT.tr]) & TSS_MASK) !== TSS) return refuse(hart);
  const limit = hart.get32(LIMIT[SEGMENT.tr]) >>> 0;
  const tss = hart.get(BASE[SEGMENT.tr]);
  if (limit < MAP_BASE + 1) return refuse(hart);
  const load = (offset: number) => hart.memory.loadAs(BigInt.asUintN(64, tss + BigInt(offset)), WORD);
  const map = load(MAP_BASE);
  if (map === undefined) return false;
  const at = Number(map) + (port >> 3);
  if (at + 1 > limit) return refuse(hart);
  const word = load(at);
  if (word === undefined) return false;
  const denied = (Number(word) >> (port & 7)) & ((1 << size) - 1);
  return denied === 0 || refuse(hart);
}

/** Reads a port that the hart may access; where nothing answers, all ones. */
export const readPort = (hart: Hart, port: number, size: number): bigint =>
  hart.bus.readPort(port, size, hart.id) ?? ALL_ONES[size];

/** Writes one; where nothing answers, to nowhere. */
export function writePort(hart: Hart, port: number, size: number, value: bigint): void {
  hart.bus.writePort(port, size, value & ALL_ONES[size], hart.id);
}
