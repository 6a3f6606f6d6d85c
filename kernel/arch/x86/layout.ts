import type { Layout } from '../arch.ts';

/**
 * The user's last page is left out of both: a SYSCALL at its end would return to an address that is not canonical. Nothing
 * of the user's is placed above 2^47 unless asked for, so that axptr's user range, which ends there, holds the same.
 */
const USER = {
  userStart: 0x1000n,
  stackTop: 0x7fff_ffff_f000n,
  mmapTop: 0x7fff_feff_f000n,
  pieBase: 0x20_0000_0000n,
} as const;

export const FOUR_LEVEL_LAYOUT: Layout = {
  ...USER,
  userEnd: 0x7fff_ffff_f000n,
  kernelStart: 0xffff_8000_0000_0000n,
  directMap: 0xffff_8000_0000_0000n,
};

export const FIVE_LEVEL_LAYOUT: Layout = {
  ...USER,
  userEnd: 0xff_ffff_ffff_f000n,
  userEndAxptr: 0x7fff_ffff_f000n,
  kernelStart: 0xff00_0000_0000_0000n,
  directMap: 0xff00_0000_0000_0000n,
};
