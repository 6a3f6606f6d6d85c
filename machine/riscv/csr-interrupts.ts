import type { Hart } from '../hart.ts';
import { INTERRUPT } from './causes.ts';
import type { Csr } from './csr-register.ts';
import { MENVCFG, STCE, time } from './csr-timers.ts';
import { SLOTS } from './registers.ts';

const bit = (interrupt: number): bigint => 1n << BigInt(interrupt);
const SSI = bit(INTERRUPT.supervisorSoftware);
const STI = bit(INTERRUPT.supervisorTimer);
const SEI = bit(INTERRUPT.supervisorExternal);
const MTI = bit(INTERRUPT.machineTimer);
const ALL = SSI | STI | SEI | MTI | bit(INTERRUPT.machineSoftware) | bit(INTERRUPT.machineExternal);
/** Interrupts that can be delegated; those of M-mode cannot. */
const DELEGABLE = SSI | STI | SEI;
/** Interrupts that devices drive by lines: MTI and STI come from the comparators. */
const LINES = SEI | bit(INTERRUPT.machineSoftware) | bit(INTERRUPT.machineExternal);

/** Exceptions that medeleg can delegate: all that a lower mode can raise (Priv. spec 3.1.8). */
const DELEGABLE_EXCEPTIONS = 0xb3ffn;

export const MEDELEG = SLOTS.get('medeleg');
export const MIDELEG = SLOTS.get('mideleg');
export const MIE = SLOTS.get('mie');
/** The bits of mip that software sets: SSIP, SEIP's own half, and STIP where stimecmp does not drive it. */
const MIP = SLOTS.get('mip');
const MTIMECMP = SLOTS.get('mtimecmp');
const STIMECMP = SLOTS.get('stimecmp');

const stimecmpDrives = (hart: Hart): boolean => (hart.get(MENVCFG) & STCE) !== 0n;

/** mip: what software, devices and the comparators make pending (Priv. spec 3.1.9). */
export function pendingInterrupts(hart: Hart): bigint {
  let pending = hart.get(MIP) | (BigInt(hart.lines) & LINES);
  const now = time(hart);
  if (now >= hart.get(MTIMECMP)) pending |= MTI;
  if (stimecmpDrives(hart)) pending = now >= hart.get(STIMECMP) ? pending | STI : pending & ~STI;
  return pending;
}

function writeMip(hart: Hart, mask: bigint, value: bigint): void {
  hart.set(MIP, (hart.get(MIP) & ~mask) | (value & mask));
  hart.attention = true;
}

function writeMie(hart: Hart, mask: bigint, value: bigint): void {
  hart.set(MIE, (hart.get(MIE) & ~mask) | (value & mask));
  hart.attention = true;
}

export const INTERRUPT_CSRS: readonly Csr[] = [
  { name: 'medeleg', read: (h) => h.get(MEDELEG), write: (h, v) => h.set(MEDELEG, v & DELEGABLE_EXCEPTIONS) },
  {
    name: 'mideleg',
    read: (hart) => hart.get(MIDELEG),
    write: (hart, value) => {
      hart.set(MIDELEG, value & DELEGABLE);
      hart.attention = true;
    },
  },
  { name: 'mie', read: (hart) => hart.get(MIE), write: (hart, value) => writeMie(hart, ALL, value) },
  {
    name: 'mip',
    read: pendingInterrupts,
    // CSRRS and CSRRC must not latch the external line into SEIP's writable half (Priv. spec 3.1.9).
    modify: (hart) => hart.get(MIP),
    write: (hart, value) => writeMip(hart, stimecmpDrives(hart) ? SSI | SEI : DELEGABLE, value),
  },
  // What is not delegated reads as zero and cannot be written (Priv. spec 12.1.3).
  {
    name: 'sie',
    read: (hart) => hart.get(MIE) & hart.get(MIDELEG),
    write: (hart, value) => writeMie(hart, hart.get(MIDELEG), value),
  },
  {
    name: 'sip',
    read: (hart) => pendingInterrupts(hart) & hart.get(MIDELEG),
    write: (hart, value) => writeMip(hart, SSI & hart.get(MIDELEG), value),
  },
];
