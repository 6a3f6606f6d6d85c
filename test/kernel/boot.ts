import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kernel, type KernelOptions, type RunResult, type TrapFlow } from '../../kernel/index.ts';
import { type ElfImage, parseElf, type Segment, targetNamed } from '../../machine/index.ts';

export const ISA = targetNamed('riscv64')!;

export const guest = (name: string): ElfImage =>
  parseElf(readFileSync(join(import.meta.dirname, '../../guest/bin/riscv64', name)));

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
  const booted = bare({ record, ...rest });
  if (stdin !== undefined) {
    booted.feed(stdin);
    booted.end();
  }
  booted.kernel.spawn(image, argv, envp);
  return booted;
}

/** A kernel without a process. */
export function bare({ record, ...options }: Partial<KernelOptions> & { record?: boolean } = {}): Booted {
  const out = { 1: '', 2: '' };
  const flows: TrapFlow[] = [];
  const pending: Uint8Array[] = [];
  let ended = false;
  const kernel = new Kernel({
    isa: ISA,
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
export function program(words: readonly number[], data: Uint8Array = new Uint8Array(0)): ElfImage {
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
    type: 'executable',
    machine: ISA.elfMachine,
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

export const ECALL = 0x0000_0073;
/** `addi rd, rs1, imm`. */
export const addi = (rd: number, rs1: number, imm: number): number =>
  ((imm & 0xfff) << 20) | (rs1 << 15) | (rd << 7) | 0x13;
/** `lui rd, imm`. */
export const lui = (rd: number, imm: number): number => (imm << 12) | (rd << 7) | 0x37;
/** `j offset`, backwards or forwards by less than a MiB. */
export function jump(offset: number): number {
  const bit = (from: number, count: number) => (offset >> from) & ((1 << count) - 1);
  return (bit(20, 1) << 31) | (bit(1, 10) << 21) | (bit(11, 1) << 20) | (bit(12, 8) << 12) | 0x6f;
}
/** `li rd, value` for a value below 2^31. */
export function li(rd: number, value: number): number[] {
  if (value >= -2048 && value < 2048) return [addi(rd, 0, value)];
  const low = (value << 20) >> 20;
  return [lui(rd, ((value - low) >> 12) & 0xfffff), addi(rd, rd, low)];
}
/** A system call with its arguments in a0 on. */
export const syscall = (number: number, ...args: number[]): number[] => [
  ...args.flatMap((value, i) => li(10 + i, value)),
  ...li(17, number),
  ECALL,
];
