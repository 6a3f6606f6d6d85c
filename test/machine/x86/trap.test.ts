// Delivery of interrupts and exceptions: frames, stacks, error codes, double and triple faults (SDM vol. 3A, chapter 6).
import { describe, expect, it } from 'vitest';
import { AT, CODE32, CODE64, DATA, descriptor, Rig, SEL } from './rig.ts';

const INT = 'cd80';
const INT3 = 'cc';
const UD2 = '0f0b';
const TF = 1n << 8n;
const IF = 1n << 9n;
const NT = 1n << 14n;
const RF = 1n << 16n;
const AC = 1n << 18n;
/** INT 80h's gate opened to the user. */
const open = (rig: Rig) => rig.gate(0x80, { type: 0xee });

describe('frames in long mode (6.14.2 to 6.14.5)', () => {
  it('from CPL 3: RSP0, a null SS, and all five words', () => {
    const rig = new Rig({ cpl: 3 });
    open(rig);
    rig.set({ flags: IF | NT | AC });
    rig.run(INT);
    expect(rig.vector).toBe(0x80);
    expect(rig.get('rsp')).toBe(AT.rsp0 - 40n);
    expect([0, 1, 2, 3, 4].map((k) => rig.word(k))).toEqual([
      AT.code + 2n,
      BigInt(SEL.userCode64),
      IF | NT | AC | 6n,
      AT.stack,
      BigInt(SEL.userData),
    ]);
    expect([rig.get('ss'), rig.get('ss_attributes'), rig.get('cs'), rig.get('cpl')]).toEqual([
      0n,
      0n,
      BigInt(SEL.code64),
      0n,
    ]);
    // IF and NT are cleared, AC is not.
    expect(rig.get('flags')).toBe(AC);
  });

  it('at the same CPL: RSP is aligned to 16 first, SS stays', () => {
    const rig = new Rig();
    rig.set({ rsp: AT.stack - 5n });
    rig.run(INT3);
    expect([rig.vector, rig.get('rsp'), rig.word(3), rig.word(4)]).toEqual([
      3,
      AT.stack - 16n - 40n,
      AT.stack - 5n,
      BigInt(SEL.data),
    ]);
    expect(rig.get('ss')).toBe(BigInt(SEL.data));
  });

  it.each([
    ['IST 1 from CPL 0', 0, 1, AT.ist1],
    ['IST 2 from CPL 3', 3, 2, AT.ist2],
    ['IST 1 from CPL 3', 3, 1, AT.ist1],
  ])('%s', (_, cpl, ist, top) => {
    const rig = new Rig({ cpl });
    rig.gate(6, { ist });
    rig.run(UD2);
    expect([rig.vector, rig.get('rsp')]).toEqual([6, top - 40n]);
    expect(rig.get('ss')).toBe(cpl === 3 ? 0n : BigInt(SEL.data));
  });

  it('an IST pointer is aligned too', () => {
    const rig = new Rig();
    rig.write(AT.tss + 36n, 8, AT.ist1 - 3n);
    rig.gate(6, { ist: 1 });
    rig.run(UD2);
    expect(rig.get('rsp')).toBe(AT.ist1 - 16n - 40n);
  });

  it('a trap gate leaves IF; both clear TF', () => {
    for (const [type, left] of [
      [0x8f, IF],
      [0x8e, 0n],
    ] as const) {
      const rig = new Rig();
      rig.gate(3, { type });
      rig.set({ flags: IF });
      rig.run(INT3);
      expect(rig.get('flags')).toBe(left);
    }
  });

  it('faults push RF, software interrupts do not (18.3.1.1)', () => {
    const fault = new Rig().run(UD2);
    expect(fault.word(2) & RF).toBe(RF);
    expect(new Rig().run(INT3).word(2) & RF).toBe(0n);
  });

  it('a conforming handler runs at the CPL that it interrupted, on its stack', () => {
    const rig = new Rig({ cpl: 3 });
    rig.gdt(SEL.spare, descriptor(CODE64 | 4));
    rig.gate(3, { type: 0xee, selector: SEL.spare });
    rig.run(INT3);
    expect([rig.vector, rig.get('cpl'), rig.get('cs'), rig.get('rsp')]).toEqual([
      3,
      3n,
      BigInt(SEL.spare | 3),
      AT.stack - 40n,
    ]);
  });

  it('from compatibility mode to 64-bit code, with five words', () => {
    const rig = new Rig({ cpl: 3 });
    rig.segment('cs', SEL.userCode32);
    rig.hart.contextChanged();
    rig.hart.isa.writeSystem(rig.hart, 'rflags', 2n);
    // 32-bit code: mode follows from CS.
    rig.set({ code_mode: 1n });
    open(rig);
    rig.run(INT);
    expect([rig.vector, rig.get('code_mode'), rig.get('rsp'), rig.word(1)]).toEqual([
      0x80,
      0n,
      AT.rsp0 - 40n,
      BigInt(SEL.userCode32),
    ]);
  });

  it('sets the accessed bit of the handler’s code segment', () => {
    const rig = new Rig();
    rig.gdt(SEL.spare, descriptor(CODE64 & ~1));
    rig.gate(3, { selector: SEL.spare });
    rig.run(INT3);
    expect((rig.read(AT.gdt + BigInt(SEL.spare), 8) >> 40n) & 1n).toBe(1n);
  });
});

