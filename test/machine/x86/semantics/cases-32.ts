import { decodeOperands } from '../../../../machine/x86/decode.ts';
import type { Decoded } from '../../../../machine/x86/decoded.ts';
import { trailingBytes } from '../../../../machine/x86/operand-codes.ts';
import { CODE_32 } from '../../../../machine/x86/registers.ts';
import type { Row } from '../../../../machine/x86/row.ts';
import { makePools, type Pools } from '../../semantics/pools.ts';
import type { Random } from '../../semantics/random.ts';
import type { Case } from './case.ts';
import { BREAKPOINT, CODE, INPUT, RAM_END, SEGMENTS_32, WINDOWS } from './layout.ts';

const [EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI] = [0, 1, 2, 3, 4, 5, 6, 7];
const EFLAGS = 0x202n;
const STATUS = 0xcd5;
const TF = 0x100n;
const FS_PREFIX = 0x64;
const MAPS = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]] as const;
const IMMEDIATES = [0, 1, 2, 3, 4, 7, 8, 9, 10, 15, 16, 31, 32, 33, 0x7f, 0x80, 0x99, 0x9a, 0xff];
/** Loadable ones, null ones, code, and what is no descriptor. */
const SELECTORS = [SEGMENTS_32.data, SEGMENTS_32.fs, SEGMENTS_32.data, 0, 3, SEGMENTS_32.code, 0x2a, 0xfff3];
const FAR_SELECTORS = [SEGMENTS_32.code, SEGMENTS_32.code, SEGMENTS_32.code, SEGMENTS_32.data, 0, 0xfff3];

const u32 = (value: bigint): bigint => BigInt.asUintN(32, value);
const mayBeMemory = (code: string): boolean => /^[EM][a-z]*$/.test(code);
const mustBeMemory = (code: string): boolean => /^M[a-z]*$/.test(code);
const isBranch = (row: Row): boolean =>
  row.operands.some((code) => code.startsWith('J')) || /^(jmp|call|ret)$/.test(row.mnemonic);
const isFar = (row: Row): boolean =>
  /^(retf|iret)$/.test(row.mnemonic) || row.operands.some((code) => /^(Ap|Mp)$/.test(code));
const loadsSegment = (row: Row): boolean =>
  /^l[defgs]s$/.test(row.mnemonic) ||
  (/^(pop|mov)$/.test(row.mnemonic) && /^([DEFGS]S|Sw)$/.test(row.operands[0] ?? ''));
const usesStack = (row: Row): boolean => /^(push|pop|call|ret|leave|enter|iret)/.test(row.mnemonic);

/** Makes cases of 32-bit code, in protected or compatibility mode alike, from rows' encodings. */
export class CaseMaker32 {
  private readonly random: Random;
  private readonly pools: Pools;

  constructor(random: Random) {
    this.random = random;
    this.pools = makePools(random);
  }

  make(row: Row): Case {
    const { random } = this;
    const input = new BigUint64Array(INPUT.words);
    for (let i = 0; i < 8; i++) input[INPUT.r + i] = u32(random.pick(this.pools.integers));
    input[INPUT.rflags] = EFLAGS | BigInt(random.bits() & STATUS);
    let instruction = this.encode(row);
    this.fillSpecial(input, instruction);
    instruction = this.aim(input, instruction, this.pickAddress(instruction));
    instruction = this.aimBranch(input, instruction);
    this.fillMemory(input, instruction);
    const code = new Uint8Array(input.buffer, INPUT.code * 8, 16).fill(BREAKPOINT);
    code.set(instruction.bytes);
    return { row, instruction, input };
  }

  /** An encoding with what the opcode leaves open: prefixes, ModRM of 16 and 32 bits, immediates. */
  private encode(row: Row): Decoded {
    for (let tries = 0; tries < 1000; tries++) {
      const decoded = decodeOperands(this.fill(row), CODE_32);
      if (typeof decoded === 'number' || 'refused' in decoded || decoded.row !== row) continue;
      return decoded;
    }
    throw new Error(`no encoding found for ${row.opcode.source} ${row.mnemonic}`);
  }

