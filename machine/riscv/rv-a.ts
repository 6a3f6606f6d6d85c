// Unprivileged spec, chapter "A" Extension for Atomic Instructions.
import type { AmoOperation, Builder } from '../ir/index.ts';
import { row, setX, x } from './row.ts';

type Fields = { readonly rd: number; readonly rs1: number; readonly rs2: number };

// Memory is sequentially consistent, so aq and rl ask for no more than there is.
const loadReserved =
  (size: number) =>
  (b: Builder, { rd, rs1 }: { rd: number; rs1: number }) =>
    setX(b, rd, b.load(x(b, rs1), { size, signed: true, atomicity: 'reserved' }));
const storeConditional =
  (size: number) =>
  (b: Builder, { rd, rs1, rs2 }: Fields) => {
    const stored = b.storeConditional(x(b, rs1), x(b, rs2), size);
    setX(b, rd, b.extendI32u(b.pure('i32.eq', stored, b.i32(0))));
  };
const amo =
  (operation: AmoOperation, size: number) =>
  (b: Builder, { rd, rs1, rs2 }: Fields) =>
    setX(b, rd, b.amo(operation, x(b, rs1), x(b, rs2), size));

export const RV_A = [
  row('00010 aq rl 00000 rs1 010 rd 0101111', 'lr.w rd, (rs1)', loadReserved(4)),
  row('00011 aq rl rs2 rs1 010 rd 0101111', 'sc.w rd, rs2, (rs1)', storeConditional(4)),
  row('00001 aq rl rs2 rs1 010 rd 0101111', 'amoswap.w rd, rs2, (rs1)', amo('swap', 4)),
  row('00000 aq rl rs2 rs1 010 rd 0101111', 'amoadd.w rd, rs2, (rs1)', amo('add', 4)),
  row('00100 aq rl rs2 rs1 010 rd 0101111', 'amoxor.w rd, rs2, (rs1)', amo('xor', 4)),
  row('01100 aq rl rs2 rs1 010 rd 0101111', 'amoand.w rd, rs2, (rs1)', amo('and', 4)),
  row('01000 aq rl rs2 rs1 010 rd 0101111', 'amoor.w rd, rs2, (rs1)', amo('or', 4)),
  row('10000 aq rl rs2 rs1 010 rd 0101111', 'amomin.w rd, rs2, (rs1)', amo('min_s', 4)),
  row('10100 aq rl rs2 rs1 010 rd 0101111', 'amomax.w rd, rs2, (rs1)', amo('max_s', 4)),
  row('11000 aq rl rs2 rs1 010 rd 0101111', 'amominu.w rd, rs2, (rs1)', amo('min_u', 4)),
  row('11100 aq rl rs2 rs1 010 rd 0101111', 'amomaxu.w rd, rs2, (rs1)', amo('max_u', 4)),

  row('00010 aq rl 00000 rs1 011 rd 0101111', 'lr.d rd, (rs1)', loadReserved(8)),
  row('00011 aq rl rs2 rs1 011 rd 0101111', 'sc.d rd, rs2, (rs1)', storeConditional(8)),
  row('00001 aq rl rs2 rs1 011 rd 0101111', 'amoswap.d rd, rs2, (rs1)', amo('swap', 8)),
  row('00000 aq rl rs2 rs1 011 rd 0101111', 'amoadd.d rd, rs2, (rs1)', amo('add', 8)),
  row('00100 aq rl rs2 rs1 011 rd 0101111', 'amoxor.d rd, rs2, (rs1)', amo('xor', 8)),
  row('01100 aq rl rs2 rs1 011 rd 0101111', 'amoand.d rd, rs2, (rs1)', amo('and', 8)),
  row('01000 aq rl rs2 rs1 011 rd 0101111', 'amoor.d rd, rs2, (rs1)', amo('or', 8)),
  row('10000 aq rl rs2 rs1 011 rd 0101111', 'amomin.d rd, rs2, (rs1)', amo('min_s', 8)),
  row('10100 aq rl rs2 rs1 011 rd 0101111', 'amomax.d rd, rs2, (rs1)', amo('max_s', 8)),
  row('11000 aq rl rs2 rs1 011 rd 0101111', 'amominu.d rd, rs2, (rs1)', amo('min_u', 8)),
  row('11100 aq rl rs2 rs1 011 rd 0101111', 'amomaxu.d rd, rs2, (rs1)', amo('max_u', 8)),
];
