// Unprivileged spec, chapters "RV32I Base Integer Instruction Set" and "RV64I Base Integer Instruction Set".
import type { Encoding } from '../decode/index.ts';
import type { Builder, I32, I64 } from '../ir/index.ts';
import { CAUSE } from './causes.ts';
import { MODE, PC } from './registers.ts';
import { row, setX, simm, x } from './row.ts';

type RegisterFields = { readonly rd: number; readonly rs1: number; readonly rs2: number };
type ImmediateFields = { readonly rd: number; readonly rs1: number; readonly imm: number };
type BranchFields = { readonly rs1: number; readonly rs2: number; readonly offset: number };
/** A value of two operands, which registers and immediates give alike. */
export type Binary = (b: Builder, a: I64, c: I64) => I64;

// Meanings are functions of the fields, so that compressed instructions name the same ones (rv-c.ts).
export const register =
  (op: Binary) =>
  (b: Builder, { rd, rs1, rs2 }: RegisterFields) =>
    setX(b, rd, op(b, x(b, rs1), x(b, rs2)));
export const immediate =
  (op: Binary) =>
  (b: Builder, { rd, rs1, imm }: ImmediateFields) =>
    setX(b, rd, op(b, x(b, rs1), simm(b, imm)));
export const shift =
  (op: Binary) =>
  (b: Builder, { rd, rs1, shamt }: { rd: number; rs1: number; shamt: number }) =>
    setX(b, rd, op(b, x(b, rs1), b.i64(BigInt(shamt))));
export const word =
  (op: Binary): Binary =>
  (b, a, c) =>
    b.extend32s(op(b, a, c));
export const branch =
  (condition: (b: Builder, a: I64, c: I64) => I32) =>
  (b: Builder, { rs1, rs2, offset }: BranchFields) =>
    b.branch(condition(b, x(b, rs1), x(b, rs2)), b.add(b.pc(), simm(b, offset)));
/** A load to x0 is an access all the same, and may fault. */
export const load =
  (size: number, signed: boolean) =>
  (b: Builder, { rd, rs1, imm }: ImmediateFields) =>
    setX(b, rd, b.load(b.add(x(b, rs1), simm(b, imm)), { size, signed }));
export const store =
  (size: number) =>
  (b: Builder, { rs1, rs2, imm }: { rs1: number; rs2: number; imm: number }) =>
    b.store(b.add(x(b, rs1), simm(b, imm)), x(b, rs2), size);
/** The address of the instruction behind this one. */
const following = (b: Builder, length: number): I64 => b.add(b.pc(), b.i64(BigInt(length)));

export const lui = (b: Builder, { rd, imm }: { rd: number; imm: number }) => setX(b, rd, simm(b, imm));
export const jal = (b: Builder, { rd, offset }: { rd: number; offset: number }, { length }: Encoding) => {
  setX(b, rd, following(b, length));
  b.jump(b.add(b.pc(), simm(b, offset)));
};
export const jalr = (b: Builder, { rd, rs1, imm }: ImmediateFields, { length }: Encoding) => {
  // The target is computed before rd is written: they may be the same register.
  b.jump(b.and(b.add(x(b, rs1), simm(b, imm)), b.i64(~1n)));
  setX(b, rd, following(b, length));
};
export const ebreak = (b: Builder) => b.trapIf(b.i32(1), CAUSE.breakpoint, b.pc());
export const nop = () => {};

