// Segment registers and descriptor tables (SDM vol. 2: MOV, LGDT, LLDT, LTR, LAR, LSL, VERR, VERW; vol. 3A, chapters 3 and 5).
import { describe, expect, it } from 'vitest';
import { AT, CODE32, DATA, descriptor, dpl, Rig, SEL } from './rig.ts';

const MOV_DS = '8ed8';
const MOV_SS = '8ed0';
const MOV_CS = '8ec8';
const MOV_FS = '8ee0';
const LTR = '0f00d8';
const LLDT = '0f00d0';
const LAR = '0f02c8';
const LSL = '0f03c8';
const VERR = '0f00e0';
const VERW = '0f00e8';

/** Runs an instruction whose selector is in AX. */
function ax(rig: Rig, selector: number, code: string): Rig {
  rig.set({ rax: BigInt(selector) });
  return rig.run(code);
}

describe('MOV to DS and its like', () => {
  it.each([
    ['null', 0, 0, 'no'],
    ['null with an RPL', 3, 0, 'no'],
    ['beyond the GDT', 0x80, 0, '#13(80)'],
    ['in an absent LDT', 0x0c, 0, '#13(c)'],
    ['a TSS', SEL.tss, 0, '#13(40)'],
    ['readable code', SEL.code64, 0, 'no'],
    ['more privileged data at CPL 3', SEL.data, 3, '#13(18)'],
    ['more privileged data by RPL', SEL.data | 3, 0, '#13(18)'],
    ['the user’s data at CPL 0', SEL.userData, 0, 'no'],
    ['more privileged code at CPL 3', SEL.code64 | 3, 3, '#13(10)'],
  ])('%s', (_, selector, cpl, want) => {
    const rig = ax(new Rig({ cpl }), selector, MOV_DS);
    expect(rig.taken).toBe(want);
    if (want === 'no') expect(rig.get('ds')).toBe(BigInt(selector));
  });

  it.each([
    ['code that is not readable', 0xc099, '#13(38)'],
    ['data absent', DATA & ~0x80, '#11(38)'],
    ['wrong before absent', 0x4019, '#13(38)'],
    ['conforming code of CPL 0', CODE32 | 4, 'no', 3],
    ['read-only data', DATA & ~2, '#13(38)', 3],
    ['read-only data of the user’s', (DATA & ~2) | dpl(3), 'no', 3],
  ])('%s', (_, attributes, want, cpl = 0) => {
    const rig = new Rig({ cpl });
    rig.gdt(SEL.spare, descriptor(attributes));
    expect(ax(rig, SEL.spare | cpl, MOV_DS).taken).toBe(want);
  });

  it('base, limit and accessed bit', () => {
    const rig = new Rig();
    rig.gdt(SEL.spare, descriptor(0x4092, 0x1234_5678n, 0x9abcdn));
    ax(rig, SEL.spare, MOV_FS);
    expect(['fs_base', 'fs_limit', 'fs_attributes'].map((name) => rig.get(name))).toEqual([
      0x1234_5678n,
      0x9abcdn,
      0x4093n,
    ]);
    expect((rig.read(AT.gdt + BigInt(SEL.spare), 8) >> 40n) & 1n).toBe(1n);
  });

  it('a GDT that cannot be written is #PF where the accessed bit would be set; the register stays', () => {
    const rig = new Rig({ cpl: 3 });
    rig.gdt(SEL.spare, descriptor((DATA & ~1) | dpl(3)));
    // Present and read-only; CR0.WP is set.
    rig.map(AT.gdt, AT.gdt | 5n);
    ax(rig, SEL.spare | 3, MOV_DS);
    expect([rig.taken, rig.get('cr2'), rig.get('ds')]).toEqual([
      '#14(3)',
      AT.gdt + BigInt(SEL.spare) + 5n,
      BigInt(SEL.userData),
    ]);
  });

  it('the GDT is the supervisor’s to read at CPL 3', () => {
    const rig = new Rig({ cpl: 3 });
    rig.map(AT.gdt, AT.gdt | 3n);
    expect(ax(rig, SEL.userData, MOV_DS).taken).toBe('no');
    const absent = new Rig({ cpl: 3 });
    absent.write(AT.tss + 4n, 8, AT.rsp0);
    absent.map(AT.gdt, 0n);
    // The handler's own segment cannot be read either.
    expect(ax(absent, SEL.userData, MOV_DS).taken).toBe('triple fault');
  });

  it('through an LDT', () => {
    const rig = new Rig();
    rig.set({ ldtr_base: AT.ldt, ldtr_limit: 0xfn, ldtr_attributes: 0x82n });
    rig.write(AT.ldt + 8n, 8, descriptor(DATA));
    expect(ax(rig, 0xc, MOV_DS).taken).toBe('no');
    expect(ax(rig, 0x14, MOV_DS).taken).toBe('#13(14)');
  });
});

