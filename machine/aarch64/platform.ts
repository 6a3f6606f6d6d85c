import { Pl011 } from '../devices/pl011.ts';
import type { Hart } from '../hart.ts';
import type { PlatformServices } from '../isa.ts';
import { GicCpuInterface, GicDistributor } from './gic.ts';
import { switchOff } from './psci.ts';
import { startHart } from './reset.ts';
import { keepServices } from './services.ts';

/** Physical addresses of the platform, those of QEMU's `virt` machine. */
export const RAM_BASE = 0x4000_0000n;
export const UART_BASE = 0x900_0000n;
const UART_SIZE = 0x1000;
export const GIC_DISTRIBUTOR_BASE = 0x800_0000n;
export const GIC_CPU_BASE = 0x801_0000n;
const GIC_DISTRIBUTOR_SIZE = 0x1000;
/** GICC_DIR lies in a page of its own. */
const GIC_CPU_SIZE = 0x2000;

/** Puts the devices on the bus. The UART's interrupt goes nowhere: it must be polled. */
export function attachPlatform(services: PlatformServices): void {
  keepServices(services);
  const { bus } = services;
  bus.attach(GIC_DISTRIBUTOR_BASE, GIC_DISTRIBUTOR_SIZE, new GicDistributor(services));
  bus.attach(GIC_CPU_BASE, GIC_CPU_SIZE, new GicCpuInterface(services));
  bus.attach(UART_BASE, UART_SIZE, new Pl011(services));
}

/**
 * Hart 0 starts at the image's entry, at EL1 with the MMU off, X0 zero, since there is no device tree; the others are
 * off until PSCI's CPU_ON.
 */
export function startBare(hart: Hart, entry: bigint): void {
  startHart(hart, entry);
  if (hart.id !== 0) switchOff(hart);
}
