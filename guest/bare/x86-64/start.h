// Assembly, for .include: a multiboot header, and the way from that protocol's start, in 32-bit protected mode with paging
// off, into long mode with the first 4 GiB mapped as they are. Goes on behind the .include, with a stack.
  .section .bss, "aw", @nobits
  .balign 4096
boot_tables:
  .skip 6 * 4096
  .section .rodata, "a"
  .balign 8
boot_gdt:
  .quad 0
  .quad 0x00af9a000000ffff    // 0x08: code of 64 bits
  .quad 0x00cf92000000ffff    // 0x10: data
boot_gdt_pointer:
  .word . - boot_gdt - 1
  .long boot_gdt

  .section .text.start, "ax"
  .code32
  .balign 4
  .long 0x1badb002, 0, -0x1badb002
  .globl _start
_start:
  movl $stack_top, %esp
  // The top table's one entry, four of the next, and 2048 pages of 2 MiB in four tables.
  movl $boot_tables, %edi
  leal 0x1003(%edi), %eax
  movl %eax, (%edi)
  leal 0x2003(%edi), %eax
  leal 0x1000(%edi), %esi
  movl $4, %ecx
1:
  movl %eax, (%esi)
  addl $8, %esi
  addl $0x1000, %eax
  loop 1b
  leal 0x2000(%edi), %esi
  movl $0x83, %eax
  movl $2048, %ecx
2:
  movl %eax, (%esi)
  addl $8, %esi
  addl $0x200000, %eax
  loop 2b
  movl $0x20, %eax            // CR4.PAE
  movl %eax, %cr4
  movl %edi, %cr3
  movl $0xc0000080, %ecx      // EFER.LME
  rdmsr
  orl $0x100, %eax
  wrmsr
  movl %cr0, %eax
  orl $0x80000000, %eax       // CR0.PG
  movl %eax, %cr0
  lgdt boot_gdt_pointer
  ljmp $0x08, $3f
  .code64
3:
  movl $0x10, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  movl $stack_top, %esp
  xorl %ebp, %ebp             // ends a backtrace
