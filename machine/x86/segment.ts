import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import {
  ATTRIBUTE,
  baseOf,
  type Descriptor,
  dplOf,
  isCode,
  isConforming,
  isData,
  isNull,
  isPresent,
  isUpperTypeClear,
  isWritableData,
  limitOf,
  readDescriptor,
  rplOf,
  SYSTEM_TYPE,
  selectorError,
  setAccessed,
  setBusy,
  systemType,
} from './descriptor.ts';
import { in64BitMode, inLongMode, isCanonical, updateMode } from './mode.ts';
import { ATTRIBUTES, BASE, CPL, LIMIT, SEGMENT, SELECTOR, SLOTS, T, ZF } from './registers.ts';
import { holdAfterStackLoad } from './shadow.ts';

const { cs: CS, ss: SS, ds: DS, es: ES, fs: FS, gs: GS, ldtr: LDTR, tr: TR } = SEGMENT;
const LOW_32 = 0xffff_ffffn;

const refuse = (hart: Hart, vector: number, error: number): false => hart.raise(fault(vector, error), 0n);

/** Writes a segment register; nothing is checked any more. */
export function setSegment(
  hart: Hart,
  segment: number,
  selector: number,
  base: bigint,
  limit: number,
  attributes: number,
): void {
  hart.set32(SELECTOR[segment], selector & 0xffff);
  hart.set(BASE[segment], base);
  hart.set32(LIMIT[segment], limit | 0);
  hart.set32(ATTRIBUTES[segment], attributes);
}

/** A segment register with a null selector: unusable but in 64-bit mode, where it makes no difference. */
export const setNull = (hart: Hart, segment: number, selector: number): void =>
  setSegment(hart, segment, selector, 0n, 0, 0);

/** A segment register with a descriptor that was found good and whose accessed bit was set. */
export function setFromDescriptor(hart: Hart, segment: number, selector: number, descriptor: Descriptor): void {
  const accessed = segment < LDTR ? ATTRIBUTE.ACCESSED : 0;
  setSegment(hart, segment, selector, baseOf(descriptor), limitOf(descriptor), descriptor.attributes | accessed);
}

/**
 * Finds what SS may be loaded with at a privilege: writable data of just that privilege (SDM vol. 2B, MOV; vol. 3A, 5.7).
 * Undefined: a trap; `vector` is #GP, or #TS for the stacks of a TSS.
 */
export function stackDescriptor(
  hart: Hart,
  selector: number,
  cpl: number,
  vector: number = VECTOR.GP,
  ext = 0,
): Descriptor | undefined {
  const error = selectorError(selector, ext);
  const descriptor = readDescriptor(hart, selector, vector, ext);
  if (!descriptor) return undefined;
  if (rplOf(selector) !== cpl || !isWritableData(descriptor) || dplOf(descriptor.attributes) !== cpl) {
    refuse(hart, vector, error);
    return undefined;
  }
  if (!isPresent(descriptor)) {
    refuse(hart, VECTOR.SS, error);
    return undefined;
  }
  return descriptor;
}

/** MOV to SS and its like: a null selector is one only in 64-bit mode, at its own privilege, which is not 3. */
function loadStack(hart: Hart, selector: number): boolean {
  const cpl = hart.get32(CPL);
  if (isNull(selector)) {
    if (!in64BitMode(hart) || cpl === 3 || rplOf(selector) !== cpl) return refuse(hart, VECTOR.GP, 0);
    setNull(hart, SS, selector);
  } else {
    const descriptor = stackDescriptor(hart, selector, cpl);
    if (!descriptor || !setAccessed(hart, descriptor)) return false;
    setFromDescriptor(hart, SS, selector, descriptor);
  }
  holdAfterStackLoad(hart);
  updateMode(hart);
  return true;
}

/** Whether DS, ES, FS or GS may hold a descriptor: data or readable code that, unless it is conforming, is no more privileged. */
function mayRead(hart: Hart, selector: number, descriptor: Descriptor): boolean {
  const { attributes } = descriptor;
  const readable = isData(descriptor) || (isCode(descriptor) && (attributes & ATTRIBUTE.WRITABLE) !== 0);
  if (!readable) return false;
  if (isCode(descriptor) && isConforming(descriptor)) return true;
  const dpl = dplOf(attributes);
  return rplOf(selector) <= dpl && hart.get32(CPL) <= dpl;
}

function loadData(hart: Hart, segment: number, selector: number): boolean {
  if (isNull(selector)) {
    setNull(hart, segment, selector);
    return true;
  }
  const descriptor = readDescriptor(hart, selector);
  if (!descriptor) return false;
  if (!mayRead(hart, selector, descriptor)) return refuse(hart, VECTOR.GP, selectorError(selector));
  if (!isPresent(descriptor)) return refuse(hart, VECTOR.NP, selectorError(selector));
  if (!setAccessed(hart, descriptor)) return false;
  setFromDescriptor(hart, segment, selector, descriptor);
  return true;
}

