// Rights, reserved encodings, hierarchical bits, hardware's updates, region and address sizes: each case judged here and by
// qemu-system-aarch64, where a bare image tries it and prints the syndrome and the descriptor's AF and AP[2].
import { expect, it } from 'vitest';
import { MMU } from '../../../machine/aarch64/mmu.ts';
import { describeWith } from '../../toolchain.ts';
import { LEAVES } from './mmu-cases.ts';
import { AF, AP1, AP2, Bench, DBM, GRANULES, type Granule, RAM_BASE, type Regions, spanOf } from './mmu-harness.ts';
import { type TriedSlot, tryThere } from './mmu-image.ts';
import { PLAIN } from './mmu-places.ts';

/** Tables and what leaves map; the image lies below. */
const TABLES = RAM_BASE + 0x80_0000n;
const TARGET = RAM_BASE + 0x70_0000n;
const BYTES = 0x180_0000n;
const SVC_SVC = 0xd400_0001_d400_0001n;

const LDR = 1;

/** Settings by number: bit 0 EL1, bit 1 PAN, bit 2 WXN, bit 3 HA, bit 4 HD. All of them, or the two levels alone. */
const ALL = 32;
const LEVELS = 2;

const bitsFrom = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => 1n << BigInt(from + i));

class Layout {
  readonly bench = new Bench({ pages: Number(BYTES / 4096n) });
  readonly places: TriedSlot[] = [];

  constructor() {
    this.bench.nextTable = TABLES;
    for (let page = 0n; page < 16n; page++) this.bench.poke(TARGET + page * 4096n, SVC_SVC);
  }

  /** A new tree that maps one address at `level`; what it returns is of the tree's descriptors, from the first. */
  tree(granule: Granule, level: number, regions: Regions, leaf: bigint) {
    const { bench } = this;
    const { size0 = 48 } = regions;
    const page = 1n << BigInt(granule.bits);
    const root = (bench.nextTable + page - 1n) & ~(page - 1n);
    bench.nextTable = root + page;
    const below = (1n << BigInt(spanOf(granule, level))) - 1n;
    const address = BigInt.asUintN(size0, 0x5a96_d5ab_0000n & ~below) | ((TARGET + 0x5000n) & below & ~0xfffn);
    bench.regions({ granule0: granule, ...regions, more: 0n });
    bench.set('ttbr0_el1', root);
    bench.map(granule, size0, root, address, TARGET & ~below, leaf, level);
    bench.forget();
    const { steps } = MMU.walk(bench.hart, address, { ...PLAIN[1].shape, privilege: 'supervisor' });
    bench.regions({ granule0: granule, ...regions });
    return { root, address, tcr: bench.get('tcr_el1'), slots: steps.map((step) => step.entryAddress) };
  }

  add(
    name: string,
    { root: ttbr, tcr, address }: { root: bigint; tcr: bigint; address: bigint },
    slot: bigint,
    entries: readonly bigint[],
    settings = LEVELS,
  ) {
    this.places.push({ name, ttbr, tcr, slot, address, entries, settings });
  }

  /** Every encoding of rights in a leaf, its reserved types and addresses. */
  leaves(granule: Granule, level: number): void {
    const tree = this.tree(granule, level, {}, AF);
    const slot = tree.slots.at(-1)!;
    const held = this.bench.peek(slot)! & ~AF;
    const open = held | AF | AP1;
    const name = `${granule.name} leaf of level ${level}`;
    const leaves = LEAVES.map((bits) => held | bits);
    this.add(name, tree, slot, leaves, ALL);
    this.add(name, tree, slot, [
      ...[0n, 1n, 2n, 3n].map((type) => (open & ~3n) | type).filter((entry) => level === 3 || (entry & 3n) !== 3n),
      ...bitsFrom(12, spanOf(granule, level)).map((bit) => open | bit),
      ...bitsFrom(48, 64).map((bit) => open | bit),
      ...bitsFrom(2, 12).map((bit) => open ^ bit),
    ]);
  }

