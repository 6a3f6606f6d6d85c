// Where control goes: setjmp, fork and vfork, with x87's and SSE's state; and which signals end a process that faults.
#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static jmp_buf back;
static volatile int depth;
static void dive(int n) {
  volatile char room[100];
  room[n % 100] = n;
  if (n == 0) longjmp(back, 17);
  depth++;
  dive(n - 1);
  depth += room[0];
}

static volatile int zero, number = 7;
static volatile long double x, y, result;
static volatile double p, q, quotient;

// What of them goes on keeps the registers.
#define INSTRUCTION(text) __asm__ volatile("push %rax; push %rbx;" text "; pop %rbx; pop %rax")
static void fault(int which) {
  static const int exceptions[] = {FE_DIVBYZERO, FE_INVALID, FE_OVERFLOW, FE_UNDERFLOW, FE_INEXACT};
  if (which >= 20) {
    // Unmasked, each on x87 and on SSE: there the next instruction that waits takes it, here the one itself.
    int i = (which - 20) / 2;
    x = (long double[]){1, 0, 1e4932L, 1e-4932L, 1}[i], y = (long double[]){0, 0, 1e-10L, 1e10L, 3}[i];
    p = (double[]){1, 0, 1e308, 1e-308, 1}[i], q = (double[]){0, 0, 1e-10, 1e10, 3}[i];
    feenableexcept(exceptions[i]);
    if (which & 1) quotient = p / q;
    else {
      __asm__ volatile("fldt %1; fldt %0; fdivrp" : : "m"(y), "m"(x));
      // Not taken yet: what does not wait goes on.
      uint16_t fsw;
      __asm__ volatile("fnstsw %0" : "=m"(fsw));
      printf("status %x\n", fsw & 0x80ff);
      fflush(stdout);
      INSTRUCTION("fwait");
    }
  }
  switch (which) {
    case 0: printf("%d\n", number / zero); break;
    case 1: printf("%d\n", *(volatile int *)8); break;
    case 2: printf("%d\n", *(volatile int *)(1UL << 63)); break;
    case 3: INSTRUCTION("ud2"); break;
    case 4: INSTRUCTION("int3"); break;
    case 5: INSTRUCTION("hlt"); break;
    case 6: __asm__ volatile("movaps (%0), %%xmm0" : : "r"((char *)&which + 1) : "xmm0"); break;
    case 7: *(volatile char *)"text" = 1; break;
    case 8: INSTRUCTION("mov $-1, %edx; mov $1, %eax; mov $2, %ebx; idivl %ebx; mov $1 << 30, %edx; idivl %ebx"); break;
    case 9: INSTRUCTION("int $0x81"); break;
    case 10: INSTRUCTION("in $0x60, %al"); break;
    case 11: INSTRUCTION("mov %cr0, %rax"); break;
    case 12: INSTRUCTION("rdmsr"); break;
    case 13: INSTRUCTION("cli"); break;
    case 14: INSTRUCTION("pushfq; orq $0x100, (%rsp); popfq; nop"); break;
    case 15: INSTRUCTION("pushfq; orq $0x40000, (%rsp); popfq; lea -3(%rsp), %rax; mov (%rax), %ecx"); break;
    case 16: INSTRUCTION("mov $1 << 63, %rax; shr $1, %rax; jmp *%rax"); break;
    case 17: INSTRUCTION("mov $0xffff, %eax; mov %eax, -8(%rsp); ldmxcsr -8(%rsp); mov $-1, %eax; mov %eax, -8(%rsp); ldmxcsr -8(%rsp)"); break;
    case 18: INSTRUCTION("fxrstor -1(%rsp)"); break;
    case 19: INSTRUCTION("xor %eax, %eax; mov %eax, %ds; mov %eax, %es; mov $0x10, %eax; mov %eax, %ss"); break;
  }
}

int main(void) {
  int status;
  int came = setjmp(back);
  printf("setjmp %d depth %d\n", came, depth);
  if (came == 0) dive(300);
  fflush(stdout);

  for (int which = 0; which < 30; which++) {
    pid_t child = fork();
    if (child == 0) {
      fault(which);
      printf("nothing\n");
      exit(9);
    }
    waitpid(child, &status, 0);
    printf("fault %d: signal %d, exit %d\n", which, WTERMSIG(status), WEXITSTATUS(status));
    fflush(stdout);
  }

  // A child has its own copy of all, x87's and SSE's state included.
  long double low, middle;
  double upper[2];
  for (int i = 0; i < 4; i++) {
    fesetround((int[]){FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST}[i]);
    volatile long double one = 1, third = one / 3;
    x = third, p = i + 0.25;
    pid_t child;
    // Registers of both stacks across the call, by the parent and the child alike.
    __asm__ volatile("fldpi; fldt %4; movsd %5, %%xmm11; unpcklpd %%xmm11, %%xmm11; mov $57, %%eax; syscall; fstpt %1; fstpt %2; movupd %%xmm11, %3"
                     : "=&a"(child), "=m"(low), "=m"(middle), "=m"(upper)
                     : "m"(x), "m"(p)
                     : "rcx", "r11", "xmm11", "memory");
    for (int k = 0; k < 20; k++) {
      third += third / (k + 3);
      sched_yield();
    }
    if (child == 0) {
      printf("child %.20Lg %.20Lg %g %g %.20Lg %d\n", low, middle, upper[0], upper[1], third, fegetround());
      exit(i + 1);
    }
    waitpid(child, &status, 0);
    printf("%d %.20Lg %.20Lg %g %g %.20Lg %d\n", WEXITSTATUS(status), low, middle, upper[0], upper[1], third, fegetround());
    fflush(stdout);
  }
  pid_t child = vfork();
  if (child == 0) _exit(33);
  printf("vfork %d ", waitpid(child, &status, 0) == child);
  printf("%d\n", WEXITSTATUS(status));
  return 6;
}
