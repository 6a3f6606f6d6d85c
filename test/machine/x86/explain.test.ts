// What the registers of an event say (SDM vol. 3A, 4.7, 6.13, table 6-1).
import { describe, expect, it } from 'vitest';
import { explain } from '../../../machine/x86/explain.ts';
import { AT, Rig } from './rig.ts';

const summary = (values: Record<string, bigint>) => explain(new Map(Object.entries(values))).summary;
const fields = (values: Record<string, bigint>, register: string) =>
  (explain(new Map(Object.entries(values))).registers.find(({ name }) => name === register)?.fields ?? []).map(
    ({ name, text }) => `${name}: ${text}`,
  );

describe('explain', () => {
  it.each([
    [{ error: 0n }, 'page fault: not present, supervisor read'],
    [{ error: 6n, cr2: 0x42000n }, 'page fault: not present, user write'],
    [{ error: 7n }, 'page fault: protection violation, user write'],
    [{ error: 0x15n }, 'page fault: protection violation, user instruction fetch'],
    [{ error: 9n }, 'page fault: reserved bit, supervisor read'],
    [{ error: 0x25n }, 'page fault: protection key, user read'],
    [{ vector: 14n, error: 4n }, 'page fault: not present, user read'],
    [{ vector: 14n }, '#PF, page fault'],
    [{ vector: 13n, error: 0x402n }, '#GP, general protection'],
    [{ vector: 6n }, '#UD, invalid opcode'],
    [{ rcx: 0x9002n, r11: 0x246n }, 'SYSCALL instruction'],
    [{ r11: 0n }, 'SYSCALL instruction'],
    [{ vector: 0x100n }, 'no vector: there are 256'],
    [{ vector: 0x80n }, 'interrupt 128'],
    [{ vector: 15n }, 'reserved vector 15'],
    [{ vector: 0xffn }, 'interrupt 255'],
    [{ vector: 0xffff_ffff_ffff_ffffn }, 'no vector: there are 256'],
  ] as const)('%o', (values, words) => {
    expect(summary(values)).toBe(words);
  });

  it.each([
    [0x402n, ['index: 0x80, vector 128', 'TI: 0, without meaning', 'IDT: 1, a gate of the IDT']],
    [0x3dn, ['index: 0x7', 'TI: 1, LDT', 'IDT: 0, a segment', 'EXT: 1, while an event was delivered']],
    [0n, ['index: 0, none', 'TI: 0, GDT']],
  ])('a selector’s error code %d', (error, words) => {
    expect(fields({ vector: 13n, error }, 'error')).toEqual(expect.arrayContaining(words));
  });

  it('bits that the manual does not have are told', () => {
    expect(fields({ error: 1n << 20n }, 'error')).toContain('other bits: reserved, and yet 0x100000');
  });
});

describe('syndrome', () => {
  it('of a page fault just delivered', () => {
    const rig = new Rig({ cpl: 3 });
    rig.map(0xe000n, 0n);
    rig.run('00042500e00000');
    const { summary: words, registers, fields: told, code } = rig.hart.isa.syndrome(rig.hart, 'supervisor');
    expect(words).toBe('page fault: not present, user write');
    expect(code).toBe(14);
    expect(registers.map(({ name, value }) => [name, value])).toEqual([
      ['vector', 14n],
      ['error', 6n],
      ['cr2', 0xe000n],
      ['rip', AT.code],
      ['cs', 0x33n],
      ['rflags', 0x1_0006n],
      ['rsp', AT.stack],
      ['ss', 0x2bn],
    ]);
    expect(told.map(({ name }) => name)).toEqual(['PK', 'I/D', 'RSVD', 'U/S', 'W/R', 'P', 'CPL', 'AC']);
  });

  it('of a frame that the kernel’s entry completed: the vector and an error code lie below it', () => {
    const rig = new Rig();
    rig.run('0f0b');
    rig.push(8, 0n, 6n);
    const { summary: words, registers } = rig.hart.isa.syndrome(rig.hart, 'supervisor');
    expect(words).toBe('#UD, invalid opcode');
    expect(registers.map(({ name }) => name)).toEqual(['vector', 'rip', 'cs', 'rflags', 'rsp', 'ss']);
    expect(registers[1].value).toBe(AT.code);
  });

  it('in protected mode, with RSP and SS where the privilege changed', () => {
    const names = (cpl: number) => {
      const rig = new Rig({ legacy: true, cpl });
      rig.run('0f0b');
      return rig.hart.isa.syndrome(rig.hart, 'supervisor').registers.map(({ name }) => name);
    };
    expect(names(0)).toEqual(['vector', 'rip', 'cs', 'rflags']);
    expect(names(3)).toEqual(['vector', 'rip', 'cs', 'rflags', 'rsp', 'ss']);
  });
});
