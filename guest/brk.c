// The heap: where it ends, growing it, shrinking it, and that what grows back is zero.
#include "guest.h"

static u64 brk(u64 end) {
  return syscall3(SYS_brk, end, 0, 0);
}

static void store_it(u64 address) {
  store64(opaque(address), 1);
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  u64 start = brk(0);
  u64 first_page = (start + PAGE - 1) & -PAGE;
  u64 end = first_page + 4 * PAGE;
  check(brk(end) == end && brk(0) == end, "grown by 4 pages");
  int zero = 1;
  for (u64 p = first_page; p < end; p += 8) zero &= load64(opaque(p)) == 0;
  check(zero, "new pages are zero");
  for (u64 p = first_page; p < end; p += 8) store64(opaque(p), p);
  check(load64(opaque(end - 8)) == end - 8, "new pages hold what is stored");

  u64 lower = first_page + PAGE;
  check(brk(lower) == lower, "shrunk by 3 pages");
  in_child("store above the end", store_it, lower, KILLED_BY(SIGSEGV));
  check(brk(end) == end && load64(opaque(lower)) == 0 && load64(opaque(end - 8)) == 0, "grown back, zero again");
  check(load64(opaque(lower - 8)) == lower - 8, "the page below was left alone");

  check(brk(1) == end, "an end below the start is refused");
  check(brk(KERNEL_ADDRESS) == end, "an end in the kernel's half is refused");
  return failures != 0;
}
