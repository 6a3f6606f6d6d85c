import type { Hart } from '../hart.ts';
import type { PlatformServices } from '../isa.ts';
import type { Bus } from '../memory/bus.ts';

/** What the platform of each machine may do, by its bus: instructions reach it without a device between. */
const services = new WeakMap<Bus, PlatformServices>();

export function keepServices(these: PlatformServices): void {
  services.set(these.bus, these);
}

/** Throws where the hart belongs to no machine: a bug of ours. */
export function servicesOf(bus: Bus): PlatformServices {
  const found = services.get(bus);
  if (!found) throw new Error('a hart without a platform');
  return found;
}

/** Stops the machine, with one line that says what its guest asked for. */
export function unsupported(hart: Hart, what: string): void {
  servicesOf(hart.bus).finish({ kind: 'unsupported', what });
}
