import { RISCV64 } from '../../../machine/riscv/isa.ts';
import { type BareCase, type BareTarget, compareBare } from '../bare-comparison.ts';

export type { BareCase };

/** s11 says where the next result goes. t3 to t6 belong to the handlers, a7 to `leave`. */
const PRELUDE = `
  .option norvc
  .option nopic
  .option norelax
  .macro emit reg
    sd \\reg, 0(s11)
    addi s11, s11, 8
  .endm
  .macro emit_csr csr
    csrr t3, \\csr
    emit t3
  .endm
  # To the mode (0, 1 or 3), at the next instruction.
  .macro enter mode
    li t3, 3 << 11
    csrc mstatus, t3
    li t3, \\mode << 11
    csrs mstatus, t3
    la t3, 7f
    csrw mepc, t3
    mret
  7:
  .endm
  .macro leave
    li a7, 0x77
    ecall
    li a7, 0
  .endm
  .section .text
  .globl _start
_start:
  csrr t0, mhartid
  bnez t0, park
  la s11, results
  la t0, trap_m
  csrw mtvec, t0
  li t0, -1
  srli t0, t0, 10
  csrw pmpaddr15, t0
  li t0, 0x1f << 56
  csrw pmpcfg2, t0
  tail cases
park:
  wfi
  j park

  .balign 4
trap_m:
  emit_csr mcause
  emit_csr mepc
  emit_csr mtval
  emit_csr mstatus
  csrr t3, mcause
  bltz t3, 3f
  li t4, 0x77
  bne a7, t4, 1f
  li t4, 3 << 11
  csrs mstatus, t4
1: csrr t3, mepc
  # A fetch that failed goes back to ra.
  csrr t4, mcause
  li t5, 1
  beq t4, t5, 2f
  addi t3, t3, 4
  csrw mepc, t3
  mret
2: csrw mepc, ra
  mret
  # An interrupt is taken once: its enable bit is cleared.
3: li t4, 1
  sll t4, t4, t3
  csrc mie, t4
  mret

  .balign 4
trap_s:
  li t3, 0x5
  emit t3
  emit_csr scause
  emit_csr sepc
  emit_csr stval
  emit_csr sstatus
  csrr t3, scause
  bltz t3, 8f
  csrr t3, sepc
  addi t3, t3, 4
  csrw sepc, t3
  # \`leave\` from U-mode, delegated: leaves from here.
  li t4, 0x77
  beq a7, t4, 9f
  sret
9: ecall
  csrr t3, sepc
  jr t3
8: li t4, 1
  sll t4, t4, t3
  csrc sie, t4
  sret

  .macro vector i
    j vector_\\i
  .endm
  .balign 256
vectors:
  .irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    vector \\i
  .endr
  .irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
vector_\\i:
    li t3, 0x100 + \\i
    emit t3
    j trap_m
  .endr

  # The state that each case begins in.
fresh:
  csrw mie, zero
  csrw mideleg, zero
  csrw medeleg, zero
  csrw satp, zero
  csrw pmpcfg0, zero
  li t0, 0x1f << 56
  csrw pmpcfg2, t0
  sfence.vma
  li t0, 0x222
  csrc mip, t0
  li t0, 0x02004000
  li t1, -1
  sd t1, 0(t0)
  li t0, 0x02000000
  sw zero, 0(t0)
  csrw 0x30a, zero
  csrw mcounteren, zero
  csrw scounteren, zero
  li t0, 0x7e79aa
  csrc mstatus, t0
  csrw mscratch, zero
  csrw sscratch, zero
  csrw mepc, zero
  csrw sepc, zero
  csrw mcause, zero
  csrw scause, zero
  csrw mtval, zero
  csrw stval, zero
  la t0, trap_m
  csrw mtvec, t0
  la t0, trap_s
  csrw stvec, t0
  li a7, 0
  ret

  # Prints results as lines of hex and passes.
done:
  la s0, results
  li s1, 0x10000000
1: bgeu s0, s11, 4f
  ld a0, 0(s0)
  addi s0, s0, 8
  li a1, 60
2: srl a2, a0, a1
  andi a2, a2, 15
  addi a2, a2, 48
  li a3, 58
  blt a2, a3, 3f
  addi a2, a2, 39
3: lbu a3, 5(s1)
  andi a3, a3, 0x20
  beqz a3, 3b
  sb a2, 0(s1)
  addi a1, a1, -4
  bgez a1, 2b
5: lbu a3, 5(s1)
  andi a3, a3, 0x20
  beqz a3, 5b
  li a2, 10
  sb a2, 0(s1)
  j 1b
4: li a0, 0x100000
  li a1, 0x5555
  sw a1, 0(a0)
  j park
`;

const DATA = `
  .data
  .balign 4096
data: .fill 512, 8, 0x1122334455667788
  .balign 4096
table: .fill 512, 8, 0
  .balign 4096
results: .fill 65536, 8, 0
`;

/**
 * A case runs in M-mode from a fresh state and reports registers by `emit`. Traps report cause, epc, tval and status and
 * go on behind the instruction; `enter mode` changes mode and `leave` comes back to M.
 */
const TARGET: BareTarget = {
  isa: RISCV64,
  compiler: [
    ...(['riscv64-linux-gnu-gcc', '-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany', '-nostdlib', '-static'] as const),
    '-Wl,-Ttext=0x80000000,--build-id=none,-n,--no-warn-rwx-segments',
  ],
  qemu: ['qemu-system-riscv64', '-machine', 'virt', '-m', '128', '-bios', 'none'],
  wrap: (code, mark, i) => `case_${i}:\n  call fresh\n  li t0, ${mark}\n  emit t0\n${code}\n`,
  image: (cases) => `${PRELUDE}\ncases:\n${cases}\n  tail done\n${DATA}`,
};

/** Runs the cases in one image here and under QEMU and compares what each reports. */
export const compareWithQemu = (name: string, cases: readonly BareCase[], cpu = 'rv64,h=false'): void =>
  compareBare(TARGET, name, cases, cpu, 2_000_000);
