// Benchmark: first touches of as many pages as the argument says, a page fault each.
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)envp;
  u64 pages = number_or(argv[1], 256);
  if (pages == 0) return 0;
  u8 *area = map_pages(pages, PROT_READ | PROT_WRITE);
  for (u64 page = 0; page < pages; page++) store64(area + page * PAGE, page);
  print("%lu page faults\n", pages);
  return 0;
}
