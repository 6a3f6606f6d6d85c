// The local APIC (SDM vol. 3A, chapter 11): priorities, its timer in three modes, interrupts between harts.
import { describe, expect, it } from 'vitest';
import { STEPS_PER_TICK } from '../../../machine/clock.ts';
import { apicAcknowledge, apicPending, nextTimer } from '../../../machine/x86/apic.ts';
import { ControlRig } from './control-rig.ts';

const TPR = 0x80;
const PPR = 0xa0;
const EOI = 0xb0;
const LDR = 0xd0;
const DFR = 0xe0;
const SVR = 0xf0;
const ISR = 0x100;
const IRR = 0x200;
const ESR = 0x280;
const ICR = 0x300;
const ICR_HIGH = 0x310;
const LVT_TIMER = 0x320;
const LVT_ERROR = 0x370;
const INITIAL = 0x380;
const CURRENT = 0x390;
const DIVIDE = 0x3e0;

const ON = 0x1ff;
const MASKED = 0x1_0000;
const PERIODIC = 0x2_0000;
const DEADLINE = 0x4_0000;
const TO_SELF = 0x4_0000;
const TO_ALL = 0x8_0000;
const TO_OTHERS = 0xc_0000;
const BY_1 = 0xb;

/** With every hart's APIC on. */
function rig(harts = 1): ControlRig {
  const made = new ControlRig(harts);
  for (const hart of made.machine.harts) made.setApic(SVR, ON, hart);
  return made;
}

const ticks = (made: ControlRig, count: number) => made.machine.clock.skip(count * STEPS_PER_TICK);
const pending = (made: ControlRig) => made.machine.harts.map(apicPending);

/** Whether a vector is in one of the sets. */
const has = (made: ControlRig, set: number, vector: number): boolean =>
  ((made.apic(set + (vector >> 5) * 16) >>> (vector & 31)) & 1) === 1;

describe('registers', () => {
  it.each([
    ['ID of the first hart', 0x20, 0],
    ['version 14H, six LVT entries', 0x30, 0x5_0014],
    ['spurious vector', SVR, 0xff],
    ['destination format: flat', DFR, 0xffff_ffff],
    ['timer, masked', LVT_TIMER, MASKED],
    ['LINT1, masked', 0x360, MASKED],
    ['divide by 2', DIVIDE, 0],
  ])('at reset: %s', (_, offset, expected) => {
    expect(new ControlRig().apic(offset)).toBe(expected);
  });

  it.each([
    ['the timer’s entry', LVT_TIMER, 0xffff_ffff, 0x7_00ff],
    ['logical destination', LDR, 0xffff_ffff, 0xff00_0000],
    ['destination format', DFR, 0, 0x0fff_ffff],
    ['task priority', TPR, 0xffff_ff5a, 0x5a],
    ['divide', DIVIDE, 0xffff_ffff, 0xb],
    ['EOI reads as 0', EOI, 0, 0],
    ['interrupts sent have arrived', ICR, 0x0004_0000 | (1 << 12) | 0x40, 0x4_0040],
  ])('%s', (_, offset, value, expected) => {
    expect(rig().setApic(offset, value).apic(offset)).toBe(expected);
  });

  it('of the other hart are its own', () => {
    const made = rig(2);
    const [, other] = made.machine.harts;
    expect([made.apic(0x20), made.apic(0x20, other)]).toEqual([0, 0x0100_0000]);
  });

  it('only whole words are accessed, and nothing while the base is off', () => {
    const made = rig();
    const { bus } = made.machine;
    expect([bus.read(0xfee0_00f0n, 2, 0), bus.read(0xfee0_00f4n, 4, 0), bus.read(0xfee0_00f0n, 8, 0)]).toEqual([
      0n,
      0n,
      0n,
    ]);
    made.set({ apic_base: 0xfee0_0100n });
    expect(made.apic(SVR)).toBe(0xffff_ffff);
  });

  it('while it is off by software every entry is masked', () => {
    const made = rig().setApic(LVT_TIMER, 0x40);
    made.setApic(SVR, 0xff).setApic(LVT_TIMER, 0x41);
    expect(made.apic(LVT_TIMER)).toBe(MASKED | 0x41);
    made.setApic(ICR, TO_SELF | 0x40);
    expect(pending(made)).toEqual([-1]);
  });

  it('errors: a register that is not there, a vector that cannot be', () => {
    const made = rig()
      .setApic(LVT_ERROR, 0xfe)
      .setApic(ICR, TO_SELF | 0x0f);
    expect([made.apic(ESR), ...pending(made)]).toEqual([0, 0xfe]);
    made.apic(0x40);
    made.setApic(ESR, 0);
    expect(made.apic(ESR)).toBe(0xa0);
    made.setApic(ESR, 0);
    expect(made.apic(ESR)).toBe(0);
  });
});

