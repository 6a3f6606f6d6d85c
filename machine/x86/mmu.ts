import { type Access, type AccessKind, type AccessShape, accessAt, type Privilege } from '../access.ts';
import type { RamOffset } from '../addr.ts';
import type { Hart } from '../hart.ts';
import type { Mmu } from '../isa.ts';
import type { TlbEntry } from '../tlb.ts';
import { refusedAtEnd, refusedByHeld, type Walk, type WalkStep } from '../walk.ts';
import { fault, VECTOR } from './causes.ts';
import {
  AC,
  CR0,
  describeLeaf,
  ENTRY,
  isCanonical,
  levelsOf,
  type PagingState,
  pagingState,
  pcidOf,
} from './paging.ts';
import { CPL, FLAGS, SLOTS } from './registers.ts';
import { deniedBy, errorCode, type Rights, walkTables, type X86WalkFault } from './walk.ts';
import { watchUse } from './watch.ts';

const CR0_SLOT = SLOTS.get('cr0');
/** A hart without paging has linear addresses of 32 bits. */
const LOW_32 = 0xffff_ffffn;
const NOTHING_THERE = (1n << 64n) - 1n;

/** The MMU of an x86-64 hart: 4-level and 5-level paging behind the modelled TLB. */
export const MMU: Mmu = { translate, walk, privilege, misaligned, spans, busFault };

function translate(hart: Hart, address: bigint, shape: AccessShape, dry = false): boolean {
  if (!isPaging(hart)) return reach(hart, address & LOW_32);
  const state = pagingState(hart);
  const access = accessAt(shape, privilege(hart));
  const entry = isCanonical(levelsOf(state), address) ? hart.tlb.lookup(address >> 12n, pcidOf(state)) : undefined;
  if (entry === undefined) return translateByWalk(hart, state, address, access, undefined, dry);
  const denied = deniedBy(entry, state, access);
  // The walker sets what is due in the entry that memory holds by now.
  const due = denied === undefined && shape.kind === 'store' && (entry.bits & ENTRY.D) === 0n;
  if (due) return translateByWalk(hart, state, address, access, entry, dry);
  if (hart.watch) {
    const read = (at: bigint) => readEntry(hart, at);
    const now = hart.tlb.lookAgain(entry, hart.contextEpoch, read, () => walk(hart, address, access));
    if (now) watchUse(hart, state, address, access, entry, now);
  }
  if (denied === undefined) return reach(hart, physical(entry, address));
  return refuse(hart, state, address, access, tlbWalk(hart, address, access, entry, denied), entry);
}

/** Walks, sets accessed and dirty flags where due, and remembers the translation, in place of `stale` where there is one. */
function translateByWalk(
  hart: Hart,
  state: PagingState,
  address: bigint,
  access: Access,
  stale: TlbEntry | undefined,
  dry: boolean,
): boolean {
  const walked = walkTables((at) => readEntry(hart, at), state, address, access);
  const { result } = walked;
  if ('fault' in result) return refuse(hart, state, address, access, walked, walked.rights);
  reach(hart, physical(result, address));
  if (dry) return true;
  const { vpn, pages, ppn, global, bits, limits, entryAddress, update, above = [] } = result;
  // From the root down (SDM vol. 3A, 4.8); nothing runs between the walker's reads and its writes.
  for (const { entryAddress: at, value } of above) hart.bus.write(at, 8, value, hart.id);
  if (update) hart.bus.write(entryAddress, 8, update.value, hart.id);
  const entry: TlbEntry = { asid: walked.asid, global, vpn, pages, ppn, bits, ...(limits && { limits }), entryAddress };
  if (stale) hart.tlb.replace(stale, entry);
  else hart.tlb.insert(entry);
  return true;
}

function walk(hart: Hart, address: bigint, access: Access): Walk<X86WalkFault> {
  if (!isPaging(hart)) return unpaged(address & LOW_32);
  return walkTables((at) => readEntry(hart, at), pagingState(hart), address, access);
}

/** CPL 3 is user mode, all else supervisor mode, whatever the access (SDM vol. 3A, 4.6). */
function privilege(hart: Hart, _kind?: AccessKind): Privilege {
  return hart.get32(CPL) === 3 ? 'user' : 'supervisor';
}

