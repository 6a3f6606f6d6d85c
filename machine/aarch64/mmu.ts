import { type Access, type AccessKind, type AccessShape, accessAt, accessShape, type Privilege } from '../access.ts';
import type { RamOffset } from '../addr.ts';
import type { Hart } from '../hart.ts';
import type { Mmu } from '../isa.ts';
import type { TlbEntry } from '../tlb.ts';
import { refusedAtEnd, refusedByHeld, type Walk, type WalkStep } from '../walk.ts';
import { EC, esr } from './causes.ts';
import { describeLeaf, levelBits, levelOf } from './descriptor.ts';
import { inRegion, PHYSICAL_BITS, regionOf, strip } from './region.ts';
import { EL, EL0, PAN, SLOTS } from './registers.ts';
import {
  type Aarch64WalkFault,
  asidOf,
  deniedBy,
  FAULTS,
  isDevice,
  isMisaligned,
  updateDue,
  type WalkState,
  walkTables,
} from './walk.ts';
import { watchInvalidation, watchUse, watchWalk } from './watch.ts';

const SCTLR = SLOTS.get('sctlr_el1');
const TCR = SLOTS.get('tcr_el1');
const TTBR0 = SLOTS.get('ttbr0_el1');
const TTBR1 = SLOTS.get('ttbr1_el1');
const MAIR = SLOTS.get('mair_el1');

/** SCTLR_EL1: translation on; alignment checked always; what is writable is not executable. */
const M = 1n << 0n;
const A = 1n << 1n;
const WXN = 1n << 19n;

/** Fault status codes; most carry the level in their low two bits (ESR_EL1, DFSC and IFSC). */
const STATUS = {
  'address size': 0x00,
  translation: 0x04,
  'access flag': 0x08,
  permission: 0x0c,
  external: 0x10,
  'external on walk': 0x14,
  alignment: 0x21,
  'unsupported atomic': 0x35,
} as const;
const WITHOUT_LEVEL: ReadonlySet<string> = new Set(['external', 'alignment', 'unsupported atomic']);

/** ISS of a data abort: write not read, and cache maintenance or address translation. */
const WNR = 1 << 6;
const CM = 1 << 8;

/** The MMU of an AArch64 hart: stage 1 of the EL1&0 regime behind the modelled TLB. */
export const MMU: Mmu = { translate, walk, privilege, misaligned, busFault };

function translate(hart: Hart, address: bigint, shape: AccessShape, dry = false): boolean {
  const access = accessAt(shape, judgedAs(hart, shape));
  if (!(hart.get(SCTLR) & M)) {
    const walked = offWalk(hart, address, access);
    return 'fault' in walked.result ? refuse(hart, address, access, walked) : reach(hart, walked.result, address);
  }
  const state = stateOf(hart);
  const entry = lookup(hart, state, address);
  if (entry === undefined) return translateByWalk(hart, state, address, access, undefined, dry);
  const fault = refusedBy(state, entry, address, access);
  // The walker does what is due, to the entry that memory holds by now.
  if (fault === undefined && updateDue(state, leafOf(entry), access)) {
    return translateByWalk(hart, state, address, access, entry, dry);
  }
  if (hart.watch) {
    const read = (at: bigint) => readEntry(hart, at);
    const now = hart.tlb.lookAgain(entry, hart.contextEpoch, read, () => walk(hart, address, access));
    if (now) watchUse(hart, state, address, access, entry, now);
  }
  if (fault === undefined) return reach(hart, entry, address);
  const shown = tlbWalk(hart, state, address, access, entry, fault);
  return refuse(hart, address, access, shown, levelOfEntry(state, address, entry));
}