  private fill(row: Row): Uint8Array {
    const { random } = this;
    const { opcode, operands } = row;
    const { prefix, map, first, count, modrm: form } = opcode;
    const memory = operands.some(mustBeMemory) || (operands.some(mayBeMemory) && random.oneIn(2));
    const bytes: number[] = [];
    const offset = operands.some((code) => code.startsWith('O'));
    const short = (memory || offset || row.repeat || isBranch(row) || row.mnemonic === 'xlat') && random.oneIn(3);
    if (short && !random.oneIn(8)) bytes.push(FS_PREFIX);
    else if (random.oneIn(16)) bytes.push(random.pick([0x64, 0x65, 0x2e, 0x3e, 0x26, 0x36]));
    if (memory && row.lock && random.oneIn(4)) bytes.push(0xf0);
    if (short) bytes.push(0x67);
    const sized = prefix === undefined || prefix === 'NFx';
    const in66 = prefix === '66' || (sized && random.oneIn(3)) || (/^F[23]$/.test(prefix ?? '') && random.oneIn(8));
    if (in66) bytes.push(0x66);
    if (prefix === 'F2' || prefix === 'F3') bytes.push(Number.parseInt(prefix, 16));
    else if (row.repeat && random.oneIn(2)) bytes.push(row.repeat === 'repe' && random.oneIn(2) ? 0xf2 : 0xf3);
    const op = first + random.below(count);
    bytes.push(...MAPS[map], op);
    let modrm = 0;
    if (form.kind === 'fixed') {
      modrm = form.from + random.below(form.count);
      bytes.push(modrm);
    } else if (form.kind !== 'none') {
      const reg = form.kind === 'digit' ? form.digit : random.below(8);
      modrm = ((memory ? random.below(3) : 3) << 6) | (reg << 3) | random.below(8);
      bytes.push(modrm, ...(memory ? this.address(modrm, short) : []));
    }
    const operandSize = in66 ? 2 : 4;
    const sizes = { operandSize, addressSize: short ? 2 : 4, rex: 0, opcode: op, modrm, long: false } as const;
    for (const code of operands) {
      const more = code === 'Ap' ? 2 : 0;
      for (let left = trailingBytes(code, sizes)[0] + more; left > 0; left--) {
        bytes.push(random.oneIn(3) ? random.pick(IMMEDIATES) : random.below(256));
      }
    }
    return Uint8Array.from([...bytes, ...Array.from({ length: 15 }, () => 0)].slice(0, 15));
  }

  /** SIB and displacement. */
  private address(modrm: number, short: boolean): number[] {
    const { random } = this;
    const [mod, rm] = [modrm >> 6, modrm & 7];
    const some = (size: number) => Array.from({ length: size }, () => random.below(256));
    if (short) return some(mod === 1 ? 1 : mod === 2 || rm === 6 ? 2 : 0);
    const sib = rm === 4 ? [random.below(256)] : [];
    const base = sib.length > 0 ? sib[0] & 7 : rm;
    return [...sib, ...some(mod === 1 ? 1 : mod === 2 || base === 5 ? 4 : 0)];
  }

  private fillSpecial(input: BigUint64Array, { row, operands, addressSize, segment }: Decoded): void {
    const { random } = this;
    const { mnemonic } = row;
    const set = (register: number, value: bigint) => {
      input[INPUT.r + register] = u32(value);
    };
    const pointer = (size: number, base: bigint) => {
      const at = this.somewhere(size) - base;
      if (addressSize === 4) return at;
      return (this.random.bits64() & 0xffff_0000n) | BigInt.asUintN(16, at);
    };
    const base = segment === 4 ? SEGMENTS_32.fsBase : 0n;
    if (usesStack(row) && !random.oneIn(12)) set(ESP, this.somewhere(random.oneIn(4) ? 32 : 8));
    if (/^(leave|enter)$/.test(mnemonic) && !random.oneIn(12)) set(EBP, this.somewhere(8));
    if (operands.some(({ kind }) => kind === 'string')) {
      set(ESI, pointer(8, base));
      set(EDI, pointer(8, 0n));
      set(ECX, BigInt(random.below(10)) | (addressSize === 2 ? 0x5_0000n : 0n));
    }
    if (mnemonic === 'xlat') set(EBX, pointer(1, base) - BigInt.asUintN(8, input[INPUT.r + EAX]));
    if (/^(loop|j[er]?cxz)/.test(mnemonic) && random.oneIn(2)) {
      set(ECX, BigInt(random.below(3)) | (random.oneIn(2) ? 0x1_0000n : 0n));
    }
    if (/^i?div$/.test(mnemonic) && !random.oneIn(4)) set(EDX, random.oneIn(3) ? -1n : BigInt(random.below(8)));
    if (row.operands.includes('CL') && random.oneIn(2)) set(ECX, BigInt(random.below(70)));
    if (/^bt[src]?$/.test(mnemonic) && operands[0].kind === 'memory' && operands[1].kind === 'register') {
      if (!random.oneIn(8)) set(operands[1].number, BigInt(random.below(400) - 200));
    }
    if (mnemonic === 'mov' && row.operands[0] === 'Sw' && operands[1].kind === 'register') {
      set(operands[1].number, BigInt(random.pick(SELECTORS)) | (random.bits64() & 0xffff_0000n));
    }
    if (mnemonic === 'bound' && operands[0].kind === 'register' && random.oneIn(2)) {
      set(operands[0].number, BigInt(random.below(12) - 6));
    }
  }

