// Interrupts of the local APIC: a tick of its timer found pending while interrupts were off, three waited for, ticks of a
// periodic count, an interrupt that the hart sends to itself and that waits for the task priority, and none while masked.
#include "guest.h"

#define APIC(offset) (*(volatile u32 *)(0xfee00000UL + (offset)))
#define TASK_PRIORITY APIC(0x80)
#define END_OF_INTERRUPT APIC(0xb0)
#define SPURIOUS APIC(0xf0)
#define REQUESTED(vector) (APIC(0x200 + (vector) / 32 * 16) >> (vector) % 32 & 1)
#define COMMAND APIC(0x300)
#define LVT_TIMER APIC(0x320)
#define INITIAL_COUNT APIC(0x380)
#define CURRENT_COUNT APIC(0x390)
#define DIVIDE APIC(0x3e0)

#define ENABLED 0x100
#define MASKED 0x10000
#define PERIODIC 0x20000
#define BY_1 0xb
#define TO_ITSELF 0x40000

#define TIMER_VECTOR 0x40
#define SOFT_VECTOR 0x50
#define INTERVAL 1000
// Long enough for a machine whose timer is much faster than its processor.
#define PERIOD 20000

static Gate gates[256];
static volatile u64 ticks, softs;

__attribute__((interrupt)) static void on_tick(void *frame) {
  (void)frame;
  ticks++;
  END_OF_INTERRUPT = 0;
}
__attribute__((interrupt)) static void on_soft(void *frame) {
  (void)frame;
  softs++;
  END_OF_INTERRUPT = 0;
}

#define DISABLE_INTERRUPTS() __asm__ volatile("cli" : : : "memory")
#define ENABLE_INTERRUPTS() __asm__ volatile("sti\n\tnop" : : : "memory")
// Nothing can come between the two: STI holds interrupts back for one instruction.
#define ENABLE_AND_WAIT() __asm__ volatile("sti\n\thlt" : : : "memory")

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  set_gate(&gates[TIMER_VECTOR], on_tick);
  set_gate(&gates[SOFT_VECTOR], on_soft);
  load_idt(gates, 256);
  // Controllers of a PC that are older than the APIC stay silent.
  out8(0x21, 0xff);
  out8(0xa1, 0xff);
  SPURIOUS = ENABLED | 0xff;
  DIVIDE = BY_1;
  LVT_TIMER = TIMER_VECTOR;

  INITIAL_COUNT = INTERVAL;
  while (!REQUESTED(TIMER_VECTOR)) {
  }
  check(ticks == 0 && CURRENT_COUNT == 0, "timer pending, not taken while RFLAGS.IF is 0");
  ENABLE_INTERRUPTS();
  check(ticks == 1, "taken once RFLAGS.IF is 1");
  check(!REQUESTED(TIMER_VECTOR), "no longer pending after it was taken");

  for (u64 tick = 2; tick <= 4; tick++) {
    // Looked at with interrupts off, or one could come between the look and the HLT, which would then wait for ever.
    DISABLE_INTERRUPTS();
    INITIAL_COUNT = INTERVAL;
    while (ticks < tick) {
      ENABLE_AND_WAIT();
      DISABLE_INTERRUPTS();
    }
    ENABLE_INTERRUPTS();
  }
  check(ticks == 4, "three more ticks waited for");

  LVT_TIMER = PERIODIC | TIMER_VECTOR;
  INITIAL_COUNT = PERIOD;
  while (ticks < 7) {
  }
  LVT_TIMER = MASKED | TIMER_VECTOR;
  check(ticks >= 7, "three of a periodic count");

  COMMAND = TO_ITSELF | SOFT_VECTOR;
  while (softs < 1) {
  }
  check(softs == 1 && !REQUESTED(SOFT_VECTOR), "interrupt to itself");
  TASK_PRIORITY = SOFT_VECTOR;
  COMMAND = TO_ITSELF | SOFT_VECTOR;
  for (volatile int i = 0; i < 100; i++) {
  }
  check(softs == 1 && REQUESTED(SOFT_VECTOR), "pending, not taken at a task priority of its class");
  CONTROL_WRITE("cr8", (SOFT_VECTOR >> 4) - 1);
  while (softs < 2) {
  }
  check(softs == 2 && TASK_PRIORITY == 0x40, "taken once CR8 is below it");

  u64 before = ticks;
  INITIAL_COUNT = INTERVAL;
  while (CURRENT_COUNT) {
  }
  check(ticks == before && !REQUESTED(TIMER_VECTOR), "none while the timer is masked");
  return failures != 0;
}
