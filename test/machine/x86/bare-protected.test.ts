// 32-bit protected mode here and under qemu-system-x86_64: segments, gates and privileges (SDM vol. 3A, chapters 5 and 6).
// QEMU checks no limits, no types and no null selectors of accesses to memory: those are in segments.test.ts.
import { type BareCase, compareProtected } from './bare-image-32.ts';

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
/** A descriptor's or gate's eight bytes, in the GDT. */
const put = (selector: number, value: bigint): string =>
  `  movl $${hex(value & 0xffff_ffffn)}, gdt + ${hex(selector)}\n  movl $${hex(value >> 32n)}, gdt + ${hex(selector + 4)}\n`;
/** Of 4 GiB from 0 unless said otherwise: the access byte, and the nibble of G, D, L and AVL. */
const descriptor = (access: number, nibble = 0xc, base = 0n, limit = 0xf_ffffn): bigint =>
  (limit & 0xffffn) |
  ((base & 0xff_ffffn) << 16n) |
  (BigInt(access) << 40n) |
  ((limit >> 16n) << 48n) |
  (BigInt(nibble) << 52n) |
  ((base >> 24n) << 56n);
/** One that is good for a stack where it can be: data that expand down reach from 4 KiB on. */
const anySegment = (byte: number): bigint => descriptor(byte, 0xc, 0n, (byte & 0x1c) === 0x14 ? 0n : 0xf_ffffn);
const SPARE = 0x48;
const STACK = 0x50;
const GATE = 0x58;

type Ring = 0 | 1 | 3;
const RINGS: readonly Ring[] = [0, 1, 3];
/** Tries something in a ring; where it goes through, 1 is reported, and INT 41h comes back. */
const attempt = (ring: Ring, instructions: string): string =>
  `${ring === 0 ? '' : `  ring ${ring}\n`}  trying\n${instructions}\n  emit_value 1\n  int $0x41\n7:\n`;

const DPLS = [0, 1, 3] as const;
const access = (present: boolean, dpl: number, type: number): number => (present ? 0x80 : 0) | (dpl << 5) | type;
const TYPES = Array.from({ length: 16 }, (_, i) => i | 0x10);
/** System types that ask for no task switch. */
const SYSTEM_TYPES = [0, 2, 3, 4, 6, 7, 8, 10, 11, 12, 13, 14, 15];
const bytesOf = (types: readonly number[]) =>
  [true, false].flatMap((present) => DPLS.flatMap((dpl) => types.map((type) => access(present, dpl, type))));

/** DS again as reports need it. */
const USABLE = '  movl $0x23, %ecx\n  movw %cx, %ds';
const RPLS = [0, 1, 3] as const;

const loads: BareCase[] = RINGS.flatMap((ring) =>
  ['ds', 'fs', 'ss'].flatMap((segment) =>
    RPLS.map(
      (rpl): BareCase => ({
        name: `MOV ${segment} in ring ${ring}, RPL ${rpl}`,
        code: [...bytesOf(TYPES), ...bytesOf([0, 2, 12])]
          .map(
            (byte) =>
              `${put(SPARE, anySegment(byte))}${attempt(ring, `  movl $${SPARE | rpl}, %eax\n  movw %ax, %${segment}\n  movw %${segment}, %bx\n${USABLE}`)}  movl gdt + ${SPARE + 4}, %eax\n  emit %eax\n`,
          )
          .join(''),
      }),
    ),
  ),
);
const nulls: BareCase[] = RINGS.flatMap((ring) =>
  ['ds', 'ss'].map(
    (segment): BareCase => ({
      name: `null, beyond the GDT and in no LDT: MOV ${segment} in ring ${ring}`,
      code: [0, 1, 3, 0x100, 0xfffb, 4, 0x4c]
        .map((selector) => attempt(ring, `  movl $${selector}, %eax\n  movw %ax, %${segment}\n${USABLE}`))
        .join(''),
    }),
  ),
);
compareProtected('loads of segment registers (SDM vol. 2B, MOV)', [...loads, ...nulls]);

