// Interrupts of the generic timer through the GIC here and under qemu-system-aarch64: when they are taken, and from where.
import { type BareCase, compareWithQemu } from './bare-image.ts';

/** The GIC lets both timers' interrupts through. */
const GIC = `
  mov x9, #0x08000000
  mov x10, #1
  str w10, [x9]
  mov x10, #0x48000000
  str w10, [x9, #0x100]
  mov x9, #0x08010000
  mov x10, #0xff
  str w10, [x9, #4]
  mov x10, #1
  str w10, [x9]`;

/** Ends each case: nothing is enabled, pending or active. */
const GIC_OFF = `
  msr cntv_ctl_el0, xzr
  msr cntp_ctl_el0, xzr
  mov x9, #0x08000000
  mov x10, #0xffffffff
  str w10, [x9, #0x180]
  str w10, [x9, #0x280]
  str w10, [x9, #0x380]
  str wzr, [x9]
  mov x9, #0x08010000
  str wzr, [x9]`;

const one = (name: string, code: string, differs?: string): BareCase => ({ name, code: GIC + code + GIC_OFF, differs });

const FROM: readonly (readonly [string, string])[] = [
  ['EL0', '0x340'],
  ['EL1 with SP_EL0', '0x344'],
  ['EL1 with SP_EL1', '0x345'],
];

compareWithQemu('timer interrupts (Arm ARM D11.2.4)', [
  ...(['v', 'p'] as const).flatMap((timer) =>
    FROM.map(([from, spsr]) =>
      one(
        `the ${timer === 'v' ? 'virtual' : 'physical'} timer at ${from}`,
        `
  msr cnt${timer}_cval_el0, xzr
  mov x9, #1
  msr cnt${timer}_ctl_el0, x9
  # Out of a loop of one instruction, which the handler skips.
  mov x21, #4
  enter ${spsr}
2: b 2b
  leave
  mov x9, #7
  emit x9`,
      ),
    ),
  ),
]);

const state = (timer: string, value: string, text: string) =>
  one(
    `cnt${timer}_ctl ${value} with the condition ${text}`,
    `
  ldr x9, =${text === 'met' ? '0' : '0x7fffffffffffffff'}
  msr cnt${timer}_cval_el0, x9
  mov x9, #${value}
  msr cnt${timer}_ctl_el0, x9
  isb
  mrs x9, cnt${timer}_ctl_el0
  emit x9
  msr cnt${timer}_ctl_el0, xzr`,
  );

compareWithQemu('timer registers (D11.2.4)', [
  ...['v', 'p'].flatMap((timer) =>
    ['0', '1', '2', '3', '7', '4'].flatMap((value) => ['met', 'not met'].map((text) => state(timer, value, text))),
  ),
  ...['v', 'p'].flatMap((timer) =>
    ['0x10000000', '0x70000000', '0x90000000', '0xf0000000'].map((value) =>
      one(
        `cnt${timer}_tval ${value} is a signed distance from now`,
        `
  ldr x9, =${value}
  msr cnt${timer}_tval_el0, x9
  mrs x10, cnt${timer === 'v' ? 'vct' : 'pct'}_el0
  mrs x9, cnt${timer}_cval_el0
  sub x9, x9, x10
  # To within 2^24 ticks, which the bits above do not see.
  add x9, x9, #1 << 12, lsl #12
  lsr x9, x9, #27
  emit x9
  mrs x9, cnt${timer}_tval_el0
  add w9, w9, #1 << 12, lsl #12
  lsr x9, x9, #27
  emit x9`.replaceAll('#1 << 12, lsl #12', '#2048, lsl #12'),
      ),
    ),
  ),
  one(
    'ISR_EL1 shows an interrupt that is masked, and none once the timer is off',
    `
  emit_system isr_el1
  msr cntv_cval_el0, xzr
  mov x9, #1
  msr cntv_ctl_el0, x9
  isb
1: mrs x9, isr_el1
  cbz x9, 1b
  emit x9
  msr cntv_ctl_el0, xzr
  isb
1: mrs x9, isr_el1
  cbnz x9, 1b
  emit x9`,
  ),
  one(
    'WFI goes on by an interrupt that is masked',
    `
  mrs x9, cntvct_el0
  add x9, x9, #1000
  msr cntv_cval_el0, x9
  mov x9, #1
  msr cntv_ctl_el0, x9
  isb
1: wfi
  mrs x9, isr_el1
  cbz x9, 1b
  emit x9
  mrs x9, cntv_ctl_el0
  emit x9`,
  ),
  one(
    'an interrupt is taken when DAIFClr opens it',
    `
  msr cntv_cval_el0, xzr
  mov x9, #1
  msr cntv_ctl_el0, x9
  isb
1: mrs x9, isr_el1
  cbz x9, 1b
  msr daifclr, #2
  nop
  mov x9, #7
  emit x9
  msr daifset, #2`,
  ),
  one(
    'an interrupt is taken when MSR DAIF opens it',
    `
  msr cntv_cval_el0, xzr
  mov x9, #1
  msr cntv_ctl_el0, x9
  isb
1: mrs x9, isr_el1
  cbz x9, 1b
  mov x9, #0x340
  msr daif, x9
  nop
  mov x9, #7
  emit x9
  msr daifset, #2`,
  ),
  one(
    'an interrupt is taken when ERET opens it, at the instruction returned to',
    `
  msr cntv_cval_el0, xzr
  mov x9, #1
  msr cntv_ctl_el0, x9
  isb
1: mrs x9, isr_el1
  cbz x9, 1b
  enter 0x340
  nop
  leave
  mov x9, #7
  emit x9`,
  ),
  one(
    'an interrupt before a step: SPSR keeps SS',
    `
  msr cntv_cval_el0, xzr
  mov x9, #1
  msr cntv_ctl_el0, x9
  isb
1: mrs x9, isr_el1
  cbz x9, 1b
  mov x9, #1
  msr mdscr_el1, x9
  enter 0x200340
  nop
  leave`,
  ),
]);

