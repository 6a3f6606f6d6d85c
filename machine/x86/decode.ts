import { Builder } from '../ir/index.ts';
import type { Instruction } from '../isa.ts';
import { fault, VECTOR } from './causes.ts';
import type { Address, Decoded } from './decoded.ts';
import { disassemble } from './disassemble.ts';
import { type OperandSizes, operandOf, trailingBytes } from './operand-codes.ts';
import { readPrefixes } from './prefixes.ts';
import { CODE_16, CODE_64, RSP, SEGMENT, SMALL_STACK } from './registers.ts';
import type { OpcodeMap, Row } from './row.ts';
import { ROWS } from './rows.ts';
import { ignoresMod, OpcodeTable } from './table.ts';

/** Every row of x86-64. */
export const TABLE = new OpcodeTable(ROWS);

/** An instruction has at most this many bytes (SDM vol. 2A, 2.3.11); a longer one is #GP(0). */
export const MAX_BYTES = 15;

/** Instructions by mode and bytes, dropped as a whole when a guest has shown this many different ones. */
const memo = new Map<string, Instruction>();
const MEMO_LIMIT = 65536;

/** Reads on from a place; where bytes are missing, `needed` says how many must be there, and zeros are read. */
class Reader {
  needed = 0;
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** A little-endian number of so many bytes. */
  read(size: number): bigint {
    let value = 0n;
    for (let k = size - 1; k >= 0; k--) value = (value << 8n) | BigInt(this.bytes[this.at + k] ?? 0);
    this.at += size;
    if (this.at > this.bytes.length && this.needed === 0) this.needed = this.at;
    return value;
  }

  signed(size: number): bigint {
    return BigInt.asUintN(64, BigInt.asIntN(size * 8, this.read(size)));
  }
}

