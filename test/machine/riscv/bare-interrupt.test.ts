// Interrupts here and under qemu-system-riscv64: which are taken, in which order, in which mode, to which vector.
import { type BareCase, compareWithQemu } from './bare-image.ts';

/** QEMU 7.2 takes the lowest number first, against 3.1.9, unless its CPU has the AIA. */
const AIA = 'rv64,h=false,x-smaia=true,x-ssaia=true';

/** Makes everything pending that can be without an interrupt controller: SSI, STI, SEI, MSI and MTI. */
const PEND_ALL = `
  li t0, 0x222
  csrs mip, t0
  li t0, 0x02004000
  sd zero, 0(t0)
  li t0, 0x02000000
  li t1, 1
  sw t1, 0(t0)
  li t2, 0xaaa
  csrr t1, mip
  and t1, t1, t2
  emit t1`;

const MODES = [0, 1, 3];

/** Each handler reports and disables the interrupt it took, so that the next one by priority is taken. */
const order: BareCase[] = MODES.flatMap((mode) =>
  ['0', '0x222', '0x002', '0x020', '0x220'].flatMap((mideleg) =>
    ['0', '0x2', '0x8', '0xa'].flatMap((enables) =>
      ['0', '1'].map((vectored) => ({
        name: `all pending, mode ${mode}, mideleg ${mideleg}, xIE ${enables}, vectored ${vectored}`,
        code: `
  ${vectored === '1' ? 'la t0, vectors\n  ori t0, t0, 1\n  csrw mtvec, t0' : ''}
  li t0, ${mideleg}
  csrw mideleg, t0${PEND_ALL}
  # xPIE for the return that enters the mode: MIE becomes MPIE; SIE is set as it is.
  li t0, ${enables} & 2 | (${enables} & 8) << 4
  csrs mstatus, t0
  li t0, 0xaaa
  csrw mie, t0
  enter ${mode}
  nop
  li t1, 0x42
  emit t1
  leave
  csrw mie, zero
  li t2, 0xaaa
  csrr t1, mip
  and t1, t1, t2
  emit t1`,
      })),
    ),
  ),
);

/** QEMU notices lines a little later; a handler that reports moves s11 on. */
const UNTIL_TAKEN = '\n1:\n  beq s0, s11, 1b';

/** An interrupt becomes enabled by each of the ways to enable it, and is taken before the next instruction. */
const ENABLERS: Readonly<Record<string, string>> = {
  'mstatus.MIE by csrrsi': 'csrwi mie, 2\n  csrwi mip, 2\n  csrsi mstatus, 8',
  'mie by csrrw': 'csrsi mstatus, 8\n  csrwi mip, 2\n  csrwi mie, 2',
  'mip by csrrs': 'csrsi mstatus, 8\n  csrwi mie, 2\n  csrsi mip, 2',
  'mip.STIP': 'csrsi mstatus, 8\n  li t0, 0x20\n  csrw mie, t0\n  csrs mip, t0',
  'mip.SEIP': 'csrsi mstatus, 8\n  li t0, 0x200\n  csrw mie, t0\n  csrs mip, t0',
  'MSIP by a store': `csrsi mstatus, 8\n  csrwi mie, 8\n  li t0, 0x2000000\n  li t1, 1\n  mv s0, s11\n  sw t1, 0(t0)${UNTIL_TAKEN}`,
  'MTIP by a store': `csrsi mstatus, 8\n  li t0, 0x80\n  csrw mie, t0\n  li t0, 0x2004000\n  mv s0, s11\n  sd zero, 0(t0)${UNTIL_TAKEN}`,
  'mideleg withdrawn': 'csrsi mstatus, 8\n  csrwi mideleg, 2\n  csrwi mie, 2\n  csrwi mip, 2\n  csrwi mideleg, 0',
  'sie by csrrs': 'csrsi mstatus, 2\n  csrwi mideleg, 2\n  csrwi mip, 2\n  enter 1\n  csrsi sie, 2',
  'sip by csrrs': 'csrsi mstatus, 2\n  csrwi mideleg, 2\n  csrwi mie, 2\n  enter 1\n  csrsi sip, 2',
  'sstatus.SIE by csrrs': 'csrwi mideleg, 2\n  csrwi mie, 2\n  csrwi mip, 2\n  enter 1\n  csrsi sstatus, 2',
  'sret to U':
    'csrwi mideleg, 2\n  csrwi mie, 2\n  csrwi mip, 2\n  enter 1\n  la t0, 6f\n  csrw sepc, t0\n  sret\n6: nop',
  'stimecmp by csrrw':
    'li t0, 1 << 63\n  csrw 0x30a, t0\n  li t0, -1\n  csrw 0x14d, t0\n  li t0, 0x20\n  csrw mie, t0\n  csrsi mstatus, 8\n' +
    '  csrw 0x14d, zero',
};
const enabling: BareCase[] = Object.entries(ENABLERS).map(([name, code]) => ({
  name: `enabled through ${name}`,
  code: `
  ${code}
  li t1, 0x43
  emit t1
  leave`,
}));

/** WFI goes on for whatever is pending and enabled in mie, taken or not. */
const wfi: BareCase[] = ['csrwi mip, 2', 'li t0, 0x20\n  csrw mip, t0', 'li t0, 0x200\n  csrw mip, t0'].flatMap(
  (pend) =>
    ['0', '0x222'].map((mideleg) => ({
      name: `wfi with ${pend.replace(/\n\s*/, ' ')}, mideleg ${mideleg}`,
      code: `
  ${pend}
  li t0, ${mideleg}
  csrw mideleg, t0
  li t0, 0x222
  csrw mie, t0
  wfi
  li t1, 0x44
  emit t1`,
    })),
);
const timers: BareCase[] = [
  {
    name: 'wfi until mtimecmp',
    code: `
  li t0, 0x80
  csrw mie, t0
  li t0, 0x200bff8
  ld t1, 0(t0)
  addi t1, t1, 2000
  li t2, 0x2004000
  sd t1, 0(t2)
  wfi
  # WFI may go on for no reason: until it is time.
1: csrr t3, mip
  andi t3, t3, 0x80
  beqz t3, 1b
  ld t2, 0(t0)
  sltu t1, t2, t1
  emit t1
  csrsi mstatus, 8
  nop
  li t1, 0x45
  emit t1`,
  },
  {
    name: 'wfi until stimecmp, in S-mode',
    code: `
  li t0, 1 << 63
  csrw 0x30a, t0
  li t0, 0x20
  csrw mie, t0
  csrw mideleg, t0
  csrwi mcounteren, 2
  csrr t1, time
  addi t1, t1, 2000
  csrw 0x14d, t1
  enter 1
1: wfi
  csrr t3, sip
  andi t3, t3, 0x20
  beqz t3, 1b
  csrr t2, time
  sltu t1, t2, t1
  emit t1
  csrsi sstatus, 2
  nop
  li t1, 0x46
  emit t1
  leave`,
  },
];

compareWithQemu('Interrupts: order, delegation and vectors', order, AIA);
compareWithQemu('Interrupts: when they are noticed, and WFI', [...enabling, ...wfi, ...timers]);
