import { describe, expect, it } from 'vitest';
import { GeneralRegisters } from '../../../kernel/arch/arch.ts';
import { ARCHES } from '../../../kernel/arch/targets.ts';
import { World } from '../mm/world.ts';

const HIGH = 1n << 40n;

describe.each(ARCHES)('general registers of user contexts, on $isa.name', ({ isa }) => {
  const general = isa.slots.slots.filter(({ group, name }) => group === 'general' && name !== isa.pc.name);
  const names = general.slice(1, 4).map(({ name }) => name);
  const [first, second, third] = names;
  const { hart } = new World({ isa });
  const set = (name: string, value: bigint) => hart.set(isa.slots.get(name), value);
  const held = () => names.map((name) => hart.get(isa.slots.get(name)));
  const context = (...values: bigint[]) => ({
    pc: 0n,
    registers: new Map(values.map((value, i) => [names[i], value])),
  });

  it('what user mode changed is saved, by low and by high word; the rest is there still', () => {
    const registers = new GeneralRegisters(hart, names);
    const user = context(1n, 2n, 3n);
    registers.load(hart, user);
    expect(held()).toEqual([1n, 2n, 3n]);
    set(first, 5n);
    set(third, 3n | HIGH);
    registers.save(hart, user);
    expect([...user.registers.values()]).toEqual([5n, 2n, 3n | HIGH]);
  });

  it('registers that a context does not name are zero, and saved for all that', () => {
    const registers = new GeneralRegisters(hart, names);
    const user = context(1n);
    set(third, 9n);
    registers.load(hart, user);
    expect(held()).toEqual([1n, 0n, 0n]);
    registers.save(hart, user);
    expect([...user.registers]).toEqual([
      [first, 1n],
      [second, 0n],
      [third, 0n],
    ]);
  });

  it('what the kernel changes of a saved context is loaded, and overwritten where it is saved once more', () => {
    const registers = new GeneralRegisters(hart, names);
    const user = context(1n, 2n, 3n);
    registers.load(hart, user);
    registers.save(hart, user);
    user.registers.set(first, 7n);
    registers.load(hart, user);
    expect(held()).toEqual([7n, 2n, 3n]);
    registers.save(hart, user);
    user.registers.set(first, 8n);
    registers.save(hart, user);
    expect(user.registers.get(first)).toBe(7n);
  });

  it('another context than the one that was loaded is saved in full', () => {
    const registers = new GeneralRegisters(hart, names);
    registers.load(hart, context(1n, 2n, 3n));
    const other = context(4n, 5n, 6n);
    registers.save(hart, other);
    expect([...other.registers.values()]).toEqual([1n, 2n, 3n]);
  });
});