const asks: BareCase[] = RINGS.flatMap((ring) =>
  RPLS.map(
    (rpl): BareCase => ({
      name: `LAR, LSL, VERR and VERW in ring ${ring}, RPL ${rpl}`,
      code: [...bytesOf(TYPES), ...bytesOf(Array.from({ length: 16 }, (_, i) => i))]
        .map(
          (byte) =>
            `${put(SPARE, descriptor(byte, 0x5, 0n, 0x1_2345n))}${attempt(
              ring,
              ['lar %ax, %ebx', 'lsl %ax, %ebx', 'verr %ax', 'verw %ax']
                .map(
                  (text) =>
                    `  movl $${SPARE | rpl}, %eax\n  movl $0, %ebx\n  ${text}\n  setz %cl\n  movzbl %cl, %ecx\n  andl $0xfff0ffff, %ebx\n  emit %ebx\n  emit %ecx`,
                )
                .join('\n'),
            )}`,
        )
        .join(''),
    }),
  ),
);
compareProtected('LAR, LSL, VERR and VERW (SDM vol. 2, tables 3-53 and 3-56)', asks);

/** Where far transfers go: it reports where it is, and comes back by an interrupt. */
const HIT = '  jmp 5f\n4:\n  movl %cs, %ebx\n  emit %ebx\n  emit %esp\n  int $0x42\n5:\n';
const FAR = '  movl $4b, data\n';
const farTo = (selector: number, instruction: string) => `${FAR}  movw $${hex(selector)}, data + 4\n${instruction}`;
const JMP = '  ljmpl *data';
const CALL = '  lcalll *data';
const both = [
  ['JMP', JMP],
  ['CALL', CALL],
] as const;

const transfers: BareCase[] = RINGS.flatMap((ring) =>
  both.flatMap(([name, instruction]) =>
    RPLS.map(
      (rpl): BareCase => ({
        name: `far ${name} in ring ${ring}, RPL ${rpl}`,
        code: `${HIT}${[...bytesOf(TYPES), ...bytesOf(SYSTEM_TYPES.filter((type) => type !== 4 && type !== 12))]
          .map((byte) => `${put(SPARE, descriptor(byte))}${attempt(ring, farTo(SPARE | rpl, instruction))}`)
          .join('')}`,
      }),
    ),
  ),
);
compareProtected('far JMP and CALL, conforming code (SDM vol. 3A, 5.8.1)', transfers);

/** A gate at 58H to the next label 4 in front, by its selector and access byte; types 4 and 12 are call gates of 16 and 32 bits. */
const gateTo = (selector: number, byte: number, count = 0): string =>
  [
    '  movl $4b, %eax',
    `  movw %ax, gdt + ${GATE}`,
    `  movw $${hex(selector)}, gdt + ${GATE + 2}`,
    `  movw $${hex((byte << 8) | count)}, gdt + ${GATE + 4}`,
    '  shrl $16, %eax',
    `  movw %ax, gdt + ${GATE + 6}\n`,
  ].join('\n');
const throughGate = (instruction: string, rpl = 0) => `  movw $${GATE | rpl}, data + 4\n${instruction}`;

/** QEMU goes to the segment's DPL there. */
const CONFORMING = 'vol. 3A, 5.8.4: in conforming code CPL stays';

const gates: BareCase[] = RINGS.flatMap((ring) =>
  both.flatMap(([name, instruction]) => [
    ...RPLS.map(
      (rpl): BareCase => ({
        name: `${name} through gates of any DPL in ring ${ring}, RPL ${rpl}`,
        code: `${HIT}${bytesOf([12])
          .map((byte) => `${gateTo(8, byte)}${attempt(ring, throughGate(instruction, rpl))}`)
          .join('')}`,
      }),
    ),
    {
      name: `${name} through a gate to any segment in ring ${ring}`,
      ...(name === 'JMP' && { differs: 'vol. 2A, JMP: code that is not present is #NP' }),
      ...(name === 'CALL' && ring !== 0 && { differs: CONFORMING }),
      code: `${HIT}${[...bytesOf(TYPES), ...bytesOf([0, 2, 12])]
        .map(
          (byte) => `${put(SPARE, descriptor(byte))}${gateTo(SPARE, 0xec)}${attempt(ring, throughGate(instruction))}`,
        )
        .join('')}`,
    },
    {
      name: `${name} through a gate to no segment in ring ${ring}`,
      code: `${HIT}${[0, 3, 0x100, 4]
        .map((selector) => `${gateTo(selector, 0xec)}${attempt(ring, throughGate(instruction))}`)
        .join('')}`,
    },
  ]),
);
compareProtected('call gates (SDM vol. 3A, 5.8.3 and 5.8.4)', gates);

