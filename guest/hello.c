// The smallest program that does something: one write, one exit.
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  static const char text[] = "hello from user mode\n";
  return sys_write(1, text, sizeof text - 1) == sizeof text - 1 ? 0 : 1;
}
