// CSRs here and under qemu-system-riscv64: what is read back after all kinds of writes, and who may access what.
import { type BareCase, compareWithQemu } from './bare-image.ts';

const PATTERNS = [0n, ~0n, 0x5555_5555_5555_5555n, 0xaaaa_aaaa_aaaa_aaaan];
const signed = (value: bigint) => BigInt.asIntN(64, value);

/** Writes a value, and reads it back; `mask`: bits that are compared. */
const writeRead = (csr: string, value: bigint, mask = ~0n): string => `
  li t0, ${signed(value)}
  csrrw t2, ${csr}, t0
  csrr t1, ${csr}
  csrw ${csr}, t2
  li t0, ${signed(mask)}
  and t1, t1, t0
  emit t1`;

interface Writable {
  readonly csr: string;
  readonly before?: string;
  readonly mask?: bigint;
  readonly values?: readonly bigint[];
  readonly differs?: string;
}

/** VS, and GVA and MPV of the hypervisor extension, which QEMU 7.2 keeps whether or not it is on. */
const STATUS_MASK = ~((3n << 9n) | (3n << 38n));
/** UXL and SXL are writable in QEMU: they stay what they are. */
const xlen64 = (value: bigint) => (value & ~(15n << 32n)) | (10n << 32n);
/** Interrupts of the hypervisor extension (2, 6, 10, 12) and of Sscofpmf (13), which QEMU 7.2 keeps. */
const INTERRUPT_MASK = ~0x3444n;
const HYPERVISOR = '3.1.9: interrupts that the hart does not have are read-only zero';
const NO_HPM = '3.1.10: every hpmcounter exists, though it may be read-only zero';
const IALIGN = '3.1.14: bit 0 of xepc is always zero';

const FS = 'li t0, 3 << 13\n  csrs mstatus, t0';
const WRITABLE: readonly Writable[] = [
  { csr: 'mstatus', mask: STATUS_MASK, values: [0n, ~0n, ~(3n << 11n), ~(3n << 11n) | (1n << 11n)].map(xlen64) },
  { csr: 'mstatus', mask: STATUS_MASK, values: [0x5555_5555_5555_4555n, 0xaaaa_aaaa_aaaa_a2aan].map(xlen64) },
  { csr: 'sstatus', mask: STATUS_MASK, values: PATTERNS.map(xlen64) },
  {
    csr: 'mstatus',
    values: [xlen64(2n << 11n)],
    differs: '3.1.6.1: MPP is WARL and holds no mode that does not exist',
  },
  { csr: 'mstatus', values: [xlen64(3n << 9n)], differs: '3.1.6.7: without V, VS may be read-only zero' },
  { csr: 'mtvec', values: [0x8000_0000n, 0x8000_0001n, 0x1234_5678_9abc_def4n, ~3n, ~2n] },
  { csr: 'stvec', values: [0x8000_0000n, 0x8000_0001n, 0x1234_5678_9abc_def4n, ~3n, ~2n] },
  { csr: 'medeleg', mask: 0xb3ffn },
  { csr: 'medeleg', values: [~0n], differs: 'Priv. spec 3.1.8: which bits are writable is the implementation’s' },
  { csr: 'mideleg', mask: INTERRUPT_MASK },
  { csr: 'mie', mask: INTERRUPT_MASK },
  { csr: 'sie', mask: INTERRUPT_MASK },
  { csr: 'sie', mask: INTERRUPT_MASK, before: 'li t0, -1\n  csrw mideleg, t0' },
  { csr: 'mip', mask: INTERRUPT_MASK },
  { csr: 'sip', mask: INTERRUPT_MASK },
  { csr: 'sip', mask: INTERRUPT_MASK, before: 'li t0, -1\n  csrw mideleg, t0' },
  { csr: 'mie', values: [~0n], differs: HYPERVISOR },
  ...['mepc', 'sepc'].flatMap((csr) => [
    { csr, values: [0n, 2n, ~1n, 0xaaaa_aaaa_aaaa_aaaan] },
    { csr, values: [1n, ~0n], differs: IALIGN },
  ]),
  { csr: 'mcause' },
  { csr: 'scause' },
  { csr: 'mtval' },
  { csr: 'stval' },
  { csr: 'mscratch' },
  { csr: 'sscratch' },
  ...['mcounteren', 'scounteren'].flatMap((csr) => [
    { csr, mask: 0xffff_ffffn },
    { csr, values: [~0n], differs: '3.1.11: the register has 32 bits' },
  ]),
  { csr: 'mcountinhibit', mask: 5n },
  { csr: 'mcountinhibit', values: [2n], differs: '3.1.12: bit 1 is zero, time cannot be inhibited' },
  { csr: '0x30a', mask: (1n << 63n) | 1n },
  { csr: '0x10a', mask: 1n },
  { csr: 'fflags', before: FS },
  { csr: 'frm', before: FS },
  { csr: 'fcsr', before: FS },
  { csr: 'mhpmcounter31', values: [0n], differs: NO_HPM },
  { csr: 'tselect', values: [0n] },
  ...['pmpaddr3', 'pmpaddr14'].flatMap((csr) => [
    { csr, mask: (1n << 54n) - 1n },
    { csr, values: [~0n], differs: '3.7.1: pmpaddr holds bits 55 to 2 of an address, the 10 bits above are zero' },
  ]),
  { csr: 'pmpcfg0', values: [0n, 0x0f17_1b1f_0507_0301n & 0x7f7f_7f7f_7f7f_7f7fn] },
];

