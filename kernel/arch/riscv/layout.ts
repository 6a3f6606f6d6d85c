import { symmetricLayout } from '../arch.ts';

/** The lower half of 39 bits is the user's, the upper the kernel's. */
export const SV39_LAYOUT = symmetricLayout(0x40_0000_0000n, 0x3f_ffff_f000n);
export const SV48_LAYOUT = symmetricLayout(0x8000_0000_0000n, 0x7fff_ffff_f000n);
/** As Linux does, nothing is placed above 2^47 unless asked for: programs keep tags in the bits above. */
export const SV57_LAYOUT = symmetricLayout(0x100_0000_0000_0000n, 0x7fff_ffff_f000n);
