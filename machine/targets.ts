import { AARCH64 } from './aarch64/isa.ts';
import type { Isa } from './isa.ts';
import { RISCV64 } from './riscv/isa.ts';
import { X86_64 } from './x86/isa.ts';

/** Every target of the machine. */
export const TARGETS: readonly Isa[] = [RISCV64, AARCH64, X86_64];

/** The target of that name (`riscv64`). */
export const targetNamed = (name: string): Isa | undefined => TARGETS.find((isa) => isa.name === name);

/** The target whose ELF files of that class carry that e_machine. */
export const targetOfElf = (machine: number, bits: 32 | 64 = 64): Isa | undefined =>
  TARGETS.find((isa) => (bits === 64 ? isa.elfMachine : isa.elfMachine32) === machine);
