import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import { FPU_TRAP, MMX_TRAP, SLOTS, SSE_TRAP } from './registers.ts';

const CR0 = SLOTS.get('cr0');
const CR4 = SLOTS.get('cr4');
const CR0_EM = 1n << 2n;
const CR0_TS = 1n << 3n;
const CR4_OSFXSR = 1n << 9n;

/**
 * Settles what CR0 and CR4 say of SSE, x87 and MMX instructions (SDM vol. 3A, tables 2-2, 12-1 and 13-1): without support
 * by the operating system they are #UD, and after a task switch #NM. To be called whenever one of the two is written.
 */
export function updateFpuTraps(hart: Hart): void {
  const cr0 = hart.get(CR0);
  const emulated = (cr0 & CR0_EM) !== 0n;
  const switched = (cr0 & CR0_TS) !== 0n ? fault(VECTOR.NM) : 0;
  const undefinedSse = emulated || (hart.get(CR4) & CR4_OSFXSR) === 0n;
  hart.set32(SSE_TRAP, undefinedSse ? fault(VECTOR.UD) : switched);
  hart.set32(FPU_TRAP, emulated ? fault(VECTOR.NM) : switched);
  hart.set32(MMX_TRAP, emulated ? fault(VECTOR.UD) : switched);
}
