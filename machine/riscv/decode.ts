import { DecodeTable } from '../decode/index.ts';
import { Builder } from '../ir/index.ts';
import type { Instruction } from '../isa.ts';
import { CAUSE } from './causes.ts';
import { disassemble, mnemonicOf } from './disassemble.ts';
import { RV_A } from './rv-a.ts';
import { RV_C } from './rv-c.ts';
import { RV_D } from './rv-d.ts';
import { RV_F } from './rv-f.ts';
import { RV_I } from './rv-i.ts';
import { RV_M } from './rv-m.ts';
import { RV_PRIVILEGED } from './rv-privileged.ts';
import { RV_ZICSR } from './rv-zicsr.ts';
import { RV_ZIFENCEI } from './rv-zifencei.ts';

/** Every row of RV64GC: 32-bit encodings, told apart by opcode and funct3, and 16-bit ones, by quadrant and funct3. */
export const TABLE_32 = new DecodeTable(
  [...RV_I, ...RV_M, ...RV_A, ...RV_F, ...RV_D, ...RV_ZICSR, ...RV_ZIFENCEI, ...RV_PRIVILEGED],
  0x707f,
);
export const TABLE_16 = new DecodeTable(RV_C, 0xe003);

/** Instructions by encoding, dropped as a whole when a guest has shown this many different ones. */
const memo = new Map<number, Instruction>();
const MEMO_LIMIT = 65536;

/**
 * Decodes the instruction at the start of `bytes`, or says how many bytes it takes. Encodings of 48 bits and more
 * (Unprivileged spec, "Expanded Instruction-Length Encoding") are illegal on the strength of their first 32 bits.
 */
export function decode(bytes: Uint8Array): Instruction | number {
  const low = bytes[0] | (bytes[1] << 8);
  const compressed = (low & 3) !== 3;
  if (!compressed && bytes.length < 4) return 4;
  const word = compressed ? low : (low | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
  let instruction = memo.get(word);
  if (!instruction) {
    instruction = makeInstruction(word, compressed ? 2 : 4);
    if (memo.size >= MEMO_LIMIT) memo.clear();
    memo.set(word, instruction);
  }
  return instruction;
}

function makeInstruction(word: number, length: number): Instruction {
  const match = (length === 2 ? TABLE_16 : TABLE_32).find(word);
  const b = new Builder();
  if (match) match.row.lift(b, match.fields, { word, length });
  // stval holds the illegal instruction's bits (Priv. spec, "Supervisor Trap Value Register").
  else b.trapIf(b.i32(1), CAUSE.illegalInstruction, b.i64(BigInt(word)));
  const bytes = word.toString(16).padStart(length * 2, '0');
  return {
    length,
    bytes,
    mnemonic: match ? mnemonicOf(match) : 'illegal',
    block: b.block(),
    text: (pc) => (match ? disassemble(match, pc) : `illegal ${bytes}`),
  };
}
