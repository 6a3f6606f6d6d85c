import { describe, expect, it } from 'vitest';
import { accessShape } from '../../../machine/access.ts';
import { CAUSE } from '../../../machine/riscv/causes.ts';
import { RISCV64 } from '../../../machine/riscv/isa.ts';
import { addi, asm, NOP, Rig } from './rig.ts';

const BASE = RISCV64.ramBase;
const A0 = 10;
const A1 = 11;
const A2 = 12;
const MSIP = 0x200_0000n;
const sw = (rs2: number, rs1: number, imm = 0) => asm('sw', { rs2, rs1, imm });
const here = (offset: number) => asm('jal', { rd: 0, offset });

describe('code that is written is seen by the next fetch', () => {
  /** a1 is the new instruction, a2 where it goes. */
  const rewriting = (target: bigint) => {
    const rig = new Rig();
    rig.setX(A1, BigInt(addi(A0, 0, 42).word));
    rig.setX(A2, target);
    return rig;
  };

  it('by the instruction before it, in a page that is running', () => {
    const rig = rewriting(BASE + 4n);
    rig.put(BASE, sw(A1, A2), addi(A0, 0, 1));
    rig.engine.run(rig.hart, 2);
    expect(rig.x(A0)).toBe(42n);
  });

  it('after it ran already, in a loop', () => {
    const rig = rewriting(BASE);
    rig.put(BASE, addi(A0, 0, 1), sw(A1, A2), here(-8));
    rig.engine.run(rig.hart, 1);
    expect(rig.x(A0)).toBe(1n);
    rig.engine.run(rig.hart, 3);
    expect(rig.x(A0)).toBe(42n);
  });

  it('by an instruction that overwrites itself', () => {
    const rig = rewriting(BASE);
    rig.put(BASE, sw(A1, A2), here(-4));
    rig.engine.run(rig.hart, 3);
    expect([rig.x(A0), rig.hart.pc]).toEqual([42n, BASE + 4n]);
  });

  it('by a store to a page that was data when it was first stored to', () => {
    const page = BASE + 0x1000n;
    const rig = rewriting(page);
    rig.setX(13, BigInt(addi(A0, 0, 7).word));
    const callPage = asm('jalr', { rd: 1, rs1: A2 });
    rig.put(BASE, sw(A1, A2), sw(A1, A2), callPage, sw(13, A2), callPage);
    rig.put(page + 4n, asm('jalr', { rd: 0, rs1: 1 }));
    rig.engine.run(rig.hart, 5);
    expect(rig.x(A0)).toBe(42n);
    rig.engine.run(rig.hart, 3);
    expect(rig.x(A0)).toBe(7n);
  });

  it('by a misaligned store over two pages that both hold code', () => {
    const boundary = BASE + 0x1000n;
    const rig = new Rig();
    rig.put(boundary - 4n, addi(A0, A0, 1), addi(A0, A0, 2), here(-8));
    rig.hart.pc = boundary - 4n;
    rig.engine.run(rig.hart, 3);
    expect(rig.x(A0)).toBe(3n);
    // The upper halves of both: the immediates.
    rig.setX(A2, boundary - 2n);
    rig.put(BASE, asm('sd', { rs2: A1, rs1: A2, imm: 0 }), asm('jalr', { rd: 0, rs1: A2, imm: -2 }));
    const [first, second] = [addi(A0, A0, 16), addi(A0, A0, 32)].map(({ word }) => BigInt(word));
    rig.setX(A1, (first >> 16n) | (second << 16n) | (BigInt(here(-8).word & 0xffff) << 48n));
    rig.hart.pc = BASE;
    rig.engine.run(rig.hart, 4);
    expect(rig.x(A0)).toBe(3n + 48n);
  });

  it('by another hart', () => {
    const rig = new Rig({ harts: 2 });
    const [one, two] = rig.machine.harts;
    rig.put(BASE, addi(A0, 0, 1), here(-4));
    rig.put(BASE + 0x1000n, sw(A1, A2));
    rig.engine.run(one, 2);
    two.pc = BASE + 0x1000n;
    rig.setX(A1, BigInt(addi(A0, 0, 42).word), two);
    rig.setX(A2, BASE, two);
    rig.engine.run(two, 1);
    rig.engine.run(one, 1);
    expect(rig.x(A0)).toBe(42n);
  });

  it.each([
    ['an AMO', asm('amoswap.w', { rd: 0, rs1: A2, rs2: A1 }), 42n],
    ['a byte store', asm('sb', { rs2: 13, rs1: A2, imm: 3 }), 0x2a1n],
    ['a compressed store', asm('c.sw', { "rs2'": A1, "rs1'": A2, uimm: 0 }), 42n],
  ])('by %s', (_, store, result) => {
    const rig = rewriting(BASE + 0x100n);
    rig.put(BASE + 0x100n, addi(A0, 0, 1));
    rig.put(BASE, store);
    rig.hart.pc = BASE + 0x100n;
    rig.engine.run(rig.hart, 1);
    // The byte is the upper part of the immediate.
    rig.setX(13, 0x2an);
    rig.hart.pc = BASE;
    rig.engine.run(rig.hart, 1);
    rig.hart.pc = BASE + 0x100n;
    rig.engine.run(rig.hart, 1);
    expect(rig.x(A0)).toBe(result);
  });

  it.each([
    ['by a device or the host, on the bus', (rig: Rig) => rig.machine.bus.write(BASE, 4, BigInt(addi(A0, 0, 42).word))],
    ['by the host, in bytes', (rig: Rig) => rig.put(BASE, addi(A0, 0, 42))],
    [
      'by the kernel, through the hart',
      (rig: Rig) => rig.machine.memories[0].store(BASE, 4, BigInt(addi(A0, 0, 42).word)),
    ],
  ])('%s', (_, write) => {
    const rig = new Rig();
    rig.put(BASE, addi(A0, 0, 1), here(-4));
    rig.engine.run(rig.hart, 2);
    write(rig);
    rig.engine.run(rig.hart, 1);
    expect(rig.x(A0)).toBe(42n);
  });
});

