import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { fault, software, trapAfter, VECTOR } from './causes.ts';
import { readControl, readDebug, writeControl, writeDebug } from './control.ts';
import { CONTROL_HELPERS } from './control-helpers.ts';
import { dplOf, isCode, isPresent, readDescriptor, setAccessed } from './descriptor.ts';
import { enterCode, farCall, farJump } from './far.ts';
import {
  ALL_FLAGS,
  flagsOf,
  ioPrivilege,
  keepRepeatFlags,
  packFlags,
  popFlags,
  pushFlags,
  RFLAGS,
  setFlags,
  unpackFlags,
} from './flags.ts';
import { readMsr, writeMsr } from './msr.ts';
import { CPL, OF, RIP, SEGMENT, SEGMENT_NAMES, SLOTS, T } from './registers.ts';
import { farReturn, interruptReturn } from './return.ts';
import { branchCheck, lar, lgdt, lidt, lldt, loadSegment, lsl, ltr, segmentCheck, verr, verw } from './segment.ts';
import { holdAfterSti } from './shadow.ts';
import { swapgs, syscall, sysenter, sysexit, sysret } from './syscall.ts';
import { wakes } from './trap.ts';

const refuse = (hart: Hart, vector: number): false => hart.raise(fault(vector), 0n);

/** CLI and STI: IOPL must not be more privileged than CPL (SDM vol. 2A, CLI; there are no virtual interrupts). */
const mayMaskInterrupts = (hart: Hart): boolean => hart.get32(CPL) <= ioPrivilege(hart) || refuse(hart, VECTOR.GP);

const cli: Helper = (hart) => {
  if (!mayMaskInterrupts(hart)) return false;
  setFlags(hart, 0, RFLAGS.IF);
  return true;
};

/** STI: where interrupts were off, they come one instruction later (SDM vol. 2B, STI). */
const sti: Helper = (hart) => {
  if (!mayMaskInterrupts(hart)) return false;
  if ((flagsOf(hart) & RFLAGS.IF) !== 0) return true;
  holdAfterSti(hart);
  setFlags(hart, RFLAGS.IF, RFLAGS.IF);
  return true;
};

/** HLT: waits for an interrupt that IF lets in. */
const hlt: Helper = (hart) => {
  if (hart.get32(CPL) !== 0) return refuse(hart, VECTOR.GP);
  hart.waiting = !wakes(hart);
  return true;
};

/** A signed number of so many bytes. */
const signed = (value: bigint, size: number): bigint => BigInt.asIntN(size * 8, value);

/** BOUND: index in T[0], bounds in T[1] and T[2]. */
const bound: Helper = (hart, size) => {
  const [index, low, high] = [T[0], T[1], T[2]].map((slot) => signed(hart.get(slot), size));
  return (index >= low && index <= high) || refuse(hart, VECTOR.BR);
};

/** The helpers of exceptions, transfers, segments and flags; those of control registers are elsewhere. */
export const SYSTEM_HELPERS = {
  syscall,
  sysret,
  sysenter,
  sysexit,
  swapgs,
  iret: interruptReturn,
  farCall,
  farJump,
  farReturn,
  int: (hart, vector, length) => hart.raise(software(vector, length), 0n),
  int3: (hart, length) => hart.raise(software(VECTOR.BP, length), 0n),
  into: (hart, length) => hart.get32(OF) === 0 || hart.raise(software(VECTOR.OF, length), 0n),
  int1: (hart, length) => hart.raise(trapAfter(VECTOR.DB, length), 0n),
  bound,
  loadSegment,
  segmentCheck,
  branchCheck,
  lgdt,
  lidt,
  lldt,
  ltr,
  lar,
  lsl,
  verr,
  verw,
  cli,
  sti,
  hlt,
  popf: popFlags,
  pushf: pushFlags,
  keepRepeatFlags,
} as const satisfies Readonly<Record<string, Helper>>;

/** A privileged instruction with operand values, for a kernel in the host; false: a trap. */
type Operation = (hart: Hart, ...operands: bigint[]) => boolean;

/** A helper whose operands go through T. */
const withOperands =
  (helper: Helper, ...immediates: number[]): Operation =>
  (hart, ...operands) => {
    operands.forEach((value, i) => {
      hart.set(T[i], value);
    });
    return helper(hart, ...immediates);
  };

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['iretq', withOperands(interruptReturn, 8)],
  ['sysretq', withOperands(sysret, 8)],
  ['sysretl', withOperands(sysret, 4)],
  ['swapgs', withOperands(swapgs)],
  ['invlpg', withOperands(CONTROL_HELPERS.invlpg)],
  // The type, the PCID and the address.
  [
    'invpcid',
    (hart, type = 0n, pcid = 0n, address = 0n) => withOperands(CONTROL_HELPERS.invpcid)(hart, type, pcid, address),
  ],
  ['stac', withOperands(CONTROL_HELPERS.stac)],
  ['clac', withOperands(CONTROL_HELPERS.clac)],
  ['cli', withOperands(cli)],
  ['sti', withOperands(sti)],
  ['hlt', withOperands(hlt)],
]);

/**
 * Performs `iretq`, `sysretq`, `swapgs`, `invlpg` (address), `invpcid` (type, PCID, address), `stac`, `clac`, `cli`, `sti` or
 * `hlt` as the hart's own code would. Throws where that would trap: a bug of the caller's.
 */
