// What every guest program stands on: the target's instructions, Linux system calls, printing and checking.
// Everything that depends on the target is in the section "Target"; a new target adds one `#elif` there.
// With GUEST_BARE the same printing goes to the UART and the program ends as bare-metal images of its target do.
#ifndef GUEST_H
#define GUEST_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long i64;

#define ALWAYS_INLINE static inline __attribute__((always_inline))
// A helper that stays a function, so that a backtrace shows it and no caller carries a copy.
#define HELPER __attribute__((noinline, unused)) static
#define PAGE 4096UL

int main(int argc, char **argv, char **envp);

// An address of the kernel's half in every paging mode of every target: of the last 256 GiB, where Sv39 begins its own.
#define KERNEL_ADDRESS 0xffffffc000000000UL

// ---- Target ---------------------------------------------------------------------------------------------------------
#if defined(__riscv) || defined(__aarch64__)
// Linux's generic table and structures, which both have.
#define SYS_getcwd 17
#define SYS_openat 56
#define SYS_read 63
#define SYS_write 64
#define SYS_writev 66
#define SYS_readlinkat 78
#define SYS_newfstatat 79
#define SYS_fstat 80
#define SYS_exit 93
#define SYS_exit_group 94
#define SYS_sched_yield 124
#define SYS_kill 129
#define SYS_uname 160
#define SYS_getpid 172
#define SYS_getppid 173
#define SYS_brk 214
#define SYS_munmap 215
#define SYS_clone 220
#define SYS_mmap 222
#define SYS_mprotect 226
#define SYS_wait4 260

#define STAT_SIZE 128

#elif defined(__x86_64__)
// x86-64's own table and structures.
#define SYS_read 0
#define SYS_write 1
#define SYS_fstat 5
#define SYS_mmap 9
#define SYS_mprotect 10
#define SYS_munmap 11
#define SYS_brk 12
#define SYS_writev 20
#define SYS_sched_yield 24
#define SYS_getpid 39
#define SYS_clone 56
#define SYS_exit 60
#define SYS_wait4 61
#define SYS_kill 62
#define SYS_uname 63
#define SYS_getcwd 79
#define SYS_getppid 110
#define SYS_exit_group 231
#define SYS_openat 257
#define SYS_newfstatat 262
#define SYS_readlinkat 267
#define SYS_pkey_mprotect 329
#define SYS_pkey_alloc 330
#define SYS_pkey_free 331

#define STAT_SIZE 144

#endif

#if defined(__riscv)

// Machine code of a function that returns at once: c.jr ra.
#define RETURN_CODE {0x82, 0x80}
#define ILLEGAL_INSTRUCTION() __asm__ volatile(".2byte 0")
#define BREAKPOINT() __asm__ volatile("ebreak")
#define MISALIGNED_ATOMIC_ADD(p) __asm__ volatile("amoadd.w zero, zero, (%0)" : : "r"(p) : "memory")
#define MISALIGNED_EXCLUSIVE_LOAD(p) __asm__ volatile("lr.d t0, (%0)" : : "r"(p) : "t0", "memory")

// One load or store instruction of exactly this size, aligned or not; the compiler can neither split nor drop it.
#define LOAD_STORE(bits, load_op, store_op)                                                      \
  ALWAYS_INLINE u64 load##bits(const volatile void *p) {                                         \
    u64 value;                                                                                   \
    __asm__ volatile(load_op " %0, 0(%1)" : "=r"(value) : "r"(p) : "memory");                    \
    return value;                                                                                \
  }                                                                                              \
  ALWAYS_INLINE void store##bits(volatile void *p, u64 value) {                                  \
    __asm__ volatile(store_op " %1, 0(%0)" : : "r"(p), "r"(value) : "memory");                   \
  }
LOAD_STORE(8, "lbu", "sb")
LOAD_STORE(16, "lhu", "sh")
LOAD_STORE(32, "lwu", "sw")
LOAD_STORE(64, "ld", "sd")

