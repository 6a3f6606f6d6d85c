// Integers of 128 bits, atomic operations of all sizes, bits and overflow, thread-local variables, sorting.
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 u128;
typedef __int128 i128;

static __thread int own = 7;
static __thread struct { char text[40]; uint64_t n; } more = {"thread's own", 99};
static _Thread_local int zero[1000];
static __thread int *__attribute__((tls_model("local-exec"))) exec;

static void show(const char *name, u128 n) { printf(" %s=%llx:%llx", name, (unsigned long long)(n >> 64), (unsigned long long)n); }

static uint64_t seed = 88172645463325252ULL;
static uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}
static u128 wide(void) {
  u128 n = (u128)next() << 64 | next();
  return n >> next() % 127;
}
static int by_number(const void *a, const void *b) {
  uint64_t p = *(uint64_t *)a, q = *(uint64_t *)b;
  return (p > q) - (p < q);
}

int main(void) {
  for (int i = 0; i < 60; i++) {
    volatile u128 a = wide(), b = wide() | 1;
    int shift = next() % 128;
    show("a", a), show("b", b), show("*", a * b), show("/", a / b), show("%", a % b), show("+", a + b), show("-", a - b);
    show("<<", a << shift), show(">>", a >> shift), show("sar", (i128)~a >> shift);
    show("idiv", -(i128)(a >> 1) / (i128)(b >> 1 | 1)), show("imod", -(i128)(a >> 1) % (i128)(b >> 1 | 1));
    i128 sum;
    printf(" %d%d%d", a < b, (i128)a < (i128)b, __builtin_add_overflow((i128)(a << 64), (i128)(b << 63), &sum));
    show("sum", sum);
    printf(" %.17g %.9g %.20Lg\n", (double)a, (float)(i128)b, (long double)(i128)~a);
    uint64_t p = next(), q = next() >> next() % 63;
    int64_t product;
    int32_t narrow;
    printf("%d %d %d %d %d %d %llx %llx", __builtin_popcountll(p), __builtin_clzll(q | 1), __builtin_ctzll(q | 1ULL << 63),
           __builtin_parityll(p), __builtin_mul_overflow((int64_t)p, (int64_t)(q >> 32), &product),
           __builtin_sub_overflow((int32_t)p, (int32_t)q, &narrow), __builtin_bswap64(p), p << (q & 63) | p >> (-q & 63));
    printf(" %lld %d %lld %llu %d\n", (long long)product, narrow, (long long)p / (long long)(q | 1), p % (q | 1), (int)p % ((int)q | 1));
  }

  _Atomic uint8_t a8 = 250;
  _Atomic uint16_t a16 = 65530;
  _Atomic uint32_t a32 = -6;
  _Atomic uint64_t a64 = -6;
  for (int i = 0; i < 10; i++) {
    printf("%u %u %u %llu ", atomic_fetch_add(&a8, 1), atomic_fetch_sub(&a16, 3), atomic_fetch_or(&a32, i), (unsigned long long)atomic_fetch_xor(&a64, i << 3));
    printf("%u %u", atomic_fetch_and(&a8, ~i), atomic_exchange(&a16, i * 7000));
    uint32_t wanted = i & 1 ? a32 : 5;
    printf(" %d", atomic_compare_exchange_strong(&a32, &wanted, i));
    printf(" %u %u\n", wanted, a32);
  }
  // CMPXCHG16B, with -mcx16.
  static u128 whole __attribute__((aligned(16)));
  for (int i = 0; i < 6; i++) {
    u128 before = i & 1 ? whole : (u128)i << 64, after = (u128)next() << 64 | next();
    u128 was = __sync_val_compare_and_swap(&whole, before, after);
    show("was", was), show("is", whole);
    printf(" %d\n", __sync_bool_compare_and_swap(&whole, whole, before + i));
  }

  exec = &own;
  own += 3, zero[999] = 4, more.n++;
  printf("%d %d %s %llu %d\n", *exec, zero[999] + zero[0], more.text, (unsigned long long)more.n, (uintptr_t)&more % 8 == 0);

  static uint64_t numbers[5000];
  for (int i = 0; i < 5000; i++) numbers[i] = next() >> next() % 60;
  qsort(numbers, 5000, sizeof *numbers, by_number);
  uint64_t sum = 0;
  for (int i = 0; i < 5000; i++) sum = sum * 31 + numbers[i];
  uint64_t *found = bsearch(&numbers[1234], numbers, 5000, sizeof *numbers, by_number);
  printf("%llx %d\n", (unsigned long long)sum, *found == numbers[1234]);
  return 0;
}