  /** Every combination of hierarchical bits in each table above a leaf, and types that no table has. */
  tables(granule: Granule, level: number): void {
    for (const leaf of [AF | AP1, AP1 | AP2 | DBM]) {
      const { slots } = this.tree(granule, level, {}, leaf);
      for (let i = 0; i < slots.length - 1; i++) {
        const tree = this.tree(granule, level, {}, leaf);
        const slot = tree.slots[i];
        const held = this.bench.peek(slot)!;
        const entries = Array.from({ length: 16 }, (_, limits) => held | (BigInt(limits) << 59n));
        const types = [
          held & ~3n,
          held & ~1n,
          ...bitsFrom(2, 12).map((bit) => held | bit),
          ...bitsFrom(48, 59).map((bit) => held | bit),
        ];
        const name = `${granule.name} table ${i} above level ${level}`;
        this.add(name, tree, slot, entries, ALL);
        this.add(name, tree, slot, types);
      }
    }
  }

  /** Sizes of region, tags, EPD0 and IPS, and addresses just outside. */
  regions(granule: Granule): void {
    const open = (tree: { slots: bigint[] }) => {
      const slot = tree.slots.at(-1)!;
      return [slot, [this.bench.peek(slot)! | AP1]] as const;
    };
    for (const size0 of [25, 26, 29, 30, 31, 33, 36, 37, 38, 39, 40, 42, 43, 46, 47, 48]) {
      const tree = this.tree(granule, 3, { size0 }, AF);
      const name = `${granule.name} ${size0} bits`;
      this.add(name, tree, ...open(tree));
      for (const bit of [size0, 54, 56, 63].filter((bit) => bit >= size0)) {
        this.add(`${name}, bit ${bit} set`, { ...tree, address: tree.address | (1n << BigInt(bit)) }, ...open(tree));
      }
    }
    for (const txsz of [0n, 12n, 15n, 40n, 48n, 63n]) {
      const tree = this.tree(granule, 3, {}, AF);
      this.add(`${granule.name} T0SZ ${txsz}`, { ...tree, tcr: (tree.tcr & ~0x3fn) | txsz }, ...open(tree));
    }
    const tagged = this.tree(granule, 3, { more: 1n << 37n }, AF);
    for (const tag of [0n, 0x5an, 0xffn]) {
      this.add(`${granule.name} tag ${tag}`, { ...tagged, address: tagged.address | (tag << 56n) }, ...open(tagged));
    }
    const off = this.tree(granule, 3, { more: 1n << 7n }, AF);
    this.add(`${granule.name} EPD0`, off, ...open(off));
    for (const ips of [0n, 1n, 2n, 3n, 4n, 5n]) {
      const tree = this.tree(granule, 3, { ips }, AF);
      const [slot, [entry]] = open(tree);
      const beyond = bitsFrom(32 + Number(ips) * 4, 48).map((bit) => entry | bit);
      // 44 and 48 bits come after 42; what lies within, nothing answers to.
      const sizes = [32, 36, 40, 42, 44, 48];
      const outside = beyond.filter((one) => (one & ~entry) >> BigInt(sizes[Number(ips)]) !== 0n);
      this.add(`${granule.name} IPS ${ips}`, tree, slot, [entry, ...outside]);
      const table = tree.slots[0];
      const held = this.bench.peek(table)!;
      this.add(`${granule.name} IPS ${ips}, table`, tree, table, [
        held,
        ...bitsFrom(sizes[Number(ips)], 48).map((bit) => held | bit),
      ]);
      for (const bit of bitsFrom(sizes[Number(ips)], 48)) {
        this.add(`${granule.name} IPS ${ips}, TTBR0`, { ...tree, root: tree.root | bit }, slot, [entry]);
      }
    }
  }
}

/** What one case comes to: 0 or EC and ISS[8:0], and AF and AP[2] of the descriptor in bits 16 and 17. */
function judge(bench: Bench, place: TriedSlot, entry: bigint, setting: number, access: number): number {
  const bit = (i: number) => (setting & (1 << i)) !== 0;
  bench.forget();
  bench.poke(place.slot, entry);
  bench.set('ttbr0_el1', place.ttbr);
  bench.controls(place.tcr);
  bench.setting({ el: bit(0) ? 1 : 0, pan: bit(1), wxn: bit(2), ha: bit(3), hd: bit(4) });
  const { shape } = PLAIN[access];
  const address = place.address + (access === 0 ? 0n : 8n);
  const fine = MMU.translate(bench.hart, address, shape);
  const nowhere = fine && bench.ram.offset(bench.hart.translated.pa, shape.size) < 0;
  if (nowhere) MMU.busFault(bench.hart, address, shape);
  const { cause } = bench.hart.trap;
  const now = bench.peek(place.slot)!;
  const flags = (now & AF ? 0x1_0000 : 0) | (now & AP2 ? 0x2_0000 : 0);
  return (fine && !nowhere ? 0 : (Math.floor(cause / 2 ** 26) << 9) | (cause & 0x1ff)) | flags;
}

