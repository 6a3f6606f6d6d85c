// The platform: PSCI and semihosting, harts switched on and off, interrupts between them, and that all of it can be saved.
import { describe, expect, it } from 'vitest';
import { GIC_CPU_BASE, GIC_DISTRIBUTOR_BASE, UART_BASE } from '../../../machine/aarch64/platform.ts';
import { DATA, EL0, ENTRY, HVC, NOP, SEMIHOSTING, SystemBench, WFI } from './system-bench.ts';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const NOT_SUPPORTED = ALL_ONES;
const INVALID_PARAMETERS = ALL_ONES - 1n;
const ALREADY_ON = ALL_ONES - 3n;
const CPU_ON = 0xc400_0003n;
const AFFINITY_INFO = 0xc400_0004n;

function call(b: SystemBench, ...operands: bigint[]) {
  operands.forEach((value, i) => {
    b.x(i, value);
  });
  const exit = b.run(HVC);
  return { exit, result: b.x(0) };
}

describe('PSCI by HVC (PSCI 5)', () => {
  it.each([
    ['PSCI_VERSION', [0x8400_0000n], 0x1_0001n],
    ['MIGRATE_INFO_TYPE', [0x8400_0006n], 2n],
    ['PSCI_FEATURES of PSCI_VERSION', [0x8400_000an, 0x8400_0000n], 0n],
    ['PSCI_FEATURES of CPU_ON with 64 bits', [0x8400_000an, 0xc400_0003n], 0n],
    ['PSCI_FEATURES of SYSTEM_OFF with 64 bits, which is not', [0x8400_000an, 0xc400_0008n], NOT_SUPPORTED],
    ['PSCI_FEATURES of CPU_SUSPEND, which is not', [0x8400_000an, 0x8400_0001n], NOT_SUPPORTED],
    ['an unknown function', [0x8400_0042n], NOT_SUPPORTED],
    ['the upper half of X0 is not looked at', [0x1_8400_0000n], 0x1_0001n],
    ['CPU_ON of a hart that is on', [CPU_ON, 0n], ALREADY_ON],
    ['CPU_ON of no hart', [CPU_ON, 9n], INVALID_PARAMETERS],
    ['CPU_ON of another cluster', [CPU_ON, 0x100n], INVALID_PARAMETERS],
    ['AFFINITY_INFO of a hart that is on', [AFFINITY_INFO, 0n, 0n], 0n],
    ['AFFINITY_INFO of one that is off', [AFFINITY_INFO, 1n, 0n], 1n],
    ['AFFINITY_INFO of a cluster', [AFFINITY_INFO, 0n, 1n], INVALID_PARAMETERS],
  ])('%s', (_, operands, result) => {
    expect(call(new SystemBench({ harts: 2 }), ...operands).result).toBe(result);
  });
  it('SYSTEM_OFF passes', () => {
    expect(call(new SystemBench(), 0x8400_0008n).exit).toMatchObject({ kind: 'finished', finish: { kind: 'pass' } });
  });
  it('SYSTEM_RESET is not supported, in one clear line', () => {
    expect(call(new SystemBench(), 0x8400_0009n).exit).toEqual({
      kind: 'finished',
      finish: { kind: 'unsupported', what: 'reset through PSCI' },
    });
  });

  it('CPU_ON starts a hart at EL1 from reset, with its context in X0; CPU_OFF switches it off again', () => {
    const b = new SystemBench({ harts: 2 });
    const [first, second] = b.machine.harts;
    expect([first.waiting, second.waiting]).toEqual([false, true]);
    b.write('tpidr_el1', 5n, second);
    const entry = ENTRY + 0x2000n;
    b.put(entry, NOP, NOP, HVC);
    expect(call(b, CPU_ON, 1n, entry, 0x1234_5678_9abcn).result).toBe(0n);
    const { u64, isa } = second;
    const x0 = u64[isa.slots.get('x0').offset >> 3];
    expect([x0, second.pc, second.waiting]).toEqual([0x1234_5678_9abcn, entry, false]);
    expect([b.read('pstate', second), b.read('tpidr_el1', second)]).toEqual([0x3c5n, 0n]);
    u64[isa.slots.get('x0').offset >> 3] = 0x8400_0002n;
    b.put(first.pc, WFI);
    b.machine.run(1500);
    expect([second.pc, second.waiting]).toEqual([entry + 12n, true]);
    expect(b.machine.run(10)).toEqual({ kind: 'idle' });
    first.waiting = false;
    expect(call(b, AFFINITY_INFO, 1n, 0n).result).toBe(1n);
  });
});

