import { ecOf, issOf } from '../../../machine/aarch64/causes.ts';
import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { SP, V, X } from '../../../machine/aarch64/registers.ts';
import type { RamOffset } from '../../../machine/addr.ts';
import { compile } from '../../../machine/engine/compile.ts';
import { type Context, DONE, makeContext } from '../../../machine/engine/context.ts';
import { VirtualMemory } from '../../../machine/virtual-memory.ts';
import { AF, AP1, AP2, attribute, Bench, GRANULES, RAM_BASE } from './mmu-harness.ts';
import { decodeWord } from './words.ts';

const ROOT = RAM_BASE + 0x1_0000n;
const UPPER_ROOT = RAM_BASE + 0x1_8000n;
/** Frames of the pages in the order in which they are mapped; no two lie together. */
const frameOf = (i: number) => RAM_BASE + 0x4_0000n + BigInt(i) * 0x2000n;
/** CPACR_EL1.FPEN: SIMD and floating point trap nowhere. */
const FPEN = 3n << 20n;

/** What a page allows. */
export const PAGE = {
  absent: 0n,
  rw: AF | AP1,
  readOnly: AF | AP1 | AP2,
  /** EL1's alone. */
  kernel: AF,
  device: AF | AP1 | attribute(1),
} as const;

/** A fault as the syndrome tells of it: class, status code, write, address. */
export interface Fault {
  readonly ec: number;
  readonly status: number;
  readonly write: boolean;
  readonly far: bigint;
}

/** The word of `a9400440 ldp x0, x1, [x2]`; that it means this text is checked on the way. */
export function wordOf(line: string): number {
  const space = line.indexOf(' ');
  const word = Number.parseInt(line.slice(0, space), 16);
  const text = decodeWord(word).text(0n);
  if (text !== line.slice(space + 1)) throw new Error(`${line}: the word is ${text}`);
  return word;
}

/** Harts at EL1 with pages of their own choice, on which single instructions run, past any fetch. */
export class MemoryRig {
  readonly bench: Bench;
  private readonly contexts: Context[];
  private pages = 0;

  /** With pages of those rights from 0x1_0000 on. */
  constructor(rights: readonly bigint[] = [], { harts = 1 }: { harts?: number } = {}) {
    this.bench = new Bench({ harts });
    this.contexts = this.bench.harts.map((hart, i) =>
      makeContext(hart, i === 0 ? this.bench.memory : new VirtualMemory(hart)),
    );
    this.bench.set('ttbr0_el1', ROOT);
    this.bench.set('ttbr1_el1', UPPER_ROOT);
    this.bench.set('cpacr_el1', FPEN);
    rights.forEach((bits, i) => {
      this.map(0x1_0000n + BigInt(i) * 4096n, bits);
    });
  }

  /** Maps a page and returns its frame. */
  map(address: bigint, rights: bigint, frame = frameOf(this.pages++)): bigint {
    const root = address >> 63n ? UPPER_ROOT : ROOT;
    if (rights !== PAGE.absent) this.bench.map(GRANULES[0], 48, root, address, frame, rights);
    return frame;
  }

  frame(i: number): bigint {
    return frameOf(i);
  }

  /** Fills memory at a physical address. */
  put(at: bigint, ...bytes: number[]): void {
    const { ram } = this.bench;
    ram.writeBytes(ram.offset(at, bytes.length) as RamOffset, Uint8Array.from(bytes));
  }

  bytes(at: bigint, size: number): number[] {
    const { ram } = this.bench;
    const offset = ram.offset(at, size) as RamOffset;
    return [...ram.bytes.subarray(offset, offset + size)];
  }

  /** Runs instructions until one traps; what that was. */
  run(lines: string | readonly string[], hart = 0): Fault | undefined {
    const c = this.contexts[hart];
    for (const line of [lines].flat()) {
      c.pc = 0x8000n;
      if (compile(decodeWord(wordOf(line)).block, AARCH64.helpers)(c) === DONE) continue;
      const { cause, value } = c.hart.trap;
      const iss = issOf(cause);
      return { ec: ecOf(cause), status: iss & 0x3f, write: (iss & 0x40) !== 0, far: value };
    }
    return undefined;
  }

  /** Where the last instruction jumped, or goes on. */
  x(i: number, hart = 0): bigint {
    return this.bench.harts[hart].get(i === 31 ? SP : X[i]);
  }

  setX(i: number, value: bigint, hart = 0): void {
    this.bench.harts[hart].set(i === 31 ? SP : X[i], BigInt.asUintN(64, value));
  }

  v(i: number): bigint {
    const at = V[i].offset / 8;
    return this.bench.hart.u64[at] | (this.bench.hart.u64[at + 1] << 64n);
  }

  setV(i: number, value: bigint): void {
    const at = V[i].offset / 8;
    this.bench.hart.u64[at] = value;
    this.bench.hart.u64[at + 1] = value >> 64n;
  }

  /** Every register, to see that none has changed. */
  registers(): bigint[] {
    return [...this.bench.hart.u64.subarray(X[0].offset / 8, V[31].offset / 8 + 2)];
  }
}
