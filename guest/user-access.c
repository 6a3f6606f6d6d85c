// The edge cases of kernel access to user memory, each through a real system call: a line `row: result` each, in the
// order of the table. The results named here are those of a corrected kernel; where another comes out the line says so
// and the exit status is 1. An argument names the one row to run: then nothing is done in a child, so what the row does
// to this process or to the kernel shows. Standard input must hold a byte at least.
#include "guest.h"

#define RW (PROT_READ | PROT_WRITE)
#define UNMAPPED 0x2000UL
#define LAST_PAGE ((u64)-4096)

static const char missing[] = "no-such-file";
// The first byte of .data that anybody touches is touched by the kernel's scan.
static char untouched[] = "no-such-file-either";

static i64 sys_fstat(void *buffer) {
  return syscall3(SYS_fstat, 1, (i64)buffer, 0);
}

static i64 sys_uname(void *buffer) {
  return syscall3(SYS_uname, (i64)buffer, 0, 0);
}

// Copies `text` without its terminator to end just before `end`, and returns where it starts.
static char *place_before(u8 *end, const char *text) {
  u64 length = 0;
  while (text[length]) length++;
  for (u64 i = 0; i < length; i++) store8(end - length + i, text[i]);
  return (char *)end - length;
}

// Two pages, the second with these rights or, for a negative number, not there; returns the boundary between them.
static u8 *two_pages(int rights) {
  u8 *pages = map_pages(2, RW);
  if (rights < 0) {
    sys_munmap(pages + PAGE, PAGE);
  } else if (rights != RW) {
    sys_mprotect(pages + PAGE, PAGE, rights);
  }
  return pages + PAGE;
}

static u8 *read_only_page(void) {
  u8 *page = map_pages(1, RW);
  store64(page, 42);
  sys_mprotect(page, PAGE, PROT_READ);
  return page;
}

static i64 null_buffer(void) {
  return sys_write(1, opaque(0), 8);
}
static i64 null_string(void) {
  return sys_open(opaque(0));
}
static i64 kernel_buffer(void) {
  return sys_write(1, opaque(KERNEL_ADDRESS), 8);
}
static i64 kernel_string(void) {
  return sys_open(opaque(KERNEL_ADDRESS));
}
static i64 kernel_target(void) {
  return sys_fstat(opaque(KERNEL_ADDRESS));
}
static i64 zero_length(void) {
  return sys_write(1, opaque(UNMAPPED), 0);
}
static i64 wraps(void) {
  return sys_write(1, opaque(LAST_PAGE), 2 * PAGE);
}
static i64 last_page_string(void) {
  return sys_open(opaque(-8UL));
}
static i64 terminator_at_end(void) {
  u8 *end = two_pages(-1);
  store8(end - 1, 0);
  return sys_open(place_before(end - 1, missing));
}
static i64 string_into_hole(void) {
  return sys_open(place_before(two_pages(-1), missing));
}
static i64 string_into_prot_none(void) {
  return sys_open(place_before(two_pages(PROT_NONE), missing));
}
static i64 string_into_write_only(void) {
  return sys_open(place_before(two_pages(PROT_WRITE), missing));
}
static i64 misaligned_u32(void) {
  u8 *page = map_pages(1, RW);
  i64 pid = fork();
  if (pid == 0) leave(0);
  return syscall6(SYS_wait4, pid, (i64)(page + 2), 0, 0, 0, 0);
}
static i64 misaligned_u64(void) {
  return sys_fstat(map_pages(1, RW) + 4);
}
static i64 misaligned_iovec(void) {
  // One empty element: 16 zero bytes wherever they start.
  return syscall3(SYS_writev, 1, (i64)(map_pages(1, RW) + 1), 1);
}
static i64 unaligned_bytes(void) {
  // struct utsname is nothing but characters, so any address is aligned.
  return sys_uname(map_pages(1, RW) + 1);
}
static i64 two_areas(void) {
  u8 *pages = map_pages(2, RW);
  const char *text = place_before(pages + PAGE + 7, "two areas, one write\n");
  sys_mprotect(pages + PAGE, PAGE, PROT_READ);
  return sys_write(1, text, 21);
}
static i64 mutable_across_read_only(void) {
  return sys_fstat(two_pages(PROT_READ) - STAT_SIZE / 2);
}
static i64 read_only_fstat(void) {
  return sys_fstat(read_only_page());
}
static i64 read_only_uname(void) {
  return sys_uname(read_only_page());
}
static i64 read_only_getcwd(void) {
  return syscall3(SYS_getcwd, (i64)read_only_page(), PAGE, 0);
}
static i64 read_only_read(void) {
  return sys_read(0, read_only_page(), 1);
}
static i64 write_only_buffer(void) {
  u8 *page = map_pages(1, PROT_WRITE);
  store64(page, 42);
  return sys_write(1, page, 8);
}
static i64 lazy_string(void) {
  // Nobody has touched either page: the string is empty.
  return sys_open((char *)map_pages(2, RW));
}
static i64 lazy_string_tail(void) {
  // The terminator is the first byte of a page that nobody has touched.
  return sys_open(place_before(map_pages(2, RW) + PAGE, missing));
}
static i64 lazy_string_in_image(void) {
  return sys_open(untouched);
}
static i64 lazy_target(void) {
  u8 *page = map_pages(1, RW);
  i64 result = sys_uname(page);
  return result == 0 && load8(page) == 0 ? -1 : result;
}

