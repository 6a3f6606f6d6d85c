import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseElf } from '../../machine/index.ts';
import { describeWith } from '../toolchain.ts';
import { boot } from './boot.ts';
import { build, HEAD, here, LINUX, outside, toolName } from './programs.ts';

type CProgram = [name: string, source: string, args?: readonly string[], stdin?: string];
const C_PROGRAMS: readonly CProgram[] = [
  [
    'floats',
    `${HEAD}#include <math.h>
int main(void) {
  double values[] = {0.1, -0.0, 1e308 * 10, NAN, 5e-324, 123456789.125, 1 / 3., 2.5, 3.5, 1e22, 1e23};
  for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
    double v = values[i];
    printf("%g %.17g %a %e %.0f %10.3f|%-12.4g| %s\\n", v, v, v, v, v, v, v, signbit(v) ? "-" : "+");
    printf("%.9g %.6Lf\\n", (float)v, (long double)v / 3);
  }
  for (int i = -5; i <= 5; i++) printf("%.17g %.17g %.17g %.17g\\n", exp(i), sin(i * 1e3), pow(1.1, i * 10), fma(i, 1e-9, 1));
  return 0;
}`,
  ],
  [
    'heap',
    `${HEAD}
int main(void) {
  static char *blocks[4000];
  unsigned seed = 1, sum = 0;
  for (int round = 0; round < 20000; round++) {
    seed = seed * 1103515245 + 12345;
    int i = (seed >> 8) % 4000;
    size_t size = (seed >> 4) % (round % 50 ? 600 : 300000);
    if (seed & 1) { free(blocks[i]); blocks[i] = 0; }
    else {
      blocks[i] = realloc(blocks[i], size + 1);
      memset(blocks[i], round, size + 1);
      sum = sum * 31 + (unsigned char)blocks[i][size];
    }
  }
  char *big = malloc(1 << 20);
  for (int k = 1; k < 6; k++) { big = realloc(big, (k + 1) << 20); memset(big + (k << 20), k, 1 << 20); }
  for (int k = 1; k < 6; k++) sum = sum * 31 + big[(k << 20) + 77];
  char *zero = calloc(100000, 1);
  for (int i = 0; i < 100000; i++) sum += zero[i];
  printf("%u\\n", sum);
  return 0;
}`,
  ],
  [
    'sort',
    `${HEAD}#include <setjmp.h>
static jmp_buf back;
static int depth;
static int by_text(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
static void dive(int n) { if (n == 0) longjmp(back, depth); depth++; dive(n - 1); }
int main(int argc, char **argv) {
  qsort(argv + 1, argc - 1, sizeof *argv, by_text);
  for (int i = 1; i < argc; i++) puts(argv[i]);
  int came = setjmp(back);
  printf("setjmp %d\\n", came);
  if (came == 0) dive(100);
  char line[100];
  while (fgets(line, sizeof line, stdin)) fprintf(stderr, "%zu:%s", strlen(line), line);
  return depth;
}`,
    ['pear', 'apple', 'quince', 'fig'],
    'one\ntwo\nlast without end',
  ],
  [
    'fork',
    `${HEAD}
int main(void) {
  int pipes[2], status;
  static int shared = 1;
  pipe(pipes);
  printf("before\\n");
  fflush(stdout);
  for (int i = 0; i < 3; i++) {
    pid_t child = fork();
    if (child == 0) {
      shared += i;
      dprintf(pipes[1], "child %d has %d\\n", i, shared);
      exit(i * 10);
    }
    waitpid(child, &status, 0);
    printf("exited %d with %d, shared %d\\n", WIFEXITED(status), WEXITSTATUS(status), shared);
  }
  close(pipes[1]);
  char text[200];
  ssize_t n, all = 0;
  while ((n = read(pipes[0], text + all, sizeof text - 1 - all)) > 0) all += n;
  text[all] = 0;
  printf("%s", text);
  fflush(stdout);
  if (fork() == 0) abort();
  wait(&status);
  printf("signal %d\\n", WTERMSIG(status));
  fflush(stdout);
  if (fork() == 0) *(volatile int *)0 = 1;
  wait(&status);
  printf("signal %d\\n", WTERMSIG(status));
  printf("no more: %d\\n", wait(&status));
  return 42;
}`,
  ],
  [
    'big-pipe',
    `${HEAD}
int main(void) {
  int pipes[2];
  pipe(pipes);
  if (fork() == 0) {
    close(pipes[0]);
    char *bytes = malloc(300000);
    for (int i = 0; i < 300000; i++) bytes[i] = i * 7 >> 3;
    ssize_t wrote = write(pipes[1], bytes, 300000);
    _exit(wrote == 300000 ? 5 : 6);
  }
  close(pipes[1]);
  unsigned sum = 0, all = 0;
  unsigned char part[1000];
  ssize_t n;
  while ((n = read(pipes[0], part, sizeof part)) > 0) { for (int i = 0; i < n; i++) sum = sum * 31 + part[i]; all += n; }
  int status;
  wait(&status);
  printf("%u bytes, %u, %x\\n", all, sum, status);
  return 0;
}`,
  ],
  [
    'shared-memory',
    `${HEAD}#include <sched.h>
#include <sys/mman.h>
int main(void) {
  volatile int *shared = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  volatile int *own = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *own = 1;
  double sum = 0.1;
  pid_t child = fork();
  pid_t other = child ? fork() : 1;
  // Three processes on at most two harts: each wanders, its floating-point registers with it.
  for (int i = 1; i <= 1000; i++) {
    sum += (child ? other ? 1.0 : 3.0 : 2.0) / i;
    if (i % 7 == 0) sched_yield();
  }
  if (other == 0) { shared[2] = sum * 1000; _exit(0); }
  if (child == 0) { shared[0] = 7; shared[1024] = 8; *own = 2; shared[1] = sum * 1000; _exit(0); }
  wait(0);
  wait(0);
  printf("%d %d %d %d %d %.17g\\n", shared[0], shared[1024], *own, shared[1], shared[2], sum);
  return 0;
}`,
  ],
  [
    'groups',
    `${HEAD}#include <errno.h>
#include <signal.h>
int main(void) {
  int status, pipes[2];
  char c;
  pipe(pipes);
  if (fork() == 0) {
    // The child leads a session: what it starts is of its group until it says otherwise.
    printf("%d\\n", setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid());
    printf("%d %d\\n", setsid(), errno == EPERM);
    printf("%d %d\\n", setpgid(0, 0), errno == EPERM);
    pid_t a = fork();
    if (a == 0) { read(pipes[0], &c, 1); _exit(1); }
    pid_t b = fork();
    if (b == 0) { read(pipes[0], &c, 1); _exit(2); }
    printf("%d %d\\n", getpgid(a) == getpid(), getsid(b) == getpid());
    printf("%d %d\\n", setpgid(b, 0), getpgid(b) == b && getpgid(a) == getpid());
    printf("%d %d\\n", setpgid(a, 99999), errno == EPERM);
    printf("%d\\n", waitpid(0, &status, WNOHANG));
    printf("%d\\n", kill(-b, SIGTERM));
    printf("%d", waitpid(-b, &status, 0) == b);
    printf(" %d\\n", WTERMSIG(status));
    printf("%d %d\\n", waitpid(-b, &status, 0), errno == ECHILD);
    printf("%d\\n", setpgid(a, a) == 0 && waitpid(0, &status, 0) == -1 && errno == ECHILD);
    fflush(stdout);
    signal(SIGINT, SIG_IGN);
    kill(0, SIGINT);
    kill(a, SIGKILL);
    printf("%d\\n", waitpid(-a, &status, 0) == a && WTERMSIG(status) == SIGKILL);
    exit(9);
  }
  printf("%d", waitpid(-1, &status, 0) > 0);
  printf(" %x\\n", status);
  return 0;
}`,
  ],
  ['abort', `${HEAD}int main(void) { printf("not flushed"); fprintf(stderr, "dying\\n"); abort(); }`],
  [
    'limits',
    `${HEAD}#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
int main(void) {
  struct rlimit limit;
  struct timespec a, b, nap = {0, 2000000};
  printf("%d ", getrlimit(RLIMIT_STACK, &limit));
  clock_gettime(CLOCK_MONOTONIC, &a);
  printf("%d ", nanosleep(&nap, 0));
  clock_gettime(CLOCK_MONOTONIC, &b);
  long long passed = (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec;
  printf("%d %d\\n", passed >= 2000000, isatty(1));
  printf("%d %s\\n", open("/no/such/file", O_RDONLY), strerror(errno));
  int null = open("/dev/null", O_RDWR);
  char c = 'x';
  printf("%zd %zd\\n", write(null, "abc", 3), read(null, &c, 1));
  int zero = open("/dev/zero", O_RDONLY);
  printf("%zd %d\\n", read(zero, &c, 1), c);
  struct stat st;
  printf("%d %d\\n", fstat(null, &st), S_ISCHR(st.st_mode));
  printf("%d\\n", dup2(zero, 9) == 9 && read(9, &c, 1) == 1);
  printf("%d %s\\n", close(77), strerror(errno));
  printf("%d\\n", (int)(sysconf(_SC_PAGESIZE)));
  return 0;
}`,
  ],
];

