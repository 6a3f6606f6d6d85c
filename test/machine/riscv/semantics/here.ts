import type { RamOffset } from '../../../../machine/addr.ts';
import { Machine } from '../../../../machine/index.ts';
import { CAUSE } from '../../../../machine/riscv/causes.ts';
import { RISCV64 } from '../../../../machine/riscv/isa.ts';
import { F, FFLAGS, FRM, MODE, U_MODE, X } from '../../../../machine/riscv/registers.ts';
import { type Case, SIGNAL } from '../../semantics/case.ts';
import { CODE, INPUT, MEMORY_WORDS, OUTPUT, RAM_BASE, RAM_END, WINDOWS } from './layout.ts';

/** Linux's signals for the exceptions (arch/riscv/kernel/traps.c); ecall's, which is none, is 0. */
const SIGNALS: Readonly<Record<number, number>> = {
  [CAUSE.illegalInstruction]: SIGNAL.SIGILL,
  [CAUSE.breakpoint]: SIGNAL.SIGTRAP,
  [CAUSE.loadMisaligned]: SIGNAL.SIGBUS,
  [CAUSE.storeMisaligned]: SIGNAL.SIGBUS,
  [CAUSE.loadAccess]: SIGNAL.SIGSEGV,
  [CAUSE.storeAccess]: SIGNAL.SIGSEGV,
  [CAUSE.ecallFromU]: SIGNAL.none,
};
/** What a system call that does not exist returns. */
const ENOSYS = 38n;

/** Runs cases on a machine of ours, in U-mode without translation, and says what a Linux program would have seen. */
export class Here {
  private readonly machine = new Machine({
    isa: RISCV64,
    memory: Number(RAM_END - RAM_BASE),
    harts: 1,
    hardwareAd: false,
    console: { output: () => {}, input: () => -1 },
  });
  private readonly hart = this.machine.harts[0];
  private readonly start: BigUint64Array;
  private trapped = false;

  constructor() {
    const { hart, machine } = this;
    // PMP: the last entry lets everything through. FS: dirty. Counters: for everybody.
    const system = { pmpaddr0: ~0n, pmpcfg0: 0x1fn, mstatus: 3n << 13n, mcounteren: 7n, scounteren: 7n };
    for (const [name, value] of Object.entries(system)) RISCV64.writeSystem(hart, name, value);
    hart.set32(MODE, U_MODE);
    this.start = hart.u64.slice(0, RISCV64.slots.size / 8);
    machine.observer = () => {
      this.trapped = true;
    };
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
    hart.u64.set(input.subarray(INPUT.x, INPUT.x + 31), X[1].offset / 8);
    hart.u64.set(input.subarray(INPUT.f, INPUT.f + 32), F[0].offset / 8);
    hart.set32(FRM, Number(input[INPUT.fcsr] >> 5n) & 7);
    hart.set32(FFLAGS, Number(input[INPUT.fcsr]) & 31);
    hart.pc = CODE;
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
    const length = instructions.reduce((sum, instruction) => sum + instruction.length, 0);
    if (!this.trapped && hart.pc >= CODE && hart.pc < CODE + BigInt(length)) return undefined;
    return this.result();
  }

  private result(): BigUint64Array {
    const { hart, machine, trapped } = this;
    const { ram } = machine;
    const output = new BigUint64Array(OUTPUT.words);
    const x = hart.u64.subarray(X[1].offset / 8, X[1].offset / 8 + 31);
    output.set(x, OUTPUT.x);
    output.set(hart.u64.subarray(F[0].offset / 8, F[0].offset / 8 + 32), OUTPUT.f);
    output[OUTPUT.fcsr] = BigInt((hart.get32(FRM) << 5) | hart.get32(FFLAGS));
    const memory = new Uint8Array(output.buffer, OUTPUT.memory * 8, MEMORY_WORDS * 8);
    let at = 0;
    for (const { base, size } of WINDOWS) {
      const offset = ram.offset(base, size) as RamOffset;
      memory.set(ram.bytes.subarray(offset, offset + size), at);
      at += size;
    }
    // Where it did not trap, what it goes on with is a breakpoint, or no memory at all.
    const { cause, value, pc } = hart.trap;
    const signal = trapped ? SIGNALS[cause] : ram.offset(hart.pc, 2) < 0 ? SIGNAL.SIGSEGV : SIGNAL.SIGTRAP;
    if (signal === undefined) throw new Error(`exception ${cause} was not to be expected`);
    output[OUTPUT.signal] = BigInt(signal);
    output[OUTPUT.pc] = trapped ? pc : hart.pc;
    output[OUTPUT.address] = trapped ? value : hart.pc;
    if (signal === SIGNAL.none) {
      output[OUTPUT.signal] = BigInt(SIGNAL.SIGTRAP);
      output[OUTPUT.pc] = pc + 4n;
      output[OUTPUT.x + 9] = BigInt.asUintN(64, -ENOSYS);
    }
    return output;
  }
}
