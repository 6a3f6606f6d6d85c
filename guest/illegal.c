// Instructions that end a process, each in a child: illegal ones (SIGILL), a breakpoint (SIGTRAP) and misaligned atomic
// accesses (SIGBUS with BUS_ADRALN). With "illegal", "breakpoint" or "atomic" as argument the process does it itself.
#include "guest.h"

static u64 words[2] __attribute__((aligned(16)));

static void illegal(u64 unused) {
  (void)unused;
  ILLEGAL_INSTRUCTION();
}

static void breakpoint(u64 unused) {
  (void)unused;
  BREAKPOINT();
}

static void atomic_add(u64 offset) {
  MISALIGNED_ATOMIC_ADD((u8 *)words + offset);
}

static void exclusive_load(u64 offset) {
  MISALIGNED_EXCLUSIVE_LOAD((u8 *)words + offset);
}

int main(int argc, char **argv, char **envp) {
  (void)envp;
  if (argc > 1) {
    print("%s\n", argv[1]);
    if (same(argv[1], "illegal")) illegal(0);
    if (same(argv[1], "breakpoint")) breakpoint(0);
    if (same(argv[1], "atomic")) atomic_add(1);
    print("survived\n");
    return 1;
  }
  in_child("illegal instruction", illegal, 0, KILLED_BY(SIGILL));
  in_child("breakpoint", breakpoint, 0, KILLED_BY(SIGTRAP));
  in_child("aligned atomic add", atomic_add, 4, EXITED(0));
  in_child("atomic add at offset 1", atomic_add, 1, KILLED_BY(SIGBUS));
  in_child("atomic add at offset 2", atomic_add, 2, KILLED_BY(SIGBUS));
  in_child("exclusive load at offset 4", exclusive_load, 4, KILLED_BY(SIGBUS));
  return failures != 0;
}
