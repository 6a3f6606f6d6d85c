import { describe, expect, it } from 'vitest';
import { interruptGate, writeTables } from '../../../../kernel/arch/x86/descriptors.ts';

const DIRECT_MAP = 0xffff_8000_0000_0000n;
const GATE = 0xffff_8000_fed0_0000n;

const memory = new Map<bigint, bigint>();
const tables = writeTables({ own: 0x10n, idt: 0x11n, stack: 0x12n }, DIRECT_MAP, GATE, (at, value) =>
  memory.set(at, value),
);
const word = (at: bigint) => memory.get(at) ?? 0n;

describe('descriptor tables (SDM vol. 3A, 3.5.2, 6.14.1 and 8.7)', () => {
  it('lie in the direct map', () => {
    expect(tables).toEqual({
      gdt: 0xffff_8000_0001_0000n,
      idt: 0xffff_8000_0001_1000n,
      tss: 0xffff_8000_0001_0080n,
    });
  });

  it.each([
    ['0: null', 0x00n, 0n],
    ['8: 32-bit code', 0x08n, 0x00cf_9b00_0000_ffffn],
    ['10: 64-bit code of the kernel', 0x10n, 0x00af_9b00_0000_ffffn],
    ['18: data of the kernel, which SYSCALL loads', 0x18n, 0x00cf_9300_0000_ffffn],
    ['28: data of the user, which SYSRET loads', 0x28n, 0x00cf_f300_0000_ffffn],
    ['30: 64-bit code of the user', 0x30n, 0x00af_fb00_0000_ffffn],
    ['40: the TSS, available', 0x40n, 0x0000_8901_0080_0067n],
    ['40: its base’s upper half', 0x48n, 0xffff_8000n],
  ])('GDT %s', (_name, selector, descriptor) => expect(word(0x1_0000n + selector)).toBe(descriptor));

  it('TSS: RSP0, IST1, and an I/O map behind the limit', () => {
    const bytes = new Uint8Array(104);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < 104; at += 8) view.setBigUint64(at, word(0x1_0080n + BigInt(at)), true);
    expect(view.getBigUint64(4, true)).toBe(0xffff_8000_0001_3000n);
    expect(view.getBigUint64(36, true)).toBe(0xffff_8000_0001_1000n);
    expect(view.getUint16(102, true)).toBe(104);
    const used = new Set([4, 5, 6, 7, 8, 9, 10, 11, 36, 37, 38, 39, 40, 41, 42, 43, 102, 103]);
    expect([...bytes].filter((byte, i) => byte !== 0 && !used.has(i))).toEqual([]);
  });

  it.each([
    ['#DE: DPL 0', 0, 0xfed0_8e00_0010_0000n, 0xffff_8000n],
    ['#BP: DPL 3', 3, 0xfed0_ee00_0010_0018n, 0xffff_8000n],
    ['#DF: on a stack of its own', 8, 0xfed0_8e01_0010_0040n, 0xffff_8000n],
    ['the last', 255, 0xfed0_8e00_0010_07f8n, 0xffff_8000n],
  ])('IDT: %s', (_name, vector, low, high) => {
    const at = 0x1_1000n + BigInt(vector * 16);
    expect([word(at), word(at + 8n)]).toEqual([low, high]);
  });

  it('a gate has its target in three parts', () => {
    expect(interruptGate(0x1122_3344_5566_7788n, 0n, 0n)).toEqual([0x5566_8e00_0010_7788n, 0x1122_3344n]);
  });
});
