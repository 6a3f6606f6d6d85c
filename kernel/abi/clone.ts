/** Flags of clone(2); the low byte is the signal that the parent gets when the child ends. */
export const CLONE = {
  CSIGNAL: 0xffn,
  VM: 0x100n,
  FS: 0x200n,
  FILES: 0x400n,
  SIGHAND: 0x800n,
  VFORK: 0x4000n,
  THREAD: 0x10000n,
  SYSVSEM: 0x40000n,
  SETTLS: 0x80000n,
  PARENT_SETTID: 0x100000n,
  CHILD_CLEARTID: 0x200000n,
  CHILD_SETTID: 0x1000000n,
} as const;

export const WNOHANG = 1;
export const WUNTRACED = 2;
export const WCONTINUED = 8;
export const WALL = 0x40000000;
