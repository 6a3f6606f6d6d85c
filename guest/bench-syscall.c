// Benchmark: as many getppid calls as the argument says.
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)envp;
  u64 calls = number_or(argv[1], 1000);
  i64 parent = syscall3(SYS_getppid, 0, 0, 0);
  int same_parent = 1;
  for (u64 i = 0; i < calls; i++) same_parent &= syscall3(SYS_getppid, 0, 0, 0) == parent;
  print("%lu system calls\n", calls);
  return !same_parent;
}
