// The only door to the machine.
export type { Access, AccessKind, AccessShape, Atomicity, Privilege } from './access.ts';
export { accessShape } from './access.ts';
export { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, type Pa, pa, type RamOffset, ramOffset, type Va, va } from './addr.ts';
export { STEPS_PER_TICK, TICKS_PER_SECOND } from './clock.ts';
export type { Gate } from './engine/engine.ts';
export type { Hart } from './hart.ts';
export type { Slot, SlotGroup } from './ir/index.ts';
export type { Finish, Instruction, Isa } from './isa.ts';
export { type ConsolePort, Machine, type MachineExit, type MachineOptions, physicalAddress } from './machine.ts';
export type { Saved } from './memory/device.ts';
export { MAX_HARTS, MAX_RAM_BYTES } from './memory/ram.ts';
export { TARGETS, targetNamed, targetOfElf } from './targets.ts';
export type { TlbEntry } from './tlb.ts';
export type { Syndrome, SyndromeField, Trap } from './trap.ts';
export type { VirtualMemory } from './virtual-memory.ts';
export type { Walk, WalkStep, WalkTranslation } from './walk.ts';
