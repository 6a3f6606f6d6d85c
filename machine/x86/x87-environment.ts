import { accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { fault, VECTOR } from './causes.ts';
import { CODE_64, CODE_MODE, MXCSR, RAX, RDX, SLOTS, T, XMM } from './registers.ts';
import { take } from './x87-number.ts';
import { FCW, FSW, FTW, getSt, isEmpty, settle, topOf } from './x87-state.ts';

const FOP = SLOTS.get('fop');
const FIP = SLOTS.get('fip');
const FDP = SLOTS.get('fdp');
const CR4 = SLOTS.get('cr4');
const XCR0 = SLOTS.get('xcr0');
const FPR = Array.from({ length: 8 }, (_, n) => [SLOTS.get(`fpr${n}`), SLOTS.get(`fpr${n}_high`)] as const);
const OSFXSR = 1n << 9n;
/** Bits of MXCSR that exist; others may not be loaded (SDM vol. 1, 11.6.6). */
export const MXCSR_MASK = 0xffff;
const UNUSED_FCW = 0x40;

/** FNINIT. */
export function initialize(hart: Hart): boolean {
  hart.set32(FCW, 0x37f);
  for (const slot of [FSW, FTW, FOP]) hart.set32(slot, 0);
  for (const slot of [FIP, FDP]) hart.set(slot, 0n);
  return true;
}

/** FNCLEX. */
function clearExceptions(hart: Hart): boolean {
  hart.set32(FSW, hart.get32(FSW) & 0x7f00);
  return true;
}

function loadControl(hart: Hart): boolean {
  hart.set32(FCW, (Number(hart.get(T[0]) & 0xffffn) & 0x1f7f) | UNUSED_FCW);
  settle(hart);
  return true;
}

/** The tag word in full: 0 valid, 1 zero, 2 special, 3 empty (SDM vol. 1, 8.1.7). */
function fullTags(hart: Hart): number {
  let tags = 0;
  for (let i = 0; i < 8; i++) {
    const n = (topOf(hart) + i) & 7;
    const { kind, denormal } = take(getSt(hart, i));
    const tag = isEmpty(hart, i) ? 3 : kind === 'zero' ? 1 : kind === 'finite' && !denormal ? 0 : 2;
    tags |= tag << (2 * n);
  }
  return tags;
}

const abridged = (tags: number): number =>
  Array.from({ length: 8 }, (_, n) => (((tags >> (2 * n)) & 3) === 3 ? 0 : 1 << n)).reduce((a, b) => a | b, 0);

/** Bytes at a place in memory, from T[2]; undefined, false: a trap. */
function readBytes(hart: Hart, offset: number, size: 2 | 4 | 8): bigint | undefined {
  return hart.memory.loadAs(BigInt.asUintN(64, hart.get(T[2]) + BigInt(offset)), accessShape('load', size));
}

/** Whether all of so many bytes can be stored to: found out before the first is. */
function canStore(hart: Hart, size: number): boolean {
  const address = hart.get(T[2]);
  for (const offset of [0, size - 1]) {
    if (hart.memory.loadAs(BigInt.asUintN(64, address + BigInt(offset)), accessShape('store', 1)) === undefined) {
      return false;
    }
  }
  return true;
}

function writeBytes(hart: Hart, offset: number, size: 1 | 2 | 4 | 8, value: bigint): boolean {
  const address = BigInt.asUintN(64, hart.get(T[2]) + BigInt(offset));
  return hart.memory.storeAs(address, accessShape('store', size), value);
}

/**
 * FNSTENV, [bytes of its words: 2 or 4]; protected mode's format (SDM vol. 1, figures 8-9 and 8-11). FCS and FDS are 0,
 * as CPUID tells (8.1.8). All exceptions become masked.
 */
function storeEnvironment(hart: Hart, word: number): boolean {
  if (!canStore(hart, word * 7)) return false;
  const upper = word === 4 ? 0xffff_0000n : 0n;
  const words = [
    BigInt(hart.get32(FCW)) | upper,
    BigInt(hart.get32(FSW)) | upper,
    BigInt(fullTags(hart)) | upper,
    hart.get(FIP),
    word === 4 ? BigInt(hart.get32(FOP)) << 16n : 0n,
    hart.get(FDP),
    upper,
  ];
  const size = word as 2 | 4;
  for (let k = 0; k < 7; k++) if (!writeBytes(hart, k * word, size, BigInt.asUintN(word * 8, words[k]))) return false;
  hart.set32(FCW, hart.get32(FCW) | 0x3f);
  settle(hart);
  return true;
}

function loadEnvironment(hart: Hart, word: number): boolean {
  const size = word as 2 | 4;
  const words: number[] = [];
  for (let k = 0; k < 7; k++) {
    const value = readBytes(hart, k * word, size);
    if (value === undefined) return false;
    words.push(Number(value));
  }
  hart.set32(FCW, (words[0] & 0x1f7f) | UNUSED_FCW);
  hart.set32(FSW, words[1] & 0xffff);
  hart.set32(FTW, abridged(words[2] & 0xffff));
  hart.set(FIP, BigInt(words[3] >>> 0));
  hart.set32(FOP, word === 4 ? (words[4] >>> 16) & 0x7ff : 0);
  hart.set(FDP, BigInt(words[5] >>> 0));
  settle(hart);
  return true;
}

/** FNSAVE: the environment and, behind it, ST(0) to ST(7); then FNINIT. */
function saveState(hart: Hart, word: number): boolean {
  if (!canStore(hart, word * 7 + 80)) return false;
  const values = Array.from({ length: 8 }, (_, i) => getSt(hart, i));
  if (!storeEnvironment(hart, word)) return false;
  for (let i = 0; i < 8; i++) {
    const at = word * 7 + 10 * i;
    if (!writeBytes(hart, at, 8, BigInt.asUintN(64, values[i]))) return false;
    if (!writeBytes(hart, at + 8, 2, values[i] >> 64n)) return false;
  }
  return initialize(hart);
}

function restoreState(hart: Hart, word: number): boolean {
  const values: (readonly [bigint, bigint])[] = [];
  for (let i = 0; i < 8; i++) {
    const low = readBytes(hart, word * 7 + 10 * i, 8);
    const high = low === undefined ? undefined : readBytes(hart, word * 7 + 10 * i + 8, 2);
    if (low === undefined || high === undefined) return false;
    values.push([low, high]);
  }
  if (!loadEnvironment(hart, word)) return false;
  setRegisters(hart, values);
  return true;
}

/** ST(0) to ST(7), by TOP as it is now; tags stay. */
function setRegisters(hart: Hart, values: readonly (readonly [bigint, bigint])[]): void {
  values.forEach(([low, high], i) => {
    const [significand, upper] = FPR[(topOf(hart) + i) & 7];
    hart.set(significand, low);
    hart.set32(upper, Number(high & 0xffffn));
  });
}

/** x87's state as FXSAVE and XSAVE keep it, pointers with 64 bits under REX.W (SDM vol. 1, tables 10-2 and 10-3). */
function legacyArea(hart: Hart, wide: boolean): [number, 1 | 2 | 4 | 8, bigint][] {
  const pointer = (value: bigint) => (wide ? value : value & 0xffff_ffffn);
  const registers = Array.from({ length: 8 }, (_, i): [number, 1 | 2 | 4 | 8, bigint][] => {
    const value = getSt(hart, i);
    return [
      [32 + 16 * i, 8, BigInt.asUintN(64, value)],
      [40 + 16 * i, 8, value >> 64n],
    ];
  }).flat();
  return [
    [0, 2, BigInt(hart.get32(FCW))],
    [2, 2, BigInt(hart.get32(FSW))],
    [4, 2, BigInt(hart.get32(FTW))],
    [6, 2, BigInt(hart.get32(FOP))],
    [8, 8, pointer(hart.get(FIP))],
    [16, 8, pointer(hart.get(FDP))],
    ...registers,
  ];
}

/** 16 XMM registers, or 8 outside 64-bit mode. */
const xmmCount = (hart: Hart): number => ((hart.get32(CODE_MODE) & 3) === CODE_64 ? 16 : 8);

function sseArea(hart: Hart): [number, 1 | 2 | 4 | 8, bigint][] {
  return Array.from({ length: xmmCount(hart) }, (_, n): [number, 1 | 2 | 4 | 8, bigint][] => {
    const at = XMM[n].offset >>> 3;
    return [
      [160 + 16 * n, 8, hart.u64[at]],
      [168 + 16 * n, 8, hart.u64[at + 1]],
    ];
  }).flat();
}

const controlArea = (hart: Hart): [number, 1 | 2 | 4 | 8, bigint][] => [
  [24, 4, BigInt(hart.get32(MXCSR))],
  [28, 4, BigInt(MXCSR_MASK)],
];

function writeAll(hart: Hart, bytes: number, fields: readonly [number, 1 | 2 | 4 | 8, bigint][]): boolean {
  if (!canStore(hart, bytes)) return false;
  return fields.every(([offset, size, value]) => writeBytes(hart, offset, size, value));
}

/** #GP(0) where the area is not aligned. */
const isAligned = (hart: Hart, to: bigint): boolean =>
  (hart.get(T[2]) & (to - 1n)) === 0n || hart.raise(fault(VECTOR.GP), 0n);

/** FXSAVE, FXSAVE64; [REX.W]. */
function fxsave(hart: Hart, wide: number): boolean {
  if (!isAligned(hart, 16n)) return false;
  const sse = (hart.get(CR4) & OSFXSR) !== 0n ? [...controlArea(hart), ...sseArea(hart)] : [];
  return writeAll(hart, 512, [...legacyArea(hart, wide === 1), ...sse]);
}

/** The 512 bytes of a legacy area as 64-bit words. */
function readArea(hart: Hart): bigint[] | undefined {
  const words: bigint[] = [];
  for (let k = 0; k < 52; k++) {
    const value = readBytes(hart, 8 * k, 8);
    if (value === undefined) return undefined;
    words.push(value);
  }
  return words;
}

function takeLegacy(hart: Hart, words: readonly bigint[], wide: boolean): void {
  const head = words[0];
  hart.set32(FCW, (Number(head & 0xffffn) & 0x1f7f) | UNUSED_FCW);
  hart.set32(FSW, Number((head >> 16n) & 0xffffn));
  hart.set32(FTW, Number((head >> 32n) & 0xffn));
  hart.set32(FOP, Number((head >> 48n) & 0x7ffn));
  hart.set(FIP, wide ? words[1] : words[1] & 0xffff_ffffn);
  hart.set(FDP, wide ? words[2] : words[2] & 0xffff_ffffn);
  setRegisters(
    hart,
    Array.from({ length: 8 }, (_, i) => [words[4 + 2 * i], words[5 + 2 * i]] as const),
  );
  settle(hart);
}

function takeSse(hart: Hart, words: readonly bigint[]): void {
  for (let n = 0; n < xmmCount(hart); n++) {
    const at = XMM[n].offset >>> 3;
    hart.u64[at] = words[20 + 2 * n];
    hart.u64[at + 1] = words[21 + 2 * n];
  }
}

/** MXCSR in an area; undefined: a bit that does not exist, #GP(0). */
function mxcsrIn(hart: Hart, words: readonly bigint[]): number | undefined {
  const value = Number(words[3] & 0xffff_ffffn);
  if ((value & ~MXCSR_MASK) === 0) return value;
  hart.raise(fault(VECTOR.GP), 0n);
  return undefined;
}

function fxrstor(hart: Hart, wide: number): boolean {
  if (!isAligned(hart, 16n)) return false;
  const words = readArea(hart);
  if (!words) return false;
  const sse = (hart.get(CR4) & OSFXSR) !== 0n;
  const mxcsr = sse ? mxcsrIn(hart, words) : 0;
  if (mxcsr === undefined) return false;
  takeLegacy(hart, words, wide === 1);
  if (sse) {
    hart.set32(MXCSR, mxcsr);
    takeSse(hart, words);
  }
  return true;
}

/** LDMXCSR of T[0]: #GP(0) where a bit is set that does not exist. */
function loadMxcsr(hart: Hart): boolean {
  const value = Number(hart.get(T[0]) & 0xffff_ffffn);
  if ((value & ~MXCSR_MASK) !== 0) return hart.raise(fault(VECTOR.GP), 0n);
  hart.set32(MXCSR, value);
  return true;
}

/** State components 0, x87, and 1, SSE: those that XCR0 and EDX:EAX both name (SDM vol. 1, 13.7). */
const requested = (hart: Hart): number =>
  Number(((hart.get(RDX) << 32n) | (hart.get(RAX) & 0xffff_ffffn)) & hart.get(XCR0) & 3n);

/** Whether SSE's state is not its initial one, which MXCSR has no part in (SDM vol. 1, 13.6). */
const isSseInUse = (hart: Hart): boolean => sseArea(hart).some(([, , value]) => value !== 0n);

/** Whether x87's state is its initial one, registers and pointers included (SDM vol. 1, 13.6): FNINIT leaves those. */
const isInitial = (hart: Hart): boolean =>
  hart.get32(FCW) === 0x37f &&
  [FSW, FTW, FOP, ...FPR.map(([, high]) => high)].every((slot) => hart.get32(slot) === 0) &&
  [FIP, FDP, ...FPR.map(([low]) => low)].every((slot) => hart.get(slot) === 0n);

/** XSAVE and XSAVE64, in the standard form; XSTATE_BV tells of x87 and SSE where their state is not the initial one. */
function xsave(hart: Hart, wide: number): boolean {
  if (!isAligned(hart, 64n)) return false;
  const components = requested(hart);
  // Its faults are a store's, though it reads the header that it writes.
  if (!canStore(hart, 576)) return false;
  const old = readBytes(hart, 512, 8);
  if (old === undefined) return false;
  const inUse = BigInt(components & ((isInitial(hart) ? 0 : 1) | (isSseInUse(hart) ? 2 : 0)));
  const fields = [
    ...((components & 1) !== 0 ? legacyArea(hart, wide === 1) : []),
    ...((components & 2) !== 0 ? [...controlArea(hart), ...sseArea(hart)] : []),
    [512, 8, (old & ~BigInt(components)) | inUse] as [number, 8, bigint],
  ];
  return writeAll(hart, 576, fields);
}

/** XRSTOR: components that XSTATE_BV does not name become initial. #GP(0) for a header that is none. */
function xrstor(hart: Hart, wide: number): boolean {
  if (!isAligned(hart, 64n)) return false;
  const words = readArea(hart);
  if (!words) return false;
  const header: bigint[] = [];
  for (let k = 0; k < 3; k++) {
    const value = readBytes(hart, 512 + 8 * k, 8);
    if (value === undefined) return false;
    header.push(value);
  }
  const [present, compact, reserved] = header;
  if (compact !== 0n || reserved !== 0n || (present & ~hart.get(XCR0)) !== 0n) return hart.raise(fault(VECTOR.GP), 0n);
  const components = requested(hart);
  // MXCSR is loaded wherever SSE is asked for, whatever XSTATE_BV says (13.8.1).
  const mxcsr = (components & 2) !== 0 ? mxcsrIn(hart, words) : 0;
  if (mxcsr === undefined) return false;
  if ((components & 1) !== 0) {
    if ((present & 1n) !== 0n) takeLegacy(hart, words, wide === 1);
    else {
      initialize(hart);
      for (const [low, high] of FPR) {
        hart.set(low, 0n);
        hart.set32(high, 0);
      }
    }
  }
  if ((components & 2) !== 0) {
    hart.set32(MXCSR, mxcsr);
    takeSse(hart, (present & 2n) !== 0n ? words : words.map(() => 0n));
  }
  return true;
}

/** Helpers of the instructions that control x87 and keep its state. */
export const X87_ENVIRONMENT: Readonly<Record<string, Helper>> = {
  x87Initialize: initialize,
  x87ClearExceptions: clearExceptions,
  x87LoadControl: loadControl,
  x87StoreEnvironment: storeEnvironment,
  x87LoadEnvironment: loadEnvironment,
  x87SaveState: saveState,
  x87RestoreState: restoreState,
  fxsave,
  fxrstor,
  loadMxcsr,
  xsave,
  xrstor,
};
