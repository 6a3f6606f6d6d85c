import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { type BareCase, type BareTarget, compareBare } from '../bare-comparison.ts';

export type { BareCase };

/**
 * x28 says where the next result goes. x24 to x27 belong to the handlers. After a fetch that failed they go on at x23.
 * After an interrupt they skip x21 bytes. x22 counts the instructions that a step exception still steps. `leave` is SVC #0x77, at EL1 too.
 */
const PRELUDE = `
  .macro emit reg
    str \\reg, [x28], #8
  .endm
  .macro emit_system name
    mrs x24, \\name
    emit x24
  .endm
  .macro enter spsr
    mov x24, #(\\spsr) & 0xffff
    movk x24, #(\\spsr) >> 16, lsl #16
    msr spsr_el1, x24
    adr x24, 7f
    msr elr_el1, x24
    eret
  7:
  .endm
  .macro leave
    svc #0x77
  .endm
  .macro vector offset
    .balign 128
    mov x27, #\\offset
    b trap
  .endm
  .text
  .globl _start
_start:
  mrs x0, mpidr_el1
  and x0, x0, #0xff
  cbnz x0, park
  ldr x28, =results
  ldr x0, =stack_top
  mov sp, x0
  b cases
park:
  wfi
  b park

  .balign 2048
vectors:
  .irp offset, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
  vector \\offset
  .endr

trap:
  tbnz x27, #7, interrupt
  mrs x24, esr_el1
  ldr w25, =0x56000077
  cmp w24, w25
  b.eq leaving
  emit x27
  emit x24
  emit_system elr_el1
  emit_system spsr_el1
  emit_system far_el1
  mrs x26, elr_el1
  mrs x24, esr_el1
  lsr x24, x24, #26
  # A fetch that failed, or a pc that is not aligned, goes back to x23.
  mov x25, x23
  cmp x24, #0x20
  b.eq 1f
  cmp x24, #0x21
  b.eq 1f
  cmp x24, #0x22
  b.eq 1f
  # SVC is behind itself already.
  mov x25, x26
  cmp x24, #0x15
  b.eq 1f
  # Illegal state is left at the same instruction.
  cmp x24, #0x0e
  b.eq 2f
  cmp x24, #0x32
  b.eq 3f
  cmp x24, #0x33
  b.eq 3f
  add x25, x26, #4
1: msr elr_el1, x25
  eret
2: mrs x24, spsr_el1
  bic x24, x24, #1 << 20
  msr spsr_el1, x24
  eret
3: cbz x22, 4f
  sub x22, x22, #1
  mrs x24, spsr_el1
  orr x24, x24, #1 << 21
  msr spsr_el1, x24
  eret
4: mrs x24, mdscr_el1
  bic x24, x24, #1
  msr mdscr_el1, x24
  eret
leaving:
  mov x24, #0x3c5
  msr spsr_el1, x24
  eret
interrupt:
  # Acknowledge, report, turn the timers off, and say that it is done.
  mov x24, #0x08010000
  ldr w26, [x24, #0xc]
  emit x27
  emit x26
  emit_system elr_el1
  emit_system spsr_el1
  msr cntv_ctl_el0, xzr
  msr cntp_ctl_el0, xzr
  isb
  mov x24, #0x08010000
  str w26, [x24, #0x10]
  mrs x24, elr_el1
  add x24, x24, x21
  msr elr_el1, x24
  eret

  # The state that each case begins in.
fresh:
  msr spsel, #1
  msr daifset, #15
  msr pan, #0
  ldr x0, =0x30d01998
  msr sctlr_el1, x0
  mov x0, #3 << 20
  msr cpacr_el1, x0
  adr x0, vectors
  msr vbar_el1, x0
  ldr x0, =user_stack
  msr sp_el0, x0
  ldr x0, =stack_top
  mov sp, x0
  msr mdscr_el1, xzr
  msr oslar_el1, xzr
  msr cntkctl_el1, xzr
  msr cntv_ctl_el0, xzr
  msr cntp_ctl_el0, xzr
  msr far_el1, xzr
  msr esr_el1, xzr
  msr nzcv, xzr
  msr fpcr, xzr
  msr fpsr, xzr
  msr tcr_el1, xzr
  msr mair_el1, xzr
  msr ttbr0_el1, xzr
  msr ttbr1_el1, xzr
  msr csselr_el1, xzr
  mov x21, #0
  mov x22, #0
  mov x23, #0
  isb
  ret

  # Prints results as lines of hex and passes.
done:
  ldr x0, =results
  mov x1, #0x09000000
1: cmp x0, x28
  b.hs 4f
  ldr x2, [x0], #8
  mov x3, #60
2: lsr x4, x2, x3
  and x4, x4, #15
  add x4, x4, #48
  cmp x4, #58
  b.lo 3f
  add x4, x4, #39
3: ldr w5, [x1, #0x18]
  tbnz w5, #5, 3b
  strb w4, [x1]
  subs x3, x3, #4
  b.ge 2b
5: ldr w5, [x1, #0x18]
  tbnz w5, #5, 5b
  mov x4, #10
  strb w4, [x1]
  b 1b
4: mov w0, #0x18
  ldr x1, =exit_block
  hlt #0xf000
  b park
  .ltorg
`;

const DATA = `
  .data
  .balign 4096
data: .fill 512, 8, 0x1122334455667788
exit_block: .quad 0x20026, 0
  .balign 4096
table: .fill 512, 8, 0
stack: .fill 512, 8, 0
stack_top: .fill 512, 8, 0
user_stack: .fill 64, 8, 0
  .balign 4096
results: .fill 65536, 8, 0
`;

/**
 * A case runs at EL1h from a fresh state and reports registers by `emit`. Exceptions report vector, ESR, ELR, SPSR and FAR
 * and go on behind the instruction; an interrupt reports vector, ELR and SPSR and turns the timers off; `enter spsr`
 * returns to another state at the next instruction, and `leave` comes back to EL1h.
 */
const TARGET: BareTarget = {
  isa: AARCH64,
  compiler: [
    ...(['aarch64-linux-gnu-gcc', '-march=armv8.2-a', '-nostdlib', '-static'] as const),
    '-Wl,-Ttext=0x40000000,--build-id=none,-n,--no-warn-rwx-segments',
  ],
  qemu: ['qemu-system-aarch64', '-machine', 'virt,gic-version=2', '-m', '128', '-semihosting', '-net', 'none'],
  wrap: (code, mark, i) => `case_${i}:\n  bl fresh\n  ldr x0, =${mark}\n  emit x0\n${code}\n  b 9f\n  .ltorg\n9:\n`,
  image: (cases) => `${PRELUDE}\ncases:\n${cases}\n  b done\n${DATA}`,
};

/** Of QEMU's processors the one nearest to ours: Armv8.2 without pointer authentication, FEAT_IDST and later ones. */
const CPU = 'cortex-a76';

/** Runs the cases in one image here and under QEMU and compares what each reports. */
export const compareWithQemu = (name: string, cases: readonly BareCase[], cpu = CPU, limit = 4_000_000): void =>
  compareBare(TARGET, name, cases, cpu, limit);
