// Interrupts of the generic timer at EL1: a tick found pending while interrupts were masked, three waited for, and none
// while the timer's own mask is set. The GIC stays off, as a reset leaves it, so the timer's line is the hart's IRQ.
#include "guest.h"

#define INTERVAL 1000
// CNTV_CTL_EL0.
#define ENABLE 1UL
#define IMASK 2UL
#define ISTATUS 4UL

static volatile u64 ticks;

#define MASK_INTERRUPTS() __asm__ volatile("msr daifset, #2" : : : "memory")
#define UNMASK_INTERRUPTS() __asm__ volatile("msr daifclr, #2\n\tisb" : : : "memory")

__attribute__((used)) static void on_interrupt(void) {
  ticks++;
  SYSTEM_WRITE("cntv_ctl_el0", 0);
}

__attribute__((used)) static void on_anything_else(void) {
  leave(2);
}

__asm__(
    ".macro unexpected\n"
    "  .balign 128\n"
    "  b on_anything_else\n"
    ".endm\n"
    ".balign 2048\n"
    "vectors:\n"
    "  unexpected\n  unexpected\n  unexpected\n  unexpected\n"
    "  unexpected\n"
    "  .balign 128\n"
    "  stp x0, x1, [sp, #-160]!\n"
    "  stp x2, x3, [sp, #16]\n"
    "  stp x4, x5, [sp, #32]\n"
    "  stp x6, x7, [sp, #48]\n"
    "  stp x8, x9, [sp, #64]\n"
    "  stp x10, x11, [sp, #80]\n"
    "  stp x12, x13, [sp, #96]\n"
    "  stp x14, x15, [sp, #112]\n"
    "  stp x16, x17, [sp, #128]\n"
    "  stp x18, x30, [sp, #144]\n"
    "  bl on_interrupt\n"
    "  ldp x2, x3, [sp, #16]\n"
    "  ldp x4, x5, [sp, #32]\n"
    "  ldp x6, x7, [sp, #48]\n"
    "  ldp x8, x9, [sp, #64]\n"
    "  ldp x10, x11, [sp, #80]\n"
    "  ldp x12, x13, [sp, #96]\n"
    "  ldp x14, x15, [sp, #112]\n"
    "  ldp x16, x17, [sp, #128]\n"
    "  ldp x18, x30, [sp, #144]\n"
    "  ldp x0, x1, [sp], #160\n"
    "  eret\n"
    "  unexpected\n  unexpected\n"
    "  unexpected\n  unexpected\n  unexpected\n  unexpected\n"
    "  unexpected\n  unexpected\n  unexpected\n  unexpected\n");
extern u8 vectors[];

static u64 start_timer(void) {
  u64 due = SYSTEM_READ("cntvct_el0") + INTERVAL;
  SYSTEM_WRITE("cntv_cval_el0", due);
  SYSTEM_WRITE("cntv_ctl_el0", ENABLE);
  __asm__ volatile("isb");
  return due;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  SYSTEM_WRITE("vbar_el1", vectors);
  __asm__ volatile("isb");

  // WFI returns for a pending interrupt even while it is masked.
  u64 due = start_timer();
  while (!(SYSTEM_READ("cntv_ctl_el0") & ISTATUS)) __asm__ volatile("wfi");
  check(SYSTEM_READ("cntvct_el0") >= due && ticks == 0, "timer pending, not taken while PSTATE.I is 1");
  UNMASK_INTERRUPTS();
  check(ticks == 1, "taken once PSTATE.I is 0");
  check(!(SYSTEM_READ("cntv_ctl_el0") & ISTATUS), "no longer pending after the timer was turned off");

  for (u64 tick = 2; tick <= 4; tick++) {
    // Looked at with interrupts masked, or one could come between the look and the WFI, which would then wait for ever.
    MASK_INTERRUPTS();
    due = start_timer();
    while (ticks < tick) {
      __asm__ volatile("wfi");
      UNMASK_INTERRUPTS();
      MASK_INTERRUPTS();
    }
    UNMASK_INTERRUPTS();
    if (SYSTEM_READ("cntvct_el0") < due) leave(3);
  }
  check(ticks == 4, "three more ticks waited for");

  SYSTEM_WRITE("cntv_cval_el0", 0);
  SYSTEM_WRITE("cntv_ctl_el0", ENABLE | IMASK);
  for (volatile int i = 0; i < 100; i++) {
  }
  check(ticks == 4 && SYSTEM_READ("cntv_ctl_el0") & ISTATUS, "its condition met, not taken while its mask is set");
  SYSTEM_WRITE("cntv_ctl_el0", ENABLE);
  __asm__ volatile("isb");
  check(ticks == 5, "taken once that is clear");
  return failures != 0;
}
