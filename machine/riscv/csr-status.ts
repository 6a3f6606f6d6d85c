import type { Hart } from '../hart.ts';
import type { Csr } from './csr-register.ts';
import { SLOTS } from './registers.ts';

/** Fields of mstatus and sstatus (Priv. spec 3.1.6, 12.1.1). */
export const STATUS = {
  SIE: 1n << 1n,
  MIE: 1n << 3n,
  SPIE: 1n << 5n,
  MPIE: 1n << 7n,
  SPP: 1n << 8n,
  MPP: 3n << 11n,
  FS: 3n << 13n,
  MPRV: 1n << 17n,
  SUM: 1n << 18n,
  MXR: 1n << 19n,
  TVM: 1n << 20n,
  TW: 1n << 21n,
  TSR: 1n << 22n,
  SD: 1n << 63n,
} as const;

export const MSTATUS = SLOTS.get('mstatus');
const MPP_SHIFT = 11n;

/** UXL and SXL read as 2: XLEN is 64 in every mode. */
const UXL_64 = 2n << 32n;
const SXL_64 = 2n << 34n;

const { SIE, MIE, SPIE, MPIE, SPP, MPP, FS, MPRV, SUM, MXR, TVM, TW, TSR, SD } = STATUS;
const SSTATUS_MASK = SIE | SPIE | SPP | FS | SUM | MXR;
const MSTATUS_MASK = SSTATUS_MASK | MIE | MPIE | MPP | MPRV | TVM | TW | TSR;
/** Fields on which the verdict on an access depends. */
const TRANSLATION = MPRV | MPP | SUM | MXR;

/** Whether any of the fields is not zero. */
export const statusHas = (hart: Hart, fields: bigint): boolean => (hart.get(MSTATUS) & fields) !== 0n;

/** The mode in MPP. */
export const previousMode = (hart: Hart): number => Number((hart.get(MSTATUS) & MPP) >> MPP_SHIFT);
/** A mode in MPP's place. */
export const asMpp = (mode: number): bigint => BigInt(mode) << MPP_SHIFT;

/** SD summarises FS, VS and XS, of which only FS exists (Priv. spec 3.1.6.7). */
const withSummary = (status: bigint): bigint => ((status & FS) === FS ? status | SD : status);

function writeStatus(hart: Hart, mask: bigint, value: bigint): void {
  const old = hart.get(MSTATUS);
  let status = (old & ~mask) | (value & mask);
  // MPP is WARL and mode 2 does not exist: the field stays as it was.
  if ((status & MPP) === 2n << MPP_SHIFT) status = (status & ~MPP) | (old & MPP);
  hart.set(MSTATUS, status);
  hart.attention = true;
  if (((status ^ old) & TRANSLATION) !== 0n) hart.contextChanged();
}

const mstatus: Csr = {
  name: 'mstatus',
  read: (hart) => withSummary(hart.get(MSTATUS) | UXL_64 | SXL_64),
  write: (hart, value) => writeStatus(hart, MSTATUS_MASK, value),
};
const sstatus: Csr = {
  name: 'sstatus',
  read: (hart) => withSummary((hart.get(MSTATUS) & SSTATUS_MASK) | UXL_64),
  write: (hart, value) => writeStatus(hart, SSTATUS_MASK, value),
};

export const STATUS_CSRS = [mstatus, sstatus] as const;

/** mstatus or sstatus as software of that mode reads it. */
export const readStatus = (hart: Hart, mode: 'm' | 's'): bigint => (mode === 'm' ? mstatus : sstatus).read(hart);
