// What becomes of a fault met while another event is delivered, here and under qemu-system-x86_64 (SDM vol. 3A, 6.15, interrupt 8,
// tables 6-4 and 6-5): both in turn, or #DF. Where #DF meets one too the machine ends, which trap.test.ts has.
import { type BareCase, compareWithQemu } from './bare-image.ts';

/** An IDT of the case's own, and a second stack of the interrupt stack table, in no page. */
const OWN = `
  movl $idt, %esi
  movl $data, %edi
  movl $512, %ecx
  cld
  rep movsq
  movw $0xfff, user_stack - 0x10
  movq $data, user_stack - 0xe
  lidt user_stack - 0x10
  movl $0x80001000, %eax
  movq %rax, tss + 44
`;

/** The first event: its vector, and what raises it. */
const FIRST: readonly (readonly [name: string, vector: number, code: string])[] = [
  ['#UD, benign', 6, '  ud2'],
  ['INT3, benign', 3, '  int3'],
  ['INT n, benign', 0x50, '  int $0x50'],
  ['INT 14, which is no page fault', 14, '  int $14'],
  ['INT 13, which is no general protection', 13, '  int $13'],
  ['#DE, contributory', 0, '  xorl %ecx, %ecx\n  divl %ecx'],
  ['#NP, contributory', 11, '  movb $0x6e, data + 16 * 0x51 + 5\n  int $0x51'],
  ['#GP, contributory', 13, '  movl $0x100, %eax\n  movl %eax, %ds'],
  ['#PF', 14, '  movl 0x7fffff00(%rbx), %eax'],
];
/** What its delivery meets, by what is done to its gate. */
const SECOND: readonly (readonly [name: string, spoil: (gate: string) => string])[] = [
  ['nothing', () => ''],
  ['#NP: the gate is absent', (gate) => `  movb $0x6e, ${gate} + 5\n`],
  ['#GP: no interrupt gate', (gate) => `  movb $0xe5, ${gate} + 5\n`],
  ['#GP: no selector', (gate) => `  movw $0, ${gate} + 2\n`],
  ['#GP: data', (gate) => `  movw $0x10, ${gate} + 2\n`],
  ['#GP: code of ring 3', (gate) => `  movw $0x23, ${gate} + 2\n`],
  ['#PF: the stack is in no page', (gate) => `  movb $2, ${gate} + 4\n`],
];

/**
 * QEMU takes a gate's index times 16, not 8, for its error code, and never sets EXT (SDM vol. 3A, 6.13). #DF's own is 0, a page
 * fault's another.
 */
function hasOtherError(first: string, second: string): boolean {
  const byGate = /absent|no interrupt gate/.test(second);
  // The gate that is spoilt is #GP's own there, so that #DF comes of it.
  if (first.startsWith('INT 13') && second.startsWith('#GP')) return false;
  if (first.startsWith('INT')) return byGate;
  if (first.startsWith('#NP')) return second === 'nothing';
  return first.startsWith('#UD') && /^#(NP|GP)/.test(second);
}

const CASES = [0, 3].flatMap((ring) =>
  FIRST.flatMap(([first, vector, code]) =>
    // In ring 3 code of ring 3 would be a good handler, which could not do what is to be done here.
    SECOND.filter(([second]) => ring === 0 || !second.includes('ring 3')).map(([second, spoil]): BareCase => {
      const go = ring === 3 ? '  user\n' : '';
      const raise = `  movl $0x1000, %ebx\n  trying\n${go}${code}\n  emit_value 1\n  int $0x41\n7:\n  movq %cr2, %rax\n  emit %rax\n`;
      return {
        name: `in ring ${ring}, ${first}; then ${second}`,
        code: `${OWN}${spoil(`data + 16 * ${vector}`)}${raise}`,
        ...(hasOtherError(first, second) && { differs: 'SDM vol. 3A, 6.13: error codes' }),
      };
    }),
  ),
);
compareWithQemu('faults in the delivery of events (SDM vol. 3A, table 6-5)', CASES, 'max', 20_000_000);

/** The third in a row, each in the other's place: benign, contributory, page fault. */
const CHAINS: BareCase[] = [
  {
    name: 'INT n to an absent gate, then #NP on a stack in no page: #PF',
    code: `${OWN}  movb $0x6e, data + 16 * 0x50 + 5\n  movb $2, data + 16 * 11 + 4\n  trying\n  int $0x50\n7:\n`,
  },
  {
    name: 'INT n on a stack in no page, then #PF to an absent gate: #DF',
    code: `${OWN}  movb $2, data + 16 * 0x50 + 4\n  movb $0x6e, data + 16 * 14 + 5\n  trying\n  int $0x50\n7:\n`,
  },
  {
    name: '#DE on a stack in no page, then #PF on one too: #DF',
    code: `${OWN}  movb $2, data + 4\n  movb $2, data + 16 * 14 + 4\n  trying\n  xorl %ecx, %ecx\n  divl %ecx\n7:\n`,
  },
];
compareWithQemu('three events in a row', CHAINS);