describe('priorities (11.8.3)', () => {
  it('the highest comes first, one of its class waits for EOI, a higher does not', () => {
    const made = rig();
    for (const vector of [0x31, 0x52, 0x55]) made.setApic(ICR, TO_SELF | vector);
    expect(pending(made)).toEqual([0x55]);
    apicAcknowledge(made.hart, 0x55);
    expect([has(made, ISR, 0x55), has(made, IRR, 0x55), made.apic(PPR), ...pending(made)]).toEqual([
      true,
      false,
      0x50,
      -1,
    ]);
    made.setApic(ICR, TO_SELF | 0x60);
    expect(pending(made)).toEqual([0x60]);
    apicAcknowledge(made.hart, 0x60);
    made.setApic(EOI, 0);
    expect([has(made, ISR, 0x60), has(made, ISR, 0x55), ...pending(made)]).toEqual([false, true, -1]);
    made.setApic(EOI, 0);
    expect([made.apic(PPR), ...pending(made)]).toEqual([0, 0x52]);
  });

  it.each([
    [0x4f, 0x50, 0x50],
    [0x50, 0x5f, -1],
    [0x5f, 0x60, 0x60],
  ])('task priority %i lets %i through or not', (priority, vector, expected) => {
    const made = rig()
      .setApic(TPR, priority)
      .setApic(ICR, TO_SELF | vector);
    expect([made.apic(PPR), ...pending(made)]).toEqual([priority, expected]);
  });

  it('CR8 is the upper half of the task priority', () => {
    const made = rig().setApic(TPR, 0x5a);
    expect(made.get('cr8')).toBe(5n);
    made.set({ t0: 7n }).call('writeControl', 8);
    expect(made.apic(TPR)).toBe(0x70);
  });
});

describe('the timer (11.5.4)', () => {
  it('one-shot: counts down by the divisor, and goes off once', () => {
    const made = rig().setApic(DIVIDE, 0b1000).setApic(LVT_TIMER, 0x40).setApic(INITIAL, 10);
    expect([made.apic(CURRENT), nextTimer(made.hart)]).toEqual([10, 320n]);
    ticks(made, 319);
    expect([made.apic(CURRENT), ...pending(made)]).toEqual([1, -1]);
    ticks(made, 1);
    expect([made.apic(CURRENT), ...pending(made), nextTimer(made.hart)]).toEqual([0, 0x40, undefined]);
    apicAcknowledge(made.hart, 0x40);
    ticks(made, 1000);
    made.setApic(EOI, 0);
    expect([...pending(made), made.apic(INITIAL)]).toEqual([-1, 10]);
  });

  it('periodic: goes off again and again; what was missed is one interrupt', () => {
    const made = rig()
      .setApic(DIVIDE, BY_1)
      .setApic(LVT_TIMER, PERIODIC | 0x40)
      .setApic(INITIAL, 100);
    ticks(made, 350);
    expect([...pending(made), made.apic(CURRENT), nextTimer(made.hart)]).toEqual([0x40, 50, 400n]);
    apicAcknowledge(made.hart, 0x40);
    made.setApic(EOI, 0);
    expect(pending(made)).toEqual([-1]);
    ticks(made, 50);
    expect(pending(made)).toEqual([0x40]);
  });

  it.each([
    [0b0000, 2],
    [0b0001, 4],
    [0b0010, 8],
    [0b0011, 16],
    [0b1000, 32],
    [0b1001, 64],
    [0b1010, 128],
    [0b1011, 1],
  ])('divide configuration %i divides by %i', (configuration, divisor) => {
    const made = rig().setApic(DIVIDE, configuration).setApic(LVT_TIMER, 0x40).setApic(INITIAL, 3);
    expect(nextTimer(made.hart)).toBe(BigInt(3 * divisor));
  });

  it('another divisor goes on from the count', () => {
    const made = rig().setApic(DIVIDE, BY_1).setApic(LVT_TIMER, 0x40).setApic(INITIAL, 100);
    ticks(made, 40);
    made.setApic(DIVIDE, 0);
    expect([made.apic(CURRENT), nextTimer(made.hart)]).toEqual([60, 160n]);
  });

  it('masked it counts, and has no interrupt; an initial count of 0 stops it', () => {
    const made = rig()
      .setApic(DIVIDE, BY_1)
      .setApic(LVT_TIMER, MASKED | 0x40)
      .setApic(INITIAL, 100);
    expect(nextTimer(made.hart)).toBeUndefined();
    ticks(made, 100);
    expect([made.apic(CURRENT), ...pending(made)]).toEqual([0, -1]);
    made.setApic(LVT_TIMER, 0x40).setApic(INITIAL, 100).setApic(INITIAL, 0);
    ticks(made, 1000);
    expect([made.apic(CURRENT), ...pending(made)]).toEqual([0, -1]);
  });

  it('TSC-deadline: goes off when the counter is there, and is disarmed by that', () => {
    const made = rig().setApic(LVT_TIMER, DEADLINE | 0x40);
    made.set({ rcx: 0x6e0n, rax: 1005n, rdx: 0n });
    expect(made.call('wrmsr')).toBe('');
    expect(nextTimer(made.hart)).toBe(101n);
    ticks(made, 100);
    expect(pending(made)).toEqual([-1]);
    ticks(made, 1);
    expect(pending(made)).toEqual([0x40]);
    made.call('rdmsr');
    expect([made.get('rax'), nextTimer(made.hart)]).toEqual([0n, undefined]);
  });

  it('a deadline in the past goes off at once; 0 disarms; another mode forgets it', () => {
    const made = rig().setApic(LVT_TIMER, DEADLINE | 0x40);
    ticks(made, 100);
    made.set({ rcx: 0x6e0n, rax: 5n, rdx: 0n }).call('wrmsr');
    expect(pending(made)).toEqual([0x40]);
    made.set({ rax: 5000n }).call('wrmsr');
    made.set({ rax: 0n }).call('wrmsr');
    expect(nextTimer(made.hart)).toBeUndefined();
    made.set({ rax: 5000n }).call('wrmsr');
    made.setApic(LVT_TIMER, 0x40).setApic(LVT_TIMER, DEADLINE | 0x40);
    expect(nextTimer(made.hart)).toBeUndefined();
  });

  it('the initial count does nothing in TSC-deadline mode', () => {
    const made = rig()
      .setApic(LVT_TIMER, DEADLINE | 0x40)
      .setApic(INITIAL, 10);
    expect([made.apic(INITIAL), made.apic(CURRENT), nextTimer(made.hart)]).toEqual([0, 0, undefined]);
  });
});

