// The C library's long double functions, some of which are x87's F2XM1, FYL2X, FYL2XP1 and FPATAN. These are good to one
// unit in the last place (SDM vol. 1, 8.3.10), so another processor's last digits may differ: 15 of 19 are printed.
#include <complex.h>
#include <fenv.h>
#include <math.h>
#include <stdio.h>

int main(void) {
  static const long double points[] = {0,      -0.0L, 1e-4940L, 1e-30L, 0.001L, 0.1L, 0.5L, 0.7L,  0.99L,   1,      1.01L,  1.5L,  2,
                                       3.125L, 7,     10,       33.3L,  100,    700,  1000, 5000, 11000, 12000, 1e6L, 1e10L, 1e19L, INFINITY, NAN};
  for (unsigned i = 0; i < sizeof points / sizeof *points; i++) {
    for (int sign = 1; sign >= -1; sign -= 2) {
      volatile long double x = sign * points[i];
      printf("%.10Lg:", x);
#define SHOW(f) printf(" " #f " %.15Lg", f(x))
      SHOW(sinl), SHOW(cosl), SHOW(tanl), SHOW(asinl), SHOW(acosl), SHOW(atanl);
      SHOW(sinhl), SHOW(coshl), SHOW(tanhl), SHOW(asinhl), SHOW(acoshl), SHOW(atanhl);
      SHOW(expl), SHOW(exp2l), SHOW(exp10l), SHOW(expm1l);
      SHOW(logl), SHOW(log2l), SHOW(log10l), SHOW(log1pl);
      SHOW(cbrtl), SHOW(erfl), SHOW(erfcl), SHOW(tgammal);
      if (points[i] < 1e5L) SHOW(lgammal), SHOW(j0l), SHOW(y1l);
      printf(" atan2 %.15Lg hypot %.15Lg", atan2l(x, 0.3L), hypotl(x, 4));
      for (unsigned k = 3; k < sizeof points / sizeof *points; k += 4) printf(" pow %.15Lg", powl(x, points[k]));
      printf(" exp(ix) %.15Lg\n", creall(cexpl(I * x)));
    }
  }
  // Doubles are the library's own, in SSE.
  for (double x = -20; x < 20; x += 0.37) {
    printf("%.15g %.15g %.15g %.15g %.15g", sin(x), exp(x), log(fabs(x)), pow(fabs(x), x), atan2(x, 2));
    printf(" %.6g %.6g %.6g\n", sinf(x), expf(x), powf(fabsf(x), x));
  }
  return 0;
}
