import { X86_64 } from '../../../machine/x86/isa.ts';
import { type BareCase, type BareTarget, compareBare } from '../bare-comparison.ts';

export type { BareCase };

/**
 * r15 says where the next result goes, r12 where an exception goes on. The image's multiboot header says itself where it
 * lies, so that QEMU takes an ELF file of 64 bits.
 */
const PRELUDE = `
  .macro emit reg
    movq \\reg, (%r15)
    leaq 8(%r15), %r15
  .endm
  .macro emit_value value
    movabsq $\\value, %r14
    emit %r14
  .endm
  # Goes on at 7 after an exception.
  .macro trying
    leaq 7f(%rip), %r12
  .endm
  # Goes on behind itself in ring 3; an exception comes back to ring 0. rflags, then as pushed.
  .macro user rflags=0x2
    pushq $0x1b
    pushq $user_stack
    pushq $\\rflags
    pushq $0x23
    leaq 6f(%rip), %r13
    pushq %r13
    iretq
  6:
  .endm
  .text
  .code32
  .balign 4
header:
  .long 0x1badb002, 0x10003, -(0x1badb002 + 0x10003), header, header, image_end, zero_end, _start
  .globl _start
_start:
  movl $stack_top, %esp
  movl $(table_3 + 3), table_4
  movl $(table_2 + 3), table_3
  movl $(table_apic + 3), table_3 + 24
  # The first GiB is ring 3's too, and the local APIC's 2 MiB are ring 0's.
  orl $4, table_4
  orl $4, table_3
  movl $table_2, %esi
  movl $0x87, %eax
  movl $512, %ecx
1: movl %eax, (%esi)
  addl $8, %esi
  addl $0x200000, %eax
  loop 1b
  movl $0xfee00083, table_apic + 0xfb8
  movl $0x20, %eax
  movl %eax, %cr4
  movl $table_4, %eax
  movl %eax, %cr3
  movl $0xc0000080, %ecx
  rdmsr
  orl $0x901, %eax
  wrmsr
  movl %cr0, %eax
  orl $0x80000000, %eax
  movl %eax, %cr0
  lgdt gdt_pointer
  ljmp $8, $start_64
  .code64
start_64:
  # The TSS's base, and a gate for each vector: 16 bytes of code each.
  movl $tss, %eax
  movw %ax, gdt + 0x2a
  shrl $16, %eax
  movb %al, gdt + 0x2c
  movb %ah, gdt + 0x2f
  movl $idt, %edi
  movl $stubs, %eax
  xorl %ecx, %ecx
1: movl %eax, %edx
  movw %dx, (%rdi)
  movw $0x08, 2(%rdi)
  movw $0xee01, 4(%rdi)
  shrl $16, %edx
  movw %dx, 6(%rdi)
  movq $0, 8(%rdi)
  addl $16, %eax
  addl $16, %edi
  incl %ecx
  cmpl $256, %ecx
  jb 1b
  movl $0x28, %eax
  ltr %ax
  movl $results, %r15d
  jmp cases

  .balign 16
stubs:
  .set number, 0
  .rept 256
  .balign 16
  .if number == 8 || (number >= 10 && number <= 14) || number == 17 || number == 21
    nop
    nop
  .else
    pushq $0
  .endif
    pushq $number
    jmp trap
    .set number, number + 1
  .endr

  # Reports vector, error code, RIP, CS, RFLAGS without those of arithmetic and RF, which QEMU does not push for faults (SDM
  # vol. 3B, 18.3.1.1), and a page fault's address. Goes on at r12.
trap:
  cld
  popq %r14
  emit %r14
  movq %r14, %r13
  popq %r14
  emit %r14
  popq %r14
  emit %r14
  popq %r14
  emit %r14
  popq %r14
  andq $~0x108d5, %r14
  emit %r14
  cmpq $14, %r13
  jne 1f
  movq %cr2, %r14
  emit %r14
1:
  movl $stack_top, %esp
  movl $0x10, %r14d
  movl %r14d, %ss
  movl %r14d, %ds
  movl %r14d, %es
  pushq $2
  popfq
  jmp *%r12

  # The state that each case begins in.
fresh:
  popq %rbp
  movl $stack_top, %esp
  lgdt gdt_pointer
  lidt idt_pointer
  movl $0x10, %eax
  movl %eax, %ss
  movl %eax, %ds
  movl %eax, %es
  pushq $2
  popfq
  movl $0x80010033, %eax
  movq %rax, %cr0
  movl $0x620, %eax
  movq %rax, %cr4
  movl $table_4, %eax
  movq %rax, %cr3
  movl $0xc0000080, %ecx
  movl $0x901, %eax
  xorl %edx, %edx
  wrmsr
  xorl %eax, %eax
  movq %rax, %cr8
  movq %rax, %cr2
  movq %rax, %dr7
  movq %rax, %dr6
  movl $unexpected, %r12d
  jmp *%rbp
unexpected:
  emit_value 0xbad
  jmp done

  # Prints results as lines of hex, and passes: by ACPI there, by the exit port here.
done:
  movl $results, %esi
1: cmpq %r15, %rsi
  jae 4f
  movq (%rsi), %rbx
  addq $8, %rsi
  movl $16, %ecx
2: rolq $4, %rbx
  movl %ebx, %eax
  andl $15, %eax
  movb digits(%rax), %dil
  call put
  loop 2b
  movb $10, %dil
  call put
  jmp 1b
4: movw $0x604, %dx
  movw $0x2000, %ax
  outw %ax, %dx
  xorl %eax, %eax
  outl %eax, $0xf4
3: hlt
  jmp 3b
put:
  movw $0x3fd, %dx
1: inb %dx, %al
  testb $0x20, %al
  jz 1b
  movw $0x3f8, %dx
  movb %dil, %al
  outb %al, %dx
  ret
digits: .ascii "0123456789abcdef"
`;