/** Reads of the GIC, its own state alone. */
const gic = (name: string, code: string, differs?: string) =>
  one(name, `\n  mov x11, #0x08000000\n  mov x13, #0x08010000${code}`, differs);
const show = (base: string, offset: string) => `\n  ldr w9, [${base}, #${offset}]\n  emit x9`;
const SEND = (id: number) => `\n  ldr x9, =${0x0001_0000 + id}\n  str w9, [x11, #0xf00]`;

compareWithQemu('the interrupt controller (GICv2 4.3, 4.4)', [
  gic(
    'registers after reset',
    show('x11', '0x100') + show('x11', '0x200') + show('x11', '0x300') + show('x13', '0x18'),
  ),
  gic(
    'a software-generated interrupt: pending, acknowledged, active, ended',
    `${SEND(3)}${show('x11', '0x200')}${show('x13', '0x18')}${show('x13', '0xc')}${show('x11', '0x200')}${show('x11', '0x300')}${show('x13', '0x14')}${show('x13', '0xc')}
  mov x9, #3
  str w9, [x13, #0x10]${show('x11', '0x300')}${show('x13', '0x14')}`,
  ),
  gic(
    'the lower number first where priorities are the same',
    `${SEND(9)}${SEND(2)}${SEND(5)}${show('x13', '0xc')}${show('x13', '0xc')}
  mov x9, #2
  str w9, [x13, #0x10]${show('x13', '0xc')}
  mov x9, #5
  str w9, [x13, #0x10]${show('x13', '0xc')}
  mov x9, #9
  str w9, [x13, #0x10]${show('x13', '0xc')}`,
  ),
  gic(
    'priorities: the lower value first, and it preempts',
    `
  mov w9, #0x80
  strb w9, [x11, #0x402]
  mov w9, #0x40
  strb w9, [x11, #0x405]${show('x11', '0x400')}${show('x11', '0x404')}${SEND(2)}${show('x13', '0xc')}${show('x13', '0x14')}${SEND(5)}${show('x13', '0xc')}${show('x13', '0x14')}
  mov x9, #5
  str w9, [x13, #0x10]${show('x13', '0x14')}
  mov x9, #2
  str w9, [x13, #0x10]${show('x13', '0x14')}
  strb wzr, [x11, #0x402]
  strb wzr, [x11, #0x405]`,
  ),
  gic(
    'the priority mask holds back what is not below it',
    `
  mov w9, #0x80
  strb w9, [x11, #0x402]
  str w9, [x13, #4]${SEND(2)}${show('x13', '0xc')}
  mov w9, #0x90
  str w9, [x13, #4]${show('x13', '0xc')}
  mov x9, #2
  str w9, [x13, #0x10]
  strb wzr, [x11, #0x402]`,
  ),
  gic(
    'interrupts of the timers are pending while their level is up, enabled or not',
    `
  mov w9, #0x08000000
  str w9, [x11, #0x180]
  msr cntv_cval_el0, xzr
  mov x9, #1
  msr cntv_ctl_el0, x9
  isb
1: ldr w9, [x11, #0x200]
  cbz w9, 1b
  emit x9${show('x13', '0xc')}
  msr cntv_ctl_el0, xzr
  isb
1: ldr w9, [x11, #0x200]
  cbnz w9, 1b
  emit x9`,
  ),
]);
