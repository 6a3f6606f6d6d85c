// Double extended precision through the C library: printed, read, converted, rounded in four modes, with what exceptions
// each operation tells of. Everything here is exact or correctly rounded, so that every digit counts.
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int MODES[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};

static long double made(int sign, int exponent, uint64_t significand) {
  long double value = 0;
  uint16_t high = (sign << 15) | exponent;
  memcpy(&value, &significand, 8);
  memcpy((char *)&value + 8, &high, 2);
  return value;
}

static void bits(const char *name, long double value) {
  uint64_t low;
  uint16_t high;
  memcpy(&low, &value, 8);
  memcpy(&high, (char *)&value + 8, 2);
  printf(" %s=%04x:%016llx", name, high, (unsigned long long)low);
}

static void flags(void) {
  printf(" [%x]\n", fetestexcept(FE_ALL_EXCEPT));
  feclearexcept(FE_ALL_EXCEPT);
}

static uint64_t seed = 1;
static uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static volatile long double values[80];
static int count;

int main(void) {
  const uint64_t ONE = 1ULL << 63;
  const long double plain[] = {0.0L,    -0.0L,   1.0L,        -1.0L,        0.1L,     2.5L,          3.5L,         -0.5L,
                               1e22L,   1e23L,   LDBL_MAX,    LDBL_MIN,     -LDBL_MAX, LDBL_EPSILON, 1e4932L,      1e-4930L,
                               1e308L,  5e-324L, 4294967296.5L, 9223372036854775807.0L, -9223372036854775808.0L,
                               18446744073709551615.0L, 123456789012345678.0L, 1.0L / 3, 0.7L, 1e100L, 2147483647.5L, 65535.5L};
  for (unsigned i = 0; i < sizeof plain / sizeof *plain; i++) values[count++] = plain[i];
  // Denormal numbers, the least and the largest; infinities and NaNs.
  values[count++] = made(0, 0, 1);
  values[count++] = made(1, 0, ONE - 1);
  values[count++] = made(0, 0, 0x123456789abcdefULL);
  values[count++] = made(0, 1, ONE);
  values[count++] = made(0, 0x7fff, ONE);
  values[count++] = made(1, 0x7fff, ONE);
  values[count++] = made(0, 0x7fff, ONE | ONE >> 1);
  values[count++] = made(1, 0x7fff, ONE | ONE >> 1 | 77);
  for (int i = 0; i < 12; i++) values[count++] = made(next() & 1, 0x3fff - 70 + next() % 140, next() | ONE);
  for (int i = 0; i < 6; i++) values[count++] = made(next() & 1, next() % 0x7fff, next() | ONE);

  puts("printed and read again");
  for (int i = 0; i < count; i++) {
    long double v = values[i], again;
    char text[6000];
    printf("%Lg %.20Lg %La %Le %.3Lf|%-20.5Lg|%+La", v, v, v, v, fabsl(v) < 1e30L ? v : 0, v, v);
    snprintf(text, sizeof text, "%.21Lg", v);
    again = strtold(text, 0);
    printf(" %d", memcmp(&again, &v, 10) == 0 || v != v);
    snprintf(text, sizeof text, "%La", v);
    again = strtold(text, 0);
    printf(" %d %zu", memcmp(&again, &v, 10) == 0 || v != v, strlen(text));
    flags();
  }
  const char *texts[] = {"1e4933", "-1e5000", "1e-4951", "1e-4960", "0x1p-16445", "0x1.8p-16446", "0x1p16384", "inf", "-nan(123)",
                         "1.18973149535723176502126385303097021e4932", "0x1.fffffffffffffffe8p3", "0x1.ffffffffffffffffp3", ".1", "3e", "x"};
  for (int m = 0; m < 4; m++) {
    fesetround(MODES[m]);
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
      char *end;
      bits(texts[i], strtold(texts[i], &end));
      printf(" %ld", (long)(end - texts[i]));
      flags();
    }
  }

  puts("rounded, in four modes");
  for (int m = 0; m < 4; m++) {
    fesetround(MODES[m]);
    printf("mode %d %d\n", m, fegetround() == MODES[m]);
    for (int i = 0; i < count; i++) {
      long double v = values[i];
      int exponent;
      bits("v", v);
      bits("rint", rintl(v));
      bits("nearby", nearbyintl(v));
      bits("round", roundl(v));
      bits("trunc", truncl(v));
      bits("floor", floorl(v));
      bits("ceil", ceill(v));
      flags();
      bits("sqrt", sqrtl(v));
      flags();
      bits("frexp", frexpl(v, &exponent));
      printf(" %d", isfinite(v) ? exponent : 0);
      bits("ldexp", ldexpl(v, 20));
      bits("ldexp", ldexpl(v, -16400));
      bits("logb", logbl(v));
      bits("next", nextafterl(v, 1));
      flags();
      double d = v;
      float f = v;
      uint64_t dbits;
      uint32_t fbits;
      memcpy(&dbits, &d, 8);
      memcpy(&fbits, &f, 4);
      printf(" %016llx %08x %d %lld %lld %ld", (unsigned long long)dbits, fbits, (int)lrintl(v), llrintl(v), llroundl(v), lroundl(v));
      flags();
      // Only those that an integer can hold: of others C says nothing.
      if (v > -128 && v < 127) printf(" %d", (signed char)v);
      if (v > -32768 && v < 32767) printf(" %d", (short)v);
      if (v > -2147483648.0L && v < 2147483647.0L) printf(" %d", (int)v);
      if (v > -9e18L && v < 9e18L) printf(" %lld", (long long)v);
      if (v > -1 && v < 255) printf(" %u", (unsigned char)v);
      if (v > -1 && v < 65535) printf(" %u", (unsigned short)v);
      if (v > -1 && v < 4294967295.0L) printf(" %u", (unsigned)v);
      if (v > -1 && v < 1.8e19L) printf(" %llu", (unsigned long long)v);
      flags();
    }
    for (int i = 0; i < count; i++) {
      volatile long double a = values[i], b = values[(i * 7 + m + 3) % count];
      bits("+", a + b);
      flags();
      bits("-", a - b);
      flags();
      bits("*", a * b);
      flags();
      bits("/", a / b);
      flags();
      bits("fmod", fmodl(a, b));
      bits("remainder", remainderl(a, b));
      flags();
      bits("fma", fmal(a, b, 1));
      flags();
      printf(" %d%d%d%d%d %d%d%d", a < b, a <= b, a == b, a != b, a > b, isless(a, b) != 0, isunordered(a, b) != 0, isgreater(a, b) != 0);
      flags();
    }
    const int64_t integers[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1LL << 53, (1LL << 53) + 1, 0x123456789abcdef};
    for (unsigned i = 0; i < sizeof integers / sizeof *integers; i++) {
      volatile int64_t n = integers[i];
      bits("i64", n);
      bits("u64", (uint64_t)n);
      bits("i32", (int32_t)n);
      bits("u32", (uint32_t)n);
      bits("i16", (int16_t)n);
      bits("u8", (uint8_t)n);
      bits("d", (double)n);
      bits("f", (float)(uint64_t)n);
      flags();
    }
  }

  puts("exceptions raised, held and cleared");
  fesetround(FE_TONEAREST);
  const int all[] = {FE_INVALID, FE_DIVBYZERO, FE_OVERFLOW, FE_UNDERFLOW, FE_INEXACT};
  for (int i = 0; i < 5; i++) {
    fenv_t held;
    feraiseexcept(all[i]);
    printf("%x ", fetestexcept(FE_ALL_EXCEPT));
    feholdexcept(&held);
    printf("%x ", fetestexcept(FE_ALL_EXCEPT));
    feraiseexcept(all[(i + 2) % 5]);
    feupdateenv(&held);
    printf("%x ", fetestexcept(FE_ALL_EXCEPT));
    fexcept_t saved;
    fegetexceptflag(&saved, FE_ALL_EXCEPT);
    feclearexcept(all[i]);
    printf("%x ", fetestexcept(FE_ALL_EXCEPT));
    fesetexceptflag(&saved, FE_ALL_EXCEPT);
    flags();
  }
  // Precision control, which only a control word sets.
  for (int precision = 0; precision < 4; precision++) {
    if (precision == 1) continue;
    uint16_t word = 0x7f | precision << 8;
    __asm__ volatile("fldcw %0" : : "m"(word));
    volatile long double a = 1, b = 3, c = 1e-4940L;
    bits("/", a / b);
    bits("*", b * 0.1L);
    bits("sqrt", sqrtl(b));
    bits("tiny", c / b);
    flags();
  }
  return 0;
}