const low5: (b: Builder, c: I64) => I64 = (b, c) => b.and(c, b.i64(31n));
export const zext32 = (b: Builder, a: I64): I64 => b.and(a, b.i64(0xffff_ffffn));
const slt: Binary = (b, a, c) => b.extendI32u(b.ltS(a, c));
const sltu: Binary = (b, a, c) => b.extendI32u(b.ltU(a, c));
const sllw: Binary = (b, a, c) => b.extend32s(b.shl(a, low5(b, c)));
const srlw: Binary = (b, a, c) => b.extend32s(b.shrU(zext32(b, a), low5(b, c)));
const sraw: Binary = (b, a, c) => b.shrS(b.extend32s(a), low5(b, c));
export const sll: Binary = (b, a, c) => b.shl(a, c);
export const srl: Binary = (b, a, c) => b.shrU(a, c);
export const sra: Binary = (b, a, c) => b.shrS(a, c);
export const add: Binary = (b, a, c) => b.add(a, c);
export const sub: Binary = (b, a, c) => b.sub(a, c);
export const and: Binary = (b, a, c) => b.and(a, c);
export const or: Binary = (b, a, c) => b.or(a, c);
export const xor: Binary = (b, a, c) => b.xor(a, c);
export const equal = (b: Builder, a: I64, c: I64): I32 => b.eq(a, c);
export const unequal = (b: Builder, a: I64, c: I64): I32 => b.ne(a, c);

