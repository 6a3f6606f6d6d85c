import type { Isa } from '../isa.ts';
import { ATOMIC_HELPERS } from './a64-atomics.ts';
import { WATCHED_MMU } from './breakpoint.ts';
import { INTEGER_HELPERS } from './crc.ts';
import { decode } from './decode.ts';
import { explain, TRAP_REGISTERS } from './explain.ts';
import { FLOAT_HELPERS } from './float.ts';
import { attachPlatform, RAM_BASE, startBare } from './platform.ts';
import { PC, SLOTS, SP, X } from './registers.ts';
import { reset } from './reset.ts';
import { SIMD_HELPERS } from './simd.ts';
import { perform, readSystem, SYSTEM_HELPERS, writeSystem } from './system.ts';
import { nextTimer } from './timer.ts';
import { deliver, interrupt, privilege, syndrome } from './trap.ts';
import { wakes } from './wait.ts';

/** Armv8.0-A at EL0 and EL1 with CRC32, LSE, RCpc, PAN and HAFDBS, on a platform like QEMU's `virt`. */
export const AARCH64: Isa = {
  name: 'aarch64',
  elfMachine: 183,
  slots: SLOTS,
  pc: PC,
  sp: SP,
  fp: X[29],
  ramBase: RAM_BASE,
  fetchUnit: 4,
  maxInstructionBytes: 4,
  mmu: WATCHED_MMU,
  helpers: { ...INTEGER_HELPERS, ...ATOMIC_HELPERS, ...SYSTEM_HELPERS, ...FLOAT_HELPERS, ...SIMD_HELPERS },
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
