import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { SLOTS, X } from '../../../machine/aarch64/registers.ts';
import { SYSTEM_REGISTER_NUMBERS } from '../../../machine/aarch64/sysreg-names.ts';
import { ramOffset } from '../../../machine/addr.ts';
import type { Hart } from '../../../machine/hart.ts';
import { Machine } from '../../../machine/machine.ts';
import { RAM_START } from '../../../machine/memory/ram.ts';

export const ENTRY = 0x4000_0000n;
/** Where exceptions go: each vector is a loop of one instruction, so that a step shows the exception and nothing else. */
export const VECTORS = 0x4000_8000n;
/** Memory that cases may use. */
export const DATA = 0x4000_4000n;

const numbered = (name: string): number => ((SYSTEM_REGISTER_NUMBERS.get(name)! & 0x7fff) << 5) | 0xd510_0000;
export const mrs = (Rt: number, name: string): number => (numbered(name) | (1 << 21) | Rt) >>> 0;
export const msr = (name: string, Rt: number): number => (numbered(name) | Rt) >>> 0;
const BRANCH_TO_ITSELF = 0x1400_0000;
export const NOP = 0xd503_201f;
export const WFE = 0xd503_205f;
export const WFI = 0xd503_207f;
export const SEV = 0xd503_209f;
export const SEVL = 0xd503_20bf;
export const ERET = 0xd69f_03e0;
export const HVC = 0xd400_0002;
export const SMC = 0xd400_0003;
export const SEMIHOSTING = 0xd45e_0000;
export const svc = (imm16: number): number => (0xd400_0001 | (imm16 << 5)) >>> 0;
/** ldr x9, [sp] and ldxr x9, [x1]. */
export const LDR_SP = 0xf940_03e9;
export const LDXR = 0xc85f_7c29;

/** PSTATE as SPSR holds it. */
export const EL0 = 0n;
export const EL1T = 4n;
export const EL1H = 5n;

/** A machine whose harts stand at EL1 at the entry, nothing masked, vectors set. */
export class SystemBench {
  readonly machine: Machine;
  output = '';
  readonly typed: number[] = [];

  constructor(options: { harts?: number } = {}) {
    const output = (byte: number) => {
      this.output += String.fromCharCode(byte);
    };
    const console = { output, input: () => this.typed.shift() ?? -1 };
    const { harts = 1 } = options;
    this.machine = new Machine({ isa: AARCH64, memory: 1 << 20, harts, hardwareAd: false, console });
    for (const hart of this.machine.harts) {
      AARCH64.startBare(hart, ENTRY);
      this.write('vbar_el1', VECTORS, hart);
      this.write('pstate', EL1H, hart);
    }
    for (let offset = 0n; offset < 0x800n; offset += 0x80n) this.put(VECTORS + offset, BRANCH_TO_ITSELF);
  }

  get hart(): Hart {
    return this.machine.harts[0];
  }

  /** Past what the hart's exception level allows. */
  raw(name: string, hart = this.hart): bigint {
    const slot = SLOTS.get(name);
    return slot.type === 'i32' ? BigInt(hart.get32(slot)) : hart.get(slot);
  }

  write(name: string, value: bigint, hart = this.hart): void {
    AARCH64.writeSystem(hart, name, value);
  }

  read(name: string, hart = this.hart): bigint {
    return AARCH64.readSystem(hart, name);
  }

  perform(operation: string, ...operands: bigint[]): void {
    AARCH64.perform(this.hart, operation, ...operands);
  }

  x(i: number, value?: bigint): bigint {
    if (value !== undefined) this.hart.set(X[i], value);
    return this.hart.get(X[i]);
  }

  /** Puts instructions at the hart's pc and begins as many. */
  run(...words: readonly number[]) {
    this.put(this.hart.pc, ...words);
    return this.machine.run(words.length);
  }

  put(address: bigint, ...words: readonly number[]): void {
    const at = RAM_START + Number(address - ENTRY);
    words.forEach((word, i) => {
      this.machine.ram.write(ramOffset(at + 4 * i), 4, BigInt(word));
    });
  }

  /** What the exception last taken says. */
  get taken() {
    const [vector, esr] = [this.hart.pc - VECTORS, this.raw('esr_el1')];
    return { vector, ec: Number(esr >> 26n), iss: Number(esr & 0x1ff_ffffn) };
  }
}
