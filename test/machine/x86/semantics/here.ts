import type { RamOffset } from '../../../../machine/addr.ts';
import { Machine } from '../../../../machine/index.ts';
import { errorOf, lengthOf, VECTOR, vectorOf } from '../../../../machine/x86/causes.ts';
import { flagsOf, setFlags } from '../../../../machine/x86/flags.ts';
import { X86_64 } from '../../../../machine/x86/isa.ts';
import { updateMode } from '../../../../machine/x86/mode.ts';
import {
  ATTRIBUTES,
  BASE,
  CPL,
  LIMIT,
  MXCSR,
  R,
  SEGMENT,
  SELECTOR,
  SLOTS,
  XMM,
} from '../../../../machine/x86/registers.ts';
import type { Case } from './case.ts';
import {
  BREAKPOINT,
  CODE,
  CODE_END,
  CODE_START,
  FX,
  type Layout,
  OUTPUT,
  RAM_END,
  SEGMENTS_32,
  SINGLE,
} from './layout.ts';

/** Memory behind that which cases see: page tables. */
const MEMORY = 0x40_0000;
const TABLES = 0x3f_0000n;
const PRESENT_USER = 5n;
const PRESENT_WRITABLE_USER = 7n;
const ACCESSED_DIRTY = 0x60n;
const NO_EXECUTE = 1n << 63n;
/** An iteration is an instruction here; no case has more. */
const MAX_STEPS = 300;

/** Linux's selectors in user mode, and what their descriptors say. */
const USER_CODE = { selector: 0x33, attributes: 0xa0fb };
const USER_DATA = { selector: 0x2b, attributes: 0xc0f3 };
/** Of 32-bit code, and the GDT's place behind the page tables. */
const CODE_ATTRIBUTES_32 = 0xc0fb;
const GDT = 0x3f_8000n;
const PRESENT_WRITABLE = 3n;
/** IF, which Linux's processes have. */
const INTERRUPTS = 0x200;

const SIGILL = 4;
const SIGTRAP = 5;
const SIGBUS = 7;
const SIGFPE = 8;
const SIGSEGV = 11;
/** Linux's signals for vectors (arch/x86/kernel/traps.c). */
const SIGNALS: Readonly<Record<number, number>> = {
  ...{ [VECTOR.DE]: SIGFPE, [VECTOR.MF]: SIGFPE, [VECTOR.XM]: SIGFPE },
  ...{ [VECTOR.DB]: SIGTRAP, [VECTOR.BP]: SIGTRAP, [VECTOR.UD]: SIGILL },
  ...{ [VECTOR.SS]: SIGBUS, [VECTOR.NP]: SIGBUS, [VECTOR.AC]: SIGBUS },
};

const FPR = Array.from({ length: 8 }, (_, i) => [SLOTS.get(`fpr${i}`), SLOTS.get(`fpr${i}_high`)] as const);
const [FCW, FSW, FTW, FOP, FIP, FDP] = ['fcw', 'fsw', 'ftw', 'fop', 'fip', 'fdp'].map((name) => SLOTS.get(name));

/** Runs cases on a machine of ours, at CPL 3 in 64-bit or compatibility mode, and says what a Linux program would have seen. */
export class Here {
  private readonly machine = new Machine({
    // A trap ends a case before it is delivered.
    isa: { ...X86_64, deliver: () => {} },
    memory: MEMORY,
    harts: 1,
    hardwareAd: true,
    console: { output: () => {}, input: () => -1 },
  });
  private readonly hart = this.machine.harts[0];
  private readonly start: BigUint64Array;
  private trapped = false;
  private readonly layout: Layout;
  private readonly compatibility: boolean;

  constructor(layout: Layout = SINGLE, compatibility = false) {
    const { hart, machine } = this;
    this.layout = layout;
    this.compatibility = compatibility;
    this.writeTables();
    const code = new Uint8Array(Number(CODE_END - CODE_START)).fill(BREAKPOINT);
    machine.ram.writeBytes(machine.ram.offset(CODE_START, code.length) as RamOffset, code);
    const control = {
      // PG, AM, WP, NE, ET, MP, PE.
      cr0: 0x8005_0033n,
      cr3: TABLES,
      // PAE, OSFXSR, OSXMMEXCPT, OSXSAVE.
      cr4: 0x4_0620n,
      xcr0: 3n,
      // NXE, LMA, LME, SCE.
      efer: 0xd01n,
    };
    for (const [name, value] of Object.entries(control)) hart.set(SLOTS.get(name), value);
    for (const segment of [SEGMENT.es, SEGMENT.ds, SEGMENT.fs, SEGMENT.gs]) {
      hart.set32(SELECTOR[segment], 0);
      hart.set32(ATTRIBUTES[segment], 0);
    }
    for (const [segment, { selector, attributes }] of [
      [SEGMENT.cs, USER_CODE],
      [SEGMENT.ss, USER_DATA],
    ] as const) {
      hart.set32(SELECTOR[segment], selector);
      hart.set32(ATTRIBUTES[segment], attributes);
      hart.set32(LIMIT[segment], -1);
    }
    // Its I/O permission bitmap would lie behind its end, so no port may be used.
    hart.set(SLOTS.get('tr_base'), CODE_START);
    hart.set32(LIMIT[SEGMENT.tr], 0x67);
    hart.set32(CPL, 3);
    if (compatibility) this.setSegments32();
    updateMode(hart);
    this.start = hart.u64.slice(0, X86_64.slots.size / 8);
    machine.observer = () => {
      this.trapped = true;
    };
  }

