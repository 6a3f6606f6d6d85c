import type { Hart } from '../../../machine/index.ts';
import { X86_64 } from '../../../machine/x86/isa.ts';
import { updateMode } from '../../../machine/x86/mode.ts';
import { ATTRIBUTES, BASE, CPL, FLAGS, LIMIT, R, SELECTOR, SLOTS, XMM } from '../../../machine/x86/registers.ts';
import { ROWS } from '../../../machine/x86/rows.ts';
import type { Random } from '../../machine/semantics/random.ts';
import { type Hunted, PAGES } from './hunted.ts';

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

/** Where tables lie: five levels of paging structures, descriptors and task state, gates of 64 and of 32 bits. */
const PAGING = { top: 0, level4: 0x1000, level3: 0x2000, level2: 0x3000, level1: 0x4000 };
const GDT = 0x5000;
const TASK_STATE = { wide: 0x5800, narrow: 0x5900 };
const IDT_64 = 0x6000;
const IDT_32 = 0x7000;
const DESCRIPTORS = 64;
/** The first descriptors are what the likelier gates and stacks want. */
const FIRST = [0n, 0x00a0_9b00_0000_ffffn, 0x00cf_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn, 0x00cf_f300_0000_ffffn];
const CODE_64 = 0x08;
const CODE_32 = 0x10;
const DATA_0 = 0x18;

const address = (random: Random): number => 0x8000 + (random.below(0x8000) & ~(random.oneIn(8) ? 0 : 7));

/** Mostly a way down to pages or larger ones that map memory to itself, with something wrong now and then. */
function layPaging(memory: DataView, random: Random): void {
  const put = (table: number, index: number, entry: bigint) => memory.setBigUint64(table + 8 * index, entry, true);
  const rights = (oddity: number) => {
    if (random.oneIn(oddity))
      return (random.bits64() & 0x8000_0000_0000_0fffn) | (random.oneIn(4) ? random.bits64() : 0n);
    return random.pick([0x27n, 0x27n, 0x67n, 0x7n, 0x63n, 0x25n, 0x167n, (0x1n << 63n) | 0x67n]);
  };
  const key = () => (random.oneIn(4) ? BigInt(random.below(16)) << 59n : 0n);
  const down = (table: number, next: number) => put(table, 0, BigInt(next) | (rights(60) & ~0x80n) | 1n);
  down(PAGING.top, PAGING.level4);
  down(PAGING.level4, PAGING.level3);
  if (random.oneIn(3)) put(PAGING.level3, 0, rights(30) | key() | 0x81n);
  else down(PAGING.level3, PAGING.level2);
  if (random.oneIn(3)) put(PAGING.level2, 0, rights(30) | key() | 0x81n);
  else down(PAGING.level2, PAGING.level1);
  for (let page = 0; page < PAGES; page++) {
    const target = page >= 8 && random.oneIn(12) ? random.below(PAGES) : page;
    put(PAGING.level1, page, BigInt(target << 12) | rights(page < 8 ? 60 : 12) | key());
  }
}

/** Code and data of all privileges, gates, a task state segment at its place, and anything at all. */
function layDescriptors(memory: DataView, random: Random): void {
  const put = (index: number, low: bigint) => memory.setBigUint64(GDT + 8 * index, low, true);
  for (const [index, low] of FIRST.entries()) put(index, low);
  for (let index = FIRST.length; index < DESCRIPTORS; index++) {
    const dpl = BigInt(random.pick([0, 0, 3, 3, 1, 2])) << 45n;
    const present = random.oneIn(10) ? 0n : 1n << 47n;
    const base = BigInt(random.oneIn(3) ? address(random) : 0) << 16n;
    switch (random.below(8)) {
      case 0:
      case 1:
        put(index, 0x0020_9b00_0000_ffffn | dpl | present | (random.oneIn(4) ? 1n << 42n : 0n));
        break;
      case 2:
        put(index, (random.oneIn(2) ? 0x00cf_9b00_0000_ffffn : 0x0000_9b00_0000_ffffn) | base | dpl | present);
        break;
      case 3:
      case 4:
        put(index, 0x00cf_9300_0000_ffffn | base | dpl | present | (random.oneIn(8) ? 1n << 42n : 0n));
        break;
      case 5:
        put(index, gate(random, random.pick([4, 12, 12, 12, random.oneIn(8) ? 5 : 12]), CODE_64) | dpl | present);
        if (!random.oneIn(4) && ++index < DESCRIPTORS) put(index, 0n);
        break;
      case 6:
        put(index, 0x0000_8900_0000_0067n | (BigInt(TASK_STATE.wide) << 16n) | (BigInt(random.below(4)) << 40n) | dpl);
        if (!random.oneIn(4) && ++index < DESCRIPTORS) put(index, 0n);
        break;
      default:
        put(index, random.bits64());
    }
  }
}

