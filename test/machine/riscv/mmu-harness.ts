import type { RamOffset } from '../../../machine/addr.ts';
import { Clock } from '../../../machine/clock.ts';
import { Hart } from '../../../machine/hart.ts';
import { Bus } from '../../../machine/memory/bus.ts';
import { Monitor } from '../../../machine/memory/monitor.ts';
import { Ram } from '../../../machine/memory/ram.ts';
import { RISCV64 } from '../../../machine/riscv/isa.ts';
import { SLOTS } from '../../../machine/riscv/registers.ts';
import { VirtualMemory } from '../../../machine/virtual-memory.ts';

export const RAM_BASE = 0x8000_0000n;

/** The three schemes: address width, satp.MODE, and levels. */
export const SCHEMES = [
  { name: 'Sv39', width: 39, mode: 8n, levels: 3 },
  { name: 'Sv48', width: 48, mode: 9n, levels: 4 },
  { name: 'Sv57', width: 57, mode: 10n, levels: 5 },
] as const;
export type Scheme = (typeof SCHEMES)[number];

/** Bits of an entry, named apart from the machine's. */
export const [V, R, W, X, U, G, A, D] = [1n, 2n, 4n, 8n, 16n, 32n, 64n, 128n];

/** What an access is judged under. */
export interface Setting {
  readonly mode: 'U' | 'S' | 'M';
  readonly mprv?: 'U' | 'S' | 'M';
  readonly sum?: boolean;
  readonly mxr?: boolean;
  /** menvcfg.ADUE. */
  readonly adue?: boolean;
}

const NUMBER = { U: 0, S: 1, M: 3 } as const;

/** A hart before a small RAM, with PMP open, and the means to build page tables by hand. */
export class Bench {
  readonly ram: Ram;
  readonly bus: Bus;
  readonly monitor = new Monitor();
  readonly hart: Hart;
  readonly memory: VirtualMemory;

  constructor(options: { pages?: number; hardwareAd?: boolean } = {}) {
    const { pages = 32, hardwareAd = true } = options;
    this.ram = new Ram(RAM_BASE, pages * 4096);
    this.bus = new Bus(this.ram, this.monitor);
    this.hart = new Hart(0, RISCV64, { hardwareAd }, this.bus, new Clock(), this.monitor);
    this.memory = new VirtualMemory(this.hart);
    this.openPmp();
  }

  /** Sets a register's bits as they are, past what a CSR instruction would allow. */
  set(name: string, value: bigint): void {
    this.hart.set(SLOTS.get(name), value);
    this.hart.contextChanged();
  }

  openPmp(): void {
    this.pmp([{ base: 0n, bytes: 1n << 56n, rights: 'rwx' }]);
  }

  /** Programs PMP entries as naturally aligned powers of two, first match first. */
  pmp(entries: readonly { base: bigint; bytes: bigint; rights: string }[]): void {
    let config = 0n;
    entries.forEach(({ base, bytes, rights }, i) => {
      const bits = (rights.includes('r') ? 1 : 0) | (rights.includes('w') ? 2 : 0) | (rights.includes('x') ? 4 : 0);
      config |= BigInt(bits | 0x18) << BigInt(i * 8);
      this.set(`pmpaddr${i}`, (base >> 2n) | ((bytes >> 3n) - 1n));
    });
    this.set('pmpcfg0', config);
  }

  satp(scheme: Scheme, root: bigint, asid = 0): void {
    this.set('satp', (scheme.mode << 60n) | (BigInt(asid) << 44n) | (root >> 12n));
  }

  setting({ mode, mprv, sum = false, mxr = false, adue = false }: Setting): void {
    const { hart } = this;
    const status =
      (sum ? 1 << 18 : 0) | (mxr ? 1 << 19 : 0) | (mprv === undefined ? 0 : (1 << 17) | (NUMBER[mprv] << 11));
    hart.set(SLOTS.get('mstatus'), BigInt(status));
    hart.set(SLOTS.get('menvcfg'), adue ? 1n << 61n : 0n);
    hart.set32(SLOTS.get('mode'), NUMBER[mode]);
    hart.contextChanged();
  }

  /** SFENCE.VMA x0, x0, past the instruction. */
  forget(): void {
    this.hart.tlb.invalidate(() => true);
  }

  poke(at: bigint, value: bigint): void {
    if (!this.bus.write(at, 8, value)) throw new Error(`no memory at ${at.toString(16)}`);
  }

  peek(at: bigint): bigint | undefined {
    const offset = this.ram.offset(at, 8);
    return offset < 0 ? undefined : this.ram.read(offset as RamOffset, 8);
  }

  /**
   * Maps `address` at `level` by a leaf with these bits (PPN apart), through tables that start at `root` and follow it
   * page by page where there is none yet. Returns the leaf's address.
   */
  map(scheme: Scheme, root: bigint, address: bigint, target: bigint, bits: bigint, level = 0): bigint {
    let table = root;
    for (let i = scheme.levels - 1; ; i--) {
      const at = table + 8n * ((address >> BigInt(12 + 9 * i)) & 0x1ffn);
      if (i === level) {
        this.poke(at, ((target >> 12n) << 10n) | bits);
        return at;
      }
      const old = this.peek(at)!;
      if (old & V) table = (old >> 10n) << 12n;
      else {
        table = this.nextTable;
        this.nextTable += 4096n;
        this.poke(at, ((table >> 12n) << 10n) | V);
      }
    }
  }

  /** Where `map` puts the next table. */
  nextTable = RAM_BASE + 0x2000n;
}
