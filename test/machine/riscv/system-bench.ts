import { ramOffset } from '../../../machine/addr.ts';
import type { Hart } from '../../../machine/hart.ts';
import { Machine } from '../../../machine/machine.ts';
import { RAM_START } from '../../../machine/memory/ram.ts';
import { CSR_NUMBERS } from '../../../machine/riscv/csr-names.ts';
import { RISCV64 } from '../../../machine/riscv/isa.ts';
import { MODE, SLOTS, X } from '../../../machine/riscv/registers.ts';

export const ENTRY = 0x8000_0000n;
/** Where traps go: an empty place, so that a step shows the trap and nothing else. */
export const M_VECTOR = 0x8000_1000n;
export const S_VECTOR = 0x8000_2000n;

/** `csrrw rd, csr, rs1` and its like: `operation` is funct3. */
export const csrWord = (operation: number, rd: number, name: string, source: number): number =>
  ((CSR_NUMBERS.get(name)! << 20) | (source << 15) | (operation << 12) | (rd << 7) | 0x73) >>> 0;
export const [CSRRW, CSRRS, CSRRC, CSRRWI, CSRRSI, CSRRCI] = [1, 2, 3, 5, 6, 7];
export const NOP = 0x13;
export const WFI = 0x10500073;
export const MRET = 0x30200073;
export const SRET = 0x10200073;

/** A machine with PMP open, whose harts stand in M-mode at the entry. */
export class SystemBench {
  readonly machine: Machine;
  output = '';
  readonly typed: number[] = [];

  constructor(options: { harts?: number; hardwareAd?: boolean } = {}) {
    const { harts = 1, hardwareAd = false } = options;
    const output = (byte: number) => {
      this.output += String.fromCharCode(byte);
    };
    const console = { output, input: () => this.typed.shift() ?? -1 };
    this.machine = new Machine({ isa: RISCV64, memory: 1 << 20, harts, hardwareAd, console });
    for (const hart of this.machine.harts) {
      RISCV64.startBare(hart, ENTRY);
      this.write('pmpaddr0', (1n << 54n) - 1n, hart);
      this.write('pmpcfg0', 0x1fn, hart);
      this.write('mtvec', M_VECTOR, hart);
      this.write('stvec', S_VECTOR, hart);
    }
  }

  get hart(): Hart {
    return this.machine.harts[0];
  }

  get mode(): number {
    return this.hart.get32(MODE);
  }

  set mode(mode: number) {
    this.hart.set32(MODE, mode);
    this.hart.contextChanged();
  }

  /** Past what the hart's mode allows. */
  raw(name: string, value?: bigint): bigint {
    if (value !== undefined) {
      this.hart.set(SLOTS.get(name), value);
      this.hart.contextChanged();
    }
    return this.hart.get(SLOTS.get(name));
  }

  write(name: string, value: bigint, hart = this.hart): void {
    RISCV64.writeSystem(hart, name, value);
  }

  read(name: string, hart = this.hart): bigint {
    return RISCV64.readSystem(hart, name);
  }

  x(i: number, value?: bigint): bigint {
    if (value !== undefined) this.hart.set(X[i], value);
    return this.hart.get(X[i]);
  }

  /** Puts instructions at the hart's pc and begins as many. */
  run(...words: readonly number[]): void {
    const at = RAM_START + Number(this.hart.pc - ENTRY);
    words.forEach((word, i) => {
      this.machine.ram.write(ramOffset(at + 4 * i), 4, BigInt(word));
    });
    this.machine.run(words.length);
  }
}
