// The platform's registers here and under qemu-system-riscv64: UART, ACLINT and what lies between devices.
import { type BareCase, compareWithQemu } from './bare-image.ts';

const UART = 0x1000_0000;
const ACLINT = 0x200_0000;

/** Accesses one after the other: `lb 5` reads and reports offset 5, `sb 3 0x80` writes. */
function script(base: number, steps: string): string {
  const lines = steps.split(', ').map((step) => {
    const [op, offset, value] = step.split(' ');
    return op.startsWith('l')
      ? `li s0, ${base} + ${offset}\n  li t1, 0x77\n  ${op} t1, 0(s0)\n  emit t1`
      : `li s0, ${base} + ${offset}\n  li t1, ${value}\n  ${op} t1, 0(s0)`;
  });
  return `  ${lines.join('\n  ')}`;
}

const uart: BareCase[] = [
  ['LSR: transmitter empty, no data', 'lbu 5'],
  ['SCR holds a byte', 'sb 7 0x5a, lbu 7, sb 7 0xff, lbu 7, sb 7 0, lbu 7'],
  ['LCR holds a byte', 'sb 3 0x1b, lbu 3, sb 3 0x03, lbu 3'],
  ['IER holds four bits', 'sb 1 0xff, lbu 1, sb 1 0, lbu 1'],
  ['MCR holds five bits', 'sb 4 0xff, lbu 4, sb 4 0, lbu 4'],
  ['divisor behind DLAB', 'sb 3 0x83, sb 0 0x34, sb 1 0x12, lbu 0, lbu 1, sb 3 0x03, lbu 1'],
  ['IIR: nothing, then THR empty, which reading it clears', 'lbu 2, sb 1 2, lbu 2, lbu 2, sb 1 0, lbu 2'],
  ['IIR says whether FIFOs are on', 'sb 2 1, lbu 2, sb 2 0, lbu 2'],
  ['MSR: CTS, DSR and DCD', 'lbu 6'],
  [
    'MSR in loopback',
    'sb 4 0x10, lbu 6, sb 4 0x11, lbu 6, sb 4 0x12, lbu 6, sb 4 0x14, lbu 6, sb 4 0x18, lbu 6, sb 4 0',
  ],
  ['LSR is not written', 'sb 5 0, lbu 5'],
  ['RBR while there is nothing', 'lbu 5, sb 4 0, lbu 5'],
].map(([name, steps]) => ({ name: `16550: ${name}`, code: script(UART, steps) }));

const aclint: BareCase[] = [
  ['msip holds bit 0', 'sw 0 -1, lw 0, sw 0 2, lw 0, sw 0 0, lw 0'],
  ['mtimecmp by 8 and by 4 bytes', 'sd 0x4000 0x123456789abcdef0, ld 0x4000, lw 0x4000, lw 0x4004'],
  ['mtimecmp written by 4 bytes', 'sd 0x4000 -1, sw 0x4000 0x11223344, ld 0x4000, sw 0x4004 0x55667788, ld 0x4000'],
].map(([name, steps]) => ({ name: `ACLINT: ${name}`, code: script(ACLINT, steps) }));

/** What `mip` says of lines and comparators, masked to MSIP and MTIP. */
const MIP = 'csrr t1, mip\n  andi t1, t1, 0x88\n  emit t1\n';
const lines: BareCase[] = [
  {
    name: 'ACLINT: msip drives MSIP',
    code: `${MIP}${script(ACLINT, 'sw 0 1')}\n${MIP}${script(ACLINT, 'sw 0 0')}\n${MIP}`,
  },
  {
    name: 'ACLINT: mtimecmp drives MTIP, and raising it takes it back',
    code: `${MIP}${script(ACLINT, 'sd 0x4000 0')}\n${MIP}${script(ACLINT, 'sd 0x4000 -1')}\n${MIP}`,
  },
  {
    name: 'ACLINT: mtime moves on, and time with it',
    code: `
  li s0, ${ACLINT} + 0xbff8
  ld t0, 0(s0)
1: csrr t1, time
  bleu t1, t0, 1b
2: ld t2, 0(s0)
  bltu t2, t1, 2b
  li t1, 1
  emit t1`,
  },
  {
    name: 'ACLINT: mtime is written, and time with it',
    code: `
  li s0, ${ACLINT} + 0xbff8
  li t0, 1 << 40
  sd t0, 0(s0)
  ld t1, 0(s0)
  srli t1, t1, 40
  emit t1
  csrr t1, time
  srli t1, t1, 40
  emit t1
  sw zero, 4(s0)
  ld t1, 0(s0)
  srli t1, t1, 40
  emit t1`,
  },
];

/** Devices and holes as M-mode sees them. */
const holes: BareCase[] = ['lb', 'lh', 'lw', 'ld', 'sb', 'sh', 'sw', 'sd'].map((op) => ({
  name: `nothing at 0x200000: ${op}`,
  code: op.startsWith('l') ? script(0x20_0000, `${op} 0`) : `${script(0x20_0000, `${op} 0 0`)}\n  li t1, 1\n  emit t1`,
}));

compareWithQemu('Platform', [...uart, ...aclint, ...lines, ...holes]);