describe('MOV to SS and CS', () => {
  it.each([
    ['null in 64-bit mode', 0, 0, 'no'],
    ['null with another RPL', 1, 0, '#13(0)'],
    ['null at CPL 3', 3, 3, '#13(0)'],
    ['RPL is not CPL', SEL.data | 3, 0, '#13(18)'],
    ['DPL is not CPL', SEL.userData & ~3, 0, '#13(28)'],
    ['code', SEL.code64, 0, '#13(10)'],
    ['data', SEL.userData, 3, 'no'],
  ])('SS: %s', (_, selector, cpl, want) => {
    expect(ax(new Rig({ cpl }), selector, MOV_SS).taken).toBe(want);
  });

  it('SS: absent is #SS, null is #GP(0) outside 64-bit mode', () => {
    const rig = new Rig();
    rig.gdt(SEL.spare, descriptor(DATA & ~0x80));
    expect(ax(rig, SEL.spare, MOV_SS).taken).toBe('#12(38)');
    expect(ax(new Rig({ legacy: true }), 0, MOV_SS).taken).toBe('#13(0)');
  });

  it('CS is #UD', () => {
    expect(ax(new Rig(), SEL.code64, MOV_CS).taken).toBe('#6');
  });

  it('SS of 16 bits makes the stack pointer small', () => {
    const rig = new Rig({ legacy: true });
    rig.gdt(SEL.spare, descriptor(DATA & ~0x4000));
    expect(ax(rig, SEL.spare, MOV_SS).get('code_mode')).toBe(5n);
  });

  it('only the first of several loads holds interrupts back', () => {
    const rig = ax(new Rig(), SEL.data, MOV_SS);
    const held = rig.get('shadow');
    rig.run(MOV_SS);
    expect(rig.get('shadow')).toBe(held);
    rig.run(MOV_SS);
    expect(rig.get('shadow')).not.toBe(held);
  });
});

describe('LTR and LLDT', () => {
  it('LTR marks the TSS busy, and takes no busy one', () => {
    const rig = new Rig();
    rig.gdt(SEL.spare2, descriptor(0x89, AT.tss, 0x67n), 0xffff_8000n);
    ax(rig, SEL.spare2, LTR);
    expect([rig.taken, rig.get('tr'), rig.get('tr_base'), rig.get('tr_attributes')]).toEqual([
      'no',
      BigInt(SEL.spare2),
      (0xffff_8000n << 32n) | AT.tss,
      0x8bn,
    ]);
    expect(ax(rig, SEL.spare2, LTR).taken).toBe('#13(50)');
    expect(ax(new Rig(), SEL.tss, LTR).taken).toBe('#13(40)');
  });

  it.each([
    ['null', 0, 0x89, 0n, '#13(0)'],
    ['in the LDT', SEL.spare2 | 4, 0x89, 0n, '#13(54)'],
    ['absent', SEL.spare2, 0x09, 0n, '#11(50)'],
    ['16-bit', SEL.spare2, 0x81, 0n, '#13(50)'],
    ['LDT', SEL.spare2, 0x82, 0n, '#13(50)'],
    ['data', SEL.spare2, DATA, 0n, '#13(50)'],
    ['with a type above', SEL.spare2, 0x89, 0x100n << 32n, '#13(50)'],
    ['base not canonical', SEL.spare2, 0x89, 0x8000n, '#13(50)'],
    ['upper half beyond the GDT', 0x78, 0x89, 0n, '#13(78)'],
  ])('LTR: %s', (_, selector, attributes, high, want) => {
    const rig = new Rig();
    rig.gdt(selector === 0 ? SEL.spare2 : selector, descriptor(attributes, AT.tss, 0x67n), high);
    expect(ax(rig, selector, LTR).taken).toBe(want);
  });

  it('LLDT: null leaves none, others are checked', () => {
    const rig = new Rig();
    rig.gdt(SEL.spare2, descriptor(0x82, AT.ldt, 0xfn), 0n);
    ax(rig, SEL.spare2, LLDT);
    expect([rig.taken, rig.get('ldtr_base'), rig.get('ldtr_limit')]).toEqual(['no', AT.ldt, 0xfn]);
    ax(rig, 0, LLDT);
    expect([rig.taken, rig.get('ldtr_attributes')]).toEqual(['no', 0n]);
    expect(ax(new Rig(), SEL.tss, LLDT).taken).toBe('#13(40)');
  });

  it('are for CPL 0 alone, as are LGDT and LIDT', () => {
    for (const code of [LTR, LLDT, '0f0114250090000', '0f011c2500e00000']) {
      expect(ax(new Rig({ cpl: 3 }), 0, code).taken).toBe('#13(0)');
    }
  });

  it('LGDT: 16-bit limit, 64-bit base, which must be canonical', () => {
    const rig = new Rig();
    rig.write(0xe000n, 2, 0x7fn);
    rig.write(0xe002n, 8, AT.gdt);
    rig.run('0f011425 00e00000');
    expect([rig.get('gdtr_limit'), rig.get('gdtr_base')]).toEqual([0x7fn, AT.gdt]);
    rig.write(0xe002n, 8, 1n << 47n);
    expect(rig.run('0f011425 00e00000').taken).toBe('#13(0)');
  });
});

