// Runs cases of 32-bit code from standard input under Linux, as outsider.c does those of 64-bit code. It has neither library
// nor headers of one, since those of i386 need not be there: what the kernel defines is defined here.
#include <stdint.h>

struct input {
  uint64_t code[CODE_WORDS], r[16], rflags, fx[52], memory[WORDS_0 + WORDS_1];
};
struct output {
  uint64_t vector, error, rip, address, signal, r[16], rflags, fx[52], memory[WORDS_0 + WORDS_1];
};
// arch/x86/include/uapi/asm/sigcontext.h and ucontext.h.
struct context {
  uint32_t flags, link, stack[3];
  uint32_t gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax, trapno, err, eip, cs, eflags, esp_at_signal, ss;
  uint32_t fpstate, oldmask, cr2;
};
struct action {
  void *handler;
  uint32_t flags;
  void *restorer;
  uint32_t mask[2];
};

enum { EXIT_GROUP = 252, READ = 3, WRITE = 4, SETITIMER = 104, MPROTECT = 125, SIGACTION = 174, SIGALTSTACK = 186, MMAP2 = 192,
       SET_THREAD_AREA = 243 };
enum { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGVTALRM = 26 };

static struct input *inputs;
static struct output *outputs;
static uint32_t cases, next;
static uint8_t handler_stack[65536] __attribute__((aligned(64)));

static long call(long number, long a, long b, long c, long d, long e) {
  __asm__ volatile("int $0x80" : "+a"(number) : "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
  return number;
}

static void leave(int status) {
  for (;;) call(EXIT_GROUP, status, 0, 0, 0, 0);
}

static void *map(uint32_t address, uint32_t size, int protection) {
  int flags = 0x4022 | (address ? 0x10 : 0);  // PRIVATE, ANONYMOUS, NORESERVE, FIXED
  long at;
  // The sixth argument is in EBP.
  __asm__ volatile("push %%ebp; xor %%ebp, %%ebp; int $0x80; pop %%ebp"
                   : "=a"(at)
                   : "a"(MMAP2), "b"(address), "c"(size), "d"(protection), "S"(flags), "D"(-1)
                   : "memory");
  if (at < 0 && at > -4096) leave(3);
  return (void *)at;
}

static void copy(volatile uint64_t *to, const volatile uint64_t *from, int words) {
  while (words-- > 0) *to++ = *from++;
}

static void clear(volatile uint64_t *to, int words) {
  while (words-- > 0) *to++ = 0;
}

static void start(struct context *m) {
  if (next == cases) {
    uint8_t *at = (uint8_t *)outputs;
    for (uint32_t left = cases * sizeof *outputs; left > 0;) {
      long written = call(WRITE, 1, (long)at, left, 0, 0);
      if (written <= 0) leave(4);
      at += written;
      left -= written;
    }
    leave(0);
  }
  // NT, ID and AC, which a return from a signal need not restore.
  __asm__ volatile("push $2; popf" ::: "cc", "memory");
  const struct input *in = &inputs[next];
  call(MPROTECT, CODE & -4096, 4096, 3, 0, 0);
  copy((uint64_t *)CODE, in->code, CODE_WORDS);
  call(MPROTECT, CODE & -4096, 4096, 5, 0, 0);
  clear((uint64_t *)CODE_END, (RAM_END - CODE_END) / 8);
  copy((uint64_t *)WINDOW_0, in->memory, WORDS_0);
  copy((uint64_t *)WINDOW_1, in->memory + WORDS_0, WORDS_1);
  uint32_t *registers[8] = {&m->eax, &m->ecx, &m->edx, &m->ebx, &m->esp, &m->ebp, &m->esi, &m->edi};
  for (int i = 0; i < 8; i++) *registers[i] = in->r[i];
  m->eip = CODE;
  m->eflags = in->rflags;
  m->cs = 0x23;
  m->ss = m->ds = m->es = 0x2b;
  m->fs = FS_SELECTOR;
  m->gs = 0;
}

static void trapped(int signal, void *info, struct context *m) {
  struct output *out = &outputs[next++];
  out->vector = m->trapno;
  out->error = m->err;
  out->rip = m->eip;
  out->address = m->cr2;
  out->signal = signal;
  const uint32_t registers[8] = {m->eax, m->ecx, m->edx, m->ebx, m->esp, m->ebp, m->esi, m->edi};
  for (int i = 0; i < 8; i++) out->r[i] = registers[i];
  // Segment registers in two words, behind the general ones.
  out->r[8] = (m->es & 0xffff) | (m->ds & 0xffff) << 16 | (uint64_t)(m->fs & 0xffff) << 32 | (uint64_t)(m->gs & 0xffff) << 48;
  out->r[9] = (m->cs & 0xffff) | (m->ss & 0xffff) << 16;
  out->rflags = m->eflags;
  copy(out->memory, (uint64_t *)WINDOW_0, WORDS_0);
  copy(out->memory + WORDS_0, (uint64_t *)WINDOW_1, WORDS_1);
  start(m);
}

// A case that never traps; see outsider.c.
static void tick(int signal, void *info, struct context *m) {
  static uint32_t seen = -1;
  if (seen == next) {
    m->trapno = 255;
    trapped(signal, info, m);
  }
  seen = next;
}

__asm__("restore: mov $173, %eax; int $0x80");
void restore(void);

static void handle(int signal, void *handler, uint32_t flags, uint32_t mask) {
  // SA_SIGINFO, SA_ONSTACK, SA_RESTORER
  struct action action = {handler, 4 | 0x08000000 | 0x04000000 | flags, restore, {mask, 0}};
  call(SIGACTION, signal, (long)&action, 0, 8, 0);
}

// The first signal stands before the first case: it only starts it.
static void first(int signal, void *info, struct context *m) {
  static const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE};
  (void)signal;
  (void)info;
  for (int i = 0; i < 5; i++) handle(signals[i], trapped, 0x40000000, 1u << (SIGVTALRM - 1));
  handle(SIGVTALRM, tick, 0, 0);
  uint32_t interval[4] = {0, 200000, 0, 200000};
  call(SETITIMER, 1, (long)interval, 0, 0, 0);
  start(m);
}

