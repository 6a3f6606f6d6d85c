// Data transfer (SDM vol. 1, 5.1.1): moves, conditional moves, exchanges of bytes, conversions, and what does nothing.
import type { Builder, I64 } from '../ir/index.ts';
import { condition } from './alu.ts';
import { fault, VECTOR } from './causes.ts';
import { conditionOf, type Decoded } from './decoded.ts';
import { at, cut, effectiveAddress, getR, loadAt, numberOf, read, setR, sext, sizeOf, write } from './operand.ts';
import { AF, CF, PF, R, RAX, RBX, SEGMENT, SF, ZF } from './registers.ts';
import { type Row, row } from './row.ts';

const move = (b: Builder, i: Decoded) => write(b, i, 0, read(b, i, 1));
const signExtend = (b: Builder, i: Decoded) => write(b, i, 0, sext(b, sizeOf(i, 1), read(b, i, 1)));
const nothing = (): void => {};
const undefinedInstruction = (b: Builder) => b.trapIf(b.i32(1), fault(VECTOR.UD), b.i64(0n));

const lea = (b: Builder, i: Decoded) => setR(b, numberOf(i, 0), i.operandSize, effectiveAddress(b, i));

/** CMOVcc loads, and zero-extends a register of 32 bits, whatever the condition (SDM vol. 2A, CMOVcc). */
const conditionalMove = (b: Builder, i: Decoded) => {
  const value = read(b, i, 1);
  const old = getR(b, numberOf(i, 0), i.operandSize);
  setR(b, numberOf(i, 0), i.operandSize, b.select(condition(b, conditionOf(i)), value, old));
};

/** CBW, CWDE, CDQE. */
const widen = (b: Builder, i: Decoded) => setR(b, 0, i.operandSize, sext(b, i.operandSize / 2, b.get(RAX)));
/** CWD, CDQ, CQO. */
const spread = (b: Builder, i: Decoded) =>
  setR(b, 2, i.operandSize, b.shrS(sext(b, i.operandSize, b.get(RAX)), b.i64(63n)));

/** The bytes of a value in the other order. */
function reversed(b: Builder, size: number, value: I64): I64 {
  let result = b.i64(0n);
  for (let k = 0; k < size; k++) {
    const byte = b.and(b.shrU(value, b.i64(BigInt(8 * k))), b.i64(0xffn));
    result = b.or(result, b.shl(byte, b.i64(BigInt(8 * (size - 1 - k)))));
  }
  return result;
}

/** BSWAP; of 16 bits, which the manual leaves undefined, it makes 0. */
const byteSwap = (b: Builder, i: Decoded) => {
  const number = numberOf(i, 0);
  setR(b, number, i.operandSize, i.operandSize === 2 ? b.i64(0n) : reversed(b, i.operandSize, b.get(R[number])));
};
const moveReversed = (b: Builder, i: Decoded) => write(b, i, 0, reversed(b, i.operandSize, read(b, i, 1)));

/** XLAT: the byte at rBX + AL. */
const translateByte = (b: Builder, i: Decoded) => {
  const offset = cut(b, i.addressSize, b.add(b.get(RBX), getR(b, 0, 1)));
  setR(b, 0, 1, loadAt(b, at(b, i, i.segment ?? SEGMENT.ds, offset, 1, false), 1));
};

/** SF:ZF:0:AF:0:PF:1:CF, as AH has them. */
const loadFlags = (b: Builder) => {
  const shifted = (value: I64, by: number) => b.shl(value, b.i64(BigInt(by)));
  const bits = [
    b.extendI32u(b.get32(CF)),
    shifted(b.extendI32u(condition(b, 10)), 2),
    shifted(b.extendI32u(b.get32(AF)), 4),
    shifted(b.extendI32u(b.get32(ZF)), 6),
    shifted(b.extendI32u(b.get32(SF)), 7),
  ];
  setR(
    b,
    0,
    1,
    bits.reduce((sum, bit) => b.or(sum, bit), b.i64(2n)),
    true,
  );
};
const storeFlags = (b: Builder) => {
  const ah = b.wrap(b.shrU(b.get(RAX), b.i64(8n)));
  const bit = (n: number) => b.pure('i32.and', b.pure('i32.shr_u', ah, b.i32(n)), b.i32(1));
  b.set32(CF, bit(0));
  // The slot holds a byte whose even parity is the flag.
  b.set32(PF, b.pure('i32.xor', bit(2), b.i32(1)));
  b.set32(AF, bit(4));
  b.set32(ZF, bit(6));
  b.set32(SF, bit(7));
};

export const X86_DATA: readonly Row[] = [
  row('88 /r', 'mov Eb, Gb', move),
  row('89 /r', 'mov Ev, Gv', move),
  row('8A /r', 'mov Gb, Eb', move),
  row('8B /r', 'mov Gv, Ev', move),
  row('A0', 'mov AL, Ob', move),
  row('A1', 'mov rAX, Ov', move),
  row('A2', 'mov Ob, AL', move),
  row('A3', 'mov Ov, rAX', move),
  row('B0+r', 'mov Zb, Ib', move),
  row('B8+r', 'mov Zv, Iv', move),
  row('C6 /0', 'mov Eb, Ib', move),
  row('C7 /0', 'mov Ev, Iz', move),
  row('0F B6 /r', 'movzx Gv, Eb', move),
  row('0F B7 /r', 'movzx Gv, Ew', move),
  row('0F BE /r', 'movsx Gv, Eb', signExtend),
  row('0F BF /r', 'movsx Gv, Ew', signExtend),
  row('63 /r', 'movsxd Gv, Ez', signExtend, { only: '64' }),
  row('NFx 0F 38 F0 /r', 'movbe Gv, Mv', moveReversed),
  row('NFx 0F 38 F1 /r', 'movbe Mv, Gv', moveReversed),
  row('8D /r', 'lea Gv, M', lea),
  row('0F C8+r', 'bswap Zv', byteSwap),
  row('D7', 'xlat', translateByte),
  row('98', 'cwde', widen),
  row('99', 'cdq', spread),
  row('9F', 'lahf', loadFlags),
  row('9E', 'sahf', storeFlags),
  row('0F 40+cc /r', 'cmovcc Gv, Ev', conditionalMove),
  row('0F 90+cc /r', 'setcc Eb', (b, i) => write(b, i, 0, b.extendI32u(condition(b, conditionOf(i))))),

  row('F3 90', 'pause', nothing, { withoutB: true }),
  row('0F 1F /0', 'nop Ev', nothing),
  row('F3 0F 1E FA', 'endbr64', nothing),
  row('F3 0F 1E FB', 'endbr32', nothing),
  // Hints without a meaning here (SDM vol. 2B, table A-3, "reserved NOP").
  ...['18', '19', '1A', '1B', '1C', '1D', '1E', '1F'].map((opcode) => row(`0F ${opcode} /r`, 'nop Ev', nothing)),
  row('0F 18 /0', 'prefetchnta Mb', nothing),
  row('0F 18 /1', 'prefetcht0 Mb', nothing),
  row('0F 18 /2', 'prefetcht1 Mb', nothing),
  row('0F 18 /3', 'prefetcht2 Mb', nothing),
  row('0F 0D /0', 'prefetch Mb', nothing),
  row('0F 0D /1', 'prefetchw Mb', nothing),
  row('0F 0D /r', 'prefetch Mb', nothing),
  row('0F FF /r', 'ud0 Gv, Ev', undefinedInstruction),
  row('0F B9 /r', 'ud1 Gv, Ev', undefinedInstruction),
  row('0F 0B', 'ud2', undefinedInstruction),
];
