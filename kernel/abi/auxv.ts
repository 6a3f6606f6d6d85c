/** Types of auxiliary vector entries (getauxval(3)). */
export const AT = {
  NULL: 0n,
  PHDR: 3n,
  PHENT: 4n,
  PHNUM: 5n,
  PAGESZ: 6n,
  BASE: 7n,
  FLAGS: 8n,
  ENTRY: 9n,
  UID: 11n,
  EUID: 12n,
  GID: 13n,
  EGID: 14n,
  PLATFORM: 15n,
  HWCAP: 16n,
  CLKTCK: 17n,
  SECURE: 23n,
  RANDOM: 25n,
  HWCAP2: 26n,
  EXECFN: 31n,
} as const;

/** Ticks of times(2) in a second. */
export const CLK_TCK = 100n;