/** What breaks the delivery of an event, and what comes of INT 80h and of #UD by it. */
const BROKEN: readonly (readonly [what: string, (rig: Rig, vector: number) => void, byInt: string, byFault: string])[] =
  [
    ['gate of no type', (r, v) => r.gate(v, { type: 0x80 }), '#13(402)', '#13(33)'],
    ['gate with S', (r, v) => r.gate(v, { type: 0x9e }), '#13(402)', '#13(33)'],
    ['16-bit gate', (r, v) => r.gate(v, { type: 0x86 }), '#13(402)', '#13(33)'],
    ['task gate', (r, v) => r.gate(v, { type: 0x85 }), '#13(402)', '#13(33)'],
    ['gate absent', (r, v) => r.gate(v, { type: 0x6e }), '#11(402)', '#11(33)'],
    ['code null', (r, v) => r.gate(v, { type: 0xee, selector: 3 }), '#13(0)', '#13(1)'],
    ['code beyond the GDT', (r, v) => r.gate(v, { type: 0xee, selector: 0x80 }), '#13(80)', '#13(81)'],
    ['code in an absent LDT', (r, v) => r.gate(v, { type: 0xee, selector: 0xc }), '#13(c)', '#13(d)'],
    ['code is data', (r, v) => r.gate(v, { type: 0xee, selector: SEL.data }), '#13(18)', '#13(19)'],
    ['code is a TSS', (r, v) => r.gate(v, { type: 0xee, selector: SEL.tss }), '#13(40)', '#13(41)'],
    ['code of 32 bits', (r, v) => r.gate(v, { type: 0xee, selector: SEL.code32 }), '#13(8)', '#13(9)'],
    [
      'code with L and D',
      (r, v) => {
        r.gdt(SEL.spare, descriptor(CODE64 | (1 << 14)));
        r.gate(v, { type: 0xee, selector: SEL.spare });
      },
      '#13(38)',
      '#13(39)',
    ],
    [
      'code absent',
      (r, v) => {
        r.gdt(SEL.spare, descriptor(CODE64 & ~0x80));
        r.gate(v, { type: 0xee, selector: SEL.spare });
      },
      '#11(38)',
      '#11(39)',
    ],
    ['offset not canonical', (r, v) => r.gate(v, { type: 0xee, to: 1n << 47n }), '#13(0)', '#13(1)'],
  ];