/** Anything may be misaligned unless CR0.AM and RFLAGS.AC ask for #AC at CPL 3 (SDM vol. 3A, 6.15, interrupt 17). */
function misaligned(hart: Hart, _address: bigint, shape: AccessShape): boolean {
  if (shape.kind === 'fetch' || shape.implicit || hart.get32(CPL) !== 3) return true;
  if ((hart.get(CR0_SLOT) & CR0.AM) === 0n || (hart.get32(FLAGS) & AC) === 0) return true;
  return hart.raise(fault(VECTOR.AC), 0n);
}

/**
 * Where a byte of it has an address that is none, an access is #GP(0) or #SS(0), whatever the page of another says: linear
 * addresses are checked before any is translated (SDM vol. 1, 3.3.7.1).
 */
function spans(hart: Hart, address: bigint, shape: AccessShape): boolean {
  if (!isPaging(hart)) return true;
  const state = pagingState(hart);
  const levels = levelsOf(state);
  const last = BigInt.asUintN(64, address + BigInt(shape.size - 1));
  const none = [address, last].find((byte) => !isCanonical(levels, byte));
  if (none === undefined) return true;
  const access = accessAt(shape, privilege(hart));
  return refuse(hart, state, none, access, walk(hart, none, access), undefined);
}

/** A fetch or an indivisible access where nothing answers; loads and stores find ones there, and nobody. */
function busFault(hart: Hart, address: bigint, shape: AccessShape): void {
  const access = accessAt(shape, privilege(hart));
  hart.raise(fault(VECTOR.GP), 0n);
  hart.trap.access = access;
  hart.trap.address = address;
  hart.trap.walk = refusedAtEnd(walk(hart, address, access), 'nothing there');
}

const isPaging = (hart: Hart): boolean => (hart.get(CR0_SLOT) & CR0.PG) !== 0n;

/** Ones where no memory answers. */
function readEntry(hart: Hart, at: bigint): bigint {
  const offset = hart.bus.ram.offset(at, 8);
  return offset < 0 ? NOTHING_THERE : hart.bus.ram.read(offset as RamOffset, 8);
}

/** Fills in `hart.translated`. */
function reach(hart: Hart, target: bigint): true {
  hart.translated.pa = target;
  hart.translated.wholePage = hart.watch === undefined;
  return true;
}

const physical = ({ vpn, ppn }: { vpn: bigint; ppn: bigint }, address: bigint): bigint =>
  (ppn << 12n) + address - (vpn << 12n);

/** A refusal by what walk (or TLB entry) said; always false. */
function refuse(
  hart: Hart,
  state: PagingState,
  address: bigint,
  access: Access,
  walked: Walk<X86WalkFault>,
  rights: Rights | undefined,
): false {
  const { result } = walked;
  if (!('fault' in result)) throw new Error('a refusal needs a fault');
  if (result.fault === 'not canonical') {
    hart.raise(fault(access.stack && access.kind !== 'fetch' ? VECTOR.SS : VECTOR.GP), 0n);
  } else {
    // A page fault drops what the TLB holds for its address under the PCID in force (SDM vol. 3A, 4.10.4.1).
    const pcid = pcidOf(state);
    hart.tlb.invalidatePage(address >> 12n, ({ asid, global }) => global || asid === pcid);
    hart.raise(fault(VECTOR.PF, errorCode(result.fault, rights, state, access)), address);
  }
  hart.trap.access = access;
  hart.trap.address = address;
  hart.trap.walk = walked;
  return false;
}

/** Where no tables are walked: the address is the physical one. */
function unpaged(address: bigint): Walk<X86WalkFault> {
  const page = address >> 12n;
  const result = { vpn: page, ppn: page, pages: 1n, global: false, bits: 0n, entryAddress: 0n, update: undefined };
  return { mode: 'no paging', root: 0n, asid: 0, steps: [], result };
}

/** What a refusal by a TLB entry shows. */
function tlbWalk(
  hart: Hart,
  address: bigint,
  access: Access,
  entry: TlbEntry,
  denied: X86WalkFault,
): Walk<X86WalkFault> {
  const level = Math.floor(Math.log2(Number(entry.pages)) / 9);
  const held: WalkStep = {
    level,
    index: Number((address >> BigInt(12 + 9 * level)) & 0x1ffn),
    entryAddress: entry.entryAddress,
    entry: entry.bits,
    decision: `from the TLB: leaf ${describeLeaf(entry.bits, entry.limits ?? 0)}, ${denied}`,
  };
  return refusedByHeld(held, walk(hart, address, access), denied);
}
