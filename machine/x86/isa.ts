import type { Isa } from '../isa.ts';
import { nextTimer } from './apic.ts';
import { WATCHED_MMU } from './breakpoint.ts';
import { codeAddress, codeMode } from './code.ts';
import { CONTROL_HELPERS } from './control-helpers.ts';
import { decode, MAX_BYTES } from './decode.ts';
import { explain, TRAP_REGISTER_BITS, TRAP_REGISTERS } from './explain.ts';
import { INT_HELPERS } from './integer.ts';
import { attachPlatform, startBare } from './platform.ts';
import { CODE_16, CODE_32, CODE_64, RBP, RIP, RSP, SLOTS } from './registers.ts';
import { reset } from './reset.ts';
import { SSE_INTEGER_HELPERS } from './sse-integer.ts';
import { SSE_HELPERS } from './sse-operations.ts';
import { perform, readSystem, SYSTEM_HELPERS, writeSystem } from './system.ts';
import { deliver, interrupt, privilege, syndrome, wakes } from './trap.ts';
import { X87_HELPERS } from './x87.ts';

/** x86-64-v2 with the system architecture of 64-bit mode, and protected mode with flat and other segments. */
export const X86_64: Isa = {
  name: 'x86-64',
  elfMachine: 62,
  elfMachine32: 3,
  slots: SLOTS,
  pc: RIP,
  sp: RSP,
  fp: RBP,
  ramBase: 0n,
  fetchUnit: 1,
  maxInstructionBytes: MAX_BYTES,
  mmu: WATCHED_MMU,
  helpers: {
    ...INT_HELPERS,
    ...SYSTEM_HELPERS,
    ...CONTROL_HELPERS,
    ...X87_HELPERS,
    ...SSE_HELPERS,
    ...SSE_INTEGER_HELPERS,
  },
  codeModes: new Map([
    [64, CODE_64],
    [32, CODE_32],
    [16, CODE_16],
  ]),
  decode,
  codeMode,
  codeAddress,
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
  trapRegisterBits: TRAP_REGISTER_BITS,
  explain,
  attachPlatform,
  startBare,
};
