import type { Access } from '../access.ts';
import type { Walk, WalkStep, WalkTranslation } from '../walk.ts';
import {
  attributeOf,
  DESCRIPTOR,
  describeLeaf,
  describeLimits,
  LIMIT,
  levelBits,
  limitsOf,
  rightsOf,
} from './descriptor.ts';
import { inRegion, outputBits, type Region, regionOf, strip } from './region.ts';

/** Why an access was refused, and the kind of fault that each reason is. */
export const FAULTS = {
  /** TxSZ outside 16 to 39. */
  'reserved region size': 'translation',
  /** The address bits above the region's are not all copies of bit 55. */
  'outside the region': 'translation',
  /** EPDx: a miss in the TLB does not lead to a walk. */
  'walks disabled': 'translation',
  'not valid': 'translation',
  /** A block where none is defined, or 0b01 at level 3. */
  'reserved encoding': 'translation',
  /** TTBRx, or with the MMU off the address itself, above the physical address size. */
  'root beyond the address size': 'address size',
  'address beyond the physical size': 'address size',
  /** A descriptor's output address above the physical address size. */
  'output beyond the address size': 'address size',
  'access flag clear': 'access flag',
  /** Misaligned, in Device memory. */
  'misaligned in device memory': 'alignment',
  'no access at EL0': 'permission',
  /** PSTATE.PAN, and EL0 may access the page. */
  'accessible at EL0 (PAN)': 'permission',
  'not writable': 'permission',
  'not executable': 'permission',
  /** EL0 may write, so EL1 may not execute. */
  'writable at EL0': 'permission',
  /** SCTLR_EL1.WXN, and the level that executes may write. */
  'writable (WXN)': 'permission',
  'entry unreadable': 'external on walk',
  'nothing there': 'external',
  /** An atomic or exclusive access to a device. */
  'no atomics there': 'unsupported atomic',
} as const;

export type Aarch64WalkFault = keyof typeof FAULTS;

/** What a walk depends on beside memory. */
export interface WalkState {
  readonly tcr: bigint;
  readonly ttbr0: bigint;
  readonly ttbr1: bigint;
  readonly mair: bigint;
  /** SCTLR_EL1.WXN. */
  readonly wxn: boolean;
  /** PSTATE.PAN. */
  readonly pan: boolean;
  /** The implementation can manage access flag and dirty state; TCR_EL1.HA and HD say whether it is to. */
  readonly hardwareAd: boolean;
}

/** Reads a descriptor; `undefined`: an external abort. */
export type ReadEntry = (address: bigint) => bigint | undefined;

const TCR_A1 = 1n << 22n;
const TCR_AS = 1n << 36n;
const TCR_HA = 1n << 39n;
const TCR_HD = 1n << 40n;

/** The ASID in force: TTBR0's or TTBR1's, of 8 or 16 bits (TCR_EL1.A1 and AS). */
export function asidOf({ tcr, ttbr0, ttbr1 }: WalkState): number {
  const asid = Number((tcr & TCR_A1 ? ttbr1 : ttbr0) >> 48n);
  return tcr & TCR_AS ? asid : asid & 0xff;
}

/** Whether hardware sets the access flag. */
const managesAccessFlag = ({ hardwareAd, tcr }: WalkState): boolean => hardwareAd && (tcr & TCR_HA) !== 0n;

/** Whether hardware manages dirty state too, which takes HA and HD. */
const managesDirty = (state: WalkState): boolean => managesAccessFlag(state) && (state.tcr & TCR_HD) !== 0n;

/** A leaf as memory or the TLB holds it: its descriptor, and the limits of the tables above. */
export interface Leaf {
  readonly bits: bigint;
  readonly limits: number;
}

/** Whether MAIR_EL1 makes the leaf's memory Device of whatever kind. */
export const isDevice = (state: WalkState, bits: bigint): boolean =>
  ((state.mair >> BigInt(8 * attributeOf(bits))) & 0xf0n) === 0n;

