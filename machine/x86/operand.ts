import type { AccessTraits } from '../access.ts';
import type { Builder, I32, I64, V128 } from '../ir/index.ts';
import { fault, VECTOR } from './causes.ts';
import type { Decoded, Operand } from './decoded.ts';
import { BASE, CANONICAL_SHIFT, CODE_64, LIMIT, R, RDI, RIP, RSI, SEGMENT, SELECTOR, T, XMM } from './registers.ts';

/** Memory through SS reports #SS where other memory reports #GP. */
const STACK: AccessTraits = { stack: true };

/** The low `size` bytes, zero-extended. */
export function cut(b: Builder, size: number, value: I64): I64 {
  return size >= 8 ? value : b.and(value, b.i64((1n << BigInt(size * 8)) - 1n));
}

/** The low `size` bytes, sign-extended to 64 bits. */
export function sext(b: Builder, size: number, value: I64): I64 {
  switch (size) {
    case 1:
      return b.extend8s(value);
    case 2:
      return b.extend16s(value);
    case 4:
      return b.extend32s(value);
    default:
      return value;
  }
}

/** The low `size` bytes of general register `number`, zero-extended; `high`: AH, CH, DH or BH. */
export function getR(b: Builder, number: number, size: number, high = false): I64 {
  const value = b.get(R[number]);
  return cut(b, size, high ? b.shrU(value, b.i64(8n)) : value);
}

/** Writes a general register: 4 bytes clear what is above, 1 and 2 leave it (SDM vol. 1, 3.4.1.1). */
export function setR(b: Builder, number: number, size: number, value: I64, high = false): void {
  if (size === 8) b.set(R[number], value);
  else if (size === 4) b.set(R[number], cut(b, 4, value));
  else {
    const mask = ((1n << BigInt(size * 8)) - 1n) << (high ? 8n : 0n);
    const field = high ? b.shl(value, b.i64(8n)) : value;
    const kept = b.and(b.get(R[number]), b.i64(BigInt.asUintN(64, ~mask)));
    b.set(R[number], b.or(kept, b.and(field, b.i64(mask))));
  }
}

/** The address of the next instruction, in the segment. */
export const nextRip = (b: Builder, i: Decoded): I64 => b.add(b.pc(), b.i64(BigInt(i.length)));

/** The offset in its segment that the instruction's memory operand has (SDM vol. 2A, 2.1.5): LEA's result. */
export function effectiveAddress(b: Builder, i: Decoded): I64 {
  const address = i.address;
  if (!address) throw new Error(`${i.row.mnemonic} has no memory operand`);
  const { base, index, scale, displacement } = address;
  let sum: I64 | undefined;
  const plus = (value: I64) => {
    sum = sum === undefined ? value : b.add(sum, value);
  };
  if (base === 'rip') plus(nextRip(b, i));
  else if (base !== undefined) plus(b.get(R[base]));
  if (index !== undefined) {
    const value = b.get(R[index]);
    plus(scale === 0 ? value : b.shl(value, b.i64(BigInt(scale))));
  }
  if (displacement !== 0n || sum === undefined) plus(b.i64(displacement));
  return cut(b, i.addressSize, sum as I64);
}

/**
 * The linear address of `size` bytes at an offset in a segment. In 64-bit mode FS and GS have bases and nothing else
 * counts; elsewhere limit and rights are checked (SDM vol. 3A, 5.3).
 */
export function linear(b: Builder, i: Decoded, segment: number, offset: I64, size: number, write: boolean): I64 {
  if (i.mode === CODE_64) return segment >= SEGMENT.fs ? b.add(b.get(BASE[segment]), offset) : offset;
  b.set(T[0], offset);
  b.call('segmentCheck', [segment, size, write ? 1 : 0], {
    reads: [T[0], BASE[segment], SELECTOR[segment]],
    writes: [T[0]],
  });
  return b.get(T[0]);
}

