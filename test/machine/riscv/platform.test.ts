// The platform: finisher, ACLINT with several harts, what a bare-metal start sets, and that all of it can be saved.
import { describe, expect, it } from 'vitest';
import { ACLINT_BASE, FINISHER_BASE, UART_BASE } from '../../../machine/riscv/platform.ts';
import { ENTRY, NOP, SystemBench, WFI } from './system-bench.ts';

const MTIMECMP = ACLINT_BASE + 0x4000n;
const MTIME = ACLINT_BASE + 0xbff8n;

describe('the test finisher', () => {
  it.each([
    [0x5555n, 4, { kind: 'pass' }],
    [0x5555n, 2, { kind: 'pass' }],
    [0x5555n, 8, { kind: 'pass' }],
    [0x3_3333n, 4, { kind: 'fail', code: 3n }],
    [0xffff_3333n, 4, { kind: 'fail', code: 0xffffn }],
    [0x7777n, 4, { kind: 'unsupported', what: 'reset through the test finisher' }],
  ])('%s in %i bytes', (value, size, finish) => {
    const b = new SystemBench();
    expect(b.machine.bus.write(FINISHER_BASE, size, value)).toBe(true);
    expect(b.machine.run(1)).toEqual({ kind: 'finished', finish });
    expect(b.hart.instructions).toBe(0);
  });
  it.each([
    ['another value', 0n, 0x1234n, 4],
    ['another word', 4n, 0x5555n, 4],
    ['a byte', 0n, 0x55n, 1],
  ])('%s means nothing', (_, offset, value, size) => {
    const b = new SystemBench();
    expect(b.machine.bus.write(FINISHER_BASE + offset, size, value)).toBe(true);
    b.run(NOP);
    expect([b.machine.run(1).kind, b.machine.bus.read(FINISHER_BASE, 4)]).toEqual(['steps', 0n]);
  });
});

describe('the ACLINT', () => {
  it.each([
    ['msip of a hart that is not there', ACLINT_BASE + 8n, 4],
    ['msip by 8 bytes', ACLINT_BASE, 8],
    ['msip by a byte', ACLINT_BASE, 1],
    ['mtimecmp of a hart that is not there', MTIMECMP + 16n, 8],
    ['mtimecmp by 2 bytes', MTIMECMP, 2],
    ['mtimecmp misaligned', MTIMECMP + 4n, 8],
    ['what lies behind mtime', ACLINT_BASE + 0xc000n, 4],
  ])('refuses %s', (_, address, size) => {
    const { bus } = new SystemBench({ harts: 2 }).machine;
    expect([bus.read(address, size), bus.write(address, size, 0n)]).toEqual([undefined, false]);
  });

  it('msip wakes and interrupts the hart that it belongs to', () => {
    const b = new SystemBench({ harts: 2 });
    const [first, second] = b.machine.harts;
    for (const hart of [first, second]) b.write('mie', 8n, hart);
    b.run(WFI);
    b.machine.run(1000);
    expect(b.machine.run(10)).toEqual({ kind: 'idle' });
    b.machine.bus.write(ACLINT_BASE + 4n, 4, 1n);
    expect([b.read('mip', first), b.read('mip', second)]).toEqual([0n, 8n]);
    b.machine.run(1);
    expect([first.waiting, second.waiting]).toEqual([true, false]);
  });

  it('each hart has its mtimecmp; mtime is one for all', () => {
    const b = new SystemBench({ harts: 2 });
    const [first, second] = b.machine.harts;
    const { bus } = b.machine;
    bus.write(MTIME, 8, 1n << 40n);
    bus.write(MTIMECMP + 8n, 8, 5n);
    expect([b.read('mip', first), b.read('mip', second)]).toEqual([0n, 0x80n]);
    expect([b.read('time', first), b.read('time', second)]).toEqual([1n << 40n, 1n << 40n]);
    bus.write(MTIME + 4n, 4, 0n);
    expect([bus.read(MTIME, 8), bus.read(MTIMECMP + 8n, 4)]).toEqual([0n, 5n]);
    expect(b.read('mip', second)).toBe(0n);
  });

  it('survives a snapshot', () => {
    const b = new SystemBench({ harts: 2 });
    const { bus } = b.machine;
    bus.write(MTIME, 8, 7777n);
    bus.write(MTIMECMP, 8, 8888n);
    bus.write(ACLINT_BASE + 4n, 4, 1n);
    const saved = b.machine.save();
    b.machine.reset();
    const registers = () => [bus.read(MTIME, 8), bus.read(MTIMECMP, 8), bus.read(ACLINT_BASE + 4n, 4)];
    expect(registers()).toEqual([0n, (1n << 64n) - 1n, 0n]);
    b.machine.restore(saved);
    expect(registers()).toEqual([7777n, 8888n, 1n]);
  });
});

describe('a bare-metal start', () => {
  it('puts every hart at the entry, in M-mode, with its number in a0', () => {
    const b = new SystemBench({ harts: 3 });
    const state = b.machine.harts.map((hart) => [hart.pc, b.read('mode', hart), hart.get(hart.isa.slots.get('a0'))]);
    expect(state).toEqual([
      [ENTRY, 3n, 0n],
      [ENTRY, 3n, 1n],
      [ENTRY, 3n, 2n],
    ]);
    expect(b.machine.harts.map((hart) => b.read('mhartid', hart))).toEqual([0n, 1n, 2n]);
  });
});

describe('the console', () => {
  it('is the UART', () => {
    const b = new SystemBench();
    b.typed.push(0x68, 0x69);
    const { bus } = b.machine;
    expect([bus.read(UART_BASE + 5n, 1), bus.read(UART_BASE, 1), bus.read(UART_BASE, 1)]).toEqual([
      0x61n,
      0x68n,
      0x69n,
    ]);
    bus.write(UART_BASE, 1, 0x21n);
    expect(b.output).toBe('!');
  });
});
