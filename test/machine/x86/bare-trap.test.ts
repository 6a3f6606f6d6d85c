// Exceptions, segments and transfers between them here and under qemu-system-x86_64: what is refused, and what comes of the rest.
import { type BareCase, compareWithQemu } from './bare-image.ts';

/** SYSENTER exists in long mode on this vendor's processors alone. */
const CPU = 'max,vendor=GenuineIntel';

/** A GDT of the case's own: as the image's, and spare descriptors from 0x48 on. */
const OWN_GDT = `
  movl $gdt, %esi
  movl $data, %edi
  movl $9, %ecx
  cld
  rep movsq
  movw $0x7f, data + 0x200
  movq $data, data + 0x202
  lgdt data + 0x200
`;
const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
const put = (offset: number, value: bigint): string =>
  `  movabsq $${hex(BigInt.asUintN(64, value))}, %rax\n  movq %rax, data + ${hex(offset)}\n`;
/** A descriptor of 4 GiB from 0: attributes' low byte, and the nibble of G, D, L and AVL. */
const descriptor = (byte: number, nibble = 0xc): bigint =>
  0xffffn | (BigInt(byte) << 40n) | (0xfn << 48n) | (BigInt(nibble) << 52n);

/** Tries something in a ring; where it goes through, 1 is reported and INT 41h comes back. */
const attempt = (ring: number, instructions: string, before = ''): string =>
  `${before}${ring === 3 ? '  user\n' : ''}  trying\n${instructions}\n  emit_value 1\n  int $0x41\n7:\n`;

/** Access bytes by their upper half, with every type of 16. */
const upper = Array.from({ length: 16 }, (_, i) => i << 4);
/** Does something with each of 16 types in the access byte at data + `at`, from `high` on. */
const eachType = (high: number, at: number, body: string): string =>
  `  movl $${hex(high)}, %ebp\n1:\n  movb %bpl, data + ${hex(at)}\n${body}  incl %ebp\n  testl $15, %ebp\n  jne 1b\n`;
/** Descriptor 48h's G, D and L. */
const width = (nibble: number): string => `  movb $${hex((nibble << 4) | 0xf)}, data + 0x4e\n`;
const both = [0, 3] as const;

const loads: BareCase[] = both.flatMap((ring) =>
  upper.flatMap((high) =>
    ['ds', 'ss'].map(
      (segment): BareCase => ({
        name: `MOV ${segment} in ring ${ring}, access bytes ${hex(high)} and on`,
        code: `${OWN_GDT}${put(0x48, descriptor(0))}${eachType(
          high,
          0x4d,
          both
            .map(
              (rpl) =>
                `  movb %bpl, data + 0x4d\n${attempt(ring, `  movl $${0x48 | rpl}, %eax\n  movw %ax, %${segment}`)}  movq data + 0x48, %rax\n  emit %rax\n`,
            )
            .join(''),
        )}`,
      }),
    ),
  ),
);
compareWithQemu('loads of segment registers (SDM vol. 2B, MOV)', loads, CPU, 20_000_000);

const questions: BareCase[] = both.flatMap((ring) =>
  upper.map(
    (high): BareCase => ({
      name: `LAR, LSL, VERR and VERW in ring ${ring}, access bytes ${hex(high)} and on`,
      code: `${OWN_GDT}${put(0x48, descriptor(0))}${put(0x50, 0n)}${eachType(
        high,
        0x4d,
        both
          .map((rpl) =>
            attempt(
              ring,
              ['lar %ax, %ebx', 'lsl %ax, %ebx', 'verr %ax', 'verw %ax']
                .map(
                  (text) =>
                    `  movl $${0x48 | rpl}, %eax\n  movl $0, %ebx\n  ${text}\n  setz %cl\n  movzbl %cl, %ecx\n  emit %rbx\n  emit %rcx`,
                )
                .join('\n'),
            ),
          )
          .join(''),
      )}`,
      ...((high & 0x10) === 0 &&
        (ring === 0 || ((high >> 5) & 3) === 3) && {
          differs: 'SDM vol. 2A, tables 3-53 and 3-56: types 1, 3, 4 and 5 are reserved in long mode; QEMU takes them',
        }),
    }),
  ),
);
compareWithQemu('LAR, LSL, VERR and VERW', questions, CPU, 20_000_000);

/** What is jumped to: comes back by an interrupt from code of any width. */
const HIT = '  jmp 5f\n4:\n  int $0x42\n  nop\n5:\n';
/** The far pointer at data + 0x300 of the next label 4, which lies in front. */
const pointer = (selector: number): string =>
  `  leaq 4b(%rip), %rax\n  movq %rax, data + 0x300\n  movw $${hex(selector)}, data + 0x308\n`;