/** Where an operand in memory lies, and how an access to it is made. */
export interface Place {
  readonly address: I64;
  readonly traits: AccessTraits | undefined;
}

/** The place of the instruction's memory operand, or of a string operand: built once, before all else of it. */
export function place(b: Builder, i: Decoded, operand: Operand, write: boolean): Place {
  if (operand.kind === 'string') {
    const segment = operand.by === 'di' ? SEGMENT.es : (i.segment ?? SEGMENT.ds);
    const offset = cut(b, i.addressSize, b.get(operand.by === 'di' ? RDI : RSI));
    return at(b, i, segment, offset, operand.size, write);
  }
  if (operand.kind !== 'memory' || !i.address) throw new Error(`${i.row.mnemonic}: no place of ${operand.kind}`);
  return at(b, i, i.address.segment, effectiveAddress(b, i), operand.size, write);
}

/** The place of so many bytes at an offset in a segment. */
export function at(b: Builder, i: Decoded, segment: number, offset: I64, size: number, write: boolean): Place {
  const traits = segment === SEGMENT.ss ? STACK : undefined;
  return { address: linear(b, i, segment, offset, size, write), traits };
}

/** Loads 1, 2, 4 or 8 bytes, zero-extended. */
export const loadAt = (b: Builder, { address, traits }: Place, size: number, forStore = false): I64 =>
  b.load(address, { size, forStore, ...(traits && { traits }) });

export const storeAt = (b: Builder, { address, traits }: Place, size: number, value: I64): void =>
  b.store(address, value, size, traits && { traits });

/** Operand `k` of up to 8 bytes, zero-extended to 64 bits; immediates come sign-extended where their code says so. */
export function read(b: Builder, i: Decoded, k: number): I64 {
  const operand = i.operands[k];
  switch (operand.kind) {
    case 'register':
      return getR(b, operand.number, operand.size, operand.high);
    case 'immediate':
      return b.i64(operand.value);
    case 'memory':
    case 'string':
      return loadAt(b, place(b, i, operand, false), operand.size);
    case 'segment':
      return b.extendI32u(b.get32(SELECTOR[operand.number]));
    default:
      throw new Error(`${i.row.mnemonic}: operand ${operand.kind} is not read as a number`);
  }
}

/** Writes operand `k`, a general register or memory. */
export function write(b: Builder, i: Decoded, k: number, value: I64): void {
  const operand = i.operands[k];
  if (operand.kind === 'register') setR(b, operand.number, operand.size, value, operand.high);
  else storeAt(b, place(b, i, operand, true), sizeOf(i, k), value);
}

/**
 * Reads operand `k`, and gives what writes it back: for memory one read-modify-write, whose load is judged as the store.
 * Nothing may lie between that commits.
 */
export function modify(b: Builder, i: Decoded, k: number): { readonly old: I64; readonly put: (value: I64) => void } {
  const operand = i.operands[k];
  if (operand.kind === 'register') {
    const { number, size, high } = operand;
    return { old: getR(b, number, size, high), put: (value) => setR(b, number, size, value, high) };
  }
  const where = place(b, i, operand, true);
  const size = sizeOf(i, k);
  return { old: loadAt(b, where, size, true), put: (value) => storeAt(b, where, size, value) };
}

/** Bytes of operand `k`. */
export function sizeOf(i: Decoded, k: number): number {
  const operand = i.operands[k];
  if (!('size' in operand)) throw new Error(`${i.row.mnemonic}: operand ${operand.kind} has no size`);
  return operand.size;
}

/** Whether operand `k` is memory. */
export const inMemory = (i: Decoded, k: number): boolean => i.operands[k].kind === 'memory';

/** The number of a register operand of any kind. */
export function numberOf(i: Decoded, k: number): number {
  const operand = i.operands[k];
  if (!('number' in operand)) throw new Error(`${i.row.mnemonic}: operand ${operand.kind} has no number`);
  return operand.number;
}