/** Walks, updates AF and dirty state where due, and remembers the translation, in place of `stale` where there is one. */
function translateByWalk(
  hart: Hart,
  state: WalkState,
  address: bigint,
  access: Access,
  stale: TlbEntry | undefined,
  dry: boolean,
): boolean {
  const walked = walkTables((at) => readEntry(hart, at), state, address, access);
  const { result } = walked;
  if ('fault' in result) return refuse(hart, address, access, walked);
  reach(hart, result, address);
  const { update, entryAddress } = result;
  // Dirty state must be exact: an access that nothing will answer, the caller's bus fault, leaves no trace.
  if (dry || (update && !answers(hart, hart.translated.pa, access))) return true;
  // The update is atomic: nothing runs between the walker's read and its write.
  if (update) hart.bus.write(entryAddress, 8, update.value, hart.id);
  const { vpn, pages, ppn, global, bits, limits } = result;
  const path = hart.watch && walked.steps.map((step) => step.entryAddress);
  const entry: TlbEntry = { asid: walked.asid, global, vpn, pages, ppn, bits, limits, entryAddress, path };
  if (hart.watch) watchWalk(hart, state, address, access, walked);
  if (stale) hart.tlb.replace(stale, entry);
  else hart.tlb.insert(entry);
  return true;
}

function walk(hart: Hart, address: bigint, access: Access): Walk<Aarch64WalkFault> {
  if (!(hart.get(SCTLR) & M)) return offWalk(hart, address, access);
  return walkTables((at) => readEntry(hart, at), stateOf(hart), address, access);
}

function privilege(hart: Hart, _kind: AccessKind): Privilege {
  return hart.get32(EL) === EL0 ? 'user' : 'supervisor';
}

/** Plain accesses may be misaligned while SCTLR_EL1.A is 0; atomic, exclusive and ordered ones never, without FEAT_LSE2. */
function misaligned(hart: Hart, address: bigint, shape: AccessShape): boolean {
  if (shape.kind === 'fetch') {
    const fault = hart.raise(esr(EC.pcAlignment), address);
    record(hart, address, { ...shape, privilege: privilege(hart, 'fetch') }, undefined);
    return fault;
  }
  if (shape.atomicity === 'plain' && !(hart.get(SCTLR) & A)) return true;
  const access = accessAt(shape, judgedAs(hart, shape));
  return raise(hart, address, access, STATUS.alignment | (reads(access) ? 0 : WNR), undefined);
}

function busFault(hart: Hart, address: bigint, shape: AccessShape): void {
  const access = accessAt(shape, judgedAs(hart, shape));
  const atomic = shape.atomicity !== 'plain' && shape.atomicity !== 'ordered';
  const device = atomic && hart.bus.exists(hart.translated.pa, shape.size);
  const fault = device ? 'no atomics there' : 'nothing there';
  const walked = walk(hart, address, access);
  const on = (hart.get(SCTLR) & M) !== 0n;
  const state = stateOf(hart);
  const entry = on ? lookup(hart, state, address) : undefined;
  const { result } = walked;
  const stale = entry !== undefined && ('fault' in result || (result.update?.old ?? result.bits) !== entry.bits);
  const shown = stale ? tlbWalk(hart, state, address, access, entry, fault) : refusedAtEnd(walked, fault);
  refuse(hart, address, access, shown);
}

/** What an access would come to: where it leads and by which leaf (none where translation is off), or why it is refused. */
export type Judgement =
  | { readonly pa: bigint; readonly bits: bigint | undefined }
  | { readonly fault: Aarch64WalkFault; readonly level: number; readonly walked: Walk<Aarch64WalkFault> };

/** Judges an access by the TLB or the tables as `translate` does, PAN aside, and changes nothing. */
export function judge(hart: Hart, address: bigint, access: Access): Judgement {
  const on = (hart.get(SCTLR) & M) !== 0n;
  const state = { ...stateOf(hart), pan: false };
  const entry = on ? lookup(hart, state, address) : undefined;
  const fault = entry && refusedBy(state, entry, address, access);
  if (entry && !fault) return { pa: physical(entry, address), bits: entry.bits };
  const walked = fault
    ? tlbWalk(hart, state, address, access, entry, fault)
    : on
      ? walkTables((at) => readEntry(hart, at), state, address, access)
      : offWalk(hart, address, access);
  const { result } = walked;
  if (!('fault' in result)) return { pa: physical(result, address), bits: on ? result.bits : undefined };
  const level = fault ? levelOfEntry(state, address, entry) : (walked.steps.at(-1)?.level ?? 0);
  return { fault: result.fault, level, walked };
}

