// Demand paging over a large .bss: first touches in ascending, then in descending order, each a fault of its own.
#include "guest.h"

#define PAGES 256
#define STRIDE 16

static u8 area[PAGES][PAGE] __attribute__((aligned(4096)));

// Stores at three places of a page that must be all zero; returns how many of these were not.
static int first_touch(u64 page) {
  int dirty = load64(&area[page][8]) != 0;
  dirty += load8(&area[page][PAGE - 1]) != 0;
  store64(&area[page][8], page * 0x0101010101010101);
  store8(&area[page][PAGE - 1], page);
  return dirty;
}

static int holds(u64 page) {
  return load64(&area[page][8]) == page * 0x0101010101010101 && load8(&area[page][PAGE - 1]) == (page & 0xff);
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  int dirty = 0;
  for (u64 page = 0; page < PAGES; page += STRIDE) dirty += first_touch(page);
  check(dirty == 0, "16 pages touched in ascending order were zero");

  for (i64 page = PAGES - 1; page >= 0; page -= STRIDE) dirty += first_touch(page);
  check(dirty == 0, "16 pages touched in descending order were zero");

  // A page may be stored to before it is ever loaded from.
  for (i64 page = PAGES - 8; page >= 0; page -= STRIDE) store8(&area[page][page], page | 1);
  int kept = 0;
  for (u64 page = 0; page < PAGES; page++) {
    if (page % STRIDE == 0 || page % STRIDE == STRIDE - 1) kept += holds(page);
    if (page % STRIDE == 8) kept += load8(&area[page][page]) == (page | 1);
  }
  check(kept == 48, "48 pages kept what was stored");
  return failures != 0;
}