/** Whether AP[2] stands in a store's way only until hardware clears it. */
const writableClean = (state: WalkState, { bits, limits }: Leaf): boolean =>
  (bits & DESCRIPTOR.readOnly) !== 0n &&
  (bits & DESCRIPTOR.dirtyModifier) !== 0n &&
  !(limits & LIMIT.readOnly) &&
  managesDirty(state);

/**
 * Whether the rights of a leaf allow an access (AArch64.S1DirectBasePermissions): with dirty state managed, a
 * writable-clean page counts as writable. An access that reads and writes is refused first as a read.
 */
export function deniedBy(state: WalkState, leaf: Leaf, access: Access): Aarch64WalkFault | undefined {
  const rights = rightsOf(leaf.bits, leaf.limits);
  const writable = rights.writable || writableClean(state, leaf);
  const userWritable = rights.user && writable;
  if (access.kind === 'fetch') {
    if (access.privilege === 'user') {
      if (!rights.userExecute) return 'not executable';
      return userWritable && state.wxn ? 'writable (WXN)' : undefined;
    }
    if (!rights.execute) return 'not executable';
    if (userWritable) return 'writable at EL0';
    return writable && state.wxn ? 'writable (WXN)' : undefined;
  }
  if (access.privilege === 'user') {
    if (!rights.user) return 'no access at EL0';
  } else if (state.pan && rights.user) {
    return 'accessible at EL0 (PAN)';
  }
  return access.kind === 'store' && !writable ? 'not writable' : undefined;
}

/** Whether hardware must change the leaf before the access: set AF, or make a writable-clean page dirty. */
export function updateDue(state: WalkState, leaf: Leaf, access: Access): boolean {
  if ((leaf.bits & DESCRIPTOR.accessFlag) === 0n) return true;
  return access.kind === 'store' && writableClean(state, leaf);
}

/** Whether an access faults in Device memory: data of more than a byte, and not aligned (AArch64.S1HasAlignmentFault). */
export const isMisaligned = (address: bigint, { kind, size, part, alignment = size }: Access): boolean =>
  kind !== 'fetch' && (part === true || (address & BigInt(alignment - 1)) !== 0n);

/**
 * AArch64.S1Translate and AArch64.S1Walk of the manual's pseudocode: stage 1 of the EL1&0 regime while SCTLR_EL1.M is 1. Changes nothing:
 * an update that is due is part of the result.
 */