const DATA = `
  .balign 16
gdt:
  .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff
  .quad 0x0000890000000000 + tss_size - 1, 0
  # 0x38: code of 32 bits, 0x43 the same for ring 3.
  .quad 0x00cf9b000000ffff, 0x00cffb000000ffff
gdt_end:
gdt_pointer:
  .word gdt_end - gdt - 1
  .quad gdt
idt_pointer:
  .word 4095
  .quad idt
  .balign 16
tss:
  .long 0
  .quad trap_stack, 0, 0, 0
  .quad trap_stack, 0, 0, 0, 0, 0, 0
  .quad 0
  .word 0, 0x68
  # Ports 0x40 to 0x47 and 0x80 are open to ring 3.
tss_map:
  .fill 8, 1, 0xff
  .byte 0
  .fill 7, 1, 0xff
  .byte 0xfe
  .fill 16, 1, 0xff
tss_end:
  .set tss_size, tss_end - tss
  .balign 4096
image_end:
  .set table_4, image_end
  .set table_3, image_end + 0x1000
  .set table_2, image_end + 0x2000
  .set table_apic, image_end + 0x3000
  .set idt, image_end + 0x4000
  .set trap_stack, image_end + 0x6000
  .set stack_top, image_end + 0x8000
  .set user_stack, image_end + 0xa000
  .set data, image_end + 0xa000
  .set results, image_end + 0xb000
  .set zero_end, image_end + 0x8b000
`;

/**
 * A case runs in ring 0 from a fresh state and reports registers by `emit`. An exception reports itself and goes on at
 * r12, which `trying` makes the next label 7, in ring 0; `user` goes on in ring 3.
 */
const TARGET: BareTarget = {
  isa: X86_64,
  compiler: [
    ...(['clang-14', '--target=x86_64-linux-gnu', '-nostdlib', '-static', '-fuse-ld=lld'] as const),
    ...['-Wl,--image-base=0xff000,-N,-Ttext=0x100000,--build-id=none'],
  ],
  qemu: ['qemu-system-x86_64', '-m', '128', '-nic', 'none'],
  wrap: (code, mark, i) => `case_${i}:\n  call fresh\n  emit_value ${mark}\n${code}\n`,
  image: (cases) => `${PRELUDE}\ncases:\n${cases}\n  jmp done\n${DATA}`,
};

/** Runs the cases in one image here and under QEMU and compares what each reports. */
export const compareWithQemu = (name: string, cases: readonly BareCase[], cpu = 'max', limit = 4_000_000): void =>
  compareBare(TARGET, name, cases, cpu, limit);
