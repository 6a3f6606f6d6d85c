// Unprivileged spec, chapter "C" Extension for Compressed Instructions: RV64C with F and D. Each row means what its
// 32-bit counterpart means. Encodings listed as HINT do nothing: they write x0, or a register to itself.
import { load as loadF, store as storeF } from './float-lift.ts';
import { row } from './row.ts';
import {
  add,
  and,
  branch,
  ebreak,
  equal,
  immediate,
  jal,
  jalr,
  load,
  lui,
  nop,
  or,
  register,
  shift,
  sll,
  sra,
  srl,
  store,
  sub,
  unequal,
  word,
  xor,
} from './rv-i.ts';

const SP = 2;
const RA = 1;

const lw = load(4, true);
const ld = load(8, false);
const fld = loadF(64);
const sw = store(4);
const sd = store(8);
const fsd = storeF(64);
const addi = immediate(add);
const addiw = immediate(word(add));

const RV_C_QUADRANT_0 = [
  row(
    "000 nzuimm[5:4|9:6|2|3] rd' 00",
    "c.addi4spn rd', sp, nzuimm",
    (b, { "rd'": rd, nzuimm }) => addi(b, { rd, rs1: SP, imm: nzuimm }),
    { where: ({ nzuimm }) => nzuimm !== 0 },
  ),
  row("001 uimm[5:3] rs1' uimm[7:6] rd' 00", "c.fld fd', uimm(rs1')", (b, { "rd'": rd, "rs1'": rs1, uimm }, e) =>
    fld(b, { rd, rs1, imm: uimm }, e),
  ),
  row("010 uimm[5:3] rs1' uimm[2|6] rd' 00", "c.lw rd', uimm(rs1')", (b, { "rd'": rd, "rs1'": rs1, uimm }) =>
    lw(b, { rd, rs1, imm: uimm }),
  ),
  row("011 uimm[5:3] rs1' uimm[7:6] rd' 00", "c.ld rd', uimm(rs1')", (b, { "rd'": rd, "rs1'": rs1, uimm }) =>
    ld(b, { rd, rs1, imm: uimm }),
  ),
  row("101 uimm[5:3] rs1' uimm[7:6] rs2' 00", "c.fsd fs2', uimm(rs1')", (b, { "rs2'": rs2, "rs1'": rs1, uimm }, e) =>
    fsd(b, { rs1, rs2, imm: uimm }, e),
  ),
  row("110 uimm[5:3] rs1' uimm[2|6] rs2' 00", "c.sw rs2', uimm(rs1')", (b, { "rs2'": rs2, "rs1'": rs1, uimm }) =>
    sw(b, { rs1, rs2, imm: uimm }),
  ),
  row("111 uimm[5:3] rs1' uimm[7:6] rs2' 00", "c.sd rs2', uimm(rs1')", (b, { "rs2'": rs2, "rs1'": rs1, uimm }) =>
    sd(b, { rs1, rs2, imm: uimm }),
  ),
];

type OnRegister = { readonly "rd'": number; readonly "rs2'": number };
const onItself =
  (meaning: ReturnType<typeof register>) =>
  (b: Parameters<typeof meaning>[0], { "rd'": rd, "rs2'": rs2 }: OnRegister) =>
    meaning(b, { rd, rs1: rd, rs2 });

