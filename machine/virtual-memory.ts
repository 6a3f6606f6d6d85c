import { type AccessShape, type AccessTraits, type Atomicity, accessShape } from './access.ts';
import { type RamOffset, ramOffset } from './addr.ts';
import { FastTlb } from './fast-tlb.ts';
import type { Hart } from './hart.ts';
import type { AmoOperation } from './ir/index.ts';

const scratch = new BigUint64Array(1);
const halves = new Int32Array(scratch.buffer);

/** Shapes by size in bytes; the parts of an access across two pages have any. */
const shapes = (kind: 'load' | 'store', atomicity?: Atomicity, traits?: AccessTraits) =>
  Array.from({ length: 17 }, (_, size) => accessShape(kind, size, atomicity, traits));
const LOAD = shapes('load');
const STORE = shapes('store');
const RESERVED = shapes('load', 'reserved');
const CONDITIONAL = shapes('store', 'conditional');
const AMO = shapes('store', 'amo');
const LOAD_PART = shapes('load', 'plain', { part: true });
const STORE_PART = shapes('store', 'plain', { part: true });
const ALL = (1n << 64n) - 1n;

/**
 * A hart's loads and stores: translation, alignment, page crossing, RAM or device. Whoever acts as an instruction of
 * that hart, engine or kernel, accesses memory here. Where an access fails, `hart.trap` holds the trap and nothing has
 * changed.
 */
export class VirtualMemory {
  private readonly hart: Hart;
  private readonly loads = new FastTlb();
  private readonly stores = new FastTlb();
  /** Pages where plain accesses may be misaligned, as one that was showed. */
  private readonly looseLoads = new FastTlb();
  private readonly looseStores = new FastTlb();
  private contextEpoch = -1;
  private tlbEpoch = -1;

  constructor(hart: Hart) {
    this.hart = hart;
  }

  /** Loads 1, 2, 4 or 8 bytes, zero-extended; `undefined`: a trap. `shape`: a plain one with traits, which its fault tells of. */
  load(address: bigint, size: number, shape = LOAD[size]): bigint | undefined {
    const { hart } = this;
    if (hart.contextEpoch !== this.contextEpoch || hart.tlb.epoch !== this.tlbEpoch) this.refresh();
    scratch[0] = address;
    const low = halves[0];
    const offset = (low & (size - 1)) === 0 ? this.loads.find(low, halves[1]) : 0;
    if (offset !== 0) return hart.bus.ram.read(ramOffset(offset), size);
    return this.slowLoad(address, shape);
  }

  /** Stores the low 1, 2, 4 or 8 bytes; false: a trap. */
  store(address: bigint, size: number, value: bigint, shape = STORE[size]): boolean {
    const { hart } = this;
    if (hart.contextEpoch !== this.contextEpoch || hart.tlb.epoch !== this.tlbEpoch) this.refresh();
    scratch[0] = address;
    const low = halves[0];
    const offset = (low & (size - 1)) === 0 ? this.stores.find(low, halves[1]) : 0;
    if (offset === 0) return this.slowStore(address, shape, value);
    const ram = hart.bus.ram;
    ram.write(ramOffset(offset), size, value);
    if (!hart.monitor.empty) hart.monitor.stored(hart.id, ram.address(ramOffset(offset)), size);
    return true;
  }

  /** A load of any shape that is not indivisible; one of a store's shape is judged as that store. */
  loadAs(address: bigint, shape: AccessShape): bigint | undefined {
    if (this.stale()) this.refresh();
    return this.slowLoad(address, shape);
  }

  /** A store of any shape that is not indivisible. */
  storeAs(address: bigint, shape: AccessShape, value: bigint): boolean {
    if (this.stale()) this.refresh();
    return this.slowStore(address, shape, value);
  }

  /** Loads 16 bytes to four words of `to`, the lowest first; false: a trap. */
  load128(address: bigint, shape: AccessShape, to: Int32Array, at: number): boolean {
    if (this.stale()) this.refresh();
    const offset = this.locate(address, shape, this.loads, this.looseLoads);
    if (offset < 0) return false;
    if (offset === 0) {
      const value = this.loadElsewhere(address, shape);
      if (value === undefined) return false;
      for (let i = 0; i < 4; i++) to[at + i] = Number(BigInt.asIntN(32, value >> BigInt(i * 32)));
      return true;
    }
    const { view } = this.hart.bus.ram;
    to[at] = view.getInt32(offset, true);
    to[at + 1] = view.getInt32(offset + 4, true);
    to[at + 2] = view.getInt32(offset + 8, true);
    to[at + 3] = view.getInt32(offset + 12, true);
    return true;
  }

