// Stores that cross from a page that allows them into one that does not, and the other way round: SIGSEGV, in a child,
// whose report names the read-only part of the access. The parent's pages are as they were, and so is what it may do.
#include "guest.h"

static void store_across(u64 boundary) {
  store64(opaque(boundary - 4), ~0UL);
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  u8 *pages = map_pages(3, PROT_READ | PROT_WRITE);
  for (u64 i = 0; i < 3 * PAGE; i += 8) store64(pages + i, i);
  check(sys_mprotect(pages + PAGE, PAGE, PROT_READ) == 0, "middle page made read-only");

  check(load64(pages + PAGE - 4) == PAGE << 32, "load into the read-only page");
  in_child("store into the read-only page", store_across, (u64)pages + PAGE, KILLED_BY(SIGSEGV));
  in_child("store out of the read-only page", store_across, (u64)pages + 2 * PAGE, KILLED_BY(SIGSEGV));

  int unchanged = 1;
  for (u64 i = 0; i < 3 * PAGE; i += 8) unchanged &= load64(pages + i) == i;
  check(unchanged, "no page changed");

  check(sys_mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0, "middle page made writable");
  store_across((u64)pages + PAGE);
  store_across((u64)pages + 2 * PAGE);
  check(load64(pages + PAGE - 4) == ~0UL && load64(pages + 2 * PAGE - 4) == ~0UL, "both stores work now");
  return failures != 0;
}
