import { EC, ecOf } from '../../../machine/aarch64/causes.ts';
import { TABLE } from '../../../machine/aarch64/decode.ts';
import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import {
  C,
  DAIF,
  EL,
  FPCR,
  FPSR,
  N,
  OVERFLOW,
  PAN,
  PSTATE_IL,
  PSTATE_SS,
  SPSEL,
  V,
  X,
  Z,
} from '../../../machine/aarch64/registers.ts';
import { startHart } from '../../../machine/aarch64/reset.ts';
import { SYSTEM_REGISTER_NUMBERS } from '../../../machine/aarch64/sysreg-names.ts';
import { SYSTEM_OPERATIONS } from '../../../machine/aarch64/system-operations.ts';
import type { Random } from '../../machine/semantics/random.ts';
import { bytesOf, type Hunted, layEntries } from './hunted.ts';

const BASE = AARCH64.ramBase;
const REGISTERS = [...SYSTEM_REGISTER_NUMBERS.values()];
const OPERATIONS = [...SYSTEM_OPERATIONS.keys()];
const EDGES = [
  0n,
  1n,
  ~0n,
  1n << 63n,
  (1n << 63n) - 1n,
  1n << 39n,
  -(1n << 39n),
  1n << 48n,
  -(1n << 48n),
  0xffn << 56n,
];

/** Registers that decide how the machine goes on, beside those that every state sets on purpose. */
const CONTROLS = [
  'cpacr_el1',
  'mdscr_el1',
  'cntkctl_el1',
  'cntp_ctl_el0',
  'cntv_ctl_el0',
  'mair_el1',
  'contextidr_el1',
];
const POINTERS = ['vbar_el1', 'elr_el1', 'par_el1', 'far_el1', 'cntp_cval_el0'];
/** SCTLR_EL1: M, A, SA, SA0, I, C, WXN, SPAN and the traps of EL0. */
const SCTLR_BITS = 0x048d_d21fn;
const STATES = [0n, 4n, 5n];

/** A word that is likely an instruction: one of a row's, with any fields, or any word at all. */
function word(random: Random): number {
  if (random.oneIn(6)) return random.bits();
  const { pattern } = random.pick(TABLE.rows);
  const bits = (pattern.value | (random.bits() & ~pattern.mask)) >>> 0;
  // System instructions of registers and operations that exist: bits 20 to 5 number both.
  if (bits >>> 22 !== 0xd50 >>> 2 || random.oneIn(8)) return bits;
  const number = random.oneIn(2) ? random.pick(OPERATIONS) : random.pick(REGISTERS);
  return ((bits & 0xffe0_001f) | ((number & 0xffff) << 5)) >>> 0;
}

/** Tables among the first four pages, and blocks or pages of everybody's that map memory to itself. */
function entry(random: Random): bigint {
  if (random.oneIn(20)) return random.bits64();
  if (random.oneIn(3)) return (BASE + BigInt(random.below(4) * 4096)) | 3n;
  const never = random.oneIn(4) ? BigInt(random.below(4)) << 53n : 0n;
  const attributes = never | (BigInt(random.below(2)) << 11n) | (BigInt(random.below(4)) << 6n);
  return (BASE & ~0x3fff_ffffn) | attributes | 0x300n | (random.oneIn(8) ? 0n : 0x400n) | (random.oneIn(8) ? 3n : 1n);
}

export const HUNTED_AARCH64: Hunted = {
  isa: AARCH64,
  edges: EDGES,
  devices: [0x900_0000n, 0x900_0018n, 0x900_0038n, 0x900_0fe0n],
  privileges: ['supervisor'],

  instruction: (random) => bytesOf(word(random), 4),

  tables: (memory, random) => layEntries(memory, random, entry),

  scramble(hart, random, { value, pointer }) {
    const write = (name: string, bits: bigint) => AARCH64.writeSystem(hart, name, bits);
    startHart(hart, pointer() & ~3n);
    for (const slot of X) hart.set(slot, value());
    const vector = (slot: (typeof V)[number]) => [slot.offset / 8, slot.offset / 8 + 1];
    for (const half of V.flatMap(vector)) hart.u64[half] = random.oneIn(2) ? random.bits64() : value();
    write('fpcr', random.bits64());
    write('fpsr', random.bits64());
    for (const name of CONTROLS) write(name, random.oneIn(3) ? 0n : random.bits64());
    for (const name of POINTERS) write(name, random.oneIn(8) ? random.bits64() : pointer());
    write('cpacr_el1', BigInt(random.oneIn(4) ? random.below(4) : 3) << 20n);
    write('oslar_el1', BigInt(random.below(2)));
    write('spsr_el1', random.oneIn(8) ? random.bits64() : (random.bits64() & 0xf030_03c0n) | random.pick(STATES));
    // Regions of any size and granule, and often one that begins at level 1 in pages of 4 KiB.
    const easy = !random.oneIn(4);
    write('tcr_el1', easy ? (25n << 16n) | 25n | (2n << 30n) | (2n << 32n) : random.bits64());
    for (const name of ['ttbr0_el1', 'ttbr1_el1']) {
      write(name, (BigInt(random.below(4)) << 48n) | (BASE + BigInt(random.below(4) * 4096)));
    }
    const translated = random.oneIn(3);
    write('sctlr_el1', (random.bits64() & SCTLR_BITS & ~1n) | (translated ? 1n : 0n));
    write('sp_el0', value() & ~(random.oneIn(4) ? 0n : 15n));
    write('sp_el1', value() & ~(random.oneIn(4) ? 0n : 15n));
    const state = random.pick(STATES);
    const bits = (random.bits64() & 0xf040_03c0n) | (random.oneIn(16) ? 0x30_0000n & random.bits64() : 0n);
    write('pstate', bits | state);
    if (random.oneIn(16)) hart.pc += BigInt(random.below(4));
    return `EL${hart.get32(EL)} ${hart.get32(SPSEL)} ${translated} ${easy} ${hart.get32(PAN)}`;
  },

  check(hart) {
    const one = [N, Z, C, OVERFLOW, EL, SPSEL, PAN, PSTATE_IL, PSTATE_SS];
    const wrong = one.find((slot) => hart.get32(slot) !== 0 && hart.get32(slot) !== 1);
    if (wrong) throw new Error(`${wrong.name} is ${hart.get32(wrong)}`);
    if ((hart.get32(DAIF) & ~15) !== 0) throw new Error('DAIF out of range');
    if ((hart.get32(FPCR) & ~0x07c0_0000) !== 0) throw new Error(`FPCR ${hart.get32(FPCR).toString(16)}`);
    if ((hart.get32(FPSR) & ~0x0800_009f) !== 0) throw new Error(`FPSR ${hart.get32(FPSR).toString(16)}`);
  },

  kind({ trap: { cause, interrupt } }) {
    if (interrupt) return { name: 'interrupt', fetch: false };
    const ec = ecOf(cause);
    const name = Object.keys(EC).find((key) => EC[key as keyof typeof EC] === ec);
    if (!name) throw new Error(`ESR_EL1 ${cause.toString(16)}`);
    const fetch = [EC.instructionLower, EC.instructionSame, EC.pcAlignment, EC.illegalState, EC.stepLower, EC.stepSame];
    return { name, fetch: (fetch as readonly number[]).includes(ec) };
  },
  kinds: [
    ...['unknown', 'simdFp', 'illegalState', 'svc', 'systemRegister', 'instructionLower', 'instructionSame'],
    ...['pcAlignment', 'dataLower', 'dataSame', 'spAlignment', 'brk', 'stepLower', 'interrupt'],
  ],
  states: 12,
};
