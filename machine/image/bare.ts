import { ramOffset } from '../addr.ts';
import type { Machine } from '../machine.ts';
import { ElfError, type ElfImage } from './image.ts';

/**
 * Puts a bare-metal image into a machine that was reset: segments at their physical addresses, zeros behind them, every
 * hart at the entry, stores to the `tohost` symbol watched. Throws ElfError where a segment is not in RAM as a whole.
 */
export function loadBare(machine: Machine, image: ElfImage): void {
  const { isa, ram } = machine;
  const machineWanted = image.bits === 64 ? isa.elfMachine : isa.elfMachine32;
  if (image.machine !== machineWanted) throw new ElfError(`built for machine ${image.machine}, not ${isa.name}`);
  for (const segment of image.segments) {
    if (segment.kind !== 'load' || segment.memorySize === 0) continue;
    const offset = ram.offset(segment.paddr, segment.memorySize);
    if (offset < 0) {
      const place = `${segment.paddr.toString(16)}–${(segment.paddr + BigInt(segment.memorySize)).toString(16)}`;
      const all = `${ram.base.toString(16)}–${(ram.base + BigInt(ram.size)).toString(16)}`;
      throw new ElfError(`program header ${segment.index}: segment ${place} outside RAM ${all}`);
    }
    ram.writeBytes(ramOffset(offset), segment.bytes);
    ram.fill(ramOffset(offset + segment.fileSize), segment.memorySize - segment.fileSize, 0);
  }
  watchTohost(machine, image);
  for (const hart of machine.harts) isa.startBare(hart, image.entry, image);
}

/** Watches the image's `tohost` symbol, if it has one: after loading, and after a snapshot was restored. */
export function watchTohost(machine: Machine, image: ElfImage): void {
  const tohost = image.symbols.find((symbol) => symbol.name === 'tohost');
  if (!tohost) return;
  const address = physicalOf(image, tohost.address);
  if (machine.ram.offset(address, 8) < 0) throw new ElfError(`tohost at ${address.toString(16)} lies outside RAM`);
  machine.watchTohost(address);
}

/** Symbols have virtual addresses; an image may be linked to run elsewhere than it lies. */
function physicalOf(image: ElfImage, address: bigint): bigint {
  const holder = image.segments.find(
    (s) => s.kind === 'load' && address >= s.vaddr && address < s.vaddr + BigInt(s.memorySize),
  );
  return holder ? address - holder.vaddr + holder.paddr : address;
}
