import { describe, expect, it } from 'vitest';
import { ERRNO, errnoName } from '../../kernel/abi/errno.ts';
import { ARCHES } from '../../kernel/arch/targets.ts';
import type { KernelOptions, RunResult } from '../../kernel/index.ts';
import { CALLS } from '../../kernel/syscall/table.ts';
import { assembly, boot, CODE, DATA, program } from './boot.ts';

/** Addresses that cases name: strings and room in the data page, the code page, nothing, and the kernel. */
const PLACES = {
  root: DATA,
  nothing: DATA + 0x10n,
  null: DATA + 0x30n,
  zero: DATA + 0x40n,
  exe: DATA + 0x50n,
  under: DATA + 0x70n,
  new: DATA + 0xa0n,
  dot: DATA + 0xb0n,
  ten: DATA + 0x100n,
  urandom: DATA + 0xd0n,
  devices: DATA + 0xc0n,
  empty: DATA + 0x90n,
  room: DATA + 0x200n,
  end: DATA + 0xff8n,
  code: CODE,
  hole: 0x5000n,
  kernel: 0xffff_ffc0_8000_0000n,
  past: DATA + 0x1000n,
} as const;

const STRINGS: readonly (readonly [place: bigint, text: string])[] = [
  [PLACES.root, '/'],
  [PLACES.nothing, '/dev/nothing/here'],
  [PLACES.null, '/dev/null'],
  [PLACES.zero, '/dev/zero'],
  [PLACES.exe, '/proc/self/exe'],
  [PLACES.under, '/dev/null/under'],
  [PLACES.new, '/dev/new'],
  [PLACES.dot, '.'],
  [PLACES.ten, '\n'],
  [PLACES.urandom, '/dev/urandom'],
  [PLACES.devices, '/dev'],
];

type Argument = number | bigint | keyof typeof PLACES;
const value = (argument: Argument) => (typeof argument === 'string' ? PLACES[argument] : argument);
const shown = (result: bigint | RunResult) =>
  typeof result !== 'bigint' ? result.kind : result < 0n && result >= -4095n ? errnoName(Number(-result)) : result;

/** Calls that one target has alone. */
const OWN: Readonly<Record<string, readonly [name: string, args: Argument[], result: string | bigint][]>> = {
  riscv64: [
    ['riscv_hwprobe', [], 'ENOSYS'],
    ['riscv_flush_icache', [0, 0, 0], 0n],
  ],
  'x86-64': [
    // Those whose place others have taken.
    ['open', ['null', 2], 3n],
    ['open', ['nothing', 0], 'ENOENT'],
    ['open', ['hole', 0], 'EFAULT'],
    ['creat', ['null', 0], 3n],
    ['creat', ['new', 0], 'EROFS'],
    ['creat', ['root', 0], 'EISDIR'],
    ['stat', ['null', 'room'], 0n],
    ['stat', ['empty', 'room'], 'ENOENT'],
    ['stat', ['exe', 'room'], 'ENOENT'],
    ['lstat', ['exe', 'room'], 0n],
    ['lstat', ['exe', 'end'], 'EFAULT'],
    ['access', ['null', 6], 0n],
    ['access', ['null', 1], 'EACCES'],
    ['readlink', ['exe', 'room', 100], 10n],
    ['readlink', ['null', 'room', 100], 'EINVAL'],
    ['mkdir', ['new', 0o777], 'EROFS'],
    ['mknod', ['new', 0, 0], 'EROFS'],
    ['rmdir', ['null'], 'EROFS'],
    ['unlink', ['null'], 'EROFS'],
    ['unlink', ['new'], 'ENOENT'],
    ['rename', ['null', 'new'], 'EROFS'],
    ['link', ['null', 'new'], 'EROFS'],
    ['symlink', ['null', 'new'], 'EROFS'],
    ['symlink', ['empty', 'new'], 'ENOENT'],
    ['chmod', ['null', 0], 'EROFS'],
    ['chown', ['null', 0, 0], 'EROFS'],
    ['lchown', ['exe', 0, 0], 'EROFS'],
    ['pipe', ['room'], 0n],
    ['pipe', ['hole'], 'EFAULT'],
    ['dup2', [1, 20], 20n],
    ['dup2', [1, 1], 1n],
    ['dup2', [9, 9], 'EBADF'],
    ['dup2', [9, 3], 'EBADF'],
    ['dup2', [1, 5000], 'EBADF'],
    ['poll', ['hole', 0, 0], 0n],
    ['poll', ['hole', 1, 0], 'EFAULT'],
    ['poll', ['empty', 0, 1], 0n],
    ['select', [0, 0, 0, 0, 'empty'], 0n],
    ['select', [-1, 0, 0, 0, 'empty'], 'EINVAL'],
    ['select', [64, 'null', 0, 0, 'empty'], 'EBADF'],
    ['getdents', [1, 'room', 100], 'ENOTDIR'],
    ['time', [0], 1_704_067_200n],
    ['time', ['hole'], 'EFAULT'],
    ['getpgrp', [], 1n],
    ['fork', [], 2n],
    ['vfork', [], 2n],
    // clone(2) has its arguments in another order: the child's number is stored where the fourth says.
    ['clone', [0x100000 | 17, 0, 'room', 'hole', 'hole'], 2n],
    // arch_prctl(2)
    ['arch_prctl', [0x1002, 'room'], 0n],
    ['arch_prctl', [0x1001, 'room'], 0n],
    ['arch_prctl', [0x1002, 0x7fff_ffff_f000n], 'EPERM'],
    ['arch_prctl', [0x1002, 'kernel'], 'EPERM'],
    ['arch_prctl', [0x1003, 'room'], 0n],
    ['arch_prctl', [0x1003, 'hole'], 'EFAULT'],
    ['arch_prctl', [0x3001, 0], 'EINVAL'],
    // pkeys(7)
    ['pkey_alloc', [0, 0], 1n],
    ['pkey_alloc', [1, 0], 'EINVAL'],
    ['pkey_alloc', [0, 4], 'EINVAL'],
    ['pkey_free', [1], 'EINVAL'],
    ['pkey_free', [-1], 'EINVAL'],
    ['pkey_free', [16], 'EINVAL'],
    ['pkey_mprotect', ['root', 4096, 3, 0], 0n],
    ['pkey_mprotect', ['root', 4096, 3, -1], 0n],
    ['pkey_mprotect', ['root', 4096, 3, 1], 'EINVAL'],
    ['pkey_mprotect', ['hole', 4096, 3, 0], 'ENOMEM'],
  ],
};

