import { describe, expect, it } from 'vitest';
import { EC, esr } from '../../../machine/aarch64/causes.ts';
import { explain, faultStatus } from '../../../machine/aarch64/explain.ts';

const told = (ec: number, iss = 0, others: Readonly<Record<string, bigint>> = {}) =>
  explain(new Map([['esr_el1', BigInt(esr(ec, iss))], ...Object.entries(others)]));

/** The fields of ESR_EL1, `name=text`. */
const fields = (ec: number, iss: number) =>
  told(ec, iss).registers[0].fields.map(({ name, text }) => `${name}=${text}`);

describe('D17.2.37: ESR_EL1 in words', () => {
  it.each([
    [EC.dataLower, 0x47, 'data abort: translation fault, level 3, write'],
    [EC.dataSame, 0x0f, 'data abort: permission fault, level 3, read'],
    [EC.dataLower, 0x147, 'data abort: translation fault, level 3, cache maintenance or address translation'],
    [EC.unknown, 0, 'undefined instruction (unknown reason)'],
    [EC.dataSame, 0x61, 'data abort: alignment fault, write'],
    [EC.instructionLower, 0x0f, 'instruction abort: permission fault, level 3'],
    // WnR means nothing for a fetch.
    [EC.instructionSame, 0x44, 'instruction abort: translation fault, level 0'],
    [EC.svc, 0, 'SVC instruction'],
    [EC.pcAlignment, 0, 'PC alignment fault'],
    [0x3f, 0, 'exception class 63'],
  ])('EC %d, ISS %d: %s', (ec, iss, summary) => {
    expect(told(ec, iss).summary).toBe(summary);
  });

  it.each([
    [EC.dataLower, 0x400 | 0x10, 'FnV=1, FAR is not valid'],
    [EC.dataLower, 0x140, 'CM=1, cache maintenance or address translation'],
    [EC.systemRegister, 0x30_0000 | (5 << 5) | 1, 'Rt=5'],
    [EC.systemRegister, 1, 'Direction=1, read (MRS, SYSL)'],
    [EC.brk, 0xf000, 'Comment=0xf000'],
    [EC.svc, 0x10, 'imm16=0x10'],
    [EC.stepLower, (1 << 24) | 0x22, 'IFSC=0x22, debug exception'],
    [EC.wfx, 1, 'TI=WFE'],
    [EC.unknown, 4, 'other bits=reserved, and yet 0x4'],
  ])('EC %d, ISS %d has %s', (ec, iss, expected) => {
    expect(fields(ec, iss)).toContain(expected);
  });

  it.each([
    [0x00, 'address size fault, level 0'],
    [0x07, 'translation fault, level 3'],
    [0x09, 'access flag fault, level 1'],
    [0x0e, 'permission fault, level 2'],
    [0x10, 'synchronous external abort'],
    [0x15, 'external abort on the walk, level 1'],
    [0x21, 'alignment fault'],
    [0x30, 'TLB conflict abort'],
    [0x3f, 'reserved'],
  ])('status code %d: %s', (code, expected) => {
    expect(faultStatus(code)).toBe(expected);
  });
});

describe('the registers beside it', () => {
  const field = (ec: number, iss: number, name: string, value: bigint) =>
    told(ec, iss, { [name]: value }).registers[1].fields.map(({ name: own, text }) => `${own}=${text}`);

  it.each([
    [EC.dataLower, 0x47, 'far_el1', 1n, 'FAR=the faulting virtual address'],
    [EC.dataLower, 0x410, 'far_el1', 0n, 'FAR=not valid: FnV is set'],
    [EC.pcAlignment, 0x400, 'far_el1', 0n, 'FAR=the faulting virtual address'],
    [EC.svc, 0, 'far_el1', 0n, 'FAR=not set by this class of exception'],
    [EC.svc, 0, 'spsr_el1', 0n, 'M=EL0t'],
    [EC.svc, 0, 'spsr_el1', 5n, 'M=EL1h'],
    [EC.svc, 0, 'spsr_el1', 0x10n, 'M=0x10, AArch32'],
    [EC.svc, 0, 'spsr_el1', 0x8n, 'M=0x8, reserved'],
    [EC.svc, 0, 'spsr_el1', 1n << 22n, 'PAN=1, user pages closed'],
    [EC.svc, 0, 'spsr_el1', 1n << 7n, 'I=1, masked'],
  ])('EC %d, ISS %d, %s = %d: %s', (ec, iss, name, value, expected) => {
    expect(field(ec, iss, name, value)).toContain(expected);
  });
});
