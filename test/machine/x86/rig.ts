import type { Hart } from '../../../machine/hart.ts';
import type { Finish } from '../../../machine/isa.ts';
import { Machine } from '../../../machine/machine.ts';
import { X86_64 } from '../../../machine/x86/isa.ts';
import { updateMode } from '../../../machine/x86/mode.ts';
import { SEGMENT_NAMES, SLOTS } from '../../../machine/x86/registers.ts';

/** Where things lie; below 1 MiB every page is mapped as it is, for the user too. */
export const AT = {
  gdt: 0x2000n,
  ldt: 0x2800n,
  idt: 0x3000n,
  tss: 0x5000n,
  /** Tops of stacks: RSP0, IST1, IST2, the interrupted code's. */
  rsp0: 0x7000n,
  ist1: 0x7800n,
  ist2: 0x7c00n,
  stack: 0xa800n,
  code: 0x9000n,
  /** Vector n's handler is `jmp $` at 16·n from here. */
  handlers: 0xc000n,
  tables: 0x2_0000n,
} as const;

/** Selectors of the GDT. */
export const SEL = {
  code32: 0x08,
  code64: 0x10,
  data: 0x18,
  userCode32: 0x23,
  userData: 0x2b,
  userCode64: 0x33,
  /** Spare descriptors, absent. */
  spare: 0x38,
  tss: 0x40,
  spare2: 0x50,
  gate: 0x60,
} as const;

/** A descriptor of 4 GiB from 0 with these attributes (bits 40 to 55, the limit's aside). */
export const descriptor = (attributes: number, base = 0n, limit = 0xf_ffffn): bigint =>
  (limit & 0xffffn) |
  ((base & 0xff_ffffn) << 16n) |
  (BigInt(attributes) << 40n) |
  ((limit >> 16n) << 48n) |
  ((base >> 24n) << 56n);

/** Attributes by what they are; 64-bit code has L, everything else D. */
export const CODE32 = 0xc09b;
export const CODE64 = 0xa09b;
export const DATA = 0xc093;
export const dpl = (level: number): number => level << 5;

const USER = 3;
const PRESENT_WRITABLE_USER = 7n;
const LONG_CR0 = 0x8005_0033n;
const LEGACY_CR0 = 0x11n;
const CR4 = 0x6a0n | (1n << 9n);
/** SCE, LME, LMA, NXE. */
const EFER = 0xd01n;

/** How a rig starts: in 64-bit mode or, without paging, in protected mode; at a CPL. */
export interface RigOptions {
  readonly legacy?: boolean;
  readonly cpl?: number;
}

/** A machine with descriptor tables, TSS, stacks and handlers in place. */
export class Rig {
  readonly machine: Machine;
  readonly legacy: boolean;

  constructor({ legacy = false, cpl = 0 }: RigOptions = {}) {
    const console = { output: () => {}, input: () => -1 };
    this.machine = new Machine({ isa: X86_64, memory: 1 << 20, harts: 1, hardwareAd: true, console });
    this.legacy = legacy;
    this.fillGdt();
    if (legacy) this.setLegacy();
    else this.setLong();
    for (let vector = 0; vector < 256; vector++) {
      this.gate(vector);
      this.write(AT.handlers + BigInt(16 * vector), 2, 0xfeebn);
    }
    this.set({ gdtr_base: AT.gdt, gdtr_limit: 0x7fn, idtr_base: AT.idt, idtr_limit: 0xfffn });
    const code = legacy ? SEL.code32 : SEL.code64;
    const user = legacy ? SEL.userCode32 : SEL.userCode64;
    this.segment('cs', cpl === USER ? user : code);
    for (const name of ['ss', 'ds', 'es', 'fs', 'gs']) this.segment(name, cpl === USER ? SEL.userData : SEL.data);
    this.segment('tr', SEL.tss);
    this.set({ cpl: BigInt(cpl), rip: AT.code, rsp: AT.stack, ldtr_attributes: 0n });
    updateMode(this.hart);
  }

  get hart(): Hart {
    return this.machine.harts[0];
  }

  private fillGdt(): void {
    const user = dpl(USER);
    this.gdt(SEL.code32, descriptor(CODE32));
    this.gdt(SEL.code64, descriptor(CODE64));
    this.gdt(SEL.data, descriptor(DATA));
    this.gdt(SEL.userCode32, descriptor(CODE32 | user));
    this.gdt(SEL.userData, descriptor(DATA | user));
    this.gdt(SEL.userCode64, descriptor(CODE64 | user));
    this.gdt(SEL.tss, descriptor(0x8b, AT.tss, 0x67n));
  }

  private setLong(): void {
    const t = AT.tables;
    for (let i = 0n; i < 3n; i++) this.write(t + (i << 12n), 8, (t + ((i + 1n) << 12n)) | PRESENT_WRITABLE_USER);
    for (let i = 0n; i < 256n; i++) this.map(i << 12n, (i << 12n) | PRESENT_WRITABLE_USER);
    this.set({ cr0: LONG_CR0, cr4: CR4, cr3: t, efer: EFER });
    this.write(AT.tss + 4n, 8, AT.rsp0);
    this.write(AT.tss + 36n, 8, AT.ist1);
    this.write(AT.tss + 44n, 8, AT.ist2);
  }

