// CSRs by clause: what QEMU cannot be asked, since it counts, times or chooses otherwise.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CSRS } from '../../../machine/riscv/csr.ts';
import { CSR_NUMBERS } from '../../../machine/riscv/csr-names.ts';
import { CSRRC, CSRRS, CSRRW, csrWord, ENTRY, M_VECTOR, NOP, SystemBench } from './system-bench.ts';

const ALL = (1n << 64n) - 1n;
const ECALL = 0x73;

describe('the table of CSRs', () => {
  it('holds each name that the disassembler knows, once', () => {
    expect(CSRS.map(({ name }) => name).sort()).toEqual([...CSR_NUMBERS.keys()].sort());
  });
});

describe('3.1.10: mcycle and minstret', () => {
  const counted = (name: string, words: readonly number[]): bigint => {
    const b = new SystemBench();
    b.run(...words, csrWord(CSRRS, 5, name, 0));
    return b.x(5);
  };
  it.each([
    ['an instruction does not count itself', 'minstret', [], 0n],
    ['those before it count', 'minstret', [NOP, NOP, NOP], 3n],
    ['nor does it count as a cycle', 'mcycle', [], 0n],
    ['each instruction is a cycle', 'mcycle', [NOP, NOP], 2n],
    ['instret is minstret', 'instret', [NOP, NOP], 2n],
    ['cycle is mcycle', 'cycle', [NOP, NOP], 2n],
  ])('%s', (_, name, words, expected) => expect(counted(name, words)).toBe(expected));

  it.each(['minstret', 'mcycle'])('a write to %s counts after the instruction that makes it', (name) => {
    const b = new SystemBench();
    b.x(5, ALL);
    b.run(NOP, csrWord(CSRRW, 0, name, 5), csrWord(CSRRS, 6, name, 0), csrWord(CSRRS, 7, name, 0));
    expect([b.x(6), b.x(7)]).toEqual([ALL, 0n]);
  });

  it('a trapped instruction does not retire, and is a cycle', () => {
    const b = new SystemBench();
    b.run(NOP, ECALL);
    expect(b.hart.pc).toBe(M_VECTOR);
    b.run(csrWord(CSRRS, 5, 'minstret', 0), csrWord(CSRRS, 6, 'mcycle', 0));
    expect([b.x(5), b.x(6)]).toEqual([1n, 3n]);
  });

  it('a kernel in the host reads what the next instruction would', () => {
    const b = new SystemBench();
    b.run(NOP, NOP);
    expect(b.read('minstret')).toBe(2n);
    b.run(csrWord(CSRRS, 5, 'minstret', 0));
    expect(b.x(5)).toBe(2n);
    b.write('minstret', 70n);
    expect(b.read('minstret')).toBe(70n);
    b.run(csrWord(CSRRS, 5, 'minstret', 0));
    expect(b.x(5)).toBe(70n);
  });

  it.each([
    ['minstret', 4n],
    ['mcycle', 1n],
  ])('3.1.12: %s stands still while mcountinhibit says so', (name, bit) => {
    const b = new SystemBench();
    b.x(5, bit);
    b.run(NOP, csrWord(CSRRW, 0, 'mcountinhibit', 5), NOP, NOP, csrWord(CSRRS, 6, name, 0));
    expect(b.x(6)).toBe(2n);
    b.x(7, 40n);
    b.run(csrWord(CSRRW, 0, name, 7), NOP, csrWord(CSRRS, 8, name, 0));
    expect(b.x(8)).toBe(40n);
    b.run(csrWord(CSRRW, 0, 'mcountinhibit', 0), csrWord(CSRRS, 6, name, 0), csrWord(CSRRS, 7, name, 0));
    expect([b.x(6), b.x(7)]).toEqual([40n, 41n]);
  });
});

