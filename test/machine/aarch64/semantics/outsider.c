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
#include <asm/sigcontext.h>

struct input {
  uint64_t code[2], x[31], sp, v[64], nzcv, fpcr, fpsr, memory[24];
};
struct output {
  uint64_t signal, pc, address, x[31], sp, v[64], nzcv, fpcr, fpsr, memory[24];
};
// The kernel's, which differs from the library's.
struct action {
  void (*handler)(int, siginfo_t *, void *);
  unsigned long flags;
  void (*restorer)(void);
  unsigned long mask;
};

#define NZCV 0xf0000000

static struct input *inputs;
static struct output *outputs;
static uint64_t cases, next;
static uint8_t handler_stack[65536] __attribute__((aligned(16)));

static long call(long number, long a, long b, long c, long d, long e, long f) {
  register long x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e, x5 __asm__("x5") = f, x8 __asm__("x8") = number;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x8) : "memory");
  return x0;
}

static void leave(int status) {
  for (;;) call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

static void *map(uint64_t address, uint64_t size, int protection) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (address ? MAP_FIXED : 0);
  long at = call(SYS_mmap, address, size, protection, flags, -1, 0);
  if (at < 0 && at > -4096) leave(3);
  return (void *)at;
}

static void copy(volatile uint64_t *to, const volatile uint64_t *from, int words) {
  while (words-- > 0) *to++ = *from++;
}

// The first record is that of the floating-point registers, and with a processor without SVE nothing overrides it.
static struct fpsimd_context *floats(mcontext_t *m) {
  struct fpsimd_context *context = (void *)m->__reserved;
  if (context->head.magic != FPSIMD_MAGIC) leave(7);
  return context;
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
  struct fpsimd_context *f = floats(m);
  copy((uint64_t *)CODE, in->code, 2);
  copy((uint64_t *)WINDOW_0, in->memory, 16);
  copy((uint64_t *)WINDOW_1, in->memory + 16, 8);
  m->pc = CODE;
  m->sp = in->sp;
  m->pstate = in->nzcv;
  copy((uint64_t *)m->regs, in->x, 31);
  copy((uint64_t *)f->vregs, in->v, 64);
  f->fpcr = in->fpcr;
  f->fpsr = in->fpsr;
  __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" : : "r"(CODE) : "memory");
  // A case begins without a reservation: this gives up the last one's.
  __asm__ volatile("clrex");
}

static void trapped(int signal, siginfo_t *info, void *context) {
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  struct fpsimd_context *f = floats(m);
  struct output *out = &outputs[next++];
  out->signal = signal;
  out->pc = m->pc;
  out->address = (uint64_t)info->si_addr;
  copy(out->x, (uint64_t *)m->regs, 31);
  out->sp = m->sp;
  copy(out->v, (uint64_t *)f->vregs, 64);
  out->nzcv = m->pstate & NZCV;
  out->fpcr = f->fpcr;
  out->fpsr = f->fpsr;
  copy(out->memory, (uint64_t *)WINDOW_0, 16);
  copy(out->memory + 16, (uint64_t *)WINDOW_1, 8);
  start(m);
}

// A case that never traps, as happens only where the other side has misjudged it: ticks, of processor time, find the
// same one running twice.
static void tick(int signal, siginfo_t *info, void *context) {
  static uint64_t seen = -1;
  if (seen == next) trapped(signal, info, context);
  seen = next;
}

__asm__("restore: mov x8, 139; svc 0");
void restore(void);

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), unsigned long flags, unsigned long mask) {
  // SA_RESTORER
  struct action action = {handler, SA_SIGINFO | SA_ONSTACK | 0x04000000 | flags, restore, mask};
  call(SYS_rt_sigaction, signal, (long)&action, 0, 8, 0, 0);
}

// The first signal stands before the first case: it only starts it.
static void first(int signal, siginfo_t *info, void *context) {
  (void)info;
  (void)signal;
  static const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE};
  for (int i = 0; i < 5; i++) handle(signals[i], trapped, SA_NODEFER, 1UL << (SIGVTALRM - 1));
  handle(SIGVTALRM, tick, 0, 0);
  struct itimerval interval = {{0, 20000}, {0, 20000}};
  call(SYS_setitimer, ITIMER_VIRTUAL, (long)&interval, 0, 0, 0, 0);
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

  // Branches reach 128 MiB either way: nothing is to be there.
  map(RAM_BASE - 0x8000000, RAM_END - RAM_BASE + 0x10000000, PROT_NONE);
  uint32_t *code = map(RAM_BASE, CODE_END - RAM_BASE, PROT_READ | PROT_WRITE | PROT_EXEC);
  for (uint64_t i = 0; i < (CODE_END - RAM_BASE) / 4; i++) code[i] = BREAKPOINT;
  map(CODE_END, RAM_END - CODE_END, PROT_READ | PROT_WRITE);

  stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
  call(SYS_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
  handle(SIGTRAP, first, 0, 0);
  __asm__ volatile("brk #0");
  leave(6);
}