ALWAYS_INLINE i64 syscall6(i64 number, i64 a, i64 b, i64 c, i64 d, i64 e, i64 f) {
  register i64 a7 __asm__("a7") = number;
  register i64 a0 __asm__("a0") = a;
  register i64 a1 __asm__("a1") = b;
  register i64 a2 __asm__("a2") = c;
  register i64 a3 __asm__("a3") = d;
  register i64 a4 __asm__("a4") = e;
  register i64 a5 __asm__("a5") = f;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
  return a0;
}

#ifdef GUEST_BARE
// A 16550 whose line status says in bit 5 that it takes a byte, and the test finisher.
#define UART ((volatile u8 *)0x10000000)
#define UART_READY() (UART[5] & 0x20)
#define UART_PUT(byte) (UART[0] = (byte))
#define FINISHER ((volatile u32 *)0x100000)
#define POWER_OFF(status) (*FINISHER = (status) == 0 ? 0x5555 : (u32)(status) << 16 | 0x3333)

#define CSR_READ(name)                                    \
  ({                                                      \
    u64 value_;                                           \
    __asm__ volatile("csrr %0, " name : "=r"(value_));    \
    value_;                                               \
  })
#define CSR_WRITE(name, value) __asm__ volatile("csrw " name ", %0" : : "r"((u64)(value)) : "memory")
#define CSR_SET(name, bits) __asm__ volatile("csrs " name ", %0" : : "r"((u64)(bits)) : "memory")
#define CSR_CLEAR(name, bits) __asm__ volatile("csrc " name ", %0" : : "r"((u64)(bits)) : "memory")

// In both kinds the frame pointer starts as 0, which ends a backtrace.
__asm__(
    ".section .text.start, \"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    "  csrr t0, mhartid\n"
    "  bnez t0, park\n"
    "  la sp, stack_top\n"
    "  li s0, 0\n"
    "  call guest_start\n"
    "park:\n"
    "  wfi\n"
    "  j park\n"
    ".text\n");
#else
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  li s0, 0\n"
    "  mv a0, sp\n"
    "  andi sp, sp, -16\n"
    "  call guest_start\n");
#endif

#elif defined(__aarch64__)

// Machine code of a function that returns at once: ret.
#define RETURN_CODE {0xc0, 0x03, 0x5f, 0xd6}
#define ILLEGAL_INSTRUCTION() __asm__ volatile("udf #0")
#define BREAKPOINT() __asm__ volatile("brk #0")
// Of a zero, as RISC-V's; a register that is not needed is named, since WZR as its destination is another instruction.
#define MISALIGNED_ATOMIC_ADD(p) \
  __asm__ volatile(".arch_extension lse\nldadd wzr, w9, [%0]" : : "r"(p) : "x9", "memory")
#define MISALIGNED_EXCLUSIVE_LOAD(p) __asm__ volatile("ldxr x9, [%0]" : : "r"(p) : "x9", "memory")

// One load or store instruction of exactly this size, aligned or not; the compiler can neither split nor drop it.
#define LOAD_STORE(bits, size, width)                                                         \
  ALWAYS_INLINE u64 load##bits(const volatile void *p) {                                         \
    u64 value;                                                                                   \
    __asm__ volatile("ldr" size " %" width "0, [%1]" : "=r"(value) : "r"(p) : "memory");         \
    return value;                                                                                \
  }                                                                                              \
  ALWAYS_INLINE void store##bits(volatile void *p, u64 value) {                                  \
    __asm__ volatile("str" size " %" width "1, [%0]" : : "r"(p), "r"(value) : "memory");         \
  }
LOAD_STORE(8, "b", "w")
LOAD_STORE(16, "h", "w")
LOAD_STORE(32, "", "w")
LOAD_STORE(64, "", "x")

ALWAYS_INLINE i64 syscall6(i64 number, i64 a, i64 b, i64 c, i64 d, i64 e, i64 f) {
  register i64 x8 __asm__("x8") = number;
  register i64 x0 __asm__("x0") = a;
  register i64 x1 __asm__("x1") = b;
  register i64 x2 __asm__("x2") = c;
  register i64 x3 __asm__("x3") = d;
  register i64 x4 __asm__("x4") = e;
  register i64 x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}