const JMP = '  .byte 0x48, 0xff, 0x2c, 0x25\n  .long data + 0x300';
const CALL = '  .byte 0x48, 0xff, 0x1c, 0x25\n  .long data + 0x300';
/** Code of 64, 32 and 16 bits. L and D together are reserved (SDM vol. 3A, 5.2.1), which QEMU does not look at. */
const widths = [0xa, 0xc, 0x8] as const;

const transfers: BareCase[] = both.flatMap((ring) =>
  upper.flatMap((high) =>
    (
      [
        ['JMP', JMP],
        ['CALL', CALL],
      ] as const
    ).map(
      ([name, code]): BareCase => ({
        name: `far ${name} in ring ${ring}, access bytes ${hex(high)} and on`,
        code: `${OWN_GDT}${HIT}${put(0x48, descriptor(0))}${put(0x50, 0n)}${eachType(
          high,
          0x4d,
          widths
            .flatMap((nibble) => both.map((rpl) => `${width(nibble)}${pointer(0x48 | rpl)}${attempt(ring, code)}`))
            .join(''),
        )}`,
      }),
    ),
  ),
);
compareWithQemu('far JMP and CALL (SDM vol. 2A)', transfers, CPU, 20_000_000);

/** A frame for IRETQ or far RET whose CS is descriptor 0x48 and SS descriptor 0x50. */
const frame = (cs: number, ss: number, flags: boolean): string =>
  `  movl $stack_top, %esp\n  pushq $${ss}\n  pushq $user_stack\n${flags ? '  pushq $2\n' : ''}  pushq $${cs}\n  leaq 4b(%rip), %rax\n  pushq %rax\n`;

const returns: BareCase[] = upper.flatMap((high) =>
  (
    [
      ['IRETQ', '  iretq', true],
      ['far RET', '  .byte 0x48, 0xcb', false],
    ] as const
  ).map(
    ([name, code, flags]): BareCase => ({
      name: `${name} to access bytes ${hex(high)} and on`,
      code: `${OWN_GDT}${HIT}${put(0x48, descriptor(0))}${eachType(
        high,
        0x4d,
        widths
          .flatMap((nibble) =>
            both.map(
              (rpl) => `${width(nibble)}${frame(0x48 | rpl, rpl === 3 ? 0x1b : 0x10, flags)}${attempt(0, code)}`,
            ),
          )
          .join(''),
      )}`,
    }),
  ),
);
compareWithQemu('IRETQ and far RET (SDM vol. 2A and 2B)', returns, CPU, 20_000_000);

/** Null selectors, and some that lead nowhere, with the CS beside them. */
const SELECTORS = [
  [0, 0x08],
  [0, 0x23],
  [3, 0x23],
  [0x78, 0x08],
  [0x78, 0x23],
  [0x80, 0x08],
  [0x54, 0x08],
  [0x54, 0x23],
] as const;
/**
 * Present ones alone: an absent one is #SS (SDM vol. 2A, IRET), which QEMU makes #NP. It takes null selectors of any RPL
 * besides.
 */
const stacks: BareCase[] = upper
  .filter((high) => (high & 0x80) !== 0)
  .map(
    (high): BareCase => ({
      name: `IRETQ with SS of access bytes ${hex(high)} and on`,
      code: `${OWN_GDT}${HIT}${put(0x50, descriptor(0))}${eachType(
        high,
        0x55,
        both
          .flatMap((ring) =>
            both.map((rpl) => `${frame(ring === 3 ? 0x23 : 0x08, 0x50 | rpl, true)}${attempt(0, '  iretq')}`),
          )
          .join(''),
      )}${SELECTORS.map(([ss, cs]) => `${frame(cs, ss, true)}${attempt(0, '  iretq')}`).join('')}`,
    }),
  );
compareWithQemu('IRETQ’s stack segment', stacks, CPU, 20_000_000);

/** QEMU's timer would interrupt where IF is set. */
const PIC_OFF = '  movb $0xff, %al\n  outb %al, $0x21\n  outb %al, $0xa1\n';

/** Flags as IRETQ and POPF load them at a privilege and IOPL, and as PUSHF shows them. */
const FLAGS = 0x25_7fd5 & ~0x100;
const flags: BareCase[] = [0, 1, 2, 3].flatMap((iopl) =>
  both.flatMap((ring) =>
    (
      [
        ['POPFQ', `  pushq $${FLAGS & ~0x2_0000}\n  popfq`],
        ['POPFW', '  pushw $0x7ed5\n  popfw'],
        [
          'IRETQ',
          `  movq %ss, %rax\n  pushq %rax\n  pushq $user_stack\n  pushq $${FLAGS & ~0x2_4000}\n  movq %cs, %rax\n  pushq %rax\n  leaq 8f(%rip), %rax\n  pushq %rax\n  iretq\n8:`,
        ],
      ] as const
    ).map(
      ([name, code]): BareCase => ({
        name: `${name} in ring ${ring} with IOPL ${iopl}`,
        code: attempt(
          ring,
          `${code}\n  pushfq\n  popq %rax\n  emit %rax`,
          `${PIC_OFF}${ring === 0 ? `  pushq $${hex((iopl << 12) | 2)}\n  popfq\n` : ''}`,
        ).replace('  user\n', `  user ${hex((iopl << 12) | 2)}\n`),
      }),
    ),
  ),
);
compareWithQemu('flags (SDM vol. 2B, POPF; vol. 2A, IRET)', flags, CPU);