describe('3.1.9: SEIP', () => {
  const SEIP = 9;
  const SEI = 1n << 9n;
  it.each([
    ['csrrs reads the line', CSRRS, true, 0n, SEI, 0n],
    ['csrrs does not latch the line', CSRRS, true, 2n, SEI, 2n],
    ['csrrc does not latch the line', CSRRC, true, 2n, SEI, 0n],
    ['csrrc clears only the half that software set', CSRRC, true, SEI, SEI, 0n],
    ['csrrs sets that half', CSRRS, false, SEI, 0n, SEI],
  ])('%s', (_, operation, line, operand, read, left) => {
    const b = new SystemBench();
    b.hart.setLine(SEIP, line);
    b.x(5, operand);
    b.run(csrWord(operation, 6, 'mip', 5));
    expect(b.x(6)).toBe(read);
    b.hart.setLine(SEIP, false);
    expect(b.read('mip')).toBe(left);
  });
});

describe('3.1.18: menvcfg', () => {
  it.each([
    [false, (1n << 63n) | 1n],
    [true, (1n << 63n) | (1n << 61n) | 1n],
  ])('has ADUE where the walker can set A and D (%s)', (hardwareAd, expected) => {
    const b = new SystemBench({ hardwareAd });
    b.write('menvcfg', ALL);
    expect(b.read('menvcfg')).toBe(expected);
  });
});

describe('WARL fields, written with all ones', () => {
  it.each([
    ['misa', 0x8000_0000_0014_112dn],
    ['mstatus', 0x8000_000a_007e_79aan],
    ['sstatus', 0x8000_0002_000c_6122n],
    ['medeleg', 0xb3ffn],
    ['mideleg', 0x222n],
    ['mie', 0xaaan],
    ['mip', 0x222n],
    ['sie', 0n],
    ['sip', 0n],
    ['mtvec', ALL - 2n],
    ['stvec', ALL - 2n],
    ['mepc', ALL - 1n],
    ['sepc', ALL - 1n],
    ['mcounteren', 0xffff_ffffn],
    ['scounteren', 0xffff_ffffn],
    ['mcountinhibit', 5n],
    ['senvcfg', 1n],
    ['satp', 0n],
    ['pmpaddr7', (1n << 54n) - 1n],
    ['pmpcfg2', 0x9f9f_9f9f_9f9f_9f9fn],
    ['tselect', 0n],
    ['tdata1', 0n],
    ['mhpmcounter3', 0n],
    ['mhpmevent31', 0n],
  ])('%s', (name, expected) => {
    const b = new SystemBench();
    b.write(name, ALL);
    expect(b.read(name)).toBe(expected);
  });

  it.each([0n, 1n, 3n])('3.1.6.1: MPP %s stays when the reserved mode 2 is written', (mpp) => {
    const b = new SystemBench();
    b.write('mstatus', mpp << 11n);
    b.write('mstatus', (2n << 11n) | 8n);
    expect(b.read('mstatus') & 0x1808n).toBe((mpp << 11n) | 8n);
  });

  it('3.1.6.7: SD is set where FS is dirty, and only there', () => {
    const b = new SystemBench();
    const sd = [0n, 1n, 2n, 3n].map((fs) => {
      b.write('mstatus', fs << 13n);
      return b.read('mstatus') >> 63n;
    });
    expect(sd).toEqual([0n, 0n, 0n, 1n]);
  });

  it('12.1.3: sie and sip show and change only what is delegated', () => {
    const b = new SystemBench();
    b.write('mideleg', 0x22n);
    b.write('mie', 0xaaan);
    b.write('mip', 0x222n);
    expect([b.read('sie'), b.read('sip')]).toEqual([0x22n, 0x22n]);
    b.write('sie', 0n);
    b.write('sip', 0n);
    expect([b.read('mie'), b.read('mip')]).toEqual([0xa88n, 0x220n]);
  });
});

describe('accesses that are illegal', () => {
  it.each([
    ['mstatus from S-mode', 1, 'mstatus', 0],
    ['sstatus from U-mode', 0, 'sstatus', 0],
    ['mhartid written', 3, 'mhartid', 1],
    ['time from S-mode, closed by mcounteren', 1, 'time', 0],
    ['fcsr while FS is 0', 3, 'fcsr', 0],
  ])('%s: mtval is the instruction, nothing changes', (_, mode, name, rs1) => {
    const b = new SystemBench();
    b.mode = mode;
    b.x(1, 1n);
    b.x(6, 0x99n);
    const word = csrWord(CSRRS, 6, name, rs1);
    b.run(word);
    expect([b.raw('mcause'), b.raw('mtval'), b.raw('mepc'), b.x(6)]).toEqual([2n, BigInt(word), ENTRY, 0x99n]);
    b.mode = mode;
    expect(() => (rs1 === 0 ? b.read(name) : b.write(name, 1n))).toThrow(name);
  });

  it('a name that no CSR has is a bug of the caller’s', () => {
    expect(() => new SystemBench().read('mstatush')).toThrow('mstatush');
    expect(() => new SystemBench().write('mode', 2n)).toThrow('mode 2');
  });
});

