import { PAGE_SHIFT, type Pa, pa, type RamOffset } from '../addr.ts';
import type { Device } from './device.ts';
import type { Monitor } from './monitor.ts';
import type { Ram } from './ram.ts';

/** A device's place on the bus: `size` bytes from `base`. */
export interface Mapping {
  readonly base: Pa;
  readonly size: number;
  readonly device: Device;
}

/** A physical address whose stores somebody wants to know of. */
export interface Watch {
  readonly address: Pa;
  readonly size: number;
  /** Called after a store that touched it. */
  readonly stored: () => void;
}

/**
 * Physical memory: RAM and devices. An access to anything else, or one that straddles two of them,
 * is refused, and the hart raises an access fault.
 */
export class Bus {
  readonly ram: Ram;
  readonly monitor: Monitor;
  private readonly mappings: Mapping[] = [];
  /** The address space of I/O ports, of targets that have one. */
  private readonly ports: Mapping[] = [];
  private watch: Watch | undefined;
  /** Whether a hart's load where nothing answers finds ones, and its store nobody, as on a PC, rather than a fault. */
  open = false;

  constructor(ram: Ram, monitor: Monitor) {
    this.ram = ram;
    this.monitor = monitor;
  }

  /** Watches stores to one place in RAM, in place of the one watched before. */
  watchStores(watch: Watch | undefined): void {
    this.watch = watch;
  }

  /** Whether stores to the 4 KiB page at `page` must be told of. */
  watched(page: bigint): boolean {
    return this.watch !== undefined && this.watch.address >> PAGE_SHIFT === page >> PAGE_SHIFT;
  }

  /** Whether anybody wants to be told of stores: the watch, or a hart with a reservation. */
  get listens(): boolean {
    return this.watch !== undefined || !this.monitor.empty;
  }

  /** Tells the watch and other harts' reservations of a store that was made; `hart` is -1 for nobody's. */
  stored(hart: number, address: bigint, size: number): void {
    this.monitor.stored(hart, address, size);
    const watch = this.watch;
    if (watch && address < watch.address + BigInt(watch.size) && watch.address < address + BigInt(size)) watch.stored();
  }

  /** Puts a device at `base`. Ranges must not overlap. */
  attach(base: bigint, size: number, device: Device): void {
    this.mappings.push({ base: pa(base), size, device });
  }

  /** Puts a device at I/O port `base`; it has `size` ports. */
  attachPorts(base: number, size: number, device: Device): void {
    this.ports.push({ base: pa(BigInt(base)), size, device });
  }

  /** Reads 1, 2 or 4 bytes from an I/O port; `undefined` where nothing answers. */
  readPort(port: number, size: number, hart: number): bigint | undefined {
    const mapping = this.portAt(port, size);
    return mapping?.device.read(port - Number(mapping.base), size, hart);
  }

  /** Writes 1, 2 or 4 bytes to an I/O port; false where nothing answers. */
  writePort(port: number, size: number, value: bigint, hart: number): boolean {
    const mapping = this.portAt(port, size);
    return mapping?.device.write(port - Number(mapping.base), size, value, hart) ?? false;
  }

  private portAt(port: number, size: number): Mapping | undefined {
    return this.ports.find((m) => port >= m.base && port + size <= Number(m.base) + m.size);
  }

  /** The devices that have addresses in physical memory. */
  get mapped(): readonly Mapping[] {
    return this.mappings;
  }

  /** All devices, those at I/O ports behind the others. */
  get devices(): readonly Mapping[] {
    return [...this.mappings, ...this.ports];
  }

  private find(address: bigint, size: number): Mapping | undefined {
    return this.mappings.find((m) => address >= m.base && address + BigInt(size) <= m.base + BigInt(m.size));
  }

  /** Whether `size` bytes at `address` belong to RAM or to one device. */
  exists(address: bigint, size: number): boolean {
    return this.ram.offset(address, size) >= 0 || this.find(address, size) !== undefined;
  }

  /** Reads 1, 2, 4 or 8 bytes on behalf of `hart` (-1: none); `undefined` where nothing answers. */
  read(address: bigint, size: number, hart = -1): bigint | undefined {
    const offset = this.ram.offset(address, size);
    if (offset >= 0) return this.ram.read(offset as RamOffset, size);
    const mapping = this.find(address, size);
    return mapping?.device.read(Number(address - mapping.base), size, hart);
  }

  /** Writes 1, 2, 4 or 8 bytes on behalf of `hart` (-1: none); false where nothing answers. */
  write(address: bigint, size: number, value: bigint, hart = -1): boolean {
    const offset = this.ram.offset(address, size);
    if (offset >= 0) {
      this.ram.write(offset as RamOffset, size, value);
      this.stored(hart, address, size);
      return true;
    }
    const mapping = this.find(address, size);
    return mapping?.device.write(Number(address - mapping.base), size, value, hart) ?? false;
  }
}
