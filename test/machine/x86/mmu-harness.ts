import type { AccessKind, AccessShape } from '../../../machine/access.ts';
import { accessShape } from '../../../machine/access.ts';
import type { RamOffset } from '../../../machine/addr.ts';
import { Clock } from '../../../machine/clock.ts';
import { Hart } from '../../../machine/hart.ts';
import { Bus } from '../../../machine/memory/bus.ts';
import { Monitor } from '../../../machine/memory/monitor.ts';
import { Ram } from '../../../machine/memory/ram.ts';
import { VirtualMemory } from '../../../machine/virtual-memory.ts';
import { X86_64 } from '../../../machine/x86/isa.ts';
import { SLOTS } from '../../../machine/x86/registers.ts';
import { type Answer, oracle } from './mmu-oracle.ts';

/** Bits of an entry, named apart from the machine's. */
export const [P, W, U, A, D, PS, G, NX] = [1n, 2n, 4n, 0x20n, 0x40n, 0x80n, 0x100n, 1n << 63n];

/** What an access is judged under. */
export interface Setting {
  readonly user?: boolean;
  readonly wp?: boolean;
  readonly smep?: boolean;
  readonly smap?: boolean;
  readonly pke?: boolean;
  readonly pks?: boolean;
  readonly pge?: boolean;
  readonly pcide?: boolean;
  readonly nxe?: boolean;
  readonly ac?: boolean;
  readonly pkru?: number;
  readonly pkrs?: number;
}

export interface AccessCase {
  readonly kind: AccessKind;
  readonly implicit?: boolean;
}

/** Every kind of access. */
export const ACCESSES: readonly AccessCase[] = [
  { kind: 'fetch' },
  { kind: 'load' },
  { kind: 'store' },
  { kind: 'load', implicit: true },
  { kind: 'store', implicit: true },
];

export const shapeOf = ({ kind, implicit }: AccessCase): AccessShape =>
  accessShape(kind, 1, 'plain', implicit ? { implicit } : {});

/** A hart in 64-bit mode before a small RAM, and the means to build page tables by hand. */
export class Bench {
  readonly ram: Ram;
  readonly bus: Bus;
  readonly hart: Hart;
  readonly memory: VirtualMemory;
  levels: 4 | 5 = 4;
  setting: Setting = {};
  root = 0x1000n;
  private nextTable = 0x2000n;

  constructor(pages = 64) {
    const monitor = new Monitor();
    this.ram = new Ram(0n, pages * 4096);
    this.bus = new Bus(this.ram, monitor);
    this.hart = new Hart(0, X86_64, { hardwareAd: true }, this.bus, new Clock(), monitor);
    this.memory = new VirtualMemory(this.hart);
    this.under({});
  }

  /** Sets a register's bits as they are, past what an instruction would allow. */
  set(name: string, value: bigint): void {
    this.hart.set(SLOTS.get(name), value);
    this.hart.contextChanged();
  }

  under(setting: Setting, pcid = 0n): void {
    const { hart } = this;
    this.setting = setting;
    const s = setting;
    const on = (flag: boolean | undefined, at: number) => (flag ? 1n << BigInt(at) : 0n);
    hart.set(SLOTS.get('cr0'), 0x8000_0033n | on(s.wp, 16));
    const keys = on(s.pke, 22) | on(s.pks, 24);
    const cr4 = 0x20n | on(s.pge, 7) | on(this.levels === 5, 12) | on(s.pcide, 17) | on(s.smep, 20) | on(s.smap, 21);
    hart.set(SLOTS.get('cr4'), cr4 | keys);
    hart.set(SLOTS.get('cr3'), this.root | pcid);
    hart.set(SLOTS.get('efer'), 0x501n | on(s.nxe, 11));
    hart.set32(SLOTS.get('flags'), s.ac ? 1 << 18 : 0);
    hart.set32(SLOTS.get('pkru'), s.pkru ?? 0);
    hart.set(SLOTS.get('pkrs'), BigInt((s.pkrs ?? 0) >>> 0));
    hart.set32(SLOTS.get('cpl'), s.user ? 3 : 0);
    hart.contextChanged();
  }

  forget(): void {
    this.hart.tlb.invalidate(() => true);
  }

  poke(at: bigint, value: bigint): void {
    if (!this.bus.write(at, 8, value)) throw new Error(`no memory at ${at.toString(16)}`);
  }

  /** Ones where there is no memory. */
  peek(at: bigint): bigint {
    const offset = this.ram.offset(at, 8);
    return offset < 0 ? (1n << 64n) - 1n : this.ram.read(offset as RamOffset, 8);
  }

  /** Maps `address` by a leaf of a level through permissive tables; the addresses of all entries, the leaf's first. */
  map(address: bigint, target: bigint, bits: bigint, level = 0): bigint[] {
    let table = this.root;
    const at: bigint[] = [];
    for (let i = this.levels - 1; ; i--) {
      const entry = table + 8n * ((address >> BigInt(12 + 9 * i)) & 0x1ffn);
      at.unshift(entry);
      if (i === level) {
        this.poke(entry, target | bits | (level > 0 ? PS : 0n));
        return at;
      }
      if (!(this.peek(entry) & P)) {
        this.poke(entry, this.nextTable | P | W | U);
        this.nextTable += 0x1000n;
      }
      table = this.peek(entry) & 0xf_ffff_ffff_f000n;
    }
  }

  /** What the machine makes of an access, in words that `expected` shares. */
  outcome(address: bigint, shape: AccessShape): string {
    const { hart } = this;
    if (hart.isa.mmu.translate(hart, address, shape)) return `pa ${hart.translated.pa.toString(16)}`;
    const { cause, value } = hart.trap;
    const vector = cause & 0xff;
    return vector === 14
      ? `#PF ${((cause >> 8) & 0xffff).toString(2)} ${value.toString(16)}`
      : `vector ${vector} error ${(cause >> 8) & 0xffff}`;
  }

  /** What the oracle says of it, by the tables as they are. */
  ask(address: bigint, one: AccessCase): Answer {
    const s = this.setting;
    const implicit = one.implicit === true;
    return oracle({
      memory: (at) => this.peek(at),
      root: this.root,
      levels: this.levels,
      address,
      doing: one.kind,
      user: s.user === true && !implicit,
      implicit,
      wp: s.wp === true,
      smep: s.smep === true,
      smap: s.smap === true,
      pke: s.pke === true,
      pks: s.pks === true,
      pge: s.pge === true,
      nxe: s.nxe === true,
      ac: s.ac === true,
      pkru: s.pkru ?? 0,
      pkrs: s.pkrs ?? 0,
    });
  }
}

/** An answer in the words of `outcome`. */
export function expected(answer: Answer, address: bigint): string {
  if (answer === 'not canonical') return 'vector 13 error 0';
  return 'error' in answer
    ? `#PF ${answer.error.toString(2)} ${address.toString(16)}`
    : `pa ${answer.physical.toString(16)}`;
}
