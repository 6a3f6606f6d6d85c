// What a kernel in the host does with system registers and instructions, and WFI, WFE and SEV on several harts.
import { describe, expect, it } from 'vitest';
import { EC } from '../../../machine/aarch64/causes.ts';
import { DATA, EL0, ENTRY, LDXR, NOP, SEV, SEVL, SystemBench, WFE, WFI } from './system-bench.ts';

describe('reading and writing by name', () => {
  it.each([
    ['ttbr0_el1', 0x1234_0000_5678_9000n],
    ['sp_el0', 0x7fff_fff0n],
    ['sp_el1', 0x4000_0000n],
    ['spsr_el1', 0x8000_0005n],
    ['elr_el1', 0xffff_0000_1234_5678n],
    ['tpidr_el0', ~0n & 0xffff_ffff_ffff_ffffn],
    ['daif', 0x240n],
    ['nzcv', 0xa000_0000n],
    ['fpcr', 0x0740_0000n],
    ['pc', 0x4000_0100n],
    ['pstate', 0x3000_0000n],
  ])('%s', (name, value) => {
    const b = new SystemBench();
    b.write(name, value);
    expect(b.read(name)).toBe(value);
  });
  it('reserved bits read as they must: SCTLR_EL1, VBAR_EL1, SPSR_EL1', () => {
    const b = new SystemBench();
    for (const name of ['sctlr_el1', 'vbar_el1', 'spsr_el1']) b.write(name, 0n);
    expect([b.read('sctlr_el1'), b.read('vbar_el1'), b.read('spsr_el1')]).toEqual([0x3050_0980n, 0n, 0n]);
    for (const name of ['sctlr_el1', 'vbar_el1', 'spsr_el1']) b.write(name, ~0n);
    expect([b.read('sctlr_el1'), b.read('vbar_el1'), b.read('spsr_el1')]).toEqual([
      0x34dd_db9fn,
      0xffff_ffff_ffff_f800n,
      0xf070_03dfn,
    ]);
  });
  it.each([
    ['ttbr0_el1', EL0],
    ['ctr_el0', EL0],
    ['nothing_el1', 5n],
    ['sp_el0', 4n],
    ['cntvct_el0', EL0],
  ])('%s is refused in state %i', (name, state) => {
    const b = new SystemBench();
    b.write('sctlr_el1', 0n);
    b.write('pstate', state);
    expect(() => b.read(name)).toThrow(/cannot be read/);
    expect(() => b.write(name, 0n)).toThrow(/cannot be written/);
  });
  it('a level that is not there is refused in PSTATE', () => {
    expect(() => new SystemBench().write('pstate', 9n)).toThrow(/no exception level/);
  });
});

describe('performing instructions', () => {
  it('eret goes where ELR and SPSR say, without the tag', () => {
    const b = new SystemBench();
    b.write('tcr_el1', 1n << 37n);
    b.write('elr_el1', 0xab00_0000_4000_0040n);
    b.write('spsr_el1', 0x1000_0000n);
    b.perform('eret');
    expect([b.hart.pc, b.read('pstate')]).toEqual([ENTRY + 0x40n, 0x1000_0000n]);
  });
  it.each(['tlbi vmalle1', 'tlbi vae1is', 'tlbi aside1', 'ic iallu', 'dc isw', 'at s1e1r'])(
    '%s at EL1, not at EL0',
    (name) => {
      const b = new SystemBench();
      b.perform(name, DATA);
      b.write('pstate', EL0);
      expect(() => b.perform(name, DATA)).toThrow(/refused at EL0/);
    },
  );
  it('dc zva zeroes the 64 bytes around its operand', () => {
    const b = new SystemBench();
    // The MMU on, with a block of Normal memory that maps itself.
    b.write('mair_el1', 0xffn);
    b.write('tcr_el1', 25n | (1n << 23n));
    b.write('ttbr0_el1', ENTRY + 0x1_0000n);
    b.machine.bus.write(ENTRY + 0x1_0008n, 8, 0x4000_0000n | 0x401n);
    b.write('sctlr_el1', 1n);
    for (let i = 0n; i < 24n; i++) b.machine.bus.write(DATA + 8n * i, 8, ~0n);
    b.perform('dc zva', DATA + 64n + 5n);
    const words = Array.from({ length: 24 }, (_, i) => b.machine.bus.read(DATA + 8n * BigInt(i), 8));
    expect(words.map((word) => (word === 0n ? 0 : 1)).join('')).toBe('111111110000000011111111');
  });
  it('an instruction that is not there is the caller’s mistake', () => {
    expect(() => new SystemBench().perform('tlbi nothing')).toThrow(/no privileged instruction/);
  });
});

