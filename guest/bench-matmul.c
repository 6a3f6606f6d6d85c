// Benchmark: products of 24 by 24 integer matrices. The argument is about how many million instructions.
#include "guest.h"

#define SIZE 24
#define ROUNDS_PER_MILLION 8

static u64 a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

static void multiply(void) {
  for (u64 i = 0; i < SIZE; i++) {
    for (u64 j = 0; j < SIZE; j++) {
      u64 sum = 0;
      for (u64 k = 0; k < SIZE; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)envp;
  for (u64 i = 0; i < SIZE; i++) {
    for (u64 j = 0; j < SIZE; j++) a[i][j] = i + j, b[i][j] = i * j + 1;
  }
  u64 rounds = number_or(argv[1], 2) * ROUNDS_PER_MILLION;
  u64 checksum = 0;
  for (u64 i = 0; i < rounds; i++) {
    multiply();
    checksum = checksum * 31 + c[i % SIZE][SIZE - 1];
    a[i % SIZE][0] = checksum;
  }
  print("%lu products: %lx\n", rounds, checksum);
  return 0;
}
