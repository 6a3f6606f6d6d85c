// Stores to a constant: its page is there but read-only, so SIGSEGV with SEGV_ACCERR.
#include "guest.h"

static const u64 constant[2] = {0x1122334455667788, 42};

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  u64 *target = opaque((u64)constant);
  print("constant is %lx, storing to it\n", load64(target));
  store64(target, 0);
  print("survived, constant is %lx\n", load64(target));
  return 1;
}
