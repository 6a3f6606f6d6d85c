import type { Random } from '../semantics/random.ts';
import { BREAKPOINT, FX, makeLayout, RAM_END } from './semantics/layout.ts';
import { randomExtended, randomFloatControl, randomMxcsr } from './semantics/operands.ts';

/** Where things lie in the first window: what is saved, what is restored, operands in memory. */
const SAVED = 0;
const AREA = 640;
const IMAGE = AREA;
const OPERANDS = 2 * AREA;
const CONTROL_WORD = OPERANDS + 48;
const MXCSR_WORD = OPERANDS + 56;
/** All of it aligned to 64 bytes, and the saved area across a page boundary. */
const BASE = 0x30_1000n - 320n;
export const LAYOUT = makeLayout(32, [
  { base: BASE, size: OPERANDS + 64 },
  { base: RAM_END - 64n, size: 64 },
]);
const { input: INPUT } = LAYOUT;
/** How far from its place an area is whose first 64 bytes, aligned, are the last ones of memory. */
export const OVER_THE_END = { save: RAM_END - 64n - BASE, restore: RAM_END - 64n - BASE - BigInt(IMAGE) } as const;

const RAX = 0;
const RDX = 2;
const RDI = 7;
/** Bits of RDX:RAX beyond x87 and SSE that no processor has a state component for: XCR0 takes them off. */
const NO_COMPONENTS = 0x0fff_0000_fff0_0000n;

/** An instruction with an operand at RDI + so much. */
const atMemory = (prefix: readonly number[], opcode: readonly number[], digit: number, offset: number): number[] => {
  const displacement = [0, 8, 16, 24].map((shift) => (offset >> shift) & 0xff);
  return [...prefix, ...opcode, 0x80 | (digit << 3) | RDI, ...displacement];
};

type Form = readonly [prefix: readonly number[], opcode: readonly number[], digit: number];
const forms = <T extends Record<string, Form>>(table: T): Readonly<Record<keyof T, Form>> => table;

export const SAVES = forms({
  fnstenv: [[], [0xd9], 6],
  'data16 fnstenv': [[0x66], [0xd9], 6],
  fnsave: [[], [0xdd], 6],
  'data16 fnsave': [[0x66], [0xdd], 6],
  fxsave: [[], [0x0f, 0xae], 0],
  fxsave64: [[0x48], [0x0f, 0xae], 0],
  xsave: [[], [0x0f, 0xae], 4],
  xsave64: [[0x48], [0x0f, 0xae], 4],
});

export const RESTORES = forms({
  fldenv: [[], [0xd9], 4],
  'data16 fldenv': [[0x66], [0xd9], 4],
  frstor: [[], [0xdd], 4],
  'data16 frstor': [[0x66], [0xdd], 4],
  fxrstor: [[], [0x0f, 0xae], 1],
  fxrstor64: [[0x48], [0x0f, 0xae], 1],
  xrstor: [[], [0x0f, 0xae], 5],
  xrstor64: [[0x48], [0x0f, 0xae], 5],
});

export type Save = keyof typeof SAVES;
export type Restore = keyof typeof RESTORES;

/** First bytes of x87 instructions of two bytes, and the second ones that are instructions and not transcendental. */
const X87: readonly (readonly [number, (second: number) => boolean])[] = [
  [0xd8, () => true],
  [0xd9, (b) => b <= 0xd0 || (b >= 0xe8 && b <= 0xee) || /^(e[0145]|f[45678acd])$/.test(b.toString(16))],
  [0xda, (b) => b < 0xe0 || b === 0xe9],
  [0xdb, (b) => b < 0xe0 || (b >= 0xe8 && b < 0xf8)],
  [0xdc, (b) => b < 0xd0 || b >= 0xe0],
  [0xdd, (b) => b < 0xc8 || (b >= 0xd0 && b < 0xf0)],
  [0xde, (b) => b < 0xd0 || b === 0xd9 || b >= 0xe0],
  [0xdf, (b) => b >= 0xe8 && b < 0xf8],
];

