import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Says whether a condition, tested by what stands before, holds. */
const say = (condition: string, text: string) => `
  j${condition} 1f
  movl $2f, %esi
  jmp 3f
1: movl $4f, %esi
3: call print
  .section .rodata
2: .asciz "FAILED: ${text}\\n"
4: .asciz "ok: ${text}\\n"
  .text
`;

/**
 * An image of 32 bits that says what it found at its start, climbs into long mode by itself, says that, and leaves through
 * the exit port with 42. `header` are the words of its multiboot header.
 */
const source = (header: string) => `
  .text
  .code32
  .balign 4
header:
  .long ${header}
  .globl _start
_start:
  movl %eax, %ebp
  movl %esp, %edi
  movl $stack, %esp
  cmpl $0x2badb002, %ebp
${say('e', 'EAX has the magic number')}
  movl %cr0, %eax
  andl $0x80000001, %eax
  cmpl $1, %eax
${say('e', 'protected mode, paging off')}
  pushfl
  testl $0x20200, (%esp)
  popl %eax
${say('z', 'interrupts off, no virtual-8086 mode')}
  movl (%ebx), %eax
  andl $0x41, %eax
  cmpl $0x41, %eax
${say('e', 'memory and its map are told')}
  cmpl $1024, 8(%ebx)
${say('ae', 'upper memory of a MiB and more')}
  // An available range of the map must hold this image.
  movl 48(%ebx), %edi
  movl 44(%ebx), %edx
  addl %edi, %edx
5:
  cmpl %edx, %edi
  jae 6f
  movl 4(%edi), %eax
  addl 12(%edi), %eax
  cmpl $1, 20(%edi)
  jne 7f
  cmpl $0, 8(%edi)
  jne 7f
  cmpl $_start, 4(%edi)
  ja 7f
  cmpl $stack, %eax
  jae 6f
7:
  movl (%edi), %eax
  leal 4(%edi,%eax), %edi
  jmp 5b
6:
  cmpl %edx, %edi
${say('b', 'the map has this image in available memory')}
  movb $0x80, %al
  outb %al, $0x80
  movl $0x8000, %edx
  inl %dx, %eax
  cmpl $0xffffffff, %eax
${say('e', 'a port where nothing is reads all ones')}
  // Two tables and a page of 2 MiB.
  movl $tables + 0x1003, tables
  movl $tables + 0x2003, tables + 0x1000
  movl $0x83, tables + 0x2000
  movl $0x20, %eax
  movl %eax, %cr4
  movl $tables, %eax
  movl %eax, %cr3
  movl $0xc0000080, %ecx
  rdmsr
  orl $0x100, %eax
  wrmsr
  movl %cr0, %eax
  orl $0x80000000, %eax
  movl %eax, %cr0
  rdmsr
  testl $0x400, %eax
${say('nz', 'long mode is active, by code of 32 bits')}
  lgdt pointer
  ljmp $8, $long
  .code64
long:
  movl $1, %eax
  shlq $40, %rax
  shrq $40, %rax
  cmpl $1, %eax
  jne leave
  movl $text, %esi
  call print
leave:
  movl $42, %eax
  outl %eax, $0xf4
8: jmp 8b

  // Serves both widths: the same bytes are (%rsi) in 64-bit code.
  .code32
print:
  movl $0x3fd, %edx
9: inb %dx, %al
  testb $0x20, %al
  je 9b
  movb (%esi), %al
  testb %al, %al
  je 10f
  movl $0x3f8, %edx
  outb %al, %dx
  addl $1, %esi
  jmp print
10: ret

  .section .rodata
text: .asciz "ok: code of 64 bits\\n"
  .balign 8
gdt:
  .quad 0, 0x00af9a000000ffff
pointer:
  .word 15
  .long gdt
  .bss
  .balign 4096
tables: .skip 3 * 4096
  .skip 4096
stack:
end:
`;

/** The words of a header that leaves all to ELF, and of one that says itself where the image lies. */
export const PLAIN_HEADER = '0x1badb002, 3, -(0x1badb002 + 3)';
export const ADDRESS_HEADER = '0x1badb002, 0x10003, -(0x1badb002 + 0x10003), header, header, image_end, end, _start';

/** Builds the image with the toolchain and hands `use` its file. */
export function withMultibootImage<T>(header: string, use: (elf: string) => T, linker: readonly string[] = []): T {
  const directory = mkdtempSync(join(tmpdir(), 'faultline-multiboot-'));
  try {
    const [text, object, script, elf] = ['image.S', 'image.o', 'image.ld', 'image'].map((name) =>
      join(directory, name),
    );
    writeFileSync(text, source(header));
    writeFileSync(
      script,
      `ENTRY(_start) SECTIONS { . = 0x100000; .text : { *(.text) *(.rodata) image_end = .; } .bss : { *(.bss) } }`,
    );
    execFileSync('clang-14', ['--target=i386-unknown-none-elf', '-c', '-o', object, text]);
    execFileSync('ld.lld-14', ['-m', 'elf_i386', '-N', ...linker, '-T', script, '-o', elf, object]);
    return use(elf);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
