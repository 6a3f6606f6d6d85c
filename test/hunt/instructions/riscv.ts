import { CSR_NUMBERS } from '../../../machine/riscv/csr-names.ts';
import { TABLE_16, TABLE_32 } from '../../../machine/riscv/decode.ts';
import { RISCV64 } from '../../../machine/riscv/isa.ts';
import { F, FFLAGS, FRM, MODE, PC, X } from '../../../machine/riscv/registers.ts';
import type { Random } from '../../machine/semantics/random.ts';
import { bytesOf, type Hunted, layEntries } from './hunted.ts';

const BASE = RISCV64.ramBase;
const ROWS = [...TABLE_32.rows, ...TABLE_16.rows];
const CSRS = [...CSR_NUMBERS.values()];
const EDGES = [0n, 1n, ~0n, 1n << 63n, (1n << 63n) - 1n, 1n << 38n, -(1n << 38n), 1n << 47n, 1n << 56n, 0x7ff8n << 48n];

/** CSRs that decide how the machine goes on, beside those that every state sets on purpose. */
const CONTROLS = [
  'medeleg',
  'mideleg',
  'mie',
  'mip',
  'mcounteren',
  'scounteren',
  'mcountinhibit',
  'menvcfg',
  'senvcfg',
];
const POINTERS = ['mtvec', 'stvec', 'mepc', 'sepc'];

/** A word that is likely an instruction: one of a row's, with any fields, or any word at all. */
function word(random: Random): number {
  if (random.oneIn(6)) return random.bits();
  const { mask, value, fields } = random.pick(ROWS).pattern;
  const bits = (value | (random.bits() & ~mask)) >>> 0;
  const csr = fields.some(({ name }) => name === 'csr') && !random.oneIn(8);
  return csr ? ((bits & 0xfffff) | (random.pick(CSRS) << 20)) >>> 0 : bits;
}

/** Tables among the first four pages, and leaf entries that map memory to itself. */
function entry(random: Random): bigint {
  const low = random.oneIn(3) ? 1 : 0xcf | (random.below(2) << 4);
  const page = random.oneIn(3) ? random.below(4) : 0;
  const ppn = low === 1 ? (BASE >> 12n) + BigInt(page) : (BASE >> 12n) & ~0x3ffffn;
  return (ppn << 10n) | BigInt(random.oneIn(20) ? random.below(1024) : low);
}

export const HUNTED_RISCV: Hunted = {
  isa: RISCV64,
  edges: EDGES,
  devices: [0x10_0000n, 0x200_0000n, 0x200_4000n, 0x200_bff8n, 0x1000_0000n, 0x1000_0005n],
  privileges: ['machine', 'supervisor'],

  instruction(random) {
    const bits = word(random);
    return bytesOf(bits, (bits & 3) === 3 ? 4 : 2);
  },

  tables: (memory, random) => layEntries(memory, random, entry),

  scramble(hart, random, { value, pointer }) {
    const write = (name: string, bits: bigint) => RISCV64.writeSystem(hart, name, bits);
    write('mode', 3n);
    hart.waiting = false;
    for (const slot of X.slice(1)) hart.set(slot, value());
    for (const slot of F) hart.set(slot, random.oneIn(2) ? random.bits64() : BigInt.asUintN(64, random.pick(EDGES)));
    hart.set32(FRM, random.below(8));
    write('mstatus', random.bits64());
    for (const name of CONTROLS) write(name, random.oneIn(3) ? 0n : random.bits64());
    for (const name of POINTERS) write(name, random.oneIn(8) ? random.bits64() : pointer());
    const scheme = BigInt(random.pick([0, 0, 8, 9, 10, random.below(16)]));
    write('satp', (scheme << 60n) | (BigInt(random.below(4)) << 44n) | ((BASE >> 12n) + BigInt(random.below(4))));
    // A lock lasts until the next reset, so it is rare.
    const unlocked = random.oneIn(100) ? ~0n : 0x7f7f_7f7f_7f7f_7f7fn;
    write('pmpcfg0', random.oneIn(3) ? random.bits64() & unlocked : 0x1fn);
    write('pmpcfg2', random.oneIn(3) ? random.bits64() & unlocked : 0n);
    for (let i = 0; i < 16; i++) write(`pmpaddr${i}`, random.oneIn(2) ? ~0n : pointer() >> 2n);
    write('stimecmp', random.oneIn(2) ? random.bits64() : BigInt(random.below(10_000)));
    const mode = random.pick([0, 1, 3]);
    write('mode', BigInt(mode));
    hart.pc = pointer() & ~1n;
    return `${mode} ${RISCV64.privilege(hart)} ${scheme}`;
  },

  check(hart) {
    const mode = hart.get32(MODE);
    if (mode !== 0 && mode !== 1 && mode !== 3) throw new Error(`privilege mode ${mode}`);
    if ((hart.get(PC) & 1n) !== 0n) throw new Error(`odd pc ${hart.get(PC).toString(16)}`);
    if ((hart.get32(FRM) & ~7) !== 0 || (hart.get32(FFLAGS) & ~31) !== 0) throw new Error('fcsr out of range');
  },

  kind({ trap: { cause, interrupt } }) {
    return { name: `${interrupt ? 'interrupt ' : ''}${cause}`, fetch: !interrupt && (cause === 1 || cause === 12) };
  },
  kinds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15].map(String),
  states: 12,
};
