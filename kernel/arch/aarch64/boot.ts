import type { Hart } from '../../../machine/index.ts';
import { type BootOptions, GATE } from '../arch.ts';
import { CNTKCTL_EL0VCTEN, CPACR_FPEN, MAIR, SCTLR, TCR, ttbr0 } from './registers.ts';

/** The gate's physical page: between the devices and RAM. */
export const GATE_BASE = 0x3000_0000n;

/**
 * From reset, which is at EL1 with the MMU off and interrupts masked, to the kernel's half. The hart ends at the idle
 * gate with its timer off.
 */
export function boot(hart: Hart, { format, layout, root, kernelRoot, hardwareAd }: BootOptions): void {
  const { isa } = hart;
  const write = (name: string, value: bigint) => isa.writeSystem(hart, name, value);

  hart.pc = GATE_BASE + BigInt(GATE.boot);
  const gate = layout.directMap + GATE_BASE;
  const size = BigInt(64 - (12 + format.levels * format.indexBits));
  const both = TCR.IRGN0 | TCR.ORGN0 | TCR.SH0 | TCR.IRGN1 | TCR.ORGN1 | TCR.SH1 | TCR.TG1_4K | TCR.IPS_40 | TCR.AS;
  write('mair_el1', MAIR);
  write('tcr_el1', size | (size << 16n) | both | TCR.TBI0 | (hardwareAd ? TCR.HA | TCR.HD : 0n));
  write('ttbr0_el1', ttbr0(root, 0));
  write('ttbr1_el1', kernelRoot);
  write('vbar_el1', gate + BigInt(GATE.trap));
  write('cpacr_el1', CPACR_FPEN);
  write('cntkctl_el1', CNTKCTL_EL0VCTEN);
  write('cntv_ctl_el0', 0n);
  isa.perform(hart, 'tlbi vmalle1');
  // SPAN stays clear: PSTATE.PAN is set at each entry.
  const user = SCTLR.DZE | SCTLR.UCT | SCTLR.NTWI | SCTLR.NTWE | SCTLR.UCI;
  write('sctlr_el1', SCTLR.RES1 | user | SCTLR.M | SCTLR.C | SCTLR.I | SCTLR.SA | SCTLR.SA0);
  hart.pc = gate + BigInt(GATE.idle);
}
