// Hostile tables: random bytes as GDT, IDT, LDT, TSS and stacks, random registers. Nothing of it may throw.
import { describe, expect, it } from 'vitest';
import { updateMode } from '../../../machine/x86/mode.ts';
import { SLOTS } from '../../../machine/x86/registers.ts';
import { AT, Rig, SEL } from './rig.ts';

/** A small generator of its own, seeded: xorshift. */
class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 1;
  }

  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }

  bits64(): bigint {
    return (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32));
  }
}

/** Instructions that go through tables and stacks. */
const CODES = [
  'cd80', 'cd0d', 'cc', 'f1', '0f0b', '0f05', '480f07', '0f07', '0f34', '480f35', '0f35', '48cf', 'cf', '66cf', '48cb', 'cb',
  '66cb', '48ca0800', '48ff1c2500e00000', '48ff2c2500e00000', 'ff1c2500e00000', '8ed8', '8ed0', '8ee8', '8ee0', '0f00d8',
  '0f00d0', '0f02c8', '0f03c8', '0f00e0', '0f00e8', '0f01f8', 'fa', 'fb', 'ce', '9a0000000063000', 'ea00b000001000',
  '000425fffffff7', '020425', '0f011425 00e00000', '0f011c25 00e00000', 'f4',
]; // biome-ignore format: a list of bytes

const ADDRESSES = [
  0n,
  AT.stack,
  0xfff0n,
  0x10_0000n - 8n,
  0x10_0000n,
  1n << 47n,
  (1n << 47n) - 4n,
  (1n << 64n) - 4n,
  0xffff_fff0n,
];
const SELECTORS = [0, 3, ...Object.values(SEL), 0x0c, 0x2c, 0x78, 0x80, 0xfffb];

/** A descriptor or gate that is half right: fields from what is plausible. */
function descriptorLike(random: Random): bigint {
  const attributes = random.pick([
    0x9b, 0x93, 0x9f, 0x8e, 0x8f, 0x8c, 0x89, 0x8b, 0x82, 0x85, 0x97, 0x1b, 0xfb, 0xf3, 0xee,
  ]);
  const flags = random.pick([0x0, 0x2, 0x4, 0x6, 0x8, 0xa, 0xc, 0xe]);
  const low = (random.bits64() & 0xffff_ffffn) | (BigInt(attributes) << 40n) | (BigInt(flags) << 52n);
  const gate = (low & ~0xffff_0000n) | (BigInt(random.pick(SELECTORS)) << 16n);
  return random.pick([low, gate, gate | (BigInt(random.below(8)) << 32n), random.bits64()]);
}

function scramble(rig: Rig, random: Random): void {
  const tables = [AT.gdt, AT.ldt, AT.idt, AT.idt + 0x800n, AT.tss, AT.stack, AT.rsp0 - 0x40n, 0xe000n];
  for (let i = random.below(12); i >= 0; i--) {
    const at = random.pick(tables) + BigInt(8 * random.below(16));
    rig.write(at, 8, random.below(2) === 0 ? descriptorLike(random) : random.pick(ADDRESSES));
  }
  for (let i = random.below(6); i > 0; i--) {
    rig.write(
      random.pick([AT.stack, 0xe000n, 0xe008n]) + BigInt(8 * random.below(6)),
      8,
      BigInt(random.pick(SELECTORS)),
    );
  }
  for (const name of ['rsp', 'gdtr_base', 'idtr_base', 'tr_base', 'rax', 'rcx', 'rdx', 'lstar', 'sysenter_eip']) {
    if (random.below(6) === 0) rig.set({ [name]: random.pick(ADDRESSES) });
  }
  for (const name of ['gdtr_limit', 'idtr_limit', 'tr_limit', 'ss_limit', 'cs_limit', 'ldtr_limit']) {
    if (random.below(6) === 0) rig.set({ [name]: BigInt(random.below(0x200)) });
  }
  if (random.below(2) === 0) rig.set({ flags: random.bits64() & 0x25_7300n });
  if (random.below(8) === 0) rig.set({ dr7: random.bits64() & 0xffff_27ffn, dr0: AT.code, dr1: AT.stack });
  if (random.below(3) === 0) rig.set({ rax: BigInt(random.pick(SELECTORS)) });
  if (random.below(4) === 0) rig.set({ ldtr_attributes: 0x82n, ldtr_base: AT.ldt, ldtr_limit: 0x7fn });
  if (!rig.legacy && random.below(6) === 0)
    rig.map(random.pick(tables), random.pick([0n, 1n, 3n, 5n]) | random.pick(tables));
}

describe('hostile descriptor tables, TSS and stacks', () => {
  it.each([1, 2, 3, 4])('seed %d', (seed) => {
    const random = new Random(seed * 0x9e37_79b9);
    const ends = new Map<string, number>();
    for (let n = 0; n < 400; n++) {
      const rig = new Rig({ legacy: random.below(3) === 0, cpl: random.pick([0, 3]) });
      scramble(rig, random);
      if (random.below(8) === 0) rig.segment('cs', random.pick([SEL.code32, SEL.userCode32]));
      updateMode(rig.hart);
      rig.run(random.pick(CODES), 4);
      rig.hart.isa.syndrome(rig.hart, 'supervisor');
      const end = rig.finish?.kind ?? (rig.vector >= 0 ? 'handled' : 'elsewhere');
      ends.set(end, (ends.get(end) ?? 0) + 1);
      // State is consistent whatever came of it: a mode that follows from CS, and the two bits of CPL.
      const mode = rig.get('code_mode');
      updateMode(rig.hart);
      expect(rig.get('code_mode')).toBe(mode);
      expect(rig.get('cpl')).toBeLessThan(4n);
    }
    // All kinds of ends are met, so that the cases are worth something.
    for (const end of ['shutdown', 'handled', 'elsewhere']) expect(ends.get(end) ?? 0).toBeGreaterThan(10);
  });

  it('random registers and tables of random bytes', () => {
    const random = new Random(0x1234_5678);
    for (let n = 0; n < 300; n++) {
      const rig = new Rig({ legacy: n % 3 === 0 });
      for (let i = 0n; i < 0x80n; i++) {
        for (const base of [AT.gdt, AT.idt, AT.tss]) rig.write(base + 8n * i, 8, random.bits64());
      }
      for (const slot of SLOTS.slots) {
        if (slot.group !== 'control' || slot.type === 'v128' || /^(cr|efer|apic|xcr)/.test(slot.name)) continue;
        if (random.below(20) === 0)
          rig.set({ [slot.name]: slot.name.length === 2 && slot.name.endsWith('f') ? 1n : random.bits64() });
      }
      rig.set({ idtr_base: AT.idt, idtr_limit: 0xfffn });
      updateMode(rig.hart);
      rig.run(random.pick(CODES), 3);
    }
  });
});
