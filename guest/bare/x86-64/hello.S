// The smallest bare-metal image: climbs into long mode, writes a line to the UART, and passes through the exit port.
  .include "bare/x86-64/start.h"
  movl $text, %esi
next:
  movb (%rsi), %bl
  testb %bl, %bl
  jz done
  movw $0x3fd, %dx
wait:
  inb %dx, %al               // line status: bit 5 says that it takes a byte
  testb $0x20, %al
  jz wait
  movb %bl, %al
  movw $0x3f8, %dx
  outb %al, %dx
  incq %rsi
  jmp next
done:
  xorl %eax, %eax
  outl %eax, $0xf4
park:
  cli
  hlt
  jmp park

  .section .rodata, "a"
text:
  .asciz "hello from long mode\n"