export function perform(hart: Hart, operation: string, ...operands: bigint[]): void {
  const found = OPERATIONS.get(operation);
  if (!found) throw new Error(`no privileged instruction named ${operation}`);
  if (!found(hart, ...operands)) throw new Error(`${operation} is refused at CPL ${hart.get32(CPL)}`);
}

/** MSRs that can be named; the others are reached by code of the guest's own. */
const MSRS: ReadonlyMap<string, number> = new Map([
  ['tsc', 0x10],
  ['apic_base', 0x1b],
  ['sysenter_cs', 0x174],
  ['sysenter_esp', 0x175],
  ['sysenter_eip', 0x176],
  ['pat', 0x277],
  ['tsc_deadline', 0x6e0],
  ['pkrs', 0x6e1],
  ['efer', 0xc000_0080],
  ['star', 0xc000_0081],
  ['lstar', 0xc000_0082],
  ['cstar', 0xc000_0083],
  ['fmask', 0xc000_0084],
  ['fs_base', 0xc000_0100],
  ['gs_base', 0xc000_0101],
  ['kernel_gs_base', 0xc000_0102],
  ['tsc_aux', 0xc000_0103],
]);
const CONTROLS: ReadonlyMap<string, number> = new Map([0, 2, 3, 4, 8].map((n) => [`cr${n}`, n]));
const DEBUGS: ReadonlyMap<string, number> = new Map([0, 1, 2, 3, 6, 7].map((n) => [`dr${n}`, n]));
const SEGMENTS: ReadonlyMap<string, number> = new Map(SEGMENT_NAMES.map((name, i) => [name, i]));

/** Registers on which translations depend, and which have no more to them. */
const BEARS_ON_ACCESSES: ReadonlySet<string> = new Set(['pkru', 'xcr0']);

/** Goes on in another code segment of the hart's privilege at the same offset, as JMP would. */
function loadCode(hart: Hart, selector: number): boolean {
  const code = readDescriptor(hart, selector);
  if (!code) return false;
  const good = isCode(code) && isPresent(code) && dplOf(code.attributes) === hart.get32(CPL);
  if (!good || !setAccessed(hart, code)) return refuse(hart, VECTOR.GP);
  enterCode(hart, code, hart.get32(CPL), hart.get(RIP));
  return true;
}

function writeSegment(hart: Hart, segment: number, selector: bigint): boolean {
  hart.set(T[0], selector);
  if (segment === SEGMENT.cs) return loadCode(hart, Number(selector & 0xffffn));
  if (segment === SEGMENT.ldtr) return lldt(hart);
  return segment === SEGMENT.tr ? ltr(hart) : loadSegment(hart, segment);
}

function accessed(hart: Hart, name: string, done: boolean): void {
  if (!done) throw new Error(`${name} is refused at CPL ${hart.get32(CPL)}`);
}

/**
 * Reads a register by its slot's name, or `rflags`: control and debug registers and MSRs as an instruction of the hart's own
 * would. Throws where that would trap.
 */
export function readSystem(hart: Hart, name: string): bigint {
  if (name === 'rflags') return packFlags(hart);
  const [control, debug, msr] = [CONTROLS.get(name), DEBUGS.get(name), MSRS.get(name)];
  let value: bigint | undefined;
  if (control !== undefined) value = readControl(hart, control);
  else if (debug !== undefined) value = readDebug(hart, debug);
  else if (msr !== undefined) value = readMsr(hart, msr);
  else {
    const slot = SLOTS.get(name);
    value = slot.type === 'i32' ? BigInt(hart.get32(slot) >>> 0) : hart.get(slot);
  }
  if (value === undefined) throw new Error(`${name} cannot be read at CPL ${hart.get32(CPL)}`);
  return value;
}

/**
 * Writes a register by its slot's name, or `rflags`: control and debug registers and MSRs as an instruction would, a segment
 * register by its selector, with the descriptor. Throws where that would trap.
 */
export function writeSystem(hart: Hart, name: string, value: bigint): void {
  const bits = BigInt.asUintN(64, value);
  const [control, debug, msr, segment] = [CONTROLS.get(name), DEBUGS.get(name), MSRS.get(name), SEGMENTS.get(name)];
  if (name === 'rflags') unpackFlags(hart, bits, ALL_FLAGS);
  else if (name === 'cpl') writePrivilege(hart, Number(bits & 3n));
  else if (control !== undefined) accessed(hart, name, writeControl(hart, control, bits));
  else if (debug !== undefined) accessed(hart, name, writeDebug(hart, debug, bits));
  else if (msr !== undefined) accessed(hart, name, writeMsr(hart, msr, bits));
  else if (segment !== undefined) accessed(hart, name, writeSegment(hart, segment, bits));
  else {
    const slot = SLOTS.get(name);
    if (slot.type === 'i32') hart.set32(slot, Number(BigInt.asIntN(32, bits)));
    else hart.set(slot, bits);
    if (BEARS_ON_ACCESSES.has(name)) hart.contextChanged();
  }
}

function writePrivilege(hart: Hart, cpl: number): void {
  hart.set32(CPL, cpl);
  hart.contextChanged();
}