/** The data abort of a cache maintenance or address translation instruction: CM and WnR set, whatever it does. */
export function refuseMaintenance(hart: Hart, address: bigint, access: Access, refusal: Judgement): false {
  if (!('fault' in refusal)) throw new Error('a refusal needs a fault');
  return raise(hart, address, access, statusOf(refusal.fault, refusal.level) | CM | WNR, refusal.walked);
}

/** The fault status code, DFSC or IFSC. */
export function statusOf(fault: Aarch64WalkFault, level: number): number {
  const kind = FAULTS[fault];
  return STATUS[kind] + (WITHOUT_LEVEL.has(kind) ? 0 : level);
}

const LOOK: Access = { ...accessShape('load', 1), privilege: 'supervisor' };

/** What a watched hart tells of entries about to be invalidated, as far as they belong to the tables and the ASID in force. */
export function watchDoomed(hart: Hart, holder: Hart, doomed: readonly TlbEntry[]): void {
  if (!(hart.get(SCTLR) & M)) return;
  const state = stateOf(hart);
  for (const entry of doomed) {
    if (!entry.global && entry.asid !== asidOf(state)) continue;
    const address = entry.vpn << 12n;
    watchInvalidation(hart, state, address, LOOK, holder, entry, walk(hart, address, LOOK));
  }
}

/** What the walk depends on, from the registers. */
const stateOf = (hart: Hart): WalkState => ({
  tcr: hart.get(TCR),
  ttbr0: hart.get(TTBR0),
  ttbr1: hart.get(TTBR1),
  mair: hart.get(MAIR),
  wxn: (hart.get(SCTLR) & WXN) !== 0n,
  pan: hart.get32(PAN) !== 0,
  hardwareAd: hart.options.hardwareAd,
});

/** LDTR, STTR and their like are judged as EL0's (no FEAT_UAO). */
const judgedAs = (hart: Hart, { unprivileged }: AccessShape): Privilege =>
  unprivileged || hart.get32(EL) === EL0 ? 'user' : 'supervisor';

const leafOf = ({ bits, limits = 0 }: TlbEntry) => ({ bits, limits });

/** The TLB's entry for an address that lies in its region. EPDx stops walks, and not what the TLB holds. */
function lookup(hart: Hart, state: WalkState, address: bigint): TlbEntry | undefined {
  const region = regionOf(state.tcr, address);
  const va = strip(region, address);
  return region.size !== 0 && inRegion(region, va) ? hart.tlb.lookup(va >> 12n, asidOf(state)) : undefined;
}

/** Why a translation that the TLB holds does not allow an access, in the order of a walk. */
function refusedBy(state: WalkState, entry: TlbEntry, address: bigint, access: Access): Aarch64WalkFault | undefined {
  if (isMisaligned(address, access) && isDevice(state, entry.bits)) return 'misaligned in device memory';
  return deniedBy(state, leafOf(entry), access);
}

/** Page tables lie in RAM. */
function readEntry(hart: Hart, at: bigint): bigint | undefined {
  const offset = hart.bus.ram.offset(at, 8);
  return offset < 0 ? undefined : hart.bus.ram.read(offset as RamOffset, 8);
}

/** Fills in `hart.translated`. */
function reach(hart: Hart, found: { readonly ppn: bigint; readonly pages: bigint }, address: bigint): true {
  hart.translated.pa = physical(found, address);
  hart.translated.wholePage = hart.watch === undefined;
  return true;
}

/** A leaf is aligned to its size, so the address's low bits are kept, and its tag is not. */
const physical = ({ ppn, pages }: { readonly ppn: bigint; readonly pages: bigint }, address: bigint): bigint =>
  (ppn << 12n) + (address & ((pages << 12n) - 1n));

