import type { Hart } from '../hart.ts';
import type { Helper } from '../isa.ts';
import { fault, VECTOR } from './causes.ts';
import {
  CR4,
  clearTaskSwitched,
  loadMachineStatus,
  readControl,
  readDebug,
  writeControl,
  writeDebug,
  writeXcr0,
} from './control.ts';
import { cpuid } from './cpuid.ts';
import { invalidatePage, invalidatePcid } from './invalidate.ts';
import { isCanonicalBase, readMsr, writeMsr } from './msr.ts';
import { mayAccessPort, readPort, writePort } from './ports.ts';
import { BASE, CPL, FLAGS, RAX, RBX, RCX, RDX, SLOTS, T } from './registers.ts';
import { readTsc } from './tsc.ts';

const CR4_SLOT = SLOTS.get('cr4');
const XCR0 = SLOTS.get('xcr0');
const TSC_AUX = SLOTS.get('tsc_aux');
const PKRU = SLOTS.get('pkru');
const AC = 1 << 18;

const refuse = (hart: Hart): false => hart.raise(fault(VECTOR.GP), 0n);
const undefinedOpcode = (hart: Hart): false => hart.raise(fault(VECTOR.UD), 0n);
const isUser = (hart: Hart): boolean => hart.get32(CPL) !== 0;
const hasCr4 = (hart: Hart, bit: bigint): boolean => (hart.get(CR4_SLOT) & bit) !== 0n;

const low = (value: bigint): bigint => BigInt.asUintN(32, value);
const ecx = (hart: Hart): number => Number(low(hart.get(RCX)));
const edxEax = (hart: Hart): bigint => (low(hart.get(RDX)) << 32n) | low(hart.get(RAX));

/** A value of 64 bits to EDX:EAX; the upper halves of both registers are cleared. */
function setEdxEax(hart: Hart, value: bigint): true {
  hart.set(RAX, low(value));
  hart.set(RDX, value >> 32n);
  return true;
}

/** An instruction for CPL 0 alone. */
const privileged =
  (helper: Helper): Helper =>
  (hart, ...immediates) =>
    isUser(hart) ? refuse(hart) : helper(hart, ...immediates);

/** Puts what a register holds in T[0]; `undefined` is its trap. */
function give(hart: Hart, value: bigint | undefined): boolean {
  if (value === undefined) return false;
  hart.set(T[0], value);
  return true;
}

const mayReadTsc = (hart: Hart): boolean => !isUser(hart) || !hasCr4(hart, CR4.TSD);

/** CLAC and STAC are no instructions above CPL 0 (SDM vol. 2A, CLAC). */
const setAc = (set: boolean): Helper => {
  return (hart) => {
    if (isUser(hart)) return undefinedOpcode(hart);
    const flags = hart.get32(FLAGS);
    hart.set32(FLAGS, set ? flags | AC : flags & ~AC);
    hart.contextChanged();
    return true;
  };
};

const port = (hart: Hart): number => Number(hart.get(T[1]) & 0xffffn);

/** Whether a number names a control register: MOV with another is #UD, at any CPL. */
const isControl = (n: number): boolean => [0, 2, 3, 4, 8].includes(n);

/** The helpers of instructions on control, debug and model-specific registers, ports and identification. */
export const CONTROL_HELPERS: Readonly<Record<string, Helper>> = {
  readControl: (hart, n) => {
    if (!isControl(n)) return undefinedOpcode(hart);
    return isUser(hart) ? refuse(hart) : give(hart, readControl(hart, n));
  },
  writeControl: (hart, n) => {
    if (!isControl(n)) return undefinedOpcode(hart);
    return isUser(hart) ? refuse(hart) : writeControl(hart, n, hart.get(T[0]));
  },
  readDebug: (hart, n) => give(hart, readDebug(hart, n)),
  writeDebug: (hart, n) => writeDebug(hart, n, hart.get(T[0])),
  lmsw: privileged((hart) => loadMachineStatus(hart, hart.get(T[0]))),
  clts: privileged((hart) => {
    clearTaskSwitched(hart);
    return true;
  }),

  xgetbv: (hart) => {
    if (!hasCr4(hart, CR4.OSXSAVE)) return undefinedOpcode(hart);
    return ecx(hart) === 0 ? setEdxEax(hart, hart.get(XCR0)) : refuse(hart);
  },
  xsetbv: (hart) => {
    if (!hasCr4(hart, CR4.OSXSAVE)) return undefinedOpcode(hart);
    return isUser(hart) || ecx(hart) !== 0 ? refuse(hart) : writeXcr0(hart, edxEax(hart));
  },
  clac: setAc(false),
  stac: setAc(true),
  rdpkru: (hart) => {
    if (!hasCr4(hart, CR4.PKE)) return undefinedOpcode(hart);
    return ecx(hart) === 0 ? setEdxEax(hart, BigInt(hart.get32(PKRU) >>> 0)) : refuse(hart);
  },
  wrpkru: (hart) => {
    if (!hasCr4(hart, CR4.PKE)) return undefinedOpcode(hart);
    if (ecx(hart) !== 0 || low(hart.get(RDX)) !== 0n) return refuse(hart);
    hart.set32(PKRU, Number(BigInt.asIntN(32, hart.get(RAX))));
    hart.contextChanged();
    return true;
  },

  rdmsr: privileged((hart) => {
    const value = readMsr(hart, ecx(hart));
    return value === undefined ? false : setEdxEax(hart, value);
  }),
  wrmsr: privileged((hart) => writeMsr(hart, ecx(hart), edxEax(hart))),
  rdtsc: (hart) => (mayReadTsc(hart) ? setEdxEax(hart, readTsc(hart)) : refuse(hart)),
  rdtscp: (hart) => {
    if (!mayReadTsc(hart)) return refuse(hart);
    hart.set(RCX, low(hart.get(TSC_AUX)));
    return setEdxEax(hart, readTsc(hart));
  },
  // There is no performance counter, whatever ECX says.
  rdpmc: refuse,
  cpuid: (hart) => {
    const leaf = cpuid(hart, Number(low(hart.get(RAX))), ecx(hart));
    [RAX, RBX, RCX, RDX].forEach((register, i) => {
      hart.set(register, low(BigInt(leaf[i])));
    });
    return true;
  },

  requireFsGsBase: (hart) => hasCr4(hart, CR4.FSGSBASE) || undefinedOpcode(hart),
  writeBase: (hart, segment) => {
    if (!hasCr4(hart, CR4.FSGSBASE)) return undefinedOpcode(hart);
    if (!isCanonicalBase(hart.get(T[0]))) return refuse(hart);
    hart.set(BASE[segment], hart.get(T[0]));
    return true;
  },

  checkPort: (hart, size) => mayAccessPort(hart, port(hart), size),
  in: (hart, size) => {
    if (!mayAccessPort(hart, port(hart), size)) return false;
    hart.set(T[0], readPort(hart, port(hart), size));
    return true;
  },
  out: (hart, size) => {
    if (!mayAccessPort(hart, port(hart), size)) return false;
    writePort(hart, port(hart), size, hart.get(T[0]));
    return true;
  },

  invlpg: privileged((hart) => {
    invalidatePage(hart, hart.get(T[0]));
    return true;
  }),
  invpcid: privileged((hart) => invalidatePcid(hart, hart.get(T[0]), hart.get(T[1]), hart.get(T[2]))),
  // No cache holds anything that memory has not.
  wbinvd: privileged(() => true),
};
