/* Answers cases of {operation, rounding, a, b, c} with {result, flags} on the processor it runs on; see batch.ts. */
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t u64;

static float as_s(u64 bits) { uint32_t low = bits; float f; memcpy(&f, &low, 4); return f; }
static double as_d(u64 bits) { double d; memcpy(&d, &bits, 8); return d; }
static u64 of_s(float f) { uint32_t bits; memcpy(&bits, &f, 4); return bits; }
static u64 of_d(double d) { u64 bits; memcpy(&bits, &d, 8); return bits; }

/* Operands and results go through volatile objects so that nothing moves across reading and writing the modes. */
#define CASE(name, type, in, out, expression) \
  case OP_##name: { \
    volatile type x = in(q[2]), y = in(q[3]), z = in(q[4]); \
    (void)y; (void)z; \
    feclearexcept(FE_ALL_EXCEPT); \
    volatile __typeof__(expression) r = (expression); \
    raised = fetestexcept(FE_ALL_EXCEPT); \
    answer[0] = out(r); \
    break; \
  }
#define PLAIN(x) ((u64)(x))
#define FORMAT(s, type, m) \
  CASE(add_##s, type, as_##s, of_##s, x + y) \
  CASE(sub_##s, type, as_##s, of_##s, x - y) \
  CASE(mul_##s, type, as_##s, of_##s, x * y) \
  CASE(div_##s, type, as_##s, of_##s, x / y) \
  CASE(sqrt_##s, type, as_##s, of_##s, sqrt##m(x)) \
  CASE(fma_##s, type, as_##s, of_##s, fma##m(x, y, z)) \
  CASE(eq_##s, type, as_##s, PLAIN, x == y) \
  CASE(lt_##s, type, as_##s, PLAIN, x < y) \
  CASE(le_##s, type, as_##s, PLAIN, x <= y) \
  CASE(rint_##s, type, as_##s, of_##s, rint##m(x)) \
  CASE(nearbyint_##s, type, as_##s, of_##s, nearbyint##m(x)) \
  CASE(to_i64_##s, type, as_##s, PLAIN, llrint##m(x)) \
  CASE(from_i32_##s, int32_t, (int32_t), of_##s, (type)x) \
  CASE(from_i64_##s, int64_t, (int64_t), of_##s, (type)x) \
  CASE(from_u32_##s, uint32_t, (uint32_t), of_##s, (type)x)

int main(void) {
  static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  u64 q[5], answer[2];
  while (fread(q, sizeof q, 1, stdin) == 1) {
    int raised = 0;
    if (q[1] > 3) abort();
    fesetround(modes[q[1]]);
    switch (q[0]) {
      FORMAT(s, float, f)
      FORMAT(d, double, )
      CASE(to_s_d, double, as_d, of_s, (float)x)
      CASE(to_d_s, float, as_s, of_d, (double)x)
      default: abort();
    }
    answer[1] = (raised & FE_INEXACT ? 1 : 0) | (raised & FE_UNDERFLOW ? 2 : 0) | (raised & FE_OVERFLOW ? 4 : 0) |
                (raised & FE_DIVBYZERO ? 8 : 0) | (raised & FE_INVALID ? 16 : 0);
    fwrite(answer, sizeof answer, 1, stdout);
  }
  return 0;
}
