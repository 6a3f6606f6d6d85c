// Control registers, MSRs, debug registers and ports here and under qemu-system-x86_64: what each may hold, and who may say so.
import { type BareCase, compareWithQemu } from './bare-image.ts';

/** Reports 1 where the instructions went through, else the exception. */
const attempt = (instructions: string): string => `  trying\n${instructions}\n  emit_value 1\n7:\n`;

/** Loads RAX with a value. */
const rax = (value: bigint): string => `  movabsq $${value}, %rax\n`;

/** Writes a control register and reads it back, then puts back what `fresh` expects. */
const control = (n: number, value: bigint, before = ''): string =>
  `${before}${rax(value)}${attempt(`  movq %rax, %cr${n}`)}  movq %cr${n}, %rax\n  emit %rax\n`;

const PAE_SSE = 0x620n;
const CR0_BASE = 0x8001_0033n;
const bits = Array.from({ length: 64 }, (_, i) => BigInt(i));

/** What QEMU 7.2 lets through, and by which clause it is #GP. */
const UNCHECKED: ReadonlyMap<string, string> = new Map([
  ['CR4.PCIDE with CR3 bit 3', 'vol. 3A, 4.10.1'],
  ['CR0 bit 0 inverted', 'vol. 2B, MOV: PG without PE'],
  ['CR0 bit 29 inverted', 'vol. 2B, MOV: NW without CD'],
  ['CR8 of 16', 'vol. 2B, MOV: reserved bits of CR8'],
  [`CR8 of ${1n << 63n}`, 'vol. 2B, MOV: reserved bits of CR8'],
]);

/**
 * Bits of CR4 of which QEMU's processor has the features and ours does not. Whatever QEMU 7.2 refuses of CR4, CR3 or the
 * upper half of CR0 it tries again for ever instead of raising #GP, so refusals are in control.test.ts alone.
 */
const CR4_MORE: readonly bigint[] = [1n, 6n, 11n];
const CR4_KEPT: readonly bigint[] = [2n, 3n, 4n, 7n, 8n, 9n, 10n, 16n, 17n, 18n, 22n, 24n];
const TABLE = 'movl $table_4, %eax\n';

const CONTROL: BareCase[] = [
  ...[...CR4_MORE, ...CR4_KEPT].map(
    (bit): BareCase => ({
      name: `CR4 bit ${bit}`,
      code: control(4, PAE_SSE | (1n << bit)),
      ...(CR4_MORE.includes(bit) && { differs: 'CPUID says that the feature is not there, so the bit is reserved' }),
    }),
  ),
  { name: 'CR4.LA57 set', code: control(4, PAE_SSE | 0x1000n) },
  {
    name: 'CR4.PCIDE with CR3 bit 3',
    code: control(4, PAE_SSE | 0x2_0000n, `  ${TABLE}  orl $8, %eax\n  movq %rax, %cr3\n`),
  },
  ...[0n, 1n, 2n, 3n, 5n, 16n, 18n, 29n, 30n].map(
    (bit): BareCase => ({ name: `CR0 bit ${bit} inverted`, code: control(0, CR0_BASE ^ (1n << bit)) }),
  ),
  { name: 'CR0.CD and NW', code: control(0, CR0_BASE | (3n << 29n)) },
  ...[0n, 15n, 16n, 1n << 63n].map((value): BareCase => ({ name: `CR8 of ${value}`, code: control(8, value) })),
  ...[1, 5, 6, 7, 9, 15].map(
    (n): BareCase => ({
      name: `CR${n}`,
      code: attempt(`  .byte 0x${n > 7 ? '44' : '40'}, 0x0f, 0x20, 0x${(0xc0 | ((n & 7) << 3)).toString(16)}`),
    }),
  ),
  {
    name: 'SMSW and LMSW',
    code: `${rax(0xen)}  lmsw %ax\n  smsw %rax\n  emit %rax\n${rax(0n)}  lmsw %ax\n  smsw %rax\n  emit %rax\n`,
  },
  { name: 'CLTS', code: `${rax(CR0_BASE | 8n)}  movq %rax, %cr0\n  clts\n  movq %cr0, %rax\n  emit %rax\n` },
];

