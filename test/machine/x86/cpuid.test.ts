// CPUID (SDM vol. 2A): what it promises is there, and what is there it promises.
import { describe, expect, it } from 'vitest';
import { CR4 } from '../../../machine/x86/control.ts';
import { ControlRig } from './control-rig.ts';

function cpuid(rig: ControlRig, leaf: number, subleaf = 0): bigint[] {
  rig.set({ rax: BigInt(leaf) | (1n << 40n), rcx: BigInt(subleaf) | (1n << 40n), rbx: ~0n, rdx: ~0n });
  expect(rig.call('cpuid')).toBe('');
  return ['rax', 'rbx', 'rcx', 'rdx'].map((name) => rig.get(name));
}

const text = (words: readonly bigint[]): string =>
  words.flatMap((word) => [0n, 8n, 16n, 24n].map((at) => String.fromCharCode(Number((word >> at) & 0xffn)))).join('');

const LEAVES = { features: 1, structured: 7, extended: 0x8000_0001 } as const;
const has = (rig: ControlRig, leaf: keyof typeof LEAVES, register: number, bit: number): boolean =>
  ((cpuid(rig, LEAVES[leaf])[register] >> BigInt(bit)) & 1n) === 1n;
const [EBX, ECX, EDX] = [1, 2, 3];

/** x86-64-v2 (the psABI's levels), and what the system architecture has beside. */
const THERE: readonly (readonly [string, keyof typeof LEAVES, number, number])[] = [
  ['FPU', 'features', EDX, 0],
  ['TSC', 'features', EDX, 4],
  ['MSR', 'features', EDX, 5],
  ['CX8', 'features', EDX, 8],
  ['APIC', 'features', EDX, 9],
  ['PGE', 'features', EDX, 13],
  ['CMOV', 'features', EDX, 15],
  ['PAT', 'features', EDX, 16],
  ['CLFSH', 'features', EDX, 19],
  ['MMX', 'features', EDX, 23],
  ['FXSR', 'features', EDX, 24],
  ['SSE', 'features', EDX, 25],
  ['SSE2', 'features', EDX, 26],
  ['SSE3', 'features', ECX, 0],
  ['SSSE3', 'features', ECX, 9],
  ['CX16', 'features', ECX, 13],
  ['PCID', 'features', ECX, 17],
  ['SSE4.1', 'features', ECX, 19],
  ['SSE4.2', 'features', ECX, 20],
  ['MOVBE', 'features', ECX, 22],
  ['POPCNT', 'features', ECX, 23],
  ['TSC-deadline', 'features', ECX, 24],
  ['XSAVE', 'features', ECX, 26],
  ['FSGSBASE', 'structured', EBX, 0],
  ['SMEP', 'structured', EBX, 7],
  ['INVPCID', 'structured', EBX, 10],
  ['FCS and FDS are kept as 0', 'structured', EBX, 13],
  ['SMAP', 'structured', EBX, 20],
  ['PKU', 'structured', ECX, 3],
  ['LA57', 'structured', ECX, 16],
  ['PKS', 'structured', ECX, 31],
  ['LAHF in 64-bit mode', 'extended', ECX, 0],
  ['NX', 'extended', EDX, 20],
  ['pages of 1 GiB', 'extended', EDX, 26],
  ['RDTSCP', 'extended', EDX, 27],
  ['long mode', 'extended', EDX, 29],
];

const NOT_THERE: typeof THERE = [
  ['VME', 'features', EDX, 1],
  ['MCE', 'features', EDX, 7],
  ['MTRR', 'features', EDX, 12],
  ['MCA', 'features', EDX, 14],
  ['HTT with one hart', 'features', EDX, 28],
  ['PCLMULQDQ', 'features', ECX, 1],
  ['MONITOR', 'features', ECX, 3],
  ['FMA', 'features', ECX, 12],
  ['x2APIC', 'features', ECX, 21],
  ['AES', 'features', ECX, 25],
  ['OSXSAVE before CR4 has it', 'features', ECX, 27],
  ['AVX', 'features', ECX, 28],
  ['RDRAND', 'features', ECX, 30],
  ['BMI1', 'structured', EBX, 3],
  ['AVX2', 'structured', EBX, 5],
  ['ERMS', 'structured', EBX, 9],
  ['RDSEED', 'structured', EBX, 18],
  ['SHA', 'structured', EBX, 29],
  ['UMIP', 'structured', ECX, 2],
  ['OSPKE before CR4 has it', 'structured', ECX, 4],
  ['FSRM', 'structured', EDX, 4],
  ['LZCNT', 'extended', ECX, 5],
  ['SYSCALL outside 64-bit mode', 'extended', EDX, 11],
];

