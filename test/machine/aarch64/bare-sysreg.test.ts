// System registers here and under qemu-system-aarch64: who may read and write each, what is reported, and what they hold.
import { SYSTEM_REGISTER_NUMBERS, systemEncoding } from '../../../machine/aarch64/sysreg-names.ts';
import { type BareCase, compareWithQemu } from './bare-image.ts';

const generic = (name: string): string => {
  const { op0, op1, CRn, CRm, op2 } = systemEncoding(SYSTEM_REGISTER_NUMBERS.get(name)!);
  return `s${op0}_${op1}_c${CRn}_c${CRm}_${op2}`;
};

/** Writes that would carry the image off, or whose value the handlers live by. */
const NOT_WRITTEN = /^(sctlr|vbar|elr|spsr|sp_el0|ttbr|tcr|spsel|daif|cpacr|mdscr|cnt.*(ctl|cval|tval)|oslar|dbg)/;
/** External debug's registers, which QEMU lacks where it does not need them to boot Linux. */
const LACKING =
  /^(osdtr[rt]x_el1|oseccr_el1|dbgprcr_el1|dbgclaim(set|clr)_el1|dbgauthstatus_el1|dbgdtr(rx)?_el0) (?!.*_el1.* EL0)/;

/** Each register, at each level, read and written with what it held. */
const access: BareCase[] = [...SYSTEM_REGISTER_NUMBERS.keys()]
  .flatMap((name): BareCase[] => {
    const register = generic(name);
    const read = `mrs x9, ${register}`;
    return [
      { name: `${name} read at EL1`, code: `  ${read}\n  mov x9, #1\n  emit x9` },
      { name: `${name} read at EL0`, code: `  enter 0x3c0\n  ${read}\n  mov x9, #2\n  emit x9\n  leave` },
      {
        name: `${name} written at EL0`,
        code: `  mrs x10, tpidr_el0\n  enter 0x3c0\n  msr ${register}, x10\n  mov x9, #3\n  emit x9\n  leave`,
      },
      ...(NOT_WRITTEN.test(name)
        ? []
        : [
            {
              name: `${name} written at EL1`,
              code: `  mov x10, #0\n  mrs x10, ${register}\n  msr ${register}, x10\n  mov x9, #4\n  emit x9`,
            },
          ]),
    ];
  })
  .map((one) =>
    LACKING.test(one.name) && !/_el1.*EL0$/.test(one.name)
      ? { ...one, differs: 'D17.3 has it; QEMU does not and calls it UNDEFINED' }
      : one,
  );

compareWithQemu('access to every system register (Arm ARM D18.3)', access);

/** Registers that do not exist without EL2, EL3, PMU, RAS, SVE, MTE or LORegions, some not at all. */
const ABSENT = [
  ...['s3_4_c1_c0_0', 's3_5_c1_c0_0', 's3_4_c2_c0_0', 's3_4_c4_c0_1', 's3_4_c4_c1_0', 's3_4_c12_c0_0', 's3_6_c1_c0_0'],
  ...[
    's3_6_c4_c0_1',
    's3_6_c12_c0_0',
    's3_4_c14_c0_3',
    's3_4_c14_c1_0',
    's3_7_c14_c2_1',
    's3_0_c1_c0_5',
    's3_0_c1_c2_0',
  ],
  ...['s3_0_c2_c1_0', 's3_0_c4_c0_2', 's3_0_c4_c2_1', 's3_0_c4_c3_0', 's3_0_c5_c2_1', 's3_0_c6_c0_1', 's3_0_c7_c4_1'],
  ...[
    's3_0_c13_c0_0',
    's3_0_c13_c0_7',
    's3_3_c13_c0_0',
    's3_3_c13_c0_7',
    's3_3_c0_c0_0',
    's3_3_c0_c0_2',
    's3_3_c4_c2_7',
  ],
  ...['s3_1_c0_c0_2', 's3_1_c0_c0_4', 's3_2_c0_c0_1', 's2_0_c0_c15_3', 's2_0_c0_c0_0', 's2_1_c0_c0_0', 's2_3_c0_c7_0'],
  ...['s3_0_c0_c0_1', 's3_0_c0_c0_7', 's3_0_c3_c0_0', 's3_7_c0_c0_0', 's3_2_c1_c0_0', 's3_3_c14_c0_5', 's3_3_c4_c4_2'],
];
compareWithQemu(
  'what does not exist is UNDEFINED',
  ABSENT.flatMap((register) => [
    { name: `${register} read at EL1`, code: `  mrs x9, ${register}\n  mov x9, #1\n  emit x9` },
    { name: `${register} written at EL1`, code: `  msr ${register}, xzr\n  mov x9, #1\n  emit x9` },
    { name: `${register} read at EL0`, code: `  enter 0x3c0\n  mrs x9, ${register}\n  mov x9, #1\n  emit x9\n  leave` },
  ]),
);