  /** In a window, at any alignment, or over the end of memory. */
  private somewhere(size: number): bigint {
    const { random } = this;
    if (random.oneIn(24)) return RAM_END - BigInt(random.below(size));
    const window = random.pick(WINDOWS);
    return window.base + BigInt(random.below(window.size - size + 1));
  }

  private pickAddress({ operands, row }: Decoded): bigint {
    const operand = operands.find(({ kind }) => kind === 'memory');
    const size = operand && 'size' in operand ? operand.size : 0;
    if (/^bt[src]?$/.test(row.mnemonic)) return WINDOWS[0].base + BigInt(32 + this.random.below(64));
    return this.somewhere(Math.max(1, size));
  }

  /** Chooses registers or the displacement so that the memory operand lies at an address. */
  private aim(input: BigUint64Array, instruction: Decoded, target: bigint): Decoded {
    const { address, addressSize, row } = instruction;
    if (!address) return instruction;
    const { base, index, scale, displacement, segment } = address;
    const offset = target - (segment === 4 ? SEGMENTS_32.fsBase : 0n);
    const bits = addressSize * 8;
    const get = (register: number) => input[INPUT.r + register];
    const set = (register: number, value: bigint) => {
      const kept = get(register) & ~((1n << BigInt(bits)) - 1n);
      input[INPUT.r + register] = u32(kept | BigInt.asUintN(bits, value));
    };
    if (typeof base === 'number') {
      const rest = index === undefined ? 0n : get(index) << BigInt(scale);
      if (index === base && scale === 0) set(base, (offset - displacement) >> 1n);
      else if (index !== base) set(base, offset - displacement - rest);
      return instruction;
    }
    if (index !== undefined) {
      set(index, u32(offset - displacement) >> BigInt(scale));
      return instruction;
    }
    const at = row.opcode.modrm.kind === 'none' ? instruction.length - addressSize : displacementAt(instruction);
    return patched(instruction, at, addressSize, offset);
  }

  /** Somewhere to go on at; 16 bits of it where the operand size has no more. */
  private landing(): bigint {
    const { random } = this;
    if (random.oneIn(16)) return u32(random.pick(this.pools.integers));
    return CODE + BigInt(random.oneIn(2) ? random.below(0x7_0000) + 16 : -random.below(0x7_0000) - 1);
  }

  private aimBranch(input: BigUint64Array, instruction: Decoded): Decoded {
    const { row, operands, operandSize, length } = instruction;
    const [operand] = operands;
    if (isBranch(row) && operand?.kind === 'register') input[INPUT.r + operand.number] = this.landing();
    if (row.operands[0] === 'Jz' && operandSize === 4 && !this.random.oneIn(8)) {
      return patched(instruction, length - 4, 4, this.landing() - CODE);
    }
    if (row.operands[0] === 'Ap') {
      const far = patched(instruction, length - 2, 2, BigInt(this.random.pick(FAR_SELECTORS)));
      return operandSize === 4 ? patched(far, length - 6, 4, this.landing()) : far;
    }
    return instruction;
  }