describe('an instruction across two pages', () => {
  const boundary = BASE + 0x2000n;

  it('runs, and keeps its length', () => {
    const rig = new Rig();
    rig.put(boundary - 2n, addi(A0, 0, 5), addi(A0, A0, 6));
    rig.hart.pc = boundary - 2n;
    rig.engine.run(rig.hart, 2);
    expect([rig.x(A0), rig.hart.pc]).toEqual([11n, boundary + 6n]);
  });

  it('is decoded anew when its second half is written', () => {
    const rig = new Rig();
    rig.put(boundary - 2n, addi(A0, 0, 5));
    rig.hart.pc = boundary - 2n;
    rig.engine.run(rig.hart, 1);
    rig.machine.bus.write(boundary, 2, BigInt(addi(A0, 0, 9).word >>> 16));
    rig.hart.pc = boundary - 2n;
    rig.engine.run(rig.hart, 1);
    expect(rig.x(A0)).toBe(9n);
  });

  it('at the end of RAM faults on its second half, and a compressed one there does not', () => {
    const rig = new Rig();
    const end = BASE + 0x10000n;
    rig.put(end - 2n, asm('c.li', { rd: A0, imm: 3 }));
    rig.hart.pc = end - 2n;
    rig.engine.run(rig.hart, 1);
    expect([rig.x(A0), rig.traps]).toEqual([3n, []]);
    rig.machine.bus.write(end - 2n, 2, BigInt(NOP.word & 0xffff));
    rig.hart.pc = end - 2n;
    rig.engine.run(rig.hart, 1);
    expect(rig.traps).toEqual([{ cause: CAUSE.instructionAccess, value: end, pc: end - 2n }]);
  });

  /** Sv39 in S-mode: virtual pages 0 and 1 on frames that do not lie together. */
  const mapped = (second: bigint) => {
    const rig = new Rig({ pages: 32 });
    const [root, middle, leaves, low, high] = [16n, 17n, 18n, 20n, 22n].map((page) => BASE + page * 4096n);
    const entry = (address: bigint, bits: bigint) => ((address >> 12n) << 10n) | bits;
    rig.machine.bus.write(root, 8, entry(middle, 1n));
    rig.machine.bus.write(middle, 8, entry(leaves, 1n));
    rig.machine.bus.write(leaves, 8, entry(low, 0x4bn));
    rig.machine.bus.write(leaves + 8n, 8, entry(high, second));
    const word = addi(A0, 0, 5).word;
    rig.machine.bus.write(low + 0xffen, 2, BigInt(word & 0xffff));
    rig.machine.bus.write(high, 2, BigInt(word >>> 16));
    RISCV64.writeSystem(rig.hart, 'pmpaddr0', ~0n);
    RISCV64.writeSystem(rig.hart, 'pmpcfg0', 0x1fn);
    RISCV64.writeSystem(rig.hart, 'satp', (8n << 60n) | (root >> 12n));
    RISCV64.writeSystem(rig.hart, 'mode', 1n);
    rig.hart.pc = 0xffen;
    return rig;
  };

  it('takes each half from its own frame', () => {
    const rig = mapped(0x4bn);
    rig.engine.run(rig.hart, 1);
    expect([rig.traps, rig.x(A0), rig.hart.pc]).toEqual([[], 5n, 0x1002n]);
  });

  it.each([
    ['absent', 0n],
    ['not executable', 0x43n],
    ["the user's", 0x5bn],
  ])(
    'faults with the address of its second page where that is %s (Priv. spec, "stval": the portion that caused it)',
    (_, bits) => {
      const rig = mapped(bits);
      rig.engine.run(rig.hart, 1);
      expect(rig.traps).toEqual([{ cause: CAUSE.instructionPage, value: 0x1000n, pc: 0xffen }]);
    },
  );
});