export function walkTables(
  readEntry: ReadEntry,
  state: WalkState,
  address: bigint,
  access: Access,
): Walk<Aarch64WalkFault> {
  const region = regionOf(state.tcr, address);
  const { granule, size, first, levels } = region;
  const ttbr = region.upper ? state.ttbr1 : state.ttbr0;
  const steps: WalkStep[] = [];
  let root = 0n;
  const end = (result: WalkTranslation | { fault: Aarch64WalkFault }): Walk<Aarch64WalkFault> => {
    return { mode: modeOf(region), root, asid: asidOf(state), steps, result };
  };
  if (size === 0) return end({ fault: 'reserved region size' });
  const va = strip(region, address);
  root = ttbr & region.roots;
  if (!inRegion(region, va)) return end({ fault: 'outside the region' });
  if (region.disabled) return end({ fault: 'walks disabled' });
  const outside = outputBits(state.tcr);
  if (root >> outside !== 0n) return end({ fault: 'root beyond the address size' });

  let table = root;
  let limits = 0;
  for (let level = first; ; level++) {
    const { bits, width, output: outputs } = levels[level];
    const index = Number(BigInt.asUintN(width, va >> bits));
    const entryAddress = table + BigInt(index * 8);
    const entry = readEntry(entryAddress);
    const decide = (decision: string) => steps.push({ level, index, entryAddress, entry, decision });
    const refuse = (fault: Aarch64WalkFault, leaf = '') => {
      decide(leaf + fault);
      return end({ fault });
    };
    if (entry === undefined) return refuse('entry unreadable');
    if (!(entry & DESCRIPTOR.valid)) return refuse('not valid');
    const tableOrPage = (entry & DESCRIPTOR.table) !== 0n;

    if (tableOrPage && level < 3) {
      const next = entry & levels[3].output;
      if (next >> outside !== 0n) return refuse('output beyond the address size');
      limits |= limitsOf(entry);
      table = next;
      decide(`table ${next.toString(16)}${describeLimits(limitsOf(entry))}`);
      continue;
    }
    if (!tableOrPage && (level === 3 || level < granule.blockLevel)) return refuse('reserved encoding');

    const output = entry & outputs;
    if (output >> outside !== 0n) return refuse('output beyond the address size');
    const device = isDevice(state, entry);
    const words = `leaf ${describeLeaf(entry, limits)}${device ? ' device' : ''}`;
    if (!(entry & DESCRIPTOR.accessFlag) && !managesAccessFlag(state)) return refuse('access flag clear', `${words}, `);
    if (device && isMisaligned(address, access)) return refuse('misaligned in device memory', `${words}, `);
    const leaf: Leaf = { bits: entry, limits };
    const denied = deniedBy(state, leaf, access);
    if (denied) return refuse(denied, `${words}, `);

    decide(words);
    const dirties = access.kind === 'store' && writableClean(state, leaf);
    const value = (entry | DESCRIPTOR.accessFlag) & ~(dirties ? DESCRIPTOR.readOnly : 0n);
    const update = value === entry ? undefined : { old: entry, value };
    const global = !(entry & DESCRIPTOR.notGlobal);
    return end({ ...extentOf(region, level, entry, va, output), global, bits: value, limits, entryAddress, update });
  }
}

/** `TTBR0, 4K, 48 bits`. */
const modeOf = ({ upper, granule, size }: Region): string =>
  `TTBR${upper ? 1 : 0}, ${granule.name}${size === 0 ? '' : `, ${size} bits`}`;

/**
 * The pages that one entry of the TLB holds: the descriptor's own, or with the contiguous hint those of its whole run.
 * Where the run would not lie in the region, or its output is not aligned as the input is, the hint goes unheeded.
 */
function extentOf({ granule, size }: Region, level: number, entry: bigint, va: bigint, output: bigint) {
  const own = levelBits(granule, level);
  const run = own + granule.contiguous[level];
  const mask = (1n << BigInt(run - own)) - 1n;
  const joined =
    (entry & DESCRIPTOR.contiguous) !== 0n &&
    run <= size &&
    ((va >> BigInt(own)) & mask) === ((output >> BigInt(own)) & mask);
  const bits = BigInt((joined ? run : own) - 12);
  return { vpn: ((va >> 12n) >> bits) << bits, ppn: ((output >> 12n) >> bits) << bits, pages: 1n << bits };
}

/** The leaf that a walk found in order, whether its rights allowed the access or not. */
export function leafNow(state: WalkState, address: bigint, { steps, result }: Walk<Aarch64WalkFault>) {
  const last = steps.at(-1);
  if (last?.entry === undefined || ('fault' in result && !ABOUT_THE_ACCESS.has(FAULTS[result.fault]))) return undefined;
  const region = regionOf(state.tcr, address);
  const output = last.entry & region.levels[last.level].output;
  const limits = steps.slice(0, -1).reduce((sum, { entry = 0n }) => sum | limitsOf(entry), 0);
  return { ...extentOf(region, last.level, last.entry, strip(region, address), output), bits: last.entry, limits };
}

/** Faults of an access by a leaf that is in order itself. */
const ABOUT_THE_ACCESS: ReadonlySet<string> = new Set(['access flag', 'permission', 'alignment']);

/** Memory type, cacheability and shareability, as numbers to compare. */
export const typeOf = (state: WalkState, bits: bigint): bigint =>
  ((state.mair >> BigInt(8 * attributeOf(bits))) & 0xffn) | (bits & 0x300n);
