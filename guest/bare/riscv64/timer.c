// Machine-mode timer and software interrupts from the ACLINT: a tick found pending while interrupts were off, three
// waited for, a software interrupt that a hart sends to itself, and none while its enable bit is clear.
#include "guest.h"

#define MSIP ((volatile u32 *)0x2000000)
#define MTIMECMP ((volatile u64 *)0x2004000)
#define MTIME ((volatile u64 *)0x200bff8)
#define INTERVAL 1000
#define NEVER (~0UL)

#define MIE_BIT 8UL
#define MSI 3
#define MTI 7
#define INTERRUPT (1UL << 63)

static volatile u64 ticks, softs, others;

__attribute__((interrupt("machine"), aligned(4))) static void on_trap(void) {
  u64 cause = CSR_READ("mcause");
  if (cause == (INTERRUPT | MTI)) {
    ticks++;
    *MTIMECMP = NEVER;
  } else if (cause == (INTERRUPT | MSI)) {
    softs++;
    *MSIP = 0;
  } else {
    others++;
    leave(2);
  }
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  *MTIMECMP = NEVER;
  CSR_WRITE("mtvec", on_trap);
  CSR_WRITE("mie", 1 << MTI | 1 << MSI);

  // WFI returns for a pending interrupt even while none is taken.
  u64 due = *MTIME + INTERVAL;
  *MTIMECMP = due;
  while (!(CSR_READ("mip") & 1 << MTI)) __asm__ volatile("wfi");
  check(*MTIME >= due && ticks == 0, "timer pending, not taken while mstatus.MIE is 0");
  CSR_SET("mstatus", MIE_BIT);
  check(ticks == 1, "taken once mstatus.MIE is 1");
  check(!(CSR_READ("mip") & 1 << MTI), "no longer pending after mtimecmp was raised");

  for (u64 tick = 2; tick <= 4; tick++) {
    due = *MTIME + INTERVAL;
    *MTIMECMP = due;
    // Looked at with interrupts off, or one could come between the look and the WFI, which would then wait for ever.
    CSR_CLEAR("mstatus", MIE_BIT);
    while (ticks < tick) {
      __asm__ volatile("wfi");
      CSR_SET("mstatus", MIE_BIT);
      CSR_CLEAR("mstatus", MIE_BIT);
    }
    CSR_SET("mstatus", MIE_BIT);
    if (*MTIME < due) leave(3);
  }
  check(ticks == 4, "three more ticks waited for");

  *MSIP = 1;
  while (softs < 1) {
  }
  check(softs == 1 && *MSIP == 0, "software interrupt to itself");

  CSR_CLEAR("mie", 1 << MSI);
  *MSIP = 1;
  for (volatile int i = 0; i < 100; i++) {
  }
  check(softs == 1 && CSR_READ("mip") & 1 << MSI, "pending, not taken while mie.MSIE is 0");
  *MSIP = 0;
  check(!(CSR_READ("mip") & 1 << MSI), "taken back");
  check(others == 0, "no other trap");
  return failures != 0;
}