#ifdef GUEST_BARE
// A PL011 whose flag register says in bit 5 that its transmit FIFO is full, and semihosting's SYS_EXIT with the reason
// ADP_Stopped_ApplicationExit.
#define UART ((volatile u32 *)0x9000000)
#define UART_READY() (!(UART[0x18 / 4] & 0x20))
#define UART_PUT(byte) (UART[0] = (byte))
#define POWER_OFF(status)                                              \
  ({                                                                   \
    u64 block_[2] = {0x20026, (u64)(status)};                          \
    register u64 x0_ __asm__("x0") = 0x18;                             \
    register u64 x1_ __asm__("x1") = (u64)block_;                      \
    __asm__ volatile("hlt #0xf000" : "+r"(x0_) : "r"(x1_) : "memory"); \
  })

#define SYSTEM_READ(name)                                 \
  ({                                                      \
    u64 value_;                                           \
    __asm__ volatile("mrs %0, " name : "=r"(value_));     \
    value_;                                               \
  })
#define SYSTEM_WRITE(name, value) __asm__ volatile("msr " name ", %0" : : "r"((u64)(value)) : "memory")

// In both kinds the frame pointer starts as 0, which ends a backtrace.
__asm__(
    ".section .text.start, \"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    "  mrs x9, mpidr_el1\n"
    "  and x9, x9, #0xff\n"
    "  cbnz x9, park\n"
    "  adrp x9, stack_top\n"
    "  add sp, x9, :lo12:stack_top\n"
    "  mov x29, #0\n"
    "  bl guest_start\n"
    "park:\n"
    "  wfi\n"
    "  b park\n"
    ".text\n");
#else
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x0, sp\n"
    "  bl guest_start\n");
#endif

#elif defined(__x86_64__)

// Machine code of a function that returns at once: ret.
#define RETURN_CODE {0xc3}
#define ILLEGAL_INSTRUCTION() __asm__ volatile("ud2")
#define BREAKPOINT() __asm__ volatile("int3")
// Misaligned accesses are checked for who asks for it by RFLAGS.AC, which is therefore set around the instruction.
#define ALIGNMENT_CHECKED(instruction, p, ...)                                                     \
  __asm__ volatile("pushfq; orl $0x40000, (%%rsp); popfq\n" instruction                            \
                   "\npushfq; andl $~0x40000, (%%rsp); popfq" : : "r"(p) : "memory", "cc", ##__VA_ARGS__)
#define MISALIGNED_ATOMIC_ADD(p) ALIGNMENT_CHECKED("lock addl $0, (%0)", p)
// There are no exclusive loads: a compare and exchange, which loads, and stores what was there.
#define MISALIGNED_EXCLUSIVE_LOAD(p) ALIGNMENT_CHECKED("lock cmpxchgq %%rax, (%0)", p, "rax")

// One load or store instruction of exactly this size, aligned or not; the compiler can neither split nor drop it.
#define LOAD_STORE(bits, load_op, width)                                                         \
  ALWAYS_INLINE u64 load##bits(const volatile void *p) {                                         \
    u64 value;                                                                                   \
    __asm__ volatile(load_op : "=r"(value) : "r"(p) : "memory");                                 \
    return value;                                                                                \
  }                                                                                              \
  ALWAYS_INLINE void store##bits(volatile void *p, u64 value) {                                  \
    __asm__ volatile("mov %" width "1, (%0)" : : "r"(p), "r"(value) : "memory");                 \
  }
LOAD_STORE(8, "movzbl (%1), %k0", "b")
LOAD_STORE(16, "movzwl (%1), %k0", "w")
LOAD_STORE(32, "movl (%1), %k0", "k")
LOAD_STORE(64, "movq (%1), %0", "q")

ALWAYS_INLINE i64 syscall6(i64 number, i64 a, i64 b, i64 c, i64 d, i64 e, i64 f) {
  register i64 r10 __asm__("r10") = d;
  register i64 r8 __asm__("r8") = e;
  register i64 r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return number;
}

