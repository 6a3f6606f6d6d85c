import type { PlatformServices } from '../isa.ts';
import type { Device } from '../memory/device.ts';

/** Ports that it has. */
export const EXIT_PORTS = 4;

/**
 * QEMU's isa-debug-exit: a value v written to it ends the machine with exit status (v << 1) | 1. 0 there is how a guest
 * passes, since it cannot ask for status 0.
 */
export class ExitPort implements Device {
  readonly name = 'exit-port';
  private readonly services: PlatformServices;

  constructor(services: PlatformServices) {
    this.services = services;
  }

  read(): bigint {
    return 0n;
  }

  write(_offset: number, _size: number, value: bigint): boolean {
    const code = (value << 1n) | 1n;
    // An exit status has 8 bits.
    if (value === 0n) this.services.finish({ kind: 'pass' });
    else this.services.finish({ kind: 'fail', code, status: Number(code & 0xffn) });
    return true;
  }

  reset(): void {}

  save(): null {
    return null;
  }

  restore(): void {}
}
