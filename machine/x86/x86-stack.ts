// The stack (SDM vol. 1, 6.2): pushes, pops, and stack frames.
import type { Builder, I64 } from '../ir/index.ts';
import type { Decoded } from './decoded.ts';
import { at, cut, getR, loadAt, numberOf, place, read, setR, storeAt } from './operand.ts';
import { BASE, R, RBP, RSP, SEGMENT, SELECTOR, SLOTS, T } from './registers.ts';
import { type Row, type RowOptions, row } from './row.ts';

const ANYTHING = { reads: SLOTS.slots, writes: SLOTS.slots };

/** rSP moved by a number of bytes. */
const moved = (b: Builder, i: Decoded, bytes: number): I64 =>
  cut(b, i.stackSize, b.add(b.get(RSP), b.i64(BigInt.asUintN(64, BigInt(bytes)))));

/** Stores a value of the operand size below rSP, and moves rSP. */
export function push(b: Builder, i: Decoded, value: I64, size: number = i.operandSize): void {
  const top = moved(b, i, -i.operandSize);
  storeAt(b, at(b, i, SEGMENT.ss, top, size, true), size, value);
  setR(b, 4, i.stackSize, top);
}

/** The value of the operand size at rSP. */
export const peek = (b: Builder, i: Decoded): I64 =>
  loadAt(b, at(b, i, SEGMENT.ss, getR(b, 4, i.stackSize), i.operandSize, false), i.operandSize);

/** Moves rSP up. */
export const drop = (b: Builder, i: Decoded, bytes: number): void => setR(b, 4, i.stackSize, moved(b, i, bytes));

const pushOperand = (b: Builder, i: Decoded) => push(b, i, read(b, i, 0));
/** PUSH of a segment register writes 16 bits where operands have 32 (SDM vol. 2B, PUSH); with 64 the rest is zero. */
const pushSegment = (b: Builder, i: Decoded) =>
  push(b, i, b.extendI32u(b.get32(SELECTOR[numberOf(i, 0)])), i.operandSize === 4 ? 2 : i.operandSize);

/** POP to memory reckons its address with rSP as it is afterwards (SDM vol. 2B, POP). */
const popOperand = (b: Builder, i: Decoded) => {
  const value = peek(b, i);
  const operand = i.operands[0];
  if (operand.kind === 'register') {
    drop(b, i, i.operandSize);
    setR(b, operand.number, operand.size, value);
    return;
  }
  storeAt(b, place(b, shifted(i), operand, true), i.operandSize, value);
  drop(b, i, i.operandSize);
};

/** The instruction with an address by rSP displaced by what it pops. */
function shifted(i: Decoded): Decoded {
  const { address } = i;
  if (address?.base !== 4) return i;
  const displacement = BigInt.asUintN(64, address.displacement + BigInt(i.operandSize));
  return { ...i, address: { ...address, displacement } };
}

const popSegment = (b: Builder, i: Decoded) => {
  b.set(T[0], cut(b, 2, peek(b, i)));
  b.call('loadSegment', [numberOf(i, 0)], ANYTHING);
  drop(b, i, i.operandSize);
};

const pushFlags = (b: Builder, i: Decoded) => {
  b.call('pushf', [], { reads: SLOTS.slots, writes: [T[0]] });
  push(b, i, cut(b, i.operandSize, b.get(T[0])));
};
const popFlags = (b: Builder, i: Decoded) => {
  b.set(T[0], peek(b, i));
  b.call('popf', [i.operandSize], ANYTHING);
  drop(b, i, i.operandSize);
};

/** PUSHA pushes rSP as it was. */
const pushAll = (b: Builder, i: Decoded) => {
  const size = i.operandSize;
  // Segments are checked before anything is stored, and the last store is made first: it is the lowest, so that most
  // faults find nothing written.
  const places = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => at(b, i, SEGMENT.ss, moved(b, i, -size * (k + 1)), size, true));
  for (let k = 7; k >= 0; k--) storeAt(b, places[k], size, b.get(R[k]));
  setR(b, 4, i.stackSize, moved(b, i, -8 * size));
};
/** POPA passes over rSP's place. */
const popAll = (b: Builder, i: Decoded) => {
  const size = i.operandSize;
  const values = [7, 6, 5, 3, 2, 1, 0].map((number) => ({
    number,
    value: loadAt(b, at(b, i, SEGMENT.ss, moved(b, i, size * (7 - number)), size, false), size),
  }));
  for (const { number, value } of values) setR(b, number, size, value);
  drop(b, i, 8 * size);
};

