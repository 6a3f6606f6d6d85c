/*
 * Answers batches of {word, count} and count times {FPCR, a, b, c} by executing the word with a in D1 and X1, b in D2
 * and c in D3 and D0: D0, X0, and NZCV with FPSR below it, each time. See float-outsider.ts.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define MOST 65536

typedef uint64_t u64;

static u64 operands[MOST][4], answers[MOST][3];

static void execute(uint32_t *code, const u64 *in, u64 *out) {
  register uint32_t *x20 __asm__("x20") = code;
  register const u64 *x21 __asm__("x21") = in;
  register u64 *x22 __asm__("x22") = out;
  __asm__ volatile(
      "ldp x9, x1, [x21]\n"
      "ldr d0, [x21, #24]\n"
      "ldr d1, [x21, #8]\n"
      "ldr d2, [x21, #16]\n"
      "ldr d3, [x21, #24]\n"
      "mov x0, #0\n"
      "msr nzcv, xzr\n"
      "msr fpsr, xzr\n"
      "msr fpcr, x9\n"
      "blr x20\n"
      "mrs x10, fpsr\n"
      "mrs x11, nzcv\n"
      "msr fpcr, xzr\n"
      "orr x10, x10, x11\n"
      "str d0, [x22]\n"
      "stp x0, x10, [x22, #8]\n"
      :
      : "r"(x20), "r"(x21), "r"(x22)
      : "x0", "x1", "x9", "x10", "x11", "x30", "v0", "v1", "v2", "v3", "cc", "memory");
}

int main(void) {
  int protection = PROT_READ | PROT_WRITE | PROT_EXEC;
  uint32_t *code = mmap(0, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  u64 head[2];
  if (code == MAP_FAILED) abort();
  while (fread(head, sizeof head, 1, stdin) == 1) {
    if (head[1] > MOST || fread(operands, 32, head[1], stdin) != head[1]) abort();
    code[0] = head[0];
    code[1] = 0xd65f03c0; /* ret */
    __builtin___clear_cache((char *)code, (char *)(code + 2));
    for (u64 i = 0; i < head[1]; i++) execute(code, operands[i], answers[i]);
    fwrite(answers, 24, head[1], stdout);
  }
  return 0;
}
