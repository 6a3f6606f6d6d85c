import { describe, expect, it } from 'vitest';
import { ARCHES } from '../../../kernel/arch/targets.ts';
import { AddressSpace } from '../../../kernel/mm/address-space.ts';
import type { AccessKind, Privilege } from '../../../machine/index.ts';
import { physicalAddress } from '../../../machine/index.ts';
import { AT, World } from './world.ts';

/** A device's registers, and what an entry of the kernel's RAM says, in each target's own bits. */
const OWN: Readonly<Record<string, { uart: bigint; ram: string }>> = {
  riscv64: { uart: 0x1000_0000n, ram: 'V R W G A D' },
  aarch64: { uart: 0x0900_0000n, ram: 'V AF DBM PXN UXN' },
  // The UART is behind a port; the local APIC is in memory.
  'x86-64': { uart: 0xfee0_0000n, ram: 'P RW A D G NX' },
};

const MODES = ARCHES.flatMap(({ isa, modes }) => modes.map(({ format: { mode } }) => ({ isa, mode })));

describe.each(MODES)('the kernel half under $mode', ({ isa, mode }) => {
  const RAM = isa.ramBase;
  const { uart: UART, ram } = OWN[isa.name];
  const w = new World({ isa, mode, megabytes: 32 });
  const { layout, arch } = w.memory;
  const at = (physical: bigint) => layout.directMap + physical;
  /** Where the machine's own walk leads, seen with this privilege. */
  const walk = (address: bigint, kind: AccessKind, privilege: Privilege) => {
    const walked = w.machine.isa.mmu.walk(w.hart, address, { kind, size: 1, atomicity: 'plain', privilege });
    return physicalAddress(walked, address);
  };

  it.each<[string, bigint, AccessKind, Privilege, boolean]>([
    ['RAM is read', RAM, 'load', 'supervisor', true],
    ['RAM is written', RAM + 0x123_4567n, 'store', 'supervisor', true],
    ['the last byte of RAM', RAM + 32n * 1024n * 1024n - 1n, 'load', 'supervisor', true],
    ['behind RAM is nothing', RAM + 32n * 1024n * 1024n, 'load', 'supervisor', false],
    ['below RAM is nothing', RAM - 1n, 'load', 'supervisor', false],
    ['RAM is not executed', RAM, 'fetch', 'supervisor', false],
    ['a device is read', UART, 'load', 'supervisor', true],
    ['a device is not executed', UART, 'fetch', 'supervisor', false],
    ['the gate is executed', arch.gateBase + 0x200n, 'fetch', 'supervisor', true],
    ['the gate is not written', arch.gateBase, 'store', 'supervisor', false],
    ['behind the gate is nothing', arch.gateBase + 4096n, 'fetch', 'supervisor', false],
    ['a user does not read RAM', RAM, 'load', 'user', false],
    ['a user does not execute the gate', arch.gateBase, 'fetch', 'user', false],
  ])('%s', (_name, physical, kind, privilege, allowed) => {
    expect(walk(at(physical), kind, privilege)).toBe(allowed ? physical : undefined);
  });

  it('takes the largest pages that fit, global ones', () => {
    const entry = w.space.table.lookup(at(RAM));
    expect(entry?.level).toBe(1);
    expect(w.memory.format.bits(entry?.bits ?? 0n)).toBe(ram);
    expect(w.space.table.lookup(at(arch.gateBase))?.level).toBe(0);
  });

  it('is the same in every root, and outlives a space', () => {
    const other = new AddressSpace(w.memory);
    expect(other.table.lookup(at(RAM))).toEqual(w.space.table.lookup(at(RAM)));
    other.destroy();
    expect(walk(at(RAM), 'load', 'supervisor')).toBe(RAM);
  });

  it('the kernel’s walk and the machine’s agree on user pages too', () => {
    w.map(AT, 2);
    w.store(AT, 3n);
    const frame = w.space.frameAt(AT) ?? 0n;
    expect(walk(AT + 8n, 'load', 'user')).toBe((frame << 12n) + 8n);
    expect(w.space.table.lookup(AT)?.view).toEqual({
      kind: 'leaf',
      frame,
      rights: { read: true, write: true, execute: false, user: true },
      accessed: true,
      dirty: true,
    });
    // A target may leave the last page below that out.
    expect(w.space.table.lookup((layout.userEnd + 0xffffn) & ~0xffffn)).toBeUndefined();
    expect(w.space.table.lookup(layout.kernelStart - 1n)).toBeUndefined();
  });

  it('freeing a space’s tables gives back all of them', () => {
    const used = w.memory.frames.used;
    const other = new AddressSpace(w.memory);
    for (const address of [0x1000n, 0x4000_0000n, layout.userEnd - 4096n]) {
      other.map({
        kind: 'anonymous',
        name: 'x',
        rights: { read: true, write: true, execute: false, user: true },
        backing: { kind: 'zero' },
        shared: false,
        length: 1n,
        place: { how: 'fixed', address },
        populate: true,
      });
    }
    expect(w.memory.frames.used).toBeGreaterThan(used + 6);
    other.destroy();
    expect(w.memory.frames.used).toBe(used);
  });
});
