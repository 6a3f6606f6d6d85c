# Prints and passes through the `tohost` word, as bare-metal test programs do: a byte with 0x0101 in the top 16 bits is
# printed, and the word reads as zero once it was seen; 1 passes. Only a machine that watches the word gets to the end.
  .section .text.start, "ax"
  .globl _start
_start:
  csrr t0, mhartid
  bnez t0, park
  la t0, text
  la t1, tohost
  li t2, 0x0101 << 48
next:
  lbu t3, 0(t0)
  beqz t3, pass
  or t3, t3, t2
  sd t3, 0(t1)
seen:
  ld t4, 0(t1)
  bnez t4, seen
  addi t0, t0, 1
  j next
pass:
  li t3, 1
  sd t3, 0(t1)
park:
  wfi
  j park

  .section .rodata, "a"
text:
  .asciz "hello through tohost\n"

  .section .tohost, "aw", @progbits
  .balign 64
  .globl tohost
tohost:
  .dword 0
  .balign 64
  .globl fromhost
fromhost:
  .dword 0