export const RV_I = [
  row('imm[31:12] rd 0110111', 'lui rd, upper', lui),
  row('imm[31:12] rd 0010111', 'auipc rd, upper', (b, { rd, imm }) => setX(b, rd, b.add(b.pc(), simm(b, imm)))),
  row('offset[20|10:1|11|19:12] rd 1101111', 'jal rd, offset', jal),
  row('imm[11:0] rs1 000 rd 1100111', 'jalr rd, imm(rs1)', jalr),

  row('offset[12|10:5] rs2 rs1 000 offset[4:1|11] 1100011', 'beq rs1, rs2, offset', branch(equal)),
  row('offset[12|10:5] rs2 rs1 001 offset[4:1|11] 1100011', 'bne rs1, rs2, offset', branch(unequal)),
  row(
    'offset[12|10:5] rs2 rs1 100 offset[4:1|11] 1100011',
    'blt rs1, rs2, offset',
    branch((b, a, c) => b.ltS(a, c)),
  ),
  row(
    'offset[12|10:5] rs2 rs1 101 offset[4:1|11] 1100011',
    'bge rs1, rs2, offset',
    branch((b, a, c) => b.geS(a, c)),
  ),
  row(
    'offset[12|10:5] rs2 rs1 110 offset[4:1|11] 1100011',
    'bltu rs1, rs2, offset',
    branch((b, a, c) => b.ltU(a, c)),
  ),
  row(
    'offset[12|10:5] rs2 rs1 111 offset[4:1|11] 1100011',
    'bgeu rs1, rs2, offset',
    branch((b, a, c) => b.geU(a, c)),
  ),

  row('imm[11:0] rs1 000 rd 0000011', 'lb rd, imm(rs1)', load(1, true)),
  row('imm[11:0] rs1 001 rd 0000011', 'lh rd, imm(rs1)', load(2, true)),
  row('imm[11:0] rs1 010 rd 0000011', 'lw rd, imm(rs1)', load(4, true)),
  row('imm[11:0] rs1 011 rd 0000011', 'ld rd, imm(rs1)', load(8, false)),
  row('imm[11:0] rs1 100 rd 0000011', 'lbu rd, imm(rs1)', load(1, false)),
  row('imm[11:0] rs1 101 rd 0000011', 'lhu rd, imm(rs1)', load(2, false)),
  row('imm[11:0] rs1 110 rd 0000011', 'lwu rd, imm(rs1)', load(4, false)),
  row('imm[11:5] rs2 rs1 000 imm[4:0] 0100011', 'sb rs2, imm(rs1)', store(1)),
  row('imm[11:5] rs2 rs1 001 imm[4:0] 0100011', 'sh rs2, imm(rs1)', store(2)),
  row('imm[11:5] rs2 rs1 010 imm[4:0] 0100011', 'sw rs2, imm(rs1)', store(4)),
  row('imm[11:5] rs2 rs1 011 imm[4:0] 0100011', 'sd rs2, imm(rs1)', store(8)),

  row('imm[11:0] rs1 000 rd 0010011', 'addi rd, rs1, imm', immediate(add)),
  row('imm[11:0] rs1 010 rd 0010011', 'slti rd, rs1, imm', immediate(slt)),
  row('imm[11:0] rs1 011 rd 0010011', 'sltiu rd, rs1, imm', immediate(sltu)),
  row('imm[11:0] rs1 100 rd 0010011', 'xori rd, rs1, imm', immediate(xor)),
  row('imm[11:0] rs1 110 rd 0010011', 'ori rd, rs1, imm', immediate(or)),
  row('imm[11:0] rs1 111 rd 0010011', 'andi rd, rs1, imm', immediate(and)),
  row('000000 shamt rs1 001 rd 0010011', 'slli rd, rs1, shamt', shift(sll)),
  row('000000 shamt rs1 101 rd 0010011', 'srli rd, rs1, shamt', shift(srl)),
  row('010000 shamt rs1 101 rd 0010011', 'srai rd, rs1, shamt', shift(sra)),

  row('0000000 rs2 rs1 000 rd 0110011', 'add rd, rs1, rs2', register(add)),
  row('0100000 rs2 rs1 000 rd 0110011', 'sub rd, rs1, rs2', register(sub)),
  row('0000000 rs2 rs1 001 rd 0110011', 'sll rd, rs1, rs2', register(sll)),
  row('0000000 rs2 rs1 010 rd 0110011', 'slt rd, rs1, rs2', register(slt)),
  row('0000000 rs2 rs1 011 rd 0110011', 'sltu rd, rs1, rs2', register(sltu)),
  row('0000000 rs2 rs1 100 rd 0110011', 'xor rd, rs1, rs2', register(xor)),
  row('0000000 rs2 rs1 101 rd 0110011', 'srl rd, rs1, rs2', register(srl)),
  row('0100000 rs2 rs1 101 rd 0110011', 'sra rd, rs1, rs2', register(sra)),
  row('0000000 rs2 rs1 110 rd 0110011', 'or rd, rs1, rs2', register(or)),
  row('0000000 rs2 rs1 111 rd 0110011', 'and rd, rs1, rs2', register(and)),

  row('imm[11:0] rs1 000 rd 0011011', 'addiw rd, rs1, imm', immediate(word(add))),
  row('0000000 shamt[4:0] rs1 001 rd 0011011', 'slliw rd, rs1, shamt', shift(sllw)),
  row('0000000 shamt[4:0] rs1 101 rd 0011011', 'srliw rd, rs1, shamt', shift(srlw)),
  row('0100000 shamt[4:0] rs1 101 rd 0011011', 'sraiw rd, rs1, shamt', shift(sraw)),
  row('0000000 rs2 rs1 000 rd 0111011', 'addw rd, rs1, rs2', register(word(add))),
  row('0100000 rs2 rs1 000 rd 0111011', 'subw rd, rs1, rs2', register(word(sub))),
  row('0000000 rs2 rs1 001 rd 0111011', 'sllw rd, rs1, rs2', register(sllw)),
  row('0000000 rs2 rs1 101 rd 0111011', 'srlw rd, rs1, rs2', register(srlw)),
  row('0100000 rs2 rs1 101 rd 0111011', 'sraw rd, rs1, rs2', register(sraw)),

  // Harts run in turns and memory is sequentially consistent: a fence has nothing to order. Reserved values of fm, rs1
  // and rd make a normal fence ("Memory Ordering Instructions"); PAUSE is one of the hints among them.
  row('fm pred succ rs1 000 rd 0001111', 'fence pred, succ', nop, { where: (fields) => !isFenceTso(fields) }),
  row('1000 0011 0011 00000 000 00000 0001111', 'fence.tso', nop),
  row('000000000000 00000 000 00000 1110011', 'ecall', (b) => b.call('ecall', [], { reads: [PC, MODE] })),
  row('000000000001 00000 000 00000 1110011', 'ebreak', ebreak),
];

function isFenceTso({ fm, pred, succ, rs1, rd }: Record<'fm' | 'pred' | 'succ' | 'rs1' | 'rd', number>): boolean {
  return fm === 0b1000 && pred === 0b0011 && succ === 0b0011 && rs1 === 0 && rd === 0;
}
