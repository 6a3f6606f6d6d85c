// Far transfers and returns: CALL, JMP, RET, IRET (SDM vol. 2A and 2B; vol. 3A, 5.8).
import { describe, expect, it } from 'vitest';
import { AT, CODE32, CODE64, DATA, descriptor, dpl, Rig, SEL } from './rig.ts';

const IRETQ = '48cf';
const IRETD = 'cf';
const IRETW = '66cf';
const RETFQ = '48cb';
const RETF = 'cb';
const TF = 1n << 8n;
const IF = 1n << 9n;
const IOPL = 3n << 12n;
const NT = 1n << 14n;
const RF = 1n << 16n;
const AC = 1n << 18n;
const ID = 1n << 21n;
const TO = 0xb000n;

/** A frame for IRET, of words of 8 bytes, and the instruction. */
function iret(
  rig: Rig,
  {
    rip = TO,
    cs = SEL.userCode64,
    flags = 2n,
    rsp = 0xa000n,
    ss = SEL.userData,
    size = 8,
    code = IRETQ,
  }: { rip?: bigint; cs?: number; flags?: bigint; rsp?: bigint; ss?: number; size?: number; code?: string } = {},
): Rig {
  rig.push(size, BigInt(ss), rsp, flags, BigInt(cs), rip);
  return rig.run(code);
}

