import type { Layout } from '../arch.ts';

/** Distance kept between the top of the stack and the mmap areas: the stack's 8 MiB and as much again. */
const STACK_ROOM = 0x100_0000n;

function layout(userEnd: bigint, stackTop: bigint): Layout {
  const kernelStart = BigInt.asUintN(64, -userEnd);
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

/** Each half has all of 39 bits: TTBR0 the user's, TTBR1 the kernel's. */
export const VA39_LAYOUT = layout(0x80_0000_0000n, 0x7f_ffff_f000n);
/** Nothing is placed above 2^47 unless asked for, so that axptr's user range, which ends there, holds the same. */
export const VA48_LAYOUT = { ...layout(0x1_0000_0000_0000n, 0x7fff_ffff_f000n), userEndAxptr: 0x7fff_ffff_f000n };
