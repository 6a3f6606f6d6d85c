import { DecodeTable } from '../decode/index.ts';
import { Builder } from '../ir/index.ts';
import type { Instruction } from '../isa.ts';
import { A64_ATOMICS } from './a64-atomics.ts';
import { A64_BRANCHES } from './a64-branches.ts';
import { A64_DATA_IMMEDIATE } from './a64-data-immediate.ts';
import { A64_DATA_REGISTER } from './a64-data-register.ts';
import { A64_FLOAT } from './a64-float.ts';
import { A64_LOADS } from './a64-loads.ts';
import { A64_SIMD } from './a64-simd.ts';
import { A64_SIMD_FLOAT } from './a64-simd-float.ts';
import { A64_SIMD_LOADS } from './a64-simd-loads.ts';
import { A64_SYSTEM } from './a64-system.ts';
import { EC, esr } from './causes.ts';
import { disassemble, mnemonicOf } from './disassemble.ts';

/** Every row of A64, told apart by the bits that the top-level encoding tables use most. */
export const TABLE = new DecodeTable(
  [
    ...A64_DATA_IMMEDIATE,
    ...A64_BRANCHES,
    ...A64_SYSTEM,
    ...A64_LOADS,
    ...A64_ATOMICS,
    ...A64_DATA_REGISTER,
    ...A64_FLOAT,
    ...A64_SIMD_LOADS,
    ...A64_SIMD,
    ...A64_SIMD_FLOAT,
  ],
  0x3f20_0c00,
);

/** Instructions by encoding, dropped as a whole when a guest has shown this many different ones. */
const memo = new Map<number, Instruction>();
const MEMO_LIMIT = 65536;

/** Decodes the instruction at the start of `bytes`, or says how many bytes it takes. */
export function decode(bytes: Uint8Array): Instruction | number {
  if (bytes.length < 4) return 4;
  const word = (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
  let instruction = memo.get(word);
  if (!instruction) {
    instruction = makeInstruction(word);
    if (memo.size >= MEMO_LIMIT) memo.clear();
    memo.set(word, instruction);
  }
  return instruction;
}

function makeInstruction(word: number): Instruction {
  const match = TABLE.find(word);
  const b = new Builder();
  if (match) match.row.lift(b, match.fields, { word, length: 4 });
  // Unallocated encodings are UNDEFINED: EC 0, no ISS.
  else b.trapIf(b.i32(1), esr(EC.unknown), b.i64(0n));
  const bytes = word.toString(16).padStart(8, '0');
  return {
    length: 4,
    bytes,
    mnemonic: match ? mnemonicOf(match) : 'udf',
    block: b.block(),
    text: (pc) => (match ? disassemble(match, pc) : `.inst 0x${bytes} ; undefined`),
  };
}
