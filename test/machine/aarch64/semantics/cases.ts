import { SP, V, X } from '../../../../machine/aarch64/registers.ts';
import { accessShape } from '../../../../machine/access.ts';
import { extractFields, insertFields, type Row } from '../../../../machine/decode/index.ts';
import type { Slot } from '../../../../machine/ir/index.ts';
import type { Instruction } from '../../../../machine/isa.ts';
import { type Analysis, analyse } from '../../semantics/analysis.ts';
import type { Case } from '../../semantics/case.ts';
import { makePools, type Pools, type Width } from '../../semantics/pools.ts';
import type { Random } from '../../semantics/random.ts';
import { decodeWord } from '../words.ts';
import { BREAKPOINT, CODE, INPUT, RAM_END, WINDOWS } from './layout.ts';

type SystemRegister = {
  readonly o0: number;
  readonly op1: number;
  readonly CRn: number;
  readonly CRm: number;
  readonly op2: number;
};
const register = (o0: number, op1: number, CRn: number, CRm: number, op2: number): SystemRegister => ({
  o0,
  op1,
  CRn,
  CRm,
  op2,
});
/** NZCV, FPCR, FPSR and DCZID_EL0; once in a while one of EL1: SCTLR_EL1, VBAR_EL1, DAIF. */
const USER_REGISTERS = [register(1, 3, 4, 2, 0), register(1, 3, 4, 4, 0), register(1, 3, 4, 4, 1)];
const OTHER_REGISTERS = [register(1, 3, 0, 0, 7), register(1, 0, 1, 0, 0), register(1, 0, 12, 0, 0)];

/** DC ZVA; once in a while what EL1 alone may do: IC IALLU, DC ISW, AT S1E1R, TLBI VMALLE1. */
const operation = (op1: number, CRn: number, CRm: number, op2: number) => ({ op1, CRn, CRm, op2 });
const USER_OPERATIONS = [operation(3, 7, 4, 1)];
const OTHER_OPERATIONS = [operation(0, 7, 5, 0), operation(0, 7, 6, 2), operation(0, 7, 8, 0), operation(0, 8, 7, 0)];
/** What rows take whose fields number a register or an operation. */
const NUMBERED = [
  { syntax: /^m(rs|sr) .*sysreg/, user: USER_REGISTERS, other: OTHER_REGISTERS },
  { syntax: /^sys /, user: USER_OPERATIONS, other: OTHER_OPERATIONS },
];

/** Linux's number of no system call. */
const NO_SYSTEM_CALL = 0x7fffn;
/** FPCR's RMode, FZ, DN and AHP, and all of FPSR's flags. */
const FPCR_BITS = 0x7c0_0000;
const FPSR_BITS = 0x0800_009f;

const PLACES = new Map<Slot, number>([
  ...X.map((slot, i) => [slot, INPUT.x + i] as const),
  ...V.map((slot, i) => [slot, INPUT.v + 2 * i] as const),
  [SP, INPUT.sp],
]);

type Extent = Pick<NonNullable<Analysis['memory']>, 'shape' | 'extent'>;
/** A block of DC ZVA. */
const BLOCK = accessShape('store', 64);

/** Where a register's value lies in a case's input; a vector's low half. */
export function place(slot: Slot): number {
  const at = PLACES.get(slot);
  if (at === undefined) throw new Error(`${slot.name} is not a register of the outsider's`);
  return at;
}

const WIDTHS: Readonly<Record<string, readonly Width[]>> = { b: [8], h: [16], s: [32], d: [64], q: [8, 16, 32, 64] };
/** The widths of elements that an instruction's text names, or any. */
function widthsOf(text: string): readonly Width[] {
  const named = [...text.matchAll(/\bv\d+\.\d*([bhsdq])|\b([bhsdq])\d+\b/g)].flatMap(
    ([, lane, scalar]) => WIDTHS[lane ?? scalar],
  );
  return named.length > 0 ? named : [8, 16, 32, 64];
}
/** Rows that take floating-point numbers. */

