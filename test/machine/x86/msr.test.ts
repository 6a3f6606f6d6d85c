// RDMSR and WRMSR (SDM vol. 4), RDTSC and what the time-stamp counter follows.
import { describe, expect, it } from 'vitest';
import { ControlRig } from './control-rig.ts';

const LME = 1n << 8n;
const LMA = 1n << 10n;
const PG = 1n << 31n;

const EFER = 0xc000_0080n;
const FS_BASE = 0xc000_0100n;
const KERNEL_GS_BASE = 0xc000_0102n;
const NOT_CANONICAL = 1n << 56n;

function write(rig: ControlRig, number: bigint, value: bigint): string {
  rig.set({ rcx: number, rax: value & 0xffff_ffffn, rdx: value >> 32n });
  return rig.call('wrmsr');
}

function read(rig: ControlRig, number: bigint): bigint | string {
  rig.set({ rcx: number, rax: ~0n, rdx: ~0n });
  return rig.call('rdmsr') || (rig.get('rdx') << 32n) | rig.get('rax');
}

/** Clause, registers, number, value, and the trap, the stop, or what it reads as. */
const WRITES: readonly (readonly [string, Readonly<Record<string, bigint>>, bigint, bigint, string | bigint])[] = [
  ['EFER: SCE and NXE', {}, EFER, 0x801n, 0x801n],
  ['EFER: a reserved bit', {}, EFER, 0x2n, '#GP'],
  ['EFER: SVME, which is not there', {}, EFER, 0x1000n, '#GP'],
  ['EFER: bit 63', {}, EFER, 1n << 63n, '#GP'],
  ['EFER: LME before paging', {}, EFER, LME, LME],
  ['EFER: LMA is not written', {}, EFER, LME | LMA, LME],
  ['EFER: LME cleared under paging', { cr0: PG | 1n, efer: LME | LMA }, EFER, 0n, '#GP'],
  ['EFER: NXE under paging, LMA stays', { cr0: PG | 1n, efer: LME | LMA }, EFER, LME | 0x800n, LME | LMA | 0x800n],
  ['STAR takes anything', {}, 0xc000_0081n, ~0n & ((1n << 64n) - 1n), (1n << 64n) - 1n],
  ['LSTAR', {}, 0xc000_0082n, 0xffff_8000_0000_1000n, 0xffff_8000_0000_1000n],
  ['LSTAR not canonical', {}, 0xc000_0082n, NOT_CANONICAL, '#GP'],
  ['CSTAR not canonical', {}, 0xc000_0083n, NOT_CANONICAL, '#GP'],
  ['FMASK', {}, 0xc000_0084n, 0xffff_ffffn, 0xffff_ffffn],
  ['FMASK bit 32', {}, 0xc000_0084n, 1n << 32n, '#GP'],
  ['FS_BASE, canonical in 57 bits alone', {}, FS_BASE, NOT_CANONICAL - 1n, NOT_CANONICAL - 1n],
  ['FS_BASE not canonical', {}, FS_BASE, NOT_CANONICAL, '#GP'],
  ['GS_BASE not canonical', {}, 0xc000_0101n, 1n << 63n, '#GP'],
  ['KERNEL_GS_BASE', {}, KERNEL_GS_BASE, 0xff00_0000_0000_0000n, 0xff00_0000_0000_0000n],
  ['KERNEL_GS_BASE not canonical', {}, KERNEL_GS_BASE, NOT_CANONICAL, '#GP'],
  ['TSC_AUX bit 32', {}, 0xc000_0103n, 1n << 32n, '#GP'],
  ['SYSENTER_EIP not canonical', {}, 0x176n, NOT_CANONICAL, '#GP'],
  ['SYSENTER_ESP', {}, 0x175n, 0x1234_5678_9abcn, 0x1234_5678_9abcn],
  ['PAT', {}, 0x277n, 0x0007_0105_0607_0406n, 0x0007_0105_0607_0406n],
  ['PAT: type 2', {}, 0x277n, 0x0007_0406_0007_0402n, '#GP'],
  ['PAT: type 8 in the last', {}, 0x277n, 0x0807_0406_0007_0406n, '#GP'],
  ['PKRS bit 32', {}, 0x6e1n, 1n << 32n, '#GP'],
  ['PKRS', {}, 0x6e1n, 0x8000_0001n, 0x8000_0001n],
  ['MISC_ENABLE: another value', {}, 0x1a0n, 0n, '#GP'],
  ['MISC_ENABLE: its own', {}, 0x1a0n, 0x1801n, 0x1801n],
  ['APIC_BASE: x2APIC', {}, 0x1bn, 0xfee0_0d00n, '#GP'],
  ['APIC_BASE: bit 40', {}, 0x1bn, 0xfee0_0900n | (1n << 40n), '#GP'],
  ['APIC_BASE: elsewhere', {}, 0x1bn, 0xfed0_0900n, 'local APIC at fed00000'],
  ['APIC_BASE: off', {}, 0x1bn, 0xfee0_0100n, 0xfee0_0100n],
  ['TSC_DEADLINE in another mode of the timer', {}, 0x6e0n, 5n, 0n],
  ['MTRRcap, which is not there', {}, 0xfen, 0n, '#GP'],
  ['x2APIC’s ID', {}, 0x802n, 0n, '#GP'],
  ['no register at all', {}, 0xdead_beefn, 0n, '#GP'],
];

describe('WRMSR', () => {
  it.each(WRITES)('%s', (_, registers, number, value, expected) => {
    const rig = new ControlRig().set(registers);
    const outcome = write(rig, number, value);
    expect(outcome === '' ? read(rig, number) : outcome).toBe(expected);
  });

  it('looks at ECX, EDX and EAX alone', () => {
    const rig = new ControlRig().set({
      rcx: 0xffff_0000_c000_0102n,
      rax: 0xdead_0000_0000_1000n,
      rdx: 0xdead_0000_ffff_8000n,
    });
    expect([rig.call('wrmsr'), rig.get('kernel_gs_base')]).toEqual(['', 0xffff_8000_0000_1000n]);
  });
});

describe('RDMSR', () => {
  it.each([
    ['PAT at reset', 0x277n, 0x0007_0406_0007_0406n],
    ['APIC_BASE of the first hart', 0x1bn, 0xfee0_0900n],
    ['an unknown register', 0x8000_0000n, '#GP'],
  ])('%s', (_, number, expected) => {
    expect(read(new ControlRig(2), number)).toBe(expected);
  });

  it('APIC_BASE of another hart says that it is not the first', () => {
    const rig = new ControlRig(2);
    expect(rig.get('apic_base', rig.machine.harts[1])).toBe(0xfee0_0800n);
  });
});

describe('the time-stamp counter (SDM vol. 3B, 18.17)', () => {
  it('counts the scheduler’s steps; writing it moves it', () => {
    const rig = new ControlRig().set({ tsc_aux: 7n, rax: ~0n, rdx: ~0n, rcx: ~0n });
    rig.machine.clock.skip(123);
    expect(rig.call('rdtsc')).toBe('');
    expect([rig.get('rax'), rig.get('rdx')]).toEqual([123n, 0n]);
    expect(write(rig, 0x10n, 0x5_0000_0000n)).toBe('');
    rig.machine.clock.skip(1);
    expect(rig.call('rdtscp')).toBe('');
    expect([rig.get('rax'), rig.get('rdx'), rig.get('rcx')]).toEqual([1n, 5n, 7n]);
    expect(read(rig, 0x10n)).toBe(0x5_0000_0001n);
  });
});
