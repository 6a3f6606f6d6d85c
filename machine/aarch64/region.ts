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

function decodeRegions(tcr: bigint): readonly [Region, Region] {
  const field = (shift: bigint, width: number) => Number(BigInt.asUintN(width, tcr >> shift));
  return [
    {
      upper: false,
      granule: TG0[field(14n, 2)],
      size: sizeOf(field(0n, 6)),
      disabled: field(7n, 1) === 1,
      tagged: field(37n, 1) === 1,
    },
    {
      upper: true,
      granule: TG1[field(30n, 2)],
      size: sizeOf(field(16n, 6)),
      disabled: field(23n, 1) === 1,
      tagged: field(38n, 1) === 1,
    },
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

/** The level of the first table (AArch64.S1StartLevel). */
export function startLevel({ granule, size }: Region): number {
  let level = 3;
  while (levelBits(granule, level) + granule.stride < size) level--;
  return level;
}

/** Bits of output address, by TCR_EL1.IPS. */
export const outputBits = (tcr: bigint): bigint => OUTPUT_BITS[Number((tcr >> 32n) & 7n)];