const selectorIn = (hart: Hart): number => Number(hart.get(T[0]) & 0xffffn);

/** MOV and POP to a segment register (SDM vol. 2B, MOV): the selector is in T[0]. CS is loaded by transfers alone. */
export function loadSegment(hart: Hart, segment: number): boolean {
  if (segment === CS || segment > GS) return refuse(hart, VECTOR.UD, 0);
  return segment === SS ? loadStack(hart, selectorIn(hart)) : loadData(hart, segment, selectorIn(hart));
}

/**
 * On the way to an outer privilege, data segments that are too privileged for it become null (SDM vol. 2A, IRET:
 * data and nonconforming code whose DPL is below the new CPL).
 */
export function dropPrivilegedSegments(hart: Hart): void {
  const cpl = hart.get32(CPL);
  for (const segment of [ES, FS, GS, DS]) {
    const attributes = hart.get32(ATTRIBUTES[segment]);
    if ((attributes & ATTRIBUTE.P) === 0) continue;
    const conforming =
      (attributes & (ATTRIBUTE.CODE | ATTRIBUTE.CONFORMING)) === (ATTRIBUTE.CODE | ATTRIBUTE.CONFORMING);
    if (!conforming && dplOf(attributes) < cpl) setNull(hart, segment, 0);
  }
}

/** How an access in a segment is refused: #SS through SS, else #GP, with error code 0 or what is given. */
const outside = (hart: Hart, segment: number, error: number): false =>
  refuse(hart, segment === SS ? VECTOR.SS : VECTOR.GP, error);

/** Whether bytes lie within a segment's limit: below it or, where it expands down, above (SDM vol. 3A, 5.3). */
export function isWithin(attributes: number, limit: number, offset: number, size: number): boolean {
  const last = offset + size - 1;
  const expandsDown = (attributes & (ATTRIBUTE.CODE | ATTRIBUTE.CONFORMING)) === ATTRIBUTE.CONFORMING;
  if (!expandsDown) return last <= limit;
  return offset > limit && last <= ((attributes & ATTRIBUTE.B) !== 0 ? 0xffff_ffff : 0xffff);
}

/**
 * The linear address of an access outside 64-bit mode: the segment must be usable, allow it, and reach as far (SDM vol. 3A,
 * 5.3 and 5.5). The offset is in T[0], where the address is left.
 */
export function segmentCheck(hart: Hart, segment: number, size: number, write: number): boolean {
  const attributes = hart.get32(ATTRIBUTES[segment]);
  if ((attributes & ATTRIBUTE.P) === 0) return outside(hart, segment, 0);
  const code = (attributes & ATTRIBUTE.CODE) !== 0;
  const open = (attributes & ATTRIBUTE.WRITABLE) !== 0;
  if (write !== 0 ? code || !open : code && !open) return refuse(hart, VECTOR.GP, 0);
  const offset = Number(hart.get(T[0]) & LOW_32);
  if (!isWithin(attributes, hart.get32(LIMIT[segment]) >>> 0, offset, size)) return outside(hart, segment, 0);
  hart.set(T[0], (hart.get(BASE[segment]) + BigInt(offset)) & LOW_32);
  return true;
}

/**
 * Whether a near branch outside 64-bit mode may go on at the offset in T[0]: not beyond the code segment's limit, which is the
 * branch's own #GP(0) (SDM vol. 2A, CALL, JMP, Jcc; vol. 2B, RET).
 */
export function branchCheck(hart: Hart): boolean {
  return Number(hart.get(T[0]) & LOW_32) <= hart.get32(LIMIT[CS]) >>> 0 || refuse(hart, VECTOR.GP, 0);
}

const requirePrivilege = (hart: Hart): boolean => hart.get32(CPL) === 0 || refuse(hart, VECTOR.GP, 0);

/** LGDT and LIDT: limit in T[0], base in T[1] (SDM vol. 2A, LGDT). */
const loadTable = (name: 'gdtr' | 'idtr') => {
  const base = SLOTS.get(`${name}_base`);
  const limit = SLOTS.get(`${name}_limit`);
  return (hart: Hart): boolean => {
    if (!requirePrivilege(hart)) return false;
    if (in64BitMode(hart) && !isCanonical(hart, hart.get(T[1]))) return refuse(hart, VECTOR.GP, 0);
    hart.set(base, hart.get(T[1]));
    hart.set32(limit, Number(hart.get(T[0]) & 0xffffn));
    return true;
  };
};
export const lgdt = loadTable('gdtr');
export const lidt = loadTable('idtr');

