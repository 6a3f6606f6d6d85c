// Runs instruction cases from standard input under Linux and writes what became of them to standard output. It has no
// library and almost no code: a signal handler looks at the registers of the case that just trapped, loads those of the
// next one, and returns into it.
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

struct input {
  uint64_t code[2], x[31], f[32], fcsr, memory[12];
};
struct output {
  uint64_t signal, pc, address, x[31], f[32], fcsr, memory[12];
};
// The kernel's, which differs from the library's.
struct action {
  void (*handler)(int, siginfo_t *, void *);
  unsigned long flags, mask;
};

static struct input *inputs;
static struct output *outputs;
static uint64_t cases, next;
static uint8_t handler_stack[65536] __attribute__((aligned(16)));

static long call(long number, long a, long b, long c, long d, long e, long f) {
  register long a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c, a3 __asm__("a3") = d;
  register long a4 __asm__("a4") = e, a5 __asm__("a5") = f, a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
  return a0;
}

static void leave(int status) {
  for (;;) call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

static void *map(uint64_t address, uint64_t size, int protection) {
  long at = call(SYS_mmap, address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | (address ? MAP_FIXED : 0), -1, 0);
  if (at < 0 && at > -4096) leave(3);
  return (void *)at;
}

static void copy(volatile uint64_t *to, const volatile uint64_t *from, int words) {
  while (words-- > 0) *to++ = *from++;
}

static void start(mcontext_t *m) {
  if (next == cases) {
    uint8_t *bytes = (uint8_t *)outputs;
    uint64_t left = cases * sizeof *outputs;
    while (left > 0) {
      long written = call(SYS_write, 1, (long)bytes, left, 0, 0, 0);
      if (written <= 0) leave(4);
      bytes += written;
      left -= written;
    }
    leave(0);
  }
  struct input *in = &inputs[next];
  copy((uint64_t *)CODE, in->code, 2);
  copy((uint64_t *)WINDOW_0, in->memory, 8);
  copy((uint64_t *)WINDOW_1, in->memory + 8, 4);
  m->__gregs[0] = CODE;
  copy((uint64_t *)&m->__gregs[1], in->x, 31);
  copy((uint64_t *)m->__fpregs.__d.__f, in->f, 32);
  m->__fpregs.__d.__fcsr = in->fcsr;
  // A case begins without a reservation: this gives up the last one's.
  static uint32_t nothing;
  uint32_t failed;
  __asm__ volatile("fence.i; sc.w %0, zero, (%1)" : "=&r"(failed) : "r"(&nothing) : "memory");
}

static void trapped(int signal, siginfo_t *info, void *context) {
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  struct output *out = &outputs[next++];
  out->signal = signal;
  out->pc = m->__gregs[0];
  out->address = (uint64_t)info->si_addr;
  copy(out->x, (uint64_t *)&m->__gregs[1], 31);
  copy(out->f, (uint64_t *)m->__fpregs.__d.__f, 32);
  out->fcsr = m->__fpregs.__d.__fcsr;
  copy(out->memory, (uint64_t *)WINDOW_0, 8);
  copy(out->memory + 8, (uint64_t *)WINDOW_1, 4);
  start(m);
}

// A case that never traps, as happens only where the other side has misjudged it: ticks, of processor time, find the
// same one running twice.
static void tick(int signal, siginfo_t *info, void *context) {
  static uint64_t seen = -1;
  if (seen == next) trapped(signal, info, context);
  seen = next;
}

// The first signal stands before the first case: it only starts it.
static void first(int signal, siginfo_t *info, void *context) {
  (void)info;
  struct action action = {trapped, SA_SIGINFO | SA_ONSTACK | SA_NODEFER, 1UL << (SIGVTALRM - 1)};
  struct action ticks = {tick, SA_SIGINFO | SA_ONSTACK, 0};
  struct itimerval interval = {{0, 20000}, {0, 20000}};
  static const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE};
  for (int i = 0; i < 5; i++) call(SYS_rt_sigaction, signals[i], (long)&action, 0, 8, 0, 0);
  call(SYS_rt_sigaction, SIGVTALRM, (long)&ticks, 0, 8, 0, 0);
  call(SYS_setitimer, ITIMER_VIRTUAL, (long)&interval, 0, 0, 0, 0);
  (void)signal;
  start(&((ucontext_t *)context)->uc_mcontext);
}

static void read_all(void *to, uint64_t size) {
  uint8_t *bytes = to;
  while (size > 0) {
    long got = call(SYS_read, 0, (long)bytes, size, 0, 0, 0);
    if (got <= 0) leave(5);
    bytes += got;
    size -= got;
  }
}

void _start(void) {
  read_all(&cases, 8);
  inputs = map(0, cases * sizeof *inputs, PROT_READ | PROT_WRITE);
  outputs = map(0, cases * sizeof *outputs, PROT_READ | PROT_WRITE);
  read_all(inputs, cases * sizeof *inputs);

  map(RAM_BASE - 0x100000, RAM_END - RAM_BASE + 0x200000, PROT_NONE);
  uint16_t *code = map(RAM_BASE, CODE_END - RAM_BASE, PROT_READ | PROT_WRITE | PROT_EXEC);
  for (uint64_t i = 0; i < (CODE_END - RAM_BASE) / 2; i++) code[i] = BREAKPOINT;
  map(CODE_END, RAM_END - CODE_END, PROT_READ | PROT_WRITE);

  stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
  call(SYS_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
  struct action action = {first, SA_SIGINFO | SA_ONSTACK, 0};
  call(SYS_rt_sigaction, SIGTRAP, (long)&action, 0, 8, 0, 0);
  __asm__ volatile("ebreak");
  leave(6);
}