describe('identification agrees with what is implemented', () => {
  const b = new SystemBench({ harts: 2 });
  const field = (name: string, low: bigint) => (b.read(name) >> low) & 15n;
  it.each([
    ['EL0 in AArch64 alone', 'id_aa64pfr0_el1', 0n, 1n],
    ['EL1 in AArch64 alone', 'id_aa64pfr0_el1', 4n, 1n],
    ['no EL2', 'id_aa64pfr0_el1', 8n, 0n],
    ['no EL3', 'id_aa64pfr0_el1', 12n, 0n],
    ['floating point without half precision', 'id_aa64pfr0_el1', 16n, 0n],
    ['Advanced SIMD without half precision', 'id_aa64pfr0_el1', 20n, 0n],
    ['no AES', 'id_aa64isar0_el1', 4n, 0n],
    ['CRC32', 'id_aa64isar0_el1', 16n, 1n],
    ['FEAT_LSE', 'id_aa64isar0_el1', 20n, 2n],
    ['FEAT_LRCPC', 'id_aa64isar1_el1', 20n, 1n],
    ['48 bits of physical address', 'id_aa64mmfr0_el1', 0n, 5n],
    ['16 bits of ASID', 'id_aa64mmfr0_el1', 4n, 2n],
    ['granules of 16 KiB', 'id_aa64mmfr0_el1', 20n, 1n],
    ['FEAT_PAN', 'id_aa64mmfr1_el1', 20n, 1n],
    ['no FEAT_HAFDBS where the machine has none', 'id_aa64mmfr1_el1', 0n, 0n],
    ['no FEAT_IDST', 'id_aa64mmfr2_el1', 36n, 0n],
  ])('%s', (_, name, low, value) => expect(field(name, low)).toBe(value));
  it('MPIDR_EL1 numbers the harts', () => {
    expect(b.machine.harts.map((hart) => b.read('mpidr_el1', hart))).toEqual([0x8000_0000n, 0x8000_0001n]);
  });
  it('DCZID_EL0 says 64 bytes, and that DC ZVA is prohibited where DZE is clear', () => {
    expect(b.read('dczid_el0')).toBe(4n);
    b.write('sctlr_el1', 0n);
    b.write('pstate', EL0);
    expect(b.read('dczid_el0')).toBe(0x14n);
  });
});

describe('waiting (Arm ARM D1.6)', () => {
  const idle = { kind: 'idle' };
  it('WFE goes on at once after SEVL, and waits the next time', () => {
    const b = new SystemBench();
    b.run(SEVL, WFE);
    expect(b.hart.waiting).toBe(false);
    b.run(WFE);
    expect([b.hart.waiting, b.machine.run(10)]).toEqual([true, idle]);
  });
  it('SEV wakes the other hart', () => {
    const b = new SystemBench({ harts: 2 });
    const [first, second] = b.machine.harts;
    second.set32(b.machine.isa.slots.get('off'), 0);
    second.waiting = false;
    const elsewhere = ENTRY + 0x2000n;
    b.write('pc', elsewhere, second);
    b.put(elsewhere, WFE, NOP);
    b.put(ENTRY, ...Array.from({ length: 1500 }, (_, i) => (i === 1200 ? SEV : NOP)));
    // A hart's turn is 1000 instructions: the first one's, the other's WFE, and part of the first one's next.
    b.machine.run(1101);
    expect([second.waiting, second.pc]).toEqual([true, elsewhere + 4n]);
    b.machine.run(901);
    expect([first.waiting, second.waiting]).toEqual([false, false]);
  });
  it('the loss of the exclusive monitor is an event', () => {
    const b = new SystemBench();
    b.x(1, DATA);
    b.run(LDXR, WFE);
    expect(b.hart.waiting).toBe(true);
    b.machine.bus.write(DATA + 8n, 8, 1n);
    b.put(b.hart.pc, NOP);
    b.machine.run(1);
    expect([b.hart.waiting, b.hart.pc]).toEqual([false, ENTRY + 12n]);
  });
  it('so is one that was lost before WFE', () => {
    const b = new SystemBench();
    b.x(1, DATA);
    b.run(LDXR);
    b.machine.bus.write(DATA, 4, 1n);
    b.run(WFE);
    expect(b.hart.waiting).toBe(false);
  });
  it.each([
    ['WFI', WFI, 0x1e0_0000],
    ['WFE', WFE, 0x1e0_0001],
  ])('%s at EL0 is trapped without nTWI and nTWE', (_, word, iss) => {
    const b = new SystemBench();
    b.write('sctlr_el1', 0n);
    b.write('pstate', EL0);
    b.run(word);
    expect(b.taken).toEqual({ vector: 0x400n, ec: EC.wfx, iss });
    expect(b.raw('elr_el1')).toBe(ENTRY);
  });
  it('WFI waits for the timer, and time jumps there', () => {
    const b = new SystemBench();
    b.write('daif', 0x3c0n);
    b.write('cntv_cval_el0', 123_456n);
    b.write('cntv_ctl_el0', 1n);
    b.run(WFI, NOP);
    expect([b.hart.pc, b.machine.clock.ticks >= 123_456n, b.read('isr_el1')]).toEqual([ENTRY + 8n, true, 0x80n]);
  });
  it('WFI with an interrupt pending is done at once, at EL0 too', () => {
    const b = new SystemBench();
    b.write('sctlr_el1', 0n);
    b.write('cntv_ctl_el0', 1n);
    b.write('pstate', 0x3c0n);
    b.run(WFI);
    expect([b.hart.waiting, b.hart.pc]).toEqual([false, ENTRY + 4n]);
  });
});
