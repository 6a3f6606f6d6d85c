import type { AccessKind } from '../access.ts';
import type { Hart } from '../hart.ts';
import { M_MODE, SLOTS } from './registers.ts';

/** Number of PMP entries; the manual allows 0, 16 or 64 (Priv. spec 3.7). */
export const PMP_ENTRIES = 16;

/** Bits of a pmpcfg byte (Priv. spec 3.7.1): permissions, address-matching mode A, lock L. */
export const PMP = { R: 0x01, W: 0x02, X: 0x04, A: 0x18, TOR: 0x08, NA4: 0x10, NAPOT: 0x18, L: 0x80 } as const;

const CFG = [SLOTS.get('pmpcfg0'), SLOTS.get('pmpcfg2')] as const;
/** The pmpaddr registers, by entry: bits 55 to 2 of a physical address. */
export const PMP_ADDRESSES = Array.from({ length: PMP_ENTRIES }, (_, i) => SLOTS.get(`pmpaddr${i}`));

const PERMISSION: Readonly<Record<AccessKind, number>> = { load: PMP.R, store: PMP.W, fetch: PMP.X };

/** The configuration byte of entry `i`. */
export function pmpConfig(hart: Hart, i: number): number {
  return Number((hart.get(CFG[i >> 3]) >> BigInt((i & 7) * 8)) & 0xffn);
}

/** Whether no entry is on: then only the privilege mode decides. */
function pmpOff(hart: Hart): boolean {
  return hart.get(CFG[0]) === 0n && hart.get(CFG[1]) === 0n;
}

/** First byte of entry `i` and the one behind its last, or `undefined` where it is off (Priv. spec 3.7.1, "Address Matching"). */
function pmpRange(hart: Hart, i: number, config: number): { low: bigint; high: bigint } | undefined {
  const address = hart.get(PMP_ADDRESSES[i]);
  switch (config & PMP.A) {
    case PMP.TOR:
      return { low: i === 0 ? 0n : hart.get(PMP_ADDRESSES[i - 1]) << 2n, high: address << 2n };
    case PMP.NA4:
      return { low: address << 2n, high: (address << 2n) + 4n };
    case PMP.NAPOT: {
      // y…y01…1 with k ones names the 2^(k+3) bytes at y…y00…0.
      const ones = address & ~(address + 1n);
      const low = (address & ~ones) << 2n;
      return { low, high: low + ((ones + 1n) << 3n) };
    }
    default:
      return undefined;
  }
}

/**
 * Whether physical memory protection lets an access of `size` bytes at a physical address proceed in `mode`, which is
 * MPP's for loads and stores under MPRV. The lowest entry that matches any byte decides, and must match all of them
 * (Priv. spec 3.7.1, "Priority and Matching Logic").
 */
export function pmpAllows(hart: Hart, address: bigint, size: number, kind: AccessKind, mode: 0 | 1 | 3): boolean {
  if (pmpOff(hart)) return mode === M_MODE;
  const end = address + BigInt(size);
  for (let i = 0; i < PMP_ENTRIES; i++) {
    const config = pmpConfig(hart, i);
    const range = pmpRange(hart, i, config);
    // A TOR entry whose bounds are equal or the wrong way round matches nothing.
    if (!range || range.low >= range.high || end <= range.low || address >= range.high) continue;
    if (address < range.low || end > range.high) return false;
    return (mode === M_MODE && (config & PMP.L) === 0) || (config & PERMISSION[kind]) !== 0;
  }
  return mode === M_MODE;
}

/** Whether {@link pmpAllows} answers alike for all of the 4 KiB page that holds the address. */
export function pmpUniform(hart: Hart, address: bigint): boolean {
  if (pmpOff(hart)) return true;
  const page = address & ~0xfffn;
  for (let i = 0; i < PMP_ENTRIES; i++) {
    const range = pmpRange(hart, i, pmpConfig(hart, i));
    if (!range || range.low >= range.high || page + 4096n <= range.low || page >= range.high) continue;
    return page >= range.low && page + 4096n <= range.high;
  }
  return true;
}

/** Writes pmpcfg0 or pmpcfg2: locked entries stay, W without R is reserved and loses W, bits 5 and 6 are zero. */
export function writePmpConfig(hart: Hart, register: 0 | 1, value: bigint): void {
  let result = 0n;
  for (let i = 0; i < 8; i++) {
    const old = pmpConfig(hart, register * 8 + i);
    let config = Number((value >> BigInt(i * 8)) & 0xffn) & (PMP.L | PMP.A | PMP.X | PMP.W | PMP.R);
    if ((config & PMP.R) === 0) config &= ~PMP.W;
    if ((old & PMP.L) !== 0) config = old;
    result |= BigInt(config) << BigInt(i * 8);
  }
  hart.set(CFG[register], result);
  hart.contextChanged();
}

/** Writes pmpaddr`i`, unless it is locked, or is the lower bound of a locked TOR entry. */
export function writePmpAddress(hart: Hart, i: number, value: bigint): void {
  if ((pmpConfig(hart, i) & PMP.L) !== 0) return;
  const next = i + 1 < PMP_ENTRIES ? pmpConfig(hart, i + 1) : 0;
  if ((next & PMP.L) !== 0 && (next & PMP.A) === PMP.TOR) return;
  hart.set(PMP_ADDRESSES[i], BigInt.asUintN(54, value));
  hart.contextChanged();
}
