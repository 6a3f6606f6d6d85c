import { EC, ecOf, issOf } from '../../../../machine/aarch64/causes.ts';
import { AARCH64 } from '../../../../machine/aarch64/isa.ts';
import { C, EL0, FPCR, FPSR, N, OVERFLOW, SP, V, X, Z } from '../../../../machine/aarch64/registers.ts';
import { readBank, setLevel } from '../../../../machine/aarch64/state.ts';
import type { RamOffset } from '../../../../machine/addr.ts';
import { Machine } from '../../../../machine/index.ts';
import { type Case, SIGNAL } from '../../semantics/case.ts';
import { BREAKPOINT, CODE, CODE_END, INPUT, MEMORY_WORDS, OUTPUT, RAM_BASE, RAM_END, WINDOWS } from './layout.ts';

/** Linux's signals for the exceptions (arch/arm64/kernel/traps.c, arch/arm64/mm/fault.c); SVC's, which is none, is 0. */
const SIGNALS: Readonly<Record<number, number>> = {
  [EC.unknown]: SIGNAL.SIGILL,
  [EC.systemRegister]: SIGNAL.SIGILL,
  [EC.brk]: SIGNAL.SIGTRAP,
  [EC.pcAlignment]: SIGNAL.SIGBUS,
  [EC.spAlignment]: SIGNAL.SIGBUS,
  [EC.dataLower]: SIGNAL.SIGSEGV,
  [EC.svc]: SIGNAL.none,
};
/** DFSC of an alignment fault, which is a bus error. */
const ALIGNMENT = 0x21;
/** What a system call that does not exist returns. */
const ENOSYS = 38n;

/** Memory behind that which cases see: page tables. */
const MEMORY = 0x40_0000;
const TABLES = RAM_BASE + 0x3f_0000n;
/** Block and page descriptors: valid, normal memory, read and written at EL0, inner shareable, accessed, not global. */
const LEAF = (1n << 11n) | (1n << 10n) | (3n << 8n) | (1n << 6n) | 1n;

/** Runs cases on a machine of ours, at EL0 with an identity mapping, and says what a Linux program would have seen. */
export class Here {
  private readonly machine = new Machine({
    isa: AARCH64,
    memory: MEMORY,
    harts: 1,
    hardwareAd: false,
    console: { output: () => {}, input: () => -1 },
  });
  private readonly hart = this.machine.harts[0];
  private readonly start: BigUint64Array;
  private trapped = false;

  constructor() {
    const { hart, machine } = this;
    this.writeTables();
    const code = new Uint8Array(Number(CODE_END - RAM_BASE));
    new Uint32Array(code.buffer).fill(BREAKPOINT);
    machine.ram.writeBytes(machine.ram.offset(RAM_BASE, code.length) as RamOffset, code);
    const system = {
      // TDCC: no debug communication channel at EL0, as Linux has it.
      mdscr_el1: 1n << 12n,
      mair_el1: 0xffn,
      ttbr0_el1: TABLES,
      // T0SZ 25, normal cacheable tables, EPD1, IPS 40 bits, TBI0 as Linux has it.
      tcr_el1: 25n | (1n << 8n) | (1n << 10n) | (3n << 12n) | (1n << 23n) | (2n << 32n) | (1n << 37n),
      // FPEN: FP and SIMD at EL0 too.
      cpacr_el1: 3n << 20n,
      // RES1 bits, UCI, nTWE, nTWI, UCT, DZE, I, C and M as Linux has them; the outsider checks no SP alignment.
      sctlr_el1: 0x30d0_0800n | (1n << 26n) | (1n << 18n) | (1n << 16n) | (1n << 15n) | (1n << 14n) | 0x1005n,
    };
    for (const [name, value] of Object.entries(system)) AARCH64.writeSystem(hart, name, value);
    setLevel(hart, EL0, 0);
    this.start = hart.u64.slice(0, AARCH64.slots.size / 8);
    machine.observer = () => {
      this.trapped = true;
    };
  }

  /** The first two MiB of memory as a block, the next in pages up to RAM_END. */
  private writeTables(): void {
    const tables = new BigUint64Array(3 * 512);
    const page = (i: number) => TABLES + BigInt(i * 4096);
    tables[1] = page(1) | 3n;
    tables[512] = RAM_BASE | LEAF;
    tables[513] = page(2) | 3n;
    const second = RAM_BASE + 0x20_0000n;
    for (let i = 0; second + BigInt(i * 4096) < RAM_END; i++)
      tables[1024 + i] = (second + BigInt(i * 4096)) | LEAF | 2n;
    const { ram } = this.machine;
    ram.writeBytes(ram.offset(TABLES, tables.byteLength) as RamOffset, new Uint8Array(tables.buffer));
  }

