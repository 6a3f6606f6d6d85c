// Control registers, debug registers and XCR0: what each may hold, and what follows from a change.
import type { Hart } from '../hart.ts';
import { readTaskPriority, writeTaskPriority } from './apic.ts';
import { fault, VECTOR } from './causes.ts';
import { PHYSICAL_BITS } from './cpuid.ts';
import { flushForCr0, flushForCr3, flushForCr4 } from './invalidate.ts';
import { updateMode } from './mode.ts';
import { ATTRIBUTES, CODE_64, CODE_MODE, CPL, SEGMENT, SLOTS } from './registers.ts';
import { unsupported } from './services.ts';

const slot = (name: string) => SLOTS.get(name);
const CR = { 0: slot('cr0'), 2: slot('cr2'), 3: slot('cr3'), 4: slot('cr4') } as const;
const EFER = slot('efer');
const XCR0 = slot('xcr0');
const DR = [0, 1, 2, 3].map((i) => slot(`dr${i}`));
const DR6 = slot('dr6');
const DR7 = slot('dr7');

/** CR0 (SDM vol. 3A, 2.5). */
export const CR0 = {
  PE: 1n << 0n,
  MP: 1n << 1n,
  EM: 1n << 2n,
  TS: 1n << 3n,
  ET: 1n << 4n,
  NE: 1n << 5n,
  WP: 1n << 16n,
  AM: 1n << 18n,
  NW: 1n << 29n,
  CD: 1n << 30n,
  PG: 1n << 31n,
} as const;
const CR0_BITS = Object.values(CR0).reduce((all, bit) => all | bit);

/** CR4: the bits whose features CPUID reports. The others are reserved. */
export const CR4 = {
  TSD: 1n << 2n,
  DE: 1n << 3n,
  PSE: 1n << 4n,
  PAE: 1n << 5n,
  PGE: 1n << 7n,
  PCE: 1n << 8n,
  OSFXSR: 1n << 9n,
  OSXMMEXCPT: 1n << 10n,
  LA57: 1n << 12n,
  FSGSBASE: 1n << 16n,
  PCIDE: 1n << 17n,
  OSXSAVE: 1n << 18n,
  SMEP: 1n << 20n,
  SMAP: 1n << 21n,
  PKE: 1n << 22n,
  PKS: 1n << 24n,
} as const;
const CR4_BITS = Object.values(CR4).reduce((all, bit) => all | bit);

const EFER_LME = 1n << 8n;
const EFER_LMA = 1n << 10n;
const CS_LONG = 1 << 13;
/** A TSS of 16 bits, available or busy: types 1 and 3 of a system segment. */
const TSS_16 = 0b0_0001;
const TSS_MASK = 0b1_1101;

const NOFLUSH = 1n << 63n;
const CR3_PCID = 0xfffn;
const CR3_RESERVED = ((1n << 64n) - 1n) & ~((1n << BigInt(PHYSICAL_BITS)) - 1n);

/** DR6: bits that read as 1, and those that software writes: B0 to B3, BD, BS, BT (SDM vol. 3B, 18.2.3). */
export const DR6_ONES = 0xffff_0ff0n;
const DR6_BITS = 0xe00fn;
const DR6_BD = 1n << 13n;
/** DR7: bit 10 reads as 1, bits 11, 12, 14 and 15 as 0; GD guards the debug registers (18.2.4). */
export const DR7_ONES = 0x400n;
const DR7_BITS = 0xffff_23ffn;
const DR7_GD = 1n << 13n;

/** XCR0: x87, which is always on, and SSE (SDM vol. 1, 13.3). */
const XCR0_BITS = 3n;

const refuse = (hart: Hart): false => hart.raise(fault(VECTOR.GP), 0n);
const undefinedOpcode = (hart: Hart): false => hart.raise(fault(VECTOR.UD), 0n);
const isSet = (value: bigint, bit: bigint): boolean => (value & bit) !== 0n;

/** What MOV from CRn reads at CPL 0; `undefined`: #UD, there being no such register. */
export function readControl(hart: Hart, n: number): bigint | undefined {
  switch (n) {
    case 0:
    case 2:
    case 3:
    case 4:
      return hart.get(CR[n]);
    case 8:
      return readTaskPriority(hart);
    default:
      undefinedOpcode(hart);
      return undefined;
  }
}

/** What MOV to CRn does at CPL 0 (SDM vol. 2B, MOV to control registers); false: a trap, and nothing has changed. */
export function writeControl(hart: Hart, n: number, value: bigint): boolean {
  switch (n) {
    case 0:
      return writeCr0(hart, value);
    case 2:
      hart.set(CR[2], value);
      return true;
    case 3:
      return writeCr3(hart, value);
    case 4:
      return writeCr4(hart, value);
    case 8:
      if (value >> 4n !== 0n) return refuse(hart);
      writeTaskPriority(hart, value);
      return true;
    default:
      return undefinedOpcode(hart);
  }
}

