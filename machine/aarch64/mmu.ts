import type { Access, AccessKind, AccessShape, Privilege } from '../access.ts';
import type { Hart } from '../hart.ts';
import type { Mmu } from '../isa.ts';
import type { Walk } from '../walk.ts';
import { EC, esr } from './causes.ts';
import { EL, EL0 } from './registers.ts';

/** The MMU of an AArch64 hart. */
export const MMU: Mmu = { translate, walk, privilege, misaligned, busFault };

function translate(hart: Hart, address: bigint, _shape: AccessShape): boolean {
  hart.translated.pa = address;
  hart.translated.wholePage = true;
  return true;
}

function walk(_hart: Hart, address: bigint, _access: Access): Walk {
  const page = address >> 12n;
  const result = { vpn: page, ppn: page, pages: 1n, global: false, bits: 0n, entryAddress: 0n, update: undefined };
  return { mode: 'off', root: 0n, asid: 0, steps: [], result };
}

function privilege(hart: Hart, _kind: AccessKind): Privilege {
  return hart.get32(EL) === EL0 ? 'user' : 'supervisor';
}

function misaligned(hart: Hart, address: bigint, shape: AccessShape): boolean {
  if (shape.kind !== 'fetch' && shape.atomicity === 'plain') return true;
  return hart.raise(esr(shape.kind === 'fetch' ? EC.pcAlignment : EC.dataSame, 0x21), address);
}

function busFault(hart: Hart, address: bigint, shape: AccessShape): void {
  hart.raise(esr(shape.kind === 'fetch' ? EC.instructionSame : EC.dataSame, 0x10), address);
  hart.trap.access = { ...shape, privilege: privilege(hart, shape.kind) };
  hart.trap.address = address;
}
