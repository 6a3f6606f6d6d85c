# The smallest bare-metal image: a line to the UART, then a pass through the test finisher.
  .section .text.start, "ax"
  .globl _start
_start:
  csrr t0, mhartid
  bnez t0, park
  la t0, text
  li t1, 0x10000000
next:
  lbu t2, 0(t0)
  beqz t2, done
wait:
  lbu t3, 5(t1)           # line status: bit 5 says that the transmitter takes a byte
  andi t3, t3, 0x20
  beqz t3, wait
  sb t2, 0(t1)
  addi t0, t0, 1
  j next
done:
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
park:
  wfi
  j park

  .section .rodata, "a"
text:
  .asciz "hello from machine mode\n"