compareWithQemu(
  'control registers (SDM vol. 2B, MOV; vol. 3A, 2.5)',
  CONTROL.map((one) => ({ ...one, ...(UNCHECKED.has(one.name) && { differs: `${UNCHECKED.get(one.name)}: #GP` }) })),
);

/** Reads an MSR; writes it and reads it again. */
const readMsr = (number: number): string =>
  `  movl $${number}, %ecx\n${attempt('  rdmsr\n  shlq $32, %rdx\n  orq %rdx, %rax\n  emit %rax')}`;
const writeMsr = (number: number, value: bigint): string =>
  `  movl $${number}, %ecx\n  movl $${value & 0xffff_ffffn}, %eax\n  movl $${value >> 32n}, %edx\n${attempt('  wrmsr')}${readMsr(number)}`;

const CANONICAL_BASES = [0xc000_0082, 0xc000_0083, 0xc000_0100, 0xc000_0101, 0xc000_0102, 0x175, 0x176];

const MSRS: BareCase[] = [
  ...bits
    .filter((bit) => ![0n, 8n, 10n, 11n].includes(bit))
    .map(
      (bit): BareCase => ({
        name: `EFER bit ${bit}`,
        code: writeMsr(0xc000_0080, 0x901n | (1n << bit)),
        differs: 'vol. 4 reserves it: #GP',
      }),
    ),
  {
    name: 'EFER.LME cleared under paging',
    code: writeMsr(0xc000_0080, 0x801n),
    differs: 'vol. 3A, 2.2.1: #GP',
  },
  { name: 'EFER.LMA is not written', code: writeMsr(0xc000_0080, 0x901n) },
  ...CANONICAL_BASES.flatMap((number): BareCase[] => [
    { name: `MSR ${number.toString(16)}: canonical`, code: writeMsr(number, 0xffff_8000_0000_1000n) },
    {
      name: `MSR ${number.toString(16)}: canonical in no mode`,
      code: writeMsr(number, 0x8000_0000_0000_0000n),
      differs: 'vol. 2B, WRMSR: #GP',
    },
  ]),
  { name: 'STAR', code: writeMsr(0xc000_0081, 0x1234_5678_9abc_def0n) },
  { name: 'FMASK', code: writeMsr(0xc000_0084, 0xffff_ffffn) },
  { name: 'TSC_AUX', code: writeMsr(0xc000_0103, 0xffff_ffffn) },
  { name: 'PAT', code: writeMsr(0x277, 0x0007_0105_0607_0406n) },
  { name: 'PAT at reset', code: readMsr(0x277) },
  { name: 'PKRS', code: writeMsr(0x6e1, 0x1234_5678n) },
  { name: 'APIC_BASE', code: readMsr(0x1b) },
  { name: 'SYSENTER_CS', code: writeMsr(0x174, 0x8n) },
];

compareWithQemu('model-specific registers (SDM vol. 4)', MSRS);

const debug = (n: number, value: bigint): string =>
  `${rax(value)}${attempt(`  movq %rax, %dr${n}`)}  movq %dr${n}, %rax\n  emit %rax\n`;

