import type { Hart } from '../hart.ts';
import { SLOTS, X } from './registers.ts';
import { startHart } from './reset.ts';
import { servicesOf } from './services.ts';

const OFF = SLOTS.get('off');

/** Function numbers (PSCI 5.1), SMC32; those that take addresses have an SMC64 form too, with bit 30 set. */
const FUNCTION = {
  version: 0x8400_0000,
  cpuSuspend: 0x8400_0001,
  cpuOff: 0x8400_0002,
  cpuOn: 0x8400_0003,
  affinityInfo: 0x8400_0004,
  migrateInfoType: 0x8400_0006,
  systemOff: 0x8400_0008,
  systemReset: 0x8400_0009,
  features: 0x8400_000a,
} as const;
const SMC64 = 0x4000_0000;
const HAS_SMC64: ReadonlySet<number> = new Set([FUNCTION.cpuOn, FUNCTION.affinityInfo]);

/** Results (PSCI 5.2.2). */
const SUCCESS = 0;
const NOT_SUPPORTED = -1;
const INVALID_PARAMETERS = -2;
const ALREADY_ON = -4;

/** PSCI 1.1. */
const VERSION = 0x1_0001;
/** There is no trusted OS that would have to migrate. */
const NO_MIGRATION = 2;

/** The functions of the table above but for CPU_SUSPEND, which PSCI_FEATURES denies. */
const SUPPORTED: ReadonlySet<number> = new Set(Object.values(FUNCTION).filter((n) => n !== FUNCTION.cpuSuspend));

/** Arguments as the calling convention has them: of 32 bits unless the function is an SMC64 one. */
function argument(hart: Hart, i: number, wide: boolean): bigint {
  const value = hart.get(X[i]);
  return wide ? value : BigInt.asUintN(32, value);
}

/** The hart of an MPIDR's affinity fields: Aff0 numbers them. */
const hartOf = (hart: Hart, affinity: bigint): Hart | undefined =>
  servicesOf(hart.bus).harts.find(({ id }) => BigInt(id) === affinity);

function cpuOn(hart: Hart, wide: boolean): number {
  const target = hartOf(hart, argument(hart, 1, wide));
  if (!target) return INVALID_PARAMETERS;
  if (target.get32(OFF) === 0) return ALREADY_ON;
  startHart(target, argument(hart, 2, wide));
  target.set(X[0], argument(hart, 3, wide));
  return SUCCESS;
}

function affinityInfo(hart: Hart, wide: boolean): number {
  const target = hartOf(hart, argument(hart, 1, wide));
  // No affinity level above that of single harts can be asked for.
  if (!target || argument(hart, 2, wide) !== 0n) return INVALID_PARAMETERS;
  return target.get32(OFF);
}

/** Switches a hart off: it waits until CPU_ON. */
export function switchOff(hart: Hart): void {
  hart.set32(OFF, 1);
  hart.waiting = true;
}

/**
 * A call of the firmware by HVC, in X0 to X3 (PSCI, and SMC calling convention 3): the result goes to X0. What is not
 * known is not supported.
 */
export function callFirmware(hart: Hart): void {
  const number = Number(BigInt.asUintN(32, hart.get(X[0])));
  const result = perform(hart, number);
  if (result !== undefined) hart.set(X[0], BigInt.asUintN(64, BigInt(result)));
}

/** What a function comes to; `undefined` where it does not return, or not to this place. */
function perform(hart: Hart, number: number): number | undefined {
  const { finish } = servicesOf(hart.bus);
  const bare = (number & ~SMC64) >>> 0;
  const wide = bare !== number;
  if (wide && !HAS_SMC64.has(bare)) return NOT_SUPPORTED;
  switch (bare) {
    case FUNCTION.version:
      return VERSION;
    case FUNCTION.cpuOff:
      switchOff(hart);
      return undefined;
    case FUNCTION.cpuOn:
      return cpuOn(hart, wide);
    case FUNCTION.affinityInfo:
      return affinityInfo(hart, wide);
    case FUNCTION.migrateInfoType:
      return NO_MIGRATION;
    case FUNCTION.systemOff:
      finish({ kind: 'pass' });
      return undefined;
    case FUNCTION.systemReset:
      finish({ kind: 'unsupported', what: 'reset through PSCI' });
      return undefined;
    case FUNCTION.features:
      return features(Number(BigInt.asUintN(32, hart.get(X[1]))));
    default:
      return NOT_SUPPORTED;
  }
}

/** PSCI_FEATURES: 0 for a function that is there, without any flags. */
function features(number: number): number {
  const bare = (number & ~SMC64) >>> 0;
  return SUPPORTED.has(bare) && (bare === number || HAS_SMC64.has(bare)) ? SUCCESS : NOT_SUPPORTED;
}