/** QEMU 7.2's result of a case, given what `ldr` came to there, with what is known to differ as the manual has it. */
function corrected(
  result: number,
  { ldr, ours, entry, setting, access }: { ldr: number; ours: number; entry: bigint; setting: number; access: number },
): number {
  const failed = (result & 0x7e00) !== 0;
  // AArch64.S1ApplyOutputPerms: "Descriptors marked with DBM set have the effective value of AP[2] cleared", under HA and
  // HD. So what is writable-clean is writable to WXN, and at EL0 not for EL1 to execute; there it is so to stores alone.
  const clean = (entry & DBM) !== 0n && (entry & AP2) !== 0n && (setting & 0b11000) === 0b11000;
  if (clean && PLAIN[access].what === 'execute') return ours;
  if (!failed || PLAIN[access].what !== 'read and write') return result;
  // ESR_EL1, WnR: "For Faults generated by an atomic instruction that performs both a read and a write from the same
  // location, this bit is set to 0 if a read of the address specified by the instruction would have generated the fault
  // which is being reported, otherwise it is set to 1." There it is 1 always.
  const written = (ldr & 0x7e00) !== 0 ? result & ~0x40 : result | 0x40;
  // AArch64.SettingAccessFlagPermitted: where there is a Permission fault, AF may be set or not; there its read sets it.
  return (result & 0x3c) === 0xc ? (written & ~0x1_0000) | (ours & 0x1_0000) : written;
}

function compareAll(layout: Layout): void {
  const { bench, places } = layout;
  const writes: [bigint, bigint][] = [];
  for (let at = TARGET; at < bench.nextTable; at += 8n) {
    const value = bench.peek(at)!;
    if (value !== 0n) writes.push([at, value]);
  }
  const theirs = tryThere(places, writes);
  const wrong: string[] = [];
  let next = 0;
  for (const place of places) {
    const first = bench.peek(place.slot)!;
    for (const entry of place.entries) {
      for (let setting = 0; setting < place.settings; setting++) {
        for (let access = 0; access < PLAIN.length; access++) {
          const ours = judge(bench, place, entry, setting, access);
          const ldr = theirs[next - access + LDR];
          const their = corrected(theirs[next], { ldr, ours, entry, setting, access });
          next++;
          if (ours === their) continue;
          const what = `${place.name}: ${entry.toString(16)} setting ${setting.toString(2)} ${PLAIN[access].name}`;
          wrong.push(`${what}: ${ours.toString(16)}, there ${their?.toString(16)}`);
        }
      }
    }
    // The image leaves the last entry there, and no other place uses the slot with another.
    bench.poke(place.slot, place.entries.at(-1) ?? first);
  }
  expect(wrong.slice(0, 20)).toEqual([]);
  expect([next, new Set(theirs).size > 10]).toEqual([theirs.length, true]);
}

describeWith(['aarch64-linux-gnu-gcc', 'qemu-system-aarch64'], 'as qemu-system-aarch64 does', () => {
  it('every encoding of a leaf by level, granule, EL, PAN, WXN, HA, HD and access', { timeout: 120_000 }, () => {
    const layout = new Layout();
    for (const granule of GRANULES) for (const level of [...granule.blocks, 3]) layout.leaves(granule, level);
    compareAll(layout);
  });

  it('hierarchical bits of each table', { timeout: 120_000 }, () => {
    const layout = new Layout();
    for (const granule of GRANULES) for (const level of [...granule.blocks, 3]) layout.tables(granule, level);
    compareAll(layout);
  });

  it('sizes of regions and of output addresses, tags, EPD0', { timeout: 120_000 }, () => {
    const layout = new Layout();
    for (const granule of GRANULES) layout.regions(granule);
    compareAll(layout);
  });
});
