// Exceptions here and under qemu-system-aarch64: which is taken, what it reports, how it is returned from.
import { type BareCase, compareWithQemu } from './bare-image.ts';

/** States that an exception can come from, by SPSR. */
const STATES: readonly (readonly [string, string])[] = [
  ['EL0', '0x3c0'],
  ['EL1 with SP_EL0', '0x3c4'],
  ['EL1 with SP_EL1', '0x3c5'],
  ['EL0, NZCV and PAN set, nothing masked', '0xf0400000'],
  ['EL1, NZCV alternating, D and I masked', '0xa0000285'],
];

const INSTRUCTIONS: readonly string[] = [
  'svc #0',
  'svc #0xffff',
  'brk #0',
  'brk #0xabcd',
  'hlt #0',
  'hlt #0x1234',
  'smc #0',
  'udf #0',
  'udf #0xffff',
  '.inst 0xd4a00001 // dcps1',
  '.inst 0x00010000',
  '.inst 0xffffffff',
  '.inst 0xd503351f // a barrier that is not allocated',
  '.inst 0xd61f081f // braaz, FEAT_PAuth',
  'drps',
];

const exceptions: BareCase[] = STATES.flatMap(([from, spsr]) =>
  INSTRUCTIONS.map((text) => ({
    name: `${text} from ${from}`,
    code: `  enter ${spsr}\n  ${text}\n  mrs x9, nzcv\n  emit x9\n  leave\n  emit_system daif\n  emit_system pan`,
  })),
);
compareWithQemu('exception entry and return (Arm ARM D1.3)', exceptions);

/** HVC is the firmware's call: what is not known is not supported. */
compareWithQemu('PSCI by HVC', [
  ...[
    ['PSCI_VERSION', '0x84000000', '0'],
    ['MIGRATE_INFO_TYPE', '0x84000006', '0'],
    ['AFFINITY_INFO of this hart', '0xc4000004', '0'],
    ['AFFINITY_INFO of no hart', '0xc4000004', '77'],
    ['CPU_ON of this hart', '0xc4000003', '0'],
    ['CPU_ON of no hart', '0xc4000003', '77'],
    ['PSCI_FEATURES of CPU_ON', '0x8400000a', '0xc4000003'],
    ['PSCI_FEATURES of SYSTEM_OFF', '0x8400000a', '0x84000008'],
    ['PSCI_FEATURES of what is not there', '0x8400000a', '0x84000042'],
    ['an unknown function', '0x84000042', '0'],
    ['another', '0x12345', '0'],
    ['another of 64 bits', '0xc4000042', '0'],
  ].map(([name, function_, argument]) => ({
    name,
    code: `  ldr x0, =${function_}\n  ldr x1, =${argument}\n  mov x2, #0\n  mov x3, #0\n  hvc #0\n  emit x0\n  emit x1`,
  })),
]);

/** Every value of M, with and without flags: legal returns and illegal ones. QEMU's processor has AArch32 at EL0, 16. */
const MODES = Array.from({ length: 32 }, (_, M) => M).filter((M) => M !== 16);
const returns: BareCase[] = MODES.flatMap((M): BareCase[] =>
  [0x3c0, 0xf04003c0, 0x500002c0].map((rest) => ({
    name: `ERET with SPSR ${(rest + M).toString(16)}`,
    code: `
  ldr x24, =${rest + M}
  msr spsr_el1, x24
  adr x24, 1f
  msr elr_el1, x24
  eret
1:
  mrs x9, nzcv
  emit x9
  leave
  emit_system daif
  emit_system pan
  emit_system spsel`,
    differs:
      (rest & (1 << 22)) !== 0 && ![0, 4, 5].includes(M)
        ? 'J1.1.2, SetPSTATEFromSPSR: PAN is reinstated by an illegal return too; QEMU leaves it'
        : undefined,
  })),
);
compareWithQemu('ERET and illegal returns (D1.3.4)', returns);

