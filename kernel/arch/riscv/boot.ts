import type { Hart } from '../../../machine/index.ts';
import { type BootOptions, GATE } from '../arch.ts';
import { MSTATUS_MPP_S, NEVER, SSI, SSTATUS, STI, satp } from './registers.ts';

/** The gate's physical page: between the devices and RAM. */
export const GATE_BASE = 0x4000_0000n;

/** PMP entry 0: NAPOT over the whole physical address space, readable, writable and executable. */
const PMP_EVERYTHING = { address: (1n << 54n) - 1n, config: 0x1fn };
/** Exceptions 0 to 8, 12, 13 and 15; environment calls from S and M stay with firmware. */
const DELEGATED_EXCEPTIONS = 0xb1ffn;
/** Supervisor software, timer and external interrupts. */
const DELEGATED_INTERRUPTS = 0x222n;
const MENVCFG_STCE = 1n << 63n;
const MENVCFG_ADUE = 1n << 61n;
/** Cycle, time and instret. */
const COUNTERS = 7n;

/**
 * From reset to the supervisor: first what firmware does in M-mode, an MRET to S, then the kernel's own early boot. The
 * hart ends at the idle gate, its timer off, with interrupts enabled for user mode only.
 */
export function boot(hart: Hart, options: BootOptions): void {
  const { isa } = hart;
  const write = (name: string, value: bigint) => isa.writeSystem(hart, name, value);

  hart.pc = GATE_BASE + BigInt(GATE.boot);
  write('pmpaddr0', PMP_EVERYTHING.address);
  write('pmpcfg0', PMP_EVERYTHING.config);
  write('medeleg', DELEGATED_EXCEPTIONS);
  write('mideleg', DELEGATED_INTERRUPTS);
  write('menvcfg', MENVCFG_STCE | (options.hardwareAd ? MENVCFG_ADUE : 0n));
  write('mcounteren', COUNTERS);
  write('mtvec', GATE_BASE + BigInt(GATE.panic));
  write('mepc', GATE_BASE + BigInt(GATE.boot));
  write('mstatus', MSTATUS_MPP_S);
  isa.perform(hart, 'mret');

  write('satp', satp(options.format.mode, options.root, 0));
  isa.perform(hart, 'sfence.vma');
  const gate = options.layout.directMap + GATE_BASE;
  write('stvec', gate + BigInt(GATE.trap));
  write('scounteren', COUNTERS);
  write('stimecmp', NEVER);
  write('sie', (1n << SSI) | (1n << STI));
  write('sstatus', SSTATUS.FS_CLEAN);
  hart.pc = gate + BigInt(GATE.idle);
}
