import type { Layout } from '../arch.ts';

/** Distance kept between the top of the stack and the mmap areas: the stack's 8 MiB and as much again. */
const STACK_ROOM = 0x100_0000n;

function layout(userEnd: bigint, stackTop: bigint, kernelStart: bigint): Layout {
  return {
    userStart: 0x1000n,
    userEnd,
    kernelStart,
    directMap: kernelStart,
    stackTop,
    mmapTop: stackTop - STACK_ROOM,
    pieBase: 0x20_0000_0000n,
  };
}

/** The lower half of 39 bits is the user's, the upper the kernel's. */
export const SV39_LAYOUT = layout(0x40_0000_0000n, 0x3f_ffff_f000n, 0xffff_ffc0_0000_0000n);
export const SV48_LAYOUT = layout(0x8000_0000_0000n, 0x7fff_ffff_f000n, 0xffff_8000_0000_0000n);
/** As Linux does, nothing is placed above 2^47 unless asked for: programs keep tags in the bits above. */
export const SV57_LAYOUT = layout(0x100_0000_0000_0000n, 0x7fff_ffff_f000n, 0xff00_0000_0000_0000n);
