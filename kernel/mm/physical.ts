import { PAGE_SIZE, type RamOffset, ramOffset } from '../../machine/index.ts';
import type { Memory } from './memory.ts';

/** The kernel's own accesses to physical memory: page tables and whole frames, without the MMU. */
export class PhysicalMemory {
  private readonly memory: Memory;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  /** The 8 bytes at a physical address in RAM, aligned. */
  readWord(address: bigint): bigint {
    return this.memory.machine.ram.read(this.offset(address, 8), 8);
  }

  writeWord(address: bigint, value: bigint): void {
    this.memory.machine.ram.write(this.offset(address, 8), 8, value);
    this.memory.machine.bus.stored(-1, address, 8);
  }

  zero(frame: bigint): void {
    const { ram, bus } = this.memory.machine;
    ram.fill(this.offset(frame << 12n, PAGE_SIZE), PAGE_SIZE, 0);
    bus.stored(-1, frame << 12n, PAGE_SIZE);
  }

  copy(from: bigint, to: bigint): void {
    this.write(to, 0, this.read(from));
  }

  /** A frame's bytes, as they are now. */
  read(frame: bigint): Uint8Array {
    const at = this.offset(frame << 12n, PAGE_SIZE);
    return this.memory.machine.ram.bytes.subarray(at, at + PAGE_SIZE);
  }

  /** Puts bytes into a frame; they must fit behind `offset`. */
  write(frame: bigint, offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const { ram, bus } = this.memory.machine;
    const at = this.offset(frame << 12n, PAGE_SIZE);
    ram.writeBytes(ramOffset(at + offset), bytes);
    bus.stored(-1, (frame << 12n) + BigInt(offset), bytes.length);
  }

  private offset(address: bigint, size: number): RamOffset {
    const offset = this.memory.machine.ram.offset(address, size);
    if (offset < 0) throw new Error(`physical address ${address.toString(16)} is not in RAM`);
    return offset as RamOffset;
  }
}
