import { insertFields } from '../../../machine/decode/index.ts';
import { ReferenceEngine } from '../../../machine/engine/reference.ts';
import { type Gate, Machine, pa, type RamOffset } from '../../../machine/index.ts';
import { TABLE_16, TABLE_32 } from '../../../machine/riscv/decode.ts';
import { RISCV64 } from '../../../machine/riscv/isa.ts';
import { X } from '../../../machine/riscv/registers.ts';

/** An encoding and its length in bytes. */
export interface Code {
  readonly word: number;
  readonly length: number;
}

/** The encoding of a row, by its mnemonic, with those field values and all others 0. */
export function asm(mnemonic: string, fields: Readonly<Record<string, number>> = {}): Code {
  const row = [...TABLE_32.rows, ...TABLE_16.rows].find(({ syntax }) => syntax.split(' ')[0] === mnemonic);
  if (!row) throw new Error(`no row for ${mnemonic}`);
  const zeros = Object.fromEntries(row.pattern.fields.map(({ name, base }) => [name, base]));
  for (const name of Object.keys(fields)) if (!(name in zeros)) throw new Error(`${mnemonic} has no field ${name}`);
  return { word: insertFields(row.pattern, { ...zeros, ...fields }), length: row.pattern.bits / 8 };
}

export const addi = (rd: number, rs1: number, imm: number) => asm('addi', { rd, rs1, imm });
export const NOP = addi(0, 0, 0);

/** A machine of RISC-V harts in M-mode at the start of RAM, and an engine on its parts. */
export class Rig {
  readonly machine: Machine;
  readonly engine: ReferenceEngine;
  readonly gate: Gate | undefined;
  traps: { cause: number; value: bigint; pc: bigint }[] = [];

  constructor({ harts = 1, gate, pages = 16 }: { harts?: number; gate?: Gate; pages?: number } = {}) {
    const console = { output: () => {}, input: () => -1 };
    this.gate = gate;
    this.machine = new Machine({ isa: RISCV64, memory: pages * 4096, harts, hardwareAd: false, gate, console });
    const observer = (hart: (typeof this.machine.harts)[number]) => {
      const { cause, value, pc } = hart.trap;
      this.traps.push({ cause, value, pc });
    };
    this.machine.observer = observer;
    const { ram, memories } = this.machine;
    this.engine = new ReferenceEngine({ harts: this.machine.harts, memories, ram, gate, observer: () => observer });
    for (const hart of this.machine.harts) hart.pc = RISCV64.ramBase;
  }

  get hart() {
    return this.machine.harts[0];
  }

  /** Puts code at an address, as a device would. */
  put(address: bigint, ...code: Code[]): void {
    const { ram } = this.machine;
    for (const { word, length } of code) {
      const bytes = new Uint8Array(new Uint32Array([word]).buffer, 0, length);
      ram.writeBytes(ram.offset(pa(address), length) as RamOffset, bytes);
      address += BigInt(length);
    }
  }

  x(i: number, hart = this.hart): bigint {
    return hart.get(X[i]);
  }

  setX(i: number, value: bigint, hart = this.hart): void {
    hart.set(X[i], value);
  }
}