/** Decodes the instruction at the start of `bytes`, or says how many bytes it takes. */
export function decode(bytes: Uint8Array, mode: number): Instruction | number {
  const decoded = decodeOperands(bytes, mode);
  if (typeof decoded === 'number') return decoded;
  const length = decoded.length;
  const text = hex(bytes.subarray(0, length));
  const key = `${mode} ${text}`;
  let instruction = memo.get(key);
  if (!instruction) {
    instruction = makeInstruction(decoded, text);
    if (memo.size >= MEMO_LIMIT) memo.clear();
    memo.set(key, instruction);
  }
  return instruction;
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** An encoding that is no instruction: too long, or undefined. */
export interface Refused {
  readonly refused: 'too long' | 'undefined';
  readonly length: number;
}

function makeInstruction(decoded: Decoded | Refused, bytes: string): Instruction {
  const b = new Builder();
  if ('refused' in decoded) {
    b.trapIf(b.i32(1), decoded.refused === 'too long' ? fault(VECTOR.GP) : fault(VECTOR.UD), b.i64(0n));
    return { length: decoded.length, bytes, mnemonic: '(bad)', block: b.block(), text: () => '(bad)' };
  }
  decoded.row.lift(b, decoded);
  return {
    length: decoded.length,
    bytes,
    mnemonic: decoded.row.mnemonic,
    block: b.block(),
    text: (pc) => disassemble(decoded, pc),
  };
}

/** Decodes without building a meaning. */
export function decodeOperands(bytes: Uint8Array, codeMode: number): Decoded | Refused | number {
  const mode = codeMode & 3;
  const long = mode === CODE_64;
  const prefixes = readPrefixes(bytes.subarray(0, MAX_BYTES), long);
  const reader = new Reader(bytes, prefixes.length);
  const missing = (): number | Refused =>
    reader.needed > MAX_BYTES ? { refused: 'too long', length: MAX_BYTES } : reader.needed;

  let map: OpcodeMap = 0;
  let opcode = Number(reader.read(1));
  if (reader.needed === 0 && opcode === 0x0f) {
    map = 1;
    opcode = Number(reader.read(1));
    if (reader.needed === 0 && (opcode === 0x38 || opcode === 0x3a)) {
      map = opcode === 0x38 ? 2 : 3;
      opcode = Number(reader.read(1));
    }
  }
  if (reader.needed > 0) return missing();
  const withModrm = TABLE.hasModrm(map, opcode);
  const modrm = withModrm ? Number(reader.read(1)) : 0;
  if (reader.needed > 0) return missing();
  const found = TABLE.find(map, opcode, modrm, prefixes, long);
  if (!found) return { refused: 'undefined', length: reader.at };

  const { rex, size66, address67 } = prefixes;
  const addressSize = long ? (address67 ? 4 : 8) : (mode === CODE_16) === address67 ? 4 : 2;
  const operandSize = operandSizeOf(found, mode, rex, size66);
  const stackSize = long ? 8 : (codeMode & SMALL_STACK) !== 0 ? 2 : 4;
  const fixed = found.opcode.modrm.kind === 'fixed' || ignoresMod(found);
  let address = withModrm && !fixed && modrm < 0xc0 ? readAddress(reader, modrm, rex, addressSize, long) : undefined;
  if (address && prefixes.segment !== undefined) address = { ...address, segment: prefixes.segment };

  const sizes: OperandSizes = { operandSize, addressSize, rex, opcode, modrm, long };
  const operands = found.operands.map((code) => {
    const [size, signed] = trailingBytes(code, sizes);
    const value = size === 0 ? 0n : signed ? reader.signed(size) : reader.read(size);
    const second = code === 'Ap' ? reader.read(2) : 0n;
    if (/^O[a-z]$/.test(code)) {
      const segment = prefixes.segment ?? SEGMENT.ds;
      address = { base: undefined, index: undefined, scale: 0, displacement: value, displacementBytes: size, segment };
    }
    return operandOf(code, sizes, value, second);
  });
  if (reader.needed > 0) return missing();
  const length = reader.at;
  if (length > MAX_BYTES) return { refused: 'too long', length: MAX_BYTES };
  // LOCK elsewhere than before a read-modify-write of memory is #UD (SDM vol. 2A, LOCK), and so is what no register has.
  if (prefixes.lock && !(found.lock && operands[0]?.kind === 'memory')) return { refused: 'undefined', length };
  if (operands.includes(undefined)) return { refused: 'undefined', length };
  return {
    row: found,
    bytes: bytes.slice(0, length),
    length,
    mode,
    operandSize,
    addressSize,
    stackSize,
    rex,
    lock: prefixes.lock,
    rep: prefixes.rep,
    size66,
    segment: prefixes.segment,
    opcode,
    modrm,
    address,
    operands: operands as Decoded['operands'],
  };
}

function operandSizeOf(row: Row, mode: number, rex: number, size66: boolean): 2 | 4 | 8 {
  // A mandatory 66 says nothing of the size.
  const small = size66 && row.opcode.prefix !== '66';
  if (mode !== CODE_64) return (mode === CODE_16) === small ? 4 : 2;
  if (row.size === 'f64' || (rex & 8) !== 0) return 8;
  if (small) return 2;
  return row.size === 'd64' ? 8 : 4;
}

/** Base and index of the 16-bit forms by r/m (SDM vol. 2A, table 2-1). */
const FORMS_16 = [
  [3, 6],
  [3, 7],
  [5, 6],
  [5, 7],
  [6, undefined],
  [7, undefined],
  [5, undefined],
  [3, undefined],
] as const;

const BP = 5;
const SP = 4;
if (RSP.name !== 'rsp') throw new Error('general registers are out of order');

/** The segment of an address whose base is rSP or rBP is SS, of any other DS (SDM vol. 1, table 3-5). */
const segmentOf = (base: number | 'rip' | undefined): number => (base === BP || base === SP ? SEGMENT.ss : SEGMENT.ds);

function readAddress(reader: Reader, modrm: number, rex: number, addressSize: number, long: boolean): Address {
  const mod = modrm >> 6;
  const rm = modrm & 7;
  if (addressSize === 2) {
    const direct = mod === 0 && rm === 6;
    const [base, index] = direct ? [undefined, undefined] : FORMS_16[rm];
    const displacementBytes = direct ? 2 : mod;
    const displacement = displacementBytes === 0 ? 0n : reader.signed(displacementBytes);
    return { base, index, scale: 0, displacement, displacementBytes, segment: segmentOf(base) };
  }
  let base: number | 'rip' | undefined = rm | ((rex & 1) << 3);
  let index: number | undefined;
  let scale = 0;
  let displacementBytes = mod === 1 ? 1 : mod === 2 ? 4 : 0;
  if (rm === 4) {
    const sib = Number(reader.read(1));
    scale = sib >> 6;
    const number = ((sib >> 3) & 7) | ((rex & 2) << 2);
    index = number === SP ? undefined : number;
    base = (sib & 7) | ((rex & 1) << 3);
    if ((sib & 7) === BP && mod === 0) {
      base = undefined;
      displacementBytes = 4;
    }
  } else if (rm === BP && mod === 0) {
    base = long ? 'rip' : undefined;
    displacementBytes = 4;
  }
  const displacement = displacementBytes === 0 ? 0n : reader.signed(displacementBytes);
  return { base, index, scale, displacement, displacementBytes, segment: segmentOf(base) };
}
