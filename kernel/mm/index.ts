// The door to memory management.
export { AddressSpace, type MapRequest, STACK_GUARD, STACK_LIMIT } from './address-space.ts';
export { Area, type AreaDescription, type AreaKind, type Backing } from './area.ts';
export { type Fault, type FaultOutcome, handleFault } from './fault.ts';
export { FrameAllocator } from './frames.ts';
export { KernelHalf } from './kernel-half.ts';
export { bytes, I32, I64, type Layout, struct, U8, U16, U32, U64 } from './layouts.ts';
export { Memory, type MemoryEnvironment } from './memory.ts';
export { PageTable } from './page-table.ts';
export { PhysicalMemory } from './physical.ts';
export { accessUserMemory, atKernelEntry, isAccessingUserMemory } from './user-access.ts';
export {
  type AddrSpaceProvider,
  LockingProvider,
  PlainProvider,
  UserConstPtr,
  UserConstSlice,
  UserPtr,
  UserSlice,
  userBytes,
  userConstBytes,
} from './user-pointer.ts';