export const isFloat = ({ syntax }: Row): boolean => /^(f(?!mov)|[su]cvtf)/.test(syntax);

/** Makes cases for rows of the decode table, from their patterns and the registers that their meaning reads. */
export class CaseMaker {
  private readonly random: Random;
  private readonly pools: Pools;
  /** Rows that take a reservation. */
  private readonly reserving: readonly Row[];

  constructor(rows: readonly Row[], random: Random) {
    this.random = random;
    this.pools = makePools(random);
    this.reserving = rows.filter((row) => {
      const { memory } = analyse(decodeWord(this.word(row)).block);
      return memory?.shape.atomicity === 'reserved';
    });
  }

  /** Registers, immediates and all other bits that the pattern leaves open: zeros, ones, one bit, or any. */
  private word(row: Row): number {
    for (let tries = 0; tries < 10_000; tries++) {
      const word = this.fill(row);
      if (!row.where || row.where(extractFields(row.pattern, word))) return word;
    }
    throw new Error(`no word found for ${row.syntax}`);
  }

  private fill({ pattern, syntax }: Row): number {
    const { random } = this;
    let word = pattern.value;
    const alias = random.oneIn(4) ? random.bits() : undefined;
    const numbered = NUMBERED.find((row) => row.syntax.test(syntax));
    const chosen: Readonly<Record<string, number>> = numbered
      ? { ...random.pick(random.oneIn(6) ? numbered.other : numbered.user) }
      : {};
    for (const { name, slices } of pattern.fields) {
      const kind = random.below(8);
      let bits = random.bits();
      if (name in chosen) bits = chosen[name];
      else if (/^R[a-z]/.test(name) && alias !== undefined && random.oneIn(2)) bits = alias;
      else if (kind === 0) bits = 0;
      else if (kind === 1) bits = 0xffff_ffff;
      else if (kind === 2) bits = 1 << random.below(32);
      for (const { from, width, to } of slices) word |= ((bits >>> to) & (2 ** width - 1)) << from;
    }
    return word >>> 0;
  }

  make(row: Row): Case {
    const { random } = this;
    const input = new BigUint64Array(INPUT.words);
    const last = decodeWord(this.word(row));
    const analysis = analyse(last.block);
    this.fillRegisters(input, analysis, row, last);
    for (let i = INPUT.memory; i < INPUT.words; i++) input[i] = random.pick(this.pools.integers);

    const { memory, jump } = analysis;
    const read = (slot: Slot) => (PLACES.has(slot) ? input[place(slot)] : 0n);
    if (memory?.base) input[place(memory.base)] = BigInt.asUintN(64, this.address(memory) - memory.offset(read));
    if (jump?.base && !random.oneIn(16)) {
      input[place(jump.base)] = BigInt.asUintN(64, this.landing() - jump.offset(read));
    }
    // What a SYS operation does with its operand, a helper alone knows: it is an address.
    const [operand] = analysis.reads.filter((slot) => slot !== SP);
    if (last.mnemonic === 'sys' && operand) input[place(operand)] = this.address({ shape: BLOCK, extent: BLOCK.size });
    if (last.mnemonic === 'svc') input[INPUT.x + 8] = NO_SYSTEM_CALL;
    const instructions = [last];
    if (memory?.shape.atomicity === 'conditional' && !random.oneIn(6)) {
      const reserve = this.reserve(memory, input);
      if (reserve) instructions.unshift(reserve);
    }
    const code = new Uint32Array(input.buffer, INPUT.code * 8, 4).fill(BREAKPOINT);
    instructions.forEach(({ bytes }, i) => {
      code[i] = Number.parseInt(bytes, 16);
    });
    return { row, instructions, input };
  }