describe('semihosting', () => {
  function ask(operation: bigint, parameter: bigint, ...block: bigint[]) {
    const b = new SystemBench();
    block.forEach((word, i) => {
      b.machine.bus.write(DATA + 8n * BigInt(i), 8, word);
    });
    b.x(0, operation);
    b.x(1, parameter);
    const exit = b.run(SEMIHOSTING);
    return { b, exit, output: b.output };
  }
  const finished = (finish: object) => ({ kind: 'finished', finish });
  it.each([
    ['SYS_EXIT with status 0', 0x18n, [0x20026n, 0n], { kind: 'pass' }],
    ['SYS_EXIT with status 7', 0x18n, [0x20026n, 7n], { kind: 'fail', code: 7n }],
    ['SYS_EXIT_EXTENDED with status 300', 0x20n, [0x20026n, 300n], { kind: 'fail', code: 300n }],
    [
      'SYS_EXIT for another reason',
      0x18n,
      [0x20023n, 0n],
      { kind: 'unsupported', what: 'semihosting exit for reason 0x20023' },
    ],
    ['SYS_OPEN', 0x01n, [], { kind: 'unsupported', what: 'semihosting operation 0x1' }],
  ])('%s', (_, operation, block, finish) => {
    expect(ask(operation, DATA, ...block).exit).toEqual(finished(finish));
  });
  it('a block that cannot be read is not supported, and no fault', () => {
    const { exit } = ask(0x18n, 0x7000_0000n);
    expect(exit).toEqual(finished({ kind: 'unsupported', what: 'semihosting exit with a block at 0x70000000' }));
  });
  it('SYS_WRITEC and SYS_WRITE0 print', () => {
    expect(ask(0x03n, DATA, 0x41n).output).toBe('A');
    expect(ask(0x04n, DATA, 0x0a_6f6c6c6568n).output).toBe('hello\n');
  });
  it('at EL0 HLT is UNDEFINED', () => {
    const b = new SystemBench();
    b.write('pstate', EL0);
    b.x(0, 0x18n);
    expect(b.run(SEMIHOSTING).kind).toBe('steps');
    expect(b.taken).toEqual({ vector: 0x400n, ec: 0, iss: 0 });
  });
});

describe('the interrupt controller between harts (GICv2)', () => {
  /** Two harts whose CPU interfaces are on. */
  function pair() {
    const b = new SystemBench({ harts: 2 });
    const { bus, harts } = b.machine;
    bus.write(GIC_DISTRIBUTOR_BASE, 4, 1n, 0);
    for (const { id } of harts) {
      bus.write(GIC_CPU_BASE + 4n, 4, 0xffn, id);
      bus.write(GIC_CPU_BASE, 4, 1n, id);
    }
    return { b, bus };
  }
  it('GICD_SGIR reaches the listed hart alone, which learns who sent it', () => {
    const { b, bus } = pair();
    bus.write(GIC_DISTRIBUTOR_BASE + 0xf00n, 4, 0x2_0005n, 0);
    expect(b.machine.harts.map((hart) => b.read('isr_el1', hart))).toEqual([0n, 0x80n]);
    expect(bus.read(GIC_CPU_BASE + 0xcn, 4, 1)).toBe(5n);
    expect(bus.read(GIC_CPU_BASE + 0xcn, 4, 1)).toBe(1023n);
    bus.write(GIC_DISTRIBUTOR_BASE + 0xf00n, 4, 0x101_0006n, 1);
    expect(bus.read(GIC_CPU_BASE + 0xcn, 4, 0)).toBe(6n | (1n << 10n));
  });
  it('GICD_ITARGETSR0 names the hart that asks, GICD_TYPER how many there are', () => {
    const { bus } = pair();
    expect([0, 1].map((id) => bus.read(GIC_DISTRIBUTOR_BASE + 0x800n, 4, id))).toEqual([0x0101_0101n, 0x0202_0202n]);
    expect(bus.read(GIC_DISTRIBUTOR_BASE + 4n, 4, 0)).toBe(0x20n);
  });
  it('while the CPU interface is off, the timer and the line pass it by (2.3.1)', () => {
    const b = new SystemBench();
    b.hart.setLine(0, true);
    b.run(NOP);
    expect([b.hart.pc & 0xfffn, b.raw('elr_el1')]).toEqual([0x280n, ENTRY]);
  });
  it.each([
    ['8 bytes', GIC_DISTRIBUTOR_BASE, 8],
    ['a byte of a register of words', GIC_DISTRIBUTOR_BASE + 0x100n, 1],
    ['a byte of the CPU interface', GIC_CPU_BASE + 4n, 1],
  ])('refuses %s', (_, address, size) => {
    const { bus } = pair();
    expect([bus.read(address, size, 0), bus.write(address, size, 0n, 0)]).toEqual([undefined, false]);
  });
});

describe('a machine saved and restored', () => {
  it('goes on alike: timer, controller, console, firmware', () => {
    const b = new SystemBench({ harts: 2 });
    const { bus } = b.machine;
    bus.write(GIC_DISTRIBUTOR_BASE, 4, 1n, 0);
    bus.write(GIC_DISTRIBUTOR_BASE + 0x100n, 4, 1n << 27n, 0);
    bus.write(GIC_CPU_BASE + 4n, 4, 0xffn, 0);
    bus.write(GIC_CPU_BASE, 4, 1n, 0);
    bus.write(UART_BASE + 0x38n, 4, 0x10n, 0);
    b.write('cntv_cval_el0', 500n);
    b.write('cntv_ctl_el0', 1n);
    b.put(ENTRY, WFI, NOP);
    const saved = b.machine.save();
    const other = new SystemBench({ harts: 2 });
    other.machine.restore(saved);
    for (const one of [b, other]) one.machine.run(3);
    expect(other.machine.save()).toEqual(b.machine.save());
    expect(other.hart.pc & 0xfffn).toBe(0x280n);
    expect(other.machine.harts[1].waiting).toBe(true);
  });
});
