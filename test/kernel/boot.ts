import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { archOf } from '../../kernel/arch/targets.ts';
import { Kernel, type KernelOptions, type RunResult, type TrapFlow } from '../../kernel/index.ts';
import { type ElfImage, type Isa, parseElf, type Segment, targetNamed, targetOfElf } from '../../machine/index.ts';

export const ISA = targetNamed('riscv64')!;

export const guest = (name: string, isa = ISA): ElfImage =>
  parseElf(readFileSync(join(import.meta.dirname, '../../guest/bin', isa.name, name)));

export interface Booted {
  readonly kernel: Kernel;
  /** What the guest wrote, by descriptor. */
  readonly out: { 1: string; 2: string };
  readonly flows: TrapFlow[];
  /** More standard input. */
  feed(text: string): void;
  end(): void;
  /** Input that the guest's kernel has not taken yet. */
  unread(): string;
}

/** A kernel with one process, its output kept and its input fed by hand. */
export function boot(
  image: ElfImage,
  options: Partial<KernelOptions> & { argv?: string[]; envp?: string[]; stdin?: string; record?: boolean } = {},
): Booted {
  const { argv = ['guest'], envp = [], stdin, record = false, ...rest } = options;
  const booted = bare({ record, isa: targetOfElf(image.machine), ...rest });
  if (stdin !== undefined) {
    booted.feed(stdin);
    booted.end();
  }
  booted.kernel.spawn(image, argv, envp);
  return booted;
}

/** A kernel without a process. */
export function bare({
  record,
  isa = ISA,
  ...options
}: Omit<Partial<KernelOptions>, 'isa'> & { record?: boolean; isa?: Isa | undefined } = {}): Booted {
  const out = { 1: '', 2: '' };
  const flows: TrapFlow[] = [];
  const pending: Uint8Array[] = [];
  let ended = false;
  const kernel = new Kernel({
    isa,
    memory: 16 << 20,
    harts: 1,
    ad: 'hardware',
    policy: 'corrected',
    uaccess: 'corrected',
    seed: 1n,
    testHooks: false,
    ports: {
      output: (fd, bytes) => {
        out[fd] += Buffer.from(bytes).toString('latin1');
      },
      input: () => pending.shift() ?? (ended ? 'end' : 'wait'),
    },
    recorder: record ? (flow) => flows.push(flow) : undefined,
    ...options,
  });
  return {
    kernel,
    out,
    flows,
    feed: (text) => pending.push(new Uint8Array(Buffer.from(text))),
    unread: () => pending.map((bytes) => Buffer.from(bytes).toString()).join(''),
    end: () => {
      ended = true;
    },
  };
}

/** Runs until the end, or as far as it goes in `steps`. */
export function finish({ kernel }: Booted, steps = 100_000_000): RunResult {
  for (let left = steps; left > 0; left -= 1_000_000) {
    const result = kernel.run(Math.min(left, 1_000_000));
    if (result.kind !== 'running') return result;
  }
  return { kind: 'running' };
}

/** Where `program` puts code and data. */
export const CODE = 0x1_0000n;
export const DATA = 0x2_0000n;

/** A program of instruction words, with a page of data behind it that may be written. */
export function program(words: readonly number[], data: Uint8Array = new Uint8Array(0), isa = ISA): ElfImage {
  const code = new Uint8Array(Uint32Array.from(words).buffer);
  const segment = (index: number, vaddr: bigint, bytes: Uint8Array, write: boolean, memorySize: number): Segment => ({
    kind: 'load',
    index,
    offset: 4096 * (index + 1),
    vaddr,
    paddr: vaddr,
    fileSize: bytes.length,
    memorySize,
    align: 4096n,
    read: true,
    write,
    execute: !write,
    bytes,
  });
  return {
    file: new Uint8Array(0),
    bits: 64,
    type: 'executable',
    machine: isa.elfMachine,
    entry: CODE,
    flags: 0,
    segments: [segment(0, CODE, code, false, code.length), segment(1, DATA, data, true, Math.max(4096, data.length))],
    symbols: [{ name: '_start', address: CODE, size: code.length, kind: 'function' }],
    programHeaders: { address: undefined, entrySize: 56, count: 2 },
    interpreter: undefined,
    code: [{ address: CODE, size: BigInt(code.length) }],
    needsLibraries: false,
  };
}

/** The few instructions that programs of the tests are made of, as each target encodes them. */
export interface Assembly {
  readonly isa: Isa;
  /** The slots of a system call's number, of its arguments, and of its result. */
  readonly number: string;
  readonly arguments: readonly string[];
  readonly result: string;
  /** Makes a system call. */
  readonly call: number;
  /** Goes backwards or forwards by bytes, less than a MiB. */
  jump(offset: number): number;
  /** Goes on behind so many words where the result of a call is zero. */
  ifChild(words: number): number[];
  /** A system call by its name with its arguments, which are below 2^31. */
  syscall(call: string, ...args: number[]): number[];
  /** Counts down from a number below 2^11, which takes some time. */
  delay(count: number): number[];
}

/** `addi rd, rs1, imm`. */
const addi = (rd: number, rs1: number, imm: number) => ((imm & 0xfff) << 20) | (rs1 << 15) | (rd << 7) | 0x13;

