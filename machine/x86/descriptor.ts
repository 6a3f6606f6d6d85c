import { accessShape } from '../access.ts';
import type { Hart } from '../hart.ts';
import { fault, VECTOR } from './causes.ts';
import { inLongMode } from './mode.ts';
import { ATTRIBUTES, BASE, LIMIT, SEGMENT, SLOTS } from './registers.ts';

const GDTR_BASE = SLOTS.get('gdtr_base');
const GDTR_LIMIT = SLOTS.get('gdtr_limit');
const LDTR = SEGMENT.ldtr;

const LOW_32 = 0xffff_ffffn;

/** Parts of a descriptor's attributes, bits 40 to 55 of it without those of the limit (SDM vol. 3A, 3.4.5). */
export const ATTRIBUTE = {
  ACCESSED: 1 << 0,
  /** Data: writable; code: readable. */
  WRITABLE: 1 << 1,
  /** Data: expands down; code: conforming. */
  CONFORMING: 1 << 2,
  CODE: 1 << 3,
  /** Code or data, not of the system's. */
  S: 1 << 4,
  P: 1 << 7,
  L: 1 << 13,
  B: 1 << 14,
  G: 1 << 15,
} as const;
/** Descriptor bits 52 to 55 and 40 to 47. */
const ATTRIBUTES_MASK = 0xf0ff;

/** Types of system descriptors (SDM vol. 3A, table 3-2): with 32 bits, in long mode with 64. */
export const SYSTEM_TYPE = {
  TSS_16: 1,
  LDT: 2,
  BUSY_TSS_16: 3,
  CALL_GATE_16: 4,
  TASK_GATE: 5,
  INTERRUPT_GATE_16: 6,
  TRAP_GATE_16: 7,
  TSS: 9,
  BUSY_TSS: 11,
  CALL_GATE: 12,
  INTERRUPT_GATE: 14,
  TRAP_GATE: 15,
} as const;

/** A descriptor as a segment register holds it, with the selector that it was found by and the address where it lies. */
export interface Descriptor {
  readonly selector: number;
  readonly address: bigint;
  /** The eight bytes, and of system descriptors in long mode the next eight. */
  readonly low: bigint;
  readonly high: bigint;
  readonly attributes: number;
}

export const isCode = ({ attributes }: Descriptor): boolean =>
  (attributes & (ATTRIBUTE.S | ATTRIBUTE.CODE)) === (ATTRIBUTE.S | ATTRIBUTE.CODE);
export const isData = ({ attributes }: Descriptor): boolean =>
  (attributes & (ATTRIBUTE.S | ATTRIBUTE.CODE)) === ATTRIBUTE.S;
export const isWritableData = (descriptor: Descriptor): boolean =>
  isData(descriptor) && (descriptor.attributes & ATTRIBUTE.WRITABLE) !== 0;
export const isConforming = ({ attributes }: Descriptor): boolean => (attributes & ATTRIBUTE.CONFORMING) !== 0;
export const isPresent = ({ attributes }: Descriptor): boolean => (attributes & ATTRIBUTE.P) !== 0;
/** The type of a system descriptor; -1: code or data. */
export const systemType = ({ attributes }: Descriptor): number =>
  (attributes & ATTRIBUTE.S) !== 0 ? -1 : attributes & 15;
export const dplOf = (attributes: number): number => (attributes >> 5) & 3;
export const rplOf = (selector: number): number => selector & 3;
export const isNull = (selector: number): boolean => (selector & 0xfffc) === 0;

/** The base: 32 bits, and of system segments in long mode 64. */
export const baseOf = ({ low, high }: Descriptor): bigint =>
  ((low >> 16n) & 0xff_ffffn) | ((low >> 32n) & 0xff00_0000n) | (high << 32n);

/** The limit in bytes, unsigned. */
export function limitOf({ low, attributes }: Descriptor): number {
  const limit = Number((low & 0xffffn) | ((low >> 32n) & 0xf_0000n));
  return (attributes & ATTRIBUTE.G) !== 0 ? ((limit << 12) | 0xfff) >>> 0 : limit;
}

/** Accesses to descriptor tables and the TSS are the supervisor's whatever CPL is (SDM vol. 3A, 4.6). */
const implicit = (kind: 'load' | 'store', size: number) => accessShape(kind, size, 'plain', { implicit: true });
const LOADS = { 2: implicit('load', 2), 4: implicit('load', 4), 8: implicit('load', 8) } as const;
const STORE_BYTE = implicit('store', 1);