describe('error codes of a broken gate (6.13): EXT where no instruction asked for it', () => {
  it.each(BROKEN)('%s', (_, brk, byInt, byFault) => {
    for (const [vector, code, want] of [
      [0x80, INT, byInt],
      [6, UD2, byFault],
    ] as const) {
      const rig = new Rig();
      brk(rig, vector);
      expect(rig.run(code).taken).toBe(want);
      // It is a fault: the instruction's own address, whatever the software interrupt would have pushed.
      expect(rig.word(1)).toBe(AT.code);
    }
  });

  it('IDT limit', () => {
    const rig = new Rig();
    rig.set({ idtr_limit: 0x80en });
    expect(rig.run(INT).taken).toBe('#13(402)');
  });

  it('a software interrupt needs a gate open to CPL; #BP by INT3 too, #DB by INT1 not', () => {
    for (const [code, want] of [
      [INT, '#13(402)'],
      [INT3, '#13(1a)'],
      ['cd03', '#13(1a)'],
      ['f1', '#1'],
      [UD2, '#6'],
    ]) {
      expect(new Rig({ cpl: 3 }).run(code).taken).toBe(want);
    }
  });

  it('INT n of an exception’s vector pushes no error code', () => {
    const rig = new Rig();
    rig.run('cd0e');
    expect([rig.vector, rig.get('rsp'), rig.word(0)]).toEqual([14, AT.stack - 40n, AT.code + 2n]);
  });

  it('code more privileged than the handler’s is #GP', () => {
    const rig = new Rig();
    rig.gate(6, { selector: SEL.userCode64 });
    expect(rig.run(UD2).taken).toBe('#13(31)');
  });
});

describe('the TSS and its stacks (6.14.4, 8.7)', () => {
  it.each([
    ['TR’s limit before RSP0’s end', (r: Rig) => r.set({ tr_limit: 10n }), '#10(40)', true],
    ['RSP0 not canonical', (r: Rig) => r.write(AT.tss + 4n, 8, (1n << 47n) + 0x1000n), '#12(0)', true],
    ['RSP0 in a page that is not there', (r: Rig) => r.map(AT.rsp0 - 1n, 0n), '#14(2)', false],
    ['the TSS in a page that is not there', (r: Rig) => r.map(AT.tss, 0n), '#14(0)', false],
  ])('%s', (_, brk, want, second) => {
    const rig = new Rig({ cpl: 3 });
    open(rig);
    // The second event gets a stack of its own.
    for (const vector of [10, 12, 14]) rig.gate(vector, { ist: second ? 1 : 2 });
    rig.set({ tr_limit: 0x67n });
    brk(rig);
    if (want === '#10(40)') {
      // The IST lies beyond the limit too: the second is one again, and that is a double fault, and a triple one.
      expect(rig.run(INT).taken).toBe('triple fault');
      return;
    }
    if (want === '#14(0)') {
      expect(rig.run(INT).taken).toBe('triple fault');
      return;
    }
    expect(rig.run(INT).taken).toBe(want);
  });

  it('a limit that ends behind RSP0 gives #TS with TR’s selector and EXT, on that stack', () => {
    const rig = new Rig({ cpl: 3 });
    rig.set({ tr_limit: 0x20n });
    rig.gate(6, { ist: 1 });
    expect(rig.run(UD2).taken).toBe('#10(41)');
  });

  it('a page fault while the frame is pushed is the supervisor’s write; registers are as before it', () => {
    const rig = new Rig({ cpl: 3 });
    open(rig);
    rig.map(AT.rsp0 - 1n, 0n);
    rig.gate(14, { ist: 1 });
    rig.write(AT.tss + 36n, 8, AT.stack);
    rig.run(INT);
    expect([rig.taken, rig.get('cr2')]).toEqual(['#14(2)', AT.rsp0 - 8n]);
    expect([1, 2, 4, 5].map((k) => rig.word(k))).toEqual([
      AT.code,
      BigInt(SEL.userCode64),
      AT.stack,
      BigInt(SEL.userData),
    ]);
  });

  it('the IDT in a page that is not there: a page fault, then a triple fault', () => {
    const rig = new Rig();
    rig.map(AT.idt, 0n);
    expect(rig.run(INT).taken).toBe('triple fault');
    expect(rig.finish).toEqual({
      kind: 'shutdown',
      what: 'triple fault',
      story: [
        'interrupt 128, rip 0x9000',
        'in its delivery: #PF, page fault, error code 0x0, address 0x3800, rip 0x9000',
        'in its delivery: #PF, page fault, error code 0x0, address 0x30e0, rip 0x9000',
        '#DF, double fault, error code 0x0, rip 0x9000',
        'in its delivery: #PF, page fault, error code 0x0, address 0x3080, rip 0x9000',
      ],
    });
  });
});

