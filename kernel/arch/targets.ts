import type { Isa } from '../../machine/index.ts';
import { AARCH64 } from './aarch64/arch.ts';
import type { Arch } from './arch.ts';
import { RISCV } from './riscv/arch.ts';
import { X86_64 } from './x86/arch.ts';

/** Every target of the kernel. */
export const ARCHES: readonly Arch[] = [RISCV, AARCH64, X86_64];

/** The kernel's part of a machine target. */
export function archOf(isa: Isa): Arch {
  const found = ARCHES.find((arch) => arch.isa === isa);
  if (!found) throw new Error(`the kernel has no part for ${isa.name}`);
  return found;
}
