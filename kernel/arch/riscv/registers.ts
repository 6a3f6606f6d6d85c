/** Fields of sstatus and other registers as the kernel writes them (Priv. spec, chapter "Supervisor-Level ISA"). */
export const SSTATUS = {
  SIE: 1n << 1n,
  SPIE: 1n << 5n,
  SPP: 1n << 8n,
  FS: 3n << 13n,
  FS_CLEAN: 2n << 13n,
  FS_DIRTY: 3n << 13n,
  SUM: 1n << 18n,
} as const;

/** mstatus.MPP = S, which an MRET returns to. */
export const MSTATUS_MPP_S = 1n << 11n;

/** The supervisor's software and timer interrupts: their bits in sie and sip. */
export const SSI = 1n;
export const STI = 5n;

/** No timer: stimecmp at its largest. */
export const NEVER = 0xffff_ffff_ffff_ffffn;

/** satp.MODE of each paging scheme. */
export const SATP_MODES: Readonly<Record<string, bigint>> = { sv39: 8n, sv48: 9n, sv57: 10n };

/** A satp value. `root` is the root table's physical address. */
export function satp(mode: string, root: bigint, asid: number): bigint {
  const number = SATP_MODES[mode];
  if (number === undefined) throw new Error(`no paging scheme ${mode}`);
  return (number << 60n) | (BigInt(asid) << 44n) | (root >> 12n);
}
