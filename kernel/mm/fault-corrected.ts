import { LinuxError } from '../abi/errno.ts';
import type { FaultReading } from '../arch/arch.ts';
import type { FaultClass, HandlerStep } from '../record.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { attempt, classifyAccess, type Failure, type Fault, type StepResult, segv } from './fault-step.ts';
import type { Memory } from './memory.ts';
import { outOfMemory } from './page-table.ts';
import { grow, refusesGrowth } from './stack.ts';

/** The handler with its gaps closed: what the walk says decides which steps apply. Undefined: resolved. */
export function handleCorrected(
  memory: Memory,
  fault: Fault,
  seen: FaultClass,
  steps: HandlerStep[] | undefined,
): Failure | undefined {
  const { space, reading } = fault;
  if (!space) return segv(space, reading.address);
  const tried = (step: HandlerStep['step'], run: () => StepResult): Failure | true | undefined => {
    const { resolved, failure } = attempt(memory, steps, step, run);
    return failure ?? (resolved || undefined);
  };
  const end = ((): Failure | true | undefined => {
    switch (seen) {
      case 'accessed or dirty clear':
        return tried('accessed/dirty', () => setAccessedDirty(memory, space, fault));
      case 'allowed now':
        return tried('retry', () => retry(memory, space, fault));
      case 'reserved':
        return undefined;
      case 'denied':
        return reading.wasWrite ? tried('copy-on-write', () => copyOnWrite(memory, space, reading)) : undefined;
      case 'absent': {
        const paged = tried('demand paging', () => demandPaging(memory, space, fault));
        if (paged || space.find(reading.address)) return paged;
        const grown = tried('stack growth', () => stackGrowth(space, reading));
        return grown === true ? tried('demand paging', () => demandPaging(memory, space, fault)) : grown;
      }
      default:
        return seen satisfies never;
    }
  })();
  return end === true ? undefined : (end ?? segv(space, reading.address));
}

const pageOf = (address: bigint): bigint => address & ~0xfffn;
const hex = (value: bigint): string => value.toString(16);

const refused = (why: string, area?: Area): StepResult => ({ resolved: false, why, area });
const noMemory = (area: Area): StepResult => ({
  resolved: false,
  why: 'out of memory',
  area,
  failure: { kind: 'out of memory' },
});

/** The hardware does not set these bits itself: the kernel does, once the rights have been found enough. */
function setAccessedDirty(memory: Memory, space: AddressSpace, fault: Fault): StepResult {
  if (cameAgain(memory, fault)) return livelock();
  space.touch(pageOf(fault.reading.address), fault.reading.wasWrite);
  remember(memory, fault);
  return {
    resolved: true,
    why: fault.reading.wasWrite ? 'accessed and dirty set' : 'accessed set',
    area: space.find(fault.reading.address),
  };
}

/** Another hart was first, or this one used a stale translation: the access is allowed now. */
function retry(memory: Memory, space: AddressSpace, fault: Fault): StepResult {
  if (cameAgain(memory, fault)) return livelock();
  // The faulting hart must lose the translation even where the scheduler's set does not have it.
  memory.invalidate([fault.hart.id], pageOf(fault.reading.address), space.id);
  remember(memory, fault);
  return { resolved: true, why: 'the entry allows the access now', area: space.find(fault.reading.address) };
}

const livelock = (): StepResult => ({
  resolved: false,
  why: 'livelock: the same fault came again right after a retry',
  failure: { kind: 'livelock' },
});

/** The same hart, pc and address, and no instruction retired in between. */
function cameAgain(memory: Memory, { hart, reading }: Fault): boolean {
  const last = memory.retries[hart.id];
  return (
    last !== undefined &&
    last.pc === reading.instructionPointer &&
    last.address === reading.address &&
    last.retired === hart.retired
  );
}

function remember(memory: Memory, { hart, reading }: Fault): void {
  memory.retries[hart.id] = { pc: reading.instructionPointer, address: reading.address, retired: hart.retired };
}

/** Why an area does not allow the access; undefined: it does. An area that may be written may be read. */
function forbids({ rights }: Area, { wasFetch, wasWrite }: FaultReading): string | undefined {
  if (!rights.user) return 'area is the kernel’s';
  if (wasFetch) return rights.execute ? undefined : 'area is not executable';
  if (wasWrite) return rights.write ? undefined : 'area is not writable';
  return rights.read || rights.write ? undefined : 'area is not readable';
}

/** A page that no frame backs yet gets one: zeroes, or the image's bytes. */
function demandPaging(memory: Memory, space: AddressSpace, fault: Fault): StepResult {
  const { reading } = fault;
  const page = pageOf(reading.address);
  const area = space.find(page);
  if (!area) return refused('no area holds the address');
  const why = forbids(area, reading);
  if (why) return refused(why, area);
  if (area.pastEnd(page)) {
    const failure = { kind: 'signal', signal: 'SIGBUS', code: 'BUS_ADRERR' } as const;
    return { resolved: false, why: 'past the end of the mapped file', area, failure };
  }
  try {
    space.fill(area, page, reading.wasWrite);
  } catch (error) {
    if (outOfMemory(error)) return noMemory(area);
    if (error instanceof LinuxError) return refused('the area went away while a frame was found', area);
    throw error;
  }
  const now = classifyAccess(memory, space, fault);
  if (now.class !== 'allowed now') return refused(`the new entry does not allow the access: ${now.class}`, area);
  const frame = area.pages.get(page >> 12n) ?? 0n;
  return {
    resolved: true,
    why: `absent page → frame ${hex(frame)}, ${area.content(page) ? 'from file' : 'zeroed'}`,
    area,
  };
}

/** A write to a page that was made read-only because its frame is shared, or was until now. */
function copyOnWrite(memory: Memory, space: AddressSpace, { address }: FaultReading): StepResult {
  const { frames } = memory;
  const page = pageOf(address);
  const area = space.find(page);
  if (!area) return refused('no area holds the address');
  if (!area.rights.write) return refused('area is not writable', area);
  const frame = area.pages.get(page >> 12n);
  if (frame === undefined) return refused('the page has no frame', area);
  if (area.shared || frames.references(frame) === 1) {
    space.makeWritable(area, page, frame);
    return { resolved: true, why: `frame ${hex(frame)} has no other holder: made writable in place`, area };
  }
  try {
    const copy = frames.allocateCopy(frame);
    memory.changes?.push({ kind: 'frame', action: 'copied', frame: copy, from: frame });
    space.exchange(area, page, copy);
    return { resolved: true, why: `shared frame ${hex(frame)} → copied to frame ${hex(copy)}`, area };
  } catch (error) {
    if (outOfMemory(error)) return noMemory(area);
    throw error;
  }
}

/** The stack is extended down to the fault; the page itself then comes by demand paging. */
function stackGrowth(space: AddressSpace, { address, wasFetch }: FaultReading): StepResult {
  if (wasFetch) return refused('a fetch never grows the stack');
  const why = refusesGrowth(space, address);
  if (why) return refused(why, space.next(address));
  return { resolved: true, why: `extended down to ${hex(pageOf(address))}`, area: grow(space, address) };
}
