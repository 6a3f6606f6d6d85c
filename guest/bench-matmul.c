// Benchmark: products of 24 by 24 integer matrices. The argument is about how many million instructions.
#include "guest.h"

#define SIZE 24
#define ROUNDS_PER_MILLION 8

// In one piece from a page's start on, of which the first touches are made in order, whatever the compiler makes of the rest.
typedef u64 Matrix[SIZE][SIZE];
static struct {
  Matrix a, b, c;
} m __attribute__((aligned(4096)));

static void multiply(void) {
  for (u64 i = 0; i < SIZE; i++) {
    for (u64 j = 0; j < SIZE; j++) {
      u64 sum = 0;
      for (u64 k = 0; k < SIZE; k++) sum += m.a[i][k] * m.b[k][j];
      m.c[i][j] = sum;
    }
  }
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)envp;
  for (u64 at = 0; at < sizeof m; at += PAGE) store64((u8 *)&m + at, 0);
  for (u64 i = 0; i < SIZE; i++) {
    for (u64 j = 0; j < SIZE; j++) m.a[i][j] = i + j, m.b[i][j] = i * j + 1;
  }
  u64 rounds = number_or(argv[1], 2) * ROUNDS_PER_MILLION;
  u64 checksum = 0;
  for (u64 i = 0; i < rounds; i++) {
    multiply();
    checksum = checksum * 31 + m.c[i % SIZE][SIZE - 1];
    m.a[i % SIZE][0] = checksum;
  }
  print("%lu products: %lx\n", rounds, checksum);
  return 0;
}
