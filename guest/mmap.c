// mmap, munmap and mprotect: splitting an area, hints, replacing pages, and arguments that are refused.
#include "guest.h"

#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static void load_it(u64 address) {
  load64(opaque(address));
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  u8 *area = map_pages(5, RW);
  for (u64 page = 0; page < 5; page++) store64(area + page * PAGE, page + 1);

  check(sys_munmap(area + 2 * PAGE, PAGE) == 0, "middle page of five unmapped");
  in_child("load below the hole", load_it, (u64)area + 2 * PAGE - 8, EXITED(0));
  in_child("load in the hole", load_it, (u64)area + 2 * PAGE, KILLED_BY(SIGSEGV));
  in_child("load above the hole", load_it, (u64)area + 3 * PAGE, EXITED(0));
  check(load64(area + PAGE) == 2 && load64(area + 3 * PAGE) == 4, "both sides kept their contents");

  check(sys_mmap(area + 2 * PAGE, PAGE, RW, ANONYMOUS) == (i64)(area + 2 * PAGE), "a hint that is free is taken");
  check(load64(area + 2 * PAGE) == 0, "the page there is zero");
  i64 elsewhere = sys_mmap(area, PAGE, RW, ANONYMOUS);
  check(elsewhere > 0 && elsewhere != (i64)area, "a hint that is in use is not taken");
  check(load64(area) == 1, "what is there stays");

  check(sys_mmap(area + PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED) == (i64)(area + PAGE), "MAP_FIXED over two areas");
  check(load64(area + PAGE) == 0 && load64(area) == 1 && load64(area + 3 * PAGE) == 4, "only these are replaced");

  check(sys_munmap(area, 5 * PAGE) == 0, "unmapped over several areas");
  check(sys_munmap(area, 5 * PAGE) == 0, "unmapped again, though nothing is there");
  in_child("load after munmap", load_it, (u64)area, KILLED_BY(SIGSEGV));

  check(sys_munmap(area + 1, PAGE) == -EINVAL, "munmap of a misaligned address: EINVAL");
  check(sys_munmap(area, 0) == -EINVAL, "munmap of nothing: EINVAL");
  check(sys_mmap(0, 0, RW, ANONYMOUS) == -EINVAL, "mmap of nothing: EINVAL");
  check(sys_mmap(area + 1, PAGE, RW, ANONYMOUS | MAP_FIXED) == -EINVAL, "MAP_FIXED at a misaligned address: EINVAL");
  check(sys_mmap((u8 *)KERNEL_ADDRESS, PAGE, RW, ANONYMOUS | MAP_FIXED) == -ENOMEM, "MAP_FIXED in the kernel: ENOMEM");
  check(sys_mprotect(area, PAGE, RW) == -ENOMEM, "mprotect of a hole: ENOMEM");
  check(sys_mprotect(area + 1, PAGE, RW) == -EINVAL, "mprotect of a misaligned address: EINVAL");
  return failures != 0;
}