/** Makes a vector's delivery meet #NP (contributory) or #PF. */
const contributory = (rig: Rig, vector: number) => rig.gate(vector, { type: 0x0e });
const pageFaults = (rig: Rig, vector: number) => {
  rig.write(AT.tss + 44n, 8, 0xf000n);
  rig.map(0xe000n, 0n);
  rig.gate(vector, { ist: 2 });
};
const LOAD_ABSENT = '02042500e00000'; // add al, [0xe000]
const GP = '0f22c0'; // mov cr0, rax at CPL 3

describe('double faults (6.15, table 6-5)', () => {
  it.each([
    ['benign, contributory', UD2, 6, contributory, '#11(33)'],
    ['benign, page fault', UD2, 6, pageFaults, '#14(2)'],
    ['contributory, contributory', GP, 13, contributory, '#8(0)'],
    ['contributory, page fault', GP, 13, pageFaults, '#14(2)'],
    ['page fault, contributory', LOAD_ABSENT, 14, contributory, '#8(0)'],
    ['page fault, page fault', LOAD_ABSENT, 14, pageFaults, '#8(0)'],
  ])('%s', (_, code, vector, brk, want) => {
    const rig = new Rig({ cpl: code === GP ? 3 : 0 });
    if (code === LOAD_ABSENT) rig.map(0xe000n, 0n);
    brk(rig, vector);
    const before = rig.registers();
    rig.run(code);
    expect(rig.taken).toBe(want);
    // The frame tells of the registers before any of it.
    expect([1, 2, 4, 5].map((k) => rig.word(k))).toEqual(['rip', 'cs', 'rsp', 'ss'].map((name) => before[name]));
  });

  it('CR2 is that of the page fault met on the way', () => {
    const rig = new Rig();
    pageFaults(rig, 6);
    rig.run(UD2);
    expect(rig.get('cr2')).toBe(0xf000n - 8n);
  });

  it('a chain without a double fault: INT, then #GP, then #PF, each in the other’s place', () => {
    const rig = new Rig({ cpl: 3 });
    pageFaults(rig, 13);
    expect(rig.run(INT).taken).toBe('#14(2)');
  });

  it('a fault in the delivery of #DF is a triple fault, with its story', () => {
    const rig = new Rig({ cpl: 3 });
    contributory(rig, 13);
    contributory(rig, 8);
    rig.run(INT);
    expect(rig.finish).toEqual({
      kind: 'shutdown',
      what: 'triple fault',
      story: [
        'interrupt 128, rip 0x9000',
        'in its delivery: #GP, general protection, error code 0x402, rip 0x9000',
        'in its delivery: #NP, segment not present, error code 0x6b, rip 0x9000',
        '#DF, double fault, error code 0x0, rip 0x9000',
        'in its delivery: #NP, segment not present, error code 0x43, rip 0x9000',
      ],
    });
  });
});

