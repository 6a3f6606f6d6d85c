// Model-specific registers (SDM vol. 4, table 2-2), those that CPUID promises; any other is #GP(0).
import type { Hart } from '../hart.ts';
import { readApicBase, readDeadline, writeApicBase, writeDeadline } from './apic.ts';
import { fault, VECTOR } from './causes.ts';
import { LINEAR_BITS } from './cpuid.ts';
import { updateMode } from './mode.ts';
import { BASE, SEGMENT, SLOTS } from './registers.ts';
import { readTsc, writeTsc } from './tsc.ts';

const CR0 = SLOTS.get('cr0');
const EFER = SLOTS.get('efer');
const CR0_PG = 1n << 31n;

/** IA32_EFER: SYSCALL, long mode enabled and active, no-execute (SDM vol. 3A, 2.2.1). */
const LME = 1n << 8n;
const LMA = 1n << 10n;
const EFER_BITS = (1n << 0n) | LME | LMA | (1n << 11n);
/** IA32_MISC_ENABLE: fast strings on, no branch trace, no precise sampling. */
const MISC_ENABLE = (1n << 0n) | (1n << 11n) | (1n << 12n);

/** One register; a value that it cannot hold is #GP(0), as is one without `write`. */
interface Msr {
  read(hart: Hart): bigint;
  /** False: the value is refused. */
  write(hart: Hart, value: bigint): boolean;
}

/** One that holds whatever passes `accepts`. */
const plain = (name: string, accepts: (value: bigint) => boolean, changed?: (hart: Hart) => void): Msr => {
  const slot = SLOTS.get(name);
  return {
    read: (hart) => hart.get(slot),
    write: (hart, value) => {
      if (!accepts(value)) return false;
      hart.set(slot, value);
      changed?.(hart);
      return true;
    },
  };
};

const anything = () => true;
/** Bits 63:32 are reserved. */
const word = (value: bigint) => value >> 32n === 0n;
/** Each byte names a memory type: UC, WC, WT, WP, WB or UC− (SDM vol. 3A, 12.12.2). */
const TYPES: ReadonlySet<bigint> = new Set([0n, 1n, 4n, 5n, 6n, 7n]);
const memoryTypes = (value: bigint) =>
  [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].every((i) => TYPES.has((value >> (8n * i)) & 0xffn));

/**
 * Whether an address that a register is to hold is canonical for the widest linear addresses that there are, whatever
 * CR4.LA57 says (SDM vol. 1, 3.3.7.1).
 */
export const isCanonicalBase = (value: bigint): boolean =>
  BigInt.asUintN(64, BigInt.asIntN(LINEAR_BITS, value)) === value;

const segmentBase = (segment: number): Msr => ({
  read: (hart) => hart.get(BASE[segment]),
  write: (hart, value) => {
    if (!isCanonicalBase(value)) return false;
    hart.set(BASE[segment], value);
    return true;
  },
});

/** Writes EFER: LME holds still while paging is on; LMA follows from it and is not written. */
function writeEfer(hart: Hart, value: bigint): boolean {
  const old = hart.get(EFER);
  if ((value & ~EFER_BITS) !== 0n) return false;
  if (((value ^ old) & LME) !== 0n && (hart.get(CR0) & CR0_PG) !== 0n) return false;
  hart.set(EFER, (value & ~LMA) | (old & LMA));
  updateMode(hart);
  return true;
}

const REGISTERS: ReadonlyMap<number, Msr> = new Map<number, Msr>([
  [
    0x10,
    {
      read: readTsc,
      write: (hart, value) => {
        writeTsc(hart, value);
        return true;
      },
    },
  ],
  [0x1b, { read: readApicBase, write: writeApicBase }],
  [0x174, plain('sysenter_cs', word)],
  [0x175, plain('sysenter_esp', isCanonicalBase)],
  [0x176, plain('sysenter_eip', isCanonicalBase)],
  [0x1a0, { read: () => MISC_ENABLE, write: (_, value) => value === MISC_ENABLE }],
  [0x277, plain('pat', memoryTypes, (hart) => hart.contextChanged())],
  [0x6e0, { read: readDeadline, write: writeDeadline }],
  [0x6e1, plain('pkrs', word, (hart) => hart.contextChanged())],
  [0xc000_0080, { read: (hart) => hart.get(EFER), write: writeEfer }],
  [0xc000_0081, plain('star', anything)],
  [0xc000_0082, plain('lstar', isCanonicalBase)],
  [0xc000_0083, plain('cstar', isCanonicalBase)],
  [0xc000_0084, plain('fmask', word)],
  [0xc000_0100, segmentBase(SEGMENT.fs)],
  [0xc000_0101, segmentBase(SEGMENT.gs)],
  [0xc000_0102, plain('kernel_gs_base', isCanonicalBase)],
  [0xc000_0103, plain('tsc_aux', word)],
]);

const refuse = (hart: Hart): false => hart.raise(fault(VECTOR.GP), 0n);

/** What RDMSR reads at CPL 0; `undefined`: #GP(0), there being no such register. */
export function readMsr(hart: Hart, number: number): bigint | undefined {
  const register = REGISTERS.get(number >>> 0);
  if (register) return register.read(hart);
  refuse(hart);
  return undefined;
}

/** What WRMSR does at CPL 0; false: #GP(0), the register or its value being none that there is. */
export function writeMsr(hart: Hart, number: number, value: bigint): boolean {
  const register = REGISTERS.get(number >>> 0);
  return register?.write(hart, BigInt.asUintN(64, value)) === true || refuse(hart);
}
