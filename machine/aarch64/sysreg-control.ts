import type { Hart } from '../hart.ts';
import { irqPending } from './gic.ts';
import { readFlags, SPSR_MASK, writeFlags } from './pstate.ts';
import { DAIF, EL, FPCR, FPSR, PAN, SLOTS, SPSEL } from './registers.ts';
import { readBank, setLevel, stateChanged, writeBank } from './state.ts';
import { constant, everybody, everybodyReads, fixed, plain, type SystemRegister } from './sysreg-register.ts';

const SCTLR = SLOTS.get('sctlr_el1');

/** SCTLR_EL1 (Arm ARM D17.2.118): traps of EL0's instructions. */
export const UMA = 1n << 9n;
export const NTWI = 1n << 16n;
export const NTWE = 1n << 18n;
export const UCI = 1n << 26n;
/** PSTATE.PAN is left alone on exceptions to EL1. */
export const SPAN = 1n << 23n;

/**
 * Bits that software may change: M A C SA SA0 UMA I DZE UCT nTWI nTWE WXN SPAN UCI. There is little-endian data alone,
 * and no AArch32.
 */
const SCTLR_MASK = 0x048d_d21fn;
/** ITD, SED, EOS, TSCXT, EIS, nTLSMD, LSMAOE: read as one where what they control is not there. */
const SCTLR_RES1 = 0x3050_0980n;
/** Translation, caches and alignment checks of data off; the rest, UNKNOWN in the manual, as boot code likes it. */
export const SCTLR_RESET = SCTLR_RES1 | SPAN | NTWI | NTWE | (1n << 3n) | (1n << 4n);

/** CPACR_EL1.FPEN: there are no SVE and no trace registers. */
const CPACR_MASK = 3n << 20n;
/** TCR_EL1 (D17.2.131) without TBID, HPDs and 52-bit addresses; HA and HD only where the walker may update. */
const TCR_MASK = 0x77_ffff_ffbfn;
const TCR_HA_HD = 3n << 39n;
/** BADDR and ASID; no CnP. */
const TTBR_MASK = ~1n;
const VBAR_MASK = ~0x7ffn;

/** AHP, DN, FZ and RMode: no FZ16, and no trapped floating-point exceptions (C5.2, "FPCR"). */
const FPCR_MASK = 0x07c0_0000;
/** QC and the cumulative exception bits. */
const FPSR_MASK = 0x0800_009f;

const translationChanged = (hart: Hart): void => hart.contextChanged();

const sctlr: SystemRegister = {
  name: 'sctlr_el1',
  read: (hart) => hart.get(SCTLR),
  write(hart, value) {
    hart.set(SCTLR, (value & SCTLR_MASK) | SCTLR_RES1);
    stateChanged(hart);
  },
};

const tcr: SystemRegister = {
  ...plain('tcr_el1'),
  write(hart, value) {
    hart.set(SLOTS.get('tcr_el1'), value & (hart.options.hardwareAd ? TCR_MASK | TCR_HA_HD : TCR_MASK));
    hart.contextChanged();
  },
};

/** PSTATE.SP and PSTATE.PAN, which MSR (immediate) writes too. */
export function writeSpSel(hart: Hart, value: number): void {
  setLevel(hart, hart.get32(EL), value);
}

export function writePan(hart: Hart, value: number): void {
  hart.set32(PAN, value);
  hart.contextChanged();
}

/** PSTATE.DAIF: an interrupt or debug exception may come to be taken. */
export function writeDaif(hart: Hart, value: number): void {
  hart.set32(DAIF, value);
  hart.attention = true;
}

/** The fields of PSTATE that are registers of their own (C5.2). */
const PSTATE_REGISTERS: readonly SystemRegister[] = [
  { name: 'currentel', read: (hart) => BigInt(hart.get32(EL) << 2) },
  {
    name: 'spsel',
    read: (hart) => BigInt(hart.get32(SPSEL)),
    write: (hart, value) => writeSpSel(hart, Number(value & 1n)),
  },
  {
    name: 'pan',
    read: (hart) => BigInt(hart.get32(PAN) << 22),
    write: (hart, value) => writePan(hart, Number((value >> 22n) & 1n)),
  },
  {
    name: 'daif',
    user: (hart) => ((hart.get(SCTLR) & UMA) !== 0n ? 'allowed' : 'trapped'),
    read: (hart) => BigInt(hart.get32(DAIF) << 6),
    write: (hart, value) => writeDaif(hart, Number((value >> 6n) & 15n)),
  },
  { name: 'nzcv', user: everybody, read: readFlags, write: writeFlags },
  {
    name: 'sp_el0',
    // It cannot be named while it is the stack pointer (C5.2, "SP_EL0").
    absent: (hart) => hart.get32(SPSEL) === 0,
    read: (hart) => readBank(hart, 0),
    write: (hart, value) => writeBank(hart, 0, value),
  },
];

/** Accesses to these are judged by CPACR_EL1 first: their rows do that. */
const FLOAT_REGISTERS: readonly SystemRegister[] = [
  {
    name: 'fpcr',
    user: everybody,
    read: (hart) => BigInt(hart.get32(FPCR) >>> 0),
    write: (hart, value) => hart.set32(FPCR, Number(BigInt.asIntN(32, value)) & FPCR_MASK),
  },
  {
    name: 'fpsr',
    user: everybody,
    read: (hart) => BigInt(hart.get32(FPSR) >>> 0),
    write: (hart, value) => hart.set32(FPSR, Number(BigInt.asIntN(32, value)) & FPSR_MASK),
  },
];

export const CONTROL_REGISTERS: readonly SystemRegister[] = [
  sctlr,
  tcr,
  plain('cpacr_el1', CPACR_MASK, stateChanged),
  plain('ttbr0_el1', TTBR_MASK, translationChanged),
  plain('ttbr1_el1', TTBR_MASK, translationChanged),
  plain('mair_el1', ~0n, translationChanged),
  plain('vbar_el1', VBAR_MASK),
  plain('esr_el1', 0xffff_ffffn),
  plain('far_el1'),
  plain('elr_el1'),
  plain('spsr_el1', SPSR_MASK),
  plain('par_el1'),
  plain('contextidr_el1', 0xffff_ffffn),
  plain('tpidr_el1'),
  { ...plain('tpidr_el0'), user: everybody },
  { ...plain('tpidrro_el0'), user: everybodyReads },
  // Nothing implementation-defined is in these.
  fixed('actlr_el1'),
  fixed('afsr0_el1'),
  fixed('afsr1_el1'),
  fixed('amair_el1'),
  // It exists where EL1 is the highest exception level; a machine starts at its image's entry instead.
  constant('rvbar_el1', 0n),
  // IRQ pending, masked or not; no FIQ, no SError.
  { name: 'isr_el1', read: (hart) => (irqPending(hart) ? 1n << 7n : 0n) },
  ...PSTATE_REGISTERS,
  ...FLOAT_REGISTERS,
];