/** The immediate operand `k` as a number. */
export function immediateOf(i: Decoded, k: number): number {
  const operand = i.operands[k];
  if (operand.kind !== 'immediate') throw new Error(`${i.row.mnemonic}: operand ${operand.kind} is no immediate`);
  return Number(BigInt.asIntN(64, operand.value));
}

export const getXmm = (b: Builder, number: number): V128 => b.get128(XMM[number]);
export const setXmm = (b: Builder, number: number, value: V128): void => b.set128(XMM[number], value);

/**
 * Operand `k` as 128 bits: an XMM register whole, or `size` bytes of memory with zeros above. 16 bytes of memory must be
 * aligned unless told otherwise: #GP(0) (SDM vol. 1, 15.2.1, legacy SSE).
 */
export function readXmm(b: Builder, i: Decoded, k: number, size: number, aligned = size === 16): V128 {
  const operand = i.operands[k];
  if (operand.kind === 'xmm') return getXmm(b, operand.number);
  const where = place(b, i, operand, false);
  if (size === 16) {
    if (aligned) requireAligned(b, where.address);
    return b.load128(where.address, 'plain', where.traits);
  }
  return b.pure('v128.make', loadAt(b, where, size), b.i64(0n));
}

/** Writes the low `size` bytes of a v128 to memory operand `k`, or all of it to an XMM register. */
export function writeXmm(b: Builder, i: Decoded, k: number, value: V128, size: number, aligned = size === 16): void {
  const operand = i.operands[k];
  if (operand.kind === 'xmm') {
    setXmm(b, operand.number, value);
    return;
  }
  const where = place(b, i, operand, true);
  if (size === 16) {
    if (aligned) requireAligned(b, where.address);
    b.store128(where.address, value, where.traits);
  } else storeAt(b, where, size, b.pure('v128.low', value));
}

/** #GP(0) where an address is not a multiple of 16. */
export function requireAligned(b: Builder, address: I64): void {
  b.trapIf(b.pure('i32.and', b.wrap(address), b.i32(15)), fault(VECTOR.GP), b.i64(0n));
}

/** Goes on at an offset in the code segment, cut to the operand size outside 64-bit mode. */
export function jumpTo(b: Builder, i: Decoded, target: I64): void {
  b.jump(i.operandSize === 8 || i.mode === CODE_64 ? target : cut(b, i.operandSize, target));
}

/** The target of a relative branch. */
export function relativeTarget(b: Builder, i: Decoded, k = 0): I64 {
  const operand = i.operands[k];
  if (operand.kind !== 'relative') throw new Error(`${i.row.mnemonic}: operand ${operand.kind} is no branch's`);
  const target = b.add(b.pc(), b.i64(BigInt.asUintN(64, operand.value + BigInt(i.length))));
  return i.mode === CODE_64 ? target : cut(b, i.operandSize, target);
}

/** Outside 64-bit mode #GP(0) where a near branch would go on beyond the code segment's limit. */
export function requireWithinCode(b: Builder, i: Decoded, target: I64): void {
  if (i.mode === CODE_64) return;
  b.set(T[0], target);
  b.call('branchCheck', [], { reads: [T[0], LIMIT[SEGMENT.cs]], writes: [T[0]] });
}

/** #GP(0) where a target in a register or memory is not canonical (SDM vol. 2A, CALL, JMP and RET). */
export function requireCanonical(b: Builder, i: Decoded, target: I64): void {
  if (i.mode !== CODE_64) return;
  const shift = b.get(CANONICAL_SHIFT);
  b.trapIf(b.ne(b.shrS(b.shl(target, shift), shift), target), fault(VECTOR.GP), b.i64(0n));
}

/** Goes on where a helper left RIP: far transfers and returns. */
export const jumpToRip = (b: Builder): void => b.jump(b.get(RIP));

/** 1 where an i32 is 0. */
export const not = (b: Builder, value: I32): I32 => b.pure('i32.eq', value, b.i32(0));