#ifdef GUEST_BARE
#include "bare/x86-64/bare.h"
#else
// The frame pointer starts as 0, which ends a backtrace.
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  xorl %ebp, %ebp\n"
    "  movq %rsp, %rdi\n"
    "  andq $-16, %rsp\n"
    "  call guest_start\n");
#endif

#else
#error "guest.h has no section for this target"
#endif

// ---- Linux constants ------------------------------------------------------------------------------------------------
#define SIGILL 4
#define SIGTRAP 5
#define SIGBUS 7
#define SIGKILL 9
#define SIGSEGV 11
#define SIGCHLD 17

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_PRIVATE 0x02
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define AT_FDCWD (-100)

#define ENOENT 2
#define ENOMEM 12
#define EFAULT 14
#define EINVAL 22
#define ENAMETOOLONG 36
#define ENOSYS 38
#define EILSEQ 84

// Faultline's own system call, there only under --test-hooks: hook(name, address, value).
//   unmap-after-check  The next user range of this process that contains `address` and has passed its check loses the
//                      page at `address`, area and mapping, before it is accessed. `value` is not used.
#define FAULTLINE_HOOK 0x46414c54

// ---- Leaving and writing --------------------------------------------------------------------------------------------
#ifdef GUEST_BARE
HELPER void emit(const char *text, u64 length) {
  for (u64 i = 0; i < length; i++) {
    while (!UART_READY()) {
    }
    UART_PUT(text[i]);
  }
}
__attribute__((noreturn)) static void leave(int status) {
  POWER_OFF(status);
  for (;;) {
  }
}
__attribute__((used, noreturn)) static void guest_start(void) {
  leave(main(0, 0, 0));
}
#else
ALWAYS_INLINE i64 syscall3(i64 number, i64 a, i64 b, i64 c) {
  return syscall6(number, a, b, c, 0, 0, 0);
}
HELPER void emit(const char *text, u64 length) {
  syscall3(SYS_write, 1, (i64)text, length);
}
__attribute__((noreturn)) static inline void leave(int status) {
  for (;;) syscall3(SYS_exit_group, status, 0, 0);
}
__attribute__((used, noreturn)) static void guest_start(i64 *stack) {
  int argc = stack[0];
  char **argv = (char **)(stack + 1);
  leave(main(argc, argv, argv + argc + 1));
}
#endif

// ---- Printing -------------------------------------------------------------------------------------------------------
typedef struct {
  char text[120];
  u64 used;
} Line;

static inline void put(Line *line, char c) {
  if (line->used == sizeof line->text) {
    emit(line->text, line->used);
    line->used = 0;
  }
  line->text[line->used++] = c;
}