describe('protected mode (6.12)', () => {
  it('from CPL 3: SS0:ESP0 and five words of 32 bits', () => {
    const rig = new Rig({ legacy: true, cpl: 3 });
    open(rig);
    rig.run(INT);
    expect([rig.vector, rig.get('rsp'), rig.get('ss'), rig.get('cs')]).toEqual([
      0x80,
      AT.rsp0 - 20n,
      BigInt(SEL.data),
      BigInt(SEL.code32),
    ]);
    expect([0, 1, 3, 4].map((k) => rig.word(k))).toEqual([
      AT.code + 2n,
      BigInt(SEL.userCode32),
      AT.stack,
      BigInt(SEL.userData),
    ]);
  });

  it('at the same CPL: three words, not aligned', () => {
    const rig = new Rig({ legacy: true });
    rig.set({ rsp: AT.stack - 4n });
    rig.run(INT3);
    expect([rig.vector, rig.get('rsp'), rig.word(0), rig.word(1)]).toEqual([
      3,
      AT.stack - 16n,
      AT.code + 1n,
      BigInt(SEL.code32),
    ]);
  });

  it('an error code below', () => {
    const rig = new Rig({ legacy: true });
    rig.gate(0x80, { type: 0x0e });
    expect([rig.run(INT).taken, rig.word(1)]).toEqual(['#11(402)', AT.code]);
  });

  it('a 16-bit gate pushes words of 16 bits', () => {
    const rig = new Rig({ legacy: true });
    rig.gate(3, { type: 0x86 });
    rig.run(INT3);
    expect([rig.vector, rig.get('rsp'), rig.read(rig.get('rsp'), 2), rig.read(rig.get('rsp') + 2n, 2)]).toEqual([
      3,
      AT.stack - 6n,
      AT.code + 1n,
      BigInt(SEL.code32),
    ]);
  });

  it.each([
    ['SS0 null', (r: Rig) => r.write(AT.tss + 8n, 2, 0n), '#10(1)'],
    ['SS0 beyond the GDT', (r: Rig) => r.write(AT.tss + 8n, 2, 0x80n), '#10(81)'],
    ['SS0’s RPL', (r: Rig) => r.write(AT.tss + 8n, 2, 0x1bn), '#10(19)'],
    ['SS0 is code', (r: Rig) => r.write(AT.tss + 8n, 2, 8n), '#10(9)'],
    [
      'SS0 absent',
      (r: Rig) => {
        r.gdt(SEL.spare, descriptor(DATA & ~0x80));
        r.write(AT.tss + 8n, 2, BigInt(SEL.spare));
      },
      '#12(39)',
    ],
    [
      'SS0 read-only',
      (r: Rig) => {
        r.gdt(SEL.spare, descriptor(DATA & ~2));
        r.write(AT.tss + 8n, 2, BigInt(SEL.spare));
      },
      '#10(39)',
    ],
    [
      'SS0 too small',
      (r: Rig) => {
        r.gdt(SEL.spare, descriptor(0x4093, 0n, 0x100n));
        r.write(AT.tss + 8n, 2, BigInt(SEL.spare));
      },
      '#12(39)',
    ],
  ])('%s', (_, brk, want) => {
    const rig = new Rig({ legacy: true, cpl: 3 });
    brk(rig);
    // The second event stays at CPL 3, where the stack is good.
    rig.gdt(SEL.spare2, descriptor(CODE32 | 4));
    for (const vector of [10, 12]) rig.gate(vector, { selector: SEL.spare2 });
    expect(rig.run(UD2).taken).toBe(want);
  });

  it('the stack’s limit at the same CPL: #SS(EXT), then a double fault for want of a stack', () => {
    const rig = new Rig({ legacy: true });
    rig.set({ ss_limit: 0x100n });
    expect(rig.run(UD2).taken).toBe('triple fault');
  });

  it('a task gate is not supported', () => {
    const rig = new Rig({ legacy: true });
    rig.gate(8, { type: 0x85 });
    rig.gate(0x80, { type: 0x85 });
    expect(rig.run(INT).taken).toBe('a task gate');
  });

  it('INTO and BOUND', () => {
    const rig = new Rig({ legacy: true });
    rig.set({ of: 1n });
    expect([rig.run('ce').taken, rig.word(0)]).toEqual(['#4', AT.code + 1n]);
    const calm = new Rig({ legacy: true });
    expect(calm.run('ce').get('rip')).toBe(AT.code + 1n);
    const bound = new Rig({ legacy: true });
    bound.write(0xe000n, 8, 0x0000_0009_ffff_fffen);
    bound.set({ rax: 10n });
    expect([bound.run('620500e00000').taken, bound.word(0)]).toEqual(['#5', AT.code]);
    const within = new Rig({ legacy: true });
    within.write(0xe000n, 8, 0x0000_0009_ffff_fffen);
    within.set({ rax: 0xffff_ffffn });
    expect(within.run('620500e00000').taken).toBe('no');
  });

  it('#AC without end, where a conforming handler of CPL 3 has a misaligned stack, stops the machine', () => {
    const rig = new Rig({ legacy: true, cpl: 3 });
    rig.gdt(SEL.spare2, descriptor(CODE32 | 4));
    for (let vector = 0; vector < 32; vector++) rig.gate(vector, { selector: SEL.spare2 });
    rig.set({ rsp: AT.stack - 2n, flags: AC, cr0: 0x4_0011n });
    rig.hart.contextChanged();
    expect(rig.run(UD2).taken).toBe('exceptions without end');
  });
});

