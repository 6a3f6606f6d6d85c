// The library's string functions, whose variants it chooses by CPUID, against loops that are a byte at a time; at every
// alignment, and with the end of memory behind.
#define _GNU_SOURCE
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <wchar.h>

static unsigned hash = 1;
static void told(long n) { hash = hash * 16777619 ^ (unsigned)n; }
static int sign(int n) { return (n > 0) - (n < 0); }

int main(void) {
  enum { SIZE = 8192 };
  char *area = mmap(0, 3 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(area + SIZE, SIZE, PROT_NONE);
  char *end = area + SIZE, *to = area + 2 * SIZE + 1;
  static const int lengths[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200, 255, 256, 257, 700, 2049, 4100};
  int bad = 0;
  for (unsigned k = 0; k < sizeof lengths / sizeof *lengths; k++) {
    int n = lengths[k];
    for (int offset = 0; offset < 20; offset += n > 300 ? 7 : 1) {
      // A string that ends where memory does, less so many bytes.
      char *s = end - n - 1 - offset, *d = to + offset;
      for (int i = 0; i < n; i++) s[i] = 'a' + (i * 7 + k) % 25;
      s[n] = 0;
      bad += strlen(s) != n || strnlen(s, n / 2) != n / 2 || rawmemchr(s, 0) != s + n;
      bad += strchr(s, '!') != 0 || strchrnul(s, '!') != s + n || strrchr(s, 0) != s + n || memchr(s, '!', n) != 0;
      if (n > 0) {
        char *last = strrchr(s, s[n - 1]), *first = strchr(s, s[n - 1]);
        told(last - s), told(first - s), told((char *)memrchr(s, s[0], n) - s);
        told(strspn(s, "abcdefghij")), told(strcspn(s, "xyz")), told(strpbrk(s, "ye") ? strpbrk(s, "ye") - s : -1);
      }
      memset(d - 1, '#', n + 3);
      memcpy(d, s, n);
      bad += memcmp(d, s, n) != 0 || d[-1] != '#' || d[n] != '#';
      bad += (char *)mempcpy(d, s, n) != d + n || stpcpy(d, s) != d + n || strcmp(d, s) != 0 || strncmp(d, s, n) != 0;
      memmove(d + 3, d, n);
      bad += memcmp(d + 3, s, n) != 0;
      memmove(d, d + 3, n + 1);
      bad += memcmp(d, s, n) != 0;
      memset(d, n, n);
      for (int i = 0; i < n; i++) bad += d[i] != (char)n;
      for (int at = 0; at < n; at += n / 3 + 1) {
        memcpy(d, s, n + 1);
        d[at] ^= 0x20;
        told(sign(memcmp(d, s, n))), told(sign(strcmp(d, s))), told(sign(strncmp(s, d, at + 1))), told(strcasecmp(s, d));
        told(strncasecmp(s, d, n)), told(strncmp(s, d, at)), told(bcmp(s, d, n) != 0);
      }
      memcpy(d, s, n + 1);
      d[n] = 'Q', d[n + 1] = 0;
      told(strstr(d, "Q") - d), told(n > 40 ? strstr(d, s + n - 40) != 0 : 0), told(strcasestr(d, "q") - d);
      told((char *)memmem(d, n + 1, d + n / 2, n / 2 + 1) - d);
      *d = 0;
      strcat(strncat(d, s, n / 2), "tail");
      told(strlen(d));
      char *copy = strdup(s);
      for (char *rest = copy, *part; (part = strsep(&rest, "ejo"));) told(strlen(part));
      free(copy);
    }
  }
  wchar_t wide[300];
  for (int n = 0; n < 290; n += 13) {
    wmemset(wide, L'x', n), wide[n] = 0, wide[n / 2] = n > 1 ? L'\x1234' : 0;
    told(wcslen(wide)), told(wcschr(wide, L'\x1234') != 0), told(wmemchr(wide, 0, n + 1) != 0), told(wcsnlen(wide, 7));
  }
  printf("%d wrong, %08x\n", bad, hash);
  return bad != 0;
}