compareWithQemu(
  'the identification space reads as zero where nothing is allocated',
  [0, 1, 2, 3, 4, 5, 6, 7].flatMap((op2) =>
    [1, 2, 3, 4, 5, 6, 7].map((CRm) => ({
      name: `s3_0_c0_c${CRm}_${op2} read at EL1 and EL0, written`,
      code: `
  mrs x9, s3_0_c0_c${CRm}_${op2}
  msr s3_0_c0_c${CRm}_${op2}, x9
  enter 0x3c0
  mrs x9, s3_0_c0_c${CRm}_${op2}
  leave`,
    })),
  ),
);

/** What a register holds after ones and zeros were written to it; `mask`: the bits that both processors have. */
const holds = (name: string, mask = -1n, differs?: string): BareCase => ({
  name: `${name} holds bits ${BigInt.asUintN(64, mask).toString(16)}`,
  code: `
  ldr x11, =0x${BigInt.asUintN(64, mask).toString(16)}
  .irp value, -1, 0, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa
  ldr x9, =\\value
  and x9, x9, x11
  msr ${name}, x9
  mrs x10, ${name}
  and x10, x10, x11
  emit x10
  .endr`,
  differs,
});
compareWithQemu('what registers hold', [
  holds('far_el1'),
  holds('esr_el1', 0xffff_ffffn),
  holds('elr_el1'),
  holds('spsr_el1', 0xf070_03dfn),
  holds('tpidr_el0'),
  holds('tpidr_el1'),
  holds('tpidrro_el0'),
  holds('contextidr_el1', 0xffff_ffffn),
  holds('ttbr0_el1', ~1n),
  holds('ttbr1_el1', ~1n),
  holds('tcr_el1', 0x77_ffff_ffbfn),
  holds('mair_el1'),
  holds('amair_el1'),
  holds('afsr0_el1'),
  holds('afsr1_el1'),
  holds('cpacr_el1', 3n << 20n),
  holds('cntkctl_el1', 0x3ffn),
  holds('csselr_el1', 0xfn),
  holds('fpcr', 0x07c0_0000n | 0x9f00n),
  holds('fpsr', 0x0800_009fn | 0x60n),
  holds('nzcv'),
  holds('pan'),
  holds('sp_el0'),
  holds('cntv_cval_el0'),
  holds('cntp_cval_el0'),
  holds('dbgbvr0_el1', 0x1_ffff_ffff_fffcn),
  holds('osdlr_el1', 1n, 'ID_AA64DFR0_EL1.DoubleLock is 0b1111: RAZ/WI (D17.3)'),
  {
    name: 'daif',
    code: '  .irp v, 0x3c0, 0x140, 0x280, 0x3c0\n  mov x9, #\\v\n  msr daif, x9\n  mrs x9, daif\n  emit x9\n  .endr',
  },
  {
    name: 'OSLAR_EL1 shows in OSLSR_EL1',
    code: '  .irp v, 1, 2, 3, 0\n  mov x9, #\\v\n  msr oslar_el1, x9\n  mrs x9, oslsr_el1\n  emit x9\n  .endr',
  },
  { name: 'CurrentEL, SPSel', code: '  emit_system currentel\n  emit_system spsel\n  emit_system mpidr_el1' },
  {
    name: 'SP_EL0 is the other stack pointer while SPSel is 1, and UNDEFINED while it is 0 (C5.2.23)',
    code: `
  mrs x9, sp_el0
  msr spsel, #0
  mov x10, sp
  sub x11, x10, x9
  emit x11
  mrs x9, sp_el0
  msr sp_el0, x9
  add sp, sp, #16
  msr spsel, #1
  mov x11, sp
  ldr x9, =stack_top
  sub x9, x9, x11
  emit x9
  mrs x9, sp_el0
  sub x9, x9, x10
  emit x9`,
  },
]);

