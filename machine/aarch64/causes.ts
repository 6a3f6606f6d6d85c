/** Exception classes, ESR_EL1.EC (Arm ARM D17.2.37). */
export const EC = {
  unknown: 0x00,
  wfx: 0x01,
  simdFp: 0x07,
  illegalState: 0x0e,
  svc: 0x15,
  systemRegister: 0x18,
  instructionLower: 0x20,
  instructionSame: 0x21,
  pcAlignment: 0x22,
  dataLower: 0x24,
  dataSame: 0x25,
  spAlignment: 0x26,
  floatingPoint: 0x2c,
  breakpointLower: 0x30,
  breakpointSame: 0x31,
  stepLower: 0x32,
  stepSame: 0x33,
  watchpointLower: 0x34,
  watchpointSame: 0x35,
  brk: 0x3c,
} as const;

/** ESR_EL1.IL: the instruction has 32 bits; every A64 one has, and faults without a valid length say so too. */
export const IL = 1 << 25;

/**
 * A value of ESR_EL1. It is what `Trap.cause` holds here, as `Trap.value` holds FAR_EL1; an interrupt's `cause` is its
 * vector's offset.
 */
export const esr = (ec: number, iss = 0): number => ec * 2 ** 26 + IL + iss;

/** EC and ISS of an ESR_EL1 value. */
export const ecOf = (value: number): number => Math.floor(value / 2 ** 26);
export const issOf = (value: number): number => value & 0x1ffffff;

const SETS_FAR: ReadonlySet<number> = new Set([
  EC.instructionLower,
  EC.instructionSame,
  EC.pcAlignment,
  EC.dataLower,
  EC.dataSame,
  EC.watchpointLower,
  EC.watchpointSame,
]);

/** Whether exceptions of a class say where: others leave FAR_EL1 as it is, UNKNOWN in the manual (Arm ARM D17.2.40). */
export const setsFar = (ec: number): boolean => SETS_FAR.has(ec);
