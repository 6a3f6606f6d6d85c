import { disassemble } from '../../../../machine/x86/disassemble.ts';
import type { Case, Difference } from './case.ts';
import { CODE, FX, INPUT, OUTPUT } from './layout.ts';
import { undefinedFlags, undefinedMemory, undefinedRegister } from './undefined.ts';

const GENERAL = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const VECTORS = '#DE #DB #NMI #BP #OF #BR #UD #NM #DF 9 #TS #NP #SS #GP #PF 15 #MF #AC #MC #XM'.split(' ');
const PAGE_FAULT = 14n;

/** What of RFLAGS is compared: the status flags, DF, IF, IOPL, NT, AC and ID. RF is told of by the host alone. */
const RFLAGS = 0x24_7ed5n;
const ALL = (1n << 64n) - 1n;
/** What of the FXSAVE image is: not FOP, FIP and FDP, which processors keep or not, nor MXCSR's mask. */
const FLOAT = new BigUint64Array(FX.words).fill(ALL);
FLOAT.set([0xff_ffff_ffffn, 0n, 0n, 0xffff_ffffn]);
for (let i = FX.st + 1; i < FX.xmm; i += 2) FLOAT[i] = 0xffffn;

/** Which bits of each word of a result mean something. */
export type Masks = BigUint64Array;

/** Everything that the host's processor shows. */
export const WHOLE: Masks = new BigUint64Array(OUTPUT.words).fill(ALL);
WHOLE[OUTPUT.rflags] = RFLAGS;
WHOLE.set(FLOAT, OUTPUT.fx);
WHOLE[OUTPUT.signal] = 0n;

/** What the emulator shows: signals without vector, error code and address. */
export const EMULATED: Masks = WHOLE.slice();
EMULATED.fill(0n, OUTPUT.vector, OUTPUT.address + 1);
EMULATED[OUTPUT.rip] = ALL;
EMULATED[OUTPUT.signal] = ALL;

/** The words of two results that differ where they mean something. */
export function differing(c: Case, here: BigUint64Array, there: BigUint64Array, masks: Masks): number[] {
  const words: number[] = [];
  for (let i = 0; i < OUTPUT.words; i++) {
    let difference = (here[i] ^ there[i]) & masks[i];
    if (difference === 0n) continue;
    if (i === OUTPUT.address && here[OUTPUT.vector] !== PAGE_FAULT) continue;
    if (i === OUTPUT.rflags) difference &= ~undefinedFlags(c);
    if (i >= OUTPUT.r && i < OUTPUT.rflags && undefinedRegister(c, i - OUTPUT.r)) continue;
    if (i >= OUTPUT.memory && undefinedMemory(c)) continue;
    if (difference !== 0n) words.push(i);
  }
  return words;
}

const hex = (value: bigint) => value.toString(16);

function wordText(i: number, value: bigint): string {
  const at = (start: number) => i - start;
  if (i === OUTPUT.vector) return VECTORS[Number(value)] ?? hex(value);
  if (i < OUTPUT.r) return `${['', 'error', 'rip', 'cr2', 'signal'][i]}=${hex(value)}`;
  if (i < OUTPUT.rflags) return `${GENERAL[at(OUTPUT.r)]}=${hex(value)}`;
  if (i === OUTPUT.rflags) return `rflags=${hex(value & RFLAGS)}`;
  if (i >= OUTPUT.memory) return `memory[${at(OUTPUT.memory)}]=${hex(value)}`;
  const fx = at(OUTPUT.fx);
  if (fx >= FX.xmm) return `xmm${(fx - FX.xmm) >> 1}.${(fx - FX.xmm) & 1}=${hex(value)}`;
  if (fx >= FX.st) return `st${(fx - FX.st) >> 1}${fx & 1 ? '.high' : ''}=${hex(value & FLOAT[fx])}`;
  return fx === FX.mxcsr ? `mxcsr=${hex(value & 0xffff_ffffn)}` : `fcw,fsw,ftw=${hex(value & FLOAT[0])}`;
}

/** `bytes | assembly | inputs => here / there`, in one line. */
export function showDifference({ case: c, here, there, words }: Difference): string {
  const { instruction, input } = c;
  const inputs = new Set<string>([`rflags=${hex(input[INPUT.rflags] & RFLAGS)}`]);
  const general = (number: number) => inputs.add(`${GENERAL[number]}=${hex(input[INPUT.r + number])}`);
  const { address } = instruction;
  for (const number of [address?.base, address?.index]) if (typeof number === 'number') general(number);
  for (const operand of instruction.operands) {
    if (operand.kind === 'register') general(operand.number);
    if (operand.kind === 'xmm') {
      const at = INPUT.fx + FX.xmm + 2 * operand.number;
      inputs.add(`xmm${operand.number}=${hex(input[at + 1])}:${hex(input[at])}`);
      inputs.add(`mxcsr=${hex(input[INPUT.fx + FX.mxcsr])}`);
    }
    if (operand.kind === 'st' || operand.kind === 'mmx') {
      const at = INPUT.fx + FX.st + 2 * operand.number;
      inputs.add(`st${operand.number}=${hex(input[at + 1])}:${hex(input[at])}`);
    }
    if (operand.kind === 'memory' || operand.kind === 'string')
      inputs.add(`memory ${[...input.subarray(INPUT.memory, INPUT.words)].map(hex).join(' ')}`);
  }
  if (/^f/.test(instruction.row.mnemonic)) {
    inputs.add(`fcw,fsw,ftw=${hex(input[INPUT.fx])}`);
    inputs.add(`st0=${hex(input[INPUT.fx + FX.st + 1])}:${hex(input[INPUT.fx + FX.st])}`);
  }
  if (inputs.size < 3) for (const number of [0, 1, 2, 3]) general(number);
  const show = (result: BigUint64Array) => words.map((i) => wordText(i, result[i])).join(' ');
  const bytes = [...instruction.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${bytes} | ${disassemble(instruction, CODE)} | ${[...inputs].join(' ')} => ${show(here)} / ${show(there)}`;
}
