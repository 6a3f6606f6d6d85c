// Trap entry, return and syndrome by clause.
import { describe, expect, it } from 'vitest';
import { RISCV64 } from '../../../machine/riscv/isa.ts';
import { ENTRY, M_VECTOR, MRET, S_VECTOR, SRET, SystemBench } from './system-bench.ts';

const ECALL = 0x73;
const EBREAK = 0x100073;
const ILLEGAL = 0xffff_ffff;
const SFENCE = 0x12000073;
const WFI = 0x10500073;
const TVM = 1n << 20n;
const TW = 1n << 21n;
const TSR = 1n << 22n;

describe('3.1.8: where a trap goes', () => {
  const ALL = 0xb3ffn;
  it.each([
    ['M-mode never delegates', 3, ILLEGAL, ALL, 3],
    ['S-mode to M-mode', 1, ILLEGAL, 0n, 3],
    ['S-mode to itself', 1, ILLEGAL, ALL, 1],
    ['U-mode to M-mode', 0, ILLEGAL, 0n, 3],
    ['U-mode to S-mode', 0, ILLEGAL, ALL, 1],
    ['each cause by its own bit', 0, ECALL, 1n << 8n, 1],
    ['not by that of another mode', 1, ECALL, 1n << 8n, 3],
    ['ECALL from S-mode to itself', 1, ECALL, 1n << 9n, 1],
  ])('%s', (_, mode, word, medeleg, expected) => {
    const b = new SystemBench();
    b.raw('medeleg', medeleg);
    b.mode = mode;
    b.run(word);
    expect([b.mode, b.hart.pc]).toEqual([expected, expected === 3 ? M_VECTOR : S_VECTOR]);
  });

  it.each([0, 1, 3])('the number of ECALL is that of its mode, %i', (mode) => {
    const b = new SystemBench();
    b.mode = mode;
    b.run(ECALL);
    expect([b.raw('mcause'), b.raw('mtval'), b.raw('mepc')]).toEqual([BigInt(8 + mode), 0n, ENTRY]);
  });

  it('EBREAK leaves its address in mtval', () => {
    const b = new SystemBench();
    b.run(EBREAK);
    expect([b.raw('mcause'), b.raw('mtval')]).toEqual([3n, ENTRY]);
  });

  it('12.1.1: an exception does not go to a vector', () => {
    const b = new SystemBench();
    b.raw('mtvec', M_VECTOR | 1n);
    b.run(ILLEGAL);
    expect(b.hart.pc).toBe(M_VECTOR);
  });
});

describe('3.1.6.1: the stack of privileges and enables', () => {
  const [SIE, MIE, SPIE, MPIE, SPP] = [2n, 8n, 32n, 128n, 256n];
  const mpp = (mode: number) => BigInt(mode) << 11n;
  it.each([
    ['to M from U, enabled', 0, 0n, MIE | SIE, MPIE | SIE | mpp(0)],
    ['to M from S, disabled, over what was stacked', 1, 0n, MPIE | mpp(3), mpp(1)],
    ['to M from M', 3, 0n, MIE, MPIE | mpp(3)],
    ['to S from U, enabled', 0, 4n, SIE | MIE | SPP, SPIE | MIE],
    ['to S from S, disabled', 1, 4n, SPIE | MPIE, SPP | MPIE],
    ['MPRV stays as it is', 1, 4n, 1n << 17n, (1n << 17n) | SPP],
  ])('%s', (_, mode, medeleg, before, after) => {
    const b = new SystemBench();
    b.raw('medeleg', medeleg);
    b.raw('mstatus', before);
    b.mode = mode;
    b.run(ILLEGAL);
    expect(b.raw('mstatus')).toBe(after);
  });

  it.each([
    ['MRET to U', MRET, mpp(0) | MPIE, MIE | MPIE, 0],
    ['MRET to S', MRET, mpp(1) | MIE, MPIE, 1],
    ['MRET to M keeps MPRV', MRET, mpp(3) | (1n << 17n), MPIE | (1n << 17n), 3],
    ['MRET to S clears MPRV', MRET, mpp(1) | (1n << 17n), MPIE, 1],
    ['SRET to U', SRET, SPIE | mpp(3), SIE | SPIE | mpp(3), 0],
    ['SRET to S clears MPRV', SRET, SPP | SIE | (1n << 17n), SPIE, 1],
    ['TSR does not bind M-mode', SRET, TSR, TSR | SPIE, 0],
  ])('%s', (_, word, before, after, mode) => {
    const b = new SystemBench();
    b.raw('mstatus', before);
    b.raw('mepc', 0x8000_3000n);
    b.raw('sepc', 0x8000_3000n);
    b.run(word);
    expect([b.raw('mstatus'), b.mode, b.hart.pc]).toEqual([after, mode, 0x8000_3000n]);
  });

  it('a return loses the reservation of LR', () => {
    const b = new SystemBench();
    b.machine.monitor.reserve(0, ENTRY, 4);
    b.raw('mepc', 0x8000_3000n);
    b.run(MRET);
    expect(b.machine.monitor.holds(0, ENTRY, 4)).toBe(false);
  });
});

