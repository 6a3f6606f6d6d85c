// The stack grows by recursion to about 1 MiB, and what each frame holds is still there on the way back.
#include "guest.h"

#define DEPTH 2048

static u64 descend(u64 depth) {
  volatile u64 frame[60];
  frame[0] = depth;
  frame[59] = ~depth;
  u64 deeper = depth == 0 ? 0 : descend(depth - 1);
  return deeper + (frame[0] == depth && frame[59] == ~depth);
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  print("recursing through 1 MiB of stack\n");
  check(descend(DEPTH - 1) == DEPTH, "2048 frames held what was stored in them");
  return failures != 0;
}
