// Prints its arguments and its environment, a line each.
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  for (int i = 0; i < argc; i++) print("argv[%d]=%s\n", i, argv[i]);
  check(argv[argc] == 0, "argv ends with a null pointer");
  for (int i = 0; envp[i]; i++) print("envp[%d]=%s\n", i, envp[i]);
  return failures != 0;
}