/** CR0. PG with EFER.LME activates long mode, and without ends it (SDM vol. 3A, 10.8.5); reserved bits are ignored. */
function writeCr0(hart: Hart, value: bigint): boolean {
  const old = hart.get(CR[0]);
  const cr4 = hart.get(CR[4]);
  const paging = isSet(value, CR0.PG);
  if (value >> 32n !== 0n) return refuse(hart);
  if (paging && !isSet(value, CR0.PE)) return refuse(hart);
  if (isSet(value, CR0.NW) && !isSet(value, CR0.CD)) return refuse(hart);
  if (!paging && isSet(cr4, CR4.PCIDE)) return refuse(hart);
  // Paging cannot be left from code of 64 bits, which there is none of without.
  if (!paging && (hart.get32(CODE_MODE) & 3) === CODE_64) return refuse(hart);
  let efer = hart.get(EFER);
  if (paging && !isSet(old, CR0.PG)) {
    if (isSet(efer, EFER_LME)) {
      if (!isSet(cr4, CR4.PAE) || entersLongModeWrongly(hart)) return refuse(hart);
      efer |= EFER_LMA;
    } else {
      unsupported(hart, isSet(cr4, CR4.PAE) ? 'PAE paging without long mode' : '2-level paging');
      return true;
    }
  } else if (!paging) {
    efer &= ~EFER_LMA;
  }
  if (!isSet(value, CR0.PE)) {
    unsupported(hart, 'real-address mode');
    return true;
  }
  const next = (value & CR0_BITS) | CR0.ET;
  hart.set(CR[0], next);
  hart.set(EFER, efer);
  flushForCr0(hart, old, next);
  updateMode(hart);
  return true;
}

/** CS with L set would be code of 64 bits at once, and a TSS of 16 bits cannot be used in long mode. */
const entersLongModeWrongly = (hart: Hart): boolean =>
  (hart.get32(ATTRIBUTES[SEGMENT.cs]) & CS_LONG) !== 0 || (hart.get32(ATTRIBUTES[SEGMENT.tr]) & TSS_MASK) === TSS_16;

/** CR3. Bit 63 keeps the translations of its PCID and is not kept itself (SDM vol. 3A, 4.10.4.1). */
function writeCr3(hart: Hart, value: bigint): boolean {
  const pcids = isSet(hart.get(CR[4]), CR4.PCIDE);
  const next = pcids ? value & ~NOFLUSH : value;
  if (isSet(next, CR3_RESERVED)) return refuse(hart);
  const old = hart.get(CR[3]);
  hart.set(CR[3], next);
  flushForCr3(hart, old, value);
  hart.contextChanged();
  return true;
}

/** CR4 (SDM vol. 3A, 2.5 and 4.1.2): what long mode stands on cannot change in it, and PCIDs begin with PCID 0. */
function writeCr4(hart: Hart, value: bigint): boolean {
  const old = hart.get(CR[4]);
  const long = isSet(hart.get(EFER), EFER_LMA);
  if (isSet(value, ((1n << 64n) - 1n) & ~CR4_BITS)) return refuse(hart);
  if (long && !isSet(value, CR4.PAE)) return refuse(hart);
  if (long && isSet(value ^ old, CR4.LA57)) return refuse(hart);
  const startsPcids = isSet(value & ~old, CR4.PCIDE);
  if (startsPcids && (!long || isSet(hart.get(CR[3]), CR3_PCID))) return refuse(hart);
  hart.set(CR[4], value);
  flushForCr4(hart, old, value);
  updateMode(hart);
  return true;
}

/** LMSW: the low four bits of CR0, of which PE can be set and not cleared (SDM vol. 2A, LMSW). */
export function loadMachineStatus(hart: Hart, value: bigint): boolean {
  const old = hart.get(CR[0]);
  return writeCr0(hart, (old & ~0xen) | (value & 0xfn));
}

/** CLTS. */
export function clearTaskSwitched(hart: Hart): void {
  hart.set(CR[0], hart.get(CR[0]) & ~CR0.TS);
  updateMode(hart);
}

/** The debug register that a number means: 4 and 5 are 6 and 7 unless CR4.DE. Undefined: a trap. */
function debugRegister(hart: Hart, n: number): number | undefined {
  const alias = n === 4 || n === 5;
  if (n > 7 || (alias && isSet(hart.get(CR[4]), CR4.DE))) {
    undefinedOpcode(hart);
    return undefined;
  }
  if (hart.get32(CPL) !== 0) {
    refuse(hart);
    return undefined;
  }
  if (isSet(hart.get(DR7), DR7_GD)) {
    hart.raise(fault(VECTOR.DB), DR6_BD);
    return undefined;
  }
  return alias ? n + 2 : n;
}

/** What MOV from DRn reads (SDM vol. 2B, MOV to debug registers); `undefined`: a trap, #DB where DR7.GD guards them. */
export function readDebug(hart: Hart, n: number): bigint | undefined {
  const number = debugRegister(hart, n);
  if (number === undefined) return undefined;
  return hart.get(number < 4 ? DR[number] : number === 6 ? DR6 : DR7);
}

/** What MOV to DRn does; false: a trap. The upper halves of DR6 and DR7 are reserved. */
export function writeDebug(hart: Hart, n: number, value: bigint): boolean {
  const number = debugRegister(hart, n);
  if (number === undefined) return false;
  if (number >= 6 && value >> 32n !== 0n) return refuse(hart);
  if (number < 4) hart.set(DR[number], value);
  else if (number === 6) hart.set(DR6, (value & DR6_BITS) | DR6_ONES);
  else hart.set(DR7, (value & DR7_BITS) | DR7_ONES);
  hart.attention = true;
  hart.contextChanged();
  return true;
}

/** XSETBV of XCR0: x87 stays, and nothing but SSE can join it (SDM vol. 2D, XSETBV). */
export function writeXcr0(hart: Hart, value: bigint): boolean {
  if (!isSet(value, 1n) || (value & ~XCR0_BITS) !== 0n) return refuse(hart);
  hart.set(XCR0, value);
  hart.contextChanged();
  return true;
}
