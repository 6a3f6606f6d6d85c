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
  uint64_t code[CODE_WORDS], r[16], rflags, fx[52], memory[WORDS_0 + WORDS_1];
};
struct output {
  uint64_t vector, error, rip, address, signal, r[16], rflags, fx[52], memory[WORDS_0 + WORDS_1];
};
// The kernel's, which differs from the library's.
struct action {
  void (*handler)(int, siginfo_t *, void *);
  unsigned long flags;
  void (*restorer)(void);
  unsigned long mask;
};

// General registers as ModRM numbers them.
static const int ORDER[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
// The XSAVE area's header behind the FXSAVE image, and the word by which the kernel tells that it is there.
#define EXTENDED_MAGIC 0x46505853
#define XSTATE_BV 512

static struct input *inputs;
static struct output *outputs;
static uint64_t cases, next;
static uint8_t handler_stack[65536] __attribute__((aligned(64)));

static long call(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return number;
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

static void clear(volatile uint64_t *to, int words) {
  while (words-- > 0) *to++ = 0;
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
  uint64_t *fx = (uint64_t *)m->fpregs;
  call(SYS_mprotect, CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, 0, 0, 0);
  copy((uint64_t *)CODE, in->code, CODE_WORDS);
  call(SYS_mprotect, CODE, 4096, PROT_READ | PROT_EXEC, 0, 0, 0);
  // ID and NT are not among the flags that returning from a signal sets.
  __asm__ volatile("pushq $0x202; popfq" : : : "memory", "cc");
  clear((uint64_t *)CODE_END, (RAM_END - CODE_END) / 8);
  copy((uint64_t *)WINDOW_0, in->memory, WORDS_0);
  copy((uint64_t *)WINDOW_1, in->memory + WORDS_0, WORDS_1);
  m->gregs[REG_RIP] = CODE;
  m->gregs[REG_EFL] = in->rflags;
  for (int i = 0; i < 16; i++) m->gregs[ORDER[i]] = in->r[i];
  // The mask of MXCSR's bits, behind it, is not ours.
  uint64_t mask = fx[3] & 0xffffffff00000000;
  copy(fx, in->fx, 52);
  fx[3] = (in->fx[3] & 0xffffffff) | mask;
  // x87 and SSE state are there, whether or not they were when the signal came.
  if (((uint32_t *)fx)[116] == EXTENDED_MAGIC) fx[XSTATE_BV / 8] |= 3;
}

static void trapped(int signal, siginfo_t *info, void *context) {
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  struct output *out = &outputs[next++];
  uint64_t *fx = (uint64_t *)m->fpregs;
  out->vector = m->gregs[REG_TRAPNO];
  out->error = m->gregs[REG_ERR];
  out->rip = m->gregs[REG_RIP];
  out->address = m->gregs[REG_CR2];
  out->signal = signal;
  for (int i = 0; i < 16; i++) out->r[i] = m->gregs[ORDER[i]];
  out->rflags = m->gregs[REG_EFL];
  copy(out->fx, fx, 52);
  copy(out->memory, (uint64_t *)WINDOW_0, WORDS_0);
  copy(out->memory + WORDS_0, (uint64_t *)WINDOW_1, WORDS_1);
  start(m);
}

// A case that never traps, as happens only where the other side has misjudged it: ticks, of processor time, find the
// same one running twice. Its vector is none.
static void tick(int signal, siginfo_t *info, void *context) {
  static uint64_t seen = -1;
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  if (seen == next) {
    m->gregs[REG_TRAPNO] = 255;
    trapped(signal, info, context);
  }
  seen = next;
}

__asm__("restore: mov $15, %eax; syscall");
void restore(void) __attribute__((visibility("hidden")));

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

__attribute__((force_align_arg_pointer)) void _start(void) {
  read_all(&cases, 8);
  inputs = map(0, cases * sizeof *inputs, PROT_READ | PROT_WRITE);
  outputs = map(0, cases * sizeof *outputs, PROT_READ | PROT_WRITE);
  read_all(inputs, cases * sizeof *inputs);

  uint8_t *code = map(CODE_START, CODE_END - CODE_START, PROT_READ | PROT_WRITE | PROT_EXEC);
  for (uint64_t i = 0; i < CODE_END - CODE_START; i++) code[i] = BREAKPOINT;
  call(SYS_mprotect, CODE_START, CODE_END - CODE_START, PROT_READ | PROT_EXEC, 0, 0, 0);
  map(CODE_END, RAM_END - CODE_END, PROT_READ | PROT_WRITE);

  stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
  call(SYS_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
  handle(SIGTRAP, first, 0, 0);
  __asm__ volatile("int3");
  leave(6);
}
