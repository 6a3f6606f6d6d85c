import type { Hart } from '../../../machine/index.ts';
import { type BootOptions, GATE } from '../arch.ts';
import { enableApic } from './apic.ts';
import { GDT_LIMIT, IDT_LIMIT, kernelStack, writeTables } from './descriptors.ts';
import { CR0, CR4, cr3, EFER, RFLAGS, SELECTOR, SYSCALL_OFFSET, XCR0_X87_SSE } from './registers.ts';

/** The gate's physical page: among the devices below 4 GiB. */
export const GATE_BASE = 0xfed0_0000n;

/**
 * From reset to the kernel's half: into protected mode as firmware would leave it, and from there into long mode. The hart
 * ends at the idle gate, its timer off, with interrupts off.
 */
export function boot(hart: Hart, { format, layout, root, frame }: BootOptions): void {
  const { isa } = hart;
  const write = (name: string, value: bigint) => isa.writeSystem(hart, name, value);
  const gate = layout.directMap + GATE_BASE;
  const tables = writeTables({ own: frame(), idt: frame(), stack: frame() }, layout.directMap, gate, (at, value) => {
    if (!hart.bus.write(at, 8, value)) throw new Error('the descriptor tables are not in RAM');
  });

  hart.pc = GATE_BASE + BigInt(GATE.boot);
  const mode = CR0.PE | CR0.MP | CR0.ET | CR0.NE | CR0.WP | CR0.AM;
  write('gdtr_base', tables.gdt - layout.directMap);
  write('gdtr_limit', BigInt(GDT_LIMIT));
  write('cr0', mode);
  write('cs', 0x08n);
  // Long mode: LA57 can only be chosen before it, PCIDs only in it.
  const features =
    CR4.PAE | CR4.PGE | CR4.OSFXSR | CR4.OSXMMEXCPT | CR4.FSGSBASE | CR4.OSXSAVE | CR4.SMEP | CR4.SMAP | CR4.PKE;
  const linear = format.levels === 5 ? CR4.LA57 : 0n;
  write('cr4', features | linear);
  write('efer', EFER.LME | EFER.NXE | EFER.SCE);
  write('cr3', root);
  write('cr0', mode | CR0.PG);
  write('gdtr_base', tables.gdt);
  write('cs', SELECTOR.kernelCode);
  hart.pc = gate + BigInt(GATE.boot);
  write('cr4', features | linear | CR4.PCIDE);
  write('cr3', cr3(root, 0));
  for (const name of ['ds', 'es', 'fs', 'gs']) write(name, 0n);
  write('ss', SELECTOR.kernelData);
  write('ldtr', 0n);
  write('tr', SELECTOR.tss);
  write('idtr_base', tables.idt);
  write('idtr_limit', BigInt(IDT_LIMIT));
  write('xcr0', XCR0_X87_SSE);
  write('star', (SELECTOR.kernelCode << 32n) | ((SELECTOR.sysret | 3n) << 48n));
  write('lstar', gate + BigInt(GATE.trap + SYSCALL_OFFSET));
  write('fmask', RFLAGS.TF | RFLAGS.DF | RFLAGS.IF | RFLAGS.IOPL | RFLAGS.NT | RFLAGS.AC);
  write('gs_base', tables.tss);
  write('kernel_gs_base', 0n);
  write('rflags', RFLAGS.FIXED);
  hart.set(isa.sp, kernelStack(hart));
  enableApic(hart);
  hart.pc = gate + BigInt(GATE.idle);
}