describe('IRETQ (SDM vol. 2A, IRET)', () => {
  it('to CPL 3', () => {
    const rig = iret(new Rig());
    expect(['rip', 'cs', 'rsp', 'ss', 'cpl'].map((name) => rig.get(name))).toEqual([
      TO,
      BigInt(SEL.userCode64),
      0xa000n,
      BigInt(SEL.userData),
      3n,
    ]);
  });

  it('to the same CPL pops SS:RSP too, and SS may be null', () => {
    const rig = iret(new Rig(), { cs: SEL.code64, ss: 0 });
    expect([rig.get('rip'), rig.get('rsp'), rig.get('ss'), rig.get('cpl')]).toEqual([TO, 0xa000n, 0n, 0n]);
  });

  it.each([
    ['CS null', { cs: 3 }, '#13(0)'],
    ['CS beyond the GDT', { cs: 0x83 }, '#13(80)'],
    ['CS in an absent LDT', { cs: 0x37 }, '#13(34)'],
    ['CS is data', { cs: SEL.userData }, '#13(28)'],
    ['CS is a TSS', { cs: SEL.tss }, '#13(40)'],
    ['CS’s DPL is not its RPL', { cs: SEL.code64 | 3 }, '#13(10)'],
    ['SS null to CPL 3', { ss: 3 }, '#13(0)'],
    ['SS null with another RPL', { cs: SEL.code64, ss: 1 }, '#13(0)'],
    ['SS’s RPL is not CS’s', { ss: SEL.userData & ~3 }, '#13(28)'],
    ['SS’s DPL is not CS’s', { ss: SEL.data | 3 }, '#13(18)'],
    ['SS is code', { ss: SEL.userCode64 }, '#13(30)'],
    ['RIP not canonical', { rip: 1n << 47n }, '#13(0)'],
    ['RIP behind the limit of 32-bit code', { rip: 1n << 32n, cs: SEL.userCode32 }, '#13(0)'],
  ])('%s', (_, frame, want) => {
    const rig = new Rig();
    rig.push(8);
    const before: Record<string, bigint> = { ...rig.registers(), rsp: AT.stack - 40n };
    iret(rig, frame);
    expect(rig.taken).toBe(want);
    expect([1, 2, 4, 5].map((k) => rig.word(k))).toEqual([before.rip, before.cs, before.rsp, before.ss]);
  });

  it.each([
    ['CS absent', SEL.userCode64, CODE64 & ~0x80, '#11(30)'],
    ['CS with L and D', SEL.userCode64, CODE64 | 0x4000, '#13(30)'],
    ['SS absent', SEL.userData, DATA & ~0x80, '#12(28)'],
    ['SS read-only', SEL.userData, DATA & ~2, '#13(28)'],
    ['SS expands down, and serves', SEL.userData, DATA | 4, 'no'],
  ])('%s', (_, selector, attributes, want) => {
    const rig = new Rig();
    rig.gdt(selector, descriptor(attributes | dpl(3)));
    expect(iret(rig).taken).toBe(want);
  });

  it('an inner privilege is never gone back to', () => {
    expect(iret(new Rig({ cpl: 3 }), { cs: SEL.code64, ss: SEL.data }).taken).toBe('#13(10)');
  });

  it('a conforming segment of a more privileged level serves at RPL 3', () => {
    const rig = new Rig();
    rig.gdt(SEL.spare, descriptor(CODE64 | 4));
    expect([iret(rig, { cs: SEL.spare | 3 }).taken, rig.get('cpl')]).toEqual(['no', 3n]);
    const inner = new Rig();
    inner.gdt(SEL.spare, descriptor(CODE64 | 4 | dpl(3)));
    expect(iret(inner, { cs: SEL.spare, ss: 0 }).taken).toBe('#13(38)');
  });

  it('NT is #GP(0) in long mode', () => {
    const rig = new Rig();
    rig.set({ flags: NT });
    expect(iret(rig).taken).toBe('#13(0)');
  });

  it('the frame in a page that is not there: nothing has changed', () => {
    const rig = new Rig();
    rig.set({ rsp: 0xe000n - 16n });
    rig.map(0xe000n, 0n);
    rig.gate(14, { ist: 1 });
    rig.run(IRETQ);
    expect([rig.taken, rig.get('cr2'), rig.word(4)]).toEqual(['#14(0)', 0xe000n, 0xe000n - 16n]);
  });

  it.each([
    ['CPL 0', 0, 0n, IF | IOPL | NT | RF | AC | ID],
    ['CPL 3 with IOPL 0', 3, 0n, NT | RF | AC | ID],
    ['CPL 3 with IOPL 3', 3, IOPL, IF | IOPL | NT | RF | AC | ID],
  ])('flags that %s may load', (_, cpl, old, loaded) => {
    const rig = new Rig({ cpl });
    rig.set({ flags: old });
    iret(rig, { flags: IF | IOPL | NT | RF | AC | ID | (1n << 17n) | 0x802n });
    expect([rig.taken, rig.get('flags') & ~TF, rig.get('of')]).toEqual(['no', loaded, 1n]);
  });

  it('data segments that are too privileged become null, conforming code stays', () => {
    const rig = new Rig();
    rig.gdt(SEL.spare, descriptor(CODE32 | 4));
    rig.segment('ds', SEL.data);
    rig.segment('es', SEL.userData);
    rig.segment('fs', SEL.spare);
    rig.segment('gs', SEL.code32);
    iret(rig);
    expect(['ds', 'es', 'fs', 'gs', 'ds_attributes'].map((name) => rig.get(name))).toEqual([
      0n,
      BigInt(SEL.userData),
      BigInt(SEL.spare),
      0n,
      0n,
    ]);
  });

  it('to compatibility mode; a 16-bit stack leaves what is above SP', () => {
    const rig = iret(new Rig(), { cs: SEL.userCode32 });
    expect([rig.get('rip'), rig.get('code_mode')]).toEqual([TO, 1n]);
    const small = new Rig();
    small.gdt(SEL.userData, descriptor((DATA & ~0x4000) | dpl(3)));
    small.set({ rsp: 0x1_a800n });
    iret(small, { cs: SEL.userCode32, rsp: 0xffff_0123n });
    expect([small.get('rsp'), small.get('code_mode')]).toEqual([0x1_0123n, 5n]);
  });

  it('IRETD and IRETW pop words of 4 and 2 bytes', () => {
    const rig = iret(new Rig(), { size: 4, code: IRETD, flags: AC });
    expect([rig.get('rip'), rig.get('rsp'), rig.get('cpl'), rig.get('flags')]).toEqual([TO, 0xa000n, 3n, AC]);
    const small = iret(new Rig(), { size: 2, code: IRETW, flags: 0x803n });
    expect([small.get('rip'), small.get('cpl'), small.get('of'), small.get('cf')]).toEqual([TO, 3n, 1n, 1n]);
  });

  it('sets accessed bits', () => {
    const rig = new Rig();
    rig.gdt(SEL.userCode64, descriptor((CODE64 & ~1) | dpl(3)));
    rig.gdt(SEL.userData, descriptor((DATA & ~1) | dpl(3)));
    iret(rig);
    for (const selector of [SEL.userCode64, SEL.userData]) {
      expect((rig.read(AT.gdt + BigInt(selector & ~7), 8) >> 40n) & 1n).toBe(1n);
    }
  });
});

