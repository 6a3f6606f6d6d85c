// A page without any right: a load in one child and a store in another are SIGSEGV, and rights given later help.
#include "guest.h"

static void load_it(u64 address) {
  load64(opaque(address));
}

static void store_it(u64 address) {
  store64(opaque(address), 1);
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  u8 *page = map_pages(1, PROT_NONE);
  in_child("load from a PROT_NONE page", load_it, (u64)page, KILLED_BY(SIGSEGV));
  in_child("store to a PROT_NONE page", store_it, (u64)page, KILLED_BY(SIGSEGV));

  check(sys_mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect to PROT_READ|PROT_WRITE");
  store64(page, 42);
  check(load64(page) == 42, "store and load work now");

  // Taking the rights away again must reach a translation that was just used.
  check(sys_mprotect(page, PAGE, PROT_NONE) == 0, "mprotect to PROT_NONE");
  in_child("load after the rights were taken away", load_it, (u64)page, KILLED_BY(SIGSEGV));
  check(sys_mprotect(page, PAGE, PROT_READ) == 0 && load64(page) == 42, "PROT_NONE kept the contents");
  in_child("store to a page made PROT_READ", store_it, (u64)page, KILLED_BY(SIGSEGV));
  return failures != 0;
}
