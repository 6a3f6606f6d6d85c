import { extractFields, insertFields, type Pattern, type Row } from '../../../../machine/decode/index.ts';
import type { Slot } from '../../../../machine/ir/index.ts';
import type { Instruction } from '../../../../machine/isa.ts';
import { decode } from '../../../../machine/riscv/decode.ts';
import { F, X } from '../../../../machine/riscv/registers.ts';
import { type Analysis, analyse } from '../../semantics/analysis.ts';
import type { Case } from '../../semantics/case.ts';
import type { Random } from '../../semantics/random.ts';
import { BREAKPOINT, CODE, INPUT, RAM_END, WINDOWS } from './layout.ts';
import { makePools, type Pools } from './operands.ts';

/** Unprivileged CSRs: fflags, frm and fcsr, and once in a while one that only reads, or that is not for user mode. */
const CSRS = [1, 2, 3];
const OTHER_CSRS = [0xc00, 0xc01, 0xc02, 0x100, 0x180, 0x300, 0x341, 0x7c0, 0xf14];
/** Linux's number of no system call. */
const NO_SYSTEM_CALL = 0x7fffn;

const X_INDEX = new Map(X.map((slot, i) => [slot, i] as const).slice(1));
const F_INDEX = new Map(F.map((slot, i) => [slot, i] as const));

/** Where a register's value lies in a case's input. */
function place(slot: Slot): number {
  const x = X_INDEX.get(slot);
  if (x !== undefined) return INPUT.x + x - 1;
  const f = F_INDEX.get(slot);
  if (f === undefined) throw new Error(`${slot.name} is not a register of the outsider's`);
  return INPUT.f + f;
}

const bytesOf = (word: number) => new Uint8Array(new Uint32Array([word]).buffer);

/** The instruction that the bits are. */
export function decodeWord(word: number): Instruction {
  const instruction = decode(bytesOf(word));
  if (typeof instruction === 'number') throw new Error('four bytes are enough');
  return instruction;
}

/** Makes cases for rows of the decode tables, from their patterns and the registers that their meaning reads. */
export class CaseMaker {
  private readonly random: Random;
  private readonly pools: Pools;
  private readonly loadReserved: ReadonlyMap<number, Row>;

  constructor(rows: readonly Row[], random: Random) {
    this.random = random;
    this.pools = makePools(random);
    const reserved = rows
      .map((row) => [analyse(decodeWord(row.pattern.value).block).memory?.shape, row] as const)
      .filter(([shape]) => shape?.atomicity === 'reserved');
    this.loadReserved = new Map(reserved.map(([shape, row]) => [shape!.size, row]));
  }

  /** Registers, immediates and all other bits that the pattern leaves open: zeros, ones, one bit, or any. */
  word(row: Row): number {
    const { random } = this;
    for (let tries = 0; tries < 1000; tries++) {
      const word = this.fill(row.pattern);
      // A reserved rounding mode is no instruction of the row's, and yet a case: it must be illegal.
      const reserved = row.pattern.fields.some(({ name }) => name === 'rm') && random.oneIn(30);
      if (reserved || !row.where || row.where(extractFields(row.pattern, word))) return word;
    }
    throw new Error(`no word found for ${row.syntax}`);
  }