const wrap = (hart: Hart, address: bigint): bigint =>
  inLongMode(hart) ? BigInt.asUintN(64, address) : address & LOW_32;

/** Loads from a table of the system's; undefined: a trap. */
export const loadImplicit = (hart: Hart, address: bigint, size: 2 | 4 | 8): bigint | undefined =>
  hart.memory.loadAs(wrap(hart, address), LOADS[size]);

const storeByte = (hart: Hart, address: bigint, value: number): boolean =>
  hart.memory.storeAs(wrap(hart, address), STORE_BYTE, BigInt(value));

/** An error code that names a selector: index and TI, with EXT where an event is being delivered (SDM vol. 3A, 6.13). */
export const selectorError = (selector: number, ext = 0): number => (selector & 0xfffc) | ext;

/**
 * The linear address of a selector's descriptor of so many bytes in GDT or LDT; undefined: it lies beyond the table's
 * limit, or there is no LDT.
 */
export function descriptorAddress(hart: Hart, selector: number, bytes: number): bigint | undefined {
  const local = (selector & 4) !== 0;
  if (local && (hart.get32(ATTRIBUTES[LDTR]) & ATTRIBUTE.P) === 0) return undefined;
  const limit = hart.get32(local ? LIMIT[LDTR] : GDTR_LIMIT) >>> 0;
  const offset = selector & 0xfff8;
  if (offset + bytes - 1 > limit) return undefined;
  return wrap(hart, hart.get(local ? BASE[LDTR] : GDTR_BASE) + BigInt(offset));
}

/** A descriptor of eight bytes taken apart. */
const parse = (selector: number, address: bigint, low: bigint, high = 0n): Descriptor => ({
  selector,
  address,
  low,
  high,
  attributes: Number((low >> 40n) & 0xffffn) & ATTRIBUTES_MASK,
});

/**
 * Reads a selector's descriptor. Undefined: a trap; beyond the table it is `vector`, #GP or #TS, with the selector. In long
 * mode LDT, TSS and call gate have 16 bytes, all within the limit (SDM vol. 3A, 3.5 and 8.2.3).
 */
export function readDescriptor(
  hart: Hart,
  selector: number,
  vector: number = VECTOR.GP,
  ext = 0,
): Descriptor | undefined {
  const beyond = () => {
    hart.raise(fault(vector, selectorError(selector, ext)), 0n);
    return undefined;
  };
  const address = descriptorAddress(hart, selector, 8);
  if (address === undefined) return beyond();
  const low = loadImplicit(hart, address, 8);
  if (low === undefined) return undefined;
  const descriptor = parse(selector, address, low);
  if (!isWide(hart, descriptor)) return descriptor;
  if (descriptorAddress(hart, selector, 16) === undefined) return beyond();
  const high = loadImplicit(hart, address + 8n, 8);
  return high === undefined ? undefined : parse(selector, address, low, high);
}

const WIDE: ReadonlySet<number> = new Set([
  SYSTEM_TYPE.LDT,
  SYSTEM_TYPE.TSS,
  SYSTEM_TYPE.BUSY_TSS,
  SYSTEM_TYPE.CALL_GATE,
]);
const isWide = (hart: Hart, descriptor: Descriptor): boolean => inLongMode(hart) && WIDE.has(systemType(descriptor));

/** Whether bits 8 to 12 of the second half's second word, which would be its type, are clear (SDM vol. 3A, 5.8.3.1). */
export const isUpperTypeClear = ({ high }: Descriptor): boolean => ((high >> 40n) & 0x1fn) === 0n;

/** Sets the accessed bit of a code or data descriptor in memory; false: a trap. The type's other bits come as they were read. */
export function setAccessed(hart: Hart, descriptor: Descriptor): boolean {
  const { attributes, address } = descriptor;
  if ((attributes & ATTRIBUTE.ACCESSED) !== 0) return true;
  return storeByte(hart, address + 5n, (attributes & 0xff) | ATTRIBUTE.ACCESSED);
}

/** Marks a TSS's descriptor in memory busy; false: a trap. */
export const setBusy = (hart: Hart, { attributes, address }: Descriptor): boolean =>
  storeByte(hart, address + 5n, (attributes & 0xff) | 2);