/** Called through a gate: reports registers and its whole stack, and returns, releasing the parameters on both sides. */
const CALLED = (count: number) =>
  `  jmp 5f\n4:\n  movl %cs, %ebx\n  emit %ebx\n  movl %ss, %ebx\n  emit %ebx\n  movl %esp, %ecx\n  emit %ecx\n${Array.from(
    { length: count + 4 },
    (_, i) => `  movl ${4 * i}(%esp), %ebx\n  emit %ebx\n`,
  ).join('')}  lretl $${4 * count}\n5:\n`;
/** What is left where it comes back. */
const BACK =
  '  emit %esp\n  movl %ss, %ebx\n  emit %ebx\n  movl %ds, %ebx\n  emit %ebx\n  movl %fs, %ebx\n  emit %ebx\n';
const parameters = (count: number) =>
  Array.from({ length: count }, (_, i) => `  pushl $${hex(0x1111 * (i + 1))}\n`).join('');

const calls: BareCase[] = RINGS.flatMap((ring) => [
  ...[0, 1, 2, 5, 31].map(
    (count): BareCase => ({
      name: `CALL with ${count} parameters from ring ${ring} to ring 0, and RET`,
      code: `${CALLED(count)}${gateTo(8, 0xec, count)}${attempt(ring, `${parameters(count)}${throughGate(CALL)}\n${BACK}`)}`,
    }),
  ),
  {
    name: `CALL with 3 parameters from ring ${ring} to ring 1`,
    code: `${CALLED(3)}${gateTo(0x38, 0xec, 3)}${attempt(ring, `${parameters(3)}${throughGate(CALL)}\n${BACK}`)}`,
  },
  {
    name: `CALL from ring ${ring} to conforming code`,
    ...(ring !== 0 && { differs: CONFORMING }),
    code: `${CALLED(0)}${put(SPARE, descriptor(0x9f))}${gateTo(SPARE, 0xec)}${attempt(ring, `${throughGate(CALL)}\n${BACK}`)}`,
  },
  {
    name: `RET from ring 0 makes data segments of its own null, ring ${ring}`,
    code: `${CALLED(0).replace('  lretl', '  movl $0x10, %ebx\n  movl %ebx, %fs\n  lretl')}${gateTo(8, 0xec)}${attempt(ring, `${throughGate(CALL)}\n${BACK}`)}`,
  },
]);

/** Ring 1's stack is what is tried, so that exceptions still have ring 0's. */
const STACK_CASES: readonly (readonly [string, readonly (readonly [byte: number, selector: number])[]])[] = [
  ['of any type and DPL', [...bytesOf(TYPES), ...bytesOf([0, 2, 12])].map((byte) => [byte, STACK | 1])],
  ['by any RPL', RPLS.map((rpl) => [0xb3, STACK | rpl])],
  ['in no segment', [0, 1, 3, 0x101, 5].map((selector) => [0xb3, selector])],
];
const innerStacks = STACK_CASES.map(
  ([name, some]): BareCase => ({
    name: `CALL to ring 1 on a stack ${name}`,
    ...(name.includes('type') && { differs: 'vol. 2A, CALL: a stack that is not present is #SS, not #TS' }),
    code: `${HIT}${gateTo(0x38, 0xec)}${some
      .map(
        ([byte, selector]) =>
          `${put(STACK, anySegment(byte))}  movw $${selector}, tss + 16\n${attempt(3, throughGate(CALL))}`,
      )
      .join('')}`,
  }),
);
compareProtected('CALL to an inner ring, and RET (SDM vol. 3A, 5.8.5 and 5.8.6)', [...calls, ...innerStacks]);