  /** Stores 16 bytes from four words of `from`; false: a trap. */
  store128(address: bigint, shape: AccessShape, from: Int32Array, at: number): boolean {
    if (this.stale()) this.refresh();
    const offset = this.locate(address, shape, this.stores, this.looseStores);
    if (offset < 0) return false;
    if (offset === 0) {
      let value = 0n;
      for (let i = 3; i >= 0; i--) value = (value << 32n) | BigInt(from[at + i] >>> 0);
      return this.storeElsewhere(address, shape, value);
    }
    const { bus, id } = this.hart;
    const { ram } = bus;
    const { view } = ram;
    ram.touched(offset, 16);
    view.setInt32(offset, from[at], true);
    view.setInt32(offset + 4, from[at + 1], true);
    view.setInt32(offset + 8, from[at + 2], true);
    view.setInt32(offset + 12, from[at + 3], true);
    if (bus.listens) bus.stored(id, ram.address(ramOffset(offset)), 16);
    return true;
  }

  /** Loads and reserves (LR): naturally aligned, in RAM. 16 bytes too, as all atomic accesses. */
  loadReserved(address: bigint, size: number): bigint | undefined {
    const { hart } = this;
    const offset = this.atomic(address, RESERVED[size]);
    if (offset < 0) return undefined;
    hart.monitor.reserve(hart.id, hart.translated.pa, size);
    return this.read(offset as RamOffset, size);
  }

  /** Stores if the reservation still holds (SC), giving it up: 1 made, 0 not, `undefined` a trap. */
  storeConditional(address: bigint, size: number, value: bigint): 0 | 1 | undefined {
    const { hart } = this;
    const offset = this.atomic(address, CONDITIONAL[size]);
    if (offset < 0) return undefined;
    const { pa } = hart.translated;
    const holds = hart.monitor.holds(hart.id, pa, size);
    hart.monitor.release(hart.id);
    if (!holds) return 0;
    this.write(offset as RamOffset, size, value);
    hart.bus.stored(hart.id, pa, size);
    return 1;
  }

  /** Reads, combines and writes indivisibly; the old value zero-extended, or `undefined`: a trap. */
  amo(operation: AmoOperation, address: bigint, size: number, operand: bigint): bigint | undefined {
    const { hart } = this;
    const bits = size * 8;
    if (crosses(address, size)) {
      return this.exchangeAcross(address, size, (old) => combine(operation, bits, old, BigInt.asUintN(bits, operand)));
    }
    const offset = this.atomic(address, AMO[size]);
    if (offset < 0) return undefined;
    const old = hart.bus.ram.read(offset as RamOffset, size);
    hart.bus.write(hart.translated.pa, size, combine(operation, bits, old, BigInt.asUintN(bits, operand)), hart.id);
    return old;
  }

  /** Stores `value` where memory holds `expected`, indivisibly; the old value zero-extended, or `undefined`: a trap. */
  compareAndSwap(address: bigint, size: number, expected: bigint, value: bigint): bigint | undefined {
    const { hart } = this;
    const wanted = BigInt.asUintN(size * 8, expected);
    if (crosses(address, size)) {
      return this.exchangeAcross(address, size, (old) => (old === wanted ? value : undefined));
    }
    const offset = this.atomic(address, AMO[size]);
    if (offset < 0) return undefined;
    const old = this.read(offset as RamOffset, size);
    if (old === wanted) {
      this.write(offset as RamOffset, size, value);
      hart.bus.stored(hart.id, hart.translated.pa, size);
    }
    return old;
  }

  /**
   * An indivisible access across two pages of RAM, where the target allows one: the old value, or `undefined`: a trap.
   * `replace` says what is stored, if anything.
   */
  private exchangeAcross(
    address: bigint,
    size: number,
    replace: (old: bigint) => bigint | undefined,
  ): bigint | undefined {
    const shape = AMO[size];
    const first = 4096 - Number(address & 0xfffn);
    if (!this.hart.isa.mmu.misaligned(this.hart, address, shape)) return undefined;
    const parts = this.crossing(address, first, shape);
    if (!parts) return undefined;
    const old = this.gather(parts, first, size);
    const value = replace(old);
    if (value !== undefined) this.scatter(parts, first, size, value);
    return old;
  }

  private read(offset: RamOffset, size: number): bigint {
    const { ram } = this.hart.bus;
    if (size < 16) return ram.read(offset, size);
    return ram.read(offset, 8) | (ram.read(ramOffset(offset + 8), 8) << 64n);
  }

  private write(offset: RamOffset, size: number, value: bigint): void {
    const { ram } = this.hart.bus;
    ram.write(offset, Math.min(size, 8), value & ALL);
    if (size === 16) ram.write(ramOffset(offset + 8), 8, value >> 64n);
  }

  private stale(): boolean {
    return this.hart.contextEpoch !== this.contextEpoch || this.hart.tlb.epoch !== this.tlbEpoch;
  }

