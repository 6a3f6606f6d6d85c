// Prints and passes through the `tohost` word, as bare-metal test programs do: a byte with 0x0101 in the top 16 bits is
// printed, and the word reads as zero once it was seen; 1 passes. Only a machine that watches the word gets to the end.
  .section .text.start, "ax"
  .globl _start
_start:
  mrs x9, mpidr_el1
  and x9, x9, #0xff
  cbnz x9, park
  adrp x9, text
  add x9, x9, :lo12:text
  adrp x10, tohost
  add x10, x10, :lo12:tohost
next:
  ldrb w11, [x9], #1
  cbz w11, pass
  movk x11, #0x0101, lsl #48
  str x11, [x10]
seen:
  ldr x12, [x10]
  cbnz x12, seen
  b next
pass:
  mov x11, #1
  str x11, [x10]
park:
  wfi
  b park

  .section .rodata, "a"
text:
  .asciz "hello through tohost\n"

  .section .tohost, "aw", @progbits
  .balign 64
  .globl tohost
tohost:
  .quad 0
  .balign 64
  .globl fromhost
fromhost:
  .quad 0