const AT_FDCWD = -100;
const MAX = (1n << 64n) - 1n;

describe.each(ARCHES)('$isa.name', ({ isa, callNames, modes }) => {
  const [{ layout }] = modes;
  const asm = assembly(isa);
  const result = isa.slots.get(asm.result);
  const numbers = new Map([...callNames].map(([number, name]) => [name, number]));

  function image() {
    const data = new Uint8Array(0x400);
    for (const [place, text] of STRINGS) data.set(Buffer.from(text), Number(place - DATA));
    return program([asm.call, asm.jump(-4)], data, isa);
  }

  /** A process that makes the calls it is told to, one after the other. */
  function caller(options: Partial<KernelOptions> & { stdin?: string; record?: boolean } = {}) {
    const booted = boot(image(), { memory: 2 << 20, argv: ['/bin/guest'], ...options });
    const { machine } = booted.kernel;
    const call = (name: string | number, ...args: readonly (bigint | number)[]): bigint | RunResult => {
      const [hart] = machine.harts;
      for (let i = 0; i < 6; i++) hart.set(isa.slots.get(asm.arguments[i]), BigInt.asUintN(64, BigInt(args[i] ?? 0)));
      hart.set(isa.slots.get(asm.number), BigInt(typeof name === 'number' ? name : (numbers.get(name) ?? -1)));
      // The call itself; then the kernel's work and the jump back, or the call again where the call had to wait.
      booted.kernel.run(1);
      do {
        const result = booted.kernel.run(1);
        if (result.kind !== 'running') return result;
      } while (hart.pc !== CODE || isa.privilege(hart) !== 'user');
      return BigInt.asIntN(64, hart.get(result));
    };
    // Up to the first call.
    while (booted.kernel.machine.harts[0].pc !== CODE) booted.kernel.run(1);
    return {
      ...booted,
      call,
      bytes: (address: bigint, length: number) => machine.peek(machine.harts[0], address, length, 'user', 'load'),
    };
  }

  describe('single calls', () => {
    const cases: readonly [name: string, args: Argument[], result: string | bigint][] = [
      // read(2), write(2), readv(2), writev(2)
      ['write', [1, 'root', 1], 1n],
      ['write', [1, 'hole', 0], 0n],
      ['write', [1, 'hole', 1], 'EFAULT'],
      ['write', [1, 'kernel', 1], 'EFAULT'],
      ['write', [1, 'end', 9], 'EFAULT'],
      ['write', [1, 'end', 8], 8n],
      ['write', [1, 'root', MAX], 'EFAULT'],
      ['write', [0, 'root', 1], 'EBADF'],
      ['write', [7, 'hole', 1], 'EBADF'],
      ['write', [-1, 'hole', 1], 'EBADF'],
      ['read', [1, 'room', 1], 'EBADF'],
      ['read', [0, 'room', 5], 5n],
      ['read', [0, 'room', 100], 10n],
      ['read', [0, 'code', 5], 'EFAULT'],
      ['read', [0, 'hole', 5], 'EFAULT'],
      ['read', [0, 'hole', 0], 0n],
      ['writev', [1, 'room', 0], 0n],
      ['writev', [1, 'room', -1], 'EINVAL'],
      ['writev', [1, 'room', 1025], 'EINVAL'],
      ['writev', [1, 'hole', 1], 'EFAULT'],
      ['writev', [1, 'room', 3], 0n],
      ['readv', [0, 'room', 2], 0n],
      ['readv', [9, 'hole', 2], 'EBADF'],
      // openat(2)
      ['openat', [AT_FDCWD, 'root', 0], 3n],
      ['openat', [AT_FDCWD, 'null', 2], 3n],
      ['openat', [AT_FDCWD, 'nothing', 0], 'ENOENT'],
      ['openat', [AT_FDCWD, 'under', 0], 'ENOTDIR'],
      ['openat', [AT_FDCWD, 'exe', 0], 'ENOENT'],
      ['openat', [AT_FDCWD, 'empty', 0], 'ENOENT'],
      ['openat', [AT_FDCWD, 'root', 1], 'EISDIR'],
      ['openat', [AT_FDCWD, 'null', 0o200000], 'ENOTDIR'],
      ['openat', [AT_FDCWD, 'null', 0o300], 'EEXIST'],
      ['openat', [1, 'null', 0], 3n],
      ['openat', [1, 'dot', 0], 'ENOTDIR'],
      ['openat', [9, 'dot', 0], 'EBADF'],
      ['openat', [AT_FDCWD, 'dot', 0], 3n],
      ['openat', [AT_FDCWD, 'hole', 0], 'EFAULT'],
      ['close', [3], 'EBADF'],
      ['close', [0], 0n],
      // stat(2) and its kin
      ['fstat', [1, 'room'], 0n],
      ['fstat', [9, 'hole'], 'EBADF'],
      ['fstat', [1, 'hole'], 'EFAULT'],
      ['newfstatat', [AT_FDCWD, 'null', 'room', 0], 0n],
      ['newfstatat', [1, 'empty', 'room', 0x1000], 0n],
      ['newfstatat', [1, 'empty', 'room', 0], 'ENOENT'],
      ['newfstatat', [9, 'empty', 'room', 0x1000], 'EBADF'],
      ['newfstatat', [AT_FDCWD, 'null', 'room', 1], 'EINVAL'],
      ['statx', [AT_FDCWD, 'zero', 0, 0x7ff, 'room'], 0n],
      ['statx', [AT_FDCWD, 'zero', 8, 0x7ff, 'room'], 'EINVAL'],
      ['readlinkat', [AT_FDCWD, 'exe', 'room', 100], 10n],
      ['readlinkat', [AT_FDCWD, 'exe', 'room', 3], 3n],
      ['readlinkat', [AT_FDCWD, 'exe', 'room', 0], 'EINVAL'],
      ['readlinkat', [AT_FDCWD, 'null', 'room', 100], 'EINVAL'],
      ['readlinkat', [AT_FDCWD, 'exe', 'hole', 100], 'EFAULT'],
      ['faccessat', [AT_FDCWD, 'null', 6], 0n],
      ['faccessat', [AT_FDCWD, 'null', 1], 'EACCES'],
      ['faccessat', [AT_FDCWD, 'root', 2], 'EROFS'],
      ['faccessat', [AT_FDCWD, 'root', 8], 'EINVAL'],
      ['faccessat2', [AT_FDCWD, 'null', 6, 0x200], 0n],
      ['faccessat2', [0, 'empty', 4, 0x1000], 0n],
      ['faccessat2', [AT_FDCWD, 'null', 6, 1], 'EINVAL'],
      // Files can be neither made nor changed: path_resolution(7) first, then EEXIST, then EROFS.
      ['mkdirat', [AT_FDCWD, 'new', 0o777], 'EROFS'],
      ['mkdirat', [AT_FDCWD, 'null', 0o777], 'EEXIST'],
      ['mkdirat', [AT_FDCWD, 'root', 0o777], 'EEXIST'],
      ['mkdirat', [AT_FDCWD, 'nothing', 0o777], 'ENOENT'],
      ['mkdirat', [AT_FDCWD, 'under', 0o777], 'ENOTDIR'],
      ['mkdirat', [AT_FDCWD, 'hole', 0o777], 'EFAULT'],
      ['mknodat', [AT_FDCWD, 'new', 0o10644, 0], 'EROFS'],
      ['symlinkat', ['null', AT_FDCWD, 'new'], 'EROFS'],
      ['symlinkat', ['empty', AT_FDCWD, 'new'], 'ENOENT'],
      ['symlinkat', ['null', AT_FDCWD, 'exe'], 'EEXIST'],
      ['linkat', [AT_FDCWD, 'null', AT_FDCWD, 'new', 0], 'EROFS'],
      ['linkat', [AT_FDCWD, 'new', AT_FDCWD, 'new', 0], 'ENOENT'],
      ['linkat', [AT_FDCWD, 'null', AT_FDCWD, 'zero', 0], 'EEXIST'],
      ['linkat', [AT_FDCWD, 'null', AT_FDCWD, 'new', 1], 'EINVAL'],
      ['renameat2', [AT_FDCWD, 'null', AT_FDCWD, 'new', 0], 'EROFS'],
      ['renameat2', [AT_FDCWD, 'null', AT_FDCWD, 'zero', 0], 'EROFS'],
      ['renameat2', [AT_FDCWD, 'new', AT_FDCWD, 'null', 0], 'ENOENT'],
      ['renameat2', [AT_FDCWD, 'null', AT_FDCWD, 'nothing', 0], 'ENOENT'],
      ['renameat2', [AT_FDCWD, 'null', AT_FDCWD, 'new', 8], 'EINVAL'],
      ['unlinkat', [AT_FDCWD, 'null', 0], 'EROFS'],
      ['unlinkat', [AT_FDCWD, 'exe', 0], 'EROFS'],
      ['unlinkat', [AT_FDCWD, 'new', 0], 'ENOENT'],
      ['unlinkat', [AT_FDCWD, 'null', 1], 'EINVAL'],
      ['fchmodat', [AT_FDCWD, 'null', 0o600], 'EROFS'],
      ['fchmodat', [AT_FDCWD, 'new', 0o600], 'ENOENT'],
      ['fchownat', [AT_FDCWD, 'exe', 0, 0, 0x100], 'EROFS'],
      ['fchownat', [AT_FDCWD, 'exe', 0, 0, 0], 'ENOENT'],
      ['utimensat', [AT_FDCWD, 'null', 0, 0], 'EROFS'],
      ['utimensat', [1, 0, 0, 0], 'EROFS'],
      ['utimensat', [9, 0, 0, 0], 'EBADF'],
      ['truncate', ['null', 0], 'EROFS'],
      ['truncate', ['new', 0], 'ENOENT'],
      // Directories
      ['chdir', ['root'], 0n],
      ['chdir', ['null'], 'ENOTDIR'],
      ['chdir', ['new'], 'ENOENT'],
      ['chdir', ['hole'], 'EFAULT'],
      ['fchdir', [1], 'ENOTDIR'],
      ['fchdir', [9], 'EBADF'],
      ['getdents64', [1, 'room', 100], 'ENOTDIR'],
      ['getdents64', [9, 'room', 100], 'EBADF'],
      ['umask', [0o1777], 0o22n],
      // pread(2), close_range(2), fsync(2)
      ['pread64', [0, 'room', 5, 0], 'ESPIPE'],
      ['pread64', [0, 'room', 5, -1], 'EINVAL'],
      ['pwrite64', [1, 'room', 5, 0], 'ESPIPE'],
      ['pwrite64', [9, 'room', 5, 0], 'EBADF'],
      ['close_range', [3, MAX, 0], 0n],
      ['close_range', [3, 2, 0], 'EINVAL'],
      ['close_range', [3, 4, 1], 'EINVAL'],
      ['fsync', [1], 'EINVAL'],
      ['fsync', [9], 'EBADF'],
      ['sync', [], 0n],
      ['getcwd', ['room', 2], 2n],
      ['getcwd', ['room', 1], 'ERANGE'],
      ['getcwd', ['hole', 2], 'EFAULT'],
      ['ioctl', [1, 0x5401, 'room'], 'ENOTTY'],
      ['ioctl', [9, 0x5401, 'room'], 'EBADF'],
      ['lseek', [1, 0, 0], 'ESPIPE'],
      ['lseek', [1, 0, 9], 'EINVAL'],
      ['fcntl', [1, 3], 1n],
      ['fcntl', [0, 0, 10], 10n],
      ['fcntl', [0, 0, 5000], 'EINVAL'],
      ['fcntl', [0, 99], 'EINVAL'],
      ['dup', [1], 3n],
      ['dup3', [1, 20, 0], 20n],
      ['dup3', [1, 1, 0], 'EINVAL'],
      ['dup3', [1, 5000, 0], 'EBADF'],
      ['dup3', [9, 3, 0], 'EBADF'],
      ['pipe2', ['room', 0], 0n],
      ['pipe2', ['hole', 0], 'EFAULT'],
      ['pipe2', ['room', 1], 'EINVAL'],
      // Processes
      ['getpid', [], 1n],
      ['gettid', [], 1n],
      ['getppid', [], 0n],
      ['getuid', [], 0n],
      ['clone', [17], 2n],
      ['clone', [0x3d0f00, 'room'], 'ENOSYS'],
      ['clone', [0x100 | 17], 'ENOSYS'],
      ['clone', [0x4100 | 17, 'end'], 2n],
      ['clone', [0x800 | 17], 'EINVAL'],
      ['clone', [0x10000 | 17], 'EINVAL'],
      ['clone', [65], 'EINVAL'],
      ['wait4', [-1, 0, 0, 0], 'ECHILD'],
      ['wait4', [-1, 0, 0x10, 0], 'EINVAL'],
      ['kill', [1, 0], 0n],
      ['kill', [5, 0], 'ESRCH'],
      ['kill', [1, 65], 'EINVAL'],
      ['kill', [1, 17], 0n],
      ['kill', [1, 19], 'ENOSYS'],
      ['kill', [-5, 9], 'ESRCH'],
      ['tgkill', [1, 1, 0], 0n],
      ['tgkill', [2, 1, 0], 'ESRCH'],
      ['tgkill', [0, 1, 0], 'EINVAL'],
      ['set_tid_address', ['room'], 1n],
      ['set_robust_list', ['room', 24], 0n],
      ['set_robust_list', ['room', 23], 'EINVAL'],
      ['rseq', ['room', 32, 0, 0], 'ENOSYS'],
      ['getpgid', [0], 1n],
      ['getpgid', [9], 'ESRCH'],
      ['getsid', [1], 1n],
      ['getsid', [9], 'ESRCH'],
      ['setsid', [], 'EPERM'],
      ['setpgid', [0, 0], 'EPERM'],
      ['setpgid', [0, -1], 'EINVAL'],
      ['setpgid', [9, 0], 'ESRCH'],
      ['getpriority', [0, 0], 20n],
      ['getpriority', [0, 9], 'ESRCH'],
      ['getpriority', [2, 0], 20n],
      ['getpriority', [3, 0], 'EINVAL'],
      ['sched_yield', [], 0n],
      ['sched_getaffinity', [0, 128, 'room'], 8n],
      ['sched_getaffinity', [0, 4, 'room'], 'EINVAL'],
      // Memory
      ['mmap', [0, 4096, 3, 0x22, -1, 0], layout.mmapTop - 4096n],
      ['mmap', [0, 0, 3, 0x22, -1, 0], 'EINVAL'],
      ['mmap', [0, 4096, 3, 0x20, -1, 0], 'EINVAL'],
      ['mmap', [0, 4096, 3, 0x22, -1, 1], 'EINVAL'],
      ['mmap', [0, 4096, 3, 2, 1, 0], 'ENODEV'],
      ['mmap', [0, 4096, 3, 2, 9, 0], 'EBADF'],
      ['mmap', [0, MAX, 3, 0x22, -1, 0], 'ENOMEM'],
      ['mmap', [0x1001, 4096, 3, 0x32, -1, 0], 'EINVAL'],
      ['mmap', [0, 4096, 3, 0x32, -1, 0], 'EPERM'],
      ['mmap', ['root', 4096, 3, 0x10_0022, -1, 0], 'EEXIST'],
      ['munmap', ['room', 4096], 'EINVAL'],
      ['munmap', ['root', 0], 'EINVAL'],
      ['munmap', ['root', 4096], 0n],
      ['mprotect', ['root', 4096, 1], 0n],
      ['mprotect', ['root', 4096, 8], 'EINVAL'],
      ['mprotect', ['past', 4096, 1], 'ENOMEM'],
      ['mremap', ['root', 4096, 8192, 0], 'EINVAL'],
      ['mremap', ['root', 4096, 4096, 0], DATA],
      ['mremap', ['code', 4096, 8192, 0], 'EINVAL'],
      ['mremap', ['room', 4096, 8192, 0], 'EINVAL'],
      ['mremap', ['past', 4096, 8192, 0], 'EFAULT'],
      ['mremap', ['root', 4096, 0, 0], 'EINVAL'],
      ['madvise', ['code', 4096, 0], 0n],
      ['madvise', ['code', 4096, 4], 'EINVAL'],
      ['madvise', ['past', 4096, 0], 'ENOMEM'],
      ['madvise', ['root', 4096, 99], 'EINVAL'],
      ['brk', [0], DATA + 0x1000n],
      ['brk', [DATA + 0x5000n], DATA + 0x5000n],
      // Time
      ['clock_gettime', [1, 'room'], 0n],
      ['clock_gettime', [99, 'room'], 'EINVAL'],
      ['clock_gettime', [1, 'hole'], 'EFAULT'],
      ['clock_getres', [1, 0], 0n],
      ['gettimeofday', ['room', 0], 0n],
      ['nanosleep', ['hole', 0], 'EFAULT'],
      ['nanosleep', ['nothing', 0], 'EINVAL'],
      ['nanosleep', ['root', 0], 0n],
      ['clock_nanosleep', [2, 0, 'room', 0], 'EINVAL'],
      ['times', [0], 0n],
      ['getrusage', [0, 'room'], 0n],
      ['getrusage', [2, 'room'], 'EINVAL'],
      // Signals
      ['rt_sigaction', [11, 0, 'room', 8], 0n],
      ['rt_sigaction', [11, 0, 'room', 4], 'EINVAL'],
      ['rt_sigaction', [9, 'room', 0, 8], 'EINVAL'],
      ['rt_sigaction', [0, 0, 0, 8], 'EINVAL'],
      ['rt_sigprocmask', [0, 'room', 0, 8], 0n],
      ['rt_sigprocmask', [7, 'room', 0, 8], 'EINVAL'],
      ['rt_sigprocmask', [0, 'hole', 0, 8], 'EFAULT'],
      ['rt_sigpending', ['room', 8], 0n],
      ['rt_sigpending', ['hole', 8], 'EFAULT'],
      ['rt_sigpending', ['room', 9], 'EINVAL'],
      ['rt_sigsuspend', ['room', 8], 'deadlock'],
      ['rt_sigsuspend', ['room', 4], 'EINVAL'],
      ['rt_sigsuspend', ['hole', 8], 'EFAULT'],
      ['sigaltstack', [0, 'room'], 0n],
      ['sigaltstack', ['room', 0], 'ENOMEM'],
      // The rest
      ['uname', ['room'], 0n],
      ['uname', ['hole'], 'EFAULT'],
      ['prlimit64', [0, 3, 0, 'room'], 0n],
      ['prlimit64', [0, 16, 0, 'room'], 'EINVAL'],
      ['prlimit64', [9, 3, 0, 'room'], 'ESRCH'],
      ['prlimit64', [0, 3, 'room', 0], 'EPERM'],
      ['getrandom', ['room', 100, 0], 100n],
      ['getrandom', ['room', 100, 8], 'EINVAL'],
      ['getrandom', ['hole', 100, 0], 'EFAULT'],
      ['sysinfo', ['room'], 0n],
      ['futex', ['room', 1, 1], 0n],
      ['futex', ['room', 0, 1], 'EAGAIN'],
      ['futex', ['room', 2, 1], 'ENOSYS'],
      ['futex', ['room', 10, 1, 0, 0, 1], 0n],
      ['futex', ['room', 10, 1, 0, 0, 0], 'EINVAL'],
      ['futex', ['room', 9, 1, 0, 0, 1], 'EAGAIN'],
      ['futex', ['room', 9, 0, 0, 0, 0], 'EINVAL'],
      ['futex', ['room', 9, 0, 0, 0, 1], 'deadlock'],
      ['futex', ['room', 0x100, 0], 'ENOSYS'],
      // The root path's own bytes as a time, 47 seconds: long past by CLOCK_REALTIME.
      ['futex', ['room', 0x189, 0, 'root', 0, 1], 'ETIMEDOUT'],
      ['futex', ['room', 0, 0, 'nothing', 0, 1], 'EINVAL'],
      ['execve', [], 'ENOSYS'],
    ];
    for (const [name, args, result] of [...cases, ...(OWN[isa.name] ?? [])]) {
      it(`${name}(${args.join(', ')}) = ${result}`, () => {
        const { call } = caller({ stdin: 'some input' });
        expect(shown(call(name, ...args.map(value)))).toBe(result);
      });
    }

    it('a number that no call has: ENOSYS, shown in the record', () => {
      const { call, flows } = caller({ record: true });
      expect(shown(call(5000, 1, 2, 3))).toBe('ENOSYS');
      expect(flows.at(-1)).toMatchObject({
        call: { name: 'syscall 5000', args: ['0x1', '0x2', '0x3', '0x0', '0x0', '0x0'] },
        outcome: { kind: 'errno', errno: ERRNO.ENOSYS, name: 'ENOSYS' },
      });
    });

    it('the test hook is there only where it was asked for', () => {
      expect(shown(caller().call(0x46414c54, PLACES.root, 0))).toBe('ENOSYS');
      expect(shown(caller({ testHooks: true }).call(0x46414c54, PLACES.root, 0))).toBe('EINVAL');
    });

    it('the table names calls of the target, or of another', () => {
      const known = new Set(ARCHES.flatMap((arch) => [...arch.ownCalls.values(), ...arch.callNames.values()]));
      for (const name of CALLS.keys()) expect(known.has(name), name).toBe(true);
    });
  });

  describe('what calls do', () => {
    it('getrandom and AT_RANDOM follow from the seed', () => {
      const random = (seed: bigint) => {
        const { call, bytes } = caller({ seed });
        call('getrandom', PLACES.room, 16, 0);
        return Buffer.from(bytes(PLACES.room, 16) ?? []).toString('hex');
      };
      expect(random(1n)).toBe(random(1n));
      expect(random(1n)).not.toBe(random(2n));
    });

    it('exit ends with the low byte of the status', () => {
      expect(caller().call('exit_group', 0x1ff)).toMatchObject({ kind: 'exited', status: 0xff });
      expect(caller().call('exit', -1)).toMatchObject({ kind: 'exited', status: 0xff });
    });

    it.each([
      ['SIGTERM', 15],
      ['SIGKILL', 9],
      ['SIGUSR1', 10],
      ['SIGRTMIN+2', 34],
    ])('kill(getpid(), %s) ends with 128 + n', (name, signal) => {
      const result = caller().call('kill', 1, signal);
      expect(result).toMatchObject({ kind: 'exited', status: 128 + signal, signal: name });
      expect(result).toMatchObject({ flow: { outcome: { kind: 'signal', signal: name, code: 'SI_USER' } } });
    });

    it('a masked signal waits until it is unmasked', () => {
      const { call } = caller();
      // The strings of the data page, read as a set, hold SIGTERM back: bit 14 of "/dev/nul".
      expect(call('rt_sigprocmask', 2, PLACES.null, 0, 8)).toBe(0n);
      expect(call('kill', 1, 15)).toBe(0n);
      expect(call('getpid')).toBe(1n);
      expect(call('rt_sigprocmask', 2, PLACES.empty, 0, 8)).toMatchObject({ kind: 'exited', status: 128 + 15 });
    });

    it('read waits for input, and starts again when it is there', () => {
      const booted = caller();
      expect(booted.call('read', 0, PLACES.room, 10)).toEqual({ kind: 'waiting for input' });
      booted.feed('late');
      expect(booted.kernel.run(2).kind).toBe('running');
      expect(booted.kernel.machine.harts[0].get(result)).toBe(4n);
      expect(Buffer.from(booted.bytes(PLACES.room, 4) ?? []).toString()).toBe('late');
    });

    it('a read that waits is told twice: blocked, then returned', () => {
      const booted = caller({ record: true });
      booted.call('read', 0, PLACES.room, 10);
      booted.feed('late');
      booted.kernel.run(2);
      const reads = booted.flows
        .filter(({ call }) => call?.name === 'read' && call.args[2] === '10')
        .map(({ outcome }) => outcome);
      expect(reads).toEqual([
        { kind: 'blocked', on: 'standard input' },
        { kind: 'returned', value: 4n },
      ]);
    });

    it('an empty pipe whose only writer is its reader: a deadlock, and said so', () => {
      const { call } = caller();
      expect(call('pipe2', PLACES.room, 0)).toBe(0n);
      expect(call('read', 3, PLACES.room, 1)).toEqual({
        kind: 'deadlock',
        message: 'everybody waits: process 1 for pipe',
      });
    });

    it('a pipe gives back what was put in, ends, and breaks', () => {
      const { call, bytes } = caller();
      call('pipe2', PLACES.room, 0);
      expect(call('write', 4, PLACES.null, 9)).toBe(9n);
      expect(call('read', 3, PLACES.room, 5)).toBe(5n);
      expect(Buffer.from(bytes(PLACES.room, 5) ?? []).toString()).toBe('/dev/');
      call('close', 4);
      expect(call('read', 3, PLACES.room, 100)).toBe(4n);
      expect(call('read', 3, PLACES.room, 100)).toBe(0n);
      expect(call('pipe2', PLACES.room, 0)).toBe(0n);
      call('close', 4);
      expect(call('write', 5, PLACES.null, 1)).toMatchObject({ kind: 'exited', status: 128 + 13 });
    });

    it('mremap shrinks over areas of different rights, and grows none but one (mremap(2), EFAULT)', () => {
      const { call } = caller();
      const place = call('mmap', 0, 12288, 3, 0x22, -1, 0) as bigint;
      expect(call('mprotect', place + 4096n, 4096, 1)).toBe(0n);
      expect(shown(call('mremap', place, 12288, 16384, 1))).toBe('EFAULT');
      expect(call('mremap', place, 12288, 4096, 0)).toBe(place);
      expect(shown(call('mremap', place, 1n << 60n, 4096, 0))).toBe('EINVAL');
      expect(shown(call('mprotect', place + 4096n, 4096, 1))).toBe('ENOMEM');
    });

    it('mremap moves pages with their contents, and the old range goes', () => {
      const { call, bytes } = caller();
      const place = call('mmap', 0, 8192, 3, 0x22, -1, 0) as bigint;
      const next = call('mmap', place + 8192n, 4096, 3, 0x32, -1, 0) as bigint;
      expect(next).toBe(place + 8192n);
      call('getrandom', place, 8192, 0);
      const before = bytes(place, 8192);
      call('mprotect', next, 4096, 1);
      const moved = call('mremap', place, 8192, 40960, 1) as bigint;
      expect(moved).not.toBe(place);
      expect(bytes(moved, 8192)).toEqual(before);
      expect(shown(call('write', 1, place, 1))).toBe('EFAULT');
      expect(shown(call('mremap', moved, 40960, 81920, 0))).toBe('ENOMEM');
      expect(call('mremap', moved, 40960, 4096, 0)).toBe(moved);
      expect(shown(call('write', 1, moved + 4096n, 1))).toBe('EFAULT');
    });

    it('relative paths start at the working directory, or at an open one; a child has its parent’s', () => {
      const { call, bytes } = caller();
      const cwd = () => {
        const length = Number(call('getcwd', PLACES.room, 100));
        return Buffer.from(bytes(PLACES.room, length - 1) ?? []).toString();
      };
      const root = call('openat', AT_FDCWD, PLACES.root, 0) as bigint;
      expect(cwd()).toBe('/');
      // "dev/null" and "dev" inside of "/dev/null".
      expect(call('faccessat', root, PLACES.null + 1n, 4)).toBe(0n);
      expect(call('chdir', PLACES.devices)).toBe(0n);
      expect(cwd()).toBe('/dev');
      expect(shown(call('faccessat', AT_FDCWD, PLACES.null + 1n, 4))).toBe('ENOENT');
      expect(call('faccessat', root, PLACES.null + 1n, 4)).toBe(0n);
      expect(call('faccessat', AT_FDCWD, PLACES.null + 5n, 4)).toBe(0n);
      expect(call('clone', 17)).toBe(2n);
      expect(cwd()).toBe('/dev');
      expect(call('fchdir', root)).toBe(0n);
      expect(cwd()).toBe('/');
    });

    it('getdents64 tells each entry once, however small the buffer; lseek goes back', () => {
      const { call, bytes } = caller();
      const fd = call('openat', AT_FDCWD, PLACES.devices, 0) as bigint;
      const listed = (size: number) => {
        const names: string[] = [];
        for (;;) {
          const length = Number(call('getdents64', fd, PLACES.room, size));
          if (length === 0) return names;
          const view = Buffer.from(bytes(PLACES.room, length) ?? []);
          for (let at = 0; at < length; at += view.readUInt16LE(at + 16)) {
            const end = view.indexOf(0, at + 19);
            names.push(`${view.subarray(at + 19, end)} ${view[at + 18]} next ${view.readBigInt64LE(at + 8)}`);
          }
        }
      };
      const all = [
        '. 4 next 1',
        '.. 4 next 2',
        'null 2 next 3',
        'zero 2 next 4',
        'random 2 next 5',
        'urandom 2 next 6',
      ];
      expect(listed(1000)).toEqual(all);
      expect(listed(1000)).toEqual([]);
      expect(call('lseek', fd, 0, 0)).toBe(0n);
      expect(shown(call('getdents64', fd, PLACES.room, 23))).toBe('EINVAL');
      expect(shown(call('getdents64', fd, PLACES.hole, 100))).toBe('EFAULT');
      expect(listed(32)).toEqual(all);
      expect(call('lseek', fd, 3, 0)).toBe(3n);
      expect(listed(32)).toEqual(all.slice(3));
      expect(shown(call('read', fd, PLACES.room, 5))).toBe('EISDIR');
      expect(shown(call('lseek', fd, -1, 0))).toBe('EINVAL');
    });

    it('close_range closes, or marks', () => {
      const { call } = caller();
      for (const fd of [3n, 4n, 5n]) expect(call('dup', 0)).toBe(fd);
      expect(call('close_range', 3, 3, 4)).toBe(0n);
      expect(call('fcntl', 3, 1)).toBe(1n);
      expect(call('close_range', 4, MAX, 0)).toBe(0n);
      expect(call('fcntl', 3, 1)).toBe(1n);
      expect(shown(call('fcntl', 4, 1))).toBe('EBADF');
      expect(shown(call('fcntl', 5, 1))).toBe('EBADF');
      expect(call('fcntl', 0, 1)).toBe(0n);
    });

    it.each([
      ['FUTEX_WAIT_BITSET waits until a clock says so', 9, 47n],
      ['FUTEX_WAIT waits for as long as is said', 0, 57n],
      ['FUTEX_WAIT_BITSET by the wall clock', 0x109, 10n],
    ])('%s', (_, operation, seconds) => {
      const { call, bytes } = caller();
      const now = () => {
        call('clock_gettime', 1, PLACES.room);
        return new DataView(Uint8Array.from(bytes(PLACES.room, 8) ?? []).buffer).getBigInt64(0, true);
      };
      // Ten seconds by way of a call that knows how to wait; then 47, the byte of "/".
      call('nanosleep', PLACES.ten, 0);
      expect(now()).toBe(10n);
      expect(shown(call('futex', PLACES.empty, operation, 0, PLACES.root, 0, 1))).toBe('ETIMEDOUT');
      expect(now()).toBe(seconds);
    });

    it('sigsuspend that no signal ends: a deadlock, and said so', () => {
      expect(caller().call('rt_sigsuspend', PLACES.empty, 8)).toEqual({
        kind: 'deadlock',
        message: 'everybody waits: process 1 for a signal',
      });
    });

    it('/dev/zero gives as much as is asked for, as far as the buffer goes', () => {
      const { call } = caller();
      const fd = call('openat', AT_FDCWD, PLACES.zero, 0) as bigint;
      const place = call('mmap', 0, 200000, 3, 0x22, -1, 0) as bigint;
      expect(call('read', fd, place, 200000)).toBe(200000n);
      expect(call('munmap', place + 0x1e000n, 0x2000)).toBe(0n);
      // In steps of 64 KiB, of which each must be there as a whole.
      expect(call('read', fd, place, 200000)).toBe(0x10000n);
      expect(shown(call('read', fd, place + 0x1e000n, 200000))).toBe('EFAULT');
    });

    it('/dev/urandom follows from the seed, goes on, and is one source with getrandom', () => {
      const read = (seed: bigint) => {
        const { call, bytes } = caller({ seed });
        const fd = call('openat', AT_FDCWD, PLACES.urandom, 0) as bigint;
        expect(call('read', fd, PLACES.room, 24)).toBe(24n);
        const first = Buffer.from(bytes(PLACES.room, 24) ?? []).toString('hex');
        expect(shown(call('read', fd, PLACES.hole, 24))).toBe('EFAULT');
        expect(call('read', fd, PLACES.room, 24)).toBe(24n);
        const second = Buffer.from(bytes(PLACES.room, 24) ?? []).toString('hex');
        call('getrandom', PLACES.room, 24, 0);
        return [first, second, Buffer.from(bytes(PLACES.room, 24) ?? []).toString('hex')];
      };
      expect(read(1n)).toEqual(read(1n));
      expect(new Set([...read(1n), ...read(2n)]).size).toBe(6);
    });

    it('sigsuspend lets a signal through that was held back', () => {
      const { call, bytes } = caller();
      call('rt_sigprocmask', 2, PLACES.null, 0, 8);
      call('kill', 1, 15);
      call('rt_sigpending', PLACES.room, 8);
      expect(bytes(PLACES.room, 8)).toEqual(Uint8Array.of(0, 0x40, 0, 0, 0, 0, 0, 0));
      expect(call('rt_sigsuspend', PLACES.empty, 8)).toMatchObject({ kind: 'exited', status: 128 + 15 });
    });

    it('a process that dies of storing its pipe has closed both ends by then', () => {
      const { call } = caller({ policy: 'veridian', uaccess: 'axptr' });
      call('clone', 17, 0);
      // A string that is nowhere leaves the flag set, to the letter of the crate: so a page that is copy-on-write is death to
      // the process, where the kernel would have panicked.
      call('openat', AT_FDCWD, PLACES.hole, 0);
      expect(call('pipe2', PLACES.room, 0)).toMatchObject({ kind: 'exited', status: 128 + 11 });
    });

    it('MADV_DONTNEED makes pages zero again', () => {
      const { call, bytes } = caller();
      const place = call('mmap', 0, 8192, 3, 0x22, -1, 0) as bigint;
      call('getrandom', place, 8192, 0);
      expect(call('madvise', place, 4096, 4)).toBe(0n);
      expect(call('write', 1, place, 8)).toBe(8n);
      expect(bytes(place, 8)).toEqual(new Uint8Array(8));
      expect(bytes(place + 4096n, 8)).not.toEqual(new Uint8Array(8));
    });

    it('time passes with steps, and a nap takes as long as it says', () => {
      const { call, bytes } = caller();
      const now = () => {
        call('clock_gettime', 1, PLACES.room);
        const view = new DataView((bytes(PLACES.room, 16) ?? new Uint8Array(16)).buffer);
        return view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true);
      };
      // A timespec of zero seconds and of as many nanoseconds as the low word of a resolution says.
      const before = now();
      call('clock_getres', 1, PLACES.room);
      expect(call('nanosleep', PLACES.room, 0)).toBe(0n);
      expect(now() - before).toBeGreaterThanOrEqual(100n);
    });
  });
});