describe('single step and breakpoints (SDM vol. 3B, chapter 18)', () => {
  const DR6 = 0xffff_0ff0n;

  it('TF: #DB behind each instruction, with BS; the handler is not stepped', () => {
    const rig = new Rig();
    rig.set({ flags: TF, dr6: DR6 });
    rig.run('f8 f9', 2);
    expect([rig.taken, rig.word(0), rig.get('dr6')]).toEqual(['#1', AT.code + 1n, DR6 | (1n << 14n)]);
    expect(rig.word(2) & TF).toBe(TF);
    rig.machine.run(3);
    expect(rig.vector).toBe(1);
  });

  it('a stepped instruction that faults has no step', () => {
    const rig = new Rig();
    rig.set({ flags: TF, dr6: DR6 });
    rig.run(UD2, 2);
    expect([rig.taken, rig.get('dr6'), rig.word(2) & TF]).toEqual(['#6', DR6, TF]);
  });

  it('MOV SS holds the step back until the next instruction is done', () => {
    const rig = new Rig();
    rig.set({ flags: TF, rax: BigInt(SEL.data) });
    rig.run('8ed0 f8 f8', 3);
    expect([rig.taken, rig.word(0)]).toEqual(['#1', AT.code + 3n]);
  });

  it('IRET that sets TF: the step is behind the instruction returned to', () => {
    const rig = new Rig();
    rig.push(8, BigInt(SEL.data), AT.stack, TF | 2n, BigInt(SEL.code64), AT.code + 2n);
    rig.run('48cf f8 f9', 3);
    expect([rig.taken, rig.word(0)]).toEqual(['#1', AT.code + 3n]);
  });

  it('an instruction breakpoint is a fault before it; RF lets one instruction through', () => {
    const rig = new Rig();
    rig.set({ dr0: AT.code + 1n, dr7: 0x401n, dr6: DR6 });
    rig.run('f8 f9 f8', 2);
    expect([rig.taken, rig.word(0), rig.get('dr6'), rig.word(2) & RF]).toEqual(['#1', AT.code + 1n, DR6 | 1n, 0n]);
    const resumed = new Rig();
    resumed.set({ dr0: AT.code, dr7: 0x401n, flags: RF });
    resumed.run('f8 f9', 2);
    expect([resumed.get('rip'), resumed.get('flags') & RF]).toEqual([AT.code + 2n, 0n]);
  });

  it.each([
    ['write, by a write', 1, '000425 01e00000', true],
    ['write, by a read', 1, '020425 01e00000', false],
    ['read or write, by a read', 3, '020425 01e00000', true],
    ['another byte', 3, '020425 04e00000', false],
    ['a part', 3, '030425 fedf0000', true],
  ])('a data breakpoint is a trap: %s', (_, kind, code, hits) => {
    const rig = new Rig();
    // Four bytes at 0xe000.
    rig.set({ dr1: 0xe000n, dr7: 0x404n | BigInt((kind | 12) << 20), dr6: DR6 });
    rig.hart.contextChanged();
    rig.run(`${code} f8`, 2);
    if (hits) expect([rig.taken, rig.word(0), rig.get('dr6')]).toEqual(['#1', AT.code + 7n, DR6 | 2n]);
    else expect([rig.taken, rig.get('dr6')]).toEqual(['no', DR6]);
  });
});

