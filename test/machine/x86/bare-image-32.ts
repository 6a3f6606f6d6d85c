import { X86_64 } from '../../../machine/x86/isa.ts';
import { type BareCase, type BareTarget, compareBare } from '../bare-comparison.ts';

export type { BareCase };

/**
 * Protected mode without paging, as multiboot begins it. EBP says where the next result goes, EDI where an exception goes on;
 * ESI and EBX are the traps' and macros'. Each case has GDT, IDT and TSS of its own: copies at `gdt`, `idt` and `tss`. DS and ES are
 * ring 3's, so that IRET leaves them.
 */
const PRELUDE = `
  .macro emit reg
    movl \\reg, %ds:(%ebp)
    movl $0, %ds:4(%ebp)
    leal 8(%ebp), %ebp
  .endm
  .macro emit_value value
    movl $(\\value) & 0xffffffff, %ds:(%ebp)
    movl $(\\value) >> 32, %ds:4(%ebp)
    leal 8(%ebp), %ebp
  .endm
  # Goes on at 7 after an exception.
  .macro trying
    movl $7f, %edi
  .endm
  # Goes on behind itself in an outer ring.
  .macro ring number, flags=0x2
    pushl $ss_\\number
    pushl $user_stack
    pushl $\\flags
    pushl $cs_\\number
    pushl $6f
    iretl
  6:
  .endm
  .set cs_1, 0x39
  .set ss_1, 0x41
  .set cs_3, 0x1b
  .set ss_3, 0x23
  .text
  .code32
  .balign 4
header:
  .long 0x1badb002, 0x10003, -(0x1badb002 + 0x10003), header, header, image_end, zero_end, _start
  .globl _start
_start:
  movl $stack_top, %esp
  # QEMU's timer would interrupt where IF is set.
  movb $0xff, %al
  outb %al, $0x21
  outb %al, $0xa1
  movl $results, %ebp
  # Selectors are the loader's until then.
  call tables
  ljmp $8, $1f
1:
  movl $0x28, %eax
  ltr %ax
  jmp cases

  # GDT, TSS and IDT as they were: 16 bytes of code for each vector's gate.
tables:
  cld
  movl $gdt_image, %esi
  movl $gdt, %edi
  movl $64, %ecx
  rep movsl
  movl $tss_image, %esi
  movl $tss, %edi
  movl $26, %ecx
  rep movsl
  movl $tss, %eax
  movw %ax, gdt + 0x2a
  shrl $16, %eax
  movb %al, gdt + 0x2c
  movb %ah, gdt + 0x2f
  movl $idt, %edi
  movl $stubs, %eax
  movl $256, %ecx
1: movw %ax, (%edi)
  movw $8, 2(%edi)
  movw $0xee00, 4(%edi)
  movl %eax, %edx
  shrl $16, %edx
  movw %dx, 6(%edi)
  addl $16, %eax
  addl $8, %edi
  loop 1b
  lgdt gdt_pointer
  lidt idt_pointer
  ret

  .balign 16
stubs:
  .set number, 0
  .rept 256
  .balign 16
  .if number == 8 || (number >= 10 && number <= 14) || number == 17
    nop
    nop
  .else
    pushl $0
  .endif
    pushl $number
    jmp trap
    .set number, number + 1
  .endr

  # Reports vector, error code, EIP, CS, EFLAGS without those of arithmetic and RF, which QEMU does not push for faults (SDM
  # vol. 3B, 18.3.1.1), and of an outer ring ESP and SS. Goes on at EDI in ring 0.
trap:
  cld
  movl $0x23, %ebx
  movl %ebx, %ds
  movl %ebx, %es
  popl %ebx
  emit %ebx
  popl %ebx
  emit %ebx
  popl %ebx
  emit %ebx
  popl %ebx
  movzwl %bx, %ebx
  emit %ebx
  movl %ebx, %esi
  popl %ebx
  andl $~0x108d5, %ebx
  emit %ebx
  testl $3, %esi
  jz home
  popl %ebx
  emit %ebx
  popl %ebx
  movzwl %bx, %ebx
  emit %ebx
home:
  movl $0x10, %ebx
  movl %ebx, %ss
  movl $stack_top, %esp
  movl $0x23, %ebx
  movl %ebx, %ds
  movl %ebx, %es
  pushl $2
  popfl
  jmp *%edi

  # The state that each case begins in.
fresh:
  popl %ebx
  movl $0x10, %eax
  movl %eax, %ss
  movl $stack_top, %esp
  movl $0x23, %eax
  movl %eax, %ds
  movl %eax, %es
  xorl %eax, %eax
  movl %eax, %fs
  movl %eax, %gs
  pushl $2
  popfl
  pushl %ebx
  call tables
  xorl %eax, %eax
  lldt %ax
  # It was loaded already.
  movb $0x8b, gdt + 0x2d
  movl $unexpected, %edi
  ret
unexpected:
  emit_value 0xbad
  jmp done

  # Prints results as lines of hex, and passes: by ACPI there, by the exit port here.
done:
  movl $results, %esi
1: cmpl %ebp, %esi
  jae 4f
  movl 4(%esi), %edx
  call word
  movl (%esi), %edx
  call word
  movb $10, %bl
  call put
  addl $8, %esi
  jmp 1b
4: movw $0x604, %dx
  movw $0x2000, %ax
  outw %ax, %dx
  xorl %eax, %eax
  outl %eax, $0xf4
3: hlt
  jmp 3b
word:
  movl $8, %ecx
2: roll $4, %edx
  movl %edx, %eax
  andl $15, %eax
  movb digits(%eax), %bl
  call put
  loop 2b
  ret
put:
  pushl %edx
  movw $0x3fd, %dx
1: inb %dx, %al
  testb $0x20, %al
  jz 1b
  movw $0x3f8, %dx
  movb %bl, %al
  outb %al, %dx
  popl %edx
  ret
digits: .ascii "0123456789abcdef"
`;

const DATA = `
  .balign 16
gdt_image:
  .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff
  .quad 0x0000890000000067, 0
  # 0x38: code and data of ring 1.
  .quad 0x00cfbb000000ffff, 0x00cfb3000000ffff
  .fill 23, 8, 0
gdt_pointer:
  .word 0xff
  .long gdt
idt_pointer:
  .word 2047
  .long idt
tss_image:
  .long 0, trap_stack, 0x10, ring_1_stack, 0x41
  .fill 20, 4, 0
  .word 0, 0x68
  .balign 4096
image_end:
  .set gdt, image_end
  .set tss, image_end + 0x400
  .set idt, image_end + 0x800
  .set trap_stack, image_end + 0x2000
  .set ring_1_stack, image_end + 0x3000
  .set stack_top, image_end + 0x4000
  .set user_stack, image_end + 0x5000
  .set data, image_end + 0x6000
  .set results, image_end + 0x8000
  .set small_stack, image_end + 0x1e0000
  .set zero_end, image_end + 0x200000
`;

/** A case runs in ring 0 and reports by `emit`; `ring` goes on in an outer one, and `trying` says where after an exception. */
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

/** Runs the cases of 32-bit protected mode in one image here and under QEMU and compares what each reports. */
export const compareProtected = (name: string, cases: readonly BareCase[], limit = 40_000_000): void =>
  compareBare(TARGET, name, cases, 'max', limit);
