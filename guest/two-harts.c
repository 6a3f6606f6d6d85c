// Two processes on two harts share pages by fork and unshare them by writing, while each takes rights and pages away
// from itself. Every sched_yield may move a process to the other hart, where an older translation of its own may still
// be cached: a kernel that does not invalidate there shows as a value that should be gone. Run with --harts 2.
#include "guest.h"

#define PAGES 8
#define ROUNDS 12

static u64 shared[PAGES][PAGE / 8] __attribute__((aligned(4096)));

static void yield_some(u64 times) {
  while (times--) sys_yield();
}

static int all_are(u64 value) {
  int same_value = 1;
  for (u64 page = 0; page < PAGES; page++) same_value &= load64(&shared[page][page]) == value + page;
  return same_value;
}

// Unshares the pages one by one, giving way in between, and looks at all of them after each store.
static int unshare(u64 old_value, u64 new_value) {
  int right = all_are(old_value);
  for (u64 page = 0; page < PAGES; page++) {
    store64(&shared[page][page], new_value + page);
    yield_some(2);
    for (u64 i = 0; i < PAGES; i++) right &= load64(&shared[i][i]) == (i <= page ? new_value : old_value) + i;
  }
  return right;
}

// A page unmapped and mapped again must read as zero on whichever hart this process is by then.
static int remap(u64 value) {
  u8 *page = map_pages(1, PROT_READ | PROT_WRITE);
  int right = 1;
  for (u64 round = 0; round < ROUNDS; round++) {
    store64(page, value + round);
    yield_some(1 + round % 3);
    right &= load64(page) == value + round;
    right &= sys_munmap(page, PAGE) == 0;
    yield_some(round % 2);
    i64 again = sys_mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
    right &= again == (i64)page && load64(page) == 0;
  }
  return right && sys_munmap(page, PAGE) == 0;
}

static u64 *guarded;

static void store_to_guarded(u64 unused) {
  (void)unused;
  yield_some(2);
  store64(guarded, 1);
}

// A page made read-only after it was written kills whoever stores to it, wherever that process runs.
static int protect(u64 value) {
  guarded = (u64 *)map_pages(1, PROT_READ | PROT_WRITE);
  int right = 1;
  for (u64 round = 0; round < 3; round++) {
    store64(guarded, value + round);
    yield_some(1);
    right &= sys_mprotect(guarded, PAGE, PROT_READ) == 0 && load64(guarded) == value + round;
    i64 pid = fork();
    if (pid == 0) {
      store_to_guarded(0);
      leave(0);
    }
    right &= wait_for(pid) == KILLED_BY(SIGSEGV) && load64(guarded) == value + round;
    right &= sys_mprotect(guarded, PAGE, PROT_READ | PROT_WRITE) == 0;
  }
  return right;
}

static int all_of_it(u64 value) {
  return unshare(100, value) << 0 | remap(value) << 1 | protect(value) << 2 | all_are(value) << 3;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  for (u64 page = 0; page < PAGES; page++) store64(&shared[page][page], 100 + page);
  i64 pid = fork();
  if (pid == 0) leave(all_of_it(300));
  int mine = all_of_it(200);
  int child = wait_for(pid);
  check(mine & 1, "parent: pages unshared one by one");
  check(mine & 2, "parent: page unmapped and mapped again");
  check(mine & 4, "parent: page made read-only");
  check(mine & 8, "parent: nothing of the child's stores seen");
  check(!(child & 0x7f), "child: ended by itself");
  check(child >> 8 & 1, "child: pages unshared one by one");
  check(child >> 8 & 2, "child: page unmapped and mapped again");
  check(child >> 8 & 4, "child: page made read-only");
  check(child >> 8 & 8, "child: nothing of the parent's stores seen");
  return failures != 0;
}
