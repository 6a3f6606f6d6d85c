// Recursion without end, a page a frame: the stack grows to its limit, the next fault is SIGSEGV.
#include "guest.h"

static u64 descend(u64 depth) {
  volatile u64 frame[PAGE / 8];
  frame[0] = depth;
  if (depth == ~0UL) return 0;
  return descend(depth + 1) + frame[0];
}

int main(int argc, char **argv, char **envp) {
  (void)argv, (void)envp;
  print("recursing until the stack ends\n");
  print("survived with %lu\n", descend(argc));
  return 1;
}
