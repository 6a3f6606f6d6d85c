// Prints and passes through the `tohost` word, as bare-metal test programs do: a byte with 0x0101 in the top 16 bits is
// printed, and the word reads as zero once it was seen; 1 passes. Only a machine that watches the word gets to the end.
  .include "bare/x86-64/start.h"
  movl $text, %esi
  movabsq $0x0101000000000000, %rbx
next:
  movzbl (%rsi), %eax
  incq %rsi
  testl %eax, %eax
  jz pass
  orq %rbx, %rax
  movq %rax, tohost
seen:
  cmpq $0, tohost
  jne seen
  jmp next
pass:
  movq $1, tohost
park:
  cli
  hlt
  jmp park

  .section .rodata, "a"
text:
  .asciz "hello through tohost\n"

  .section .tohost, "aw", @progbits
  .balign 64
  .globl tohost
tohost:
  .quad 0
