import type { Access, AccessKind, AccessShape, Privilege } from '../access.ts';
import type { RamOffset } from '../addr.ts';
import type { Hart } from '../hart.ts';
import type { Mmu } from '../isa.ts';
import type { TlbEntry } from '../tlb.ts';
import { refusedAtEnd, refusedByHeld, type Walk, type WalkStep } from '../walk.ts';
import { CAUSE } from './causes.ts';
import { pmpAllows, pmpUniform } from './pmp.ts';
import { describeLeaf } from './pte.ts';
import { M_MODE, MODE, S_MODE, SLOTS, U_MODE } from './registers.ts';
import {
  adDue,
  asidOf,
  deniedBy,
  isAccessFault,
  isCanonical,
  type RiscvWalkFault,
  type WalkState,
  walkTables,
} from './walk.ts';
import { watchUse } from './watch.ts';

const SATP = SLOTS.get('satp');
const MSTATUS = SLOTS.get('mstatus');
const MENVCFG = SLOTS.get('menvcfg');

const MPRV = 1 << 17;
const MPP_SHIFT = 11;
const ADUE = 1n << 61n;

/** What each kind of access raises: an AMO, SC included, raises a store's exceptions and LR a load's. */
const CAUSES = {
  fetch: {
    page: CAUSE.instructionPage,
    access: CAUSE.instructionAccess,
    misaligned: CAUSE.instructionMisaligned,
  },
  load: { page: CAUSE.loadPage, access: CAUSE.loadAccess, misaligned: CAUSE.loadMisaligned },
  store: { page: CAUSE.storePage, access: CAUSE.storeAccess, misaligned: CAUSE.storeMisaligned },
} as const satisfies Record<AccessKind, Record<'page' | 'access' | 'misaligned', number>>;

const MODES = { user: U_MODE, supervisor: S_MODE, machine: M_MODE } as const satisfies Record<Privilege, number>;

/** The MMU of a RV64 hart: Bare, Sv39, Sv48 and Sv57 behind the modelled TLB, and PMP. */
export const MMU: Mmu = { translate, walk, privilege, misaligned, busFault };

function translate(hart: Hart, address: bigint, shape: AccessShape, dry = false): boolean {
  const { kind } = shape;
  const mode = privilege(hart, kind);
  const satp = hart.get(SATP);
  if (isBare(satp, mode)) {
    if (reach(hart, address, shape, mode)) return true;
    return refuse(hart, address, shape, mode, refusedAtEnd(bareWalk(address), 'pmp'));
  }
  const entry = isCanonical(satp, address) ? hart.tlb.lookup(address >> 12n, asidOf(satp)) : undefined;
  if (entry === undefined) return translateByWalk(hart, address, shape, mode, undefined, dry);
  let fault: RiscvWalkFault | undefined = deniedBy(entry.bits, kind, mode, hart.get32(MSTATUS));
  if (fault === undefined) {
    fault = adDue(entry.bits, kind);
    // Under Svadu the walker does what is due, to the entry that memory holds by now.
    if (fault !== undefined && hardwareAd(hart)) return translateByWalk(hart, address, shape, mode, entry, dry);
  }
  if (hart.watch) {
    const access = { ...shape, privilege: mode };
    const read = (at: bigint) => readEntry(hart, at);
    const now = hart.tlb.lookAgain(entry, hart.contextEpoch, read, () => walk(hart, address, access));
    if (now) watchUse(hart, address, access, entry, now);
  }
  if (fault === undefined && !reach(hart, physical(entry, address), shape, mode)) fault = 'pmp';
  return fault === undefined || refuse(hart, address, shape, mode, tlbWalk(hart, address, shape, mode, entry, fault));
}

/** Walks, updates A and D where due, and remembers the translation, in place of `stale` where there is one. */
function translateByWalk(
  hart: Hart,
  address: bigint,
  shape: AccessShape,
  mode: Privilege,
  stale: TlbEntry | undefined,
  dry: boolean,
): boolean {
  const walked = walk(hart, address, { ...shape, privilege: mode });
  const { result } = walked;
  if ('fault' in result) return refuse(hart, address, shape, mode, walked);
  const { update, entryAddress } = result;
  if (update && !pmpAllows(hart, entryAddress, 8, 'store', S_MODE)) {
    return refuse(hart, address, shape, mode, refusedAtEnd(walked, 'entry not writable'));
  }
  const target = physical(result, address);
  if (!reach(hart, target, shape, mode)) return refuse(hart, address, shape, mode, refusedAtEnd(walked, 'pmp'));
  // D must be exact (12.3.1): an access that nothing will answer, the caller's bus fault, leaves no trace.
  if (dry || (update && !answers(hart, target, shape))) return true;
  // Step 9's comparison cannot fail: nothing runs between the walker's read and its write.
  if (update) hart.bus.write(entryAddress, 8, update.value, hart.id);
  const { vpn, pages, ppn, global, bits } = result;
  const entry: TlbEntry = { asid: walked.asid, global, vpn, pages, ppn, bits, entryAddress };
  if (stale) hart.tlb.replace(stale, entry);
  else hart.tlb.insert(entry);
  return true;
}