/** A frame for IRETD or far RET at stack_top to the next label 4 in front. */
const frameTo = (cs: number, ss: number, flags?: bigint): string =>
  `  movl $stack_top, %esp\n  pushl $${hex(ss)}\n  pushl $user_stack\n${flags === undefined ? '' : `  pushl $${hex(flags)}\n`}  pushl $${hex(cs)}\n  pushl $4b\n`;
const RETURNED = '  jmp 5f\n4:\n  movl %cs, %ebx\n  emit %ebx\n  movl %ss, %ebx\n  emit %ebx\n  int $0x42\n5:\n';
const returnBy = [
  ['IRETD', '  iretl', 2n],
  ['far RET', '  lretl', undefined],
] as const;

const returns: BareCase[] = returnBy.flatMap(([name, instruction, flags]) => [
  ...RPLS.map(
    (rpl): BareCase => ({
      name: `${name} to code of any type and DPL, RPL ${rpl}`,
      code: `${RETURNED}${[...bytesOf(TYPES), ...bytesOf([0, 2, 12])]
        .map(
          (byte) =>
            `${put(SPARE, anySegment(byte))}${attempt(0, `${frameTo(SPARE | rpl, [0, 0x41, 0, 0x23][rpl], flags)}${instruction}`)}`,
        )
        .join('')}`,
    }),
  ),
  ...([1, 3] as const).flatMap((outer) => [
    {
      name: `${name} to ring ${outer} on a stack of any type and DPL`,
      differs: 'vol. 2A, IRET, and vol. 2B, RET, "Operation": a stack that is not present is #SS, not #NP',
      code: `${RETURNED}${[...bytesOf(TYPES), ...bytesOf([0, 2, 12])]
        .map(
          (byte) =>
            `${put(STACK, anySegment(byte))}${attempt(0, `${frameTo(outer === 1 ? 0x39 : 0x1b, STACK | outer, flags)}${instruction}`)}`,
        )
        .join('')}`,
    },
    {
      name: `${name} to ring ${outer} on a stack of another RPL, or none`,
      code: `${RETURNED}${[0x20, 0x21, 0x23, 0x40, 0x41, 0x43, 0, outer, 0x100 | outer, 4 | outer]
        .map((ss) => attempt(0, `${frameTo(outer === 1 ? 0x39 : 0x1b, ss, flags)}${instruction}`))
        .join('')}`,
    },
  ]),
  {
    name: `${name} from ring 3 to inner rings`,
    code: `${RETURNED}${[8, 0x0b, 0x38, 0x39, 0x1b]
      .map((cs) =>
        attempt(3, `${flags === undefined ? '' : '  pushl $2\n'}  pushl $${hex(cs)}\n  pushl $4b\n${instruction}`),
      )
      .join('')}`,
  },
]);
compareProtected('IRETD and far RET (SDM vol. 2A, IRET; vol. 2B, RET)', returns);

/** IRETW goes to offset 42H, where INT 40H tells of the flags. */
const IRETW_HOME = '  movw $0x40cd, %ds:0x42\n';
/** All flags but TF, RF and VM: those of arithmetic, IF, DF, IOPL, NT, AC, ID. */
const FLAG_BITS = [0n, 6n, 9n, 10n, 11n, 12n, 13n, 14n, 18n, 21n];
const REPORT_FLAGS = '  pushfl\n  popl %ebx\n  emit %ebx\n';
const flags: BareCase[] = RINGS.flatMap((ring) =>
  ([0, 1, 3] as const).flatMap((iopl) =>
    (['IRETD', 'IRETW', 'POPFD', 'POPFW'] as const).map((name): BareCase => {
      const wide = name.endsWith('D');
      const load = (value: bigint) => {
        if (name.startsWith('POPF'))
          return `  push${wide ? 'l' : 'w'} $${hex(value & (wide ? 0x2f_ffffn : 0xffffn))}\n  popf${wide ? 'l' : 'w'}\n`;
        const [push, iret] = wide ? ['pushl', 'iretl'] : ['pushw', 'iretw'];
        return wide
          ? `  ${push} $${hex(value)}\n  pushl %cs\n  pushl $3f\n  ${iret}\n3:\n`
          : `  movl %cs, %eax\n  ${push} $${hex(value & 0xffffn)}\n  pushw %ax\n  pushw $0x42\n  ${iret}\n`;
      };
      const one = (value: bigint) =>
        `${ring === 0 ? `  pushl $${hex((BigInt(iopl) << 12n) | 2n)}\n  popfl\n` : `  ring ${ring}, ${hex((BigInt(iopl) << 12n) | 2n)}\n`}  trying\n${load(value)}${name === 'IRETW' ? '' : REPORT_FLAGS}  int $0x41\n7:\n`;
      return {
        name: `${name} in ring ${ring} at IOPL ${iopl}`,
        code:
          name === 'IRETW'
            ? IRETW_HOME + [0n, ...FLAG_BITS.map((bit) => 1n << bit)].map(one).join('')
            : [0n, ...FLAG_BITS.map((bit) => 1n << bit)].map(one).join(''),
      };
    }),
  ),
);
compareProtected('flags by privilege and IOPL (SDM vol. 2B, POPF, table 4-20)', flags);

