import { type Slot, type SlotDeclaration, SlotTable } from '../ir/index.ts';

/** Exception levels as PSTATE.EL has them; EL2 and EL3 are not implemented. */
export const EL0 = 0;
export const EL1 = 1;

/** System registers that are a plain register underneath; computed ones are in sysreg-*.ts. */
const SYSTEM = [
  'sctlr_el1',
  'cpacr_el1',
  'ttbr0_el1',
  'ttbr1_el1',
  'tcr_el1',
  'mair_el1',
  'vbar_el1',
  'esr_el1',
  'far_el1',
  'elr_el1',
  'spsr_el1',
  'par_el1',
  'contextidr_el1',
  'tpidr_el0',
  'tpidrro_el0',
  'tpidr_el1',
  'csselr_el1',
  'cntkctl_el1',
  'cntfrq_el0',
  'cntp_ctl_el0',
  'cntp_cval_el0',
  'cntv_ctl_el0',
  'cntv_cval_el0',
  'mdscr_el1',
  'mdccint_el1',
  'osdtrrx_el1',
  'osdtrtx_el1',
  'oseccr_el1',
  'dbgprcr_el1',
  'dbgbvr0_el1',
  'dbgbcr0_el1',
  'dbgwvr0_el1',
  'dbgwcr0_el1',
  'dbgbvr1_el1',
  'dbgbcr1_el1',
  'dbgwvr1_el1',
  'dbgwcr1_el1',
];

const declarations: SlotDeclaration[] = [
  { name: 'pc', type: 'i64', group: 'general' },
  ...Array.from({ length: 31 }, (_, i) => ({ name: `x${i}`, type: 'i64', group: 'general' }) as const),
  // The stack pointer that PSTATE.SP and PSTATE.EL select now; the other one is in its bank below.
  { name: 'sp', type: 'i64', group: 'general' },
  // The condition flags, 0 or 1 each, apart so that each is a plain slot; NZCV is all four.
  ...['n', 'z', 'c', 'v'].map((name) => ({ name: `nzcv.${name}`, type: 'i32', group: 'control' }) as const),
  ...Array.from({ length: 32 }, (_, i) => ({ name: `v${i}`, type: 'v128', group: 'float' }) as const),
  { name: 'fpcr', type: 'i32', group: 'control' },
  { name: 'fpsr', type: 'i32', group: 'control' },
  ...SYSTEM.map((name) => ({ name, type: 'i64', group: 'control' }) as const),
  // The stack pointers' banks: what `sp` does not hold now. That of the selected one is out of date.
  { name: 'sp_el0', type: 'i64', group: 'control' },
  { name: 'sp_el1', type: 'i64', group: 'control' },
  // The rest of PSTATE: exception level, SPSel, DAIF as SPSR has it (bits 9 to 6, moved down to 3 to 0), PAN, IL and SS.
  { name: 'el', type: 'i32', group: 'hidden' },
  { name: 'spsel', type: 'i32', group: 'hidden' },
  { name: 'daif', type: 'i32', group: 'hidden' },
  { name: 'pan', type: 'i32', group: 'hidden' },
  { name: 'il', type: 'i32', group: 'hidden' },
  { name: 'ss', type: 'i32', group: 'hidden' },
  // Kept true to the registers above by `stateChanged` in state.ts, so that instructions need not work them out:
  // 15 while a misaligned SP faults as a base register (SCTLR_EL1.SA, SA0), else 0;
  { name: 'spAlignment', type: 'i64', group: 'hidden' },
  // 1 while use of SIMD and floating-point registers traps (CPACR_EL1.FPEN), else 0.
  { name: 'fpTrap', type: 'i32', group: 'hidden' },
  // OSLSR_EL1.OSLK, and the claim tags.
  { name: 'osLock', type: 'i32', group: 'hidden' },
  { name: 'claim', type: 'i32', group: 'hidden' },
  // What was stepped before this instruction (step.ts).
  { name: 'stepped', type: 'i32', group: 'hidden' },
  // The event register of WFE, whether the hart waits in WFE, and whether it is switched off (PSCI).
  { name: 'event', type: 'i32', group: 'hidden' },
  { name: 'inWfe', type: 'i32', group: 'hidden' },
  { name: 'off', type: 'i32', group: 'hidden' },
  // The hart's part of the interrupt controller (gic.ts), which a reset of the hart leaves alone: distributor on, CPU
  // interface on, priority mask, binary point; enabled, pending (set by software), active, and
  // active with their priority dropped, a bit for each interrupt;
  { name: 'gic.distributor', type: 'i32', group: 'hidden' },
  { name: 'gic.control', type: 'i32', group: 'hidden' },
  { name: 'gic.mask', type: 'i32', group: 'hidden' },
  { name: 'gic.point', type: 'i32', group: 'hidden' },
  { name: 'gic.enabled', type: 'i32', group: 'hidden' },
  { name: 'gic.pending', type: 'i32', group: 'hidden' },
  { name: 'gic.active', type: 'i32', group: 'hidden' },
  { name: 'gic.dropped', type: 'i32', group: 'hidden' },
  // priorities, and the harts that sent each software-generated interrupt, a byte for each interrupt.
  ...[0, 1, 2, 3].map((i) => ({ name: `gic.priority${i}`, type: 'i64', group: 'hidden' }) as const),
  ...[0, 1].map((i) => ({ name: `gic.senders${i}`, type: 'i64', group: 'hidden' }) as const),
];

/** The register file of an AArch64 hart. */
export const SLOTS = new SlotTable(declarations);

export const PC = SLOTS.get('pc');
/** Slots of X0 to X30. Register number 31 is SP or the zero register, as the instruction says. */
export const X: readonly Slot[] = Array.from({ length: 31 }, (_, i) => SLOTS.get(`x${i}`));
export const SP = SLOTS.get('sp');
export const V: readonly Slot[] = Array.from({ length: 32 }, (_, i) => SLOTS.get(`v${i}`));
/** The condition flags. */
export const N = SLOTS.get('nzcv.n');
export const Z = SLOTS.get('nzcv.z');
export const C = SLOTS.get('nzcv.c');
/** PSTATE.V, named apart from the vector registers. */
export const OVERFLOW = SLOTS.get('nzcv.v');
export const FPCR = SLOTS.get('fpcr');
export const FPSR = SLOTS.get('fpsr');
export const EL = SLOTS.get('el');
export const SPSEL = SLOTS.get('spsel');
export const DAIF = SLOTS.get('daif');
export const PAN = SLOTS.get('pan');
export const PSTATE_IL = SLOTS.get('il');
export const PSTATE_SS = SLOTS.get('ss');
export const SP_ALIGNMENT = SLOTS.get('spAlignment');
export const FP_TRAP = SLOTS.get('fpTrap');
