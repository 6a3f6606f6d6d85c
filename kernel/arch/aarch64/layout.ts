import { type Layout, symmetricLayout } from '../arch.ts';

/** Each half has all of 39 bits: TTBR0 the user's, TTBR1 the kernel's. */
export const VA39_LAYOUT = symmetricLayout(0x80_0000_0000n, 0x7f_ffff_f000n);
/** Nothing is placed above 2^47 unless asked for, so that axptr's user range, which ends there, holds the same. */
export const VA48_LAYOUT: Layout = {
  ...symmetricLayout(0x1_0000_0000_0000n, 0x7fff_ffff_f000n),
  userEndAxptr: 0x7fff_ffff_f000n,
};