/** An IDT gate for vector 43H to the next label 4 in front. */
const idtGate = (selector: number, byte: number): string =>
  [
    '  movl $4b, %eax',
    '  movw %ax, idt + 0x218',
    `  movw $${hex(selector)}, idt + 0x21a`,
    `  movw $${hex(byte << 8)}, idt + 0x21c`,
    '  shrl $16, %eax',
    '  movw %ax, idt + 0x21e\n',
  ].join('\n');
/** A handler: the stack that it finds, its segments and flags; it returns by a word size. */
const HANDLER = `  jmp 5f\n4:\n  movl %cs, %ebx\n  emit %ebx\n  movl %ss, %ebx\n  emit %ebx\n  emit %esp\n  pushfl\n  popl %ebx\n  emit %ebx\n${[
  0, 4, 8, 12, 16,
]
  .map((at) => `  movl ${at}(%esp), %ebx\n  emit %ebx\n`)
  .join('')}`;
const IF_ON = '0x3202';

const deliveries: BareCase[] = RINGS.flatMap((ring): BareCase[] => [
  ...([14, 15] as const).map(
    (type): BareCase => ({
      name: `INT through a gate of type ${type} in ring ${ring}, and IRETD`,
      code: `${HANDLER}  iretl\n5:\n${idtGate(8, 0xe0 | type)}${ring === 0 ? `  pushl $${IF_ON}\n  popfl\n` : `  ring ${ring}, ${IF_ON}\n`}  trying\n  int $0x43\n${REPORT_FLAGS}  emit %esp\n  int $0x41\n7:\n`,
    }),
  ),
  {
    name: `INT through gates of any type and DPL in ring ${ring}`,
    code: `${HIT}${bytesOf([...TYPES, 0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15])
      .map((byte) => `${idtGate(8, byte)}${attempt(ring, '  int $0x43')}`)
      .join('')}`,
  },
  {
    name: `INT to any segment in ring ${ring}`,
    code: `${HIT}${[...bytesOf(TYPES), ...bytesOf([0, 2, 12])]
      .map((byte) => `${put(SPARE, anySegment(byte))}${idtGate(SPARE, 0xee)}${attempt(ring, '  int $0x43')}`)
      .join('')}`,
  },
  {
    name: `INT to no segment, and beyond the IDT, in ring ${ring}`,
    code: `${HIT}${[0, 3, 0x100, 4]
      .map((selector) => `${idtGate(selector, 0xee)}${attempt(ring, '  int $0x43')}`)
      .join('')}  movw $0x21e, data + 8\n  movl $idt, data + 10\n  lidt data + 8\n${attempt(ring, '  int $0x43')}`,
  },
  {
    name: `INT to ring 1 in ring ${ring}, and back`,
    code: `${HANDLER}  iretl\n5:\n${idtGate(0x38, 0xee)}${attempt(ring, `  int $0x43\n${BACK}`)}`,
  },
  {
    name: `exceptions in ring ${ring}`,
    code: [
      ...['  ud2', '  int3', '  xorl %ecx, %ecx\n  divl %ecx', '  movb $0x7f, %al\n  addb $1, %al\n  into'],
      ...[
        '  movl $5, %eax\n  movl $6, data\n  movl $9, data + 4\n  bound %eax, data',
        '  cli',
        '  sti',
        '  hlt',
        '  clts',
      ],
      ...[
        '  movl %cr0, %eax',
        '  lgdt gdt_pointer',
        '  lidt idt_pointer',
        '  xorl %eax, %eax\n  lldt %ax',
        '  inb $0x40, %al',
        '  sgdt data',
        '  sldt %eax',
        '  str %eax',
        '  smsw %eax',
      ],
    ]
      .filter((code) => ring !== 0 || !code.includes('hlt'))
      .map((code) => attempt(ring, code))
      .join(''),
  },
]);
compareProtected('delivery of interrupts and exceptions (SDM vol. 3A, 6.12)', deliveries);

