/* Answers cases of {operation, rounding, a, b, c} with {result, fflags} by single RISC-V instructions; see batch.ts. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef uint64_t u64;

#define ASM(text) __asm__ volatile(text : "=r"(r) : "r"(q[2]), "r"(q[3]), "r"(q[4]) : "ft0", "ft1", "ft2")
#define IN_s "fmv.w.x "
#define IN_d "fmv.d.x "
#define OUT_s "fmv.x.w "
#define OUT_d "fmv.x.d "
#define LOAD(s) IN_##s "ft0, %1\n" IN_##s "ft1, %2\n" IN_##s "ft2, %3\n"
#define STORE(s) "\n" OUT_##s "%0, ft0"

#define FLOAT(name, s, t, instruction) case OP_##name: ASM(LOAD(s) instruction STORE(t)); break;
#define WHOLE(name, s, instruction) case OP_##name: ASM(LOAD(s) instruction); break;
#define FROM(name, s, instruction) case OP_##name: ASM(instruction " ft0, %1" STORE(s)); break;

#define FORMAT(s) \
  FLOAT(add_##s, s, s, "fadd." #s " ft0, ft0, ft1") \
  FLOAT(sub_##s, s, s, "fsub." #s " ft0, ft0, ft1") \
  FLOAT(mul_##s, s, s, "fmul." #s " ft0, ft0, ft1") \
  FLOAT(div_##s, s, s, "fdiv." #s " ft0, ft0, ft1") \
  FLOAT(sqrt_##s, s, s, "fsqrt." #s " ft0, ft0") \
  FLOAT(fma_##s, s, s, "fmadd." #s " ft0, ft0, ft1, ft2") \
  FLOAT(min_##s, s, s, "fmin." #s " ft0, ft0, ft1") \
  FLOAT(max_##s, s, s, "fmax." #s " ft0, ft0, ft1") \
  WHOLE(eq_##s, s, "feq." #s " %0, ft0, ft1") \
  WHOLE(lt_##s, s, "flt." #s " %0, ft0, ft1") \
  WHOLE(le_##s, s, "fle." #s " %0, ft0, ft1") \
  WHOLE(class_##s, s, "fclass." #s " %0, ft0") \
  WHOLE(to_i32_##s, s, "fcvt.w." #s " %0, ft0") \
  WHOLE(to_u32_##s, s, "fcvt.wu." #s " %0, ft0") \
  WHOLE(to_i64_##s, s, "fcvt.l." #s " %0, ft0") \
  WHOLE(to_u64_##s, s, "fcvt.lu." #s " %0, ft0") \
  FROM(from_i32_##s, s, "fcvt." #s ".w") \
  FROM(from_u32_##s, s, "fcvt." #s ".wu") \
  FROM(from_i64_##s, s, "fcvt." #s ".l") \
  FROM(from_u64_##s, s, "fcvt." #s ".lu")

int main(void) {
  u64 q[5], answer[2];
  while (fread(q, sizeof q, 1, stdin) == 1) {
    u64 r = 0;
    __asm__ volatile("fsrm %0\n fsflags zero" : : "r"(q[1]));
    switch (q[0]) {
      FORMAT(s)
      FORMAT(d)
      FLOAT(to_s_d, d, s, "fcvt.s.d ft0, ft0")
      FLOAT(to_d_s, s, d, "fcvt.d.s ft0, ft0")
      default: abort();
    }
    __asm__ volatile("frflags %0\n fsrm zero" : "=r"(answer[1]));
    answer[0] = r;
    fwrite(answer, sizeof answer, 1, stdout);
  }
  return 0;
}
