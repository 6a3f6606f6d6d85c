import { Pl011 } from '../devices/pl011.ts';
import type { Hart } from '../hart.ts';
import type { PlatformServices } from '../isa.ts';
import { switchOff } from './psci.ts';
import { startHart } from './reset.ts';
import { keepServices } from './services.ts';

/** Physical addresses of the platform, those of QEMU's `virt` machine. */
export const RAM_BASE = 0x4000_0000n;
export const UART_BASE = 0x900_0000n;
const UART_SIZE = 0x1000;

/** Puts the devices on the bus. */
export function attachPlatform(services: PlatformServices): void {
  keepServices(services);
  services.bus.attach(UART_BASE, UART_SIZE, new Pl011(services));
}

/**
 * Hart 0 starts at the image's entry, at EL1 with the MMU off, X0 zero, since there is no device tree; the others are
 * off until PSCI's CPU_ON.
 */
export function startBare(hart: Hart, entry: bigint): void {
  startHart(hart, entry);
  if (hart.id !== 0) switchOff(hart);
}