  private fillMemory(input: BigUint64Array, instruction: Decoded): void {
    const { random } = this;
    const { integers } = this.pools;
    const { row } = instruction;
    const small = row.mnemonic === 'bound' && random.oneIn(2);
    for (let i = INPUT.memory; i < INPUT.words; i++) {
      const half = () => (small ? u32(BigInt(random.below(16) - 8)) : u32(random.pick(integers)));
      input[i] =
        isBranch(row) && !random.oneIn(8) ? this.landing() | (this.landing() << 32n) : half() | (half() << 32n);
    }
    const at = this.placeOf(input, instruction);
    if (isFar(row) || loadsSegment(row)) this.putFar(input, instruction, at);
    if (/^popf/.test(row.mnemonic)) this.put(input, at, 4, this.word(input, at) & ~TF);
    if (/^cmpxchg/.test(row.mnemonic) && random.oneIn(2)) {
      const value = u32(random.pick(integers));
      for (let i = INPUT.memory; i < INPUT.words; i++) input[i] = value | (value << 32n);
      input[INPUT.r + EAX] = value;
      input[INPUT.r + EDX] = value;
    }
  }

  /** Where the instruction reads: its operand in memory, or the stack's top. */
  private placeOf(input: BigUint64Array, { address, addressSize, row }: Decoded): bigint {
    if (!address || usesStack(row)) if (!/^(call|jmp)$/.test(row.mnemonic) || !address) return input[INPUT.r + ESP];
    if (!address) return 0n;
    const { base, index, scale, displacement, segment } = address;
    const register = (number: number | 'rip' | undefined) =>
      typeof number === 'number' ? input[INPUT.r + number] : 0n;
    const offset = register(base) + (register(index) << BigInt(scale)) + displacement;
    return BigInt.asUintN(addressSize * 8, offset) + (segment === 4 ? SEGMENTS_32.fsBase : 0n);
  }

  /** A far pointer, the frame of RETF and IRET, or a selector. */
  private putFar(input: BigUint64Array, { row, operandSize }: Decoded, at: bigint): void {
    const { random } = this;
    const far = isFar(row) && !loadsSegment(row);
    const pointer = row.operands.includes('Mp') || far;
    if (far) this.put(input, at, operandSize, this.landing());
    const selector = BigInt(random.pick(far ? FAR_SELECTORS : SELECTORS));
    this.put(input, pointer ? at + BigInt(operandSize) : at, 2, selector);
    if (row.mnemonic !== 'iret') return;
    const flags = at + BigInt(2 * operandSize);
    // NT would ask for a task switch at the next one, TF step, VM ask for a mode that is not there.
    this.put(input, flags, operandSize, BigInt(random.bits() & STATUS) | EFLAGS);
  }

  private bytesAt(input: BigUint64Array, address: bigint, size: number): Uint8Array | undefined {
    let from = INPUT.memory * 8;
    for (const { base, size: length } of WINDOWS) {
      const offset = Number(address - base);
      if (offset >= 0 && offset + size <= length) return new Uint8Array(input.buffer, from + offset, size);
      from += length;
    }
    return undefined;
  }

  private put(input: BigUint64Array, address: bigint, size: number, value: bigint): void {
    this.bytesAt(input, address, size)?.forEach((_, i, bytes) => {
      bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
    });
  }

  private word(input: BigUint64Array, address: bigint): bigint {
    const bytes = this.bytesAt(input, address, 4);
    return bytes ? bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n) : 0n;
  }
}

/** The same instruction with other bytes. */
function patched(instruction: Decoded, at: number, size: number, value: bigint): Decoded {
  const bytes = instruction.bytes.slice();
  for (let k = 0; k < size; k++) bytes[at + k] = Number((value >> BigInt(8 * k)) & 0xffn);
  const decoded = decodeOperands(bytes, CODE_32);
  if (typeof decoded === 'number' || 'refused' in decoded)
    throw new Error(`${instruction.row.mnemonic}: no displacement`);
  return decoded;
}

/** Where the displacement lies in an encoding that has ModRM. */
function displacementAt({ bytes, row, modrm, addressSize }: Decoded): number {
  let at = 0;
  while (/^(?:26|2e|36|3e|6[4-7]|f[023])$/.test(bytes[at].toString(16))) at++;
  at += MAPS[row.opcode.map].length + 2;
  return at + (addressSize === 4 && (modrm & 7) === 4 ? 1 : 0);
}