const leave = (b: Builder, i: Decoded) => {
  const frame = getR(b, 5, i.stackSize);
  const value = loadAt(b, at(b, i, SEGMENT.ss, frame, i.operandSize, false), i.operandSize);
  setR(b, 4, i.stackSize, b.add(frame, b.i64(BigInt(i.operandSize))));
  setR(b, 5, i.operandSize, value);
};

/**
 * ENTER (SDM vol. 2A): rBP is pushed, then the frame pointers of so many outer levels, the last the new one; rSP must be
 * one that the room below it can be written at.
 */
const enter = (b: Builder, i: Decoded) => {
  const size = i.operandSize;
  const room = Number(read(b, i, 0).attributes.value);
  const level = Number(read(b, i, 1).attributes.value) & 31;
  const slot = (k: number) => at(b, i, SEGMENT.ss, moved(b, i, -size * k), size, true);
  const frame = moved(b, i, -size);
  const first = slot(1);
  loadAt(b, first, size, true);
  const outer = Array.from({ length: Math.max(0, level - 1) }, (_, k) => {
    const offset = cut(b, i.stackSize, b.sub(b.get(RBP), b.i64(BigInt(size * (k + 1)))));
    return at(b, i, SEGMENT.ss, offset, size, false);
  });
  for (const place of outer) loadAt(b, place, size);
  const pushed = level === 0 ? 1 : level + 1;
  const bottom = -size * pushed - room;
  loadAt(b, at(b, i, SEGMENT.ss, moved(b, i, bottom), size, true), size, true);
  // Every place is checked against its segment before anything is stored.
  for (let k = 2; k <= pushed; k++) slot(k);
  if (level === 0) storeAt(b, first, size, b.get(RBP));
  else {
    b.set(T[0], frame);
    b.call('pushFrames', [size, level, i.stackSize, i.mode], { reads: [T[0], RBP, RSP, BASE[SEGMENT.ss]] });
  }
  setR(b, 4, i.stackSize, moved(b, i, bottom));
  setR(b, 5, size, frame);
};

const D64: RowOptions = { size: 'd64' };
const LEGACY: RowOptions = { only: 'legacy' };

export const X86_STACK: readonly Row[] = [
  row('50+r', 'push Zv', pushOperand, D64),
  row('58+r', 'pop Zv', popOperand, D64),
  row('68', 'push Iz', pushOperand, D64),
  row('6A', 'push sIb', pushOperand, D64),
  row('FF /6', 'push Ev', pushOperand, D64),
  row('8F /0', 'pop Ev', popOperand, D64),
  row('06', 'push ES', pushSegment, LEGACY),
  row('07', 'pop ES', popSegment, LEGACY),
  row('0E', 'push CS', pushSegment, LEGACY),
  row('16', 'push SS', pushSegment, LEGACY),
  row('17', 'pop SS', popSegment, LEGACY),
  row('1E', 'push DS', pushSegment, LEGACY),
  row('1F', 'pop DS', popSegment, LEGACY),
  row('0F A0', 'push FS', pushSegment, D64),
  row('0F A1', 'pop FS', popSegment, D64),
  row('0F A8', 'push GS', pushSegment, D64),
  row('0F A9', 'pop GS', popSegment, D64),
  row('60', 'pusha', pushAll, LEGACY),
  row('61', 'popa', popAll, LEGACY),
  row('9C', 'pushf', pushFlags, D64),
  row('9D', 'popf', popFlags, D64),
  row('C8', 'enter Iw, Ib', enter, D64),
  row('C9', 'leave', leave, D64),
];
