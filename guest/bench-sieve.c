// Benchmark: the sieve of Eratosthenes over 8 KiB of flags. The argument is about how many million instructions.
#include "guest.h"

#define LIMIT 8192
#define ROUNDS_PER_MILLION 6

static u8 composite[LIMIT];

static int primes(void) {
  int count = 0;
  for (u64 i = 2; i < LIMIT; i++) composite[i] = 0;
  for (u64 i = 2; i < LIMIT; i++) {
    if (composite[i]) continue;
    count++;
    for (u64 j = i * i; j < LIMIT; j += i) composite[j] = 1;
  }
  return count;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)envp;
  u64 rounds = number_or(argv[1], 2) * ROUNDS_PER_MILLION;
  int count = 0;
  for (u64 i = 0; i < rounds; i++) count = primes();
  print("%d primes below %d, %lu times\n", count, LIMIT, rounds);
  return rounds && count != 1028;
}
