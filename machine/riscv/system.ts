import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import type { TlbEntry } from '../tlb.ts';
import { CAUSE } from './causes.ts';
import { accessibleCsr } from './csr.ts';
import { CSR_NUMBERS } from './csr-names.ts';
import { STATUS, statusHas } from './csr-status.ts';
import { M_MODE, MODE, PC, S_MODE, SLOTS, U_MODE, X } from './registers.ts';
import { CSR_OPERATION } from './rv-zicsr.ts';
import { machineReturn, supervisorReturn, wakes } from './trap.ts';

const SEPC = SLOTS.get('sepc');
const MEPC = SLOTS.get('mepc');

/** mtval and stval hold the instruction's bits (Priv. spec 3.1.16). */
const illegal = (hart: Hart, word: number): false => hart.raise(CAUSE.illegalInstruction, BigInt(word));

const x = (hart: Hart, i: number): bigint => (i === 0 ? 0n : hart.get(X[i]));

/** The Zicsr instructions: `source` is rs1, or, where `immediate` is 1, the value itself. */
const csr: Helper = (hart, operation, number, rd, source, immediate, word) => {
  // CSRRW always writes, and does not read where rd is x0; the others always read, and write unless rs1 is x0 or uimm 0.
  const writes = operation === CSR_OPERATION.write || source !== 0;
  const reads = operation !== CSR_OPERATION.write || rd !== 0;
  const register = accessibleCsr(hart, number, writes);
  if (!register) return illegal(hart, word);
  const operand = immediate === 1 ? BigInt(source) : x(hart, source);
  const old = reads ? register.read(hart) : 0n;
  if (writes) {
    const from = register.modify?.(hart) ?? old;
    const value =
      operation === CSR_OPERATION.write ? operand : operation === CSR_OPERATION.set ? from | operand : from & ~operand;
    register.write?.(hart, value);
  }
  if (rd !== 0) hart.set(X[rd], old);
  return true;
};

const ecall: Helper = (hart) => {
  const mode = hart.get32(MODE);
  const cause = mode === M_MODE ? CAUSE.ecallFromM : mode === S_MODE ? CAUSE.ecallFromS : CAUSE.ecallFromU;
  return hart.raise(cause, 0n);
};

/** WFI; false where it is illegal: always in U-mode, whose wait is not bounded, and under TW (Priv. spec 3.1.6.6, 3.3.3). */
function waitForInterrupt(hart: Hart): boolean {
  const mode = hart.get32(MODE);
  if (mode === U_MODE || (mode === S_MODE && statusHas(hart, STATUS.TW))) return false;
  hart.waiting = !wakes(hart);
  return true;
}

/** ASIDs have 16 bits; those above are reserved and ignored. */
const ASID_MASK = 0xffffn;

/** SFENCE.VMA on an address, an address space, both or, where both are absent, everything; false where it is illegal. */
function fence(hart: Hart, address: bigint | undefined, asid: bigint | undefined): boolean {
  const mode = hart.get32(MODE);
  if (mode === U_MODE || (mode === S_MODE && statusHas(hart, STATUS.TVM))) return false;
  const space = asid === undefined ? undefined : Number(asid & ASID_MASK);
  // With an ASID, global entries stay (Priv. spec 12.2.1).
  const doomed = (entry: TlbEntry) => space === undefined || (!entry.global && entry.asid === space);
  if (address === undefined) hart.tlb.invalidate(doomed);
  else hart.tlb.invalidatePage(address >> 12n, doomed);
  return true;
}

/** The helpers of Zicsr and of the privileged instructions. */
export const SYSTEM_HELPERS = {
  csr,
  ecall,
  sret: (hart, word) => supervisorReturn(hart) || illegal(hart, word),
  mret: (hart, word) => machineReturn(hart) || illegal(hart, word),
  wfi: (hart, word) => waitForInterrupt(hart) || illegal(hart, word),
  'sfence.vma': (hart, rs1, rs2, word) =>
    fence(hart, rs1 === 0 ? undefined : x(hart, rs1), rs2 === 0 ? undefined : x(hart, rs2)) || illegal(hart, word),
} as const satisfies Readonly<Record<string, Helper>>;

/** A privileged instruction with operand values, for a kernel in the host; false where it is illegal. */
type Operation = (hart: Hart, ...operands: bigint[]) => boolean;

const returning =
  (back: (hart: Hart) => boolean, slot: typeof SEPC): Operation =>
  (hart) => {
    if (!back(hart)) return false;
    hart.set(PC, hart.get(slot));
    return true;
  };

const OPERATIONS = new Map<string, Operation>([
  ['sret', returning(supervisorReturn, SEPC)],
  ['mret', returning(machineReturn, MEPC)],
  ['wfi', waitForInterrupt],
  ['sfence.vma', (hart, address?: bigint, asid?: bigint) => fence(hart, address, asid)],
  // The form with rs1=x0: every address of one address space.
  ['sfence.vma.asid', (hart, asid: bigint) => fence(hart, undefined, asid)],
]);

/**
 * Performs `sret`, `mret`, `wfi`, `sfence.vma` (no operand: everything; address; address and ASID) or `sfence.vma.asid`
 * as the hart's own code would. Throws where that would trap: a bug of the caller's.
 */
export function perform(hart: Hart, operation: string, ...operands: bigint[]): void {
  const perform = OPERATIONS.get(operation);
  if (!perform) throw new Error(`no privileged instruction named ${operation}`);
  if (!perform(hart, ...operands)) throw new Error(`${operation} is illegal in mode ${hart.get32(MODE)}`);
}

function accessible(hart: Hart, name: string, write: boolean) {
  const number = CSR_NUMBERS.get(name);
  const register = number === undefined ? undefined : accessibleCsr(hart, number, write);
  if (!register) throw new Error(`${name} cannot be ${write ? 'written' : 'read'} in mode ${hart.get32(MODE)}`);
  return register;
}

/** Reads a CSR as an instruction at the hart's mode would, or `pc` or `mode`. Throws where that would trap. */
export function readSystem(hart: Hart, name: string): bigint {
  if (name === 'pc') return hart.get(PC);
  if (name === 'mode') return BigInt(hart.get32(MODE));
  const register = accessible(hart, name, false);
  // Counters do not count the instruction that reads them, and here there is none to leave out.
  hart.instructions++;
  const value = register.read(hart);
  hart.instructions--;
  return value;
}

/** Writes a CSR as an instruction at the hart's mode would, or `pc` or `mode`. Throws where that would trap. */
export function writeSystem(hart: Hart, name: string, value: bigint): void {
  if (name === 'pc') {
    hart.pc = value;
  } else if (name === 'mode') {
    if (value !== 0n && value !== 1n && value !== 3n) throw new Error(`no privilege mode ${value}`);
    hart.set32(MODE, Number(value));
    hart.attention = true;
    hart.contextChanged();
  } else {
    accessible(hart, name, true).write?.(hart, BigInt.asUintN(64, value));
  }
}