describe('LAR, LSL, VERR, VERW', () => {
  const asked = (attributes: number, cpl: number, code: string, limit = 0xf_ffffn) => {
    const rig = new Rig({ cpl });
    rig.gdt(SEL.spare2, descriptor(attributes, 0n, limit), 0n);
    rig.set({ rcx: 0x55n });
    ax(rig, SEL.spare2 | cpl, code);
    return rig.get('zf') === 1n ? rig.get('rcx') : 'no';
  };
  it.each([
    ['LAR of data', LAR, DATA, 0, 0xc0_9300n],
    ['LAR of a TSS', LAR, 0x89, 0, 0x8900n],
    ['LAR of a call gate', LAR, 0x8c, 0, 0x8c00n],
    ['LAR of an interrupt gate', LAR, 0x8e, 0, 'no'],
    ['LAR of a task gate in long mode', LAR, 0x85, 0, 'no'],
    ['LAR of privileged data at CPL 3', LAR, DATA, 3, 'no'],
    ['LAR of conforming code at CPL 3', LAR, CODE32 | 4, 3, 0xc0_9f00n],
    ['LSL of data', LSL, DATA, 0, 0xffff_ffffn],
    ['LSL of bytes', LSL, 0x93, 0, 0xf_ffffn],
    ['LSL of a call gate', LSL, 0x8c, 0, 'no'],
    ['VERR of data', VERR, DATA, 0, 0x55n],
    ['VERR of code that is not readable', VERR, 0xc099, 0, 'no'],
    ['VERR of a TSS', VERR, 0x89, 0, 'no'],
    ['VERW of read-only data', VERW, DATA & ~2, 0, 'no'],
    ['VERW of data', VERW, DATA, 0, 0x55n],
    ['VERW of code', VERW, CODE32, 0, 'no'],
  ])('%s', (_, code, attributes, cpl, want) => {
    expect(asked(attributes, cpl, code)).toBe(want);
  });

  it('null and beyond the table clear ZF', () => {
    for (const selector of [0, 3, 0x80, 0xc]) {
      const rig = new Rig();
      rig.set({ zf: 1n });
      expect([ax(rig, selector, LAR).taken, rig.get('zf')]).toEqual(['no', 0n]);
    }
  });

  it('a table that is not there is a page fault all the same', () => {
    const rig = new Rig();
    rig.set({ gdtr_base: 0xdff0n });
    rig.map(0xe000n, 0n);
    // The handler's segment is still found, below.
    for (let i = 0n; i < 2n; i++) rig.write(0xdff0n + i * 8n, 8, descriptor(0xa09b));
    rig.gate(14, { selector: 8 });
    expect([ax(rig, SEL.code64, LAR).taken, rig.get('cr2')]).toEqual(['#14(0)', 0xe000n]);
  });
});

describe('segments outside 64-bit mode (5.3)', () => {
  /** ADD AL, [offset] or [offset], AL in a segment of these attributes and limit. */
  const access = (attributes: number, limit: bigint, offset: bigint, write: boolean, segment = 'ds') => {
    const rig = new Rig({ legacy: true });
    rig.set({
      [`${segment}_attributes`]: BigInt(attributes),
      [`${segment}_limit`]: limit,
      [`${segment}_base`]: 0x100n,
    });
    const bytes = [0n, 8n, 16n, 24n].map((k) => ((offset >> k) & 0xffn).toString(16).padStart(2, '0')).join('');
    return rig.run(`${segment === 'ss' ? '36' : ''}${write ? '00' : '02'}05${bytes}`).taken;
  };
  it.each([
    ['within the limit', DATA, 0xfffn, 0xfffn, true, 'no'],
    ['behind it', DATA, 0xfffn, 0x1000n, false, '#13(0)'],
    ['expand down, below', DATA | 4, 0xfffn, 0xfffn, false, '#13(0)'],
    ['expand down, above', DATA | 4, 0xfffn, 0x1000n, true, 'no'],
    ['expand down of 16 bits', (DATA | 4) & ~0x4000, 0xfffn, 0x1_0000n, false, '#13(0)'],
    ['a write to read-only data', DATA & ~2, 0xffffn, 0n, true, '#13(0)'],
    ['a write to code', CODE32, 0xffffn, 0n, true, '#13(0)'],
    ['a read of code', CODE32, 0xffffn, 0n, false, 'no'],
    ['a read of code that is not readable', CODE32 & ~2, 0xffffn, 0n, false, '#13(0)'],
    ['a null segment', 0, 0xffffn, 0n, false, '#13(0)'],
  ])('%s', (_, attributes, limit, offset, write, want) => {
    expect(access(attributes, limit, offset, write)).toBe(want);
  });
});
