# Fails through the test finisher with code 3, which is the exit status.
  .section .text.start, "ax"
  .globl _start
_start:
  csrr t0, mhartid
  bnez t0, park
  li t0, 0x100000
  li t1, 3 << 16 | 0x3333
  sw t1, 0(t0)
park:
  wfi
  j park