/** Descriptors of bases of their own: data at 48H, code at 50H, a stack at 60H. Code of 16 bits has nibble 0. */
const based = (selector: number, byte: number, base: string, nibble: number): string =>
  [
    put(selector, descriptor(byte, nibble)).trimEnd(),
    `  movl $(${base}), %eax`,
    `  movw %ax, gdt + ${selector + 2}`,
    '  shrl $16, %eax',
    `  movb %al, gdt + ${selector + 4}`,
    `  movb %ah, gdt + ${selector + 7}\n`,
  ].join('\n');
const SMALL = 0x60;
/** Runs 16-bit code at the next label 4 in front on a stack that \`stack\` loads, and reports registers and the stack. */
const in16 = (code: string): string =>
  `  jmp 5f\n  .code16\n4:\n${code}\n  ljmpl $8, $6f\n  .code32\n5:\n${based(STACK, 0x9b, '4b', 0)}${based(SMALL, 0x93, 'small_stack', 0)}  xorl %eax, %eax\n  movl $small_stack, %edi\n  movl $0x4000, %ecx\n  rep stosl\n  movl $0x11112222, %eax\n  movl $0x33334444, %ebx\n  movl $0x55556666, %ecx\n  movl $0x77778888, %edx\n  movl $${SMALL}, %esi\n  movl $0x9999000c, %esp\n  movw %si, %ss\n  movl $0xaaaabbbb, %esi\n  movl %ebp, data + 0x100\n  trying\n  ljmpl $${STACK}, $0\n6:\n  movl %ebp, %ecx\n  movl data + 0x100, %ebp\n  subl %ebp, %ecx\n  emit %esp\n  emit %eax\n  emit %ebx\n  emit %ecx\n  emit %edx\n  emit %esi\n  movl $0x10, %eax\n  movl %eax, %ss\n  movl $stack_top, %esp\n${[
    0, 4, 8, 12, 0xffe0, 0xffe4, 0xffe8, 0xffec, 0xfff0, 0xfff4, 0xfff8, 0xfffc,
  ]
    .map((at) => `  movl small_stack + ${hex(at)}, %eax\n  emit %eax\n`)
    .join('')}7:\n`;
const sixteen: BareCase[] = [
  ...[
    'push %ax',
    'push %eax',
    'pushl $0x12345678',
    'push %ds',
    'pushal',
    'pushaw',
    'pushfl',
    'pushf',
    'enter $4, $0',
    'enter $4, $2',
  ],
  ...[
    'push %ax\n  pop %cx',
    'pushl %eax\n  popw %cx',
    'push %ax\n  push %bx\n  popl %ecx',
    'pushaw\n  popaw',
    'pushal\n  popal',
    'leave',
  ],
  ...[
    'call 3f\n3:',
    'calll 3f\n3:',
    'push $(3f - 4b)\n  ret\n3:',
    'pushl $(3f - 4b)\n  retl\n3:',
    'push $(3f - 4b)\n  ret $4\n3:',
  ],
  ...[
    'movw $-1, %cx\n  movw %cx, %ax\n  incw %ax\n  movzwl %ax, %ebx',
    'xorl %ecx, %ecx\n  movw $2, %cx\n3: incl %eax\n  loop 3b',
    'movl $0x10000, %ecx\n  jcxz 3f\n  incl %eax\n3:',
  ],
  ...[
    'lea 0x1234(%bx, %si), %ax',
    'leal 0x1234(%bx, %si), %eax',
    'lea -1(%bp), %cx',
    'leaw 8(%eax, %ecx, 4), %dx',
    'movw %sp, %ax\n  movl %esp, %ebx',
  ],
  ...[
    'push %cs\n  push $(3f - 4b)\n  lretw\n3:',
    'pushl $0x50\n  pushl $(3f - 4b)\n  lretl\n3:',
    'pushf\n  push %cs\n  push $(3f - 4b)\n  iretw\n3:',
    'pushfl\n  pushl $0x50\n  pushl $(3f - 4b)\n  iretl\n3:',
  ],
  ...[
    'cbw',
    'cwde',
    'cwd',
    'cdq',
    'mul %cx',
    'mull %ecx',
    'divw %bx',
    'xlat %cs:(%bx)',
    'sahf',
    '.byte 0xd6',
    'aaa',
    'ud2',
    'int3',
  ],
].map((code): BareCase => ({ name: `16-bit code: ${code.replaceAll('\n', ';')}`, code: in16(`  ${code}`) }));

