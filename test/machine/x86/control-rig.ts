import type { Hart } from '../../../machine/hart.ts';
import { type ConsolePort, type Finish, Machine } from '../../../machine/index.ts';
import type { Helper } from '../../../machine/isa.ts';
import { errorOf, VECTOR, vectorOf } from '../../../machine/x86/causes.ts';
import { CONTROL_HELPERS } from '../../../machine/x86/control-helpers.ts';
import { X86_64 } from '../../../machine/x86/isa.ts';
import { SLOTS } from '../../../machine/x86/registers.ts';

const NAMES = new Map<number, string>(Object.entries(VECTOR).map(([name, vector]) => [vector, name]));

/** A machine whose harts' registers tests set, and on which they call the helpers of instructions. */
export class ControlRig {
  readonly machine: Machine;
  readonly printed: number[] = [];

  constructor(harts = 1) {
    const console: ConsolePort = { output: (byte) => void this.printed.push(byte), input: () => -1 };
    this.machine = new Machine({ isa: X86_64, memory: 4 << 20, harts, hardwareAd: true, console });
  }

  get hart(): Hart {
    return this.machine.harts[0];
  }

  get(name: string, hart = this.hart): bigint {
    const slot = SLOTS.get(name);
    return slot.type === 'i32' ? BigInt(hart.get32(slot) >>> 0) : hart.get(slot);
  }

  /** Sets registers as they are, without what an instruction would check. */
  set(values: Readonly<Record<string, bigint>>, hart = this.hart): this {
    for (const [name, value] of Object.entries(values)) {
      const slot = SLOTS.get(name);
      if (slot.type === 'i32') hart.set32(slot, Number(BigInt.asIntN(32, value)));
      else hart.set(slot, value);
    }
    return this;
  }

  /** Calls a helper: its trap's name and, where it is not 0, error code; or what the machine was stopped by; else ''. */
  call(helper: string, ...immediates: number[]): string {
    const meaning: Helper = CONTROL_HELPERS[helper];
    if (!meaning(this.hart, ...immediates)) {
      const { cause } = this.hart.trap;
      return `#${NAMES.get(vectorOf(cause))}${errorOf(cause) === 0 ? '' : `(${errorOf(cause)})`}`;
    }
    const finish = this.finish;
    return finish?.kind === 'unsupported' ? finish.what : '';
  }

  /** How the machine was stopped, if it was. */
  get finish(): Finish | undefined {
    const exit = this.machine.run(0);
    return exit.kind === 'finished' ? exit.finish : undefined;
  }

  /** Reads or writes a word of the local APIC's page as a hart. */
  apic(offset: number, hart = this.hart): number {
    return Number(this.machine.bus.read(0xfee0_0000n + BigInt(offset), 4, hart.id));
  }
  setApic(offset: number, value: number, hart = this.hart): this {
    this.machine.bus.write(0xfee0_0000n + BigInt(offset), 4, BigInt(value >>> 0), hart.id);
    return this;
  }
}
