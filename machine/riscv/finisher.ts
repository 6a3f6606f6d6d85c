import type { PlatformServices } from '../isa.ts';
import type { Device } from '../memory/device.ts';

/** Bytes of its range. */
export const FINISHER_SIZE = 0x1000;

const PASS = 0x5555n;
const FAIL = 0x3333n;
const RESET = 0x7777n;

/**
 * SiFive's test finisher, by which a bare-metal guest ends: a write of 0x5555 to its first word passes, code<<16|0x3333
 * fails. What else is written there means nothing and is ignored, as QEMU's `virt` does; it reads as zero.
 */
export class Finisher implements Device {
  readonly name = 'finisher';
  private readonly services: PlatformServices;

  constructor(services: PlatformServices) {
    this.services = services;
  }

  read(): bigint {
    return 0n;
  }

  write(offset: number, size: number, value: bigint): boolean {
    if (offset !== 0 || size === 1) return true;
    const { services } = this;
    switch (value & 0xffffn) {
      case PASS:
        services.finish({ kind: 'pass' });
        break;
      case FAIL:
        services.finish({ kind: 'fail', code: (value >> 16n) & 0xffffn });
        break;
      case RESET:
        services.finish({ kind: 'unsupported', what: 'reset through the test finisher' });
        break;
    }
    return true;
  }

  reset(): void {}

  save(): null {
    return null;
  }

  restore(): void {}
}
