// Jumps to code on the stack: the page is present and writable but not executable, so SIGSEGV with SEGV_ACCERR.
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  volatile u8 code[16] __attribute__((aligned(16))) = RETURN_CODE;
  print("calling a function on the stack\n");
  jump_to((u64)code);
  print("survived\n");
  return 1;
}
