/** Control registers, MSRs and flags as the kernel writes them (SDM vol. 3A, 2.3, 2.5 and 2.2.1). */
export const CR0 = {
  PE: 1n << 0n,
  MP: 1n << 1n,
  ET: 1n << 4n,
  NE: 1n << 5n,
  WP: 1n << 16n,
  AM: 1n << 18n,
  PG: 1n << 31n,
} as const;

export const CR4 = {
  PAE: 1n << 5n,
  PGE: 1n << 7n,
  OSFXSR: 1n << 9n,
  OSXMMEXCPT: 1n << 10n,
  LA57: 1n << 12n,
  FSGSBASE: 1n << 16n,
  PCIDE: 1n << 17n,
  OSXSAVE: 1n << 18n,
  SMEP: 1n << 20n,
  SMAP: 1n << 21n,
  PKE: 1n << 22n,
} as const;

export const EFER = { SCE: 1n << 0n, LME: 1n << 8n, NXE: 1n << 11n } as const;

export const RFLAGS = {
  FIXED: 1n << 1n,
  TF: 1n << 8n,
  IF: 1n << 9n,
  DF: 1n << 10n,
  IOPL: 3n << 12n,
  NT: 1n << 14n,
  RF: 1n << 16n,
  AC: 1n << 18n,
  ID: 1n << 21n,
} as const;

/** What user code may have set in its flags: the status flags and DF, TF, NT, RF, AC and ID. */
export const USER_RFLAGS = 0x8d5n | RFLAGS.DF | RFLAGS.TF | RFLAGS.NT | RFLAGS.RF | RFLAGS.AC | RFLAGS.ID;

/** State that XSAVE keeps: x87 and SSE. */
export const XCR0_X87_SSE = 3n;

/** A CR3 value (SDM vol. 3A, table 4-13). `root` is the root table's physical address; nothing is invalidated. */
export const cr3 = (root: bigint, pcid: number): bigint => root | BigInt(pcid) | (1n << 63n);

/** Highest PCID. */
export const MAX_PCID = 0xfff;

/** Vectors of the kernel's own: the local APIC's timer, another hart, and interrupts that are none. */
export const TIMER_VECTOR = 0xec;
export const IPI_VECTOR = 0xfd;
export const SPURIOUS_VECTOR = 0xff;

/** Where SYSCALL enters the gate: between the vectors 0 and 1, which are 8 bytes apart. */
export const SYSCALL_OFFSET = 4;

/** What the kernel's entry notes in place of a vector for SYSCALL, which has none. */
export const SYSTEM_CALL = 0x100;

/** Selectors in the kernel's GDT, in the order that SYSCALL and SYSRET ask for. */
export const SELECTOR = {
  kernelCode: 0x10n,
  kernelData: 0x18n,
  /** SYSRET takes user data from 8 and user code from 16 above this. */
  sysret: 0x20n,
  userData: 0x2bn,
  userCode: 0x33n,
  tss: 0x40n,
} as const;
