import { decodeOperands } from '../../../../machine/x86/decode.ts';
import type { Decoded } from '../../../../machine/x86/decoded.ts';
import { CODE_64 } from '../../../../machine/x86/registers.ts';
import type { Row } from '../../../../machine/x86/row.ts';
import { makePools, type Pools, type Width } from '../../semantics/pools.ts';
import type { Random } from '../../semantics/random.ts';
import type { Case } from './case.ts';
import { displacementAt, encode, isNearBranch } from './encode.ts';
import { BREAKPOINT, CODE, FX, INPUT, RAM_END, WINDOWS } from './layout.ts';
import { randomExtended, randomFloatControl, randomMxcsr } from './operands.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;
const RSP = 4;
const RBP = 5;
const RSI = 6;
const RDI = 7;
/** IF and bit 1, which are always set in a Linux process; the flags that a case may begin with. */
const RFLAGS = 0x202n;
const STATUS = 0xcd5;
/** What POPF must not set: TF would step through the breakpoint behind. */
const TF = 0x100n;

const u64 = (value: bigint) => BigInt.asUintN(64, value);
/** The inverses of 3, 5 and 9 modulo 2^64, by the scale of an index that is the base too. */
const INVERSES = [0n, 0xaaaa_aaaa_aaaa_aaabn, 0xcccc_cccc_cccc_cccdn, 0x8e38_e38e_38e3_8e39n];

/** Instructions that divide, whose quotient must often fit. */
const DIVIDES = /^i?div$/;
const SHIFTS_STACK = /^(push|pop|call|ret|leave|enter)/;
const BIT_STRING = /^bt[src]?$/;

/** What an instruction's vectors hold: elements of that many bits, numbers or not. */
function elementsOf({ mnemonic }: Row): { float: boolean; widths: readonly Width[] } {
  if (/^(p|mov|mask|ldd|pack)/.test(mnemonic)) {
    const width = { b: 8, w: 16, d: 32, q: 64 }[mnemonic.at(-1) ?? ''] as Width | undefined;
    return { float: false, widths: width ? [width, 8, 16] : [8, 16, 32, 64] };
  }
  if (/(ss|ps)$|^cvt.*(ss|ps)|2s[si]/.test(mnemonic)) return { float: true, widths: [32, 32, 64] };
  if (/(sd|pd)$|^cvt/.test(mnemonic)) return { float: true, widths: [64, 64, 32] };
  return { float: true, widths: [32, 64] };
}

/** Makes cases for rows, from their encodings and the operands that these name. */
export class CaseMaker {
  private readonly random: Random;
  private readonly pools: Pools;

  constructor(random: Random) {
    this.random = random;
    this.pools = makePools(random);
  }

  make(row: Row): Case {
    const { random } = this;
    const input = new BigUint64Array(INPUT.words);
    let instruction = encode(row, random);
    this.fillRegisters(input, row);
    this.fillSpecial(input, instruction);
    if (isNearBranch(row)) instruction = this.aimBranch(input, instruction);
    const place = this.pickAddress(instruction);
    if (instruction.address) instruction = this.aim(input, instruction, place);
    // Of a stack pointer that is no address virtual machines make a #GP of their own.
    input[INPUT.r + RSP] = u64(BigInt.asIntN(47, input[INPUT.r + RSP]));
    this.fillMemory(input, instruction);
    const code = new Uint8Array(input.buffer, INPUT.code * 8, 16).fill(BREAKPOINT);
    code.set(instruction.bytes);
    return { row, instruction, input };
  }

  private fillRegisters(input: BigUint64Array, row: Row): void {
    const { random } = this;
    const { integers, lanes, floats } = this.pools;
    const alike = random.oneIn(4) ? random.pick(integers) : undefined;
    for (let i = 0; i < 16; i++) {
      const value = random.pick(integers);
      input[INPUT.r + i] = alike !== undefined && random.oneIn(2) ? u64(alike + BigInt(random.below(3) - 1)) : value;
    }
    input[INPUT.rflags] = RFLAGS | BigInt(random.bits() & STATUS);
    const { float, widths } = elementsOf(row);
    const packed = float ? floats : lanes;
    const vector = () => {
      const width = random.pick(widths);
      return random.pick(random.oneIn(12) ? lanes[width] : packed[width]);
    };
    for (let i = FX.xmm; i < FX.words; i++) {
      const same = i >= FX.xmm + 2 && random.oneIn(6);
      input[INPUT.fx + i] = same ? input[INPUT.fx + i - 2] : vector();
    }
    input[INPUT.fx] = randomFloatControl(random);
    input[INPUT.fx + FX.mxcsr] = randomMxcsr(random);
    for (let i = 0; i < 8; i++) {
      const mmx = row.operands.some((code) => /^[PQN][a-z]+$/.test(code));
      const [low, high] = mmx ? [vector(), 0xffffn] : randomExtended(random);
      input[INPUT.fx + FX.st + 2 * i] = low;
      input[INPUT.fx + FX.st + 2 * i + 1] = high;
    }
  }

