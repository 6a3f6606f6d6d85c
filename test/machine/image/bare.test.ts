import { describe, expect, it } from 'vitest';
import { ElfError, loadBare, Machine, parseElf, targetNamed } from '../../../machine/index.ts';
import { elf, type HeaderFields, setField, withSymbols } from './elf-builder.ts';

const RISCV = targetNamed('riscv64')!;
const RAM = 0x8000_0000n;

function machine(memory = 0x10000): { machine: Machine; printed: number[] } {
  const printed: number[] = [];
  const console = { output: (byte: number) => void printed.push(byte), input: () => -1 };
  return { machine: new Machine({ isa: RISCV, memory, harts: 2, hardwareAd: true, console }), printed };
}

const image = (headers: readonly HeaderFields[]) => parseElf(elf(headers), 1);

describe('a bare-metal image', () => {
  it('lies at its physical addresses, zeros behind it', () => {
    const { machine: m } = machine();
    m.bus.write(RAM + 0x108n, 8, 0xffff_ffff_ffff_ffffn);
    loadBare(m, image([{ vaddr: 0x11000n, paddr: RAM, filesz: 0x104n, memsz: 0x120n }]));
    expect(m.bus.read(RAM + 0x100n, 8)).toBe(0x90909090n);
    expect(m.bus.read(RAM + 0x108n, 8)).toBe(0n);
  });

  it('starts every hart at the entry in machine mode', () => {
    const { machine: m } = machine();
    loadBare(m, image([{ paddr: RAM }]));
    expect(m.harts.map((hart) => [hart.pc, RISCV.privilege(hart)])).toEqual([
      [0x11000n, 'machine'],
      [0x11000n, 'machine'],
    ]);
  });

  it.each([
    ['below RAM', RAM - 1n, 0x100n, '7fffffff–800000ff'],
    ['across the end of RAM', RAM + 0xff01n, 0x100n, '8000ff01–80010001'],
    ['above RAM', RAM + 0x10000n, 0x100n, '80010000–80010100'],
    ['larger than RAM', RAM, 0x10001n, '80000000–80010001'],
    ['at the top of all addresses', (1n << 64n) - 0x100n, 0x100n, 'ffffffffffffff00–10000000000000000'],
  ])('%s is refused', (_, paddr, memsz, place) => {
    const { machine: m } = machine();
    const load = () => loadBare(m, image([{ paddr, memsz }]));
    expect(load).toThrow(ElfError);
    expect(load).toThrow(`program header 0: segment ${place} outside RAM 80000000–80010000`);
  });

  it('up to the last byte of RAM is accepted', () => {
    const { machine: m } = machine();
    loadBare(m, image([{ paddr: RAM + 0xff00n }]));
    expect(m.bus.read(RAM + 0xfff8n, 8)).toBe(0x9090_9090_9090_9090n);
  });

  it('of another machine is refused', () => {
    const file = elf([{ paddr: RAM }]);
    setField(file, 'machine', 62);
    expect(() => loadBare(machine().machine, parseElf(file, 1))).toThrow('built for machine 62, not riscv64');
  });

  it('outside RAM with its tohost is refused', () => {
    const file = withSymbols(elf([{ vaddr: RAM }]), [{ name: 'tohost', value: RAM - 8n, info: 0x11 }]);
    expect(() => loadBare(machine().machine, parseElf(file, 1))).toThrow('tohost at 7ffffff8 lies outside RAM');
  });

  it.each([
    [1n, { kind: 'pass' }, ''],
    [(7n << 1n) | 1n, { kind: 'fail', code: 7n }, ''],
    [0x0101_0000_0000_0041n, undefined, 'A'],
    [0n, undefined, ''],
    [2n, { kind: 'unsupported', what: 'tohost request 2' }, ''],
  ])('ends through tohost, linked elsewhere than it lies: %x', (value, finish, text) => {
    const { machine: m, printed } = machine();
    const file = withSymbols(elf([{ vaddr: 0x11000n, paddr: RAM, memsz: 0x200n }]), [
      { name: 'tohost', value: 0x11180n, info: 0x11 },
    ]);
    loadBare(m, parseElf(file, 1));
    m.bus.write(RAM + 0x180n, 8, value);
    expect(m.bus.read(RAM + 0x180n, 8), 'cleared once seen').toBe(0n);
    expect(String.fromCharCode(...printed)).toBe(text);
    const exit = m.run(1);
    expect(exit).toEqual(finish ? { kind: 'finished', finish } : { kind: 'steps' });
  });
});
