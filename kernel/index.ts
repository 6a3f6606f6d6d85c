// The only door to the kernel.

export { type PolicyReading, readTrap, type StepOrder, type TrapReading } from './explain.ts';
export type { Recorder } from './flows.ts';
export type { StandardPorts } from './fs/terminal.ts';
export { Kernel, type KernelOptions, leavesAccessedDirty, mmuModes, type RunResult } from './kernel.ts';
export type { FaultPolicy, MmuMode, UserAccessPolicy } from './options.ts';
export type * from './record.ts';
export { LoadError } from './task/load-error.ts';