/** An offset in a segment from a base on, as what is added to a linear address: modulo 4 GiB, and in a linker's reach. */
const from = (base: string): string =>
  Number(base) < 0x8000_0000 ? `-${base}` : `+${hex(0x1_0000_0000 - Number(base))}`;
const bases: BareCase[] = [
  ...['0x00001000', '0xfffff000', '0xfffffff8', '0x80000000'].map(
    (base): BareCase => ({
      name: `data in a segment from ${base} on wrap at 4 GiB`,
      code: `${based(SPARE, 0x93, base, 0xc)}  movl $0x01234567, data\n  movl $0x89abcdef, data + 4\n  movl $${SPARE}, %eax\n  movw %ax, %fs\n  trying\n  movl %fs:data ${from(base)}, %eax\n  emit %eax\n  movl $data ${from(base)} + 2, %ecx\n  movl %fs:(%ecx), %eax\n  emit %eax\n  movb $0x55, %fs:(%ecx)\n  movl data, %eax\n  emit %eax\n  movl %ecx, %esi\n  lodsb %fs:(%esi), %al\n  emit %eax\n  leal %fs:4(%ecx), %eax\n  emit %eax\n7:\n`,
    }),
  ),
  ...['0x00001000', '0xfffff000'].map(
    (base): BareCase => ({
      name: `32-bit code in a segment from ${base} on`,
      code: `${based(STACK, 0x9b, base, 0xc)}  trying\n  ljmpl $${STACK}, $(3f ${from(base)})\n3:\n  call 4f\n4:\n  popl %eax\n  emit %eax\n  movl $(5f ${from(base)}), %eax\n  jmp *%eax\n  ud2\n5:\n  ud2\n7:\n`,
    }),
  ),
];
compareProtected('16-bit code, and segments with bases (SDM vol. 3A, 3.4.5)', [...sixteen, ...bases]);

const tables: BareCase[] = (['lldt', 'ltr'] as const).map((name) => ({
  name: `${name} of any descriptor`,
  code: `${[...bytesOf(TYPES), ...bytesOf(Array.from({ length: 16 }, (_, i) => i))]
    .map(
      (byte) =>
        `${put(SPARE, descriptor(byte, 0, 0n, 0x67n))}${attempt(0, `  movl $${SPARE}, %eax\n  ${name} %ax`)}  movl gdt + ${SPARE + 4}, %eax\n  emit %eax\n`,
    )
    .join('')}${(name === 'ltr' ? [0x4c, 0x100] : [0, 3, 0x4c, 0x100])
    .map((selector) => attempt(0, `  movl $${selector}, %eax\n  ${name} %ax`))
    .join('')}  movb $0x89, gdt + 0x2d\n  movl $0x28, %eax\n  ltr %ax\n`,
}));
tables.push({
  name: 'ltr of null',
  differs: 'vol. 2A, LTR: #GP(0)',
  code: [0, 3].map((selector) => attempt(0, `  movl $${selector}, %eax\n  ltr %ax`)).join(''),
});
compareProtected('LLDT and LTR (SDM vol. 2A)', tables);