const OTHERS: BareCase[] = [
  ...[0n, 0xe00fn].map((value): BareCase => ({ name: `DR6 of ${value.toString(16)}`, code: debug(6, value) })),
  ...[0n, 0xffn].map((value): BareCase => ({ name: `DR7 of ${value.toString(16)}`, code: debug(7, value) })),
  ...[6, 7].map((n): BareCase => ({ name: `DR${n} bit 32`, code: debug(n, 1n << 32n) })),
  { name: 'DR0', code: debug(0, 0x1234_5678_9abcn) },
  {
    name: 'DR7.GD',
    differs: 'vol. 3B, 18.2.4: #DB, whose delivery clears GD',
    code: `${rax(0x2400n)}  movq %rax, %dr7\n${attempt('  movq %dr0, %rax')}  movq %dr7, %rax\n  emit %rax\n  movq %dr6, %rax\n  emit %rax\n`,
  },
  { name: 'DR4 under CR4.DE', code: `${rax(PAE_SSE | 8n)}  movq %rax, %cr4\n${attempt('  .byte 0x0f, 0x21, 0xe0')}` },
  ...[
    ...[
      'movq %cr0, %rax',
      'movq %cr4, %rax',
      'movq %rax, %cr3',
      'movq %cr8, %rax',
      'movq %dr0, %rax',
      'movq %rax, %dr7',
    ],
    ...['clts', 'lmsw %ax', 'rdmsr', 'wrmsr', 'invlpg data', 'wbinvd', 'invd', 'hlt', 'cli', 'sti', 'swapgs', 'rdpmc'],
    ...['clac', 'stac', 'lgdt gdt_pointer', 'lidt idt_pointer', 'lldt %ax', 'ltr %ax', 'sysretq', 'xsetbv', 'xgetbv'],
    ...['rdfsbase %rax', 'wrfsbase %rax', 'rdpkru', 'smsw %rax', 'str %eax', 'sldt %eax', 'rdtsc'],
  ].map(
    (instruction): BareCase => ({
      name: `in ring 3: ${instruction}`,
      code: attempt(`  xorl %eax, %eax\n  xorl %ecx, %ecx\n  user\n  ${instruction}`),
      ...(instruction === 'xsetbv' && { differs: 'without CR4.OSXSAVE it is no instruction: #UD comes before #GP' }),
    }),
  ),
  {
    name: 'in ring 3: RDTSC under CR4.TSD',
    code: `${rax(PAE_SSE | 4n)}  movq %rax, %cr4\n${attempt('  user\n  rdtsc')}`,
  },
  { name: 'in ring 0: RDTSC under CR4.TSD', code: `${rax(PAE_SSE | 4n)}  movq %rax, %cr4\n${attempt('  rdtsc')}` },
  ...[0x40, 0x44, 0x47, 0x3f, 0x80, 0x81, 0xf0].flatMap((port) =>
    (['inb %dx, %al', 'inw %dx, %ax', 'inl %dx, %eax'] as const).map(
      (instruction): BareCase => ({
        name: `in ring 3: ${instruction} of port ${port.toString(16)}`,
        code: attempt(`  movl $${port}, %edx\n  user\n  ${instruction}\n  ud2`),
      }),
    ),
  ),
  {
    name: 'in ring 3 at IOPL 3: a closed port',
    code: attempt('  movl $0x3fd, %edx\n  user 0x3002\n  inb %dx, %al\n  ud2'),
  },
  {
    name: 'in ring 3 at IOPL 2: a closed port',
    code: attempt('  movl $0x3fd, %edx\n  user 0x2002\n  inb %dx, %al\n  ud2'),
  },
  ...[0n, 1n, 2n, 3n, 1n << 63n].map(
    (value): BareCase => ({
      name: `XSETBV of ${value}`,
      code: `${rax(PAE_SSE | (1n << 18n))}  movq %rax, %cr4\n  xorl %ecx, %ecx\n  movl $${value & 0xffff_ffffn}, %eax\n  movl $${value >> 32n}, %edx\n${attempt('  xsetbv')}  xgetbv\n  emit %rax\n`,
    }),
  ),
  {
    name: 'WRPKRU and RDPKRU',
    code: `${rax(PAE_SSE | (1n << 22n))}  movq %rax, %cr4\n  xorl %ecx, %ecx\n  xorl %edx, %edx\n  movl $0xfffffff0, %eax\n  wrpkru\n  xorl %eax, %eax\n  rdpkru\n  emit %rax\n  xorl %eax, %eax\n  wrpkru\n  movl $1, %edx\n${attempt('  wrpkru')}  movl $1, %ecx\n${attempt('  rdpkru')}`,
  },
];

compareWithQemu('debug registers, ports, and what ring 3 may do', OTHERS);