describe('what follows a write', () => {
  const changed = (name: string, value: bigint, before: readonly [string, bigint][] = []) => {
    const b = new SystemBench();
    for (const [other, earlier] of before) b.write(other, earlier);
    const { hart } = b;
    const epoch = hart.contextEpoch;
    hart.attention = false;
    hart.leave = false;
    b.write(name, value);
    return { attention: hart.attention, leave: hart.leave, context: hart.contextEpoch !== epoch };
  };
  it.each([
    ['mstatus', 8n, { attention: true, leave: false, context: false }],
    ['mstatus', 1n << 17n, { attention: true, leave: false, context: true }],
    ['sstatus', 1n << 18n, { attention: true, leave: false, context: true }],
    ['mie', 2n, { attention: true, leave: false, context: false }],
    ['mip', 2n, { attention: true, leave: false, context: false }],
    ['mideleg', 2n, { attention: true, leave: false, context: false }],
    ['sie', 2n, { attention: true, leave: false, context: false }],
    ['sip', 2n, { attention: true, leave: false, context: false }],
    ['stimecmp', 2n, { attention: true, leave: true, context: false }],
    ['menvcfg', 1n << 63n, { attention: true, leave: true, context: true }],
    ['satp', 8n << 60n, { attention: false, leave: false, context: true }],
    ['satp', 7n << 60n, { attention: false, leave: false, context: false }],
    ['pmpcfg0', 0x18n, { attention: false, leave: false, context: true }],
    ['pmpaddr3', 5n, { attention: false, leave: false, context: true }],
    ['mscratch', 5n, { attention: false, leave: false, context: false }],
  ])('%s = %s', (name, value, expected) => expect(changed(name, value)).toEqual(expected));

  it('12.1.11: a write to satp leaves the TLB alone', () => {
    const b = new SystemBench();
    const entry = { asid: 1, global: false, vpn: 5n, pages: 1n, ppn: 6n, bits: 0xdfn, entryAddress: 0n };
    b.hart.tlb.insert(entry);
    b.write('satp', (8n << 60n) | (2n << 44n) | 0x80000n);
    expect(b.hart.tlb.entries()).toEqual([entry]);
  });
});

it('no sequence of CSR instructions throws, or leaves a register where it may not be', () => {
  const numbers = [...CSR_NUMBERS.values(), 0x3a1, 0x7b0, 0xfff, 0x5a8];
  const instruction = fc.tuple(
    fc.constantFrom(...numbers),
    fc.constantFrom(1, 2, 3, 5, 6, 7),
    fc.integer({ min: 0, max: 31 }),
    fc.integer({ min: 0, max: 31 }),
  );
  const value = fc.oneof(fc.bigInt({ min: 0n, max: ALL }), fc.constantFrom(0n, ALL, 1n << 63n, 0x1800n));
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1, 3),
      fc.array(fc.tuple(instruction, value), { minLength: 1, maxLength: 20 }),
      (mode, steps) => {
        const b = new SystemBench();
        b.mode = mode;
        for (const [[number, operation, rd, source], operand] of steps) {
          if (source !== 0) b.x(source, operand);
          b.hart.pc = ENTRY;
          b.run(((number << 20) | (source << 15) | (operation << 12) | (rd << 7) | 0x73) >>> 0);
          expect((b.raw('mstatus') >> 11n) & 3n).not.toBe(2n);
          expect([0n, 8n, 9n, 10n]).toContain(b.raw('satp') >> 60n);
          expect(b.raw('mie') & ~0xaaan).toBe(0n);
          expect((b.raw('mepc') | b.raw('sepc')) & 1n).toBe(0n);
          expect([0, 1, 3]).toContain(b.mode);
        }
      },
    ),
    { numRuns: 100, seed: 11 },
  );
});