describe('3.1.6.6: what is illegal where', () => {
  it.each([
    ['MRET', MRET, 1, 0n],
    ['MRET', MRET, 0, 0n],
    ['SRET', SRET, 0, 0n],
    ['SRET under TSR', SRET, 1, TSR],
    ['WFI', WFI, 0, 0n],
    ['WFI under TW', WFI, 1, TW],
    ['SFENCE.VMA', SFENCE, 0, 0n],
    ['SFENCE.VMA under TVM', SFENCE, 1, TVM],
  ])('%s (%i) in mode %i, mstatus %i: mtval is the instruction', (_, word, mode, status) => {
    const b = new SystemBench();
    b.raw('mstatus', status);
    b.mode = mode;
    b.run(word);
    expect([b.raw('mcause'), b.raw('mtval'), b.raw('mepc')]).toEqual([2n, BigInt(word), ENTRY]);
  });
});

describe('performed by a kernel in the host', () => {
  it('sret goes where sepc says, in the mode of SPP', () => {
    const b = new SystemBench();
    b.mode = 1;
    b.raw('sepc', 0x1234n);
    RISCV64.perform(b.hart, 'sret');
    expect([b.mode, b.hart.pc]).toEqual([0, 0x1234n]);
  });
  it('mret goes where mepc says, in the mode of MPP', () => {
    const b = new SystemBench();
    b.raw('mepc', 0x1234n);
    b.raw('mstatus', 1n << 11n);
    RISCV64.perform(b.hart, 'mret');
    expect([b.mode, b.hart.pc]).toEqual([1, 0x1234n]);
  });
  it('wfi waits', () => {
    const b = new SystemBench();
    RISCV64.perform(b.hart, 'wfi');
    expect(b.hart.waiting).toBe(true);
  });
  it.each(['sret', 'mret', 'wfi', 'sfence.vma'])('%s in U-mode is a bug of the caller’s', (operation) => {
    const b = new SystemBench();
    b.mode = 0;
    expect(() => RISCV64.perform(b.hart, operation)).toThrow('illegal in mode 0');
  });
  it('so is an instruction that there is not', () => {
    expect(() => RISCV64.perform(new SystemBench().hart, 'eret')).toThrow('eret');
  });

  // vpn 5 in two address spaces and globally, vpn 9 in one; 0x200 to 0x3ff by a superpage.
  const entry = (vpn: bigint, asid: number, global = false, pages = 1n) =>
    ({ asid, global, vpn, pages, ppn: 7n, bits: 1n, entryAddress: vpn * 8n }) as const;
  const ENTRIES = {
    a: entry(5n, 1),
    b: entry(5n, 2),
    c: entry(9n, 1),
    d: entry(6n, 0, true),
    e: entry(0x200n, 1, false, 0x200n),
  };
  it.each([
    ['everything', 'sfence.vma', [], ''],
    ['an address', 'sfence.vma', [0x5fffn], 'cde'],
    ['an address that is global', 'sfence.vma', [0x6000n], 'abce'],
    ['an address in a superpage', 'sfence.vma', [0x3f_f000n], 'abcd'],
    ['an address in one space', 'sfence.vma', [0x5000n, 2n], 'acde'],
    ['a global address in a space', 'sfence.vma', [0x6000n, 0n], 'abcde'],
    ['a space, but not what is global', 'sfence.vma.asid', [1n], 'bd'],
    ['ASIDs have 16 bits', 'sfence.vma.asid', [0x10002n], 'acde'],
    ['an address that is none', 'sfence.vma', [(1n << 63n) | 0x5000n], 'abcde'],
  ])('12.2.1: SFENCE.VMA drops %s', (_, operation, operands, kept) => {
    const b = new SystemBench();
    for (const each of Object.values(ENTRIES)) b.hart.tlb.insert(each);
    RISCV64.perform(b.hart, operation, ...operands);
    const left = b.hart.tlb.entries();
    expect(
      Object.entries(ENTRIES)
        .flatMap(([name, each]) => (left.includes(each) ? [name] : []))
        .join(''),
    ).toBe(kept);
  });
  it('12.2.1: the instruction tells its forms apart by register, not by value', () => {
    const forms = [
      [0, 0],
      [5, 0],
      [0, 5],
      [5, 6],
    ].map(([rs1, rs2]) => {
      const b = new SystemBench();
      for (const each of Object.values(ENTRIES)) b.hart.tlb.insert(each);
      b.x(5, 0n);
      b.x(6, 1n);
      b.run((SFENCE | (rs1 << 15) | (rs2 << 20)) >>> 0);
      return b.hart.tlb.entries().length;
    });
    expect(forms).toEqual([0, 5, 5, 5]);
  });
});

