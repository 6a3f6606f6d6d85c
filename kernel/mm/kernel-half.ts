import { GATE_BYTES } from '../arch/arch.ts';
import type { Memory } from './memory.ts';
import { indexOf, levelShift, TABLE_ENTRIES, writeLeaf } from './page-table.ts';

/**
 * The upper half of every address space: RAM, devices and the gate at `directMap` plus their physical address, global,
 * never a user's. Built once, with the largest pages that fit; each root table gets a copy of its entries where the
 * format has one root for both halves.
 */
export class KernelHalf {
  /** The frame of a root table with nothing else in it. */
  readonly root: bigint;
  /** The frame of the root table that maps nothing of a user's: what idle harts run on. */
  readonly idleRoot: bigint;

  constructor(memory: Memory) {
    const { machine, arch } = memory;
    this.root = memory.frames.allocate();
    const { ram, bus } = machine;
    this.map(memory, ram.base, ram.base + BigInt(ram.size), 'memory');
    for (const { base, size } of bus.mapped) this.map(memory, base, base + BigInt(size), 'device');
    this.map(memory, arch.gateBase, arch.gateBase + BigInt(GATE_BYTES), 'gate');
    this.idleRoot = memory.format.separateRoots ? memory.frames.allocate() : this.root;
  }

  /** Copies the entries into another root table, where that is to hold both halves. */
  joinTo(memory: Memory, root: bigint): void {
    const { format, layout, physical } = memory;
    if (format.separateRoots) return;
    const first = indexOf(format, layout.kernelStart, format.levels - 1);
    for (let index = first; index < TABLE_ENTRIES; index++) {
      const entry = physical.readWord((this.root << 12n) + BigInt(index * 8));
      if (entry !== 0n) physical.writeWord((root << 12n) + BigInt(index * 8), entry);
    }
  }

  /** Maps a physical range; the gate may be executed and not written. Ends are widened to whole pages. */
  private map(memory: Memory, start: bigint, end: bigint, what: 'memory' | 'device' | 'gate'): void {
    const { format, layout } = memory;
    const gate = what === 'gate';
    const device = what === 'device';
    const rights = { read: true, write: !gate, execute: gate, user: false };
    for (let at = start & ~0xfffn; at < end; ) {
      let level = format.levels - 1;
      // A leaf must be aligned on both sides and may not reach past the range.
      while (level > 0) {
        const size = 1n << levelShift(format, level);
        if ((at & (size - 1n)) === 0n && ((layout.directMap + at) & (size - 1n)) === 0n && at + size <= end) break;
        level--;
      }
      const entry = format.leaf(at >> 12n, rights, { accessed: true, dirty: true, global: true, level, device });
      writeLeaf(memory, this.root, layout.directMap + at, level, entry);
      at += 1n << levelShift(format, level);
    }
  }
}