const writes: BareCase[] = WRITABLE.flatMap(({ csr, before = '', mask, values = PATTERNS, differs }) =>
  values.map((value) => ({
    name: `${csr} = ${BigInt.asUintN(64, value).toString(16)}`,
    code: `${before}${writeRead(csr, value, mask)}`,
    differs,
  })),
);

const satp: BareCase[] = Array.from({ length: 16 }, (_, mode) => ({
  name: `satp: MODE ${mode} over MODE 9`,
  code: `
  li t0, 9 << 60 | 0x1234 << 44 | 0x567
  csrw satp, t0
  li t0, ${signed(BigInt(mode) << 60n)} + 0xfff0fffffffffff
  csrw satp, t0
  csrr t1, satp
  emit t1`,
}));

const rmw: BareCase[] = [
  ['csrrw', 't1, mscratch, t0'],
  ['csrrs', 't1, mscratch, t0'],
  ['csrrc', 't1, mscratch, t0'],
  ['csrrw', 't0, mscratch, t0'],
  ['csrrs', 't0, mscratch, t0'],
  ['csrrc', 't0, mscratch, t0'],
  ['csrrw', 'zero, mscratch, t0'],
  ['csrrs', 't1, mscratch, zero'],
  ['csrrc', 't1, mscratch, zero'],
  ['csrrw', 't1, mscratch, zero'],
  ['csrrwi', 't1, mscratch, 21'],
  ['csrrsi', 't1, mscratch, 21'],
  ['csrrci', 't1, mscratch, 21'],
  ['csrrwi', 't1, mscratch, 0'],
  ['csrrsi', 't1, mscratch, 0'],
  ['csrrci', 't1, mscratch, 0'],
].map(([op, operands]) => ({
  name: `Zicsr: ${op} ${operands}`,
  code: `
  li t0, 0x123456789abcdef0
  csrw mscratch, t0
  li t0, 0xff00ff00ff00ff00
  li t1, 0x99
  ${op} ${operands}
  emit t0
  emit t1
  csrr t1, mscratch
  emit t1`,
}));

/** An access that may trap; only whether it does is reported, so that values that run do not matter. */
const access = (instruction: string) => `
  ${instruction}
  li t1, 0
  emit t1`;

