// The smallest bare-metal image: a line to the UART, then switched off by PSCI's SYSTEM_OFF.
  .section .text.start, "ax"
  .globl _start
_start:
  mrs x9, mpidr_el1
  and x9, x9, #0xff
  cbnz x9, park
  adrp x9, text
  add x9, x9, :lo12:text
  mov x10, #0x9000000
next:
  ldrb w11, [x9], #1
  cbz w11, done
wait:
  ldr w12, [x10, #0x18]   // flag register: bit 5 says that the transmit FIFO is full
  tbnz w12, #5, wait
  str w11, [x10]
  b next
done:
  mov w0, #8
  movk w0, #0x8400, lsl #16
  hvc #0
park:
  wfi
  b park

  .section .rodata, "a"
text:
  .asciz "hello from exception level 1\n"