function walk(hart: Hart, address: bigint, access: Access): Walk<RiscvWalkFault> {
  const satp = hart.get(SATP);
  if (isBare(satp, access.privilege)) return bareWalk(address);
  const state: WalkState = { satp, status: hart.get32(MSTATUS), hardwareAd: hardwareAd(hart) };
  return walkTables((at) => readEntry(hart, at), state, address, access);
}

/** The hart's own mode, or MPP for loads and stores while MPRV is set (Priv. spec 3.1.6.3). */
function privilege(hart: Hart, kind: AccessKind): Privilege {
  const status = hart.get32(MSTATUS);
  const mode = kind !== 'fetch' && status & MPRV ? (status >> MPP_SHIFT) & 3 : hart.get32(MODE);
  return mode === U_MODE ? 'user' : mode === S_MODE ? 'supervisor' : 'machine';
}

/** Plain loads and stores may be misaligned; LR, SC and AMOs may not, without Zam or the misaligned atomicity granule. */
function misaligned(hart: Hart, address: bigint, shape: AccessShape): boolean {
  if (shape.kind !== 'fetch' && shape.atomicity === 'plain') return true;
  return raise(hart, CAUSES[shape.kind].misaligned, address, shape, privilege(hart, shape.kind), undefined);
}

function busFault(hart: Hart, address: bigint, shape: AccessShape): void {
  const mode = privilege(hart, shape.kind);
  const walked = walk(hart, address, { ...shape, privilege: mode });
  const entry = walked.mode === 'Bare' ? undefined : hart.tlb.lookup(address >> 12n, walked.asid);
  const { result } = walked;
  const stale = entry !== undefined && ('fault' in result || (result.update?.old ?? result.bits) !== entry.bits);
  const shown = stale
    ? tlbWalk(hart, address, shape, mode, entry, 'nothing there')
    : refusedAtEnd(walked, 'nothing there');
  refuse(hart, address, shape, mode, shown);
}

/** Translation is off in M-mode and where satp.MODE is Bare. */
const isBare = (satp: bigint, mode: Privilege): boolean => mode === 'machine' || satp >> 60n === 0n;

const hardwareAd = (hart: Hart): boolean => hart.options.hardwareAd && (hart.get(MENVCFG) & ADUE) !== 0n;

/** Step 2's checks: page tables lie in RAM (PMA) and are read with the rights of S-mode (PMP, 3.7.1). */
function readEntry(hart: Hart, at: bigint): bigint | undefined {
  const offset = hart.bus.ram.offset(at, 8);
  if (offset < 0 || !pmpAllows(hart, at, 8, 'load', S_MODE)) return undefined;
  return hart.bus.ram.read(offset as RamOffset, 8);
}

/** Checks PMP and fills in `hart.translated`. */
function reach(hart: Hart, target: bigint, shape: AccessShape, mode: Privilege): boolean {
  if (!pmpAllows(hart, target, shape.size, shape.kind, MODES[mode])) return false;
  hart.translated.pa = target;
  hart.translated.wholePage = hart.watch === undefined && pmpUniform(hart, target);
  return true;
}

/** Whether the access will find memory or a device; atomics find memory alone. */
function answers(hart: Hart, target: bigint, { size, atomicity }: AccessShape): boolean {
  return atomicity === 'plain' ? hart.bus.exists(target, size) : hart.bus.ram.offset(target, size) >= 0;
}

const physical = ({ vpn, ppn }: { vpn: bigint; ppn: bigint }, address: bigint): bigint =>
  (ppn << 12n) + address - (vpn << 12n);

/** A refusal by what walk (or TLB entry) said; always false. */
function refuse(hart: Hart, address: bigint, shape: AccessShape, mode: Privilege, walked: Walk<RiscvWalkFault>): false {
  const { result } = walked;
  if (!('fault' in result)) throw new Error('a refusal needs a fault');
  const cause = CAUSES[shape.kind][isAccessFault(result.fault) ? 'access' : 'page'];
  return raise(hart, cause, address, shape, mode, walked);
}

function raise(
  hart: Hart,
  cause: number,
  address: bigint,
  shape: AccessShape,
  mode: Privilege,
  walked: Walk<RiscvWalkFault> | undefined,
): false {
  hart.raise(cause, address);
  hart.trap.access = { ...shape, privilege: mode };
  hart.trap.address = address;
  hart.trap.walk = walked;
  return false;
}

/** Where no tables are walked: the address is the physical one. */
function bareWalk(address: bigint): Walk<RiscvWalkFault> {
  const page = address >> 12n;
  const result = { vpn: page, ppn: page, pages: 1n, global: false, bits: 0n, entryAddress: 0n, update: undefined };
  return { mode: 'Bare', root: 0n, asid: 0, steps: [], result };
}

/** What a refusal by a TLB entry shows. */
function tlbWalk(
  hart: Hart,
  address: bigint,
  shape: AccessShape,
  mode: Privilege,
  entry: TlbEntry,
  fault: RiscvWalkFault,
): Walk<RiscvWalkFault> {
  const now = walk(hart, address, { ...shape, privilege: mode });
  const level = Math.floor(Math.log2(Number(entry.pages)) / 9);
  const held: WalkStep = {
    level,
    index: Number((address >> BigInt(12 + 9 * level)) & 0x1ffn),
    entryAddress: entry.entryAddress,
    entry: entry.bits,
    decision: `from the TLB: leaf ${describeLeaf(entry.bits)}, ${fault}`,
  };
  return refusedByHeld(held, now, fault);
}