/** A system descriptor for LLDT or LTR: in the GDT, of a type, present. */
function systemDescriptor(hart: Hart, selector: number, types: readonly number[]): Descriptor | undefined {
  const error = selectorError(selector);
  if ((selector & 4) !== 0) {
    refuse(hart, VECTOR.GP, error);
    return undefined;
  }
  const descriptor = readDescriptor(hart, selector);
  if (!descriptor) return undefined;
  const long = inLongMode(hart);
  const badHalf = long && (!isUpperTypeClear(descriptor) || !isCanonical(hart, baseOf(descriptor)));
  if (!types.includes(systemType(descriptor)) || badHalf) {
    refuse(hart, VECTOR.GP, error);
    return undefined;
  }
  if (!isPresent(descriptor)) {
    refuse(hart, VECTOR.NP, error);
    return undefined;
  }
  return descriptor;
}

/** LLDT (SDM vol. 2A): a null selector leaves no LDT. */
export function lldt(hart: Hart): boolean {
  if (!requirePrivilege(hart)) return false;
  const selector = selectorIn(hart);
  if (isNull(selector)) {
    setNull(hart, LDTR, selector);
    return true;
  }
  const descriptor = systemDescriptor(hart, selector, [SYSTEM_TYPE.LDT]);
  if (!descriptor) return false;
  setFromDescriptor(hart, LDTR, selector, descriptor);
  return true;
}

/** LTR (SDM vol. 2A): an available TSS, which it marks busy; in long mode there is none of 16 bits. */
export function ltr(hart: Hart): boolean {
  if (!requirePrivilege(hart)) return false;
  const selector = selectorIn(hart);
  if (isNull(selector)) return refuse(hart, VECTOR.GP, 0);
  const types = inLongMode(hart) ? [SYSTEM_TYPE.TSS] : [SYSTEM_TYPE.TSS, SYSTEM_TYPE.TSS_16];
  const descriptor = systemDescriptor(hart, selector, types);
  if (!descriptor || !setBusy(hart, descriptor)) return false;
  setFromDescriptor(hart, TR, selector, { ...descriptor, attributes: descriptor.attributes | 2 });
  return true;
}

/** System types that LAR knows, and those of them that LSL does (SDM vol. 2A, tables 3-53 and 3-56). */
const LAR_TYPES = { legacy: [1, 2, 3, 4, 5, 9, 11, 12], long: [2, 9, 11, 12] } as const;
const LSL_TYPES = { legacy: [1, 2, 3, 9, 11], long: [2, 9, 11] } as const;

/**
 * The descriptor that LAR, LSL, VERR or VERW asks about; undefined where it may not be known, and ZF is clear: null, beyond
 * the table, of another type, or too privileged. `trap`: reading it failed, and that is delivered.
 */
function visible(hart: Hart, types: readonly number[]): Descriptor | 'trap' | undefined {
  const selector = selectorIn(hart);
  if (isNull(selector)) return undefined;
  hart.raise(0, 0n);
  const descriptor = readDescriptor(hart, selector);
  // What lies beyond the table is no trap here.
  if (!descriptor) return hart.trap.cause === fault(VECTOR.GP, selectorError(selector)) ? undefined : 'trap';
  const type = systemType(descriptor);
  if (type >= 0 && !types.includes(type)) return undefined;
  if (isCode(descriptor) && isConforming(descriptor)) return descriptor;
  const dpl = dplOf(descriptor.attributes);
  return hart.get32(CPL) > dpl || rplOf(selector) > dpl ? undefined : descriptor;
}

const asks =
  (types: { legacy: readonly number[]; long: readonly number[] }, answer: (found: Descriptor) => bigint | undefined) =>
  (hart: Hart): boolean => {
    const found = visible(hart, inLongMode(hart) ? types.long : types.legacy);
    if (found === 'trap') return false;
    const value = found && answer(found);
    hart.set32(ZF, value === undefined ? 0 : 1);
    if (value !== undefined) hart.set(T[0], value);
    return true;
  };

/** LAR: the descriptor's second word without base and limit, whose part the manual leaves undefined. */
export const lar = asks(LAR_TYPES, ({ low }) => (low >> 32n) & 0xf0_ff00n);
/** LSL: the limit in bytes. */
export const lsl = asks(LSL_TYPES, (found) => BigInt(limitOf(found)));
/** VERR: whether a segment can be read. */
export const verr = asks({ legacy: [], long: [] }, (found) =>
  isData(found) || (found.attributes & ATTRIBUTE.WRITABLE) !== 0 ? 0n : undefined,
);
/** VERW: whether a segment can be written; conforming code never. */
export const verw = asks({ legacy: [], long: [] }, (found) => (isWritableData(found) ? 0n : undefined));