/** Ways to be refused by privilege. */
const privileged: BareCase[] = both.flatMap((ring) =>
  [
    'cli', 'sti', 'swapgs', 'swapgs\n  swapgs', 'int $0x80', 'int3', '.byte 0xcd, 3', 'ud2', '.byte 0xce',
    'sysretq', 'sysenter', 'sysexit', 'movl $0x28, %eax\n  ltr %ax', 'movl $0, %eax\n  lldt %ax',
    'lgdt gdt_pointer', 'lidt idt_pointer', 'sgdt data\n  movq data, %rax\n  emit %rax', 'str %eax\n  emit %rax', 'sldt %eax\n  emit %rax',
    'movl $8, %eax\n  movw %ax, %cs', 'xorl %eax, %eax\n  movw %ax, %ss', 'lss data, %esp', 'movl %fs, %eax\n  emit %rax',
  ].map((text): BareCase => ({ name: `${text.replaceAll('\n', ';')} in ring ${ring}`, code: attempt(ring, `  ${text}`, PIC_OFF) })),
); // biome-ignore format: instructions in lines
compareWithQemu('who may do what', privileged, CPU);

/** Writes an MSR. */
const wrmsr = (number: number, value: string, high = 0): string =>
  `  movl $${hex(number)}, %ecx\n  movl $${value}, %eax\n  movl $${hex(high)}, %edx\n  wrmsr\n`;
const STATE = `  movq %cs, %rax
  emit %rax
  movq %ss, %rax
  emit %rax
  pushfq
  popq %rax
  emit %rax
`;
/** SYSCALL's registers, with the entry at the next label 9. */
const SYSCALL_MSRS = `${wrmsr(0xc000_0081, '0', 0x13_0008)}${wrmsr(0xc000_0082, '9f')}${wrmsr(0xc000_0084, '0x47700')}`;

const calls: BareCase[] = [
  ...both.map(
    (ring): BareCase => ({
      name: `SYSCALL in ring ${ring}`,
      code: `${SYSCALL_MSRS}${attempt(ring, '  stc\n  syscall\n3:\n  nop\n9:\n  emit %rcx\n  emit %r11\n  movl $stack_top, %esp')}${STATE}`,
    }),
  ),
  ...[0, 0xffe5_ffff, 0x1_7fd7].map(
    (value): BareCase => ({
      name: `SYSRETQ with R11 of ${hex(value)}`,
      code: `${PIC_OFF}${SYSCALL_MSRS}9:\n${attempt(0, `  movl $${hex((value & ~0x100) >>> 0)}, %r11d\n  leaq 3f(%rip), %rcx\n  movl $user_stack, %esp\n  sysretq\n3:\n${STATE}`)}`,
    }),
  ),
  {
    name: 'SYSRETL to compatibility mode',
    code: `${SYSCALL_MSRS}9:\n${HIT}${attempt(0, '  xorl %r11d, %r11d\n  leaq 4b(%rip), %rcx\n  sysretl')}`,
  },
  {
    name: 'SYSRETQ to an address that is not canonical',
    code: `${SYSCALL_MSRS}9:\n${attempt(0, '  xorl %r11d, %r11d\n  movabsq $0x800000000000, %rcx\n  sysretq')}`,
    differs: 'SDM vol. 2B, SYSRET: #GP(0) in ring 0; QEMU faults when it fetches, in ring 3',
  },
  ...both.map(
    (ring): BareCase => ({
      name: `SYSENTER in ring ${ring}`,
      code: `${wrmsr(0x174, '8')}${wrmsr(0x175, 'stack_top')}${wrmsr(0x176, '9f')}${attempt(ring, `  sysenter\n9:\n  emit %rsp\n${STATE}`)}`,
    }),
  ),
  ...['', '.byte 0x48\n  '].map(
    (rex): BareCase => ({
      name: `SYSEXIT ${rex ? 'to 64-bit code' : ''}`,
      code: `${wrmsr(0x174, rex ? '0' : '0x33')}${HIT}${attempt(0, `${wrmsr(0x174, '0x33')}  movl $user_stack, %ecx\n  leaq 4b(%rip), %rdx\n  ${rex}sysexit`)}`,
    }),
  ),
];
compareWithQemu('SYSCALL, SYSRET, SYSENTER and SYSEXIT (SDM vol. 2B)', calls, CPU);