it('fetches word by word where PMP splits a page, however often the page has run', () => {
  const rig = new Rig();
  rig.put(BASE, NOP, NOP, NOP, NOP);
  // Entry 0, TOR: the first 8 bytes; nothing else for U-mode.
  RISCV64.writeSystem(rig.hart, 'pmpaddr0', (BASE + 8n) >> 2n);
  RISCV64.writeSystem(rig.hart, 'pmpcfg0', 0x0fn);
  rig.engine.run(rig.hart, 4);
  expect(rig.traps).toEqual([]);
  RISCV64.writeSystem(rig.hart, 'mode', 0n);
  rig.hart.pc = BASE;
  rig.engine.run(rig.hart, 3);
  expect(rig.traps).toEqual([{ cause: CAUSE.instructionAccess, value: BASE + 8n, pc: BASE + 8n }]);
});

describe('the gate', () => {
  const gate = { base: BASE + 0x3000n, size: 0x100 };

  it.each([
    ['its first byte', 0, { kind: 'gate', offset: 0 }],
    ['its inside', 0x42, { kind: 'gate', offset: 0x42 }],
    ['its last unit', 0xfe, { kind: 'gate', offset: 0xfe }],
    ['the byte behind it', 0x100, { kind: 'limit' }],
    ['the unit before it', -2, { kind: 'limit' }],
  ])('a jump to %s', (_, offset, exit) => {
    const rig = new Rig({ gate });
    rig.put(BASE, asm('jalr', { rd: 0, rs1: A2 }));
    rig.put(gate.base - 2n, asm('c.li', { rd: A1, imm: 1 }));
    rig.put(gate.base + 0x100n, NOP);
    rig.setX(A2, gate.base + BigInt(offset));
    expect(rig.engine.run(rig.hart, 2)).toEqual(exit);
    // What lies in the gate is no instruction of the guest's.
    expect(rig.hart.instructions).toBe(exit.kind === 'gate' ? 1 : 2);
    if (exit.kind === 'gate') {
      expect(rig.hart.pc).toBe(gate.base + BigInt(offset));
      expect(rig.engine.run(rig.hart, 5)).toEqual(exit);
      expect(rig.hart.instructions).toBe(1);
    }
  });

  it('is entered by a trap whose vector lies in it', () => {
    const rig = new Rig({ gate });
    RISCV64.writeSystem(rig.hart, 'mtvec', gate.base + 0x10n);
    rig.put(BASE, asm('ecall'));
    expect(rig.engine.run(rig.hart, 5)).toEqual({ kind: 'gate', offset: 0x10 });
    expect([rig.hart.instructions, rig.hart.trapped]).toEqual([1, 1]);
  });

  it('is entered by running into it', () => {
    const rig = new Rig({ gate });
    rig.hart.pc = gate.base - 4n;
    rig.put(gate.base - 4n, NOP);
    expect(rig.engine.run(rig.hart, 5)).toEqual({ kind: 'gate', offset: 0 });
  });

  it('is no way in for who may not fetch there', () => {
    const rig = new Rig({ gate });
    RISCV64.writeSystem(rig.hart, 'mode', 0n);
    rig.hart.pc = gate.base;
    expect(rig.engine.run(rig.hart, 1)).toEqual({ kind: 'limit' });
    expect(rig.traps).toEqual([{ cause: CAUSE.instructionAccess, value: gate.base, pc: gate.base }]);
  });
});

