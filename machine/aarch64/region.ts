import { GRANULES, type Granule, levelBits } from './descriptor.ts';

/** One of the two regions of virtual addresses, as TCR_EL1 sets it up (Arm ARM D8.2). */
export interface Region {
  /** TTBR1's: addresses whose bit 55 is set. */
  readonly upper: boolean;
  readonly granule: Granule;
  /** Bits of address, 64 − TxSZ; 0 where TxSZ is out of range. */
  readonly size: number;
  /** EPDx: no walks. */
  readonly disabled: boolean;
  /** TBIx: bits 63:56 of an address are a tag. */
  readonly tagged: boolean;
  /** The level of the first table (AArch64.S1StartLevel), and where that table may lie, which is aligned to its size. */
  readonly first: number;
  readonly roots: bigint;
  /** How each level, from 0 to 3, takes an address to pieces. */
  readonly levels: readonly Level[];
}

/** A level of a region: where its bits of an address begin and how many they are, and the output address of its leaves. */
interface Level {
  readonly bits: bigint;
  readonly width: number;
  readonly output: bigint;
}

/** TG0 and TG1 number the granules differently; a reserved value means 4K here, as the manual leaves open. */
const TG0: readonly Granule[] = [GRANULES['4K'], GRANULES['64K'], GRANULES['16K'], GRANULES['4K']];
const TG1: readonly Granule[] = [GRANULES['4K'], GRANULES['16K'], GRANULES['4K'], GRANULES['64K']];

/** Bits of physical address, by TCR_EL1.IPS; reserved values mean all that are implemented, 48. */
const OUTPUT_BITS = [32n, 36n, 40n, 42n, 44n, 48n, 48n, 48n];

/** Bits of physical address that are implemented (ID_AA64MMFR0_EL1.PARange). */
export const PHYSICAL_BITS = 48n;

/** TxSZ from 16 to 39: neither FEAT_LVA nor FEAT_TTST. What else is programmed faults, as the manual leaves open. */
const sizeOf = (txsz: number): number => (txsz < 16 || txsz > 39 ? 0 : 64 - txsz);

/** Multiples of 2^bits below 2^48. */
const multiples = (bits: number): bigint => BigInt.asUintN(48, -1n << BigInt(bits));

/** The levels of a region's tables; the first table may be smaller than a page (AArch64.S1TTBaseAddress). */
function levelsOf(granule: Granule, size: number) {
  let first = 3;
  while (levelBits(granule, first) + granule.stride < size) first--;
  const levels = [0, 1, 2, 3].map((level) => {
    const bits = levelBits(granule, level);
    const width = level === first ? Math.min(size - bits, granule.stride) : granule.stride;
    return { bits: BigInt(bits), width, output: multiples(bits) };
  });
  return { first, roots: multiples(3 + levels[first].width), levels };
}

function decodeRegions(tcr: bigint): readonly [Region, Region] {
  const field = (shift: bigint, width: number) => Number(BigInt.asUintN(width, tcr >> shift));
  const region = (upper: boolean, granule: Granule, txsz: number, epd: number, tbi: number): Region => {
    const size = sizeOf(txsz);
    return { upper, granule, size, disabled: epd === 1, tagged: tbi === 1, ...levelsOf(granule, size) };
  };
  return [
    region(false, TG0[field(14n, 2)], field(0n, 6), field(7n, 1), field(37n, 1)),
    region(true, TG1[field(30n, 2)], field(16n, 6), field(23n, 1), field(38n, 1)),
  ];
}

/** The regions of the TCR_EL1 asked for last: it seldom changes. */
let decoded = { tcr: 0n, regions: decodeRegions(0n) };

/** The region that an address belongs to: bit 55 says (AArch64.GetVARange). */
export function regionOf(tcr: bigint, address: bigint): Region {
  if (decoded.tcr !== tcr) decoded = { tcr, regions: decodeRegions(tcr) };
  return decoded.regions[(address >> 55n) & 1n ? 1 : 0];
}

/** The address without its tag: copies of bit 55 in its place. */
export const strip = ({ tagged }: Region, address: bigint): bigint =>
  tagged ? BigInt.asUintN(64, BigInt.asIntN(56, address)) : address;

/** Whether a stripped address lies in its region: all bits above its size are as bit 55 (AArch64.VAIsOutOfRange). */
export const inRegion = ({ upper, size }: Region, va: bigint): boolean =>
  BigInt.asIntN(64, va) >> BigInt(size) === (upper ? -1n : 0n);

/** Bits of output address, by TCR_EL1.IPS. */
export const outputBits = (tcr: bigint): bigint => OUTPUT_BITS[Number((tcr >> 32n) & 7n)];