  /** Registers that an instruction takes without naming them. */
  private fillSpecial(input: BigUint64Array, { row, operands }: Decoded): void {
    const { random } = this;
    const { mnemonic } = row;
    const set = (register: number, value: bigint) => {
      input[INPUT.r + register] = u64(value);
    };
    const somewhere = (size: number) => this.somewhere(size, random.oneIn(2) ? size : 1);
    if (SHIFTS_STACK.test(mnemonic)) {
      if (!random.oneIn(12)) set(RSP, somewhere(8));
      if (mnemonic === 'leave' || mnemonic === 'enter') if (!random.oneIn(12)) set(RBP, somewhere(8));
    }
    if (operands.some(({ kind }) => kind === 'string')) {
      set(RSI, somewhere(8));
      set(RDI, somewhere(8));
      set(RCX, BigInt(random.below(10)));
    }
    if (mnemonic === 'fscale' && random.oneIn(2)) this.fillScale(input);
    if (mnemonic === 'xlat') set(RBX, somewhere(1) - BigInt.asUintN(8, input[INPUT.r + RAX]));
    if (/^maskmov/.test(mnemonic)) set(RDI, somewhere(16));
    if (/^(loop|j[er]?cxz)/.test(mnemonic) && random.oneIn(2)) set(RCX, BigInt(random.below(3)));
    if (/^(pcmpestr)/.test(mnemonic)) {
      for (const register of [RAX, RDX]) if (!random.oneIn(6)) set(register, BigInt(random.below(40) - 20));
    }
    if (DIVIDES.test(mnemonic) && !random.oneIn(4)) set(RDX, random.oneIn(3) ? -1n : BigInt(random.below(8)));
    if (row.operands.includes('CL') && random.oneIn(2)) set(RCX, BigInt(random.below(70)));
    if (BIT_STRING.test(mnemonic) && operands[0].kind === 'memory' && operands[1].kind === 'register') {
      if (!random.oneIn(8)) set(operands[1].number, BigInt(random.below(400) - 200));
    }
  }

  /** ST(1) for FSCALE: about where results overflow and underflow, and where they do with their exponent changed too. */
  private fillScale(input: BigUint64Array): void {
    const { random } = this;
    const at = INPUT.fx + FX.st;
    const exponent = Number(input[at + 1] & 0x7fffn) - 0x3fff;
    const edge = random.pick([16384, 16384 + 24576, -16383, -16446, -16383 - 24576, -16446 - 24576]);
    const power = edge - exponent + random.below(7) - 3;
    const shift = 63 - Math.floor(Math.log2(Math.abs(power) || 1));
    input[at + 2] = BigInt(Math.abs(power) || 1) << BigInt(shift);
    input[at + 3] = BigInt((power < 0 ? 0x8000 : 0) | (0x3fff + 63 - shift));
  }

  /** In a window, at any alignment, or over the end of memory. */
  private somewhere(size: number, alignment: number): bigint {
    const { random } = this;
    if (random.oneIn(24)) return RAM_END - BigInt(random.below(Math.max(1, size)));
    const window = random.pick(WINDOWS);
    const offset = random.below(Math.max(0, window.size - size) + 1);
    return window.base + BigInt(offset - (offset % Math.max(1, alignment)));
  }

  private pickAddress({ operands, row }: Decoded): bigint {
    const { random } = this;
    const operand = operands.find(({ kind }) => kind === 'memory');
    const named = operand && 'size' in operand ? operand.size : 0;
    const size = named || (/^f?n?(save|rstor)$/.test(row.mnemonic) ? 108 : 28);
    const address = this.somewhere(size, random.oneIn(5) ? 1 : Math.min(size, 16));
    // Bit strings go on to both sides.
    return BIT_STRING.test(row.mnemonic) ? WINDOWS[0].base + BigInt(32 + random.below(64)) : address;
  }

  /** Chooses registers or the displacement so that the instruction's memory operand lies at an address. */
  private aim(input: BigUint64Array, instruction: Decoded, target: bigint): Decoded {
    const { address, addressSize } = instruction;
    if (!address) return instruction;
    const { base, index, scale, displacement } = address;
    const set = (register: number, value: bigint) => {
      const high = addressSize === 8 ? 0n : this.random.bits64() & 0xffff_ffff_0000_0000n;
      input[INPUT.r + register] = addressSize === 8 ? u64(value) : high | BigInt.asUintN(32, value);
    };
    const get = (register: number) => input[INPUT.r + register];
    if (typeof base === 'number') {
      if (index === undefined) set(base, target - displacement);
      else if (index !== base) set(base, target - displacement - (get(index) << BigInt(scale)));
      else if (scale === 0) set(base, (target - displacement) >> 1n);
      else set(base, (target - displacement) * INVERSES[scale]);
      return instruction;
    }
    if (index !== undefined) {
      set(index, u64(target - displacement) >> BigInt(scale));
      return instruction;
    }
    const from = base === 'rip' ? CODE + BigInt(instruction.length) : 0n;
    const offset = instruction.row.opcode.modrm.kind === 'none';
    const at = offset ? instruction.length - instruction.addressSize : displacementAt(instruction);
    return patched(instruction, at, offset ? instruction.addressSize : 4, target - from);
  }