describe('the budget', () => {
  it.each([0, 1, 2, 7, 1000])('%d: so many instructions begin, not one more', (limit) => {
    const rig = new Rig();
    rig.put(BASE, addi(A0, A0, 1), here(-4));
    expect(rig.engine.run(rig.hart, limit)).toEqual({ kind: 'limit' });
    expect([rig.hart.instructions, rig.x(A0)]).toEqual([limit, BigInt(Math.ceil(limit / 2))]);
  });

  it('counts instructions that trap, and faults of the fetch', () => {
    const rig = new Rig();
    RISCV64.writeSystem(rig.hart, 'mtvec', 0x1000n);
    rig.put(BASE, asm('ebreak'));
    rig.engine.run(rig.hart, 5);
    expect([rig.hart.instructions, rig.hart.trapped, rig.hart.retired]).toEqual([5, 5, 0]);
    expect(rig.traps.map(({ cause }) => cause)).toEqual([CAUSE.breakpoint, 1, 1, 1, 1]);
  });

  it('leaves the same state whether spent at once or one by one', () => {
    const states = [[60], Array(60).fill(1), [7, 13, 40]].map((slices) => {
      const rig = new Rig();
      rig.put(
        BASE,
        addi(A0, A0, 3),
        asm('mul', { rd: A0, rs1: A0, rs2: A0 }),
        asm('c.addi', { rd: A1, nzimm: 1 }),
        here(-10),
      );
      for (const slice of slices) rig.engine.run(rig.hart, slice);
      return [rig.hart.pc, rig.x(A0), rig.x(A1), rig.hart.instructions];
    });
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).toEqual(states[0]);
  });
});