compareWithQemu('illegal execution state, and what comes before it', [
  ...['0x1003c0', '0x1003c4', '0x1003c5', '0xf01003c5'].map((spsr) => ({
    name: `PSTATE.IL from SPSR ${spsr}`,
    code: `  enter ${spsr}\n  nop\n  mrs x9, nzcv\n  emit x9\n  leave`,
  })),
  {
    name: 'an undefined instruction in illegal state is reported as illegal state first',
    code: '  enter 0x1003c5\n  udf #0\n  leave',
  },
  {
    name: 'a misaligned pc in illegal state is reported as misaligned first',
    code: `
  adr x23, 1f
  mov x24, #0x3c5
  orr x24, x24, #1 << 20
  msr spsr_el1, x24
  adr x24, 1f
  add x24, x24, #2
  msr elr_el1, x24
  eret
1: nop
  leave`,
  },
  {
    name: 'SVC in illegal state',
    code: '  enter 0x1003c0\n  svc #3\n  leave',
  },
]);

/** States and bits of SCTLR_EL1, and whether the stack pointer's alignment is checked. */
const SP_CHECKS = [
  ['0x3c0', 1 << 3, 'EL0 with SA alone', false],
  ['0x3c0', 1 << 4, 'EL0 with SA0 alone', true],
  ['0x3c4', 1 << 3, 'EL1 with SA alone, SP_EL0', true],
  ['0x3c4', 1 << 4, 'EL1 with SA0 alone, SP_EL0', false],
  ['0x3c5', 1 << 3, 'EL1 with SA alone, SP_EL1', true],
  ['0x3c5', 0, 'EL1 with neither', false],
] as const;
/** Uses of the stack pointer, and whether it is the base of a memory access. */
const SP_USES = [
  ['ldr x9, [sp]', true],
  ['str xzr, [sp, #-8]', true],
  ['ldrb w9, [sp, #1]', true],
  ['prfm pldl1keep, [sp]', false],
  ['add x9, sp, #1', false],
] as const;

