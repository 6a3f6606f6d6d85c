import type { Hart } from '../../../machine/index.ts';
import type { UserContext } from '../arch.ts';

// What user mode is told of the ID registers, which it may not read: HWCAP_CPUID, Linux's
// Documentation/arm64/cpu-feature-registers.rst. A register's fields that are not listed there read as the lowest that
// any machine has.

interface IdRegister {
  readonly name: string;
  /** Fields that are told as they are, and what the others read as. */
  readonly visible: bigint;
  readonly others: bigint;
}

/** Four-bit fields by the number of their lowest bit. */
const fields = (...shifts: readonly number[]): bigint => shifts.reduce((mask, at) => mask | (0xfn << BigInt(at)), 0n);
const ALL = (1n << 64n) - 1n;

/** By CRm and op2; all have op0 3, op1 0 and CRn 0. */
const KNOWN: ReadonlyMap<number, IdRegister> = new Map<number, IdRegister>([
  [0o00, { name: 'midr_el1', visible: ALL, others: 0n }],
  [0o05, { name: 'mpidr_el1', visible: 0n, others: 1n << 31n }],
  [0o06, { name: 'revidr_el1', visible: ALL, others: 0n }],
  // FP, AdvSIMD, SVE and DIT; EL0 and EL1 run AArch64 code alone.
  [0o40, { name: 'id_aa64pfr0_el1', visible: fields(16, 20, 32, 48), others: 0x11n }],
  [0o50, { name: 'id_aa64dfr0_el1', visible: 0n, others: 0x6n }],
  // AES, SHA1, SHA2, CRC32, Atomic, RDM, SHA3, SM3, SM4, DP, FHM, TS and RNDR.
  [0o60, { name: 'id_aa64isar0_el1', visible: fields(4, 8, 12, 16, 20, 28, 32, 36, 40, 44, 48, 52, 60), others: 0n }],
  // DPB, APA, API, JSCVT, FCMA, LRCPC, GPA, GPI, FRINTTS, SB, BF16, DGH and I8MM.
  [0o61, { name: 'id_aa64isar1_el1', visible: fields(0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 44, 48, 52), others: 0n }],
  [0o70, { name: 'id_aa64mmfr0_el1', visible: 0n, others: 0xff00_0000n }],
]);

/** MRS of the ID space: op0 3, op1 0, CRn 0; CRm, op2 and Rt differ. */
const MRS_ID = 0xd538_0000;
const MRS_ID_MASK = 0xffff_f000;

/** ESR_EL1.EC of an unknown reason, and of a trapped system instruction. */
const MAY_BE_MRS: ReadonlySet<bigint> = new Set([0x00n, 0x18n]);

/** Answers an MRS of an ID register by EL0; `undefined`: the exception was something else. */
export function emulate(hart: Hart, context: UserContext, fetch: (address: bigint) => number): bigint | undefined {
  if (!MAY_BE_MRS.has(hart.isa.readSystem(hart, 'esr_el1') >> 26n)) return undefined;
  const word = fetch(context.pc);
  if ((word & MRS_ID_MASK) >>> 0 !== MRS_ID) return undefined;
  const register = (word >>> 5) & 0x7f;
  const value = told(hart, register);
  if (value === undefined) return undefined;
  const target = word & 31;
  if (target !== 31) context.registers.set(`x${target}`, value);
  context.pc = BigInt.asUintN(64, context.pc + 4n);
  return value;
}

/** CRm 0 has three registers, CRm 1 those of AArch32; of the others one without a name reads as zero. */
function told(hart: Hart, register: number): bigint | undefined {
  const known = KNOWN.get(register);
  if (!known) return register >> 3 >= 2 && register >> 3 <= 7 ? 0n : undefined;
  const { name, visible, others } = known;
  return (hart.isa.readSystem(hart, name) & visible) | (others & ~visible);
}
