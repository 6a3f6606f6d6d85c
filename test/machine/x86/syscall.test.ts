// SYSCALL, SYSRET, SYSENTER, SYSEXIT and SWAPGS (SDM vol. 2B).
import { describe, expect, it } from 'vitest';
import { AT, Rig } from './rig.ts';

const SYSCALL = '0f05';
const SYSRETQ = '480f07';
const SYSRETL = '0f07';
const SYSENTER = '0f34';
const SYSEXITQ = '480f35';
const SYSEXIT = '0f35';
const SWAPGS = '0f01f8';
const TO = 0xb000n;
const IF = 1n << 9n;
const AC = 1n << 18n;
const RF = 1n << 16n;

/** As an operating system sets them up. */
function rigAt(cpl: number): Rig {
  const rig = new Rig({ cpl });
  rig.set({ star: (0x23n << 48n) | (0x10n << 32n), lstar: TO, fmask: IF, sysenter_cs: 0x10n, sysenter_eip: TO });
  rig.set({ sysenter_esp: 0x7000n });
  return rig;
}
const state = (rig: Rig) => ['rip', 'cs', 'ss', 'cpl', 'code_mode'].map((name) => rig.get(name));

describe('SYSCALL', () => {
  it('RCX, R11, masked flags, and segments that no table is asked for', () => {
    const rig = rigAt(3);
    rig.set({ flags: IF | AC, cf: 1n, gdtr_limit: 0n });
    rig.run(SYSCALL);
    expect(state(rig)).toEqual([TO, 0x10n, 0x18n, 0n, 0n]);
    expect([rig.get('rcx'), rig.get('r11'), rig.get('flags'), rig.get('rsp')]).toEqual([
      AT.code + 2n,
      IF | AC | 7n,
      AC,
      AT.stack,
    ]);
    expect([rig.get('cs_attributes'), rig.get('ss_attributes')]).toEqual([0xa09bn, 0xc093n]);
  });

  it('counts as a trap, and is told of as one', () => {
    const rig = rigAt(3);
    let told = '';
    rig.machine.observer = (hart) => {
      const { summary, registers, fields, code } = hart.isa.syndrome(hart, 'supervisor');
      expect([fields, code]).toEqual([[], undefined]);
      told = `${summary} ${hart.trap.from} ${registers.map(({ name, value }) => `${name}=${value.toString(16)}`)}`;
    };
    rig.run(SYSCALL);
    expect(told).toBe('SYSCALL instruction user rcx=9002,r11=6');
    expect(rig.hart.trapped).toBe(1);
  });

  it('#UD where SCE is clear, and in compatibility mode', () => {
    const off = rigAt(3);
    off.set({ efer: 0xd00n });
    expect(off.run(SYSCALL).taken).toBe('#6');
    const compatible = rigAt(3);
    compatible.segment('cs', 0x23);
    compatible.set({ code_mode: 1n });
    expect(compatible.run(SYSCALL).taken).toBe('#6');
  });
});

describe('SYSRET', () => {
  it('to 64-bit code', () => {
    const rig = rigAt(0);
    rig.set({ rcx: TO, r11: IF | AC | RF | (1n << 17n) | 0x803n });
    rig.run(SYSRETQ);
    expect(state(rig)).toEqual([TO, 0x33n, 0x2bn, 3n, 0n]);
    expect([rig.get('flags'), rig.get('of'), rig.get('cf'), rig.get('rsp')]).toEqual([IF | AC, 1n, 1n, AT.stack]);
  });

  it('to compatibility mode, with the low half of RCX', () => {
    const rig = rigAt(0);
    rig.set({ rcx: (5n << 32n) | TO });
    rig.run(SYSRETL);
    expect(state(rig)).toEqual([TO, 0x23n, 0x2bn, 3n, 1n]);
  });

  it('to an address that is not canonical: #GP(0) at CPL 0, on whatever stack RSP is', () => {
    const rig = rigAt(0);
    rig.set({ rcx: 1n << 47n, rsp: 0xa000n });
    rig.run(SYSRETQ);
    expect([rig.taken, rig.get('cpl'), rig.word(1), rig.word(2), rig.get('rsp')]).toEqual([
      '#13(0)',
      0n,
      AT.code,
      0x10n,
      0xa000n - 48n,
    ]);
    const half = rigAt(0);
    half.set({ rcx: 1n << 47n });
    expect(half.run(SYSRETL).get('rip')).toBe(0n);
  });

  it('#GP(0) at CPL 3, #UD where SCE is clear', () => {
    expect(rigAt(3).run(SYSRETQ).taken).toBe('#13(0)');
    const off = rigAt(0);
    off.set({ efer: 0xd00n });
    expect(off.run(SYSRETQ).taken).toBe('#6');
  });
});

describe('SYSENTER and SYSEXIT', () => {
  it('SYSENTER', () => {
    const rig = rigAt(3);
    rig.set({ flags: IF | AC });
    rig.run(SYSENTER);
    expect([...state(rig), rig.get('rsp'), rig.get('flags')]).toEqual([TO, 0x10n, 0x18n, 0n, 0n, 0x7000n, AC]);
  });

  it('SYSEXIT to either width', () => {
    const rig = rigAt(0);
    rig.set({ rdx: TO, rcx: 0xa000n });
    rig.run(SYSEXITQ);
    expect([...state(rig), rig.get('rsp')]).toEqual([TO, 0x33n, 0x3bn, 3n, 0n, 0xa000n]);
    const half = rigAt(0);
    half.set({ rdx: (1n << 32n) | TO, rcx: (1n << 32n) | 0xa000n });
    half.run(SYSEXIT);
    expect([...state(half), half.get('rsp')]).toEqual([TO, 0x23n, 0x2bn, 3n, 1n, 0xa000n]);
  });

  it.each([
    ['SYSENTER without a selector', 3, SYSENTER, { sysenter_cs: 3n }],
    ['SYSEXIT without a selector', 0, SYSEXITQ, { sysenter_cs: 3n }],
    ['SYSEXIT at CPL 3', 3, SYSEXITQ, {}],
    ['SYSEXIT to an address that is not canonical', 0, SYSEXITQ, { rdx: 1n << 47n }],
    ['SYSEXIT with a stack that is not', 0, SYSEXITQ, { rcx: 1n << 47n }],
  ])('%s is #GP(0)', (_, cpl, code, values) => {
    const rig = rigAt(cpl);
    rig.set(values);
    expect(rig.run(code).taken).toBe('#13(0)');
  });
});

describe('SWAPGS', () => {
  it('swaps at CPL 0 alone', () => {
    const rig = rigAt(0);
    rig.set({ gs_base: 1n, kernel_gs_base: 2n });
    rig.run(SWAPGS);
    expect([rig.get('gs_base'), rig.get('kernel_gs_base')]).toEqual([2n, 1n]);
    expect(rigAt(3).run(SWAPGS).taken).toBe('#13(0)');
  });
});
