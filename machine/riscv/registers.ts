import { type Slot, type SlotDeclaration, SlotTable } from '../ir/index.ts';

/** ABI names of x0 to x31 (RISC-V ELF psABI, integer register convention). */
export const X_NAMES =
  'zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6'.split(' ');

/** ABI names of f0 to f31. */
export const F_NAMES = (
  'ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 ' +
  'fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11'
).split(' ');

/** Privilege modes by their encoding in MPP and the CSR address (Priv. spec 1.2). */
export const U_MODE = 0;
export const S_MODE = 1;
export const M_MODE = 3;

/** CSRs that are a plain register underneath; views such as sstatus and counters are computed in csr-*.ts. */
const CSRS = [
  'mstatus',
  'mtvec',
  'mepc',
  'mcause',
  'mtval',
  'mscratch',
  'medeleg',
  'mideleg',
  'mie',
  'mip',
  'mcounteren',
  'mcountinhibit',
  'menvcfg',
  'mcycleOffset',
  'minstretOffset',
  'stvec',
  'sepc',
  'scause',
  'stval',
  'sscratch',
  'scounteren',
  'senvcfg',
  'satp',
  'stimecmp',
  'mtimecmp',
  'pmpcfg0',
  'pmpcfg2',
  ...Array.from({ length: 16 }, (_, i) => `pmpaddr${i}`),
];

const declarations: SlotDeclaration[] = [
  { name: 'pc', type: 'i64', group: 'general' },
  ...X_NAMES.slice(1).map((alias, i) => ({ name: `x${i + 1}`, alias, type: 'i64', group: 'general' }) as const),
  ...F_NAMES.map((alias, i) => ({ name: `f${i}`, alias, type: 'i64', group: 'float' }) as const),
  ...CSRS.map((name) => ({ name, type: 'i64', group: 'control' }) as const),
  // frm and fflags, apart so that rounding mode and flags are plain slots; fcsr is both.
  { name: 'frm', type: 'i32', group: 'control' },
  { name: 'fflags', type: 'i32', group: 'control' },
  // The privilege mode is no CSR, but state all the same: 0 U, 1 S, 3 M.
  { name: 'mode', type: 'i32', group: 'hidden' },
  // What mtime is ahead of the machine's clock, in ticks: guests may set mtime. The same in every hart.
  { name: 'timeOffset', type: 'i64', group: 'hidden' },
];

/** The register file of a RV64GC hart. */
export const SLOTS = new SlotTable(declarations);

/** Slots of x1 to x31 by number; x0 has none. */
export const X: readonly Slot[] = X_NAMES.map((_, i) => SLOTS.get(i === 0 ? 'pc' : `x${i}`));
/** Slots of f0 to f31 by number. */
export const F: readonly Slot[] = F_NAMES.map((_, i) => SLOTS.get(`f${i}`));
export const PC = SLOTS.get('pc');
export const MODE = SLOTS.get('mode');
export const FRM = SLOTS.get('frm');
export const FFLAGS = SLOTS.get('fflags');
