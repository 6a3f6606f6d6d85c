import { Uart16550 } from '../devices/uart16550.ts';
import type { Hart } from '../hart.ts';
import type { PlatformServices } from '../isa.ts';
import { ACLINT_SIZE, Aclint } from './aclint.ts';
import { FINISHER_SIZE, Finisher } from './finisher.ts';
import { M_MODE, MODE, X } from './registers.ts';

/** Physical addresses of the platform, those of QEMU's `virt` machine. */
export const RAM_BASE = 0x8000_0000n;
export const FINISHER_BASE = 0x10_0000n;
export const ACLINT_BASE = 0x200_0000n;
export const UART_BASE = 0x1000_0000n;

/** QEMU's `virt` gives the UART a page of which it decodes the first bytes. */
const UART_SIZE = 0x100;

const A0 = X[10];
const A1 = X[11];

/** Puts the devices on the bus. There is no PLIC, so that the UART's interrupt goes nowhere: it must be polled. */
export function attachPlatform(services: PlatformServices): void {
  const { bus } = services;
  bus.attach(FINISHER_BASE, FINISHER_SIZE, new Finisher(services));
  bus.attach(ACLINT_BASE, ACLINT_SIZE, new Aclint(services));
  bus.attach(UART_BASE, UART_SIZE, new Uart16550(services));
}

/** Every hart starts in M-mode at the image's entry, a0 its number, and a1 zero, since there is no device tree. */
export function startBare(hart: Hart, entry: bigint): void {
  hart.set32(MODE, M_MODE);
  hart.pc = entry;
  hart.set(A0, BigInt(hart.id));
  hart.set(A1, 0n);
  hart.contextChanged();
}
