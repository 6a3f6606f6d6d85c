import type { Hart } from '../../../machine/index.ts';
import { X86_64 } from '../../../machine/x86/isa.ts';
import { updateMode } from '../../../machine/x86/mode.ts';
import { ATTRIBUTES, BASE, CPL, FLAGS, LIMIT, R, SELECTOR, SLOTS, XMM } from '../../../machine/x86/registers.ts';
import { ROWS } from '../../../machine/x86/rows.ts';
import type { Random } from '../../machine/semantics/random.ts';
import type { Hunted } from './hunted.ts';

const EDGES = [
  0n,
  1n,
  ~0n,
  1n << 63n,
  (1n << 63n) - 1n,
  1n << 47n,
  (1n << 47n) - 1n,
  -(1n << 47n),
  1n << 32n,
  0xffff_fff0n,
];
const PREFIXES = [0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x64, 0x65, 0x2e, 0x40, 0x48, 0x4f, 0x41];

/** The bytes of an instruction still to be laid down: a chunk of at most four at a time. */
let rest: number[] = [];

/** The first bytes of a row, with prefixes now and then, and any bytes behind. */
function begin(random: Random): number[] {
  if (random.oneIn(8)) return Array.from({ length: 4 }, () => random.below(256));
  const { opcode } = random.pick(ROWS);
  const bytes: number[] = [];
  while (random.oneIn(3)) bytes.push(random.pick(PREFIXES));
  const mandatory = { '66': 0x66, F2: 0xf2, F3: 0xf3, NP: undefined, NFx: undefined }[opcode.prefix ?? 'NP'];
  if (mandatory !== undefined) bytes.push(mandatory);
  if (opcode.wide || random.oneIn(4)) bytes.push(0x48 | random.below(8));
  if (opcode.map > 0) bytes.push(0x0f);
  if (opcode.map > 1) bytes.push(opcode.map === 2 ? 0x38 : 0x3a);
  bytes.push(opcode.first + random.below(opcode.count));
  const { modrm } = opcode;
  if (modrm.kind === 'fixed') bytes.push(modrm.from + random.below(modrm.count));
  else if (modrm.kind === 'digit') bytes.push((random.below(256) & 0xc7) | (modrm.digit << 3));
  else if (modrm.kind === 'any') bytes.push(random.below(256));
  while (random.oneIn(2)) bytes.push(random.below(256));
  return bytes;
}

const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'];
const slot = (name: string) => SLOTS.get(name);

/** A segment register with a descriptor that may be of any kind. */
function scrambleSegment(hart: Hart, random: Random, n: number, attributes: number): void {
  hart.set32(SELECTOR[n], random.below(0x10000));
  hart.set(BASE[n], random.oneIn(2) ? 0n : BigInt(random.below(0x10000)));
  hart.set32(LIMIT[n], random.oneIn(2) ? -1 : random.bits() | 0);
  hart.set32(ATTRIBUTES[n], random.oneIn(4) ? random.bits() & 0xf0ff : attributes);
}

