/** The fields that number a system register or a SYS operation in its instruction. */
export interface SystemEncoding {
  readonly op0: number;
  readonly op1: number;
  readonly CRn: number;
  readonly CRm: number;
  readonly op2: number;
}

/** A register's number: op0:op1:CRn:CRm:op2, of 2, 3, 4, 4 and 3 bits. */
export const systemKey = ({ op0, op1, CRn, CRm, op2 }: SystemEncoding): number =>
  (op0 << 14) | (op1 << 11) | (CRn << 7) | (CRm << 3) | op2;

/** The fields of such a number. */
export const systemEncoding = (key: number): SystemEncoding => ({
  op0: key >> 14,
  op1: (key >> 11) & 7,
  CRn: (key >> 7) & 15,
  CRm: (key >> 3) & 15,
  op2: key & 7,
});

const key = (op0: number, op1: number, CRn: number, CRm: number, op2: number) => systemKey({ op0, op1, CRn, CRm, op2 });

/** Registers that differ in op2 alone, from 0 on; '' where none is. */
const row = (names: string, op0: number, op1: number, CRn: number, CRm: number): [string, number][] =>
  names
    .split(' ')
    .map((name, op2): [string, number] => [name, key(op0, op1, CRn, CRm, op2)])
    .filter(([name]) => name !== '-');

/** Numbers of the system registers of this machine (Arm ARM D18.3), by name in lower case. */
export const SYSTEM_REGISTER_NUMBERS: ReadonlyMap<string, number> = new Map<string, number>([
  // Debug
  ...row('- - osdtrrx_el1 - dbgbvr0_el1 dbgbcr0_el1 dbgwvr0_el1 dbgwcr0_el1', 2, 0, 0, 0),
  ...row('- - - - dbgbvr1_el1 dbgbcr1_el1 dbgwvr1_el1 dbgwcr1_el1', 2, 0, 0, 1),
  ...row('mdccint_el1 - mdscr_el1', 2, 0, 0, 2),
  ['osdtrtx_el1', key(2, 0, 0, 3, 2)],
  ['oseccr_el1', key(2, 0, 0, 6, 2)],
  ...row('mdrar_el1 - - - oslar_el1', 2, 0, 1, 0),
  ['oslsr_el1', key(2, 0, 1, 1, 4)],
  ['osdlr_el1', key(2, 0, 1, 3, 4)],
  ['dbgprcr_el1', key(2, 0, 1, 4, 4)],
  ['dbgclaimset_el1', key(2, 0, 7, 8, 6)],
  ['dbgclaimclr_el1', key(2, 0, 7, 9, 6)],
  ['dbgauthstatus_el1', key(2, 0, 7, 14, 6)],
  ['mdccsr_el0', key(2, 3, 0, 1, 0)],
  ['dbgdtr_el0', key(2, 3, 0, 4, 0)],
  ['dbgdtrrx_el0', key(2, 3, 0, 5, 0)],

  // Identification
  ...row('midr_el1 - - - - mpidr_el1 revidr_el1', 3, 0, 0, 0),
  ...row(
    'id_pfr0_el1 id_pfr1_el1 id_dfr0_el1 id_afr0_el1 id_mmfr0_el1 id_mmfr1_el1 id_mmfr2_el1 id_mmfr3_el1',
    3,
    0,
    0,
    1,
  ),
  ...row(
    'id_isar0_el1 id_isar1_el1 id_isar2_el1 id_isar3_el1 id_isar4_el1 id_isar5_el1 id_mmfr4_el1 id_isar6_el1',
    3,
    0,
    0,
    2,
  ),
  ...row('mvfr0_el1 mvfr1_el1 mvfr2_el1 - id_pfr2_el1 id_dfr1_el1 id_mmfr5_el1', 3, 0, 0, 3),
  ...row('id_aa64pfr0_el1 id_aa64pfr1_el1 - - id_aa64zfr0_el1 id_aa64smfr0_el1', 3, 0, 0, 4),
  ...row('id_aa64dfr0_el1 id_aa64dfr1_el1 - - id_aa64afr0_el1 id_aa64afr1_el1', 3, 0, 0, 5),
  ...row('id_aa64isar0_el1 id_aa64isar1_el1 id_aa64isar2_el1', 3, 0, 0, 6),
  ...row('id_aa64mmfr0_el1 id_aa64mmfr1_el1 id_aa64mmfr2_el1', 3, 0, 0, 7),
  ...row('ccsidr_el1 clidr_el1 - - - - - aidr_el1', 3, 1, 0, 0),
  ['csselr_el1', key(3, 2, 0, 0, 0)],
  ...row('- ctr_el0 - - - - - dczid_el0', 3, 3, 0, 0),

  // Control, translation and exceptions
  ...row('sctlr_el1 actlr_el1 cpacr_el1', 3, 0, 1, 0),
  ...row('ttbr0_el1 ttbr1_el1 tcr_el1', 3, 0, 2, 0),
  ...row('spsr_el1 elr_el1', 3, 0, 4, 0),
  ['sp_el0', key(3, 0, 4, 1, 0)],
  ...row('spsel - currentel pan', 3, 0, 4, 2),
  ...row('afsr0_el1 afsr1_el1', 3, 0, 5, 1),
  ['esr_el1', key(3, 0, 5, 2, 0)],
  ['far_el1', key(3, 0, 6, 0, 0)],
  ['par_el1', key(3, 0, 7, 4, 0)],
  ['mair_el1', key(3, 0, 10, 2, 0)],
  ['amair_el1', key(3, 0, 10, 3, 0)],
  ...row('vbar_el1 rvbar_el1', 3, 0, 12, 0),
  ['isr_el1', key(3, 0, 12, 1, 0)],
  ...row('- contextidr_el1 - - tpidr_el1', 3, 0, 13, 0),
  ...row('nzcv daif', 3, 3, 4, 2),
  ...row('fpcr fpsr', 3, 3, 4, 4),
  ...row('- - tpidr_el0 tpidrro_el0', 3, 3, 13, 0),

  // Generic timer
  ['cntkctl_el1', key(3, 0, 14, 1, 0)],
  ...row('cntfrq_el0 cntpct_el0 cntvct_el0', 3, 3, 14, 0),
  ...row('cntp_tval_el0 cntp_ctl_el0 cntp_cval_el0', 3, 3, 14, 2),
  ...row('cntv_tval_el0 cntv_ctl_el0 cntv_cval_el0', 3, 3, 14, 3),
]);

/** Names of this machine's system registers by number; others have none. */
export const SYSTEM_REGISTER_NAMES: ReadonlyMap<number, string> = new Map(
  [...SYSTEM_REGISTER_NUMBERS].map(([name, number]) => [number, name]),
);