const bytes = (text: string): number[] => text.split(' ').map((byte) => Number.parseInt(byte, 16));
const SSE = ['0f 58', '0f 59', '0f 5c', '0f 5e', '0f 51', '0f 57', '0f 28', '0f 14', '0f 5b', '0f 5a'];
const MMX = ['0f fd', '0f ef', '0f 6f', '0f f5', '0f 60'];

/** One instruction that changes x87's, MMX's or SSE's state. */
function operation(random: Random): number[] {
  const kind = random.below(16);
  const offset = OPERANDS + 2 * random.below(16);
  if (kind < 6) {
    const [first, holds] = random.pick(X87);
    const second = 0xc0 + random.below(64);
    return holds(second) ? [first, second] : operation(random);
  }
  if (kind < 9) {
    const [opcode, digit] = random.pick([
      ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((n) => [0xd8, 0xda, 0xdc, 0xde].map((first) => [first, n] as const)),
      ...[0xd9, 0xdd, 0xdb, 0xdf].flatMap((first) => [2, 3].map((n) => [first, n] as const)),
      // Not FLD of 32 and 64 bits: see exemptions.ts.
      ...[0xdb, 0xdf, 0xdf].flatMap((first) => [0, 0].map((n) => [first, n] as const)),
      ...([0xdb, 0xdf] as const).flatMap((first) => [5, 5, 7].map((n) => [first, n] as const)),
    ]);
    return atMemory([], [opcode], digit, offset);
  }
  const register = 0xc0 | random.below(64);
  if (kind < 12) {
    const opcode = bytes(random.pick(SSE));
    const prefix = random.pick([[], [0x66], ...(opcode[1] > 0x50 && opcode[1] !== 0x57 ? [[0xf3]] : [])]);
    return [...prefix, ...random.pick([[], [0x45]]), ...opcode, register];
  }
  if (kind === 12) return [...bytes(random.pick(MMX)), register];
  if (kind === 13) return random.pick([[0x0f, 0x77], [0xdb, 0xe2], [0xdb, 0xe3], [0x9b]]);
  return kind === 14 ? atMemory([], [0xd9], 5, CONTROL_WORD) : atMemory([], [0x0f, 0xae], 2, MXCSR_WORD);
}

/** What a case is made of. */
export interface Wanted {
  readonly operations: number;
  readonly restore?: Restore;
  readonly save?: Save;
  /** Whether what is restored has bits that must not be set. */
  readonly wild?: boolean;
  /** Where the areas are, beyond their base: elsewhere, not aligned, or over the end of memory. */
  readonly shift?: bigint;
}

/** A case's words: random operations on a random state, and what is restored and saved behind them. */
export function makeCase(random: Random, wanted: Wanted): BigUint64Array {
  const { operations, restore, save, wild = false, shift = 0n } = wanted;
  const input = new BigUint64Array(INPUT.words);
  const code = [...Array.from({ length: operations }, () => operation(random)).flat()];
  if (restore) code.push(...atMemory(...RESTORES[restore], IMAGE));
  if (save) code.push(...atMemory(...SAVES[save], SAVED));
  const all = new Uint8Array(input.buffer, 0, LAYOUT.codeWords * 8).fill(BREAKPOINT);
  all.set(code);

  for (let i = 0; i < 16; i++) input[INPUT.r + i] = random.bits64();
  input[INPUT.r + 4] = BASE;
  input[INPUT.r + RDI] = BASE + shift;
  const components = NO_COMPONENTS & random.bits64();
  input[INPUT.r + RAX] = (components & 0xffff_ffffn) | BigInt(random.oneIn(2) ? 3 : random.below(4));
  input[INPUT.r + RDX] = components >> 32n;
  input[INPUT.rflags] = 0x202n;
  const fx = input.subarray(INPUT.fx, INPUT.fx + FX.words);
  fillState(random, fx);
  fx[FX.mxcsr] = randomMxcsr(random);

  const memory = new DataView(input.buffer, INPUT.memory * 8);
  for (let at = 0; at < LAYOUT.memoryWords * 8; at += 8) memory.setBigUint64(at, random.bits64(), true);
  for (let at = OPERANDS; at < CONTROL_WORD; at += random.oneIn(2) ? 8 : 10) {
    const [low, high] = randomExtended(random);
    memory.setBigUint64(at, low, true);
    if (at + 10 <= CONTROL_WORD) memory.setUint16(at + 8, Number(high), true);
  }
  memory.setUint16(CONTROL_WORD, Number(randomFloatControl(random) & 0xffffn), true);
  memory.setUint32(MXCSR_WORD, Number(randomMxcsr(random)), true);
  // What lies where the header of an area will be.
  memory.setBigUint64(SAVED + 512, random.bits64(), true);
  if (restore) fillImage(random, memory, restore, wild);
  return input;
}