describe('the syndrome in words', () => {
  it('of a trap to S-mode', () => {
    const b = new SystemBench();
    b.raw('medeleg', 1n << 15n);
    b.raw('mstatus', 1n << 18n);
    b.mode = 0;
    b.hart.raise(15, 0x42000n);
    RISCV64.deliver(b.hart);
    const { registers, fields, summary, code } = RISCV64.syndrome(b.hart, 'supervisor');
    expect([summary, code]).toEqual(['store/AMO page fault', 15]);
    expect(registers).toEqual([
      { name: 'scause', value: 15n },
      { name: 'stval', value: 0x42000n },
      { name: 'sepc', value: ENTRY },
      { name: 'sstatus', value: (2n << 32n) | (1n << 18n) },
    ]);
    expect(fields.map(({ name, text }) => `${name}=${text}`).join(' ')).toBe('SPP=user SUM=1 MXR=0');
  });
  it('of an interrupt to M-mode', () => {
    const b = new SystemBench();
    b.raw('mie', 8n);
    b.mode = 1;
    b.hart.setLine(3, true);
    expect(RISCV64.interrupt(b.hart)).toBe(true);
    RISCV64.deliver(b.hart);
    const { registers, fields, summary, code } = RISCV64.syndrome(b.hart, 'machine');
    expect([summary, code]).toEqual(['machine software interrupt', undefined]);
    expect(registers[0]).toEqual({ name: 'mcause', value: (1n << 63n) | 3n });
    expect(fields.map(({ name, text }) => `${name}=${text}`).join(' ')).toBe('MPP=supervisor MPRV=0 SUM=0 MXR=0');
  });
  it('of a cause that the guest made up', () => {
    const b = new SystemBench();
    b.write('scause', 99n);
    expect(RISCV64.syndrome(b.hart, 'supervisor').summary).toBe('exception 99');
  });
  it('U-mode takes no traps', () => {
    expect(() => RISCV64.syndrome(new SystemBench().hart, 'user')).toThrow('user');
  });
});