static i64 unmap_after_check(const void *address) {
  return syscall3(FAULTLINE_HOOK, (i64) "unmap-after-check", (i64)address, 0);
}
static i64 unmapped_after_get(void) {
  u8 *page = map_pages(1, RW);
  store64(page, 42);
  i64 hooked = unmap_after_check(page);
  return hooked ? hooked : sys_write(1, page, 8);
}
static i64 unmapped_after_get_target(void) {
  u8 *page = map_pages(1, RW);
  store64(page, 42);
  i64 hooked = unmap_after_check(page);
  return hooked ? hooked : sys_uname(page);
}

// The child's kernel stores into a page that it shares with the parent; returns 0 if only the child sees it.
static i64 cow_target(void) {
  u8 *page = map_pages(1, RW);
  store64(page, 0x55);
  i64 pid = fork();
  if (pid == 0) {
    i64 result = sys_uname(page);
    leave(result == 0 && load64(page) != 0x55 && load64(page) != 0 ? 0 : result ? -result : 255);
  }
  int status = wait_for(pid);
  if (status != EXITED(0)) return status & 0x7f ? -1 : -(status >> 8 & 0xff);
  return load64(page) == 0x55 ? 0 : -1;
}
static i64 cow_read_target(void) {
  u8 *page = map_pages(1, RW);
  store64(page, 0);
  i64 pid = fork();
  if (pid == 0) leave(0);
  // The parent's kernel stores while the child, alive or not yet waited for, may share the page.
  i64 result = sys_read(0, page, 1);
  int status = wait_for(pid);
  return status == EXITED(0) && load8(page) != 0 && load8(page + 1) == 0 ? result : -1;
}
static i64 invalid_utf8(void) {
  return sys_open("\xff\xfe");
}
static i64 truncated_utf8(void) {
  return sys_open("name-\xe2\x82");
}
static i64 string_too_long(void) {
  u8 *pages = map_pages(2, RW);
  for (u64 i = 0; i < PAGE; i++) store8(pages + i, 'a');
  return sys_open((char *)pages);
}
static i64 unresolved_under_flag(void) {
  u8 *page = map_pages(1, RW);
  store8(page, 'x');
  i64 hooked = unmap_after_check(page);
  return hooked ? hooked : sys_open((char *)page);
}

typedef struct {
  const char *name;
  i64 (*run)(void);
  i64 expected;
  // Whether a kernel that is not corrected may end the process: then a child runs it.
  int fatal;
} Row;

