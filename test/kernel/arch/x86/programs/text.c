// Regular expressions, formats, locales, wide characters, time: tables and branches of the C library.
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <regex.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

int main(void) {
  const char *patterns[] = {"^a+b*$", "([0-9]+)-([a-z]+)", "(a|ab)(c|bcd)(d*)", "[[:upper:]]{2,4}x?", "\\(x\\)\\1", "(.*)(.*)z", "[", "x{3,1}", "^$"};
  const char *texts[] = {"aaabb", "id 4711-abcd!", "abcd", "ABCDx", "xx", "fizz buzz", "", "12-"};
  for (unsigned p = 0; p < sizeof patterns / sizeof *patterns; p++) {
    regex_t compiled;
    int error = regcomp(&compiled, patterns[p], p == 4 ? 0 : REG_EXTENDED | (p & 1 ? REG_ICASE : 0));
    char why[100];
    regerror(error, &compiled, why, sizeof why);
    printf("%s: %d %s\n", patterns[p], error, why);
    if (error) continue;
    for (unsigned t = 0; t < sizeof texts / sizeof *texts; t++) {
      regmatch_t m[4];
      if (regexec(&compiled, texts[t], 4, m, 0)) continue;
      printf("  %s:", texts[t]);
      for (int i = 0; i < 4; i++) printf(" %d-%d", m[i].rm_so, m[i].rm_eo);
      puts("");
    }
    regfree(&compiled);
  }

  char line[200];
  int n1, n2;
  printf("%d\n", snprintf(line, 10, "%s-%05d", "truncated", 42));
  puts(line);
  printf("[%5s|%-5s|%.2s|%c|%%|%5c]\n", "ab", "ab", "abc", 'x', 'y');
  printf("[%d %+d % d %05d %-6d| %x %#X %o %#o %u]%n\n", -5, 5, 5, -42, 7, 255, 255, 8, 8, UINT_MAX, &n1);
  printf("[%hhd %hd %ld %lld %jd %zu %td %" PRId64 "]%n %d\n", 300, 70000, LONG_MIN, LLONG_MAX, (intmax_t)-1, sizeof line, (ptrdiff_t)-3, INT64_MIN, &n2, n1);
  printf("%2$s %1$s %3$*4$d|%5$.*6$f\n", "first", "second", 42, 8, 2.0 / 3, 4);
  printf("%e %E %g %G %a %A %f %.0f %#.0f %10.3e\n", 12345.678, 0.00012, 1e-5, 1e20, 1.0, -0.1, 1e15, 0.5, 3.0, 6.02e23);
  printf("%'d %ls %lc %p %p\n", 1234567, L"wide", L'w', (void *)0, (void *)0xabc);
  int a, b;
  float f;
  double d;
  long double l;
  char word[20], set[20];
  long long big;
  printf("%d:", sscanf("12 0x1f 3.5 -1e10 0.1 word abc123 99999999999", "%d %i %f %lf %Lf %19s %19[a-z]%*d %lld", &a, &b, &f, &d, &l, word, set, &big));
  printf(" %d %d %g %g %Lg %s %s %lld\n", a, b, f, d, l, word, set, big);
  char *end;
  printf("%ld %lu %lld %g", strtol("-0x7fg", &end, 0), strtoul("18446744073709551616", 0, 10), strtoll("zz", 0, 36), strtod("1e-400x", 0));
  printf(" %s %.17g %.17g\n", end, strtod("2.2250738585072011e-308", 0), strtod("179769313486231580793e289", 0));

  printf("%s %s\n", setlocale(LC_ALL, ""), setlocale(LC_ALL, "xx_XX.UTF-8") ? "found" : "not found");
  setlocale(LC_ALL, "C");
  struct lconv *conventions = localeconv();
  printf("%s|%s|%d\n", conventions->decimal_point, conventions->thousands_sep, conventions->frac_digits == CHAR_MAX);
  unsigned classes = 0;
  for (int c = 0; c < 256; c++)
    classes = classes * 31 + (!!isalpha(c) | !!isdigit(c) << 1 | !!isspace(c) << 2 | !!ispunct(c) << 3 | !!isxdigit(c) << 4 | !!iswalpha(c) << 5) + tolower(c) + toupper(c);
  wchar_t wide[50];
  printf("%x %zu %d %d\n", classes, mbstowcs(wide, "some text", 50), wcscmp(wide, L"some text"), strcoll("a", "B") > 0);
  printf("%d", swprintf(wide, 50, L"%ls %d %.3f", L"wide", 7, 1.5));
  printf(" %ls %ld\n", wide, wcstol(L"123x", 0, 10));

  time_t when = 1700000000;
  struct tm *t = gmtime(&when);
  strftime(line, sizeof line, "%A %d %B %Y %H:%M:%S %j %U %w %y %Z", t);
  puts(line);
  t->tm_mday += 100;
  printf("%lld ", (long long)mktime(t));
  printf("%s", asctime(t));
  for (int i = 0; i < 5; i++) printf("%d ", rand());
  srand48(7);
  printf("%.17g %ld %s\n", drand48(), lrand48(), strerror(2));
  return 0;
}