describe.each(LINUX)('$target', ({ target, gcc, gxx, emulators, outsider }) => {
  describeWith([gcc, ...emulators], `static C programs print as on ${outsider}`, () => {
    it.each(C_PROGRAMS)('%s', (name, source, args = [], stdin = '') => {
      const program = build(target, name, source, gcc, ['-static']);
      const expected = outside(program, args, stdin);
      expect(expected.status).toBeDefined();
      expect(here(program, args, stdin)).toEqual(expected);
      if (['fork', 'big-pipe', 'shared-memory'].includes(name)) {
        expect(here(program, args, stdin, { harts: 2, ad: 'software' })).toEqual(expected);
      }
    });

    it('a snapshot in the middle changes nothing', () => {
      const [name, source, args = [], stdin = ''] = C_PROGRAMS.filter(([found]) => found === 'fork')[0];
      const program = build(target, name, source, gcc, ['-static']);
      const booted = boot(parseElf(readFileSync(program)), { argv: [program, ...args], stdin, memory: 64 << 20 });
      for (let result = booted.kernel.run(20_000); result.kind === 'running'; result = booted.kernel.run(20_000)) {
        booted.kernel.restore(booted.kernel.save());
      }
      const { out } = outside(program, args, stdin);
      expect(booted.out[1]).toBe(out);
    });
  });

  describeWith([gcc, ...emulators], 'code on the stack: PT_GNU_STACK', () => {
    const source = `${HEAD}
static int apply(int (*f)(int), int x) { return f(x); }
int main(int argc, char **argv) {
  int add(int x) { return x + argc; }
  int (*volatile f)(int) = add;
  printf("%d\\n", apply(f, 40));
  fflush(stdout);
  if (argc == 1) return 0;
  char deep[200000];
  int far(int x) { return x + deep[x]; }
  f = far;
  deep[1] = 7;
  return apply(f, 1);
}`;
    it.each([
      ['runs where the program asks for it', 'execstack', [], 0],
      ['also where the stack has grown', 'execstack', ['deep'], 8],
      ['does not where it does not', 'noexecstack', [], 139],
    ])('%s', (_, name, args, status) => {
      const program = build(target, name, source, gcc, ['-static', `-Wl,-z,${name}`]);
      const expected = outside(program, args, '');
      expect(expected.status).toBe(status);
      expect(here(program, args, '')).toEqual(expected);
    });
  });

  describeWith([gxx, ...emulators], 'a static C++ program with exceptions', () => {
    const source = `#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>
struct Loud { int n; ~Loud() { std::cout << "~" << n << "\\n"; } };
static int deep(int n) {
  Loud loud{n};
  if (n == 0) throw std::runtime_error("at the bottom");
  return deep(n - 1) + 1;
}
int main(int argc, char **argv) {
  std::map<std::string, std::vector<double>> groups;
  for (int i = 0; i < 100; i++) groups[std::to_string(i % 7)].push_back(i * 1.25);
  for (auto &[name, values] : groups) { double sum = 0; for (double v : values) sum += v; std::cout << name << ' ' << sum << '\\n'; }
  try { deep(4); } catch (const std::exception &e) { std::cout << e.what() << std::endl; }
  try { std::vector<int>().at(3); } catch (const std::out_of_range &e) { std::cout << e.what() << std::endl; }
  try { try { throw 7; } catch (int n) { throw std::string("again"); } } catch (const std::string &s) { std::cout << s << std::endl; }
  auto shared = std::make_shared<Loud>(Loud{99});
  if (argc > 1) throw 5;
  return 3;
}`;
    it.each([[[]], [['uncaught']]])('arguments %o', (args) => {
      const program = build(target, 'exceptions', source, gxx, ['-static']);
      expect(here(program, args, '')).toEqual(outside(program, args, ''));
    });
  });

  describeWith(['clang-14', 'ld.lld-14', ...emulators], 'static-pie', () => {
    it('hello, position independent', () => {
      const source = readFileSync(join(import.meta.dirname, '../../guest/args.c'), 'utf8');
      const program = build(target, 'args-pie', source, 'clang-14', [
        `--target=${toolName(target)}-linux-gnu`,
        ...(target === 'riscv64' ? ['-march=rv64gc', '-mno-relax'] : []),
        '-nostdlib',
        '-ffreestanding',
        '-fpie',
        '-static-pie',
        '-fuse-ld=lld',
        `-I${join(import.meta.dirname, '../../guest')}`,
      ]);
      expect(parseElf(readFileSync(program)).type).toBe('position independent');
      expect(here(program, ['one'], '')).toEqual(outside(program, ['one'], ''));
    });
  });
});
