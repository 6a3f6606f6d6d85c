import { describe, expect, it } from 'vitest';
import { describeWith } from '../toolchain.ts';
import { build, HEAD, here, LINUX, outside } from './programs.ts';

/** Every kind of section that a linker places, an IRELATIVE relocation, and memory rights put to the test. */
const SOURCE = `${HEAD}
static int plus(int x) { return x + 1; }
static int (*choose(void))(int) { return plus; }
int chosen(int) __attribute__((ifunc("choose")));
static __thread int own = 5;
static __thread char page[8192] __attribute__((aligned(4096)));
static __thread long zero;
int data = 3;
const char *constant = "rodata";
static char bss[1 << 20];
static char aligned[1 << 16] __attribute__((aligned(1 << 16))) = {1};
static void __attribute__((constructor)) before(void) { data++; }
int main(int argc, char **argv) {
  page[8191] = 3;
  zero += 2;
  bss[999999] = 4;
  printf("%d %d %d %ld %lu\\n", chosen(3), own, page[8191], zero, (unsigned long)page & 4095);
  printf("%s %d %d %lu\\n", constant, data++, bss[999999] + bss[5], (unsigned long)aligned & 0xffff);
  fflush(stdout);
  if (argc == 2) *(char *)constant = 'R';
  if (argc == 3) ((int (*)(void))&data)();
  puts(constant);
  return data;
}`;

/** Without a library, so that all can lie in one segment: OMAGIC, whose offset in the file is no page's. */
const ALONE = `
static int data = 3;
static int bss[5000];
#ifdef __x86_64__
enum { WRITE = 1, EXIT = 231 };
#else
enum { WRITE = 64, EXIT = 94 };
#endif
static long call(long n, long a, long b, long c) {
#ifdef __riscv
  register long number __asm__("a7") = n, x __asm__("a0") = a, y __asm__("a1") = b, z __asm__("a2") = c;
  __asm__ volatile("ecall" : "+r"(x) : "r"(number), "r"(y), "r"(z) : "memory");
#elif defined __x86_64__
  long x = n;
  __asm__ volatile("syscall" : "+a"(x) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
#else
  register long number __asm__("x8") = n, x __asm__("x0") = a, y __asm__("x1") = b, z __asm__("x2") = c;
  __asm__ volatile("svc #0" : "+r"(x) : "r"(number), "r"(y), "r"(z) : "memory");
#endif
  return x;
}
void _start(void) {
  static char text[] = "one segment\\n";
  text[0] = 'O';
  bss[4999] = data++;
  call(WRITE, 1, (long)text, sizeof text - 1);
  *(volatile short *)((char *)_start) += 0;
  call(EXIT, data + bss[4999], 0, 0);
}`;

describe.each(LINUX)('$target', ({ target, gcc, emulators }) => {
  describeWith([gcc, ...emulators], 'the images that linker options make', () => {
    it.each<[name: string, flags: readonly string[]]>([
      ['plain', []],
      ['stripped', ['-s']],
      ['relocations-kept', ['-Wl,-q']],
      ['no-relro', ['-Wl,-z,norelro']],
      ['relro-now', ['-Wl,-z,relro,-z,now']],
      ['separate-code', ['-Wl,-z,separate-code']],
      ['pages-of-64K', ['-Wl,-z,max-page-size=0x10000,-z,common-page-size=0x10000']],
      ['pages-of-2M', ['-Wl,-z,max-page-size=0x200000', '-Wl,-Ttext-segment=0x400000']],
      ['first-page', ['-Wl,-z,max-page-size=4096', '-Wl,-Ttext-segment=0x1000']],
      ['sections', ['-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections']],
    ])('%s', (name, flags) => {
      const program = build(target, `image-${name}`, SOURCE, gcc, ['-static', ...flags]);
      // Hosts may keep processes out of their first pages (vm.mmap_min_addr): there, where the program lies is another's.
      const theirs = name === 'first-page' ? build(target, 'image-plain', SOURCE, gcc, ['-static']) : program;
      for (const args of [[], ['write'], ['jump', 'to data']]) {
        const expected = outside(theirs, args, '');
        expect(expected.status, args[0]).toBeDefined();
        expect(here(program, args, ''), args[0]).toEqual(expected);
      }
    });

    it.each([['-Wl,-N'], ['-Wl,-n'], ['-Wl,-z,noseparate-code']])('without a library: %s', (flag) => {
      const flags = ['-static', '-nostdlib', '-ffreestanding', '-Wl,--no-warn-rwx-segments', flag];
      const program = build(target, `alone${flag}`, ALONE, gcc, flags);
      const expected = outside(program, [], '');
      expect(expected.status).toBe(flag === '-Wl,-z,noseparate-code' ? 139 : 7);
      expect(here(program, [], '')).toEqual(expected);
    });
  });
});