const RV_C_QUADRANT_1 = [
  // With rd = x0, C.NOP and its HINTs; with nzimm = 0, a HINT.
  row('000 nzimm[5] rd nzimm[4:0] 01', 'c.addi rd, nzimm', (b, { rd, nzimm }) => addi(b, { rd, rs1: rd, imm: nzimm })),
  row('001 imm[5] rd imm[4:0] 01', 'c.addiw rd, imm', (b, { rd, imm }) => addiw(b, { rd, rs1: rd, imm }), {
    where: ({ rd }) => rd !== 0,
  }),
  row('010 imm[5] rd imm[4:0] 01', 'c.li rd, imm', (b, { rd, imm }) => addi(b, { rd, rs1: 0, imm })),
  row(
    '011 nzimm[9] 00010 nzimm[4|6|8:7|5] 01',
    'c.addi16sp sp, nzimm',
    (b, { nzimm }) => addi(b, { rd: SP, rs1: SP, imm: nzimm }),
    { where: ({ nzimm }) => nzimm !== 0 },
  ),
  row('011 nzimm[17] rd nzimm[16:12] 01', 'c.lui rd, nzupper', (b, { rd, nzimm }) => lui(b, { rd, imm: nzimm }), {
    where: ({ rd, nzimm }) => rd !== SP && nzimm !== 0,
  }),

  row(
    "100 nzuimm[5] 00 rd' nzuimm[4:0] 01",
    "c.srli rd', shift",
    (b, { "rd'": rd, nzuimm }) => shift(srl)(b, { rd, rs1: rd, shamt: nzuimm }),
    { where: ({ nzuimm }) => nzuimm !== 0 },
  ),
  row(
    "100 nzuimm[5] 01 rd' nzuimm[4:0] 01",
    "c.srai rd', shift",
    (b, { "rd'": rd, nzuimm }) => shift(sra)(b, { rd, rs1: rd, shamt: nzuimm }),
    { where: ({ nzuimm }) => nzuimm !== 0 },
  ),
  row("100 0 00 rd' 00000 01", "c.srli64 rd'", nop),
  row("100 0 01 rd' 00000 01", "c.srai64 rd'", nop),
  row("100 imm[5] 10 rd' imm[4:0] 01", "c.andi rd', imm", (b, { "rd'": rd, imm }) =>
    immediate(and)(b, { rd, rs1: rd, imm }),
  ),
  row("100 0 11 rd' 00 rs2' 01", "c.sub rd', rs2'", onItself(register(sub))),
  row("100 0 11 rd' 01 rs2' 01", "c.xor rd', rs2'", onItself(register(xor))),
  row("100 0 11 rd' 10 rs2' 01", "c.or rd', rs2'", onItself(register(or))),
  row("100 0 11 rd' 11 rs2' 01", "c.and rd', rs2'", onItself(register(and))),
  row("100 1 11 rd' 00 rs2' 01", "c.subw rd', rs2'", onItself(register(word(sub)))),
  row("100 1 11 rd' 01 rs2' 01", "c.addw rd', rs2'", onItself(register(word(add)))),

  row('101 offset[11|4|9:8|10|6|7|3:1|5] 01', 'c.j offset', (b, { offset }, e) => jal(b, { rd: 0, offset }, e)),
  row("110 offset[8|4:3] rs1' offset[7:6|2:1|5] 01", "c.beqz rs1', offset", (b, { "rs1'": rs1, offset }) =>
    branch(equal)(b, { rs1, rs2: 0, offset }),
  ),
  row("111 offset[8|4:3] rs1' offset[7:6|2:1|5] 01", "c.bnez rs1', offset", (b, { "rs1'": rs1, offset }) =>
    branch(unequal)(b, { rs1, rs2: 0, offset }),
  ),
];

const notX0 = { where: ({ rd }: { readonly rd: number }) => rd !== 0 };
const hasRs1 = { where: ({ rs1 }: { readonly rs1: number }) => rs1 !== 0 };
const hasRs2 = { where: ({ rs2 }: { readonly rs2: number }) => rs2 !== 0 };

const RV_C_QUADRANT_2 = [
  row(
    '000 nzuimm[5] rd nzuimm[4:0] 10',
    'c.slli rd, shift',
    (b, { rd, nzuimm }) => shift(sll)(b, { rd, rs1: rd, shamt: nzuimm }),
    { where: ({ nzuimm }) => nzuimm !== 0 },
  ),
  row('000 0 rd 00000 10', 'c.slli64 rd', nop),
  row('001 uimm[5] rd uimm[4:3|8:6] 10', 'c.fldsp fd, uimm(sp)', (b, { rd, uimm }, e) =>
    fld(b, { rd, rs1: SP, imm: uimm }, e),
  ),
  row(
    '010 uimm[5] rd uimm[4:2|7:6] 10',
    'c.lwsp rd, uimm(sp)',
    (b, { rd, uimm }) => lw(b, { rd, rs1: SP, imm: uimm }),
    notX0,
  ),
  row(
    '011 uimm[5] rd uimm[4:3|8:6] 10',
    'c.ldsp rd, uimm(sp)',
    (b, { rd, uimm }) => ld(b, { rd, rs1: SP, imm: uimm }),
    notX0,
  ),
  row('100 0 rs1 00000 10', 'c.jr rs1', (b, { rs1 }, e) => jalr(b, { rd: 0, rs1, imm: 0 }, e), hasRs1),
  row('100 0 rd rs2 10', 'c.mv rd, rs2', (b, { rd, rs2 }) => register(add)(b, { rd, rs1: 0, rs2 }), hasRs2),
  row('100 1 00000 00000 10', 'c.ebreak', ebreak),
  row('100 1 rs1 00000 10', 'c.jalr rs1', (b, { rs1 }, e) => jalr(b, { rd: RA, rs1, imm: 0 }, e), hasRs1),
  row('100 1 rd rs2 10', 'c.add rd, rs2', (b, { rd, rs2 }) => register(add)(b, { rd, rs1: rd, rs2 }), hasRs2),
  row('101 uimm[5:3|8:6] rs2 10', 'c.fsdsp fs2, uimm(sp)', (b, { rs2, uimm }, e) =>
    fsd(b, { rs1: SP, rs2, imm: uimm }, e),
  ),
  row('110 uimm[5:2|7:6] rs2 10', 'c.swsp rs2, uimm(sp)', (b, { rs2, uimm }) => sw(b, { rs1: SP, rs2, imm: uimm })),
  row('111 uimm[5:3|8:6] rs2 10', 'c.sdsp rs2, uimm(sp)', (b, { rs2, uimm }) => sd(b, { rs1: SP, rs2, imm: uimm })),
];

export const RV_C = [...RV_C_QUADRANT_0, ...RV_C_QUADRANT_1, ...RV_C_QUADRANT_2];
