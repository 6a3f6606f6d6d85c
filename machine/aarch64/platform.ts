import type { Hart } from '../hart.ts';
import type { PlatformServices } from '../isa.ts';
import { EL1 } from './registers.ts';
import { setLevel } from './state.ts';

/** Physical addresses of the platform, those of QEMU's `virt` machine. */
export const RAM_BASE = 0x4000_0000n;

export function attachPlatform(_services: PlatformServices): void {}

/** Every hart starts at EL1 at the image's entry, with the MMU off. */
export function startBare(hart: Hart, entry: bigint): void {
  setLevel(hart, EL1, 1);
  hart.pc = entry;
}
