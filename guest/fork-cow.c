// Fork with copy-on-write, written on both sides. A third process, the holder, keeps a reference to every page, so the
// number of copied frames does not depend on who runs first: pages 0-3 are copied for the child and 2-7 for the parent,
// and once the child and the holder are gone pages 8-11 are made writable in place.
#include "guest.h"

#define PAGES 12

static u8 area[PAGES][PAGE] __attribute__((aligned(4096)));

static void fill(u64 first, u64 last, u8 mark) {
  for (u64 page = first; page <= last; page++) {
    store8(&area[page][page], mark + page);
    store64(&area[page][PAGE - 8], mark + page);
  }
}

static int holds(u64 first, u64 last, u8 mark) {
  for (u64 page = first; page <= last; page++) {
    if (load8(&area[page][page]) != mark + page || load64(&area[page][PAGE - 8]) != mark + page) return 0;
  }
  return 1;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  fill(0, PAGES - 1, 'A');

  i64 holder = fork();
  if (holder == 0) {
    while (holds(0, PAGES - 1, 'A')) sys_yield();
    leave(1);
  }

  i64 child = fork();
  if (child == 0) {
    fill(0, 3, 'c');
    leave(holds(0, 3, 'c') && holds(4, PAGES - 1, 'A') ? 0 : 1);
  }
  check(wait_for(child) == EXITED(0), "child: 4 frames copied, its other pages as before the fork");
  check(holds(0, PAGES - 1, 'A'), "parent: sees nothing of what the child stored");

  fill(2, 7, 'p');
  check(holds(0, 1, 'A') && holds(2, 7, 'p') && holds(8, 11, 'A'), "parent: 6 frames copied");

  sys_yield();
  sys_kill(holder, SIGKILL);
  check(wait_for(holder) == KILLED_BY(SIGKILL), "holder: saw nothing of either until it was killed");

  fill(8, 11, 'q');
  check(holds(2, 7, 'p') && holds(8, 11, 'q'), "parent: 4 frames with one reference left written in place");
  return failures != 0;
}
