import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { SLOTS } from '../../../machine/aarch64/registers.ts';
import { stateChanged } from '../../../machine/aarch64/state.ts';
import type { RamOffset } from '../../../machine/addr.ts';
import { Clock } from '../../../machine/clock.ts';
import { Hart } from '../../../machine/hart.ts';
import { Bus } from '../../../machine/memory/bus.ts';
import { Monitor } from '../../../machine/memory/monitor.ts';
import { Ram } from '../../../machine/memory/ram.ts';
import { VirtualMemory } from '../../../machine/virtual-memory.ts';

export const RAM_BASE = 0x4000_0000n;

/** Bits of a descriptor, named apart from the machine's. */
export const [VALID, TABLE] = [1n, 2n];
export const [AP1, AP2, AF, NG] = [1n << 6n, 1n << 7n, 1n << 10n, 1n << 11n];
export const [DBM, CONTIGUOUS, PXN, UXN] = [1n << 51n, 1n << 52n, 1n << 53n, 1n << 54n];
/** In a table descriptor. */
export const [PXN_TABLE, UXN_TABLE, AP_TABLE_USER, AP_TABLE_READ_ONLY] = [1n << 59n, 1n << 60n, 1n << 61n, 1n << 62n];
/** AttrIndx, of the harness's MAIR: 0 Normal, 1 to 4 Device, 5 Normal Non-cacheable. */
export const attribute = (index: number) => BigInt(index) << 2n;
export const MAIR = 0x0000_440c_0804_00ffn;

/** Granules: log2 of the page, TCR's TG0 and TG1, and the levels that may hold blocks. */
export const GRANULES = [
  { name: '4K', bits: 12, tg0: 0n, tg1: 2n, blocks: [1, 2] },
  { name: '16K', bits: 14, tg0: 2n, tg1: 1n, blocks: [2] },
  { name: '64K', bits: 16, tg0: 1n, tg1: 3n, blocks: [2] },
] as const;
export type Granule = (typeof GRANULES)[number];

/** log2 of the bytes that a descriptor of this level maps. */
export const spanOf = ({ bits }: Granule, level: number) => bits + (bits - 3) * (3 - level);

/** The level of the first table for so many address bits. */
export const firstLevel = (granule: Granule, size: number) => 4 - Math.ceil((size - granule.bits) / (granule.bits - 3));

/** What an access is judged under. */
export interface Setting {
  readonly el: 0 | 1;
  readonly pan?: boolean;
  readonly wxn?: boolean;
  /** SCTLR_EL1.A. */
  readonly aligned?: boolean;
  /** TCR_EL1.HA and HD. */
  readonly ha?: boolean;
  readonly hd?: boolean;
}

/** What TCR_EL1 is made of beside HA and HD. */
export interface Regions {
  readonly granule0?: Granule;
  readonly granule1?: Granule;
  /** Bits of address. */
  readonly size0?: number;
  readonly size1?: number;
  /** IPS. */
  readonly ips?: bigint;
  /** Any other bits. */
  readonly more?: bigint;
}

export const TCR = { EPD0: 1n << 7n, A1: 1n << 22n, EPD1: 1n << 23n, AS: 1n << 36n, TBI0: 1n << 37n, TBI1: 1n << 38n };

/** A hart before a small RAM, MMU on, and the means to build page tables by hand. */
export class Bench {
  readonly ram: Ram;
  readonly bus: Bus;
  readonly monitor = new Monitor();
  readonly harts: readonly Hart[];
  readonly hart: Hart;
  readonly memory: VirtualMemory;
  private tcr = 0n;

