// Calls a null function pointer: the fetch from address 0 is SIGSEGV.
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  print("jumping to address 0\n");
  jump_to(0);
  print("survived\n");
  return 1;
}