  /** A load that takes the reservation for a store, or, one time in five, one of other bytes. */
  private reserve(memory: NonNullable<Analysis['memory']>, input: BigUint64Array): Instruction | undefined {
    const { random } = this;
    const { base, shape } = memory;
    if (!base) return undefined;
    const rows = this.reserving.filter(
      (row) => analyse(decodeWord(this.word(row)).block).memory?.shape.size === shape.size,
    );
    const row = random.pick(rows);
    let Rn = base === SP ? 31 : X.indexOf(base);
    const free = [...X.keys()].filter((i) => i !== Rn);
    if (random.oneIn(5)) {
      // The address of other bytes, in another register.
      const other = random.pick(free);
      input[INPUT.x + other] = input[place(base)] ^ BigInt(shape.size);
      Rn = other;
    }
    const address = Rn === 31 ? input[INPUT.sp] : input[INPUT.x + Rn];
    if (address % BigInt(shape.size) !== 0n || address < RAM_END - 0x3000n || address >= RAM_END) return undefined;
    // It must leave the addresses as they are.
    const [Rt, Rt2] = [random.pick(free.filter((i) => i !== Rn)), random.pick(free.filter((i) => i !== Rn))];
    const word = this.word(row);
    const fields = extractFields(row.pattern, word);
    const changed = { ...fields, Rn, Rt, ...('Rt2' in fields && { Rt2: Rt2 === Rt ? (fields.Rs ?? Rt2) : Rt2 }) };
    if (row.where && !row.where(changed)) return undefined;
    return decodeWord(insertFields(row.pattern, changed));
  }

  private fillRegisters(input: BigUint64Array, { reads }: Analysis, row: Row, last: Instruction): void {
    const { random } = this;
    const { integers, lanes, floats } = this.pools;
    for (let i = 0; i < 31; i++) input[INPUT.x + i] = random.pick(integers);
    input[INPUT.sp] = random.pick(integers);
    const widths = widthsOf(last.text(0n));
    const packed = isFloat(row) ? floats : lanes;
    for (let i = 0; i < 64; i++) {
      const width = random.pick(widths);
      input[INPUT.v + i] = random.pick(random.oneIn(12) ? lanes[width] : packed[width]);
    }
    // Operands that are equal, or almost: comparisons, cancellation.
    for (let i = 1; i < reads.length; i++) {
      if (!random.oneIn(4) || reads[i].group !== reads[0].group) continue;
      const halves = reads[i].type === 'v128' ? [0, 1] : [0];
      for (const half of halves) {
        const value = input[place(reads[0]) + half];
        const kind = random.below(4);
        const changed = kind === 0 ? value + 1n : kind === 1 ? value ^ (1n << BigInt(random.pick([31, 63]))) : value;
        input[place(reads[i]) + half] = BigInt.asUintN(64, changed);
      }
    }
    input[INPUT.nzcv] = BigInt(random.below(16)) << 28n;
    input[INPUT.fpcr] = BigInt(random.oneIn(3) ? 0 : random.bits() & FPCR_BITS);
    input[INPUT.fpsr] = BigInt(random.oneIn(2) ? 0 : random.bits() & FPSR_BITS);
  }

  /** Where an access goes: in a window, at any alignment the instruction may have, or over the end of memory. */
  private address({ shape, extent }: Extent): bigint {
    const { random } = this;
    const window = random.pick(WINDOWS);
    const span = Math.max(0, window.size - extent);
    const kind = random.below(16);
    if (kind === 0) return RAM_END - BigInt(random.below(extent));
    if (kind === 1) return RAM_END + BigInt(random.below(1024) * 8);
    const aligned = kind < 10 || (shape.atomicity !== 'plain' && kind < 15);
    const offset = random.below(span + 1);
    return window.base + BigInt(aligned ? offset & -shape.size : offset);
  }

  /** Somewhere to jump to, odd addresses too. */
  private landing(): bigint {
    const { random } = this;
    const distance = random.oneIn(2) ? random.below(64) : random.below(0x10_0000);
    const target = CODE + BigInt(random.oneIn(2) ? distance + 16 : -distance - 4);
    return random.oneIn(8) ? target : target & ~3n;
  }
}