/** `li rd, value`. */
function li(rd: number, value: number): number[] {
  if (value >= -2048 && value < 2048) return [addi(rd, 0, value)];
  const low = (value << 20) >> 20;
  return [((((value - low) >> 12) & 0xfffff) << 12) | (rd << 7) | 0x37, addi(rd, rd, low)];
}

/** `beqz rs, offset`, a small one. */
const beqz = (rs: number, offset: number) =>
  (((offset >> 5) & 0x3f) << 25) | (rs << 15) | (((offset >> 1) & 15) << 8) | (((offset >> 11) & 1) << 7) | 0x63;

/** A target's instructions; calls have numbers. */
interface Encoder extends Omit<Assembly, 'isa' | 'syscall'> {
  syscall(number: number, ...args: number[]): number[];
}

const riscv: Encoder = {
  number: 'x17',
  arguments: ['x10', 'x11', 'x12', 'x13', 'x14', 'x15'],
  result: 'x10',
  call: 0x0000_0073,
  jump(offset) {
    const bit = (from: number, count: number) => (offset >> from) & ((1 << count) - 1);
    return (bit(20, 1) << 31) | (bit(1, 10) << 21) | (bit(11, 1) << 20) | (bit(12, 8) << 12) | 0x6f;
  },
  ifChild: (words) => [beqz(10, 4 * (words + 1))],
  syscall: (number, ...args) => [...args.flatMap((value, i) => li(10 + i, value)), ...li(17, number), riscv.call],
  delay: (count) => [...li(5, count), addi(5, 5, -1), beqz(5, 8), riscv.jump(-8)],
};

/** `mov rd, value`: MOVN or MOVZ, and MOVK. */
function mov(rd: number, value: number): number[] {
  if (value < 0) return [(0x9280_0000 | (~value << 5) | rd) >>> 0];
  const low = 0xd280_0000 | ((value & 0xffff) << 5) | rd;
  const high = 0xf2a0_0000 | ((value >>> 16) << 5) | rd;
  return value < 0x10000 ? [low >>> 0] : [low >>> 0, high >>> 0];
}

const aarch64: Encoder = {
  number: 'x8',
  arguments: ['x0', 'x1', 'x2', 'x3', 'x4', 'x5'],
  result: 'x0',
  call: 0xd400_0001,
  jump: (offset) => (0x1400_0000 | ((offset >> 2) & 0x3ff_ffff)) >>> 0,
  ifChild: (words) => [(0xb400_0000 | (((words + 1) & 0x7_ffff) << 5)) >>> 0],
  syscall: (number, ...args) => [...args.flatMap((value, i) => mov(i, value)), ...mov(8, number), aarch64.call],
  // subs x9, x9, #1; b.ne back.
  delay: (count) => [...mov(9, count), 0xf100_0529, 0x54ff_ffe1],
};

/** Four bytes, NOPs behind what there is. */
const padded = (...bytes: number[]): number =>
  [0, 1, 2, 3].reduce((word, i) => word | ((bytes[i] ?? 0x90) << (8 * i)), 0) >>> 0;

/** `mov r64, imm32`, sign-extended, and a NOP, in two words. */
function movImmediate(register: number, value: number): number[] {
  const immediate = [0, 8, 16, 24].map((shift) => (value >> shift) & 0xff);
  const code = [0x48 | (register >> 3), 0xc7, 0xc0 | (register & 7), ...immediate];
  return [padded(...code.slice(0, 4)), padded(...code.slice(4))];
}

/** Numbers of the argument registers in ModRM: RDI, RSI, RDX, R10, R8, R9. */
const X86_ARGUMENTS = [7, 6, 2, 10, 8, 9];

const x86: Encoder = {
  number: 'rax',
  arguments: ['rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'],
  result: 'rax',
  call: padded(0x0f, 0x05),
  // In one word, as on the other targets: JMP rel8.
  jump(offset) {
    const relative = offset - 2;
    if (relative < -128 || relative > 127) throw new Error(`too far: ${offset}`);
    return padded(0xeb, relative & 0xff);
  },
  // test al, al; jz rel32: no process has a number that is a multiple of 256.
  ifChild: (words) => [padded(0x84, 0xc0, 0x0f, 0x84), 4 * words],
  syscall: (number, ...args) => [
    ...args.flatMap((value, i) => movImmediate(X86_ARGUMENTS[i], value)),
    ...movImmediate(0, number),
    x86.call,
  ],
  // dec ecx; jnz back.
  delay: (count) => [...movImmediate(1, count), padded(0xff, 0xc9, 0x75, 0xfc)],
};

const ASSEMBLIES: Readonly<Record<string, Encoder>> = { riscv64: riscv, aarch64, 'x86-64': x86 };

/** The instructions of a target. */
export function assembly(isa: Isa): Assembly {
  const found = ASSEMBLIES[isa.name];
  if (!found) throw new Error(`no assembly for ${isa.name}`);
  const numbers = new Map([...archOf(isa).callNames].map(([number, name]) => [name, number]));
  return {
    isa,
    ...found,
    syscall: (call, ...args) => {
      const number = numbers.get(call);
      if (number === undefined) throw new Error(`no call ${call}`);
      return found.syscall(number, ...args);
    },
  };
}