/** Sets TF, so that what follows behind one more instruction is stepped; #DB comes back at 7. */
const stepped = (text: string, ring = 0, before = ''): string =>
  attempt(ring, `  pushq $0x102\n  popfq\n  ${text}\n  nop\n  nop`, before);
const STEP_REPORT = '  movq %dr6, %rax\n  emit %rax\n';
const steps: BareCase[] = [
  ...both.flatMap((ring) =>
    [
      'nop', 'xorl %eax, %eax', 'jmp 2f\n  nop\n2:', 'movq data, %rax', 'ud2', 'int3', 'int $0x80', 'pushfq\n  popq %rax\n  emit %rax', 'cli',
      'movl $3, %ecx\n  movl $data, %esi\n  lodsb', 'movq 0x7fffffff, %rax',
    ].map((text): BareCase => ({ name: `TF: ${text.replaceAll('\n', ';')} in ring ${ring}`, code: `${stepped(text, ring)}${STEP_REPORT}` })),
  ), // biome-ignore format: instructions in lines
  {
    name: 'TF: MOV SS holds it back',
    code: `${attempt(0, '  movl $0x10, %eax\n  pushq $0x102\n  popfq\n  movw %ax, %ss\n  nop\n  nop')}${STEP_REPORT}`,
  },
  {
    name: 'TF by IRETQ',
    code: `${attempt(0, '  pushq $0x10\n  pushq $stack_top\n  pushq $0x102\n  pushq $8\n  leaq 3f(%rip), %rax\n  pushq %rax\n  iretq\n3:\n  nop\n  nop')}${STEP_REPORT}`,
  },
  {
    name: 'TF: SYSCALL that masks it, and one that does not',
    code: `${SYSCALL_MSRS}${attempt(3, '  pushq $0x102\n  popfq\n  syscall\n9:\n  movl $stack_top, %esp\n  nop')}${STEP_REPORT}`,
  },
  ...[
    ['an instruction', '0x1', '2f'],
    ['a write', '0xd0001', 'data'],
    ['a read or write', '0xf0001', 'data'],
    ['another byte', '0xd0001', 'data + 4'],
    ['a global one', '0xd0002', 'data'],
  ].map(
    ([name, dr7, address]): BareCase => ({
      name: `a breakpoint: ${name}`,
      code: `${attempt(
        0,
        `  movl $${address}, %eax\n  movq %rax, %dr0\n  movl $${dr7}, %eax\n  movq %rax, %dr7\n  movl data, %eax\n  nop\n2:\n  nop\n  movl %eax, data\n  nop\n  nop`,
      )}${STEP_REPORT}`,
    }),
  ),
];
compareWithQemu('single step and breakpoints (SDM vol. 3B, chapter 18)', steps, CPU);

/** An IDT of the case's own at data, in which gate 0 is what is tried: QEMU gets the index of others in an error code wrong. */
const OWN_IDT = `
  movl $idt, %esi
  movl $data, %edi
  movl $512, %ecx
  cld
  rep movsq
  movw $0xfff, user_stack - 0x10
  movq $data, user_stack - 0xe
  lidt user_stack - 0x10
`;
/** The selector and access byte of gate 0. */
const gate = (selector: number, byte: number): string =>
  `  movw $${hex(selector)}, data + 2\n  movb $${hex(byte)}, data + 5\n`;

const deliveries: BareCase[] = both.flatMap((ring) => [
  ...upper.map(
    (high): BareCase => ({
      name: `gates in ring ${ring}, access bytes ${hex(high)} and on`,
      code: `${OWN_IDT}${eachType(high, 5, attempt(ring, '  int $0'))}`,
    }),
  ),
  {
    name: `code segments of a gate in ring ${ring}`,
    code: `${OWN_IDT}${[0, 3, 0x10, 0x13, 0x20, 0x23, 0x28, 0x38, 0x3b, 0x48, 0x0c]
      .map((selector) => `${gate(selector, 0xee)}${attempt(ring, '  int $0')}`)
      .join('')}`,
  },
  {
    name: `IST and RSP0 in ring ${ring}`,
    code: `${OWN_IDT}${[0, 1, 2, 7]
      .map(
        (ist) =>
          `  movb $${ist}, data + 4\n${attempt(ring, '  int $0', '  movl $(stack_top - 5), %esp\n')}  emit %rsp\n`,
      )
      .join('')}`,
  },
]);
compareWithQemu('delivery (SDM vol. 3A, 6.12 to 6.14)', deliveries, CPU);