/** The low half of a gate of some type to somewhere in memory, without DPL and P. */
function gate(random: Random, type: number, likely: number): bigint {
  const selector = random.oneIn(16) ? random.below(0x10000) : random.oneIn(8) ? random.below(DESCRIPTORS) << 3 : likely;
  const stack = random.oneIn(4) ? random.below(8) : 0;
  return BigInt(address(random)) | (BigInt(selector) << 16n) | (BigInt(stack) << 32n) | (BigInt(type) << 40n);
}

function layGates(memory: DataView, random: Random): void {
  for (let vector = 0; vector < 256; vector++) {
    const rest = () => (BigInt(random.below(4)) << 45n) | (random.oneIn(30) ? 0n : 1n << 47n);
    const wide = random.oneIn(30) ? random.below(32) : random.pick([14, 15]);
    const narrow = random.oneIn(30) ? random.below(32) : random.pick([14, 15, 14, 15, 6, 7]);
    memory.setBigUint64(IDT_64 + 16 * vector, gate(random, wide, CODE_64) | rest(), true);
    memory.setBigUint64(IDT_64 + 16 * vector + 8, random.oneIn(60) ? random.bits64() : 0n, true);
    memory.setBigUint64(IDT_32 + 8 * vector, gate(random, narrow, CODE_32) | rest(), true);
  }
}

/** Stacks for every privilege and, in long mode, every IST entry. */
function layTaskState(memory: DataView, random: Random): void {
  for (let at = 0; at < 0x68; at += 4) {
    const stack = random.oneIn(30) ? random.bits() : address(random);
    memory.setUint32(TASK_STATE.wide + at, at % 8 === 4 ? stack : 0, true);
    memory.setUint32(
      TASK_STATE.narrow + at,
      at % 8 === 4 ? stack : random.oneIn(30) ? random.below(0x200) : DATA_0,
      true,
    );
  }
}

const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'];
/** Bits of CR4 and how rare they are: PGE, FSGSBASE, PCIDE, OSXSAVE, SMEP, SMAP, PKE, PKS. */
const CR4_ODDS = [
  [7, 2],
  [16, 2],
  [17, 3],
  [18, 2],
  [20, 8],
  [21, 6],
  [22, 3],
  [24, 8],
] as const;
const CS = SEGMENTS.indexOf('cs');
const TR = SEGMENTS.indexOf('tr');
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

  instruction: begin,

  tables(memory, random) {
    layPaging(memory, random);
    layDescriptors(memory, random);
    layGates(memory, random);
    layTaskState(memory, random);
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
    hart.set(
      slot('cr0'),
      (long ? 0x8000_0033n : 0x33n) | (random.oneIn(2) ? 0x5_0000n : 0n) | (random.oneIn(8) ? 0xcn : 0n),
    );
    const deep = long && random.oneIn(3);
    const cr4 = CR4_ODDS.reduce(
      (bits, [bit, n]) => bits | (random.oneIn(n) ? 1n << BigInt(bit) : 0n),
      deep ? 0x1620n : 0x620n,
    );
    hart.set(slot('cr4'), random.oneIn(8) ? cr4 & ~0x600n : cr4);
    hart.set(slot('cr3'), random.oneIn(16) ? random.bits64() & 0xffffn : BigInt(deep ? PAGING.top : PAGING.level4));
    hart.set(slot('efer'), long ? 0xd01n : 0n);
    for (const name of ['star', 'fmask']) hart.set(slot(name), random.bits64());
    hart.set(slot('lstar'), pointer());
    hart.set(slot('xcr0'), random.oneIn(2) ? 3n : 1n);
    const places = { gdtr: [GDT, 8 * DESCRIPTORS], idtr: long ? [IDT_64, 0x1000] : [IDT_32, 0x800] };
    for (const [name, [base, size]] of Object.entries(places)) {
      hart.set(slot(`${name}_base`), random.oneIn(16) ? random.bits64() >> 17n : BigInt(base));
      hart.set32(slot(`${name}_limit`), random.oneIn(16) ? random.below(0x10000) : size - 1);
    }
    SEGMENTS.forEach((name, n) => {
      const code = name === 'cs' ? (long && !random.oneIn(4) ? 0xa09b : 0xc09b) : name === 'tr' ? 0x8b : 0xc093;
      scrambleSegment(hart, random, n, code | (cpl << 5));
    });
    if (!random.oneIn(8)) {
      hart.set(BASE[TR], BigInt(long ? TASK_STATE.wide : TASK_STATE.narrow));
      hart.set32(LIMIT[TR], 0x67);
    }
    // What runs at all has flat code, mostly.
    if (!random.oneIn(8)) {
      hart.set(BASE[CS], 0n);
      hart.set32(LIMIT[CS], -1);
      hart.set32(ATTRIBUTES[CS], (long && !random.oneIn(4) ? 0xa09b : random.oneIn(4) ? 0x809b : 0xc09b) | (cpl << 5));
    }
    hart.set32(CPL, cpl);
    hart.set32(FLAGS, (random.bits() & 0x25_7200) | (random.oneIn(8) ? 0x100 : 0));
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
    hart.pc = random.oneIn(16) ? value() : BigInt(address(random));
    hart.attention = true;
    return `${cpl} ${long} ${deep} ${hart.get32(slot('code_mode'))}`;
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