static void read_all(void *to, uint32_t size) {
  uint8_t *bytes = to;
  while (size > 0) {
    long got = call(READ, 0, (long)bytes, size, 0, 0);
    if (got <= 0) leave(5);
    bytes += got;
    size -= got;
  }
}

__attribute__((force_align_arg_pointer)) void _start(void) {
  uint64_t count;
  read_all(&count, 8);
  cases = count;
  inputs = map(0, cases * sizeof *inputs, 3);
  outputs = map(0, cases * sizeof *outputs, 3);
  read_all(inputs, cases * sizeof *inputs);

  uint8_t *code = map(CODE_START, CODE_END - CODE_START, 7);
  for (uint32_t i = 0; i < CODE_END - CODE_START; i++) code[i] = BREAKPOINT;
  call(MPROTECT, CODE_START, CODE_END - CODE_START, 5, 0, 0);
  map(CODE_END, RAM_END - CODE_END, 3);

  // A segment of 4 GiB with a base: 32 bits, limit in pages, usable.
  uint32_t area[4] = {FS_SELECTOR >> 3, FS_BASE, 0xfffff, 0x51};
  if (call(SET_THREAD_AREA, (long)area, 0, 0, 0, 0) != 0) leave(7);
  uint32_t stack[3] = {(uint32_t)handler_stack, 0, sizeof handler_stack};
  call(SIGALTSTACK, (long)stack, 0, 0, 0, 0);
  handle(SIGTRAP, first, 0, 0);
  __asm__ volatile("int3");
  leave(6);
}