  constructor(options: { pages?: number; hardwareAd?: boolean; harts?: number } = {}) {
    const { pages = 128, hardwareAd = true, harts = 1 } = options;
    this.ram = new Ram(RAM_BASE, pages * 4096);
    this.bus = new Bus(this.ram, this.monitor);
    const clock = new Clock();
    this.harts = Array.from(
      { length: harts },
      (_, id) => new Hart(id, AARCH64, { hardwareAd }, this.bus, clock, this.monitor),
    );
    for (const hart of this.harts) {
      hart.reset();
      hart.peers = this.harts;
    }
    this.hart = this.harts[0];
    this.memory = new VirtualMemory(this.hart);
    this.set('mair_el1', MAIR);
    this.regions({});
    this.setting({ el: 1 });
  }

  /** Sets a register's bits as they are, on every hart. */
  set(name: string, value: bigint): void {
    for (const hart of this.harts) {
      hart.set(SLOTS.get(name), value);
      stateChanged(hart);
    }
  }

  get(name: string): bigint {
    return this.hart.get(SLOTS.get(name));
  }

  regions({ granule0 = GRANULES[0], granule1 = GRANULES[0], size0 = 48, size1 = 48, ips = 5n, more = 0n }: Regions) {
    const sizes = BigInt(64 - size0) | (BigInt(64 - size1) << 16n);
    this.tcr = sizes | (granule0.tg0 << 14n) | (granule1.tg1 << 30n) | (ips << 32n) | more;
    this.set('tcr_el1', this.tcr);
  }

  /** TCR_EL1 as it is, HA and HD apart. */
  controls(tcr: bigint): void {
    this.tcr = tcr;
    this.set('tcr_el1', tcr);
  }

  /** The granule of a region; a reserved encoding is taken as 4K. */
  granuleOf(upper: boolean): Granule {
    const code = (this.tcr >> (upper ? 30n : 14n)) & 3n;
    return GRANULES.find(({ tg0, tg1 }) => (upper ? tg1 : tg0) === code) ?? GRANULES[0];
  }

  setting({ el, pan = false, wxn = false, aligned = false, ha = false, hd = false }: Setting): void {
    for (const hart of this.harts) {
      hart.set(SLOTS.get('sctlr_el1'), 1n | (aligned ? 2n : 0n) | (wxn ? 1n << 19n : 0n));
      hart.set(SLOTS.get('tcr_el1'), this.tcr | (ha ? 1n << 39n : 0n) | (hd ? 1n << 40n : 0n));
      hart.set32(SLOTS.get('el'), el);
      hart.set32(SLOTS.get('pan'), pan ? 1 : 0);
      stateChanged(hart);
    }
  }

  /** Empties the TLB, past the instruction. */
  forget(): void {
    for (const hart of this.harts) hart.tlb.invalidate(() => true);
  }

  poke(at: bigint, value: bigint): void {
    if (!this.bus.write(at, 8, value)) throw new Error(`no memory at ${at.toString(16)}`);
  }

  peek(at: bigint): bigint | undefined {
    const offset = this.ram.offset(at, 8);
    return offset < 0 ? undefined : this.ram.read(offset as RamOffset, 8);
  }

  /** Where `map` puts the next table. */
  nextTable = RAM_BASE + 0x2_0000n;

  /**
   * Maps `address`, of a region of `size` bits, at `level` by a leaf with these bits (address and type apart), through
   * tables that start at `root` and are made where there are none yet. Returns the leaf's address.
   */
  map(granule: Granule, size: number, root: bigint, address: bigint, target: bigint, bits: bigint, level = 3): bigint {
    let table = root;
    for (let i = firstLevel(granule, size); ; i++) {
      const span = spanOf(granule, i);
      const width = Math.min(size - span, granule.bits - 3);
      const at = table + 8n * BigInt.asUintN(width, address >> BigInt(span));
      if (i === level) {
        this.poke(at, target | bits | VALID | (level === 3 ? TABLE : 0n));
        return at;
      }
      const old = this.peek(at)!;
      if (old & VALID) table = old & 0xffff_ffff_f000n;
      else {
        table = this.nextTable;
        this.nextTable += 1n << BigInt(granule.bits);
        this.poke(at, table | VALID | TABLE);
      }
    }
  }
}
