// Touches a kernel address from user mode, by a load, or by a store or a jump if the argument says so.
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)envp;
  const char *how = argc > 1 ? argv[1] : "load";
  print("%s at kernel address %lx\n", how, KERNEL_ADDRESS);
  if (same(how, "store")) {
    store64(opaque(KERNEL_ADDRESS), 0);
  } else if (same(how, "jump")) {
    jump_to(KERNEL_ADDRESS);
  } else {
    load64(opaque(KERNEL_ADDRESS));
  }
  print("survived\n");
  return 1;
}