  /** Somewhere to jump to. */
  private landing(): bigint {
    const { random } = this;
    if (random.oneIn(16)) return random.pick(this.pools.integers);
    const distance = random.oneIn(2) ? random.below(64) : random.below(0x7_0000);
    return CODE + BigInt(random.oneIn(2) ? distance + 16 : -distance - 1);
  }

  private aimBranch(input: BigUint64Array, instruction: Decoded): Decoded {
    const [operand] = instruction.operands;
    if (operand?.kind === 'register') input[INPUT.r + operand.number] = this.landing();
    if (operand?.kind === 'relative' && instruction.row.operands[0] === 'Jz' && !this.random.oneIn(8)) {
      return patched(instruction, instruction.length - 4, 4, this.landing() - CODE);
    }
    return instruction;
  }

  private fillMemory(input: BigUint64Array, { row, operands }: Decoded): void {
    const { random } = this;
    const { integers, lanes, floats } = this.pools;
    const { float, widths } = elementsOf(row);
    const vector = operands.some(({ kind }) => kind === 'xmm' || kind === 'mmx');
    const x87 = /^f/.test(row.mnemonic) && !vector;
    for (let i = INPUT.memory; i < INPUT.words; i++) {
      const width = random.pick(widths);
      if (vector) input[i] = random.pick(float ? floats[width] : lanes[width]);
      else if (x87) input[i] = random.pick(random.oneIn(2) ? floats[random.oneIn(2) ? 32 : 64] : integers);
      else if (isNearBranch(row) && !random.oneIn(8)) input[i] = this.landing();
      else input[i] = random.pick(integers);
    }
    if (x87 && random.oneIn(2)) this.fillExtended(input, row);
    if (/^popf/.test(row.mnemonic)) this.clearAt(input, input[INPUT.r + RSP], TF);
    if (/^cmpxchg/.test(row.mnemonic) && random.oneIn(2)) this.equalise(input, operands);
  }

  /** Numbers of 80 bits, packed decimals, in both windows at any of their places. */
  private fillExtended(input: BigUint64Array, row: Row): void {
    const { random } = this;
    const bytes = new DataView(input.buffer, INPUT.memory * 8);
    for (let at = 0; at + 10 <= bytes.byteLength; at += row.operands.includes('Mt') ? 2 : 10) {
      if (random.oneIn(3)) continue;
      const [low, high] = randomExtended(random);
      bytes.setBigUint64(at, low, true);
      bytes.setUint16(at + 8, Number(high), true);
    }
    if (row.mnemonic !== 'fbld') return;
    for (let at = 0; at < bytes.byteLength; at++) {
      const digit = () => (random.oneIn(200) ? random.below(16) : random.below(10));
      bytes.setUint8(at, (digit() << 4) | digit());
    }
  }

  private clearAt(input: BigUint64Array, address: bigint, bits: bigint): void {
    let at = INPUT.memory * 8;
    for (const { base, size } of WINDOWS) {
      const offset = Number(BigInt.asIntN(52, address - base));
      if (offset >= 0 && offset < size) {
        const bytes = new Uint8Array(input.buffer, at, size);
        for (let k = 0; k < 8 && offset + k < size; k++)
          bytes[offset + k] &= ~Number((bits >> BigInt(8 * k)) & 0xffn) & 0xff;
      }
      at += size;
    }
  }

  /** What CMPXCHG and its like compare is equal, wherever it lies. */
  private equalise(input: BigUint64Array, operands: Decoded['operands']): void {
    const value = this.random.pick(this.pools.integers);
    if (operands[0].kind === 'register') {
      input[INPUT.r + RAX] = input[INPUT.r + operands[0].number];
      return;
    }
    const half = this.random.oneIn(2) ? value : u64((value << 32n) | (value & 0xffff_ffffn));
    for (let i = INPUT.memory; i < INPUT.words; i++) input[i] = half;
    input[INPUT.r + RAX] = half;
    input[INPUT.r + RDX] = half;
  }
}

/** The same instruction with another displacement. */
function patched(instruction: Decoded, at: number, size: number, value: bigint): Decoded {
  const bytes = instruction.bytes.slice();
  for (let k = 0; k < size; k++) bytes[at + k] = Number((value >> BigInt(8 * k)) & 0xffn);
  const decoded = decodeOperands(bytes, CODE_64);
  if (typeof decoded === 'number' || 'refused' in decoded)
    throw new Error(`${instruction.row.mnemonic}: no displacement`);
  return decoded;
}