  private refresh(): void {
    this.loads.clear();
    this.stores.clear();
    this.looseLoads.clear();
    this.looseStores.clear();
    this.contextEpoch = this.hart.contextEpoch;
    this.tlbEpoch = this.hart.tlb.epoch;
  }

  /** The RAM offset of an atomic access, or -1 and a trap: it must be aligned, and devices have no atomics. */
  private atomic(address: bigint, shape: AccessShape): number {
    const { hart } = this;
    const { mmu } = hart.isa;
    if ((address & BigInt(shape.size - 1)) !== 0n && !mmu.misaligned(hart, address, shape)) return -1;
    if (!mmu.translate(hart, address, shape)) return -1;
    const offset = hart.bus.ram.offset(hart.translated.pa, shape.size);
    if (offset < 0) mmu.busFault(hart, address, shape);
    return offset;
  }

  /**
   * Where an access lies in RAM: its offset; 0 where it crosses into another page or is no RAM; -1 and a trap. The
   * pages of all but unprivileged accesses are remembered in `aligned` and, of misaligned ones, in `loose`.
   */
  private locate(address: bigint, shape: AccessShape, aligned: FastTlb, loose: FastTlb): number {
    const { hart } = this;
    const { bus, isa } = hart;
    const { kind, size } = shape;
    scratch[0] = address;
    const low = halves[0];
    const inPage = (low & 0xfff) + size <= 4096;
    const misaligned = (low & ((shape.alignment ?? size) - 1)) !== 0;
    const known = misaligned ? loose : aligned;
    const remembers =
      shape.unprivileged === undefined && shape.implicit === undefined && (shape.atomicity === 'plain' || !misaligned);
    if (remembers && inPage) {
      const offset = known.find(low, halves[1]);
      if (offset !== 0) return offset;
    }
    if (misaligned && !isa.mmu.misaligned(hart, address, shape)) return -1;
    if (!inPage) return 0;
    if (!isa.mmu.translate(hart, address, shape)) return -1;
    const { pa, wholePage } = hart.translated;
    const offset = bus.ram.offset(pa, size);
    if (offset < 0) return 0;
    const watched = kind === 'store' && (bus.ram.holdsCode[bus.ram.page(offset as RamOffset)] !== 0 || bus.watched(pa));
    if (remembers && wholePage && !watched) this.enter(known, address, offset);
    return offset;
  }

  private slowLoad(address: bigint, shape: AccessShape): bigint | undefined {
    const store = shape.kind === 'store';
    const offset = store
      ? this.locate(address, shape, this.stores, this.looseStores)
      : this.locate(address, shape, this.loads, this.looseLoads);
    if (offset === 0) return this.loadElsewhere(address, shape);
    return offset < 0 ? undefined : this.read(offset as RamOffset, shape.size);
  }

  private slowStore(address: bigint, shape: AccessShape, value: bigint): boolean {
    const offset = this.locate(address, shape, this.stores, this.looseStores);
    if (offset === 0) return this.storeElsewhere(address, shape, value);
    if (offset < 0) return false;
    const { bus, id } = this.hart;
    this.write(offset as RamOffset, shape.size, value);
    if (bus.listens) bus.stored(id, bus.ram.address(offset as RamOffset), shape.size);
    return true;
  }

  /** A load that `locate` did not find in one page of RAM: from two, or from a device, which it translated already. */
  private loadElsewhere(address: bigint, shape: AccessShape): bigint | undefined {
    const { hart } = this;
    const { size } = shape;
    const first = 4096 - Number(address & 0xfffn);
    if (first < size) return this.crossingLoad(address, first, shape);
    const value = isForDevices(address, size) ? hart.bus.read(hart.translated.pa, size, hart.id) : undefined;
    if (value !== undefined) return value;
    if (this.isOpen(size)) return (1n << BigInt(size * 8)) - 1n;
    hart.isa.mmu.busFault(hart, address, shape);
    return undefined;
  }

  /** Whether the bus is open where the access just translated leads: neither RAM nor a device, not even in part. */
  private isOpen(size: number): boolean {
    const { bus, translated } = this.hart;
    if (!bus.open) return false;
    for (let i = 0; i < size; i++) if (bus.exists(translated.pa + BigInt(i), 1)) return false;
    return true;
  }

  private storeElsewhere(address: bigint, shape: AccessShape, value: bigint): boolean {
    const { hart } = this;
    const { size } = shape;
    const first = 4096 - Number(address & 0xfffn);
    if (first < size) return this.crossingStore(address, first, shape, value);
    if (isForDevices(address, size) && hart.bus.write(hart.translated.pa, size, value, hart.id)) return true;
    if (this.isOpen(size)) return true;
    hart.isa.mmu.busFault(hart, address, shape);
    return false;
  }

