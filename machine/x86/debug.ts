import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import { codeAddress } from './code.ts';
import { flagsOf, RFLAGS, setFlags } from './flags.ts';
import { FLAGS, SLOTS } from './registers.ts';

const STEPPED = SLOTS.get('stepped');
const RESUMED = SLOTS.get('resumed');
const PENDING = SLOTS.get('debug_pending');
const DR = [0, 1, 2, 3].map((i) => SLOTS.get(`dr${i}`));
const DR6 = SLOTS.get('dr6');
const DR7 = SLOTS.get('dr7');

/** DR6: general detect, single step; what breakpoints matched are bits 0 to 3 (SDM vol. 3B, 18.2.3). */
export const DR6_BITS = { BD: 1n << 13n, BS: 1n << 14n } as const;
const DR7_GD = 1n << 13n;

/** What a breakpoint waits for, in DR7's R/W field (18.2.4). */
const EXECUTION = 0;
const WRITE = 1;
const READ_OR_WRITE = 3;
/** Bytes by DR7's LEN field. */
const LENGTHS = [1, 2, 8, 4] as const;

const dr7 = (hart: Hart): number => hart.i32[DR7.offset >>> 2];
const isEnabled = (control: number, i: number): boolean => ((control >> (2 * i)) & 3) !== 0;
const kindOf = (control: number, i: number): number => (control >> (16 + 4 * i)) & 3;
const lengthOf = (control: number, i: number): number => LENGTHS[(control >> (18 + 4 * i)) & 3];

/** Whether any data breakpoint is on: MMUs ask at each translation. */
export function watchesData(hart: Hart): boolean {
  const control = dr7(hart);
  if ((control & 0xff) === 0) return false;
  return DR.some((_, i) => isEnabled(control, i) && (kindOf(control, i) & WRITE) !== 0);
}

/** Notes the data breakpoints that an access meets; true where one lies in its page, so that later ones must be looked at. */
export function watchData(hart: Hart, address: bigint, size: number, write: boolean): boolean {
  const control = dr7(hart);
  let near = false;
  for (let i = 0; i < 4; i++) {
    const kind = kindOf(control, i);
    if (!isEnabled(control, i) || (kind !== WRITE && kind !== READ_OR_WRITE)) continue;
    const length = BigInt(lengthOf(control, i));
    // Low bits that the length makes mean nothing are ignored (18.2.5).
    const start = hart.get(DR[i]) & ~(length - 1n);
    if (start >> 12n === address >> 12n) near = true;
    if (kind === WRITE && !write) continue;
    if (address >= start + length || start >= address + BigInt(size)) continue;
    hart.set(PENDING, hart.get(PENDING) | (1n << BigInt(i)));
    hart.attention = true;
  }
  return near;
}

/** Bits of the instruction breakpoints at the pc. */
function executionHits(hart: Hart): bigint {
  const control = dr7(hart);
  let hits = 0n;
  let address: bigint | undefined;
  for (let i = 0; i < 4; i++) {
    if (!isEnabled(control, i) || kindOf(control, i) !== EXECUTION) continue;
    // As long as there is one, every instruction is looked at.
    hart.attention = true;
    address ??= codeAddress(hart, hart.pc);
    if (address !== undefined && address === hart.get(DR[i])) hits |= 1n << BigInt(i);
  }
  return hits;
}

/** RF holds instruction breakpoints back for one instruction, through all iterations of a REP (SDM vol. 3B, 18.3.1.1). */
function advanceResume(hart: Hart): void {
  const here = BigInt.asUintN(64, hart.pc + 1n);
  const resumed = hart.get(RESUMED);
  if (resumed !== 0n && resumed !== here) {
    setFlags(hart, 0, RFLAGS.RF);
    hart.set(RESUMED, 0n);
  } else {
    hart.set(RESUMED, here);
    hart.attention = true;
  }
}

/**
 * The debug trap of the instruction just done: its data breakpoints and, where it began with TF set, the single step
 * (SDM vol. 3B, 18.3.1). True: `hart.trap` has it. `held`: SS was loaded, and all of it waits for one instruction more.
 */
export function debugTrap(hart: Hart, held: boolean): boolean {
  if ((hart.get32(FLAGS) & RFLAGS.RF) !== 0) advanceResume(hart);
  const hits = hart.get(PENDING);
  const step = hart.get32(STEPPED) !== 0 ? DR6_BITS.BS : 0n;
  hart.set32(STEPPED, 0);
  if (held || (hits | step) === 0n) return false;
  hart.set(PENDING, 0n);
  hart.raise(fault(VECTOR.DB), hits | step);
  return true;
}

/** An instruction breakpoint at the pc, which is a fault. True: `hart.trap` has it. */
export function breakpointFault(hart: Hart): boolean {
  if ((dr7(hart) & 0xff) === 0) return false;
  const hits = executionHits(hart);
  if (hits === 0n || (hart.get32(FLAGS) & RFLAGS.RF) !== 0) return false;
  hart.raise(fault(VECTOR.DB), hits);
  return true;
}

/** The instruction about to begin is stepped if TF is set now. */
export function armStep(hart: Hart): void {
  if ((hart.get32(FLAGS) & RFLAGS.TF) === 0) return;
  hart.set32(STEPPED, 1);
  hart.attention = true;
}

/** RF was loaded: it counts from the next instruction on. */
export const resumeBegins = (hart: Hart): void => hart.set(RESUMED, 0n);

/** An event is delivered: the instruction that it ended or came before is not stepped, and its breakpoints are met again. */
export function debugEnded(hart: Hart): void {
  hart.set32(STEPPED, 0);
  hart.set(RESUMED, 0n);
  hart.set(PENDING, 0n);
}

/** SYSCALL is done: it is stepped like another where it left TF set. */
export function debugAfterSyscall(hart: Hart): void {
  if ((flagsOf(hart) & RFLAGS.TF) === 0) hart.set32(STEPPED, 0);
}

/** What #DB leaves in the debug registers: bits of DR6, and DR7.GD clear (SDM vol. 3B, 18.2.3 and 18.2.4). */
export function tellDebugRegisters(hart: Hart, bits: bigint): void {
  hart.set(DR6, hart.get(DR6) | bits);
  hart.set(DR7, hart.get(DR7) & ~DR7_GD);
  hart.contextChanged();
}