describe('IRET in protected mode', () => {
  it('to the same CPL pops three words', () => {
    const rig = new Rig({ legacy: true });
    rig.push(4, IF, BigInt(SEL.code32), TO);
    rig.run(IRETD);
    expect([rig.get('rip'), rig.get('rsp'), rig.get('flags')]).toEqual([TO, AT.stack, IF]);
  });

  it('to CPL 3 pops five', () => {
    const rig = iret(new Rig({ legacy: true }), { cs: SEL.userCode32, size: 4, code: IRETD });
    expect([rig.get('rip'), rig.get('rsp'), rig.get('cpl'), rig.get('ss')]).toEqual([
      TO,
      0xa000n,
      3n,
      BigInt(SEL.userData),
    ]);
  });

  it('other tasks and virtual-8086 mode are not supported', () => {
    const task = new Rig({ legacy: true });
    task.set({ flags: NT });
    expect(task.run(IRETD).taken).toBe('a return to another task');
    expect(iret(new Rig({ legacy: true }), { flags: 1n << 17n, size: 4, code: IRETD }).taken).toBe('virtual-8086 mode');
  });

  it('the stack’s limit is #SS(0)', () => {
    const rig = new Rig({ legacy: true });
    rig.set({ ss_limit: AT.stack + 5n });
    rig.gdt(SEL.spare, descriptor(DATA));
    rig.run(IRETD);
    expect(rig.taken).toBe('#12(0)');
  });
});

describe('far RET (SDM vol. 2B, RET)', () => {
  it('to the same CPL, releasing parameters', () => {
    const rig = new Rig();
    rig.push(8, BigInt(SEL.code64), TO);
    rig.run('48ca2000');
    expect([rig.get('rip'), rig.get('rsp')]).toEqual([TO, AT.stack + 0x20n]);
  });

  it('to CPL 3: parameters on both stacks', () => {
    const rig = new Rig();
    rig.push(8, BigInt(SEL.userData), 0xa000n, 1n, 2n, BigInt(SEL.userCode64), TO);
    rig.run('48ca1000');
    expect(['rip', 'cpl', 'rsp', 'ss'].map((name) => rig.get(name))).toEqual([TO, 3n, 0xa010n, BigInt(SEL.userData)]);
  });

  it('by default of 4-byte words', () => {
    const rig = new Rig();
    rig.push(4, BigInt(SEL.code64), TO);
    expect(rig.run(RETF).get('rip')).toBe(TO);
  });

  it.each([
    ['CS null', 0n, TO, '#13(0)'],
    ['CS’s RPL', BigInt(SEL.code64), TO, '#13(10)', 3],
    ['RIP not canonical', BigInt(SEL.code64), 1n << 47n, '#13(0)'],
    ['SS is not popped to the same CPL', BigInt(SEL.code32), TO, 'no'],
  ])('%s', (_, cs, rip, want, cpl = 0) => {
    const rig = new Rig({ cpl });
    rig.push(8, cs, rip);
    expect(rig.run(RETFQ).taken).toBe(want);
  });
});

/** A far pointer at 0xe000, and CALL and JMP through it. */
function far(rig: Rig, selector: number, offset: bigint, code: string, size = 8): Rig {
  rig.write(0xe000n, size, offset);
  rig.write(0xe000n + BigInt(size), 2, BigInt(selector));
  return rig.run(code);
}
const CALLQ = '48ff1c2500e00000';
const JMPQ = '48ff2c2500e00000';
/** A 64-bit call gate. */
function callGate(rig: Rig, selector: number, offset: bigint, attributes = 0x8c | dpl(3), upper = 0n): void {
  const low =
    (offset & 0xffffn) | (BigInt(selector) << 16n) | (BigInt(attributes) << 40n) | (((offset >> 16n) & 0xffffn) << 48n);
  rig.gdt(SEL.gate, low, (offset >> 32n) | (upper << 40n));
}

