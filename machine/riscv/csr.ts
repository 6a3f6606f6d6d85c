import type { Hart } from '../hart.ts';
import { COUNTER_CSRS } from './csr-counters.ts';
import { INTERRUPT_CSRS } from './csr-interrupts.ts';
import { CSR_NUMBERS } from './csr-names.ts';
import type { Csr } from './csr-register.ts';
import { STATUS, STATUS_CSRS, statusHas } from './csr-status.ts';
import { TIMER_CSRS } from './csr-timers.ts';
import { PMP_ADDRESSES, writePmpAddress, writePmpConfig } from './pmp.ts';
import { FFLAGS, FRM, MODE, S_MODE, SLOTS } from './registers.ts';

/** A register that holds whatever bits of `mask` are written to it. */
const plain = (name: string, mask = ~0n): Csr => {
  const slot = SLOTS.get(name);
  return { name, read: (h) => h.get(slot), write: (h, value) => h.set(slot, BigInt.asUintN(64, value & mask)) };
};
/** A register that always reads the same; where its number allows writes they change nothing. */
const constant = (name: string, value: bigint): Csr => ({
  name,
  read: () => value,
  write: () => {},
});

/** RV64 (MXL 2) with extensions A, C, D, F, I, M and modes S and U, by letter (Priv. spec 3.1.1). */
const MISA = [...'ACDFIMSU'].reduce((bits, letter) => bits | (1n << BigInt(letter.charCodeAt(0) - 65)), 2n << 62n);

/** MODE of xtvec is 0 (direct) or 1 (vectored): bit 1 reads as zero (Priv. spec 3.1.7). */
const TVEC_MASK = ~2n;
/** IALIGN is 16 and misa.C cannot be cleared: only bit 0 of xepc is zero (Priv. spec 3.1.14). */
const EPC_MASK = ~1n;

const floatOff = (hart: Hart): boolean => !statusHas(hart, STATUS.FS);
const MSTATUS = SLOTS.get('mstatus');

function writeFloat(hart: Hart, flags: bigint | undefined, mode: bigint | undefined): void {
  if (flags !== undefined) hart.set32(FFLAGS, Number(flags & 0x1fn));
  if (mode !== undefined) hart.set32(FRM, Number(mode & 7n));
  hart.set(MSTATUS, hart.get(MSTATUS) | STATUS.FS);
}

const FLOAT_CSRS: readonly Csr[] = [
  {
    name: 'fflags',
    refuses: floatOff,
    read: (hart) => BigInt(hart.get32(FFLAGS)),
    write: (hart, value) => writeFloat(hart, value, undefined),
  },
  {
    name: 'frm',
    refuses: floatOff,
    read: (hart) => BigInt(hart.get32(FRM)),
    write: (hart, value) => writeFloat(hart, undefined, value),
  },
  {
    name: 'fcsr',
    refuses: floatOff,
    read: (hart) => BigInt((hart.get32(FRM) << 5) | hart.get32(FFLAGS)),
    write: (hart, value) => writeFloat(hart, value, value >> 5n),
  },
];

const SATP = SLOTS.get('satp');
/** Bare, Sv39, Sv48, Sv57. */
const SATP_MODES = [0n, 8n, 9n, 10n];

const SATP_CSR: Csr = {
  name: 'satp',
  refuses: (hart) => hart.get32(MODE) === S_MODE && statusHas(hart, STATUS.TVM),
  read: (hart) => hart.get(SATP),
  write: (hart, value) => {
    // A write with an unsupported MODE has no effect, on no field (Priv. spec 12.1.11).
    if (!SATP_MODES.includes(value >> 60n)) return;
    hart.set(SATP, value);
    hart.contextChanged();
  },
};

const PMP_CSRS: readonly Csr[] = [
  ...([0, 1] as const).map(
    (i): Csr => ({
      name: `pmpcfg${2 * i}`,
      read: (hart) => hart.get(SLOTS.get(`pmpcfg${2 * i}`)),
      write: (hart, value) => writePmpConfig(hart, i, value),
    }),
  ),
  ...PMP_ADDRESSES.map(
    (slot, i): Csr => ({
      name: `pmpaddr${i}`,
      read: (hart) => hart.get(slot),
      write: (hart, value) => writePmpAddress(hart, i, value),
    }),
  ),
];

/** Every CSR of the hart. What is not here does not exist: an access is an illegal instruction. */
export const CSRS: readonly Csr[] = [
  ...FLOAT_CSRS,
  ...STATUS_CSRS,
  ...INTERRUPT_CSRS,
  ...TIMER_CSRS,
  ...COUNTER_CSRS,
  SATP_CSR,
  ...PMP_CSRS,
  constant('mvendorid', 0n),
  constant('marchid', 0n),
  constant('mimpid', 0n),
  { name: 'mhartid', read: (hart) => BigInt(hart.id) },
  constant('mconfigptr', 0n),
  constant('misa', MISA),
  plain('mtvec', TVEC_MASK),
  plain('mscratch'),
  plain('mepc', EPC_MASK),
  plain('mcause'),
  plain('mtval'),
  plain('stvec', TVEC_MASK),
  plain('sscratch'),
  plain('sepc', EPC_MASK),
  plain('scause'),
  plain('stval'),
  // No triggers: tselect selects only trigger 0, whose tdata1 has type 0, "there is no trigger" (Debug spec 5.2).
  constant('tselect', 0n),
  constant('tdata1', 0n),
  constant('tdata2', 0n),
  constant('tdata3', 0n),
];

const BY_NUMBER = new Map(
  CSRS.map((csr) => {
    const number = CSR_NUMBERS.get(csr.name);
    if (number === undefined) throw new Error(`CSR ${csr.name} has no number`);
    return [number, csr];
  }),
);

/** The CSR of that number, if an instruction at the hart's mode may read it or, if so asked, write it. */
export function accessibleCsr(hart: Hart, number: number, write: boolean): Csr | undefined {
  const csr = BY_NUMBER.get(number);
  if (!csr || hart.get32(MODE) < ((number >> 8) & 3)) return undefined;
  if (write && (number >> 10 === 3 || !csr.write)) return undefined;
  return csr.refuses?.(hart) ? undefined : csr;
}