export const HUNTED_X86: Hunted = {
  isa: X86_64,
  edges: EDGES,
  devices: [0xfee0_0000n, 0xfee0_0020n, 0xfee0_0300n, 0xfee0_0380n, 0xfed0_0000n, 0xb8000n],
  privileges: ['supervisor'],

  instruction(random) {
    if (rest.length === 0) rest = begin(random);
    const chunk = rest.splice(0, 4);
    const bits = chunk.reduce((sum, byte, k) => (sum | (byte << (8 * k))) >>> 0, 0);
    return { bits, size: chunk.length };
  },

  entry(random) {
    const page = BigInt(random.oneIn(3) ? random.below(16) : random.below(4));
    const flags = random.oneIn(4) ? BigInt(random.below(0x1000)) | 1n : random.oneIn(8) ? 0x87n : 0x27n;
    return (page << 12n) | flags | (random.oneIn(16) ? 1n << 63n : 0n) | (random.oneIn(40) ? random.bits64() : 0n);
  },

  scramble(hart, random, { value, pointer }) {
    hart.waiting = false;
    for (const register of R) hart.set(register, value());
    for (const register of XMM) {
      hart.u64[register.offset >>> 3] = random.bits64();
      hart.u64[(register.offset >>> 3) + 1] = random.bits64();
    }
    const long = !random.oneIn(3);
    const cpl = random.pick([0, 0, 3, 3, 1]);
    const paging = long || random.oneIn(2);
    hart.set(
      slot('cr0'),
      (long ? 0x8000_0033n : 0x33n) | (random.oneIn(2) ? 0x5_0000n : 0n) | (random.oneIn(8) ? 0xcn : 0n),
    );
    const cr4 = 0x620n | (random.bits64() & 0x37_0080n) | (random.oneIn(2) ? 0x4_0000n : 0n);
    hart.set(slot('cr4'), random.oneIn(8) ? cr4 & ~0x600n : cr4);
    hart.set(slot('cr3'), BigInt(random.below(4) << 12));
    hart.set(slot('efer'), long ? 0xd01n : 0n);
    for (const name of ['star', 'fmask']) hart.set(slot(name), random.bits64());
    hart.set(slot('lstar'), pointer());
    hart.set(slot('xcr0'), random.oneIn(2) ? 3n : 1n);
    for (const name of ['gdtr', 'idtr']) {
      hart.set(slot(`${name}_base`), random.oneIn(6) ? random.bits64() >> 17n : pointer());
      hart.set32(slot(`${name}_limit`), random.oneIn(3) ? random.below(0x10000) : 0xfff);
    }
    SEGMENTS.forEach((name, n) => {
      const code = name === 'cs' ? (long && !random.oneIn(4) ? 0xa09b : 0xc09b) : name === 'tr' ? 0x8b : 0xc093;
      scrambleSegment(hart, random, n, code | (cpl << 5));
    });
    hart.set32(CPL, cpl);
    hart.set32(FLAGS, (random.bits() & 0x25_7300) | 0);
    for (const name of ['cf', 'af', 'zf', 'sf', 'of', 'df']) hart.set32(slot(name), random.below(2));
    hart.set32(slot('pf'), random.below(256));
    hart.set32(slot('mxcsr'), random.oneIn(2) ? 0x1f80 : random.below(0x10000));
    hart.set32(slot('fcw'), random.oneIn(2) ? 0x37f : (random.below(0x2000) & 0x1f3f) | 0x40);
    hart.set32(slot('fsw'), random.below(0x10000));
    hart.set32(slot('ftw'), random.below(256));
    for (let n = 0; n < 8; n++) {
      hart.set(slot(`fpr${n}`), random.oneIn(3) ? random.bits64() : random.bits64() | (1n << 63n));
      hart.set32(slot(`fpr${n}_high`), random.oneIn(3) ? random.below(0x10000) : 0x3f00 + random.below(0x200));
    }
    hart.set32(slot('pkru'), random.oneIn(2) ? 0 : random.bits() | 0);
    for (const name of ['dr0', 'dr1', 'dr2', 'dr3']) hart.set(slot(name), pointer());
    hart.set(slot('dr7'), random.oneIn(8) ? (random.bits64() & 0xffff_23ffn) | 0x400n : 0x400n);
    updateMode(hart);
    hart.pc = pointer() | BigInt(random.below(8));
    hart.attention = true;
    return `${cpl} ${long} ${paging} ${hart.get32(slot('code_mode'))}`;
  },

  check(hart) {
    const cpl = hart.get32(CPL);
    if (cpl < 0 || cpl > 3) throw new Error(`CPL ${cpl}`);
    if ((hart.get32(FLAGS) & ~0x3f_7300) !== 0) throw new Error(`flags ${hart.get32(FLAGS).toString(16)}`);
    for (const name of ['cf', 'af', 'zf', 'sf', 'of', 'df']) {
      if ((hart.get32(slot(name)) & ~1) !== 0) throw new Error(`${name} ${hart.get32(slot(name))}`);
    }
  },

  kind({ trap: { cause, interrupt, access } }) {
    return { name: `${interrupt ? 'interrupt ' : ''}${cause & 0x1ff}`, fetch: !interrupt && access?.kind === 'fetch' };
  },
  kinds: [0, 1, 3, 6, 7, 8, 10, 11, 12, 13, 14, 16, 19].map(String),
  states: 8,
};
