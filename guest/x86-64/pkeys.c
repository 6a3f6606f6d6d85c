// Protection keys: a page with a key of its own can be closed and opened without a system call, by WRPKRU. Loads and
// stores that the key forbids die by SIGSEGV with SEGV_PKUERR, each in a child. With "load" or "store" as argument the
// process does it itself.
#include "../guest.h"

#define RW (PROT_READ | PROT_WRITE)
#define DISABLE_ACCESS 1
#define DISABLE_WRITE 2

static u32 rdpkru(void) {
  u32 value, high;
  __asm__ volatile("rdpkru" : "=a"(value), "=d"(high) : "c"(0));
  return value;
}

static void wrpkru(u32 value) {
  __asm__ volatile("wrpkru" : : "a"(value), "c"(0), "d"(0) : "memory");
}

// Gives this process the rights of one key.
static void set_rights(i64 key, u32 rights) {
  wrpkru((rdpkru() & ~(3u << key * 2)) | rights << key * 2);
}

static i64 pkey_alloc(u64 rights) {
  return syscall3(SYS_pkey_alloc, 0, rights, 0);
}

static i64 pkey_mprotect(void *start, u64 length, int prot, i64 key) {
  return syscall6(SYS_pkey_mprotect, (i64)start, length, prot, key, 0, 0);
}

static i64 pkey_free(i64 key) {
  return syscall3(SYS_pkey_free, key, 0, 0);
}

static u8 *page;

static void load_it(u64 unused) {
  (void)unused;
  load64(page);
}

static void store_it(u64 unused) {
  (void)unused;
  store64(page, 1);
}

static void jump_to_it(u64 unused) {
  (void)unused;
  jump_to((u64)page);
}

int main(int argc, char **argv, char **envp) {
  (void)envp;
  page = map_pages(2, RW);
  store64(page, 42);
  i64 key = pkey_alloc(DISABLE_WRITE);
  if (key < 0) {
    print("pkey_alloc: error %ld\n", -key);
    return 2;
  }
  if (argc > 1) {
    set_rights(key, same(argv[1], "load") ? DISABLE_ACCESS : DISABLE_WRITE);
    pkey_mprotect(page, PAGE, RW, key);
    print("%s\n", argv[1]);
    if (same(argv[1], "load")) load_it(0);
    if (same(argv[1], "store")) store_it(0);
    print("survived\n");
    return 1;
  }
  check(key == 1, "the first key is 1");
  check((rdpkru() >> 2 & 3) == DISABLE_WRITE, "its rights are those that were asked for");
  check((rdpkru() & 3) == 0 && rdpkru() >> 4 == 0x5555555, "key 0 is open, all others are closed");
  check(pkey_mprotect(page, PAGE, RW, 2) == -EINVAL, "a key that nobody allocated: EINVAL");
  check(pkey_mprotect(page, PAGE, RW, key) == 0, "the page has the key");

  check(load64(page) == 42, "load from a page whose key forbids stores");
  in_child("store to it", store_it, 0, KILLED_BY(SIGSEGV));
  check(sys_write(1, page, 0) == 0, "a write of nothing");

  set_rights(key, DISABLE_ACCESS);
  in_child("load from a page whose key forbids both", load_it, 0, KILLED_BY(SIGSEGV));
  check(syscall3(SYS_uname, (i64)page, 0, 0) == -EFAULT, "uname there: EFAULT");
  store64(page + PAGE, 7);
  check(load64(page + PAGE) == 7, "the page behind it is open");

  set_rights(key, 0);
  store64(page, 0xc3);
  check(load64(page) == 0xc3, "store where the key forbids nothing");
  check(pkey_mprotect(page, PAGE, PROT_READ | PROT_EXEC, key) == 0, "the page is code");
  set_rights(key, DISABLE_ACCESS);
  in_child("a fetch, which keys do not forbid", jump_to_it, 0, EXITED(0));
  check(sys_mprotect(page, PAGE, PROT_READ) == 0, "mprotect keeps the key");
  in_child("load after mprotect", load_it, 0, KILLED_BY(SIGSEGV));

  check(pkey_mprotect(page, PAGE, RW, 0) == 0, "the page has key 0 again");
  check(load64(page) == 0xc3, "load with key 0");
  check(pkey_free(key) == 0 && pkey_free(key) == -EINVAL, "a key is freed once");
  check(pkey_alloc(4) == -EINVAL, "rights that are none: EINVAL");
  int taken = 0;
  while (pkey_alloc(0) > 0) taken++;
  check(taken == 15, "15 keys, then no more");
  return failures != 0;
}
