import { expect, it } from 'vitest';
import { AARCH64 } from '../../../machine/aarch64/isa.ts';
import { X } from '../../../machine/aarch64/registers.ts';
import type { RamOffset } from '../../../machine/addr.ts';
import { Machine, pa } from '../../../machine/index.ts';

const machine = new Machine({
  isa: AARCH64,
  memory: 4096,
  harts: 1,
  hardwareAd: false,
  console: { output: () => {}, input: () => -1 },
});
const [hart] = machine.harts;
const TBI0 = 1n << 37n;
const TBI1 = 1n << 38n;
const [BR, BLR, RET] = [0xd61f_0000, 0xd63f_0000, 0xd65f_0000];

/** Runs an instruction at the beginning of memory with an address in a register; says where it goes. */
function target(word: number, register: number, address: bigint): bigint {
  const { ram } = machine;
  ram.writeBytes(ram.offset(pa(AARCH64.ramBase), 4) as RamOffset, new Uint8Array(Uint32Array.of(word).buffer));
  hart.set(X[register], address);
  hart.pc = AARCH64.ramBase;
  machine.run(1);
  return hart.pc;
}

// J1.1.3 AArch64.BranchAddr
it.each([
  ['no TBI: a tag stays', 0n, 0x1200_0000_4000_0100n, 0x1200_0000_4000_0100n],
  ['TBI0, lower half: zeros', TBI0, 0x1200_0000_4000_0100n, 0x4000_0100n],
  ['TBI0, upper half: its own bit decides', TBI0, 0x12ff_0000_4000_0100n, 0x12ff_0000_4000_0100n],
  ['TBI1, upper half: ones', TBI1, 0x12ff_0000_4000_0100n, 0xffff_0000_4000_0100n],
  ['TBI1, lower half: its own bit decides', TBI1, 0x1200_0000_4000_0100n, 0x1200_0000_4000_0100n],
  ['both, bit 55 alone', TBI0 | TBI1, 0x0080_0000_0000_0000n, 0xff80_0000_0000_0000n],
  ['both, an odd address', TBI0 | TBI1, 0xff00_0000_0000_0001n, 0x1n],
])('a branch to a tagged address, %s', (_, tcr, address, expected) => {
  AARCH64.writeSystem(hart, 'tcr_el1', tcr);
  for (const word of [BR, BLR, RET]) expect(target(word, 0, address)).toBe(expected);
});

it('BLR of the link register goes to what it was, and links', () => {
  AARCH64.writeSystem(hart, 'tcr_el1', 0n);
  expect(target(0xd63f_03c0, 30, 0x4000_0800n)).toBe(0x4000_0800n);
  expect(hart.get(X[30])).toBe(AARCH64.ramBase + 4n);
});
