import { LinuxError } from '../abi/errno.ts';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_TYPE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../abi/mman.ts';
import type { ProtectionKeys, Rights } from '../arch/arch.ts';
import type { Area } from '../mm/area.ts';
import type { Call } from './call.ts';
import { partial, type Result, row } from './row.ts';

const PAGE = 4096n;
const pageUp = (length: bigint): bigint => (length + PAGE - 1n) & ~(PAGE - 1n);

const rightsOf = (protection: number): Rights => ({
  read: (protection & PROT_READ) !== 0,
  write: (protection & PROT_WRITE) !== 0,
  execute: (protection & PROT_EXEC) !== 0,
  user: true,
});

function mmap(
  call: Call,
  hint: bigint,
  length: bigint,
  prot: number,
  flags: number,
  fd: number,
  offset: bigint,
): Result {
  if ((offset & (PAGE - 1n)) !== 0n) throw new LinuxError('EINVAL');
  if ((flags & MAP_ANONYMOUS) === 0) {
    call.task.files.get(fd);
    throw new LinuxError('ENODEV');
  }
  if (length === 0n) throw new LinuxError('EINVAL');
  const type = flags & MAP_TYPE;
  if (type !== MAP_PRIVATE && type !== MAP_SHARED) throw new LinuxError('EINVAL');
  if ((flags & MAP_GROWSDOWN) !== 0) throw new LinuxError('EOPNOTSUPP');
  const how = (flags & MAP_FIXED_NOREPLACE) !== 0 ? 'fixed-new' : (flags & MAP_FIXED) !== 0 ? 'fixed' : 'hint';
  return call.space.map({
    kind: 'anonymous',
    name: 'mmap',
    rights: rightsOf(prot),
    backing: { kind: 'zero' },
    shared: type === MAP_SHARED,
    length,
    place: { how, address: hint },
    populate: (flags & MAP_POPULATE) !== 0,
  });
}

/** mprotect(2); a page keeps its protection key unless it is given another. */
function mprotect(call: Call, start: bigint, length: bigint, prot: number, key?: number): Result {
  if ((prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) !== 0) throw new LinuxError('EINVAL');
  call.space.protect(start, length, rightsOf(prot), key);
  return 0;
}

/** The target's protection keys; where it has none the calls do not exist. */
const keysOf = ({ system }: Call): ProtectionKeys => {
  const { protectionKeys } = system.memory.arch;
  if (!protectionKeys) throw new LinuxError('ENOSYS');
  return protectionKeys;
};

/** pkey_mprotect(2): EINVAL for a key that is not in use; -1 leaves the key as it is. */
function pkeyMprotect(call: Call, start: bigint, length: bigint, prot: number, key: number): Result {
  keysOf(call);
  if (key !== -1 && !inUse(call, key)) throw new LinuxError('EINVAL');
  return mprotect(call, start, length, prot, key === -1 ? undefined : key);
}

const inUse = ({ space }: Call, key: number): boolean => key >= 0 && key < 32 && ((space.keys >>> key) & 1) === 1;

/** What a key may deny: all accesses, or writes. */
const PKEY_ACCESS_MASK = 3n;

/** pkey_alloc(2): the lowest key that is free, with what it denies to this process. ENOSPC: there is none. */
function pkeyAlloc(call: Call, flags: bigint, denied: bigint): Result {
  const keys = keysOf(call);
  if (flags !== 0n || (denied & ~PKEY_ACCESS_MASK) !== 0n) throw new LinuxError('EINVAL');
  let key = 0;
  while (key < keys.count && inUse(call, key)) key++;
  if (key === keys.count) throw new LinuxError('ENOSPC');
  call.space.keys |= 1 << key;
  keys.deny(call.task.context, key, Number(denied));
  return key;
}

/** pkey_free(2): pages that have the key keep it. */
function pkeyFree(call: Call, key: number): Result {
  keysOf(call);
  if (!inUse(call, key)) throw new LinuxError('EINVAL');
  call.space.keys &= ~(1 << key);
  return 0;
}

const MREMAP_MAYMOVE = 1;

