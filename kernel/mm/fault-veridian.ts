import { LinuxError } from '../abi/errno.ts';
import type { HandlerStep } from '../record.ts';
import { attempt, type Failure, type Fault, type StepResult, segv } from './fault-step.ts';
import type { Memory } from './memory.ts';
import { outOfMemory } from './page-table.ts';
import { growAtOnce, refusesGrowth } from './stack.ts';

/**
 * The handler as VeridianOS publishes it (`mm/page_fault.rs`): the reason is never consulted, a step's error is swallowed
 * and the next one tried. `map_page`, which is not in the published file, is read as appending the frame to the mapping's
 * list and refusing a page that is mapped already. Undefined: resolved.
 */
export function handleVeridian(memory: Memory, fault: Fault, steps: HandlerStep[] | undefined): Failure | undefined {
  if (attempt(memory, steps, 'demand paging', () => tryDemandPage(fault)).resolved) return undefined;
  if (fault.reading.wasWrite) {
    attempt(memory, steps, 'copy-on-write', () => error('NotImplemented: copy-on-write page handling'));
  }
  if (attempt(memory, steps, 'stack growth', () => tryStackGrowth(fault)).resolved) return undefined;
  return segv(fault.space, fault.reading.address);
}

const error = (why: string): StepResult => ({ resolved: false, why });

/** `try_demand_page`. */
function tryDemandPage({ space, reading }: Fault): StepResult {
  if (!space) return error('NotInitialized: process');
  const area = space.find(reading.address);
  if (!area) return error('UnmappedMemory');
  const page = reading.address & ~0xfffn;
  const pageIndex = (page - area.start) >> 12n;
  const refused = (why: string): StepResult => ({ resolved: false, why, area });
  if (pageIndex < BigInt(area.recorded))
    return refused(`InvalidAddress: page ${pageIndex} of ${area.recorded} recorded`);
  if (reading.wasWrite && !area.rights.write) return refused('PermissionDenied: write to read-only mapping');
  if (reading.wasUserMode && !area.rights.user) return refused('PermissionDenied: user access to kernel mapping');
  if (area.pages.has(page >> 12n)) return refused('InvalidAddress: the page is mapped already');
  try {
    const frame = space.mapZeroed(area, page, area.rights);
    return { resolved: true, why: `absent page → frame ${frame.toString(16)}, zeroed`, area };
  } catch (thrown) {
    if (outOfMemory(thrown)) return refused('OutOfMemory');
    throw thrown;
  }
}

/** `try_stack_growth`: every page from the old bottom to the fault, for any kind of access. */
function tryStackGrowth({ space, reading }: Fault): StepResult {
  if (!reading.wasUserMode) return error('PermissionDenied: kernel stack growth not supported');
  if (!space) return error('NotInitialized: process');
  const why = refusesGrowth(space, reading.address);
  if (why) return error(`InvalidAddress: ${why}`);
  const before = space.stackSize;
  try {
    growAtOnce(space, reading.address);
  } catch (thrown) {
    if (outOfMemory(thrown)) return error('OutOfMemory');
    if (thrown instanceof LinuxError) return error('InvalidAddress: a page is mapped already');
    throw thrown;
  }
  const pages = (space.stackSize - before) >> 12n;
  return { resolved: true, why: `${pages} pages mapped below the stack`, area: space.find(reading.address) };
}