HELPER void put_number(Line *line, u64 value, u64 base) {
  char digits[20];
  int n = 0;
  do {
    digits[n++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value);
  while (n) put(line, digits[--n]);
}

// printf with %s %c %d %u %x %ld %lu %lx only; one write for a line of up to 120 bytes.
__attribute__((format(printf, 1, 2))) HELPER void print(const char *format, ...) {
  Line line;
  line.used = 0;
  __builtin_va_list args;
  __builtin_va_start(args, format);
  for (; *format; format++) {
    if (*format != '%') {
      put(&line, *format);
      continue;
    }
    int wide = *++format == 'l';
    if (wide) format++;
    if (*format == 's') {
      for (const char *s = __builtin_va_arg(args, const char *); *s; s++) put(&line, *s);
    } else if (*format == 'c') {
      put(&line, __builtin_va_arg(args, int));
    } else if (*format == 'd') {
      i64 value = wide ? __builtin_va_arg(args, i64) : __builtin_va_arg(args, int);
      if (value < 0) put(&line, '-');
      put_number(&line, value < 0 ? -(u64)value : (u64)value, 10);
    } else {
      u64 value = wide ? __builtin_va_arg(args, u64) : __builtin_va_arg(args, u32);
      put_number(&line, value, *format == 'x' ? 16 : 10);
    }
  }
  __builtin_va_end(args);
  emit(line.text, line.used);
}

// ---- Checking -------------------------------------------------------------------------------------------------------
static int failures;

// Prints whether a statement about the machine held, and remembers if one did not.
HELPER void check(int held, const char *statement) {
  print("%s: %s\n", held ? "ok" : "FAILED", statement);
  if (!held) failures++;
}

// A pointer that the compiler knows nothing about, so that it cannot reason from its being null or out of bounds.
ALWAYS_INLINE void *opaque(u64 address) {
  __asm__ volatile("" : "+r"(address));
  return (void *)address;
}

// Jumps to `address` as to a function.
ALWAYS_INLINE void jump_to(u64 address) {
  ((void (*)(void))opaque(address))();
}

// The decimal number `text` spells, or `otherwise` for no text.
HELPER u64 number_or(const char *text, u64 otherwise) {
  if (!text) return otherwise;
  u64 value = 0;
  for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (*text - '0');
  return value;
}

HELPER int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

// ---- System calls ---------------------------------------------------------------------------------------------------
#ifndef GUEST_BARE
ALWAYS_INLINE i64 sys_read(int fd, void *buffer, u64 length) {
  return syscall3(SYS_read, fd, (i64)buffer, length);
}
ALWAYS_INLINE i64 sys_write(int fd, const void *buffer, u64 length) {
  return syscall3(SYS_write, fd, (i64)buffer, length);
}
ALWAYS_INLINE i64 sys_open(const char *path) {
  return syscall6(SYS_openat, AT_FDCWD, (i64)path, 0, 0, 0, 0);
}
ALWAYS_INLINE i64 sys_mmap(void *hint, u64 length, int prot, int flags) {
  return syscall6(SYS_mmap, (i64)hint, length, prot, flags, -1, 0);
}
ALWAYS_INLINE i64 sys_munmap(void *start, u64 length) {
  return syscall3(SYS_munmap, (i64)start, length, 0);
}
ALWAYS_INLINE i64 sys_mprotect(void *start, u64 length, int prot) {
  return syscall3(SYS_mprotect, (i64)start, length, prot);
}
ALWAYS_INLINE i64 sys_kill(i64 pid, int signal) {
  return syscall3(SYS_kill, pid, signal, 0);
}
ALWAYS_INLINE void sys_yield(void) {
  syscall3(SYS_sched_yield, 0, 0, 0);
}

// Fresh private anonymous pages wherever the kernel likes; leaves with status 2 if there are none.
HELPER u8 *map_pages(u64 pages, int prot) {
  i64 start = sys_mmap(0, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS);
  if (start < 0 && start > -4096) {
    print("mmap of %lu pages: error %ld\n", pages, -start);
    leave(2);
  }
  return (u8 *)start;
}

// The child's process number in the parent, 0 in the child; leaves with status 2 if there is no child.
HELPER i64 fork(void) {
  i64 pid = syscall6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
  if (pid < 0) {
    print("fork: error %ld\n", -pid);
    leave(2);
  }
  return pid;
}

// Waits for that child and returns its wait status. The status word is stored to first, so that its page is this
// process's own and the kernel never has to write to a copy-on-write page here.
HELPER int wait_for(i64 pid) {
  int status;
  *(volatile int *)&status = -1;
  i64 result = syscall6(SYS_wait4, pid, (i64)&status, 0, 0, 0, 0);
  if (result != pid) {
    print("wait4: returned %ld\n", result);
    leave(2);
  }
  return *(volatile int *)&status;
}

#define EXITED(code) ((code) << 8)
#define KILLED_BY(signal) (signal)

// Runs `body(argument)` in a child, prints how the child ended, and fails unless it ended with `expected`.
HELPER void in_child(const char *what, void (*body)(u64), u64 argument, int expected) {
  i64 pid = fork();
  if (pid == 0) {
    body(argument);
    leave(0);
  }
  int status = wait_for(pid);
  const char *verdict = status == expected ? "ok" : "FAILED";
  if (status & 0x7f) {
    print("%s: %s: signal %d\n", verdict, what, status & 0x7f);
  } else {
    print("%s: %s: exit %d\n", verdict, what, status >> 8 & 0xff);
  }
  if (status != expected) failures++;
}
#endif

#endif
