// Loads through a null pointer: SIGSEGV, since no area holds address 0.
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  print("loading from address 0\n");
  u64 value = load64(opaque(0));
  print("survived with %lx\n", value);
  return 1;
}
