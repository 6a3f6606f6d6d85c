import { accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { AT_OPERATIONS, addressTranslate } from './at.ts';
import { watch } from './breakpoint.ts';
import { CACHE_OPERATIONS, cacheMaintenance, ZERO_BLOCK, zeroBlock } from './cache.ts';
import { EC, esr } from './causes.ts';
import { MMU } from './mmu.ts';
import { callFirmware } from './psci.ts';
import { packState, unpackState } from './pstate.ts';
import { EL, EL0, PC, SLOTS, X } from './registers.ts';
import { callDebugger, SEMIHOSTING } from './semihosting.ts';
import { readBank, writeBank } from './state.ts';
import { advance, stepEnded } from './step.ts';
import { accessibleByName, accessibleRegister } from './sysreg.ts';
import { UCI, UMA, writeDaif, writePan, writeSpSel } from './sysreg-control.ts';
import { DZE } from './sysreg-id.ts';
import { systemEncoding, systemKey } from './sysreg-names.ts';
import { SYSTEM_OPERATIONS } from './system-operations.ts';
import { TLBI_OPERATIONS, tlbi } from './tlbi.ts';
import { branchAddress, exceptionReturn } from './trap.ts';
import { sendEvent, sendEventLocal, waitForEvent, waitForInterrupt } from './wait.ts';

const SCTLR = SLOTS.get('sctlr_el1');
const ELR = SLOTS.get('elr_el1');

const x = (hart: Hart, i: number): bigint => (i === 31 ? 0n : hart.get(X[i]));

const undefinedInstruction = (hart: Hart): false => hart.raise(esr(EC.unknown), 0n);

/** ISS of a trapped access to a system register or SYS operation (Arm ARM D17.2.37). */
function accessIss(number: number, Rt: number, read: boolean): number {
  const { op0, op1, CRn, CRm, op2 } = systemEncoding(number);
  return (op0 << 20) | (op2 << 17) | (op1 << 14) | (CRn << 10) | (Rt << 5) | (CRm << 1) | (read ? 1 : 0);
}

function refuse(hart: Hart, why: 'undefined' | 'trapped', number: number, Rt: number, read: boolean): false {
  if (why === 'undefined') return undefinedInstruction(hart);
  return hart.raise(esr(EC.systemRegister, accessIss(number, Rt, read)), 0n);
}

/** MRS Rt, register. */
const mrs: Helper = (hart, number, Rt) => {
  const register = accessibleRegister(hart, number, false);
  if (typeof register === 'string') return refuse(hart, register, number, Rt, true);
  const value = register.read?.(hart) ?? 0n;
  if (Rt !== 31) hart.set(X[Rt], value);
  return true;
};

/** MSR register, Rt. */
const msr: Helper = (hart, number, Rt) => {
  const register = accessibleRegister(hart, number, true);
  if (typeof register === 'string') return refuse(hart, register, number, Rt, false);
  register.write?.(hart, x(hart, Rt));
  return true;
};

/** Fields of PSTATE that MSR (immediate) writes, by op1 and op2 (C6.2, "MSR (immediate)"). */
export const PSTATE_FIELD = { spsel: 0o05, pan: 0o04, daifset: 0o36, daifclr: 0o37 } as const;

/** MSR field, #CRm; `field` is op1 and op2. */
const msrImmediate: Helper = (hart, field, CRm) => {
  const user = hart.get32(EL) === EL0;
  const daif = field === PSTATE_FIELD.daifset || field === PSTATE_FIELD.daifclr;
  if (user && !daif) return undefinedInstruction(hart);
  if (user && (hart.get(SCTLR) & UMA) === 0n) {
    const number = systemKey({ op0: 0, op1: field >> 3, CRn: 4, CRm, op2: field & 7 });
    return refuse(hart, 'trapped', number, 31, false);
  }
  const now = Number((packState(hart) >> 6n) & 15n);
  switch (field) {
    case PSTATE_FIELD.spsel:
      writeSpSel(hart, CRm & 1);
      break;
    case PSTATE_FIELD.pan:
      writePan(hart, CRm & 1);
      break;
    case PSTATE_FIELD.daifset:
      writeDaif(hart, now | CRm);
      break;
    case PSTATE_FIELD.daifclr:
      writeDaif(hart, now & ~CRm);
      break;
  }
  return true;
};

/** A SYS operation with its operand; false: a trap. */
type Operation = (hart: Hart, operand: bigint) => boolean;

const nothing: Operation = () => true;

const ZERO = accessShape('store', ZERO_BLOCK, 'plain', { part: true });

/** The watchpoint exception of DC ZVA, behind the faults of its translation. */
const watchZero: Operation = (hart, address) =>
  MMU.translate(hart, address, ZERO) && watch(hart, address & ~BigInt(ZERO_BLOCK - 1), ZERO);

/** What the operations do, who may aside. */
const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  // There are no caches to maintain as a whole or by set and way.
  ['ic ialluis', nothing],
  ['ic iallu', nothing],
  ['dc isw', nothing],
  ['dc csw', nothing],
  ['dc cisw', nothing],
  // It is a store as far as watchpoints go.
  ['dc zva', (hart, address) => watchZero(hart, address) && zeroBlock(hart, address)],
  ...CACHE_OPERATIONS.map((name): [string, Operation] => [
    name,
    (hart, address) => cacheMaintenance(hart, name, address),
  ]),
  ...AT_OPERATIONS.map((name): [string, Operation] => [
    `at ${name}`,
    (hart, address) => addressTranslate(hart, name, address),
  ]),
  ...TLBI_OPERATIONS.map((name): [string, Operation] => [
    `tlbi ${name}`,
    (hart, operand) => {
      tlbi(hart, name, operand);
      return true;
    },
  ]),
]);