/** Clause, high and low word of the command, and whose of four harts it is. */
const COMMANDS: readonly (readonly [string, number, number, readonly number[]])[] = [
  ['to hart 2', 0x0200_0000, 0x40, [2]],
  ['to no hart', 0x0500_0000, 0x40, []],
  ['broadcast', 0xff00_0000, 0x40, [0, 1, 2, 3]],
  ['to itself', 0, TO_SELF | 0x40, [0]],
  ['to all', 0, TO_ALL | 0x40, [0, 1, 2, 3]],
  ['to all others', 0, TO_OTHERS | 0x40, [1, 2, 3]],
  ['logical, flat', 0x0a00_0000, 0x840, [1, 3]],
  ['lowest priority of all', 0xff00_0000, 0x140, [1]],
  ['of an illegal vector', 0, TO_ALL | 0x0f, []],
];

describe('interrupts between harts (11.6)', () => {
  it.each(COMMANDS)('%s', (_, high, low, expected) => {
    const made = rig(4);
    made.machine.harts.forEach((hart, i) => {
      made.setApic(LDR, (1 << i) << 24, hart).setApic(TPR, i === 1 ? 0 : 0x10, hart);
    });
    made.setApic(ICR_HIGH, high).setApic(ICR, low);
    expect(pending(made).flatMap((vector, i) => (vector >= 0 ? [i] : []))).toEqual(expected);
  });

  it('logical, in clusters', () => {
    const made = rig(4);
    made.machine.harts.forEach((hart, i) => {
      made.setApic(DFR, 0, hart).setApic(LDR, (((i >> 1) << 4) | (1 << (i & 1))) << 24, hart);
    });
    made.setApic(ICR_HIGH, 0x1200_0000).setApic(ICR, 0x840);
    expect(pending(made)).toEqual([-1, -1, -1, 0x40]);
  });

  it.each([
    ['INIT', 0x4500, 'INIT of a hart that runs'],
    ['INIT, level de-assert', 0x8500, ''],
    ['NMI', 0x4400, 'interrupt command of delivery mode 4'],
    ['SIPI of a hart that runs', 0x4608, ''],
  ])('%s', (_, command, expected) => {
    const made = rig(2).setApic(ICR_HIGH, 0x0100_0000).setApic(ICR, command);
    const { finish } = made;
    expect(finish?.kind === 'unsupported' ? finish.what : '').toBe(expected);
  });

  it('INIT of a hart that waits to be started leaves it so; SIPI stops with one line', () => {
    const made = rig(2);
    made.machine.harts[1].waiting = true;
    made.setApic(ICR_HIGH, 0x0100_0000).setApic(ICR, 0x4500);
    expect(made.finish).toBeUndefined();
    made.setApic(ICR, 0x4608);
    expect(made.finish).toEqual({
      kind: 'unsupported',
      what: 'starting another hart, which begins in real-address mode',
    });
  });
});

it('is saved and restored', () => {
  const made = rig()
    .setApic(DIVIDE, BY_1)
    .setApic(LVT_TIMER, PERIODIC | 0x40)
    .setApic(INITIAL, 100)
    .setApic(TPR, 0x12);
  made.setApic(ICR, TO_SELF | 0x55);
  ticks(made, 130);
  const saved = made.machine.save();
  const registers = () => Array.from({ length: 0x40 }, (_, i) => made.apic(i * 16));
  const before = registers();
  apicAcknowledge(made.hart, 0x55);
  ticks(made, 77);
  made.setApic(LVT_TIMER, MASKED).setApic(INITIAL, 0).setApic(TPR, 0);
  made.machine.restore(structuredClone(saved));
  expect(registers()).toEqual(before);
  expect(nextTimer(made.hart)).toBe(200n);
  made.machine.reset();
  expect([made.apic(SVR), made.apic(TPR), nextTimer(made.hart)]).toEqual([0xff, 0, undefined]);
});