describe('waiting', () => {
  it('WFI leaves the engine behind itself, and stays away while nothing wakes the hart', () => {
    const rig = new Rig();
    rig.put(BASE, asm('wfi'), addi(A0, 0, 1));
    expect(rig.engine.run(rig.hart, 10)).toEqual({ kind: 'waiting' });
    expect([rig.hart.pc, rig.hart.instructions, rig.hart.waiting]).toEqual([BASE + 4n, 1, true]);
    expect(rig.engine.run(rig.hart, 10)).toEqual({ kind: 'waiting' });
    expect(rig.machine.run(10)).toEqual({ kind: 'idle' });
  });

  it('an interrupt enabled in mie but not in mstatus ends the wait without a trap (Priv. spec, "Wait for Interrupt")', () => {
    const rig = new Rig();
    RISCV64.writeSystem(rig.hart, 'mie', 8n);
    rig.put(BASE, asm('wfi'), addi(A0, A0, 1), here(-4));
    rig.machine.run(3);
    rig.machine.bus.write(MSIP, 4, 1n);
    rig.machine.run(2);
    expect([rig.x(A0), rig.traps]).toEqual([1n, []]);
  });

  it('an interrupt that is enabled is taken at the instruction behind the WFI', () => {
    const rig = new Rig();
    RISCV64.writeSystem(rig.hart, 'mie', 8n);
    RISCV64.writeSystem(rig.hart, 'mstatus', 8n);
    RISCV64.writeSystem(rig.hart, 'mtvec', BASE + 0x100n);
    rig.put(BASE, asm('wfi'), addi(A0, A0, 1));
    rig.put(BASE + 0x100n, addi(A1, 0, 1));
    rig.machine.run(3);
    rig.machine.bus.write(MSIP, 4, 1n);
    rig.machine.run(1);
    expect([rig.x(A0), rig.x(A1), RISCV64.readSystem(rig.hart, 'mepc')]).toEqual([0n, 1n, BASE + 4n]);
  });

  it('a hart is woken by another', () => {
    const rig = new Rig({ harts: 2 });
    const [one, two] = rig.machine.harts;
    RISCV64.writeSystem(two, 'mie', 8n);
    rig.put(BASE, sw(A1, A2, 4), here(0));
    rig.setX(A1, 1n);
    rig.setX(A2, MSIP);
    rig.put(BASE + 0x100n, asm('wfi'), addi(A0, A0, 1), here(0));
    two.pc = BASE + 0x100n;
    two.waiting = true;
    rig.machine.run(3000);
    expect([rig.x(A0, two), rig.x(A0, one)]).toEqual([1n, 0n]);
  });
});

describe('leaving when the scheduler asks', () => {
  it('before the next instruction, once', () => {
    const rig = new Rig();
    rig.put(BASE, addi(A0, A0, 1), here(-4));
    rig.hart.leave = true;
    expect(rig.engine.run(rig.hart, 10)).toEqual({ kind: 'limit' });
    expect([rig.hart.instructions, rig.hart.leave]).toEqual([0, false]);
    rig.engine.run(rig.hart, 10);
    expect(rig.hart.instructions).toBe(10);
  });

  it('right behind the store that ended the machine', () => {
    const rig = new Rig();
    rig.put(BASE, sw(A1, A2), addi(A0, 0, 1));
    rig.setX(A1, 0x5555n);
    rig.setX(A2, 0x10_0000n);
    expect(rig.machine.run(100)).toEqual({ kind: 'finished', finish: { kind: 'pass' } });
    expect([rig.x(A0), rig.hart.instructions]).toEqual([0n, 1]);
  });
});

it('forgets its code when reset', () => {
  const rig = new Rig();
  rig.put(BASE, addi(A0, 0, 1), here(-4));
  rig.engine.run(rig.hart, 2);
  expect(rig.machine.ram.holdsCode[0]).toBe(1);
  rig.engine.reset();
  expect(rig.machine.ram.holdsCode[0]).toBe(0);
  // Written past the engine's notice, as nobody may: only a fresh decode sees it.
  rig.machine.ram.view.setUint32(0x10000, addi(A0, 0, 42).word, true);
  rig.hart.pc = BASE;
  rig.engine.run(rig.hart, 1);
  expect(rig.x(A0)).toBe(42n);
  expect(RISCV64.mmu.translate(rig.hart, BASE, accessShape('fetch', 2))).toBe(true);
});