  private crossingLoad(address: bigint, first: number, shape: AccessShape): bigint | undefined {
    const { size } = shape;
    const parts = this.crossing(address, first, shape);
    return parts && this.gather(parts, first, size);
  }

  private crossingStore(address: bigint, first: number, shape: AccessShape, value: bigint): boolean {
    const { size } = shape;
    const parts = this.crossing(address, first, shape);
    if (!parts) return false;
    this.scatter(parts, first, size, value);
    return true;
  }

  /** Reads `size` bytes, the first few from one place in RAM and the rest from another. */
  private gather(parts: Parts, first: number, size: number): bigint {
    const { bytes } = this.hart.bus.ram;
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) {
      value = (value << 8n) | BigInt(bytes[i < first ? parts.low + i : parts.high + i - first]);
    }
    return value;
  }

  /** Writes them. */
  private scatter(parts: Parts, first: number, size: number, value: bigint): void {
    const { bus, id } = this.hart;
    for (let i = 0; i < size; i++) {
      const byte = BigInt.asUintN(8, value >> BigInt(i * 8));
      bus.ram.write(ramOffset(i < first ? parts.low + i : parts.high + i - first), 1, byte);
    }
    bus.stored(id, bus.ram.address(ramOffset(parts.low)), first);
    bus.stored(id, bus.ram.address(ramOffset(parts.high)), size - first);
  }

  /**
   * The RAM offsets of an access's two parts, or the trap of the first that fails, with that part's address. Page tables
   * are updated only once both are known to succeed.
   */
  private crossing(address: bigint, firstBytes: number, shape: AccessShape): Parts | undefined {
    const { hart } = this;
    if (hart.isa.mmu.spans?.(hart, address, shape) === false) return undefined;
    const first = partOf(shape, address, firstBytes);
    const second = partOf(shape, address, shape.size - firstBytes);
    const next = BigInt.asUintN(64, address + BigInt(firstBytes));
    if (this.part(address, first, true) < 0 || this.part(next, second, true) < 0) return undefined;
    const low = this.part(address, first, false);
    const high = low < 0 ? -1 : this.part(next, second, false);
    return high < 0 ? undefined : { low, high };
  }

  /** The RAM offset of one page's part of an access, or -1 and the trap. */
  private part(address: bigint, shape: AccessShape, dry: boolean): number {
    const { hart } = this;
    if (!hart.isa.mmu.translate(hart, address, shape, dry)) return -1;
    const offset = hart.bus.ram.offset(hart.translated.pa, shape.size);
    if (offset < 0) hart.isa.mmu.busFault(hart, address, shape);
    return offset;
  }

  private enter(tlb: FastTlb, address: bigint, offset: number): void {
    // A translation can itself change what verdicts depend on (an entry replaced after its dirty bit was set).
    if (this.hart.tlb.epoch !== this.tlbEpoch) this.refresh();
    scratch[0] = address;
    tlb.enter(halves[0], halves[1], offset - (halves[0] & 0xfff));
  }
}

/** RAM offsets of the two parts of an access across pages. */
interface Parts {
  readonly low: number;
  readonly high: number;
}

const crosses = (address: bigint, size: number): boolean => Number(address & 0xfffn) + size > 4096;

/** Devices answer aligned accesses of up to 8 bytes. */
const isForDevices = (address: bigint, size: number): boolean => size <= 8 && (address & BigInt(size - 1)) === 0n;

/** The shape of one page's part, of so many bytes, of an access at that address. */
function partOf(
  { kind, unprivileged, implicit, stack, alignment }: AccessShape,
  address: bigint,
  size: number,
): AccessShape {
  // Where its elements are aligned, both parts are whole elements, and nothing is misaligned.
  if (alignment !== undefined && (address & BigInt(alignment - 1)) === 0n) {
    return accessShape(kind, size, 'plain', { unprivileged, implicit, stack, alignment });
  }
  if (unprivileged || implicit || stack) {
    return accessShape(kind, size, 'plain', { unprivileged, implicit, stack, part: true });
  }
  return (kind === 'store' ? STORE_PART : LOAD_PART)[size];
}

function combine(operation: AmoOperation, bits: number, old: bigint, operand: bigint): bigint {
  const signed = (x: bigint) => BigInt.asIntN(bits, x);
  switch (operation) {
    case 'swap':
      return operand;
    case 'add':
      return BigInt.asUintN(bits, old + operand);
    case 'and':
      return old & operand;
    case 'or':
      return old | operand;
    case 'xor':
      return old ^ operand;
    case 'min_s':
      return signed(old) < signed(operand) ? old : operand;
    case 'max_s':
      return signed(old) > signed(operand) ? old : operand;
    case 'min_u':
      return old < operand ? old : operand;
    case 'max_u':
      return old > operand ? old : operand;
  }
}
