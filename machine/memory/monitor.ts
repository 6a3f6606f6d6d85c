import type { Saved } from './device.ts';

/** Bytes that one reservation covers, and their alignment: a cache line. */
const GRANULE_SHIFT = 6n;

/**
 * Reservations of LR and its like, by physical granule of 64 bytes. A hart has at most one; a store to the granule by
 * any other hart, or by a device or kernel on its behalf, loses it.
 */
export class Monitor {
  private readonly held = new Map<number, { granule: bigint; address: bigint; size: number }>();
  /** Harts that have lost one to somebody's store and did not look since. */
  readonly lost = new Set<number>();

  /** The hart reserves `size` bytes at a physical address, giving up what it held. */
  reserve(hart: number, address: bigint, size: number): void {
    this.held.set(hart, { granule: address >> GRANULE_SHIFT, address, size });
  }

  /** Whether the hart still holds a reservation of these very bytes. */
  holds(hart: number, address: bigint, size: number): boolean {
    const reservation = this.held.get(hart);
    return reservation !== undefined && reservation.address === address && reservation.size === size;
  }

  release(hart: number): void {
    this.held.delete(hart);
  }

  /** A store by `hart` (-1: none of them) to a physical address: the others' reservations of that granule are lost. */
  stored(hart: number, address: bigint, size: number): void {
    if (this.held.size === 0) return;
    const first = address >> GRANULE_SHIFT;
    const last = (address + BigInt(size - 1)) >> GRANULE_SHIFT;
    for (const [other, { granule }] of this.held) {
      if (other === hart || granule < first || granule > last) continue;
      this.held.delete(other);
      this.lost.add(other);
    }
  }

  get empty(): boolean {
    return this.held.size === 0;
  }

  reset(): void {
    this.held.clear();
    this.lost.clear();
  }

  save(): Saved {
    return { held: [...this.held].map(([hart, { address, size }]) => ({ hart, address, size })), lost: [...this.lost] };
  }

  restore(saved: Saved): void {
    const { held, lost } = saved as unknown as {
      held: { hart: number; address: bigint; size: number }[];
      lost: number[];
    };
    this.reset();
    for (const { hart, address, size } of held) this.reserve(hart, address, size);
    for (const hart of lost) this.lost.add(hart);
  }
}