  private fill(pattern: Pattern): number {
    const { random } = this;
    let word = pattern.value;
    const alias = random.oneIn(4) ? random.bits() : undefined;
    for (const { name, slices } of pattern.fields) {
      const kind = random.below(8);
      let bits = random.bits();
      if (name === 'csr') bits = random.oneIn(6) ? random.pick(OTHER_CSRS) : random.pick(CSRS);
      else if (name === 'rm') bits = random.oneIn(3) ? 7 : random.below(8);
      else if (/^r[ds]/.test(name) && alias !== undefined && random.oneIn(2)) bits = alias;
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
    this.fillRegisters(input, analysis, row);
    input[INPUT.fcsr] = BigInt(
      ((random.oneIn(10) ? random.below(8) : random.below(5)) << 5) | (random.oneIn(2) ? 0 : random.below(32)),
    );
    for (let i = INPUT.memory; i < INPUT.words; i++) input[i] = random.pick(this.pools.integers);

    const { memory, jump } = analysis;
    if (memory?.base) input[place(memory.base)] = BigInt.asUintN(64, this.address(analysis) - memory.offset(() => 0n));
    if (jump?.base && !random.oneIn(16))
      input[place(jump.base)] = BigInt.asUintN(64, this.landing() - jump.offset(() => 0n));
    if (last.mnemonic === 'ecall') input[INPUT.x + 16] = NO_SYSTEM_CALL;
    const instructions = [last];
    const conditional = memory?.shape.atomicity === 'conditional' && memory.base;
    if (conditional && !random.oneIn(6)) {
      const reserve = this.reserve(memory.base, memory.shape.size, input);
      if (reserve) instructions.unshift(reserve);
    }
    const code = new Uint8Array(input.buffer, INPUT.code * 8, 16);
    for (let i = 0; i < 16; i += 2) code.set(bytesOf(BREAKPOINT).subarray(0, 2), i);
    let at = 0;
    for (const { bytes, length } of instructions) {
      code.set(bytesOf(Number.parseInt(bytes, 16)).subarray(0, length), at);
      at += length;
    }
    return { row, instructions, input };
  }

  /** An LR that takes the reservation for an SC, or, one time in five, one of other bytes. */
  private reserve(base: Slot, size: number, input: BigUint64Array): Instruction | undefined {
    const { random } = this;
    const row = this.loadReserved.get(size)!;
    let rs1 = X_INDEX.get(base)!;
    // It must leave the address as it is.
    const rd = random.pick([0, ...X.keys()].filter((i) => i !== rs1));
    if (random.oneIn(5)) {
      const other = 1 + random.below(31);
      if (other !== rs1) {
        input[INPUT.x + other - 1] = input[INPUT.x + rs1 - 1] ^ BigInt(size);
        rs1 = other;
      }
    }
    const address = input[INPUT.x + rs1 - 1];
    if (address % BigInt(size) !== 0n || address < RAM_END - 0x3000n || address >= RAM_END) return undefined;
    return decodeWord(insertFields(row.pattern, { rd, rs1, aq: random.below(2), rl: random.below(2) }));
  }

  private fillRegisters(input: BigUint64Array, { reads }: Analysis, { syntax }: Row): void {
    const { random } = this;
    const { integers, singles, doubles } = this.pools;
    const own = /\.s\b|\.w\.x|flw|fsw/.test(syntax) ? singles : doubles;
    const float = () => (random.oneIn(10) ? random.pick([singles, doubles, integers]) : own);
    for (let i = 0; i < 31; i++) input[INPUT.x + i] = random.pick(integers);
    for (let i = 0; i < 32; i++) input[INPUT.f + i] = random.pick(float());
    // Operands that are equal, or almost: comparisons, cancellation.
    for (let i = 1; i < reads.length; i++) {
      if (!random.oneIn(4) || reads[i].group !== reads[0].group) continue;
      const value = input[place(reads[0])];
      const kind = random.below(4);
      const changed = kind === 0 ? value + 1n : kind === 1 ? value ^ (1n << BigInt(random.pick([31, 63]))) : value;
      input[place(reads[i])] = BigInt.asUintN(64, changed);
    }
  }

  /** Where an access goes: in a window, at any alignment the instruction may have, or over the end of memory. */
  private address({ memory }: Analysis): bigint {
    const { random } = this;
    const { shape } = memory!;
    const window = random.pick(WINDOWS);
    const span = window.size - shape.size;
    const kind = random.below(16);
    if (kind === 0) return RAM_END - BigInt(random.below(shape.size));
    if (kind === 1) return RAM_END + BigInt(random.below(1024) * 8);
    const aligned = kind < 10 || (shape.atomicity !== 'plain' && kind < 15);
    const offset = random.below(span + 1);
    return window.base + BigInt(aligned ? offset & -shape.size : offset);
  }

  /** Somewhere to jump to, odd addresses too. */
  private landing(): bigint {
    const { random } = this;
    const distance = random.oneIn(2) ? random.below(64) : random.below(0x10_0000);
    return CODE + BigInt(random.oneIn(2) ? distance + 16 : -distance - 4);
  }
}