  /** Segments as 32-bit processes have them, and their descriptors. */
  private setSegments32(): void {
    const { hart, machine } = this;
    const { code, data, fs, fsBase } = SEGMENTS_32;
    const gdt = new BigUint64Array(512);
    const put = (segment: number | undefined, selector: number, attributes: number, base = 0n) => {
      gdt[selector >> 3] =
        0xffffn | ((base & 0xff_ffffn) << 16n) | (BigInt(attributes | 0xf00) << 40n) | ((base >> 24n) << 56n);
      if (segment === undefined) return;
      hart.set32(SELECTOR[segment], selector);
      hart.set32(ATTRIBUTES[segment], attributes);
      hart.set32(LIMIT[segment], -1);
      hart.set(BASE[segment], base);
    };
    put(SEGMENT.cs, code, CODE_ATTRIBUTES_32);
    for (const segment of [SEGMENT.ss, SEGMENT.ds, SEGMENT.es]) put(segment, data, USER_DATA.attributes);
    put(SEGMENT.fs, fs, USER_DATA.attributes, fsBase);
    const { ram } = machine;
    ram.writeBytes(ram.offset(GDT, gdt.byteLength) as RamOffset, new Uint8Array(gdt.buffer));
    const entry = TABLES + 4n * 4096n + ((GDT >> 12n) & 0x1ffn) * 8n;
    ram.write(ram.offset(entry, 8) as RamOffset, 8, GDT | ACCESSED_DIRTY | PRESENT_WRITABLE);
    hart.set(SLOTS.get('gdtr_base'), GDT);
    hart.set32(SLOTS.get('gdtr_limit'), 0x3f);
  }

  /** Code, which can be executed and not written, and data, the other way round, in pages of 4 KiB at the addresses they have. */
  private writeTables(): void {
    const tables = new BigUint64Array(5 * 512);
    const table = (i: number) => (TABLES + BigInt(i * 4096)) | PRESENT_WRITABLE_USER;
    tables[0] = table(1);
    tables[512] = table(2);
    tables[1024] = table(3);
    tables[1025] = table(4);
    for (let at = CODE_START; at < RAM_END; at += 4096n) {
      const rights = at < CODE_END ? PRESENT_USER : PRESENT_WRITABLE_USER | NO_EXECUTE;
      tables[3 * 512 + Number(at >> 12n)] = at | ACCESSED_DIRTY | rights;
    }
    const { ram } = this.machine;
    ram.writeBytes(ram.offset(TABLES, tables.byteLength) as RamOffset, new Uint8Array(tables.buffer));
  }

  /**
   * Runs one case; its result in the words of {@link OUTPUT}. `undefined` where it jumps to itself or into its own bytes:
   * the outsider would go on running, and show nothing.
   */
  run({ input, instruction }: Case): BigUint64Array | undefined {
    const { hart, machine } = this;
    this.begin(input);
    let steps = 0;
    do {
      machine.run(1);
    } while (!this.trapped && hart.pc === CODE && ++steps < MAX_STEPS);
    if (!this.trapped && hart.pc >= CODE && hart.pc < CODE + BigInt(instruction.length)) return undefined;
    return this.result();
  }

  /** Runs several instructions, up to the breakpoint behind them or another trap. */
  runThrough(input: BigUint64Array): BigUint64Array {
    this.begin(input);
    for (let steps = 0; !this.trapped && steps < MAX_STEPS; steps++) this.machine.run(1);
    return this.result();
  }

  private begin(input: BigUint64Array): void {
    const { hart, machine } = this;
    const { ram } = machine;
    const { codeWords, windows, input: INPUT } = this.layout;
    hart.u64.set(this.start);
    R.forEach((slot, i) => {
      hart.set(slot, input[INPUT.r + i]);
    });
    setFlags(hart, Number(input[INPUT.rflags]), 0xcd5 | INTERRUPTS);
    this.setFloat(input.subarray(INPUT.fx, INPUT.fx + FX.words));
    hart.contextChanged();
    hart.pc = CODE;
    hart.waiting = false;
    const bytes = new Uint8Array(input.buffer, input.byteOffset);
    const code = codeWords * 8;
    ram.writeBytes(ram.offset(CODE, code) as RamOffset, bytes.subarray(0, code));
    const data = Number(RAM_END - CODE_END);
    ram.fill(ram.offset(CODE_END, data) as RamOffset, data, 0);
    let at = INPUT.memory * 8;
    for (const { base, size } of windows) {
      ram.writeBytes(ram.offset(base, size) as RamOffset, bytes.subarray(at, at + size));
      at += size;
    }
    this.trapped = false;
  }