function mremap(call: Call, old: bigint, oldLength: bigint, newLength: bigint, flags: number): Result {
  const { space } = call;
  const { layout } = space.memory;
  if ((flags & ~MREMAP_MAYMOVE) !== 0) throw new LinuxError('EINVAL');
  if ((old & (PAGE - 1n)) !== 0n || newLength === 0n) throw new LinuxError('EINVAL');
  if (newLength > layout.userEnd) throw new LinuxError('ENOMEM');
  const before = pageUp(oldLength);
  const after = pageUp(newLength);
  const area = space.find(old);
  if (!area) throw new LinuxError('EFAULT');
  if (before === 0n) throw new LinuxError('EINVAL');
  // Shrinking only unmaps the tail, whatever areas that lies in.
  if (after <= before) {
    if (old + before > layout.userEnd) throw new LinuxError('EINVAL');
    if (after < before) space.unmap(old + after, before - after);
    return old;
  }
  if (old + before > area.end) throw new LinuxError('EFAULT');
  if (area.backing.kind !== 'zero' || area.shared) throw new LinuxError('EINVAL');
  const next = space.next(old + before);
  if (old + after <= layout.userEnd && old + before === area.end && (next === undefined || next.start >= old + after)) {
    space.map({ ...describe(area), length: after - before, place: { how: 'fixed-new', address: old + before } });
    return old;
  }
  if ((flags & MREMAP_MAYMOVE) === 0) throw new LinuxError('ENOMEM');
  return move(call, area, old, before, after);
}

/** Moves pages, not bytes: each frame gets a place in the new area before the old range goes. */
function move({ space }: Call, area: Area, old: bigint, before: bigint, after: bigint): bigint {
  const { frames } = space.memory;
  const start = space.map({ ...describe(area), length: after, place: { how: 'hint', address: 0n } });
  try {
    for (let page = old; page < old + before; page += PAGE) {
      const frame = space.frameAt(page);
      const to = space.find(start);
      if (frame === undefined || to === undefined) continue;
      const alone = frames.references(frame) === 1;
      frames.retain(frame);
      try {
        const rights = alone ? area.rights : { ...area.rights, write: false };
        space.enter(to, start + (page - old), frame, rights, true);
      } catch (error) {
        frames.release(frame);
        throw error;
      }
    }
  } catch (error) {
    space.unmap(start, after);
    throw error;
  }
  space.unmap(old, before);
  return start;
}

const describe = ({ kind, name, rights, backing, shared, key }: Area) => ({ kind, name, rights, backing, shared, key });

const MADV_DONTNEED = 4;
/** NORMAL to WILLNEED, FREE, MERGEABLE to DODUMP, COLD, PAGEOUT: hints that need not be heeded. */
const HINTS = new Set([0, 1, 2, 3, 8, 12, 13, 14, 15, 16, 17, 20, 21]);

function madvise({ space }: Call, start: bigint, length: bigint, advice: number): Result {
  if (advice !== MADV_DONTNEED && !HINTS.has(advice)) throw new LinuxError('EINVAL');
  if ((start & (PAGE - 1n)) !== 0n) throw new LinuxError('EINVAL');
  const { userEnd } = space.memory.layout;
  if (length > userEnd || start > userEnd - pageUp(length)) throw new LinuxError('EINVAL');
  const end = start + pageUp(length);
  let hole = false;
  for (let at = start; at < end; ) {
    const area = space.next(at);
    if (!area || area.start > at) hole = true;
    if (!area || area.start >= end) break;
    let from = area.start;
    if (from < at) from = at;
    let to = area.end;
    if (to > end) to = end;
    if (advice === MADV_DONTNEED) {
      if (area.backing.kind !== 'zero' || area.shared || area.kind === 'stack') throw new LinuxError('EINVAL');
      space.map({ ...describe(area), length: to - from, place: { how: 'fixed', address: from } });
    }
    at = to;
  }
  if (hole) throw new LinuxError('ENOMEM');
  return 0;
}

export const MEMORY_CALLS = [
  row('brk', ['pointer'], ({ space }, end) => space.brk(end)),
  partial(
    'anonymous mappings only: a file cannot be mapped (ENODEV); no MAP_GROWSDOWN',
    row('mmap', ['pointer', 'size', 'flags', 'flags', 'int', 'size'], mmap),
  ),
  row('munmap', ['pointer', 'size'], ({ space }, start, length) => {
    space.unmap(start, length);
    return 0;
  }),
  row('mprotect', ['pointer', 'size', 'flags'], (call, start, length, prot) => mprotect(call, start, length, prot)),
  row('pkey_mprotect', ['pointer', 'size', 'flags', 'int'], pkeyMprotect),
  row('pkey_alloc', ['bits', 'bits'], pkeyAlloc),
  row('pkey_free', ['int'], pkeyFree),
  partial(
    'no MREMAP_FIXED; only private anonymous memory grows',
    row('mremap', ['pointer', 'size', 'size', 'flags'], mremap),
  ),
  partial('MADV_DONTNEED only on private anonymous memory', row('madvise', ['pointer', 'size', 'int'], madvise)),
];
