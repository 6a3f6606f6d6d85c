import type { Hart } from '../hart.ts';
import type { Isa } from '../isa.ts';
import { nextTimer } from './csr-timers.ts';
import { decode } from './decode.ts';
import { explain, TRAP_REGISTERS } from './explain.ts';
import { FLOAT_HELPERS } from './float.ts';
import { MMU } from './mmu.ts';
import { attachPlatform, RAM_BASE, startBare } from './platform.ts';
import { M_MODE, MODE, PC, SLOTS, X } from './registers.ts';
import { perform, readSystem, SYSTEM_HELPERS, writeSystem } from './system.ts';
import { deliver, interrupt, privilege, syndrome, wakes } from './trap.ts';

const MTIMECMP = SLOTS.get('mtimecmp');
const STIMECMP = SLOTS.get('stimecmp');
/** A comparator that never matches. */
const NEVER = 0xffff_ffff_ffff_ffffn;

/** M-mode, interrupts, MPRV, PMP and translation off, all of it zero (Priv. spec 3.4); and no timer set. */
function reset(hart: Hart): void {
  hart.set32(MODE, M_MODE);
  hart.set(MTIMECMP, NEVER);
  hart.set(STIMECMP, NEVER);
}

/** RV64GC with M, S and U modes, Sstc, Svade or Svadu, Svnapot and 16 PMP entries, on a platform like QEMU's `virt`. */
export const RISCV64: Isa = {
  name: 'riscv64',
  elfMachine: 243,
  slots: SLOTS,
  pc: PC,
  sp: X[2],
  fp: X[8],
  ramBase: RAM_BASE,
  fetchUnit: 2,
  maxInstructionBytes: 4,
  mmu: MMU,
  helpers: { ...SYSTEM_HELPERS, ...FLOAT_HELPERS },
  decode,
  reset,
  deliver,
  interrupt,
  wakes,
  nextTimer,
  privilege,
  readSystem,
  writeSystem,
  perform,
  syndrome,
  trapRegisters: TRAP_REGISTERS,
  explain,
  attachPlatform,
  startBare,
};