describe('features', () => {
  it.each(THERE)('%s', (_, leaf, register, bit) => {
    expect(has(new ControlRig(), leaf, register, bit)).toBe(true);
  });
  it.each(NOT_THERE)('not %s', (_, leaf, register, bit) => {
    expect(has(new ControlRig(), leaf, register, bit)).toBe(false);
  });

  it.each([
    ['OSXSAVE', { cr4: CR4.OSXSAVE }, 'features', ECX, 27, true],
    ['OSPKE', { cr4: CR4.PKE }, 'structured', ECX, 4, true],
    ['SYSCALL in 64-bit mode', { code_mode: 0n }, 'extended', EDX, 11, true],
    ['no APIC while its base is off', { apic_base: 0xfee0_0100n }, 'features', EDX, 9, false],
  ] as const)('follows the registers: %s', (_, registers, leaf, register, bit, expected) => {
    expect(has(new ControlRig().set(registers), leaf, register, bit)).toBe(expected);
  });

  /** Each bit of CR4, and the feature without which it is reserved (SDM vol. 3A, 2.5). */
  it.each([
    ['DE', 'features', EDX, 2],
    ['PSE', 'features', EDX, 3],
    ['PGE', 'features', EDX, 13],
    ['OSFXSR', 'features', EDX, 24],
    ['OSXMMEXCPT', 'features', EDX, 25],
    ['LA57', 'structured', ECX, 16],
    ['FSGSBASE', 'structured', EBX, 0],
    ['OSXSAVE', 'features', ECX, 26],
    ['SMEP', 'structured', EBX, 7],
    ['SMAP', 'structured', EBX, 20],
    ['PKE', 'structured', ECX, 3],
    ['PKS', 'structured', ECX, 31],
  ] as const)('CR4.%s can be set, and its feature is reported', (name, leaf, register, bit) => {
    const rig = new ControlRig();
    expect(has(rig, leaf, register, bit)).toBe(true);
    expect(rig.set({ t0: CR4[name] }).call('writeControl', 4)).toBe('');
  });
});

describe('leaves', () => {
  it.each([
    ['0: the last basic leaf', 0, 0, [0xdn, 0x6c756146n, 0x3436_5865n, 0x6e69_6c74n]],
    ['4: no caches', 4, 0, [0n, 0n, 0n, 0n]],
    ['6: the APIC timer always runs', 6, 0, [4n, 0n, 0n, 0n]],
    ['7.1 is empty', 7, 1, [0n, 0n, 0n, 0n]],
    ['B.0: threads', 0xb, 0, [0n, 1n, 0x100n, 0n]],
    ['B.1: cores', 0xb, 1, [0n, 1n, 0x201n, 0n]],
    ['B.2: no more', 0xb, 2, [0n, 0n, 2n, 0n]],
    ['D.0: x87 and SSE in 576 bytes', 0xd, 0, [3n, 576n, 576n, 0n]],
    ['D.1: XSAVE as it was first', 0xd, 1, [0n, 0n, 0n, 0n]],
    ['D.2: no AVX', 0xd, 2, [0n, 0n, 0n, 0n]],
    ['beyond the last basic leaf: that one', 0x15, 0, [3n, 576n, 576n, 0n]],
    ['a hypervisor’s: the last basic one', 0x4000_0000, 0, [3n, 576n, 576n, 0n]],
    ['80000000: the last extended leaf', 0x8000_0000, 0, [0x8000_0008n, 0n, 0n, 0n]],
    ['80000007: the time-stamp counter is invariant', 0x8000_0007, 0, [0n, 0n, 0n, 0x100n]],
    ['80000008: widths of addresses', 0x8000_0008, 0, [0x3928n, 0n, 0n, 0n]],
    ['beyond the last extended leaf: the last basic one', 0x8000_0009, 0, [3n, 576n, 576n, 0n]],
  ])('%s', (_, leaf, subleaf, expected) => {
    expect(cpuid(new ControlRig(), leaf, subleaf)).toEqual(expected);
  });

  it('vendor and brand', () => {
    const rig = new ControlRig();
    const [, ebx, ecx, edx] = cpuid(rig, 0);
    expect(text([ebx, edx, ecx])).toBe('FaultlineX64');
    const brand = [2, 3, 4].flatMap((i) => cpuid(rig, 0x8000_0000 + i));
    expect(text(brand).replace(/\0+$/, '')).toBe('Faultline x86-64-v2');
  });

  it('tells harts apart, and how many there are', () => {
    const rig = new ControlRig(4);
    const [, ebx, , edx] = cpuid(rig, 1);
    expect([ebx >> 24n, (ebx >> 16n) & 0xffn, (edx >> 28n) & 1n]).toEqual([0n, 4n, 1n]);
    expect(cpuid(rig, 0xb, 1)).toEqual([2n, 4n, 0x201n, 0n]);
  });
});