  /**
   * Runs one case; its result in the words of {@link OUTPUT}. `undefined` where it jumps to itself or into its own bytes:
   * the outsider would go on running, and show nothing.
   */
  run({ input, instructions }: Case): BigUint64Array | undefined {
    const { hart, machine } = this;
    const { ram } = machine;
    hart.u64.set(this.start);
    hart.contextChanged();
    hart.u64.set(input.subarray(INPUT.x, INPUT.x + 31), X[0].offset / 8);
    hart.set(SP, input[INPUT.sp]);
    hart.u64.set(input.subarray(INPUT.v, INPUT.v + 64), V[0].offset / 8);
    const nzcv = Number(input[INPUT.nzcv] >> 28n);
    [OVERFLOW, C, Z, N].forEach((flag, i) => void hart.set32(flag, (nzcv >> i) & 1));
    hart.set32(FPCR, Number(input[INPUT.fpcr]));
    hart.set32(FPSR, Number(input[INPUT.fpsr]));
    hart.pc = CODE;
    hart.waiting = false;
    const bytes = new Uint8Array(input.buffer, input.byteOffset);
    ram.writeBytes(ram.offset(CODE, 16) as RamOffset, bytes.subarray(0, 16));
    let at = INPUT.memory * 8;
    for (const { base, size } of WINDOWS) {
      ram.writeBytes(ram.offset(base, size) as RamOffset, bytes.subarray(at, at + size));
      at += size;
    }
    machine.monitor.release(hart.id);
    this.trapped = false;
    for (let i = 0; i < instructions.length && !this.trapped; i++) machine.run(1);
    const end = CODE + BigInt(4 * instructions.length);
    if (!this.trapped && hart.pc >= CODE && hart.pc < end) return undefined;
    return this.result();
  }

  private result(): BigUint64Array {
    const { hart, machine } = this;
    const { ram } = machine;
    const output = new BigUint64Array(OUTPUT.words);
    output.set(hart.u64.subarray(X[0].offset / 8, X[0].offset / 8 + 31), OUTPUT.x);
    output[OUTPUT.sp] = readBank(hart, 0);
    output.set(hart.u64.subarray(V[0].offset / 8, V[0].offset / 8 + 64), OUTPUT.v);
    const nzcv = [N, Z, C, OVERFLOW].reduce((flags, flag) => flags * 2 + hart.get32(flag), 0);
    output[OUTPUT.nzcv] = BigInt(nzcv) << 28n;
    output[OUTPUT.fpcr] = BigInt(hart.get32(FPCR) >>> 0);
    output[OUTPUT.fpsr] = BigInt(hart.get32(FPSR) >>> 0);
    const memory = new Uint8Array(output.buffer, OUTPUT.memory * 8, MEMORY_WORDS * 8);
    let at = 0;
    for (const { base, size } of WINDOWS) {
      const offset = ram.offset(base, size) as RamOffset;
      memory.set(ram.bytes.subarray(offset, offset + size), at);
      at += size;
    }
    this.setEnding(output);
    return output;
  }

  private setEnding(output: BigUint64Array): void {
    const { hart, trapped } = this;
    if (!trapped) {
      // What it goes on with is a breakpoint, no memory at all, or no place for an instruction.
      const { pc } = hart;
      const signal = pc & 3n ? SIGNAL.SIGBUS : pc < RAM_BASE || pc >= CODE_END ? SIGNAL.SIGSEGV : SIGNAL.SIGTRAP;
      output[OUTPUT.signal] = BigInt(signal);
      output[OUTPUT.pc] = pc;
      output[OUTPUT.address] = pc;
      return;
    }
    const { cause, value, pc } = hart.trap;
    const ec = ecOf(cause);
    const signal = ec === EC.dataLower && (issOf(cause) & 0x3f) === ALIGNMENT ? SIGNAL.SIGBUS : SIGNALS[ec];
    if (signal === undefined) throw new Error(`ESR_EL1 ${cause.toString(16)} was not to be expected`);
    output[OUTPUT.signal] = BigInt(signal === SIGNAL.none ? SIGNAL.SIGTRAP : signal);
    output[OUTPUT.pc] = signal === SIGNAL.none ? pc + 4n : pc;
    output[OUTPUT.address] = value;
    if (signal === SIGNAL.none) output[OUTPUT.x] = BigInt.asUintN(64, -ENOSYS);
  }
}