  private setLegacy(): void {
    this.set({ cr0: LEGACY_CR0, cr4: 0n, efer: 0n });
    this.write(AT.tss + 4n, 4, AT.rsp0);
    this.write(AT.tss + 8n, 2, BigInt(SEL.data));
  }

  /** Sets a page's entry; 0: not present. */
  map(address: bigint, entry: bigint): void {
    this.write(AT.tables + 0x3000n + (address >> 12n) * 8n, 8, entry);
    this.hart.tlb.invalidate(() => true);
    this.hart.contextChanged();
  }

  gdt(selector: number, low: bigint, high?: bigint): void {
    this.write(AT.gdt + BigInt(selector & ~7), 8, low);
    if (high !== undefined) this.write(AT.gdt + BigInt(selector & ~7) + 8n, 8, high);
  }

  /** An interrupt gate to the vector's handler, or what is given. */
  gate(
    vector: number,
    { type = 0x8e, selector, ist = 0, to }: { type?: number; selector?: number; ist?: number; to?: bigint } = {},
  ): void {
    const target = to ?? AT.handlers + BigInt(16 * vector);
    const code = selector ?? (this.legacy ? SEL.code32 : SEL.code64);
    const low =
      (target & 0xffffn) |
      (BigInt(code) << 16n) |
      (BigInt(ist) << 32n) |
      (BigInt(type) << 40n) |
      (((target >> 16n) & 0xffffn) << 48n);
    if (this.legacy) this.write(AT.idt + BigInt(8 * vector), 8, low);
    else {
      this.write(AT.idt + BigInt(16 * vector), 8, low);
      this.write(AT.idt + BigInt(16 * vector) + 8n, 8, target >> 32n);
    }
  }

  /** Loads a segment register from the GDT without any check. */
  segment(name: string, selector: number): void {
    const low = this.read(AT.gdt + BigInt(selector & ~7), 8);
    const attributes = Number((low >> 40n) & 0xf0ffn);
    const limit = (low & 0xffffn) | ((low >> 32n) & 0xf_0000n);
    this.set({
      [name]: BigInt(selector),
      [`${name}_base`]: ((low >> 16n) & 0xff_ffffn) | ((low >> 56n) << 24n),
      [`${name}_limit`]: (attributes & 0x8000) !== 0 ? (limit << 12n) | 0xfffn : limit,
      [`${name}_attributes`]: BigInt(attributes),
    });
  }

  write(address: bigint, size: number, value: bigint): void {
    if (!this.machine.bus.write(address, size, BigInt.asUintN(size * 8, value))) throw new Error('not in RAM');
  }

  read(address: bigint, size: number): bigint {
    return this.machine.bus.read(address, size) ?? 0n;
  }

  get(name: string): bigint {
    const slot = SLOTS.get(name);
    return slot.type === 'i32' ? BigInt(this.hart.get32(slot) >>> 0) : this.hart.get(slot);
  }

  set(values: Readonly<Record<string, bigint>>): void {
    for (const [name, value] of Object.entries(values)) {
      const slot = SLOTS.get(name);
      if (slot.type === 'i32') this.hart.set32(slot, Number(BigInt.asIntN(32, value)));
      else this.hart.set(slot, BigInt.asUintN(64, value));
    }
    this.hart.attention = true;
  }

  /** Pushes words below the stack pointer, the last one lowest. */
  push(size: number, ...words: bigint[]): void {
    for (const word of words) {
      this.set({ rsp: this.get('rsp') - BigInt(size) });
      this.write(this.get('rsp'), size, word);
    }
  }

  /** Puts code at the pc, in hexadecimal, and begins so many instructions. */
  run(code: string, steps = 1): this {
    Buffer.from(code.replaceAll(' ', ''), 'hex').forEach((byte, i) => {
      this.write(this.get('rip') + BigInt(i), 1, BigInt(byte));
    });
    this.machine.run(steps);
    return this;
  }

  /** All registers, to compare with. */
  registers(): Record<string, bigint> {
    const names = SLOTS.slots.filter(
      ({ group, type }) => type !== 'v128' && (group === 'general' || group === 'control'),
    );
    return Object.fromEntries(names.map(({ name }) => [name, this.get(name)]));
  }

  /** Which vector's handler the pc is at, or -1. */
  get vector(): number {
    const offset = this.get('rip') - AT.handlers;
    return offset >= 0n && offset < 4096n && offset % 16n === 0n ? Number(offset / 16n) : -1;
  }

  /** Vector and, where the exception has one, error code in hexadecimal: `#13(3b)`; or how the machine was stopped. */
  get taken(): string {
    const { finish } = this;
    if (finish) return 'what' in finish ? finish.what : finish.kind;
    if (this.vector < 0) return 'no';
    const coded = [8, 10, 11, 12, 13, 14, 17].includes(this.vector);
    return `#${this.vector}${coded ? `(${this.word(0).toString(16)})` : ''}`;
  }

  /** A word of the frame, from the stack pointer up. */
  word(k: number): bigint {
    const size = this.legacy ? 4 : 8;
    return this.read(this.get('rsp') + BigInt(k * size), size);
  }

  get finish(): Finish | undefined {
    const exit = this.machine.run(0);
    return exit.kind === 'finished' ? exit.finish : undefined;
  }
}

/** Segment registers' names, TR and LDTR among them. */
export const SEGMENTS = SEGMENT_NAMES;