describe('interrupts held back (6.8.3)', () => {
  it('STI opens IF one instruction later, CLI at once; both ask IOPL', () => {
    const rig = new Rig({ cpl: 3 });
    expect(rig.run('fa').taken).toBe('#13(0)');
    const allowed = new Rig({ cpl: 3 });
    allowed.set({ flags: 3n << 12n });
    allowed.run('fb');
    expect([allowed.taken, allowed.get('flags') & IF]).toEqual(['no', IF]);
    expect(allowed.get('shadow')).toBe(BigInt(allowed.hart.instructions) + 1n);
  });

  /** A rig whose local APIC has vector 41h pending. */
  const pending = (flags = 0n) => {
    const rig = new Rig();
    const apic = (offset: bigint, value: bigint) => rig.machine.bus.write(0xfee0_0000n + offset, 4, value, 0);
    apic(0xf0n, 0x1ffn);
    apic(0x300n, 0x4_0041n);
    rig.set({ flags });
    return rig;
  };

  it('an interrupt comes between instructions where IF is set, and pushes no error code', () => {
    const rig = pending(IF);
    rig.hart.isa.interrupt(rig.hart);
    rig.hart.takeTrap();
    expect([rig.vector, rig.word(0), rig.word(2), rig.get('flags')]).toEqual([0x41, AT.code, IF | 6n, 0n]);
    expect(rig.hart.isa.interrupt(rig.hart)).toBe(false);
  });

  it('STI; HLT: HLT begins, and the interrupt returns behind it', () => {
    const rig = pending();
    rig.run('fb f4', 2);
    expect([rig.vector, rig.get('rip')]).toEqual([-1, AT.code + 2n]);
    rig.run('eb fe', 1);
    expect([rig.vector, rig.word(0), rig.hart.waiting]).toEqual([0x41, AT.code + 2n, false]);
  });

  it('MOV SS holds an interrupt back for one instruction', () => {
    const rig = pending(IF);
    rig.set({ rax: BigInt(SEL.data), shadow: BigInt(rig.hart.instructions) + 1n });
    rig.run('8ed0', 1);
    // Held back by what came before, MOV SS itself holds nothing back any more.
    expect(rig.get('rip')).toBe(AT.code + 2n);
    rig.run('eb fe', 1);
    expect([rig.vector, rig.word(0)]).toEqual([0x41, AT.code + 2n]);
  });

  it('an interrupt whose gate is absent is #NP with its vector and EXT', () => {
    const rig = pending(IF);
    rig.gate(0x41, { type: 0x0e });
    rig.hart.isa.interrupt(rig.hart);
    rig.hart.takeTrap();
    expect(rig.taken).toBe('#11(20b)');
  });

  it('HLT waits, but not for the user', () => {
    expect(new Rig({ cpl: 3 }).run('f4').taken).toBe('#13(0)');
    const rig = new Rig();
    rig.run('f4');
    expect([rig.hart.waiting, rig.get('rip')]).toEqual([true, AT.code + 1n]);
  });
});