  private setFloat(fx: BigUint64Array): void {
    const { hart } = this;
    const fsw = Number(fx[0] >> 16n) & 0xffff;
    const top = (fsw >> 11) & 7;
    hart.set32(FCW, Number(fx[0] & 0xffffn));
    hart.set32(FSW, fsw);
    hart.set32(FTW, Number(fx[0] >> 32n) & 0xff);
    hart.set32(MXCSR, Number(fx[FX.mxcsr] & 0xffff_ffffn));
    for (let i = 0; i < 8; i++) {
      const [low, high] = FPR[(top + i) & 7];
      hart.set(low, fx[FX.st + 2 * i]);
      hart.set32(high, Number(fx[FX.st + 2 * i + 1]) & 0xffff);
    }
    hart.u64.set(fx.subarray(FX.xmm, FX.words), XMM[0].offset / 8);
  }

  private getFloat(fx: BigUint64Array): void {
    const { hart } = this;
    const fsw = hart.get32(FSW);
    const top = (fsw >> 11) & 7;
    const words = [FCW, FSW, FTW, FOP].map((slot) => BigInt(hart.get32(slot)));
    fx[0] = words[0] | (words[1] << 16n) | (words[2] << 32n) | (words[3] << 48n);
    fx[1] = hart.get(FIP);
    fx[2] = hart.get(FDP);
    fx[FX.mxcsr] = BigInt(hart.get32(MXCSR) >>> 0);
    for (let i = 0; i < 8; i++) {
      const [low, high] = FPR[(top + i) & 7];
      fx[FX.st + 2 * i] = hart.get(low);
      fx[FX.st + 2 * i + 1] = BigInt(hart.get32(high));
    }
    fx.set(hart.u64.subarray(XMM[0].offset / 8, XMM[0].offset / 8 + 32), FX.xmm);
  }

  private result(): BigUint64Array {
    const { hart, machine } = this;
    const { ram } = machine;
    const { windows, memoryWords, output: OUTPUT } = this.layout;
    const output = new BigUint64Array(OUTPUT.words);
    R.forEach((slot, i) => {
      output[OUTPUT.r + i] = hart.get(slot);
    });
    if (this.compatibility) {
      const pack = (...segments: number[]) =>
        segments.reduce((word, segment, i) => word | (BigInt(hart.get32(SELECTOR[segment])) << BigInt(16 * i)), 0n);
      output[OUTPUT.r + 8] = pack(SEGMENT.es, SEGMENT.ds, SEGMENT.fs, SEGMENT.gs);
      output[OUTPUT.r + 9] = pack(SEGMENT.cs, SEGMENT.ss);
    }
    output[OUTPUT.rflags] = BigInt(flagsOf(hart));
    this.getFloat(output.subarray(OUTPUT.fx, OUTPUT.fx + FX.words));
    const memory = new Uint8Array(output.buffer, OUTPUT.memory * 8, memoryWords * 8);
    let at = 0;
    for (const { base, size } of windows) {
      const offset = ram.offset(base, size) as RamOffset;
      memory.set(ram.bytes.subarray(offset, offset + size), at);
      at += size;
    }
    this.setEnding(output);
    return output;
  }

  private setEnding(output: BigUint64Array): void {
    const { hart, trapped } = this;
    const end = (vector: number, error: number, rip: bigint, address: bigint) => {
      output[OUTPUT.vector] = BigInt(vector);
      output[OUTPUT.error] = BigInt(error);
      output[OUTPUT.rip] = rip;
      output[OUTPUT.address] = vector === VECTOR.PF ? address : 0n;
      output[OUTPUT.signal] = BigInt(SIGNALS[vector] ?? SIGSEGV);
    };
    if (trapped) {
      const { cause, value, pc } = hart.trap;
      end(vectorOf(cause), errorOf(cause), pc + BigInt(lengthOf(cause)), value);
      return;
    }
    // What it goes on with is a breakpoint, data, no memory at all, or no address.
    const { pc } = hart;
    if (pc >= CODE_START && pc < CODE_END) end(VECTOR.BP, 0, pc + 1n, 0n);
    else end(VECTOR.PF, pc >= CODE_END && pc < RAM_END ? 0x15 : 0x14, pc, pc);
  }
}