/** SCTLR_EL1's bit that opens an operation to EL0; those with op1 0 are never open. */
const opens = (name: string): bigint => (name === 'dc zva' ? DZE : UCI);

/** SYS op, Rt. */
const sys: Helper = (hart, number, Rt) => {
  const name = SYSTEM_OPERATIONS.get(number);
  const operation = name === undefined ? undefined : OPERATIONS.get(name);
  if (name === undefined || !operation) return undefinedInstruction(hart);
  if (hart.get32(EL) === EL0) {
    if (systemEncoding(number).op1 === 0) return undefinedInstruction(hart);
    if ((hart.get(SCTLR) & opens(name)) === 0n) return refuse(hart, 'trapped', number, Rt, false);
  }
  return operation(hart, x(hart, Rt));
};

/** ERET; the row goes on at ELR_EL1. */
const eret: Helper = (hart) => {
  if (hart.get32(EL) === EL0) return undefinedInstruction(hart);
  exceptionReturn(hart);
  return true;
};

/**
 * HVC: the firmware is asked. There is no EL2, and firmware in its place does not listen to EL0. It comes back by an
 * exception return of its own, so that what was stepped, if anything, was not this instruction.
 */
const hvc: Helper = (hart) => {
  if (hart.get32(EL) === EL0) return undefinedInstruction(hart);
  advance(hart);
  stepEnded(hart);
  callFirmware(hart);
  return true;
};

/** HLT: a semihosting call of EL1; without a debugger, UNDEFINED. */
const hlt: Helper = (hart, imm16) => {
  if (imm16 !== SEMIHOSTING || hart.get32(EL) === EL0) return undefinedInstruction(hart);
  callDebugger(hart);
  return true;
};

/** The helpers of system instructions. */
export const SYSTEM_HELPERS = {
  mrs,
  msr,
  'msr.immediate': msrImmediate,
  sys,
  eret,
  hvc,
  hlt,
  wfi: waitForInterrupt,
  wfe: waitForEvent,
  sev: sendEvent,
  sevl: sendEventLocal,
} as const satisfies Readonly<Record<string, Helper>>;

/** Instructions for a kernel in the host, beside the SYS operations. */
const INSTRUCTIONS: ReadonlyMap<string, Helper> = new Map<string, Helper>([
  [
    'eret',
    (hart) => {
      if (!eret(hart)) return false;
      hart.pc = branchAddress(hart, hart.get(ELR));
      return true;
    },
  ],
  ['wfi', waitForInterrupt],
  ['wfe', waitForEvent],
  ['sev', sendEvent],
  ['sevl', sendEventLocal],
]);

const NUMBERS: ReadonlyMap<string, number> = new Map([...SYSTEM_OPERATIONS].map(([number, name]) => [name, number]));

/**
 * Performs `eret`, `wfi`, `wfe`, `sev`, `sevl`, or a SYS operation by the name of its alias (`tlbi vae1is`, `dc zva`, `at s1e0r`)
 * with its operand, as the hart's own code would. Throws where that would trap: a bug of the caller's.
 */
export function perform(hart: Hart, operation: string, operand = 0n): void {
  const instruction = INSTRUCTIONS.get(operation);
  const number = NUMBERS.get(operation);
  if (!instruction && number === undefined) throw new Error(`no privileged instruction named ${operation}`);
  const user = hart.get32(EL) === EL0;
  if (instruction ? !instruction(hart) : user || !OPERATIONS.get(operation)?.(hart, operand)) {
    throw new Error(`${operation} is refused at EL${hart.get32(EL)}`);
  }
}

/** What can be read and written beside system registers, by name. */
const OTHERS: ReadonlyMap<string, { read(hart: Hart): bigint; write(hart: Hart, value: bigint): void }> = new Map([
  [
    'pc',
    {
      read: (hart) => hart.get(PC),
      write: (hart, value) => {
        hart.pc = value;
      },
    },
  ],
  // PSTATE as SPSR_EL1 would hold it.
  ['pstate', { read: packState, write: unpackState }],
  ['sp_el1', { read: (hart) => readBank(hart, 1), write: (hart, value) => writeBank(hart, 1, value) }],
]);

function accessible(hart: Hart, name: string, write: boolean) {
  const register = accessibleByName(hart, name, write);
  if (typeof register === 'string') {
    throw new Error(`${name} cannot be ${write ? 'written' : 'read'} at EL${hart.get32(EL)}`);
  }
  return register;
}

/** Reads a system register as MRS would at the hart's exception level, or `pc`, `pstate`, `sp_el1`. Throws where that would trap. */
export function readSystem(hart: Hart, name: string): bigint {
  const other = OTHERS.get(name);
  return other ? other.read(hart) : (accessible(hart, name, false).read?.(hart) ?? 0n);
}

/** Writes a system register as MSR would at the hart's exception level, or one of those. Throws where that would trap. */
export function writeSystem(hart: Hart, name: string, value: bigint): void {
  const other = OTHERS.get(name);
  const bits = BigInt.asUintN(64, value);
  if (other) other.write(hart, bits);
  else accessible(hart, name, true).write?.(hart, bits);
}
