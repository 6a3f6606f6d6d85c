// A PROT_WRITE page: no target's page tables can say write-only, so a user load works all the same.
#include "guest.h"

static void execute_it(u64 address) {
  jump_to(address);
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  u8 *pages = map_pages(2, PROT_WRITE);
  store64(pages, 42);
  check(load64(pages) == 42, "load from a write-only page after a store");
  check(load64(pages + PAGE) == 0, "first touch of a write-only page by a load");
  store64(pages + PAGE, 43);
  check(load64(pages + PAGE) == 43, "store after that load");
  in_child("jump into a write-only page", execute_it, (u64)pages, KILLED_BY(SIGSEGV));
  return failures != 0;
}