/** Bits of SCTLR_EL1 and CNTKCTL_EL1 that open something to EL0. */
const open = (name: string, sctlr: string, cntkctl: string, instruction: string, differs?: string): BareCase => ({
  name: `${instruction} with ${name}`,
  code: `
  mrs x9, sctlr_el1
  ldr x10, =${sctlr}
  orr x9, x9, x10
  msr sctlr_el1, x9
  mov x9, #${cntkctl}
  msr cntkctl_el1, x9
  isb
  ldr x11, =data
  enter 0x3c0
  ${instruction}
  mov x9, #1
  emit x9
  leave`,
  differs,
});
const USER = [
  'dc zva, x11',
  'dc cvac, x11',
  'dc cvau, x11',
  'dc civac, x11',
  'ic ivau, x11',
  'mrs x9, ctr_el0',
  'mrs x9, dczid_el0\\n  emit x9',
  'mrs x9, daif\\n  emit x9',
  'msr daif, x9',
  'msr daifset, #2',
  'msr daifclr, #1',
  'mrs x9, cntfrq_el0',
  'mrs x9, cntvct_el0',
  'mrs x9, cntpct_el0',
  'mrs x9, cntv_ctl_el0',
  'mrs x9, cntp_ctl_el0',
  'msr cntv_cval_el0, x11',
  'msr cntp_cval_el0, x11',
  'msr cntv_tval_el0, x11',
  'msr cntp_tval_el0, x11',
  'msr spsel, #1',
  'msr pan, #1',
  'dc ivac, x11',
  'dc isw, x11',
  'ic iallu',
  'ic ialluis',
  'at s1e0r, x11',
  'tlbi vmalle1',
  'tlbi vae1is, x11',
  'sys #0, c7, c9, #1, x11',
  'sys #3, c7, c3, #4, x11',
  'sysl x9, #3, c7, c4, #1',
  'hvc #0',
  'smc #0',
  'hlt #1',
  'eret',
  'drps',
  'dcps1',
  'wfe',
].map((text) => text.replaceAll('\\n', '\n'));
const OPENINGS: readonly (readonly [string, string, string])[] = [
  ['nothing open', '0', '0'],
  ['UMA', '1 << 9', '0'],
  ['DZE', '1 << 14', '0'],
  ['UCT', '1 << 15', '0'],
  ['UCI', '1 << 26', '0'],
  ['EL0PCTEN', '0', '1'],
  ['EL0VCTEN', '0', '2'],
  ['EL0VTEN', '0', '0x100'],
  ['EL0PTEN', '0', '0x200'],
];
const SWAPPED = 'D17.2.37: Op1 and Op2 are those of the instruction; QEMU reports one in place of the other';
const DEVICE = 'C6.2 "DC ZVA": an alignment fault on Device memory, which all data is with the MMU off (D8.2.9)';
const why = (name: string, text: string): string | undefined => {
  if (text.startsWith('msr daif') && text.includes('#') && name !== 'UMA') return SWAPPED;
  return name === 'DZE' && text.startsWith('dc zva') ? DEVICE : undefined;
};
compareWithQemu(
  'what SCTLR_EL1 and CNTKCTL_EL1 open to EL0',
  OPENINGS.flatMap(([name, sctlr, cntkctl]) => USER.map((text) => open(name, sctlr, cntkctl, text, why(name, text)))),
);

compareWithQemu('floating point by CPACR_EL1.FPEN (D17.2.33)', [
  ...[0, 1, 2, 3].flatMap((fpen) =>
    ['fmov d0, d1', 'mrs x9, fpcr', 'msr fpsr, x9', 'ldr d0, [x11]', 'add v0.4s, v1.4s, v2.4s'].map((text) => ({
      name: `FPEN ${fpen}: ${text}`,
      code: `
  mov x9, #${fpen} << 20
  msr cpacr_el1, x9
  isb
  ldr x11, =data
  ${text}
  enter 0x3c0
  ${text}
  leave
  mov x9, #1
  emit x9`,
    })),
  ),
]);
