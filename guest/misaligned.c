// Misaligned loads and stores of every size at every offset, within a page and across two pages.
#include "guest.h"

static u64 pattern(u64 seed) {
  return 0x8877665544332211 + seed * 0x0101010101010101;
}

// Stores `size` bytes of `value` at `p` in one instruction, loads them back in one, and by bytes; returns all right.
static int store_and_load(u8 *p, u64 size, u64 value) {
  u64 mask = size == 8 ? ~0UL : (1UL << size * 8) - 1;
  u64 loaded;
  u8 before = load8(p - 1);
  u8 behind = load8(p + size);
  if (size == 2) {
    store16(p, value);
    loaded = load16(p);
  } else if (size == 4) {
    store32(p, value);
    loaded = load32(p);
  } else {
    store64(p, value);
    loaded = load64(p);
  }
  int right = loaded == (value & mask) && load8(p - 1) == before && load8(p + size) == behind;
  for (u64 i = 0; i < size; i++) right &= load8(p + i) == (value >> i * 8 & 0xff);
  return right;
}

static void within_a_page(void) {
  u8 *page = map_pages(1, PROT_READ | PROT_WRITE);
  for (u64 size = 2; size <= 8; size *= 2) {
    int right = 0;
    for (u64 offset = 1; offset <= 16; offset++) right += store_and_load(page + offset, size, pattern(offset));
    print("%s: %lu bytes at 16 offsets\n", right == 16 ? "ok" : "FAILED", size);
    failures += right != 16;
  }
}

// Every split of every size over two pages, each time over a fresh pair: the store faults twice before it stores.
static void across_fresh_pages(void) {
  int right = 0;
  for (u64 size = 2; size <= 8; size *= 2) {
    for (u64 first = 1; first < size; first++) {
      u8 *boundary = map_pages(2, PROT_READ | PROT_WRITE) + PAGE;
      u64 value = pattern(first);
      if (size == 2) store16(boundary - first, value);
      if (size == 4) store32(boundary - first, value);
      if (size == 8) store64(boundary - first, value);
      right += store_and_load(boundary - first, size, ~value) && load8(boundary - first - 1) == 0;
    }
  }
  check(right == 11, "stores across two fresh pages, 11 splits");

  u8 *boundary = map_pages(2, PROT_READ | PROT_WRITE) + PAGE;
  check(load64(boundary - 3) == 0, "load across two fresh pages");
}

static void load_across(u64 boundary) {
  load64(opaque(boundary - 4));
}

static void store_across(u64 boundary) {
  store64(opaque(boundary - 4), ~0UL);
}

static void store_last_byte_across(u64 boundary) {
  store16(opaque(boundary - 1), ~0UL);
}

// The report of each child's death names the second page as the faulting address.
static void into_forbidden_page(void) {
  u8 *pages = map_pages(2, PROT_READ | PROT_WRITE);
  store64(pages + PAGE - 8, pattern(0));
  sys_mprotect(pages + PAGE, PAGE, PROT_NONE);
  in_child("load into a PROT_NONE page", load_across, (u64)pages + PAGE, KILLED_BY(SIGSEGV));
  in_child("store into a PROT_NONE page", store_across, (u64)pages + PAGE, KILLED_BY(SIGSEGV));
  in_child("store of 2 bytes into a PROT_NONE page", store_last_byte_across, (u64)pages + PAGE, KILLED_BY(SIGSEGV));
  check(load64(pages + PAGE - 8) == pattern(0), "first page unchanged");
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  within_a_page();
  across_fresh_pages();
  into_forbidden_page();
  return failures != 0;
}
