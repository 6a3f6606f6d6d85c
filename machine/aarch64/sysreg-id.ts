import type { Hart } from '../hart.ts';
import { ZERO_BLOCK } from './cache.ts';
import { EL, EL1, SLOTS } from './registers.ts';
import { SYSTEM_REGISTER_NUMBERS, systemEncoding } from './sysreg-names.ts';
import { constant, everybodyReads, plain, type SystemRegister } from './sysreg-register.ts';

const SCTLR = SLOTS.get('sctlr_el1');
const CSSELR = SLOTS.get('csselr_el1');
/** SCTLR_EL1: DC ZVA and reads of CTR_EL0 are open to EL0. */
export const DZE = 1n << 14n;
export const UCT = 1n << 15n;

/** A register's fields as [lowest bit, value]. */
const fields = (...values: readonly (readonly [low: number, value: number])[]): bigint =>
  values.reduce((bits, [low, value]) => bits | (BigInt(value) << BigInt(low)), 0n);

/** What the processor is made of; fields that say "not implemented" by 0 are left out (Arm ARM D17.2). */
const FEATURES: Readonly<Record<string, (hart: Hart) => bigint>> = {
  // EL1 and EL0 in AArch64 alone, no EL2 and EL3; floating point and Advanced SIMD without half-precision arithmetic.
  id_aa64pfr0_el1: () => fields([0, 1], [4, 1]),
  // Debug architecture of Armv8.0; the fewest breakpoints, watchpoints and context-aware breakpoints that may be, two,
  // two and one; no trace, no performance monitors, no double lock.
  id_aa64dfr0_el1: () => fields([0, 6], [12, 1], [20, 1], [28, 0], [36, 15]),
  // CRC32; FEAT_LSE.
  id_aa64isar0_el1: () => fields([16, 1], [20, 2]),
  // FEAT_LRCPC.
  id_aa64isar1_el1: () => fields([20, 1]),
  // 48 bits of physical address, 16 of ASID; granules of 16, 64 and 4 KiB.
  id_aa64mmfr0_el1: () => fields([0, 5], [4, 2], [20, 1], [24, 0], [28, 0]),
  // FEAT_HAFDBS, both access flag and dirty state, where the machine was made so; FEAT_PAN.
  id_aa64mmfr1_el1: (hart) => fields([0, hart.options.hardwareAd ? 2 : 0], [20, 1]),
};

/**
 * The identification space, CRn 0 and CRm 1 to 7: what is not allocated, or tells of AArch32, which no exception level
 * can use, reads as zero (D18.3.1). At EL0 all of it is UNDEFINED, without FEAT_IDST with EC 0, for a kernel to answer.
 */
const IDENTIFICATION: readonly SystemRegister[] = [...SYSTEM_REGISTER_NUMBERS]
  .filter(([, number]) => {
    const { op0, op1, CRn, CRm } = systemEncoding(number);
    return op0 === 3 && op1 === 0 && CRn === 0 && CRm !== 0;
  })
  .map(([name]) => ({ name, read: FEATURES[name] ?? (() => 0n) }));

/**
 * Caches: one level of instruction and data caches apart, 32 KiB of 4 ways and lines of 64 bytes each. They are a story
 * for software that walks them; nothing is cached.
 */
const CLIDR = fields([0, 3], [21, 1], [24, 1], [27, 1]);
const CCSIDR = fields([0, 2], [3, 3], [13, 127]);
/** Lines and granules of 64 bytes, instruction caches physically tagged; maintenance is asked for, as DIC and IDC say. */
const CTR = fields([0, 4], [14, 3], [16, 4], [20, 4], [24, 4], [31, 1]);
const DZP = 1n << 4n;
const BLOCK_SIZE = BigInt(Math.log2(ZERO_BLOCK / 4));

export const ID_REGISTERS: readonly SystemRegister[] = [
  // Implementer 0, for software's use; architecture by the ID registers.
  constant('midr_el1', fields([4, 0xfa1], [16, 15])),
  // Aff0 is the hart's number.
  { name: 'mpidr_el1', read: (hart) => fields([31, 1], [0, hart.id]) },
  constant('revidr_el1', 0n),
  ...IDENTIFICATION,
  // Level 1, instruction or data; other selections read as zero.
  { name: 'ccsidr_el1', read: (hart) => (hart.get(CSSELR) <= 1n ? CCSIDR : 0n) },
  constant('clidr_el1', CLIDR),
  constant('aidr_el1', 0n),
  plain('csselr_el1', 0xfn),
  {
    name: 'ctr_el0',
    read: () => CTR,
    user: (hart) => ((hart.get(SCTLR) & UCT) !== 0n ? 'allowed' : 'trapped'),
  },
  {
    name: 'dczid_el0',
    read: (hart) => BLOCK_SIZE | (hart.get32(EL) === EL1 || (hart.get(SCTLR) & DZE) !== 0n ? 0n : DZP),
    user: everybodyReads,
  },
];

/** Numbers of the identification space without a register of their own: read-only, reading as zero. */
export function isReservedId(number: number): boolean {
  const { op0, op1, CRn, CRm } = systemEncoding(number);
  return op0 === 3 && op1 === 0 && CRn === 0 && CRm >= 1 && CRm <= 7;
}
