/** Fields of the system registers as the kernel writes and reads them (Arm ARM D17.2). */
export const SCTLR = {
  M: 1n << 0n,
  C: 1n << 2n,
  SA: 1n << 3n,
  SA0: 1n << 4n,
  I: 1n << 12n,
  DZE: 1n << 14n,
  UCT: 1n << 15n,
  NTWI: 1n << 16n,
  NTWE: 1n << 18n,
  UCI: 1n << 26n,
  /** LSMAOE, nTLSMD, EIS, TSCXT, EOS, SED and ITD: one where what they control does not exist. */
  RES1: (1n << 29n) | (1n << 28n) | (1n << 22n) | (1n << 20n) | (1n << 11n) | (1n << 8n) | (1n << 7n),
} as const;

/** TCR_EL1, but for T0SZ (bit 0) and T1SZ (bit 16). */
export const TCR = {
  /** Tables in write-back memory, inner shareable: IRGN, ORGN and SH of both halves. */
  IRGN0: 1n << 8n,
  ORGN0: 1n << 10n,
  SH0: 3n << 12n,
  IRGN1: 1n << 24n,
  ORGN1: 1n << 26n,
  SH1: 3n << 28n,
  /** 4 KiB granules: TG0 is then 0, TG1 is not. */
  TG1_4K: 2n << 30n,
  /** 40 bits of physical address. */
  IPS_40: 2n << 32n,
  /** ASIDs of 16 bits, from TTBR0. */
  AS: 1n << 36n,
  /** The top byte of a user's address is ignored, as Linux has it. */
  TBI0: 1n << 37n,
  HA: 1n << 39n,
  HD: 1n << 40n,
} as const;

/** MAIR_EL1: attribute 0 is ordinary write-back memory, attribute 1 Device-nGnRE. */
export const MAIR = 0x04ffn;

/** CPACR_EL1.FPEN: nobody's use of SIMD and floating point traps. */
export const CPACR_FPEN = 3n << 20n;

/** CNTKCTL_EL1.EL0VCTEN: user mode may read the virtual counter. */
export const CNTKCTL_EL0VCTEN = 1n << 1n;

/** CNTV_CTL_EL0. */
export const CNTV = { ENABLE: 1n << 0n, ISTATUS: 1n << 2n } as const;

/** SPSR_EL1 and PSTATE: the condition flags, PAN, and the exception level with its stack pointer, which is 0 for EL0. */
export const SPSR = { NZCV: 0xfn << 28n, PAN: 1n << 22n, M: 0xfn, M_EL1H: 5n } as const;

/** The line by which one hart interrupts another, in the place of an interrupt controller's. */
export const IPI_LINE = 0;

/** A TTBR0_EL1 value. `root` is the root table's physical address. */
export const ttbr0 = (root: bigint, asid: number): bigint => (BigInt(asid) << 48n) | root;