const READ_ONLY = ['cycle', 'time', 'instret', 'hpmcounter3', 'mvendorid', 'mhartid', 'mconfigptr'];
const illegal: BareCase[] = [
  ...READ_ONLY.flatMap((csr) => [
    { name: `${csr}: csrrw is a write`, code: access(`csrrw t1, ${csr}, zero`) },
    { name: `${csr}: csrrs with a register is a write`, code: access(`li t2, 1\n  csrrs t1, ${csr}, t2`) },
    {
      name: `${csr}: csrrs with a register that holds zero is a write`,
      code: access(`li t2, 0\n  csrrs t1, ${csr}, t2`),
      differs: 'Zicsr: rs1 other than x0 writes, whatever the register holds',
    },
    { name: `${csr}: csrrci with 1 is a write`, code: access(`csrrci t1, ${csr}, 1`) },
    { name: `${csr}: csrrs with x0 is a read`, code: access(`csrrs t1, ${csr}, zero`) },
    { name: `${csr}: csrrci with 0 is a read`, code: access(`csrrci t1, ${csr}, 0`) },
  ]),
  { name: 'hpmcounter31', code: access('csrr t1, hpmcounter31'), differs: NO_HPM },
  ...['0x3a1', '0x3a3', '0x310', '0x3d0', '0xc80', '0xc83', '0x7b0', '0x800', '0x321', '0x008', '0x200', '0x5a8'].map(
    (csr) => ({ name: `${csr} does not exist`, code: access(`csrr t1, ${csr}`) }),
  ),
  ...['fflags', 'frm', 'fcsr'].map((csr) => ({ name: `${csr} while FS is 0`, code: access(`csrr t1, ${csr}`) })),
  ...['fflags', 'frm', 'fcsr'].map((csr) => ({
    name: `${csr}: a write makes FS dirty`,
    code: `
  li t0, 1 << 13
  csrs mstatus, t0
  csrw ${csr}, zero
  csrr t1, mstatus
  emit t1`,
  })),
];

const PRIVILEGED = [
  'sstatus sie stvec scounteren 0x10a sscratch sepc scause stval sip satp fflags',
  'mstatus misa medeleg mideleg mie mtvec mcounteren 0x30a mcountinhibit mscratch mepc mcause mtval mip',
  'pmpcfg0 pmpaddr0 mhpmevent3 mcycle minstret mhpmcounter3 mhartid tselect',
].flatMap((line) => line.split(' '));
const privilege: BareCase[] = [0, 1].flatMap((mode) =>
  PRIVILEGED.map((csr) => ({
    name: `${csr} in mode ${mode}`,
    code: `  enter ${mode}${access(`csrr t1, ${csr}`)}\n  leave`,
  })),
);

const gating: BareCase[] = [0, 1].flatMap((mode) =>
  [0, 2, 7, -1].flatMap((m) =>
    [0, 2, 7, -1].map((s) => ({
      name: `counters in mode ${mode}, mcounteren ${m}, scounteren ${s}`,
      code: `
  li t0, ${m}
  csrw mcounteren, t0
  li t0, ${s}
  csrw scounteren, t0
  enter ${mode}
  ${['cycle', 'time', 'instret', 'hpmcounter3'].map((csr) => access(`csrr t1, ${csr}`)).join('')}
  leave`,
    })),
  ),
);

const sstc: BareCase[] = [
  ...[0n, 1n << 63n].flatMap((stce) =>
    [0, 2].flatMap((tm) =>
      [0, 1, 3].map((mode) => ({
        name: `Sstc: stimecmp in mode ${mode}, STCE ${stce >> 63n}, TM ${tm >> 1}`,
        code: `
  li t0, ${signed(stce)}
  csrw 0x30a, t0
  csrwi mcounteren, ${tm}
  enter ${mode}${access('csrr t1, 0x14d')}${access('csrw 0x14d, zero')}
  leave`,
      })),
    ),
  ),
  ...['0', '-1'].flatMap((compare) =>
    ['0', '-1'].map((mip) => ({
      name: `Sstc: STIP with stimecmp ${compare}, mip written ${mip}`,
      code: `
  li t0, ${signed(1n << 63n)}
  csrw 0x30a, t0
  li t0, ${compare}
  csrw 0x14d, t0
  li t0, ${mip}
  csrw mip, t0
  li t2, 0xaaa
  csrr t1, mip
  and t1, t1, t2
  emit t1
  li t0, -1
  csrw 0x14d, t0
  csrr t1, mip
  and t1, t1, t2
  emit t1`,
    })),
  ),
];

compareWithQemu('CSR: values read back after writes', [...writes, ...satp, ...rmw]);
compareWithQemu('CSR: which accesses are illegal', [...illegal, ...privilege]);
compareWithQemu('CSR: counter enables and Sstc', [...gating, ...sstc]);