/** Whether the access will find memory or a device; atomics find memory alone. */
function answers(hart: Hart, target: bigint, { size, atomicity }: AccessShape): boolean {
  const plain = atomicity === 'plain' || atomicity === 'ordered';
  return plain ? hart.bus.exists(target, size) : hart.bus.ram.offset(target, size) >= 0;
}

/** A refusal by what a walk (or TLB entry) said, found at a level; always false. */
function refuse(
  hart: Hart,
  address: bigint,
  access: Access,
  walked: Walk<Aarch64WalkFault>,
  level = walked.steps.at(-1)?.level ?? 0,
): false {
  const { result } = walked;
  if (!('fault' in result)) throw new Error('a refusal needs a fault');
  const status = statusOf(result.fault, level);
  const asRead = result.fault !== 'not writable' && reads(access);
  return raise(hart, address, access, status | (asRead ? 0 : WNR), walked);
}

/** Of an access that reads and writes, WnR is "0 if a read of the location would have generated the fault" (ESR_EL1). */
const reads = ({ kind, atomicity }: Access): boolean => kind === 'load' || atomicity === 'amo';

/** Raises an abort; ISV, FnV, EA and S1PTW are 0, since there is one stage and FAR is always valid. */
function raise(
  hart: Hart,
  address: bigint,
  access: Access,
  iss: number,
  walked: Walk<Aarch64WalkFault> | undefined,
): false {
  const lower = hart.get32(EL) === EL0;
  if (access.kind === 'fetch') hart.raise(esr(lower ? EC.instructionLower : EC.instructionSame, iss & ~WNR), address);
  else hart.raise(esr(lower ? EC.dataLower : EC.dataSame, iss), address);
  return record(hart, address, access, walked);
}

function record(hart: Hart, address: bigint, access: Access, walked: Walk<Aarch64WalkFault> | undefined): false {
  hart.trap.access = access;
  hart.trap.address = address;
  hart.trap.walk = walked;
  return false;
}

/**
 * Where translation is off the address, tag apart, is the physical one, data is Device memory and fetches are not
 * (AArch64.S1DisabledOutput).
 */
function offWalk(hart: Hart, address: bigint, access: Access): Walk<Aarch64WalkFault> {
  const { tagged } = regionOf(hart.get(TCR), address);
  const target = tagged ? BigInt.asUintN(56, address) : address;
  const page = target >> 12n;
  const found = { vpn: page, ppn: page, pages: 1n, global: true, bits: 0n, entryAddress: 0n, update: undefined };
  const end = (result: Walk<Aarch64WalkFault>['result']) => ({ mode: 'off', root: 0n, asid: 0, steps: [], result });
  if (target >> PHYSICAL_BITS !== 0n) return end({ fault: 'address beyond the physical size' });
  if (isMisaligned(address, access)) return end({ fault: 'misaligned in device memory' });
  return end(found);
}

const levelOfEntry = (state: WalkState, address: bigint, { pages }: TlbEntry): number =>
  levelOf(regionOf(state.tcr, address).granule, pages);

/** What a refusal by a TLB entry shows. */
function tlbWalk(
  hart: Hart,
  state: WalkState,
  address: bigint,
  access: Access,
  entry: TlbEntry,
  fault: Aarch64WalkFault,
): Walk<Aarch64WalkFault> {
  const now = walk(hart, address, access);
  const level = levelOfEntry(state, address, entry);
  const { granule, size } = regionOf(state.tcr, address);
  // The first table may be smaller than a page.
  const width = Math.min(granule.stride, size - levelBits(granule, level));
  const held: WalkStep = {
    level,
    index: Number(BigInt.asUintN(width, entry.entryAddress >> 3n)),
    entryAddress: entry.entryAddress,
    entry: entry.bits,
    decision: `from the TLB: leaf ${describeLeaf(entry.bits, entry.limits ?? 0)}, ${fault}`,
  };
  return refusedByHeld(held, now, fault);
}