describe('far JMP and CALL (SDM vol. 2A)', () => {
  it('CALL to compatibility mode and back', () => {
    const rig = far(new Rig(), SEL.code32, TO, CALLQ);
    expect(['rip', 'cs', 'code_mode', 'rsp'].map((name) => rig.get(name))).toEqual([
      TO,
      BigInt(SEL.code32),
      1n,
      AT.stack - 16n,
    ]);
    expect([rig.word(0), rig.word(1)]).toEqual([AT.code + 8n, BigInt(SEL.code64)]);
  });

  it.each([
    ['null', 0, 0, '#13(0)'],
    ['beyond the GDT', 0x80, 0, '#13(80)'],
    ['data', SEL.data, 0, '#13(18)'],
    ['a TSS in long mode', SEL.tss, 0, '#13(40)'],
    ['nonconforming code of another DPL', SEL.userCode64, 0, '#13(30)'],
    ['nonconforming code with a higher RPL', SEL.code64 | 3, 0, '#13(10)'],
    ['code of the kernel’s at CPL 3', SEL.code64, 3, '#13(10)'],
    ['code that is the user’s at CPL 3', SEL.userCode64 & ~3, 3, 'no'],
  ])('to %s', (_, selector, cpl, want) => {
    for (const code of [CALLQ, JMPQ]) expect(far(new Rig({ cpl }), selector, TO, code).taken).toBe(want);
  });

  it('absent code, reserved code, and targets that cannot be', () => {
    for (const [attributes, offset, want] of [
      [CODE64 & ~0x80, TO, '#11(38)'],
      [CODE64 | 0x4000, TO, '#13(38)'],
      [CODE64, 1n << 47n, '#13(0)'],
      [CODE32, 1n << 32n, '#13(0)'],
      [CODE64 | 4, TO, 'no'],
    ] as const) {
      const rig = new Rig();
      rig.gdt(SEL.spare, descriptor(attributes));
      expect(far(rig, SEL.spare, offset, JMPQ).taken).toBe(want);
    }
  });

  it('through a call gate to CPL 0: RSP0 and four words, not aligned', () => {
    const rig = new Rig({ cpl: 3 });
    rig.write(AT.tss + 4n, 8, AT.rsp0 - 8n);
    callGate(rig, SEL.code64, TO);
    far(rig, SEL.gate | 3, 0n, CALLQ);
    expect(['rip', 'cpl', 'rsp', 'ss'].map((name) => rig.get(name))).toEqual([TO, 0n, AT.rsp0 - 40n, 0n]);
    expect([0, 1, 2, 3].map((k) => rig.word(k))).toEqual([
      AT.code + 8n,
      BigInt(SEL.userCode64),
      AT.stack,
      BigInt(SEL.userData),
    ]);
  });

  it('through a call gate at the same CPL: two words', () => {
    const rig = new Rig();
    callGate(rig, SEL.code64, TO);
    far(rig, SEL.gate, 0n, CALLQ);
    expect([rig.get('rip'), rig.get('rsp')]).toEqual([TO, AT.stack - 16n]);
    const jump = new Rig();
    callGate(jump, SEL.code64, TO);
    expect([far(jump, SEL.gate, 0n, JMPQ).get('rip'), jump.get('rsp')]).toEqual([TO, AT.stack]);
  });

  it.each([
    ['a gate not open to CPL', SEL.code64, TO, 0x8c, 0n, '#13(60)'],
    ['a gate absent', SEL.code64, TO, 0x6c, 0n, '#11(60)'],
    ['a gate with an upper type', SEL.code64, TO, 0xec, 1n, '#13(60)'],
    ['a 16-bit gate', SEL.code64, TO, 0xe4, 0n, '#13(60)'],
    ['a task gate', SEL.code64, TO, 0xe5, 0n, '#13(60)'],
    ['code null', 0, TO, 0xec, 0n, '#13(0)'],
    ['code of 32 bits', SEL.code32, TO, 0xec, 0n, '#13(8)'],
    ['code is data', SEL.data, TO, 0xec, 0n, '#13(18)'],
    ['target not canonical', SEL.code64, 1n << 47n, 0xec, 0n, '#13(0)'],
  ])('%s', (_, selector, offset, attributes, upper, want) => {
    const rig = new Rig({ cpl: 3 });
    callGate(rig, selector, offset, attributes, upper);
    expect(far(rig, SEL.gate | 3, 0n, CALLQ).taken).toBe(want);
  });

  it('JMP through a gate does not raise the privilege', () => {
    const rig = new Rig({ cpl: 3 });
    callGate(rig, SEL.code64, TO);
    expect(far(rig, SEL.gate | 3, 0n, JMPQ).taken).toBe('#13(10)');
  });

  it('in protected mode a 32-bit gate copies parameters', () => {
    const rig = new Rig({ legacy: true, cpl: 3 });
    rig.gdt(SEL.gate, (TO & 0xffffn) | (BigInt(SEL.code32) << 16n) | (2n << 32n) | (0xecn << 40n));
    rig.push(4, 0x22n, 0x11n);
    rig.run('9a00000000 6300');
    expect([rig.get('rip'), rig.get('rsp'), rig.get('cpl')]).toEqual([TO, AT.rsp0 - 24n, 0n]);
    expect([0, 1, 2, 3, 4, 5].map((k) => rig.word(k))).toEqual([
      AT.code + 7n,
      BigInt(SEL.userCode32),
      0x11n,
      0x22n,
      AT.stack - 8n,
      BigInt(SEL.userData),
    ]);
  });

  it('in protected mode task switches are not supported, when they would be made', () => {
    const jump = (attributes: number) => {
      const rig = new Rig({ legacy: true });
      rig.gdt(SEL.gate, descriptor(attributes, AT.tss, 0x67n));
      return rig.run('ea00000000 6000').taken;
    };
    expect([jump(0x89), jump(0x85), jump(0x8b), jump(0x09)]).toEqual([
      'a task switch',
      'a task switch',
      '#13(60)',
      '#11(60)',
    ]);
  });
});
