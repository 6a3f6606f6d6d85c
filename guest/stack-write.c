// System calls given buffers on stack pages that have not grown yet. The functions that do it move the stack pointer
// down without touching anything and make no calls before the system call, so nothing but the kernel grows the stack.
// What they write is 16 zero bytes, since nothing was ever stored there.
#include "guest.h"

// Keeps an array that nobody stores to.
#define KEEP(array) __asm__ volatile("" : : "r"(array) : "memory")

static int all_zero(const volatile u8 *from, u64 length) {
  while (length && !load8(from)) from++, length--;
  return !length;
}

// The last bytes of the page just below the lowest one touched, which is where this frame saved its two registers.
__attribute__((noinline)) static i64 one_page_below(void) {
  volatile u8 room[3 * PAGE];
  KEEP(room);
  u64 lowest_touched = ((u64)__builtin_frame_address(0) - 16) & -PAGE;
  return sys_write(1, opaque(lowest_touched - 8), 8);
}

// Across two pages in the middle of 64 KiB.
__attribute__((noinline)) static i64 far_below(void) {
  volatile u8 room[16 * PAGE] __attribute__((aligned(16)));
  KEEP(room);
  u64 boundary = ((u64)room + 5 * PAGE) & -PAGE;
  return sys_write(1, opaque(boundary - 4), 8);
}

// The kernel stores there instead; what it stored is there afterwards, and zeros behind it.
__attribute__((noinline)) static int store_far_below(void) {
  volatile u8 room[64 * PAGE];
  KEEP(room);
  i64 length = syscall3(SYS_getcwd, (i64)room, PAGE, 0);
  return length > 0 && load8(room) == '/' && load8(room + length - 1) == 0 && all_zero(room + length, 2 * PAGE);
}

// A path there, whose first byte is its terminator.
__attribute__((noinline)) static i64 path_far_below(void) {
  volatile u8 room[128 * PAGE];
  KEEP(room);
  return sys_open((const char *)room);
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  i64 near = one_page_below();
  check(near == 8, "write(2) from one page below what was touched");
  i64 far = far_below();
  check(far == 8, "write(2) from 44 KiB below");
  check(store_far_below(), "getcwd(2) to 256 KiB below");
  check(path_far_below() == -ENOENT, "openat(2) with a path 512 KiB below");
  return failures != 0;
}
