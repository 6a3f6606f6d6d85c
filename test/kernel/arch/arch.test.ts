import { describe, expect, it } from 'vitest';
import { GeneralRegisters } from '../../../kernel/arch/arch.ts';
import { ARCHES } from '../../../kernel/arch/targets.ts';
import { World } from '../mm/world.ts';

const HIGH = 1n << 40n;

describe.each(ARCHES)('general registers of user contexts, on $isa.name', ({ isa }) => {
  const names = ['x1', 'x2', 'x3'];
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
    set('x1', 5n);
    set('x3', 3n | HIGH);
    registers.save(hart, user);
    expect([...user.registers.values()]).toEqual([5n, 2n, 3n | HIGH]);
  });

  it('registers that a context does not name are zero, and saved for all that', () => {
    const registers = new GeneralRegisters(hart, names);
    const user = context(1n);
    set('x3', 9n);
    registers.load(hart, user);
    expect(held()).toEqual([1n, 0n, 0n]);
    registers.save(hart, user);
    expect([...user.registers]).toEqual([
      ['x1', 1n],
      ['x2', 0n],
      ['x3', 0n],
    ]);
  });

  it('what the kernel changes of a saved context is loaded, and overwritten where it is saved once more', () => {
    const registers = new GeneralRegisters(hart, names);
    const user = context(1n, 2n, 3n);
    registers.load(hart, user);
    registers.save(hart, user);
    user.registers.set('x1', 7n);
    registers.load(hart, user);
    expect(held()).toEqual([7n, 2n, 3n]);
    registers.save(hart, user);
    user.registers.set('x1', 8n);
    registers.save(hart, user);
    expect(user.registers.get('x1')).toBe(7n);
  });

  it('another context than the one that was loaded is saved in full', () => {
    const registers = new GeneralRegisters(hart, names);
    registers.load(hart, context(1n, 2n, 3n));
    const other = context(4n, 5n, 6n);
    registers.save(hart, other);
    expect([...other.registers.values()]).toEqual([1n, 2n, 3n]);
  });
});
