import { describe, expect, it } from 'vitest';
import { explain } from '../../../machine/riscv/explain.ts';

/** The fields of one register, `name=text`. */
const fields = (values: Readonly<Record<string, bigint>>, register: string) =>
  explain(new Map(Object.entries(values)))
    .registers.find(({ name }) => name === register)!
    .fields.map(({ name, text }) => `${name}=${text}`);

describe('the registers of a trap in words', () => {
  it.each([
    ['12.1.8: an exception', { scause: 15n }, 'scause', 'Exception Code=15, store/AMO page fault'],
    ['12.1.8: an interrupt', { scause: (1n << 63n) | 5n }, 'scause', 'Exception Code=5, supervisor timer interrupt'],
    ['12.1.8: a code that is reserved', { scause: 24n }, 'scause', 'Exception Code=24, exception 24'],
    [
      '12.1.9: a page fault’s value',
      { scause: 13n, stval: 8n },
      'stval',
      'stval=the address of the part of the access that faulted',
    ],
    ['12.1.9: a misaligned access’s', { scause: 4n, stval: 1n }, 'stval', 'stval=the misaligned address'],
    ['12.1.9: an illegal instruction’s bits', { scause: 2n, stval: 8n }, 'stval', 'stval=the instruction’s bits'],
    ['12.1.9: or nothing', { scause: 2n, stval: 0n }, 'stval', 'stval=nothing'],
    ['12.1.9: not an ECALL’s', { scause: 8n, stval: 8n }, 'stval', 'stval=not defined for this cause'],
    ['12.1.1: SPP', { scause: 0n, sstatus: 0x100n }, 'sstatus', 'SPP=supervisor'],
    ['12.1.1: UXL', { scause: 0n, sstatus: 2n << 32n }, 'sstatus', 'UXL=64 bits'],
    ['12.1.1: FS', { scause: 0n, sstatus: 3n << 13n }, 'sstatus', 'FS=dirty'],
    ['12.1.1: what is no field of it', { scause: 0n, sstatus: 8n }, 'sstatus', 'other bits=reserved, and yet 0x8'],
    ['3.1.6: MPP', { mcause: 0n, mstatus: 3n << 11n }, 'mstatus', 'MPP=machine'],
    ['3.1.6: MPP 2 is reserved', { mcause: 0n, mstatus: 2n << 11n }, 'mstatus', 'MPP=reserved'],
    ['3.1.6: MPRV', { mcause: 0n, mstatus: 1n << 17n }, 'mstatus', 'MPRV=1'],
  ])('%s', (_, values, register, expected) => {
    expect(fields(values as unknown as Record<string, bigint>, register)).toContain(expected);
  });

  it('mstatus has every field of sstatus, by bit', () => {
    const rows = explain(
      new Map([
        ['mcause', 0n],
        ['mstatus', 0n],
      ]),
    ).registers[1].fields;
    const low = rows.map(({ bits }) => Number(bits.split(':').at(-1)));
    expect(low).toEqual(low.toSorted((a, b) => a - b));
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['SIE', 'SPP', 'SUM', 'MXR', 'UXL', 'TSR']));
  });
});
