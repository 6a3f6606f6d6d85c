import type { Hart } from '../hart.ts';
import type { PlatformServices } from '../isa.ts';
import type { Device } from '../memory/device.ts';
import { INTERRUPT } from './causes.ts';
import { TIME_OFFSET, time } from './csr-timers.ts';
import { SLOTS } from './registers.ts';

/** Where its registers lie, in bytes from the base: as in SiFive's CLINT, from which the ACLINT takes them over. */
const MSIP = 0;
const MTIMECMP_OFFSET = 0x4000;
const MTIME = 0xbff8;
/** Bytes of the range. */
export const ACLINT_SIZE = 0x10000;

const MTIMECMP = SLOTS.get('mtimecmp');

/** A register's bits, and its replacement. */
interface Register {
  /** Bytes of it, which is also how it is aligned. */
  readonly size: number;
  readonly value: bigint;
  write(value: bigint): void;
}

/**
 * The ACLINT's MTIMER and MSWI: mtime, and for each hart mtimecmp and msip. Accesses are of 4 or 8 bytes, aligned; those of
 * harts that do not exist are refused. All of its state lies in the harts.
 */
export class Aclint implements Device {
  readonly name = 'aclint';
  private readonly services: PlatformServices;

  constructor(services: PlatformServices) {
    this.services = services;
  }

  read(offset: number, size: number): bigint | undefined {
    const found = this.find(offset, size);
    return found && BigInt.asUintN(size * 8, found.register.value >> found.shift);
  }

  write(offset: number, size: number, value: bigint): boolean {
    const found = this.find(offset, size);
    if (!found) return false;
    const { register, shift } = found;
    const mask = BigInt.asUintN(size * 8, ~0n) << shift;
    register.write((register.value & ~mask) | ((value << shift) & mask));
    this.services.changed();
    return true;
  }

  /** The register that holds the bytes, and by how many bits they are shifted in it. */
  private find(offset: number, size: number): { register: Register; shift: bigint } | undefined {
    if ((size !== 4 && size !== 8) || offset % size !== 0) return undefined;
    const register = this.register(offset);
    if (!register || size > register.size) return undefined;
    return { register, shift: BigInt((offset % register.size) * 8) };
  }

  private register(offset: number): Register | undefined {
    const { harts } = this.services;
    if (offset >= MTIME) return offset < MTIME + 8 ? this.mtime() : undefined;
    if (offset >= MTIMECMP_OFFSET) {
      const hart = harts[(offset - MTIMECMP_OFFSET) >> 3];
      return hart && this.mtimecmp(hart);
    }
    const hart = harts[(offset - MSIP) >> 2];
    return hart && this.msip(hart);
  }

  private mtime(): Register {
    const { harts } = this.services;
    return {
      size: 8,
      value: time(harts[0]),
      write: (value) => {
        const offset = BigInt.asUintN(64, value - harts[0].clock.ticks);
        for (const hart of harts) hart.set(TIME_OFFSET, offset);
      },
    };
  }

  private mtimecmp(hart: Hart): Register {
    return { size: 8, value: hart.get(MTIMECMP), write: (value) => hart.set(MTIMECMP, value) };
  }

  /** Only bit 0 exists. */
  private msip(hart: Hart): Register {
    const line = INTERRUPT.machineSoftware;
    return {
      size: 4,
      value: BigInt((hart.lines >> line) & 1),
      write: (value) => hart.setLine(line, (value & 1n) === 1n),
    };
  }

  /** The harts, which are reset and saved themselves, hold everything. */
  reset(): void {}

  save(): null {
    return null;
  }

  restore(): void {}
}