// Grouped as in the table: where one of its rows has several forms, the names share their first words.
static const Row rows[] = {
    {"null-buffer", null_buffer, -EFAULT, 0},
    {"null-string", null_string, -EFAULT, 0},
    {"kernel-buffer", kernel_buffer, -EFAULT, 0},
    {"kernel-string", kernel_string, -EFAULT, 0},
    {"kernel-target", kernel_target, -EFAULT, 0},
    {"zero-length", zero_length, 0, 0},
    {"wraps", wraps, -EFAULT, 0},
    {"last-page-string", last_page_string, -EFAULT, 0},
    {"terminator-at-end", terminator_at_end, -ENOENT, 0},
    {"string-into-hole", string_into_hole, -EFAULT, 0},
    {"string-into-prot-none", string_into_prot_none, -EFAULT, 0},
    {"string-into-write-only", string_into_write_only, -EFAULT, 0},
    {"misaligned-u32", misaligned_u32, -EFAULT, 0},
    {"misaligned-u64", misaligned_u64, -EFAULT, 0},
    {"misaligned-iovec", misaligned_iovec, -EFAULT, 0},
    {"unaligned-bytes", unaligned_bytes, 0, 0},
    {"two-areas", two_areas, 21, 0},
    {"two-areas-target", mutable_across_read_only, -EFAULT, 0},
    {"read-only-fstat", read_only_fstat, -EFAULT, 0},
    {"read-only-uname", read_only_uname, -EFAULT, 0},
    {"read-only-getcwd", read_only_getcwd, -EFAULT, 0},
    {"read-only-read", read_only_read, -EFAULT, 0},
    {"write-only-buffer", write_only_buffer, -EFAULT, 0},
    {"lazy-string", lazy_string, -ENOENT, 0},
    {"lazy-string-tail", lazy_string_tail, -ENOENT, 0},
    {"lazy-string-in-image", lazy_string_in_image, -ENOENT, 0},
    {"lazy-target", lazy_target, 0, 0},
    {"unmapped-after-get", unmapped_after_get, -EFAULT, 1},
    {"unmapped-after-get-target", unmapped_after_get_target, -EFAULT, 1},
    {"cow-target", cow_target, 0, 1},
    {"cow-target-read", cow_read_target, 1, 1},
    {"invalid-utf8", invalid_utf8, -EILSEQ, 0},
    {"invalid-utf8-truncated", truncated_utf8, -EILSEQ, 0},
    {"string-too-long", string_too_long, -ENAMETOOLONG, 0},
    {"unresolved-under-flag", unresolved_under_flag, -EFAULT, 1},
};

static const char *error_name(i64 error) {
  switch (error) {
    case ENOENT:
      return "ENOENT";
    case EFAULT:
      return "EFAULT";
    case ENAMETOOLONG:
      return "ENAMETOOLONG";
    case ENOSYS:
      return "ENOSYS";
    case EILSEQ:
      return "EILSEQ";
    default:
      return "another error";
  }
}

// Runs a row and prints its line; returns whether the result was the corrected kernel's.
static int run(const Row *row) {
  i64 result = row->run();
  int right = result == row->expected;
  if (result < 0) {
    print("%s: %s%s\n", row->name, error_name(-result), right ? "" : " (not as corrected)");
  } else {
    print("%s: %ld%s\n", row->name, result, right ? "" : " (not as corrected)");
  }
  return right;
}

static int run_in_child(const Row *row) {
  i64 pid = fork();
  if (pid == 0) leave(!run(row));
  int status = wait_for(pid);
  if (status & 0x7f) print("%s: signal %d (not as corrected)\n", row->name, status & 0x7f);
  return status == EXITED(0);
}

int main(int argc, char **argv, char **envp) {
  (void)envp;
  int wrong = 0;
  int ran = 0;
  for (u64 i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (argc > 1 && !same(argv[1], rows[i].name)) continue;
    wrong += !(rows[i].fatal && argc == 1 ? run_in_child(&rows[i]) : run(&rows[i]));
    ran++;
  }
  if (ran == 0) print("no row %s\n", argv[1]);
  return ran == 0 ? 2 : wrong != 0;
}