/** x87's words and registers, and XMM registers, as FXSAVE has them; no pointers. */
function fillState(random: Random, fx: BigUint64Array): void {
  fx[FX.control] = randomFloatControl(random);
  for (let i = 0; i < 8; i++) [fx[FX.st + 2 * i], fx[FX.st + 2 * i + 1]] = randomExtended(random);
  for (let i = FX.xmm; i < FX.words; i++) {
    const single = BigInt(random.below(2) << 31) | (BigInt(0x78 + random.below(16)) << 23n) | (random.bits64() >> 41n);
    fx[i] = random.oneIn(4) ? random.bits64() : single | (single << 32n);
  }
}

function fillImage(random: Random, memory: DataView, restore: Restore, wild: boolean): void {
  const words = new BigUint64Array(FX.words);
  fillState(random, words);
  if (wild) words[FX.control] ^= random.bits64() & random.bits64() & 0xffff_ff00_ffff_ffffn;
  // Of what is no address processors make one.
  for (const k of [1, 2]) words[k] = BigInt.asUintN(64, BigInt.asIntN(48, random.bits64()));
  const invalid = wild && random.oneIn(3) ? 1 << random.pick([16, 18, 23, 31]) : 0;
  words[FX.mxcsr] = (random.bits64() << 32n) | (randomMxcsr(random) ^ BigInt(invalid >>> 0));
  if (restore.startsWith('data16') || /^f(ldenv|rstor)/.test(restore)) {
    // The tag word is the one in full; of the registers' tags it is looked at for nothing but whether they are empty.
    const size = restore.startsWith('data16') ? 2 : 4;
    const put = (k: number, value: number) =>
      size === 2 ? memory.setUint16(IMAGE + 2 * k, value & 0xffff, true) : memory.setUint32(IMAGE + 4 * k, value, true);
    put(0, Number(words[0] & 0xffffn));
    put(1, Number((words[0] >> 16n) & 0xffffn));
    put(2, random.bits() & 0xffff);
    for (let i = 0; i < 8; i++) {
      memory.setBigUint64(IMAGE + 7 * size + 10 * i, words[FX.st + 2 * i], true);
      memory.setUint16(IMAGE + 7 * size + 10 * i + 8, Number(words[FX.st + 2 * i + 1]), true);
    }
    return;
  }
  words.forEach((word, i) => {
    memory.setBigUint64(IMAGE + 8 * i, word, true);
  });
  // XSAVE's header: which components there are, that it is not compacted, and what is reserved.
  const present = BigInt(random.oneIn(2) ? 3 : random.below(4));
  const odd = wild && random.oneIn(3);
  memory.setBigUint64(IMAGE + 512, odd ? present | (1n << BigInt(20 + random.below(40))) : present, true);
  memory.setBigUint64(IMAGE + 520, wild && random.oneIn(4) ? 1n << BigInt(random.below(63)) : 0n, true);
  memory.setBigUint64(IMAGE + 528, wild && random.oneIn(4) ? 1n << BigInt(random.below(64)) : 0n, true);
}