compareWithQemu('PC and SP alignment (D1.3.5)', [
  ...[1, 2, 3].flatMap((offset) =>
    ['0x3c0', '0x3c5'].map((spsr) => ({
      name: `branch to a pc with low bits ${offset}, SPSR ${spsr}`,
      code: `  adr x23, 1f\n  enter ${spsr}\n  adr x9, 1f\n  add x9, x9, #${offset}\n  br x9\n1: leave`,
    })),
  ),
  ...[1, 2, 3].map((offset) => ({
    name: `branch to a pc with low bits ${offset}, in an instruction that has run before`,
    code: `  adr x23, 2f\n  adr x9, 1f\n1: add x9, x9, #${offset}\n  br x9\n2: emit x9`,
  })),
  ...SP_CHECKS.flatMap(([spsr, bits, name, checked]) =>
    SP_USES.map(([text, memory]) => ({
      name: `${text}, ${name}`,
      code: `
  mrs x9, sctlr_el1
  bic x9, x9, #0x18
  ${bits === 0 ? '' : `orr x9, x9, #${bits}`}
  msr sctlr_el1, x9
  isb
  enter ${spsr}
  add sp, sp, #8
  ${text}
  sub sp, sp, #8
  leave
  mov x9, #1
  emit x9`,
      differs:
        checked && memory ? 'D1.3.10.2: the stack pointer of a memory access is checked; QEMU does not' : undefined,
    })),
  ),
]);

compareWithQemu('PSTATE.PAN at exception entry by SCTLR_EL1.SPAN (D8.4.3.3)', [
  ...['0', '1 << 23'].flatMap((span) =>
    ['0x3c0', '0x4003c0', '0x3c5', '0x4003c5'].map((spsr) => ({
      name: `SPAN ${span}, SPSR ${spsr}`,
      code: `
  mrs x9, sctlr_el1
  bic x9, x9, #1 << 23
  ${span === '0' ? '' : `orr x9, x9, #${span}`}
  msr sctlr_el1, x9
  isb
  adr x9, 2f
  msr vbar_el1, x9
  enter ${spsr}
  svc #9
1: leave
  b 3f
  .balign 2048
2: .fill 128, 4, 0xd503201f
  mrs x9, pan
  emit x9
  emit_system spsr_el1
  msr pan, #0
  mrs x10, spsr_el1
  emit_system daif
  adr x9, vectors
  msr vbar_el1, x9
  eret
  .balign 512
  mrs x9, pan
  emit x9
  emit_system spsr_el1
  emit_system daif
  adr x9, vectors
  msr vbar_el1, x9
  eret
3:`,
    })),
  ),
]);

/** Software step: MDSCR_EL1.SS and KDE, and what PSTATE.SS and D do to them. x22 counts further steps. */
const step = (name: string, mdscr: string, spsr: string, code: string, differs?: string, count = 3): BareCase => ({
  name: `${name}, MDSCR ${mdscr}, SPSR ${spsr}`,
  code: `
  mov x22, #${count}
  mov x9, #(${mdscr}) & 0xffff
  msr mdscr_el1, x9
  isb
  ldr x11, =data
  enter ${spsr}
  ${code}
  leave
  emit_system mdscr_el1`,
  differs,
});
const STEPPED: readonly (readonly [string, string])[] = [
  ['plain instructions', 'mov x9, #1\n  mov x9, #2\n  nop\n  nop\n  nop'],
  ['a branch', 'b 1f\n  nop\n1: nop\n  nop\n  nop'],
  ['SVC', 'nop\n  svc #1\n  nop\n  nop'],
  ['BRK', 'nop\n  brk #1\n  nop\n  nop'],
  ['an undefined instruction', 'nop\n  udf #0\n  nop\n  nop'],
  ['a load that faults', 'mov x9, #0x7000000000000000\n  ldr x9, [x9]\n  nop\n  nop'],
  ['load- and store-exclusive', 'ldxr x9, [x11]\n  stxr w10, x9, [x11]\n  ldaxp x9, x10, [x11]\n  clrex\n  nop'],
  ['HVC', 'mov x0, #0x84000000\n  hvc #0\n  nop\n  nop'],
  ['MSR DAIFSet', 'nop\n  msr daifset, #8\n  nop\n  nop'],
  ['WFE', 'nop\n  sevl\n  wfe\n  nop\n  nop'],
];
/** Where stepping differs, why. */
function whyStep(name: string, mdscr: string, spsr: string): string | undefined {
  if (name !== 'MSR DAIFSet') return undefined;
  if (spsr.endsWith('c0'))
    return 'D17.2.37: Op1 and Op2 are those of the instruction; QEMU reports one in place of the other';
  // Stepping is on and D was clear before.
  const steps = mdscr !== '1' && !spsr.endsWith('3c5');
  return steps
    ? 'J1.1.2, CheckSoftwareStep: masked by D, the exception is not taken; QEMU asks before the instruction'
    : undefined;
}

compareWithQemu('software step (D2.12)', [
  ...STEPPED.flatMap(([name, code]) =>
    [
      ['1', '0x2003c0'],
      ['1', '0x3c0'],
      ['0', '0x2003c0'],
      ['1 | 1 << 13', '0x2001c5'],
      ['1 | 1 << 13', '0x1c5'],
      ['1 | 1 << 13', '0x2003c5'],
      ['1', '0x2001c5'],
      ['1 | 1 << 13', '0x2001c4'],
    ].map(([mdscr, spsr]) => step(name, mdscr, spsr, code, whyStep(name, mdscr, spsr))),
  ),
  {
    name: 'the OS lock holds software step back',
    code: `
  mov x9, #1
  msr mdscr_el1, x9
  msr oslar_el1, x9
  isb
  enter 0x2003c0
  nop
  nop
  leave
  msr oslar_el1, xzr
  mov x9, #7
  emit x9`,
    differs: 'J1.1.2, GenerateDebugExceptionsFrom: none while OSLSR_EL1.OSLK is 1; QEMU looks at another bit',
  },
  {
    name: 'stepping begins at EL1 when D is cleared',
    code: `
  mov x9, #1
  movk x9, #0x2001
  msr mdscr_el1, x9
  isb
  nop
  msr daifclr, #8
  nop
  nop
  msr daifset, #8
  mov x9, #7
  emit x9`,
  },
  {
    name: 'a step and an illegal state: the step first',
    code: '  mov x9, #1\n  msr mdscr_el1, x9\n  isb\n  enter 0x1003c0\n  nop\n  leave',
  },
]);
